"""The files that the newer backend reads: each at its place, whole, and only when there is something."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.support.builds import open_project
from warehouse.errors import WarehouseError
from warehouse.models.library import load_all
from warehouse.run.export import export_published
from warehouse.write.targets import find_place

TREE = "feature_similarity/sample--sae-topk--layer_4--width_40--k_24"
NAMES = ("activation_display", "interfeature_activation_similarity", "explanation_barycentric")
LAST = "decoder_similarity_merge_threshold"


def test_the_matrix_is_scipys_in_numpys_first_format(
    sample: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = sample / TREE / "clustering_linkage.npy"
    with path.open("rb") as stream:
        assert np.lib.format.read_magic(stream) == (1, 0)
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    assert (shape, fortran, dtype) == ((23, 4), False, np.float64)
    rows = connection.sql(
        "SELECT left_node, right_node, distance, size FROM analysis.feature_linkage ORDER BY merge"
    ).fetchall()
    assert np.load(path, allow_pickle=False).tolist() == [list(map(float, row)) for row in rows]
    beside = json.loads((sample / TREE / "clustering_linkage.npy.metadata.json").read_text())
    assert (beside["total_rows"], beside["file"]) == (23, "clustering_linkage.npy")


def test_a_row_of_the_merges_is_a_leaf_of_the_matrix(sample: Path) -> None:
    tree = np.load(sample / TREE / "clustering_linkage.npy")
    merges = pl.read_parquet(sample / TREE / "first_merge_clustering.parquet")
    features = pl.read_parquet(sample / "master/features.parquet")
    assert merges["feature_id"].to_list() == sorted(set(features["feature_id"]))
    for leaf, distance in enumerate(merges["first_merge_distance"]):
        [row] = np.argwhere((tree[:, :2] == leaf).any(axis=1))[:, 0]
        assert distance == np.float32(tree[row, 2])
    last = features.unique("feature_id").sort("feature_id")[LAST].to_list()
    assert last == [1 - d for d in merges["first_merge_distance"]]


def test_above_the_largest_number_of_features_there_is_no_tree_and_the_old_one_goes(
    copy: Path, rebuild: Callable
) -> None:
    report, _ = rebuild(copy, "clustering.max_features=23")
    assert sorted(p.name for p in (copy / TREE).iterdir()) == ["feature_similarities.json"]
    assert {e.name for e in report.exports} == {"features"}
    assert pl.read_parquet(copy / "master/features.parquet")[LAST].null_count() == 71
    report, ran = rebuild(copy, "clustering.max_features=23")
    assert not ran
    assert not report.exports
    report, _ = rebuild(copy)
    assert {e.name for e in report.exports} == {"features", "clustering_linkage", "first_merge_clustering"}  # fmt: skip
    assert (copy / TREE / "clustering_linkage.npy").exists()


def test_a_missing_file_is_written_again_and_a_setting_leaves_them_all_out(
    copy: Path, rebuild: Callable
) -> None:
    for path in (*(copy / "master").glob("*barycentric*"), *(copy / TREE).glob("clustering*")):
        path.unlink()
    report, ran = rebuild(copy)
    assert not ran
    assert {e.name for e in report.exports} == {"explanation_barycentric", "clustering_linkage"}
    written = json.loads((copy / "master/explanation_barycentric_metadata.json").read_text())
    assert written["created_at"] > "2026"
    for path in (*(copy / "master").glob("activation_display*"), *(copy / TREE).glob("first*")):
        path.unlink()
    report, _ = rebuild(copy, "export.backend=false")
    assert not report.exports
    assert not list(copy.rglob("activation_display*"))


def test_what_only_the_backend_reads_is_displayed_anew_when_its_thresholds_change(
    copy: Path, rebuild: Callable
) -> None:
    report, ran = rebuild(copy, "display.lexical_threshold=0.01", "pairs.word_threshold=0.1")
    assert not {"analysis.shared_ngrams", "analysis.pair_ngrams", "vectors.windows"} & set(ran)
    assert {e.name for e in report.exports} == {
        "activation_display",
        "interfeature_activation_similarity",
    }


def test_files_are_exported_elsewhere_by_name(copy: Path, tmp_path: Path) -> None:
    project, target = open_project(copy), tmp_path / "out"
    found = export_published(
        project, ["activation_display", "clustering_linkage", "barycentric_metadata"], target
    )
    places = sorted(str(e.path.relative_to(target)) for e in found)
    assert places == [
        "activation_display.parquet",
        "explanation_barycentric_metadata.json",
        f"{TREE}/clustering_linkage.npy",
    ]


@pytest.mark.parametrize("sae_id", ["..", "a\0b"])
def test_an_sae_id_that_leads_out_of_the_directory_is_refused(sae_id: str) -> None:
    with pytest.raises(WarehouseError, match="no place for a file"):
        find_place(load_all()["backend.clustering_linkage"], sae_id)


def test_the_files_hold_what_their_relations_hold(
    sample: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    for name in NAMES:
        relation = connection.sql(f"FROM backend.{name} ORDER BY feature_id")
        file = connection.sql(f"FROM read_parquet('{sample}/master/{name}.parquet')")
        assert file.columns == relation.columns
        assert sorted(map(repr, file.fetchall())) == sorted(map(repr, relation.fetchall()))
