"""Maps and clusters: the same for the same seed, whatever the vectors; off unless asked for."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from embed import projections
from warehouse.errors import UsageError

needs_umap = pytest.mark.skipif(find_spec("umap") is None, reason="pip install -e '.[projections]'")
ON = "projections.enabled=true"


def tensor(rows: np.ndarray):
    import torch

    return torch.from_numpy(rows.astype(np.float32))


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@pytest.mark.parametrize("by", ["points", "vectors"])
def test_clusters_are_those_of_scipys_cut_numbered_from_the_largest(by: str) -> None:
    random = np.random.default_rng(3)
    vectors = random.normal(size=(1300, 9)).astype(np.float32)
    points = random.normal(size=(1300, 2)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    tree = linkage(points.astype(float) if by == "points" else unit, "ward")
    made = projections.ward(tensor(vectors), points, by, [1, 10, 30, 90])
    for number, labels in made.items():
        assert partition(labels) == partition(fcluster(tree, number, "maxclust"))
        sizes = np.bincount(labels, minlength=number)
        assert (np.diff(sizes) <= 0).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_fewer_rows_than_clusters_make_as_many_clusters_as_rows(count: int) -> None:
    points = np.arange(2 * count, dtype=np.float32).reshape(count, 2) ** 2
    labels = projections.ward(tensor(np.zeros((count, 3))), points, "points", [10])[10]
    assert sorted(labels.tolist()) == list(range(count))


def test_without_the_extra_the_error_names_it(monkeypatch) -> None:
    monkeypatch.setattr(projections, "LIBRARIES", ("umap-learn", "a-package-nobody-installed"))
    with pytest.raises(UsageError, match="not installed") as caught:
        projections.libraries()
    assert "[projections]" in caught.value.hint


def test_unless_asked_for_there_are_no_maps_and_no_files(sample: Path, connection) -> None:
    for relation in ("feature_projection", "explanation_projection", "feature_clusters"):
        assert connection.execute(f"SELECT count(*) FROM analysis.{relation}").fetchone() == (0,)
    assert not list(sample.glob("umap_*"))
    assert not (sample / "projections").exists()


def test_clusters_of_more_rows_than_memory_holds_are_refused_at_once() -> None:
    points = np.broadcast_to(np.zeros((1, 2), np.float32), (10_000_000, 2))
    with pytest.raises(UsageError, match="10,000,000 rows take 800,000 GB"):
        projections.ward(tensor(np.zeros((1, 1))), points, "points", [10])


@needs_umap
def test_umap_finds_a_place_for_every_vector_however_few_or_odd() -> None:
    """Slow: about six seconds, most of it numba compiling UMAP."""
    random = np.random.default_rng(0)
    cases = {f"{n} rows": random.normal(size=(n, 6)) for n in (0, 1, 2, 3, 4, 5, 16, 17)}
    cases["equal rows"] = np.ones((30, 4))
    cases["zero rows"] = np.zeros((30, 4))
    cases["opposite rows"] = np.array([[1.0, 0]] * 20 + [[-1.0, 0]] * 20)
    cases["twelve far groups"] = (
        np.repeat(np.eye(12), 16, axis=0) + random.normal(size=(192, 12)) / 1000
    )
    told: list[tuple[int, int]] = []

    def project(rows: np.ndarray, seed: int) -> np.ndarray:
        return projections.project(
            tensor(rows), 15, 0.1, seed, progress=lambda *at: told.append(at)
        )

    for name, rows in cases.items():
        made = [project(rows, seed) for seed in (42, 42)]
        assert made[0].shape == (len(rows), 2), name
        assert np.isfinite(made[0]).all(), name
        assert made[0].tobytes() == made[1].tobytes(), name
    assert made[0].tobytes() != project(rows, 43).tobytes()
    assert told[-1] == (500, 500)
    near = [np.linalg.norm(np.ptp(made[0][i : i + 16], axis=0)) for i in range(0, 192, 16)]
    assert max(near) < np.linalg.norm(np.ptp(made[0], axis=0)) / 4


@needs_umap
def test_maps_stand_in_sql_and_json_and_are_made_once(copy: Path, rebuild) -> None:
    _, ran = rebuild(copy, ON)
    maps = {"analysis.feature_projection", "analysis.explanation_projection"}
    assert maps <= set(ran)
    assert rebuild(copy, ON)[1] == []
    files = {p: (p.stat().st_ino, p.read_bytes()) for p in copy.glob("projections/*")}
    assert len(files) == 2

    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as opened:
        points = opened.sql("FROM analysis.feature_projection ORDER BY feature_id").pl()
        texts = opened.sql("FROM analysis.explanation_projection").pl()
        clusters = opened.sql("FROM analysis.explanation_clusters").pl()
    assert points["feature_id"].to_list() == list(range(40))
    (path,) = copy.glob("projections/feature_projection-*.parquet")
    assert pl.read_parquet(path).equals(points)
    masters = pl.read_parquet(copy / "master/explanation_embeddings.parquet")
    assert sorted(texts.select("feature_id", "llm_explainer").rows()) == sorted(
        masters.select(
            pl.col("feature_id").cast(pl.Int64), pl.col("llm_explainer").cast(pl.String)
        ).rows()
    )

    (path,) = copy.glob("umap_feature/sample--sae-topk--layer_4--*/umap_embeddings.json")
    document = json.loads(path.read_text())
    assert document["metadata"]["random_state"] == 42
    assert [(e["feature_id"], e["umap_x"], e["umap_y"]) for e in document["embeddings"]] == [
        (f, pytest.approx(x), pytest.approx(y)) for f, x, y, _ in points.rows()
    ]
    document = json.loads((copy / "umap_explanations/explanation_umap.json").read_text())
    assert document["metadata"]["total_explanations"] == len(document["embeddings"]) == 71
    document = json.loads((copy / "umap_clustering/explanation_clustering.json").read_text())
    assert list(document["clusterings"]) == ["10", "30", "90"]
    told = {
        (m["feature_id"], m["llm_explainer"], int(number), entry["cluster_id"])
        for number, entries in document["clusterings"].items()
        for entry in entries
        for m in entry["members"]
    }
    assert told == set(clusters.rows())
    assert {len(entries) for entries in document["clusterings"].values()} == {10, 30, 71}

    # Off and on again: loaded from their files. Gone: made again, byte for byte.
    assert maps <= set(rebuild(copy)[1])
    rebuild(copy, ON)
    assert {p: p.stat().st_ino for p in files} == {p: inode for p, (inode, _) in files.items()}
    for path in files:
        path.unlink()
    rebuild(copy, ON, full=True)
    assert {p: p.read_bytes() for p in files} == {p: content for p, (_, content) in files.items()}

    # A single changed setting makes both again and keeps what was there.
    rebuild(copy, ON, "projections.clusters=[5]")
    assert len(list(copy.glob("projections/*"))) == 4
