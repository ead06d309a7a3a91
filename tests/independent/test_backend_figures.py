"""The decoder tree and the barycentric figures of SPEC-NEXT.md, with values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.independent import backend_barycentric as bb
from tests.independent import backend_inputs as bi
from tests.independent import backend_tree as bt
from tests.independent import recompute as rc

# ---------------------------------------------------------------------------------------------
# Section 4


def test_distances_are_float32_between_neighbours_and_1_elsewhere() -> None:
    neighbours = {2: [(5, 0.75)], 5: [(2, 0.75), (9, 0.1), (40, 0.9)], 9: [(5, 0.25)]}
    found = bt.condensed_distances([2, 5, 9], neighbours)
    # pairs (2, 5), (2, 9), (5, 9); the row of the larger id decides the last one, 40 is no feature
    assert found.tolist() == [0.25, 1.0, 0.75]
    found = bt.condensed_distances([5, 9], {5: [(9, 0.1)], 9: []})
    assert found.tolist() == [float(np.float32(0.9))]


def test_the_tree_merges_by_average_distance_and_the_first_merge_names_the_leaf() -> None:
    neighbours = {2: [(5, 0.75)], 5: [(2, 0.75)], 9: [(5, 0.5)]}
    tree = bt.linkage_of([2, 5, 9], neighbours)
    # leaves 0 and 1 at 0.25; leaf 2 at (1.0 + 0.5) / 2
    assert tree.tolist() == [[0, 1, 0.25, 2], [2, 3, 0.75, 3]]
    merges = bt.first_merges(tree, 3)
    assert merges == [0.25, 0.25, 0.75]
    assert [bt.similarity_threshold(m) for m in [*merges, None]] == [0.75, 0.75, 0.25, None]


def test_one_feature_has_no_tree() -> None:
    assert bt.linkage_of([7], {7: []}) is None
    assert bt.first_merges(None, 1) == [None]


def test_neighbours_in_blocks_are_those_one_by_one_ties_by_the_smaller_id() -> None:
    decoder = np.random.default_rng(0).integers(-1, 2, (40, 3)).astype(np.float32)  # many ties
    found = bi.decoder_neighbours(decoder, [0, 3, 39], 10, block=2)
    plain = rc.decoder_neighbours(decoder, [0, 3, 39], 10)
    for feature, nearest in plain.items():
        assert [s for _, s in found[feature]] == pytest.approx([s for _, s in nearest], abs=1e-6)
    identical = bi.decoder_neighbours(np.ones((5, 2), np.float32), [2], 3)
    assert [i for i, _ in identical[2]] == [0, 1, 3]


def test_a_tree_that_names_other_clusters_differs_unless_the_written_cosines_give_it() -> None:
    tree = np.array([[0, 1, 0.5, 2], [2, 3, 0.5, 2], [4, 5, 1.0, 4]])
    swapped = tree[[1, 0, 2]]
    assert bt.tree_differences(tree, tree, None) == ([], [])
    assert len(bt.tree_differences(tree, swapped, tree)[0]) == 1
    differences, notes = bt.tree_differences(tree, swapped, swapped)
    assert (differences, len(notes)) == ([], 1)
    far = tree + np.array([0, 0, 0.1, 0])
    assert bt.tree_differences(tree, far, far)[0]  # another distance is never a tie


# ---------------------------------------------------------------------------------------------
# Section 5


def rows_of(*intra: float | None) -> dict[bb.Key, bb.Metrics]:
    others = dict.fromkeys(bb.METRICS[1:])
    return {(i, "a"): {"intra_feature_sim": value, **others} for i, value in enumerate(intra)}


def test_percentiles_are_interpolated_linearly() -> None:
    assert bb.percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert bb.percentile([0.0, 1.0], 5) == 0.05
    assert bb.percentile([7.0], 90) == 7.0


def test_statistics_are_over_the_rows_that_have_the_metric() -> None:
    statistics = bb.all_statistics(list(rows_of(1.0, None, 3.0).values()))
    intra = statistics["intra_feature_sim"]
    assert (intra.mean, intra.std) == (2.0, math.sqrt(2.0))
    assert intra.standardize(None) is None
    assert intra.standardize(3.0) == pytest.approx(1 / (math.sqrt(2) + 1e-8), rel=1e-15)


def test_a_metric_without_value_or_without_spread_counts_for_nothing() -> None:
    for values in ([], [0.4], [0.4, 0.4, 0.4]):
        of = bb.statistics_of(values)
        assert not of.counts
        assert of.standardize(0.9) == 0.0
    assert bb.statistics_of([0.1] * 10).std == 0.0  # no rounding noise
    anchors = bb.anchors_of(bb.all_statistics(list(rows_of(0.4, 0.4).values())))
    assert anchors["noisy_activation"].raw == [0.4, 0.0, 0.0, 0.0, 0.0]
    assert anchors["noisy_activation"].standardized == [0.0] * 5


def test_anchors_take_their_percentiles_in_the_order_of_the_metrics() -> None:
    values = [0.0, 0.5, 1.0]  # p5 = 0.05, p50 = 0.5
    rows = [dict.fromkeys(bb.METRICS, value) for value in values]
    anchors = bb.anchors_of(bb.all_statistics(rows))
    low, middle = pytest.approx(0.05), 0.5
    assert anchors["missed_ngram"].raw == [middle, low, low, middle, middle]
    assert anchors["missed_context"].raw == [middle, low, middle, low, middle]
    assert anchors["noisy_activation"].raw == [low, 0.5, 0.5, 0.5, low]
    assert anchors["missed_ngram"].standardized[1] == pytest.approx(-0.9, rel=1e-6)  # s = 0.5


def test_a_row_without_any_metric_lies_by_its_distances_to_the_anchors() -> None:
    statistics = bb.all_statistics([dict.fromkeys(bb.METRICS, v) for v in (0.0, 0.5, 1.0)])
    anchors = bb.anchors_of(statistics)
    row = bb.barycentric_row((4, "a"), dict.fromkeys(bb.METRICS), statistics, anchors)
    # all z null = 0; the first two anchors are sqrt(2) · 0.9 away, the third as far: ties by order
    assert row["score_fuzz_std"] is None
    for name in bb.ANCHORS:
        assert row[f"dist_{name}"] == pytest.approx(0.9 * math.sqrt(2), rel=1e-6)
        assert row[f"bary_{name}"] == pytest.approx(1 / 3, rel=1e-6)
    assert row["nearest_anchor"] in bb.nearest_anchors(row)
    assert len(bb.nearest_anchors(row)) == 3
    assert row["position_x"] == pytest.approx(0.5, rel=1e-6)
    assert row["position_y"] == pytest.approx(0.866 / 3, rel=1e-6)


def test_a_row_on_an_anchor_lies_on_its_vertex() -> None:
    statistics = bb.all_statistics([dict.fromkeys(bb.METRICS, v) for v in (0.0, 0.5, 1.0)])
    anchors = bb.anchors_of(statistics)
    metrics = dict(zip(bb.METRICS, anchors["missed_context"].raw, strict=True))
    row = bb.barycentric_row((4, "a"), metrics, statistics, anchors)
    assert row["nearest_anchor"] == "missed_context"
    assert row["position_x"] == pytest.approx(1.0, abs=1e-6)
    assert row["position_y"] == pytest.approx(0.0, abs=1e-6)


def test_clusters_are_numbered_by_size_then_by_their_smallest_feature() -> None:
    found = bb.renumber([1, 2, 3, 4, 5, 6, 7], [2, 0, 0, 2, -1, 1, 0])
    assert found == {2: 0, 3: 0, 7: 0, 1: 1, 4: 1, 6: 2, 5: -1}
    assert bb.renumber([1, 2, 3, 4], [1, 0, 1, 0]) == {1: 0, 3: 0, 2: 1, 4: 1}


def test_fewer_than_ten_features_are_in_no_cluster() -> None:
    numbers = {k: v for k, v in bi.DEFAULTS.items() if k.startswith("clustering.")}
    points = {feature: np.zeros(5) for feature in range(9)}
    assert bb.clusters_of(points, numbers) == dict.fromkeys(range(9), -1)


def test_two_clouds_are_two_clusters_the_larger_is_number_0() -> None:
    numbers = {k: v for k, v in bi.DEFAULTS.items() if k.startswith("clustering.")}
    random = np.random.default_rng(0)
    points = {f: random.normal(0, 0.1, 5) for f in range(12)}
    points |= {f: random.normal(9, 0.1, 5) for f in range(12, 40)}
    found = bb.clusters_of(points, numbers)
    assert {found[f] for f in range(12)} == {1}
    assert {found[f] for f in range(12, 40)} == {0}


def test_the_mean_z_of_a_feature_takes_a_null_as_0() -> None:
    row = {f"{metric}_std": 1.0 for metric in bb.METRICS}
    rows = [row | {"feature_id": 3}, row | {"feature_id": 3, "score_fuzz_std": None}]
    assert bb.mean_points(rows)[3].tolist() == [1.0, 1.0, 0.5, 1.0, 1.0]
