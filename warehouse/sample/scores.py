"""The score files of a sample: what each scorer makes of an explanation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from warehouse.sample.corpus import PROMPT_TOKENS, Corpus, make_rng
from warehouse.sample.explanations import (
    EXAMPLES_PER_SCORER_PROMPT,
    EXPLAINING_SCORER,
    POOL,
    PROBABILITY_SCORER,
    QUANTILES,
    WINDOW,
    file_name,
    list_sources,
    plain_text,
)
from warehouse.sample.features import Feature, Placer

SIMULATED_SOURCE = "llama_e-llama_s"
SCORER_SKILL = {"llama": 0.86, "gwen": 0.80, "openai": 0.74}
SCORER_FAILURES = {"llama": 0.003, "gwen": 0.02, "openai": 0.06}  # share of failed scorer prompts
KIND_SKILL = {"semantic": 0.05, "lexical": 0.08, "both": 0.1, "none": -0.15}
FILE_EXAMPLES = (40, 80, 100)
EMBEDDING_EXAMPLES = (80, 100)
SIMULATION_QUANTILES = 4
SIMULATIONS_PER_QUANTILE = 2
Tallies = dict[tuple[str, str], Counter[str]]  # by source and method


@dataclass
class Pool:
    """The test examples of a feature as ready JSON pieces: activating ones at even places."""

    tokens: list[list[str]] = field(default_factory=list)
    activations: list[list[float]] = field(default_factory=list)
    distances: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


def write_scores(raw: Path, chosen: list[Feature], corpus: Corpus, seed: int) -> Tallies:
    """Write the score files of the explained features; return the counts per source, method."""
    placer = Placer(corpus)
    tallies: Tallies = {key: Counter() for key in source_methods()}
    for source, method in tallies:
        (raw / source / "scores" / method).mkdir(parents=True)
    for feature in chosen:
        rng = make_rng(seed, "scores", feature.id)
        pool = _build_pool(feature, placer, rng)
        for (source, method), tally in tallies.items():
            text = WRITERS[method](pool, feature, source, rng, tally)
            path = raw / source / "scores" / method / file_name(feature)
            path.write_text(text, encoding="utf-8")
    return tallies


def source_methods() -> Iterator[tuple[str, str]]:
    """Each source with each of the methods it was scored by."""
    for source, _, scorer in list_sources():
        yield source, "fuzz"
        yield source, "detection"
        if scorer == EXPLAINING_SCORER:
            yield source, "embedding"
        if source == SIMULATED_SOURCE:
            yield source, "simulation"


def _build_pool(feature: Feature, placer: Placer, rng: np.random.Generator) -> Pool:
    """The test windows of a feature: activating and other ones in turn."""
    pool = Pool()
    prompts, targets = placer.draw(feature, POOL // 2, rng)
    starts = targets + rng.integers(-WINDOW + 6, -5, len(targets))
    starts = np.clip(starts, 0, PROMPT_TOKENS - WINDOW).tolist()
    fires = rng.random((POOL // 2, WINDOW)) < 0.06
    values = np.where(fires, rng.integers(1, 40_000, fires.shape), 0) / 1000
    distances = (np.arange(POOL // 2) % QUANTILES).tolist()
    other_prompts = rng.integers(0, placer.size, POOL // 2).tolist()
    other_starts = rng.integers(0, PROMPT_TOKENS - WINDOW, POOL // 2).tolist()
    for place in range(POOL // 2):
        chosen = place % len(prompts)
        start = starts[chosen]
        values[place, targets[chosen] - start] = 41.5 + distances[place]
        tokens = placer.corpus.tokens
        _add_example(
            pool, tokens[prompts[chosen]], start, values[place].tolist(), str(distances[place])
        )
        _add_example(pool, tokens[other_prompts[place]], other_starts[place], [0] * WINDOW, "-1.0")
    return pool


def _add_example(
    pool: Pool, prompt: list[str], start: int, activations: list[float], distance: str
) -> None:
    """Add one test example to a pool, with the JSON that all its score files share."""
    tokens = prompt[start : start + WINDOW]
    activating = "false" if distance.startswith("-") else "true"
    pool.tokens.append(tokens)
    pool.activations.append(activations)
    pool.distances.append(distance)
    pool.heads.append(
        f'{{"str_tokens":{_compact(tokens)},"activations":{_compact(activations)},'
        f'"distance":{distance},"activating":{activating},'
    )


def _compact(value: object) -> str:
    """JSON as orjson writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _classified(
    pool: Pool, feature: Feature, source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """A fuzz or detection file: each example's prediction, failed ones in blocks of five."""
    scorer = source.split("_e-")[1].removesuffix("_s")
    count = int(rng.choice(FILE_EXAMPLES))
    order = rng.permutation(count)
    failed = rng.random(count // EXAMPLES_PER_SCORER_PROMPT) < SCORER_FAILURES[scorer]
    failed = np.repeat(failed, EXAMPLES_PER_SCORER_PROMPT)
    skill = SCORER_SKILL[scorer] + KIND_SKILL[feature.kind] + rng.normal(0, 0.03)
    correct = rng.random(count) < skill
    predicted = (order % 2 == 0) == correct
    sure = rng.integers(0, 500, count)
    probabilities = np.where(predicted, 999 - sure, sure) / 1000
    outcomes = np.where(failed, 4, 2 * predicted + correct).tolist()
    if scorer == PROBABILITY_SCORER:
        tails = [
            TAILS[outcome].replace("null", str(probability), outcome != 4)
            for outcome, probability in zip(outcomes, probabilities.tolist(), strict=True)
        ]
    else:
        tails = [TAILS[outcome] for outcome in outcomes]
    right = int((correct & ~failed).sum())
    tally.update(files=1, examples=count, failed=int(failed.sum()), correct=right)
    examples = zip(order.tolist(), tails, strict=True)
    return "[" + ",".join([pool.heads[example] + tail for example, tail in examples]) + "]"


def _embedded(
    pool: Pool, _feature: Feature, _source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """An embedding file: how similar each example is to the explanation."""
    count = int(rng.choice(EMBEDDING_EXAMPLES))
    order = rng.permutation(count)
    similarities = rng.normal(np.where(order % 2 == 0, 0.42, 0.21), 0.13).round(3).tolist()
    tally.update(files=1, examples=count)
    examples = [
        f'{{"text":{_compact(plain_text(pool.tokens[i]))},"distance":{pool.distances[i]},'
        f'"similarity":{similarity}}}'
        for i, similarity in zip(order.tolist(), similarities, strict=True)
    ]
    return "[" + ",".join(examples) + "]"


def _simulated(
    pool: Pool, feature: Feature, _source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """A simulation file as Delphi writes it since 0.1.1: the overall group 0, then quantiles."""
    by_quantile = [
        [
            _simulation(pool, 2 * (quantile + SIMULATION_QUANTILES * copy), quantile, rng)
            for copy in range(SIMULATIONS_PER_QUANTILE)
        ]
        for quantile in range(SIMULATION_QUANTILES)
    ]
    others = [_simulation(pool, 2 * i + 1, -1, rng) for i in range(SIMULATION_QUANTILES)]
    groups = [[item for group in by_quantile for item in group] + others, *by_quantile]
    scores = [_score(rng, share_undefined=0.1) for _ in groups]
    if feature.place % 10 == 3:
        scores[0] = "nan"
    tally.update(files=1, groups=len(groups), nan=scores.count("nan"))
    return _compact(
        [
            {
                "distance": distance,
                "scored_sequence_simulations": group,
                "ev_correlation_score": score,
                "rsquared_score": 0,
                "absolute_dev_explained_score": 0,
            }
            for distance, (group, score) in enumerate(zip(groups, scores, strict=True))
        ]
    )


def _simulation(
    pool: Pool, example: int, quantile: int, rng: np.random.Generator
) -> dict[str, Any]:
    """One simulated sequence; where nothing fires the correlation is undefined."""
    return {
        "distance": quantile,
        "simulation": {
            "tokens": pool.tokens[example],
            "expected_activations": rng.integers(0, 11, WINDOW).tolist(),
            "activation_scale": 10.0,
            "distribution_values": [],
            "distribution_probabilities": [],
            "uncalibrated_simulation": None,
        },
        "true_activations": pool.activations[example],
        "ev_correlation_score": _score(rng, share_undefined=float(quantile < 0)),
        "rsquared_score": 0,
        "absolute_dev_explained_score": 0,
    }


def _score(rng: np.random.Generator, share_undefined: float) -> float | str:
    """A correlation, or the string that Delphi writes where there is none."""
    score = round(float(rng.beta(4, 4)), 4)
    return "nan" if rng.random() < share_undefined else score


WRITERS = {
    "fuzz": _classified,
    "detection": _classified,
    "embedding": _embedded,
    "simulation": _simulated,
}

# By outcome: 2 * predicted + correct, and 4 for a failed example.
TAILS = (
    '"prediction":false,"probability":null,"correct":false}',
    '"prediction":false,"probability":null,"correct":true}',
    '"prediction":true,"probability":null,"correct":false}',
    '"prediction":true,"probability":null,"correct":true}',
    '"prediction":null,"probability":null,"correct":null}',
)
