"""The features of a sample: where each fires, its activation records, its decoder row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warehouse.sample.corpus import PROMPT_TOKENS, Corpus, make_rng

SILENT_SHARE = 0.15
RECORDS = (30, 40)  # records of a feature, half open
PAIRS_MEAN = 14
SHUFFLES = 1024  # orders in which the positions of an example are taken
OFF_PATTERN_SHARE = 0.05  # examples that fire somewhere else than the pattern says
TIE_SHARE = 0.05

KIND_CYCLE = (
    *("semantic", "lexical", "both", "none", "semantic"),
    *("lexical", "both", "semantic", "lexical", "none"),
)

TOPICAL = ("semantic", "both")
FEW_CYCLE = 200
FEW_ACTIVE = {12: 0, 13: 1, 14: 2, 15: 3, 36: 0, 37: 1, 38: 2, 39: 3}  # place in the cycle: active
FEW_SILENT = 3  # silent records of such a feature
GROUP_SIZE = 4  # features of one kind that share a concept and have similar decoder rows
D_MODEL_SMALL, D_MODEL_LARGE = 32, 512  # the larger one from LARGE features on
LARGE = 4096


@dataclass(frozen=True)
class Feature:
    """One planted feature. `concept` is the number of a topic or a stock phrase, -1 for `none`."""

    id: int
    kind: str
    place: int
    concept: int
    group: str | None
    few: int | None  # its number of active examples where that is fixed


def plan_features(count: int, corpus: Corpus, seed: int) -> list[Feature]:
    """Give every feature its pattern, in order of id; the first places are the explained ones."""
    rng = make_rng(seed, "features")
    order = rng.permutation(count).tolist()
    topics = rng.permutation(corpus.topic_count).tolist()
    phrases = rng.permutation(corpus.phrase_count).tolist()
    seen = dict.fromkeys(KIND_CYCLE, 0)
    plan = []
    for place, feature in enumerate(order):
        kind = KIND_CYCLE[place % len(KIND_CYCLE)]
        group = seen[kind] // GROUP_SIZE
        seen[kind] += 1
        concept = {
            "semantic": topics[group % len(topics)],
            "both": topics[-1 - group % len(topics)],
            "lexical": phrases[group % len(phrases)],
            "none": -1,
        }[kind]
        name = None if kind == "none" else f"{kind}-{group}"
        few = FEW_ACTIVE.get(place % FEW_CYCLE)
        plan.append(Feature(feature, kind, place, concept, name, few))
    return sorted(plan, key=lambda feature: feature.id)


class Placer:
    """Chooses where in the corpus a feature fires."""

    def __init__(self, corpus: Corpus) -> None:
        """Index the corpus by its concepts."""
        self.corpus = corpus
        self.size = len(corpus.tokens)
        self.by_topic = [np.nonzero(corpus.topics == t) for t in range(corpus.topic_count)]
        self.by_phrase = [np.nonzero(corpus.phrases == p) for p in range(corpus.phrase_count)]

    def draw(
        self, feature: Feature, count: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """At most `count` different prompts, and the position in each at which it fires."""
        if feature.kind == "none":
            prompts = rng.choice(self.size, count, replace=False)
            return prompts, rng.integers(1, PROMPT_TOKENS - 1, count)
        lexical = feature.kind == "lexical"
        prompts, segments = (self.by_phrase if lexical else self.by_topic)[feature.concept]
        picked = rng.choice(len(prompts), min(count, len(prompts)), replace=False)
        prompts, segments = prompts[picked], segments[picked]
        if feature.kind == "semantic":
            choices = rng.integers(0, self.corpus.words_at.shape[2], len(prompts))
            return prompts, self.corpus.words_at[prompts, segments, choices]
        where = self.corpus.stock_phrase_at if lexical else self.corpus.topic_phrase_at
        return prompts, where[prompts, segments]


def write_activations(
    path: Path, plan: list[Feature], corpus: Corpus, seed: int
) -> list[dict[str, int]]:
    """Write activations.jsonl, features and prompts ascending; return each feature's counts."""
    placer = Placer(corpus)
    steps = np.tile(np.arange(1, PROMPT_TOKENS), (SHUFFLES, 1))
    steps = make_rng(seed, "steps").permuted(steps, axis=1)
    counts = []
    with path.open("w", encoding="utf-8") as file:
        for feature in plan:
            lines, count = _records(feature, placer, steps, make_rng(seed, "records", feature.id))
            file.writelines(lines)
            counts.append(count)
    return counts


