"""SPEC-NEXT.md, section 6: the small ones, held against a built data directory."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tests.independent import backend_compare as bc
from tests.independent import backend_inputs as bi
from tests.independent import recompute as rc


def check_texts(data: Path, inputs: bi.Inputs) -> bc.Checked:
    """explanation_embeddings.explanation_text: the text embedded, and its vector."""
    name = "explanation_embeddings"
    checked = bc.Checked(f"{name}, last column")
    table = bc.open_file(checked, data / "master" / f"{name}.parquet", rc.SCHEMAS[name])
    if table is None:
        return checked
    written = {
        (row["feature_id"], row["llm_explainer"]): row
        for row in bc.only(table, inputs.wanted).to_pylist()
    }
    for feature, group in inputs.explained.items():
        for own in group if inputs.is_wanted(feature) else ():
            row = written.get((feature, inputs.names[own.explainer]), {})
            expected = {"explanation_text": own.text, "embedding": inputs.vectors[own.text]}
            got = {key: row.get(key) for key in expected}
            checked.compare(f"feature_id={feature}, {own.explainer}", expected, got)
            checked.rows += 1
    return checked


def check_windows(data: Path, inputs: bi.Inputs) -> bc.Checked:
    """windows.text: the vectors of activation_embeddings are those of the texts it asks for."""
    checked = bc.Checked(f"activation_embeddings, windows.text = {inputs.setting('windows.text')}")
    name = "activation_embeddings"
    table = bc.open_file(checked, data / "master" / f"{name}.parquet", rc.SCHEMAS[name])
    if table is None:
        return checked
    expected = (
        [
            {
                "feature_id": feature,
                "sae_id": inputs.sae_id,
                "prompt_ids": [drawn.example.prompt for drawn in inputs.samples[feature]],
                "embeddings": [inputs.vectors[drawn.text] for drawn in inputs.samples[feature]],
            }
        ]
        for feature in inputs.examples
        if inputs.is_wanted(feature)
    )
    bc.compare_rows(checked, expected, bc.only(table, inputs.wanted))
    return checked


def both_orders(pairs: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """NEXT 6: each pair's value under `a_vs_b` and `b_vs_a`, by name."""
    values = {}
    for pair, figure in pairs.items():
        first, second = pair.split("_vs_")
        values[f"{first}_vs_{second}"] = values[f"{second}_vs_{first}"] = figure["value"]
    return dict(sorted(values.items()))


def check_consistency(data: Path, inputs: bi.Inputs, embed: rc.Embed) -> bc.Checked:
    """llm_comparison_stats.json: each pair in both orders with the same value, to 4 decimals."""
    checked = bc.Checked("llm_comparison_stats")
    document = bc.read_json(checked, data / "llm_comparison" / "llm_comparison_stats.json")
    if document is None:
        return checked
    figures = rc.consistency(inputs.raw, inputs.settings, embed)

    expected = {"explainer_consistency": both_orders(figures["explainer_consistency"])}
    expected["scorer_consistency"] = {
        explainer: both_orders(pairs) for explainer, pairs in figures["scorer_consistency"].items()
    }
    got = {key: document.get(key) or {} for key in expected}
    got["explainer_consistency"] = dict(sorted(got["explainer_consistency"].items()))
    got["scorer_consistency"] = {
        explainer: dict(sorted(pairs.items()))
        for explainer, pairs in got["scorer_consistency"].items()
    }
    checked.compare("", expected, got, tolerance=0.5e-4 + 1e-6)  # it is written to 4 decimals
    checked.rows = 1 + len(expected["scorer_consistency"])
    for text in re.findall(r"-?\d+\.\d{5,}", json.dumps(got)):
        checked.differences.append(f"{text} has more than 4 decimals")
    return checked


def written_vectors(data: Path) -> rc.Embed | None:
    """Texts → the vectors of explanation_embeddings, where it holds the texts."""
    table = pq.read_table(data / "master" / "explanation_embeddings.parquet")
    if "explanation_text" not in table.column_names:
        return None
    texts = table["explanation_text"].to_pylist()
    vectors = dict(zip(texts, table["embedding"].to_pylist(), strict=True))
    return lambda wanted: np.array([vectors[text] for text in wanted], dtype=np.float32)
