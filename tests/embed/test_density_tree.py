"""Flat clusters of a density tree: those of scikit-learn where its own selection works."""

from __future__ import annotations

import numpy as np
import pytest

from embed.failure_clusters import clusters


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label)) for label in set(labels.tolist()) - {-1}}


@pytest.mark.parametrize("seed", range(8))
def test_without_a_threshold_the_clusters_are_scikit_learns(seed: int) -> None:
    from sklearn.cluster import HDBSCAN

    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(5, 3)) * 4
    points = np.concatenate([centres[chance.integers(5, size=200)] + chance.normal(size=(200, 3)), chance.normal(size=(40, 3)) * 8])  # fmt: skip
    for size, samples in ((5, 3), (10, 5), (20, 2)):
        theirs = HDBSCAN(min_cluster_size=size, min_samples=samples + 1, copy=True).fit_predict(
            points
        )
        assert partition(clusters(points, size, samples, 0.0)) == partition(theirs)


def test_clusters_that_parted_below_the_threshold_are_one() -> None:
    step = np.arange(10)[:, None] * 0.01
    points = np.concatenate([step, step + 1, step + 20, step + 40])
    assert len(partition(clusters(points, 5, 2, 0.0))) == 4
    merged = partition(clusters(points, 5, 2, 2.0))
    assert {len(own) for own in merged} == {20, 10}
    assert len(merged) == 3


def test_equal_points_are_one_cluster_and_no_error() -> None:
    points = np.concatenate([np.zeros((30, 5)), np.ones((30, 5)), np.ones((3, 5)) * 9])
    found = partition(clusters(points, 5, 3, 0.5))
    assert found == {frozenset(range(30)), frozenset(range(30, 60))} or len(found) == 2