def _records(
    feature: Feature, placer: Placer, steps: np.ndarray, rng: np.random.Generator
) -> tuple[Iterator[str], dict[str, int]]:
    """The lines of one feature's records, and their counts."""
    total = int(rng.integers(*RECORDS)) if feature.few is None else feature.few + FEW_SILENT
    wanted = int(rng.binomial(total, 1 - SILENT_SHARE)) if feature.few is None else feature.few
    prompts, targets = placer.draw(feature, wanted, rng)
    if feature.few is None:
        elsewhere = rng.random(len(prompts)) < OFF_PATTERN_SHARE
        targets = np.where(elsewhere, rng.integers(1, PROMPT_TOKENS - 1, len(prompts)), targets)
    others = rng.choice(placer.size, total, replace=False)
    silent = others[~np.isin(others, prompts)][: total - wanted]
    pairs, pair_count = _pairs(targets, steps, rng)
    values = dict(zip(prompts.tolist(), pairs, strict=True)) | dict.fromkeys(silent.tolist(), "")
    lines = (
        f'{{"index": "{feature.id}", "dataSetPromptId": {prompt}, "sparseValues": [{text}]}}\n'
        for prompt, text in sorted(values.items())
    )
    return lines, {
        "records": len(values),
        "active": len(prompts),
        "silent": len(silent),
        "pairs": pair_count,
    }


def _pairs(
    targets: np.ndarray, steps: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], int]:
    """The pairs of each example as JSON text without brackets; the largest is at its target.

    Values are counted in thousandths. Some examples share their maximum with the one before, and
    in some a later position reaches the maximum too.
    """
    count = len(targets)
    top = min(rng.lognormal(3.2, 0.8), 300.0) * rng.uniform(0.15, 1.15, count)
    peaks = np.maximum((top * 1000).astype(np.int64), 2)
    tied = np.flatnonzero(rng.random(count) < TIE_SHARE)
    tied = tied[tied > 0]
    peaks[tied] = peaks[tied - 1]
    sizes = np.minimum(rng.geometric(1 / PAIRS_MEAN, count), PROMPT_TOKENS)
    rows = np.repeat(np.arange(count), sizes)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    shifts = steps[rng.integers(0, len(steps), count)[rows], ranks - 1]
    first = ranks == 0
    positions = np.where(first, targets[rows], (targets[rows] + shifts) % PROMPT_TOKENS)
    shares = np.where(first, 1.0, rng.beta(1.2, 3.0, len(rows)) * 0.95)
    again = (rng.random(count) < TIE_SHARE)[rows] & (ranks == 1) & (positions > targets[rows])
    shares[again] = 1.0
    values = np.maximum((peaks[rows] * shares).astype(np.int64), 1) / 1000
    order = np.lexsort((positions, rows))
    texts = [
        f"[{position}, {value}]"
        for position, value in zip(positions[order].tolist(), values[order].tolist(), strict=True)
    ]
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends[:-1]]
    return [", ".join(texts[a:b]) for a, b in zip(starts, ends, strict=False)], len(texts)


def write_decoder(path: Path, plan: list[Feature], seed: int) -> int:
    """Write `W_dec`: features of a concept point its way, those of a group nearly the same way."""
    d_model = D_MODEL_LARGE if len(plan) >= LARGE else D_MODEL_SMALL
    rows = np.empty((len(plan), d_model), dtype=np.float32)
    for feature in plan:
        row = make_rng(seed, "decoder", feature.id).standard_normal(d_model, dtype=np.float32)
        if feature.group is not None:
            concept = f"{feature.kind == 'lexical'}-{feature.concept}"
            for part, weight in ((concept, 0.7), (feature.group, 1.0)):
                shared = make_rng(seed, f"decoder/{part}")
                row += np.float32(weight) * shared.standard_normal(d_model, dtype=np.float32)
        rows[feature.id] = row
    rows /= np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    # Gemma Scope's file holds the biases too; their lengths tell which side is the features'.
    count, width = rows.shape
    np.savez(path, W_dec=rows, b_enc=np.zeros(count, np.float32), b_dec=np.zeros(width, np.float32))
    return d_model
