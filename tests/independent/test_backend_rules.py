"""The pure rules of SPEC-NEXT.md, with values worked out by hand from its text."""

from __future__ import annotations

import math
from fractions import Fraction

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.independent import backend_activation as ba
from tests.independent import backend_barycentric as bb
from tests.independent import backend_inputs as bi
from tests.independent import backend_tree as bt
from tests.independent import backend_words as bw
from tests.independent import recompute as rc

# ---------------------------------------------------------------------------------------------
# Markers and forms


def test_the_marker_is_what_most_tokens_of_all_prompts_begin_with() -> None:
    assert bw.find_marker([["▁a", "Ġb"], ["Ġc", "d"], None]) == "Ġ"
    assert bw.find_marker([[" a", " b", "##c"]]) == "space"
    assert bw.find_marker([["the", "##se", "##s"]]) == "##"


def test_of_equally_frequent_markers_the_first_in_order_wins() -> None:
    assert bw.find_marker([["##a", " b", "Ġc", "▁d"]]) == "▁"
    assert bw.find_marker([["##a", " b", "Ġc"]]) == "Ġ"
    assert bw.find_marker([["##a", " b"]]) == "space"


def test_without_any_marked_token_the_marker_is_none_and_a_setting_decides_over_the_count() -> None:
    assert bw.find_marker([["a", "b"], []]) == "none"
    assert bw.find_marker([["▁a", "▁b"]], "space") == "space"


@pytest.mark.parametrize(
    ("token", "marker", "expected"),
    [
        ("▁The", "▁", "The"),
        ("▁▁▁▁", "▁", ""),
        ("▁▁return", "▁", "return"),
        ("\n", "▁", ""),
        ("a▁b", "▁", "a▁b"),  # only the leading run
        ("Ġthe", "Ġ", "the"),
        ("Ċ", "Ġ", ""),
        ("ĠĊĉx", "Ġ", "x"),
        ("aĊb", "Ġ", "a\nb"),
        ("aĉb", "Ġ", "a\tb"),
        ("aĊb", "▁", "aĊb"),  # a newline under Ġ only
        ("  the ", "space", "the"),
        (" in front", "space", "in front"),  # blanks inside stay
        ("##ing", "##", "ing"),
        ("####", "##", "##"),  # one leading ##
        ("the", "##", "the"),
        ("##ing", "▁", "##ing"),
        ("word", "none", "word"),
        ("<bos>", "▁", "<bos>"),
    ],
)
def test_a_form_is_the_token_without_its_marker_trimmed(
    token: str, marker: str, expected: str
) -> None:
    assert bw.form(token, marker) == expected


@pytest.mark.parametrize(
    ("token", "marker", "expected"),
    [
        ("▁a", "▁", True),
        ("a", "▁", False),
        ("Ġa", "▁", False),
        ("Ġa", "Ġ", True),
        ("Ċ", "Ġ", False),
        (" a", "space", True),
        ("a", "space", False),
        ("##a", "##", False),
        ("a", "##", True),
        ("a", "none", True),
        ("▁a", "none", True),
    ],
)
def test_a_token_begins_a_word_if_it_begins_with_the_marker(
    token: str, marker: str, expected: bool
) -> None:
    assert bw.begins_word(token, marker) is expected


def test_lower_case_is_one_code_point_for_each() -> None:
    assert bw.lower("İSTANBUL") == "istanbul"
    assert bw.lower("ΟΔΟΣ") == "οδοσ"  # no final ς
    assert bw.lower("STRAẞE") == "straße"


def test_lower_case_is_that_of_the_engine_for_every_code_point() -> None:
    letters = [chr(i) for i in range(1, 0x110000) if not 0xD800 <= i <= 0xDFFF]
    with duckdb.connect() as connection:
        connection.register("letters", pa.table({"letter": letters}))
        found = connection.sql("SELECT letter, lower(letter) FROM letters").fetchall()
    assert [(letter, low) for letter, low in found if bw.lower(letter) != low] == []


# ---------------------------------------------------------------------------------------------
# Words


@pytest.mark.parametrize(
    ("marker", "tokens", "expected"),
    [
        ("▁", ["▁The", "▁jury", "▁un", "help", "ful"], [(0, "the"), (1, "jury"), (2, "unhelpful")]),
        ("Ġ", ["The", "Ġjury", "Ċ", "un", "do"], [(0, "the"), (1, "jury"), (3, "undo")]),
        ("space", ["The", " ju", "ry", " ", "x"], [(0, "the"), (1, "jury"), (4, "x")]),
        ("##", ["re", "##turn", "##ed", "the"], [(0, "returned"), (3, "the")]),
        ("none", ["re", "turn", "ed"], [(0, "re"), (1, "turn"), (2, "ed")]),
    ],
)
def test_words_under_each_marker(
    marker: str, tokens: list[str], expected: list[tuple[int, str]]
) -> None:
    assert bw.words_of(tokens, marker) == expected


