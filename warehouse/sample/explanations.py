"""The runs of a sample: their configurations and what each explainer says of a feature."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from warehouse.sample.features import TOPICAL, Feature
from warehouse.sample.words import (
    CORES,
    DETAILS,
    EXPLANATIONS,
    MISTAKES,
    STOCK_PHRASES,
    Topic,
    split_entries,
)

EXPLAINERS = {
    "llama": "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
    "gwen": "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8",
    "openai": "openai/gpt-oss-20b",
}

SPARSE_MODEL = "sample/sae-topk"
FAKE_TOKEN = "hf_not_a_token_of_anyone"  # stands where Delphi left a secret; must not be stored
FILE_PREFIX = "layers.4_latent"
EXPLAINING_SCORER = "llama"  # the scorer whose sources hold explanations and embedding scores
PROBABILITY_SCORER = "gwen"  # the scorer that recorded log-probabilities
SAME_WORDS_SHARE = 0.4  # features of which all explainers use the same words
WINDOW = 32
POOL = 100  # test examples of a feature, shared by its score files
QUANTILES = 10
EXAMPLES_PER_SCORER_PROMPT = 5


def hookpoint(features: int) -> str:
    """The hookpoint of an SAE of this width."""
    return f"layer_4/width_{features}/k_24"


def list_sources() -> Iterator[tuple[str, str, str]]:
    """Directory name, explainer and scorer of the nine sources."""
    for explainer in EXPLAINERS:
        for scorer in EXPLAINERS:
            yield f"{explainer}_e-{scorer}_s", explainer, scorer


def file_name(feature: Feature) -> str:
    """The name of a feature's explanation and score files."""
    return f"{FILE_PREFIX}{feature.id}.txt"


def write_run_configs(raw: Path, features: int, seed: int) -> None:
    """Write run_config.json of each source in Delphi's form: one model, and no scorer."""
    for source, explainer, scorer in list_sources():
        config = {
            "cache_cfg": {"dataset_repo": "sample/prose", "batch_size": 32, "cache_ctx_len": 256},
            "constructor_cfg": {"example_ctx_len": WINDOW, "non_activating_source": "random"},
            "sampler_cfg": {"n_examples_test": POOL // 2, "n_quantiles": QUANTILES},
            "model": "sentence-transformers/all-MiniLM-L6-v2",
            "sparse_model": SPARSE_MODEL,
            "hookpoints": [hookpoint(features)],
            "explainer_model": EXPLAINERS[scorer],
            "explainer_provider": "offline",
            "explainer": "default" if explainer == scorer else "none",
            "scorers": ["fuzz", "detection"],
            "log_probs": scorer == PROBABILITY_SCORER,
            "num_examples_per_scorer_prompt": EXAMPLES_PER_SCORER_PROMPT,
            "hf_token": FAKE_TOKEN,
            "seed": seed,
        }
        (raw / source).mkdir()
        text = json.dumps(config, indent=4)
        (raw / source / "run_config.json").write_text(text, encoding="utf-8")


def write_explanations(
    raw: Path, chosen: list[Feature], topics: list[Topic], seed: int
) -> dict[str, Any]:
    """Write the three explanations of each feature but one, and return which one is missing."""
    missing = {"explainer": "openai", "feature_id": chosen[-1].id}
    for explainer in EXPLAINERS:
        folder = raw / f"{explainer}_e-{EXPLAINING_SCORER}_s" / "explanations"
        folder.mkdir()
        for feature in chosen:
            if missing != {"explainer": explainer, "feature_id": feature.id}:
                text = _explain(feature, explainer, topics, seed)
                path = folder / file_name(feature)
                path.write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    return missing


def _explain(feature: Feature, explainer: str, topics: list[Topic], seed: int) -> str:
    """One explainer's explanation: what the feature is in its words, a detail and a mistake."""
    shared = random.Random(f"{seed}/explanation/{feature.id}")
    own = random.Random(f"{seed}/explanation/{feature.id}/{explainer}")
    names = {"phrase": phrase_of(feature, topics)}
    if feature.kind in TOPICAL:
        topic = topics[feature.concept]
        noun, verb = shared.choice(topic.nouns), shared.choice(topic.verbs)
        names |= {"topic": topic.name, "noun": plain_text(noun), "verb": plain_text(verb)}
    wording = shared if shared.random() < SAME_WORDS_SHARE else own
    text = EXPLANATIONS[explainer].format(
        core=wording.choice(CORES[feature.kind]).format_map(names),
        detail=wording.choice(DETAILS[feature.kind]).format_map(names),
        mistake=own.choice(split_entries(MISTAKES)),
    )
    return text[0].upper() + text[1:]


def plain_text(pieces: tuple[str, ...] | list[str]) -> str:
    """Pieces as running text."""
    return " ".join(pieces).replace(" ##", "")


def phrase_of(feature: Feature, topics: list[Topic]) -> str | None:
    """The phrase on which a `lexical` or `both` feature fires, as running text."""
    if feature.kind == "lexical":
        return split_entries(STOCK_PHRASES)[feature.concept]
    return plain_text(topics[feature.concept].phrase) if feature.kind == "both" else None
