"""The JSON side files: key by key against the recomputation, written whole, only when changed."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.independent.check import embedder
from tests.independent.recompute import consistency, scores_side
from warehouse.errors import WarehouseError
from warehouse.models.model import Model, parse
from warehouse.settings_file import load
from warehouse.write.json_files import write


def read(data: Path, pattern: str) -> dict:
    (path,) = data.glob(pattern)
    return json.loads(path.read_text())


def test_scores_json_holds_every_score_and_count_of_every_source(sample: Path) -> None:
    expected: dict[str, dict[str, dict[str, dict]]] = {}
    for row in scores_side(sample / "raw", {})["by_feature"]:
        latents = expected.setdefault(row["source"], {})
        latents.setdefault(str(row["feature_id"]), {})[row["method"]] = {
            "average_score": pytest.approx(row["average_score"]),
            "total_examples": row["total_examples"],
            "failure_count": row["failure_count"],
            "success_count": row["success_count"],
            "variance": pytest.approx(row["variance"]),
        }
    assert len(expected) == 9
    for source, latents in expected.items():
        document = read(sample, f"scores/{source}/scores.json")
        assert list(document) == ["metadata", "latent_scores"]
        assert document["metadata"]["total_latents"] == len(latents)
        assert document["latent_scores"] == latents


def test_feature_similarities_json_holds_the_neighbours_of_the_parquet(sample: Path) -> None:
    document = read(
        sample, "feature_similarity/sample--sae-topk--layer_4--*/feature_similarities.json"
    )
    assert list(document) == ["metadata", "feature_mappings", "statistics"]
    mappings = {m["source_feature_id"]: m["top_10_neighbors"] for m in document["feature_mappings"]}
    assert list(mappings) == list(range(40))
    features = pl.read_parquet(sample / "master/features.parquet").unique("feature_id")
    for feature, neighbours in features.select("feature_id", "decoder_similarity").iter_rows():
        assert mappings[feature] == [
            {**n, "cosine_similarity": pytest.approx(n["cosine_similarity"]), "rank": rank}
            for rank, n in enumerate(neighbours, 1)
        ]
    assert document["statistics"]["total_features"] == 40
    assert document["statistics"]["total_pairs"] == 400


def test_llm_comparison_json_holds_both_consistencies_to_four_decimals(sample: Path) -> None:
    document = read(sample, "llm_comparison/llm_comparison_stats.json")
    model = str(load(sample)["embedding.model"])
    expected = consistency(sample / "raw", {}, embedder(model))

    def both_orders(pairs: dict) -> dict:
        turned = {"_vs_".join(reversed(pair.split("_vs_"))): facts for pair, facts in pairs.items()}
        return pairs | turned

    assert document["explainer_consistency"] == {
        pair: pytest.approx(facts["value"], abs=6e-5)
        for pair, facts in both_orders(expected["explainer_consistency"]).items()
    }
    assert document["scorer_consistency"] == {
        explainer: {p: pytest.approx(f["value"], abs=6e-5) for p, f in both_orders(pairs).items()}
        for explainer, pairs in expected["scorer_consistency"].items()
    }
    values = document["explainer_consistency"].values()
    assert all(value == round(value, 4) for value in values)


def test_a_changed_score_writes_its_side_files_and_no_others(copy: Path, rebuild) -> None:
    before = {p: p.stat().st_ino for p in copy.glob("*/**/*.json") if "raw" not in p.parts}
    path = sorted((copy / "raw/llama_e-gwen_s/scores/fuzz").iterdir())[0]
    path.write_text(json.dumps(json.loads(path.read_text())[:20]))
    rebuild(copy)
    changed = {
        p.relative_to(copy).parts[0] for p, inode in before.items() if p.stat().st_ino != inode
    }
    assert changed == {"scores", "llm_comparison", "master"}


def test_a_deleted_side_file_is_written_again(copy: Path, rebuild) -> None:
    path = copy / "llm_comparison/llm_comparison_stats.json"
    content = path.read_text()
    path.unlink()
    _, ran = rebuild(copy)
    assert ran == []
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"metadata":{}}', {"metadata": {}}),
        ('{"metadata":{"sae_id":"é"},"x":[1]}', {"metadata": {"sae_id": "é"}, "x": [1]}),
    ],
)
def test_a_side_file_is_its_document_with_its_key(
    document: str, expected: dict, tmp_path: Path
) -> None:
    [written] = write(*made_up(document), "a result", tmp_path)
    found = json.loads(written.path.read_text(encoding="utf-8"))
    assert found["metadata"].pop("warehouse_key")
    assert found == expected


@pytest.mark.parametrize("document", ['{"metadata": {"a":1}}', '{"x":1,"metadata":{}}'])
def test_a_document_that_begins_otherwise_is_refused(document: str, tmp_path: Path) -> None:
    with pytest.raises(
        WarehouseError, match=r'"side\.made_up" makes a document that does not begin'
    ):
        write(*made_up(document), "a result", tmp_path)
    assert not list(tmp_path.iterdir())


def made_up(document: str) -> tuple[duckdb.DuckDBPyConnection, Model]:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA side")
    connection.execute(
        "CREATE TABLE side.made_up AS SELECT 'a.json' AS path, ? AS document", [document]
    )
    header = "-- version: 1\n-- description: made up\n"
    return connection, parse("side.made_up", Path("made_up.sql"), header + "SELECT 1")