def test_punctuation_tokens_end_a_word_and_leading_punctuation_is_dropped() -> None:
    tokens = ["▁(", "foo", "...", "bar", "▁“Hi", "!", "▁'s", "t."]
    assert bw.words_of(tokens, "▁") == [(1, "foo"), (3, "bar"), (4, "hi"), (6, "st.")]


def test_punctuation_inside_a_word_and_behind_it_stays() -> None:
    assert bw.words_of(["▁don", "'t", "▁U.S."], "▁") == [(0, "don't"), (2, "u.s.")]
    assert bw.words_of(["▁don", "'", "t"], "▁") == [(0, "don"), (2, "t")]


def test_a_hyphen_is_no_punctuation() -> None:
    assert bw.words_of(["▁well", "-", "known"], "▁") == [(0, "well-known")]


def test_special_tokens_end_a_word_and_are_none() -> None:
    assert bw.words_of(["<bos>", "The", "re", "<eos>", "fore"], "▁") == [(1, "there"), (4, "fore")]
    assert bw.words_of(["[CLS]", "the", "[SEP]", "##re"], "##") == [(1, "the"), (3, "re")]
    assert bw.words_of(["▁the", "X", "re"], "▁", special={"X"}) == [(0, "the"), (2, "re")]


def test_words_are_of_the_first_65536_tokens() -> None:
    words = bw.words_of(["▁a"] * 65_535 + ["▁b", "c"], "▁")
    assert words[-1] == (65_535, "b")


# ---------------------------------------------------------------------------------------------
# N-grams and windows


def test_windows_are_cut_at_the_prompts_edges() -> None:
    assert bw.window(0, 1, 10) == range(2)
    assert bw.window(9, 1, 10) == range(8, 10)
    assert bw.window(4, 0, 10) == range(4, 5)
    assert bw.window(3, 5, 10) == range(9)
    assert bw.window(65_536, 1, 70_000) == range(65_535, 65_536)


def test_character_ngrams_lie_in_one_token_each_with_their_offsets() -> None:
    found = bw.char_ngrams(["▁Aa", "aab"], range(2), "▁")
    assert found == {
        (2, "aa"): [(0, 0), (1, 0)],
        (2, "ab"): [(1, 1)],
        (3, "aab"): [(1, 0)],
    }


def test_overlapping_character_ngrams_all_count_and_code_points_are_the_unit() -> None:
    assert bw.char_ngrams(["🙂🙂🙂"], range(1), "none")[2, "🙂🙂"] == [(0, 0), (0, 1)]
    assert bw.char_ngrams([" a b"], range(1), "space") == {
        (2, "a "): [(0, 0)],
        (2, " b"): [(0, 1)],
        (3, "a b"): [(0, 0)],
    }
    assert (3, "...") in bw.char_ngrams(["..."], range(1), "none")


def test_character_ngrams_have_two_to_five_characters_and_offsets_up_to_255() -> None:
    found = bw.char_ngrams(["x" * 300], range(1), "none")
    assert {size for size, _ in found} == {2, 3, 4, 5}
    assert found[2, "xx"][-1] == (0, 255)
    assert len(found[5, "xxxxx"]) == 256


def test_special_tokens_give_no_character_ngrams() -> None:
    assert bw.char_ngrams(["[CLS]", "it"], range(2), "##") == {(2, "it"): [(1, 0)]}


def test_word_ngrams_stand_at_the_first_words_first_token_and_punctuation_does_not_part_them() -> (
    None
):
    words = bw.words_of(["▁re", "turn", ",", "▁the", "▁value"], "▁")
    assert bw.word_ngrams(words, range(5)) == {
        (1, "return"): [0],
        (1, "the"): [3],
        (1, "value"): [4],
        (2, "return the"): [0],
        (2, "the value"): [3],
        (3, "return the value"): [0],
    }


def test_a_word_is_in_a_window_if_its_first_token_is() -> None:
    words = bw.words_of(["▁re", "turn", "▁the"], "▁")
    assert bw.word_ngrams(words, range(1, 3)) == {(1, "the"): [2]}
    assert bw.word_ngrams(words, range(1)) == {(1, "return"): [0]}  # whole, though it goes on


