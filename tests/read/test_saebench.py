"""SAEBench's autointerp results: an explanation and a score per latent, as its files have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.raw_tree import put, stage, write
from warehouse.errors import WarehouseError

PLACE = "raw/eval_results/autointerp/some-sae_eval_results.json"
SELECT = (
    "+staging.files", "+analysis.scores_long", "+analysis.score_metrics", "+audits.records_reconcile",
)  # fmt: skip


def results(latents: dict[str, object]) -> dict[str, object]:
    return {
        "eval_type_id": "autointerp",
        "eval_config": {"model_name": "gemma-2-2b", "llm_dtype": "bfloat16"},
        "eval_result_metrics": {"autointerp": {"autointerp_score": 0.8}},
        "sae_lens_id": "layer_3/width_3",
        "sae_lens_release_id": "some/sae",
        "eval_result_unstructured": latents,
    }


def latent(score: object, explanation: object = "words of sand") -> dict[str, object]:
    return {
        "latent": 0, "explanation": explanation, "predictions": [1, 3], "correct seqs": [1],
        "score": score, "logs": "a table",
    }  # fmt: skip


def test_each_latent_gives_an_explanation_and_a_score_as_given(tmp_path: Path) -> None:
    data = write(tmp_path)
    latents = {
        "0": latent(0.75), "1": latent(None, "salt"), "2": latent("high"), "x": latent(0.5), "7": [1],
    }  # fmt: skip
    put(data, PLACE, results(latents))
    put(data, "raw/other_eval_results.json", {"eval_type_id": "core"})
    put(data, "raw/cut_eval_results.json", json.dumps(results(latents))[:300])
    rows = stage(data, "quarantine.max_share=1", select=SELECT)
    sql = "SELECT feature_id, score, total, failed, of_explanation FROM analysis.scores WHERE method = 'autointerp' ORDER BY 1"
    assert rows(sql) == [(0, 0.75, 1, 0, True), (1, None, 1, 1, True)]
    sql = "SELECT feature_id, llm_explainer, scorer, score FROM analysis.scores_long WHERE method = 'autointerp'"
    assert rows(sql) == [(0, "SAEBench", "SAEBench", 0.75)]
    sql = "SELECT feature_id, text FROM staging.explanations WHERE source = 'some-sae_eval_results.json' ORDER BY 1"
    assert rows(sql) == [(0, "words of sand"), (1, "salt")]
    sql = "SELECT total, failed, accuracy FROM analysis.score_metrics WHERE method = 'autointerp' AND level = 'source'"
    assert rows(sql) == [(2, 1, None)]
    sql = "SELECT parse_filename(file), line, reason FROM quarantine.saebench ORDER BY ALL"
    assert rows(sql) == [
        ("cut_eval_results.json", 1, "not JSON"),
        ("some-sae_eval_results.json", 3, "wrong type: score"),
        ("some-sae_eval_results.json", 4, "wrong type: latent"),
        ("some-sae_eval_results.json", 5, "not an object"),
    ]
    sql = "SELECT records, quarantined, dialect FROM staging.files WHERE input = 'saebench' ORDER BY file"
    assert rows(sql) == [(1, 1, "SAEBench"), (5, 3, "SAEBench")]


def test_the_results_are_of_one_sae_and_the_settings_name_the_model(tmp_path: Path) -> None:
    data = write(tmp_path)
    twice = '"eval_result_unstructured": {"0": {"score": 1}, "0": {"score": 0}}'
    put(data, "raw/twice_eval_results.json", '{"eval_type_id": "autointerp", ' + twice + "}")
    first = results({"0": latent(0.25)})
    first["eval_config"] = {"llm_model": "gpt-4o-mini"}
    put(data, PLACE, first)
    select = (*SELECT, "+audits.sae_id_known")
    rows = stage(data, "quarantine.max_share=1", select=select)
    assert rows("SELECT DISTINCT model FROM staging.saebench WHERE status = 'kept'") == [
        ("gpt-4o-mini",)
    ]
    assert rows("SELECT reason FROM quarantine.saebench") == [("a latent is told twice",)]
    put(data, "raw/b_eval_results.json", results({"1": latent(1)}) | {"sae_lens_id": "other"})
    with pytest.raises(WarehouseError, match="the results of SAEBench are of several SAEs"):
        stage(data, "quarantine.max_share=1", select=select)
