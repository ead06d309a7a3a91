"""The pure rules of SPEC-NEXT.md, with values worked out by hand from its text."""

from __future__ import annotations

from fractions import Fraction

import duckdb
import pyarrow as pa
import pytest

from tests.independent import backend_activation as ba
from tests.independent import backend_inputs as bi
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