def test_of_equally_frequent_ngrams_the_larger_then_the_smaller_string_wins() -> None:
    assert bw.top_ngram({(2, "ab"): 3, (3, "xyz"): 3, (3, "abc"): 3}) == (3, "abc")
    assert bw.top_ngram({(2, "ab"): 4, (3, "abc"): 3}) == (2, "ab")
    assert bw.top_ngram({(2, "éa"): 2, (2, "za"): 2}) == (2, "za")  # code points, not a collation
    assert bw.top_ngram({(5, "alone"): 1}) is None
    assert bw.top_ngram({}) is None


def test_natural_text_joins_tokens_to_words_and_keeps_case_and_punctuation() -> None:
    assert bw.natural_text(["ry", "▁Re", "turn", "ed", "▁it", "."], "▁") == "ry Returned it."
    assert bw.natural_text(["Re", "##turn", "."], "##") == "Return ."
    assert bw.natural_text(["▁", "▁a", "\n", "▁b"], "▁") == "a b"


def test_windows_text_natural_changes_the_embedding_window() -> None:
    example = rc.Example(1, 0, [(2, 1.0)], 1.0, 2)
    tokens = ["▁The", "▁ver", "dict", "▁is"]
    settings = {"windows.text": "natural", "tokens.marker": "▁"}
    assert rc.embedding_text(example, tokens, 32, settings) == "The verdict is"
    assert rc.embedding_text(example, tokens, 32, {}) == "▁The ▁ver dict ▁is"


# ---------------------------------------------------------------------------------------------
# Sections 2 and 3


def test_the_share_counts_unordered_pairs_in_which_both_hold_it() -> None:
    assert ba.pair_share(3, 4) == Fraction(1, 2)  # 3 of 6 pairs
    assert ba.pair_share(1, 5) == 0
    assert ba.pair_share(20, 20) == 1


def test_the_top_ngram_counts_repeats_or_examples_and_needs_two() -> None:
    found = [{(2, "ab"): [1, 5, 7]}, {(1, "x"): [2]}, {(1, "x"): [4]}]
    top = ba.find_top(found, "occurrences")
    assert (top.text, top.share, top.places) == ("ab", 0, [[1, 5, 7], [], []])
    top = ba.find_top(found, "examples")
    assert (top.text, top.share, top.places) == ("x", Fraction(1, 3), [[], [2], [4]])
    alone = ba.find_top([{(1, "x"): [2]}, {}], "occurrences")
    assert (alone.text, alone.share, alone.places) == (None, 0, [[], []])


def test_a_share_at_the_threshold_is_not_above_it() -> None:
    assert not ba.pair_share(4, 5) > ba.exact(0.6)  # 12 / 20
    assert ba.pattern_type(True, False) == "Semantic"
    assert ba.pattern_type(True, True) == "Both"
    assert ba.pattern_type(False, True) == "Lexical"
    assert ba.pattern_type(False, False) == "None"


def held(prompt: int, rank: int, **ngrams: list[int]) -> ba.Held:
    drawn = bi.Drawn(1, rank, rc.Example(0, prompt, [(0, 1.0)], 1.0, 0), "")
    return ba.Held(drawn, {(len(text), text): places for text, places in ngrams.items()})


def test_the_ngram_of_a_pair_is_held_by_most_examples_of_both_sides_each_counted_once() -> None:
    main = [held(1, 1, ab=[0, 4, 8]), held(2, 2, cd=[3]), held(3, 3, cd=[5])]
    similar = [held(7, 1, cd=[6]), held(8, 3, ab=[1])]
    shared = ba.find_shared(main, similar, shown=2)
    assert shared.ngram == (2, "cd")
    assert shared.ratio == Fraction(1, 2)
    assert shared.main == [(2, [3])]  # the third example's rank is above 2
    assert shared.similar == [(7, [6])]


def test_an_ngram_of_one_side_alone_has_ratio_0_and_of_one_example_is_null() -> None:
    shared = ba.find_shared([held(1, 1, ab=[0]), held(2, 1, ab=[0])], [held(3, 1)], shown=2)
    assert (shared.ngram, shared.ratio, shared.similar) == ((2, "ab"), 0, [])
    alone = ba.find_shared([held(1, 1, ab=[0, 2])], [held(3, 1)], shown=2)
    assert (alone.ngram, alone.ratio, alone.main) == (None, None, [])


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
    far = tree + [0, 0, 0.1, 0]
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
