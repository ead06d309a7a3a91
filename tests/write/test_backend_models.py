"""The rules of SPEC-NEXT.md, sections 1 to 5: SQL models from hand-written rows, against plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embed.decoder_tree import average_linkage
from embed.failure_clusters import clusters
from tests.support.models import MODELS, ask, engine, fill, make
from warehouse.database import run

NEAR = 1e-12

WORDS = ("staging.token_forms", "analysis.prompt_word_lists", "analysis.prompt_words")
NGRAMS = (
    *WORDS, "analysis.token_ngrams", "analysis.char_ngrams", "analysis.word_ngrams", "analysis.shortest_ngrams",
)  # fmt: skip


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine("staging", "analysis", "texts", "vectors", "master", "backend") as connection:
        yield connection


def prompts(db: duckdb.DuckDBPyConnection, *texts: Sequence[str]) -> None:
    rows = [(i, len(tokens), list(tokens)) for i, tokens in enumerate(texts)]
    fill(db, "staging.prompts", "prompt_id BIGINT, num_tokens BIGINT, tokens VARCHAR[]", rows)


def samples(db: duckdb.DuckDBPyConnection, *rows: tuple[int, int, int]) -> None:
    """Rows (feature, prompt, max position); all of a feature are of one quantile, ranked as they come."""
    ranks: Counter[int] = Counter()
    told = []
    for feature, prompt, position in rows:
        ranks[feature] += 1
        told.append((feature, prompt, 1, ranks[feature], ranks[feature], 1.0, position))
    fill(
        db,
        "analysis.samples",
        "feature_id BIGINT, prompt_id BIGINT, quantile INTEGER, rank INTEGER, sample_order INTEGER, "
        "max_activation FLOAT, max_position INTEGER",
        told,
    )


def words_of(
    db: duckdb.DuckDBPyConnection, tokens: Sequence[str], marker: str
) -> list[tuple[str, int]]:
    """(word, position) of one prompt."""
    prompts(db, tokens)
    samples(db, (0, 0, 0))
    make(db, "staging.token_marker", *WORDS, tokens_marker=marker)
    return run(db, "SELECT word, position FROM analysis.prompt_words ORDER BY word_order")


# --- section 1: tokens, words, n-grams -----------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "marker"),
    [
        (["▁a", "b", "Ġc"], "▁"),
        (["Ġc", "▁a", "Ġd", "▁b"], "▁"),
        ([" c", "Ġa", "##d"], "Ġ"),
        ([" c", "##a"], "space"),
        (["a", "##b", "##c", " d"], "##"),
        (["a", "b"], "none"),
        ([], "none"),
    ],
)
def test_the_marker_is_the_one_on_most_tokens_and_of_equal_ones_the_first(db, tokens, marker):
    prompts(db, tokens[:1], tokens[1:])
    make(db, "staging.token_marker")
    assert run(db, "SELECT marker FROM staging.token_marker") == [(marker,)]


def test_a_marker_that_is_set_is_not_looked_for(db):
    prompts(db, ["▁a"])
    make(db, "staging.token_marker", tokens_marker="##")
    assert run(db, "SELECT marker FROM staging.token_marker") == [("##",)]


@pytest.mark.parametrize(
    ("token", "marker", "form"),
    [
        ("▁▁ the ", "▁", "the"), ("Ġthe", "▁", "the"), ("a▁b", "▁", "a▁b"), ("▁", "▁", ""),
        ("\u2003x\n", "none", "x"), ("##ing", "##", "ing"), ("####", "##", "##"), ("##ing", "▁", "##ing"),
        ("ĠĊ", "Ġ", ""), ("Ċ", "▁", "Ċ"), ("ĉx", "Ġ", "x"), ("aĊb", "Ġ", "a\nb"),
    ],
)  # fmt: skip
def test_a_tokens_form_is_without_marks_and_white_space(db, token, marker, form):
    assert ask(db, "token_form($token, $marker)", token=token, marker=marker) == form


@pytest.mark.parametrize(
    ("tokens", "marker", "words"),
    [
        (
            ["▁The", "▁jury", "man", ",", "▁“", "No", "▁(", "▁(It", "s", ")"],
            "▁",
            [("the", 0), ("juryman", 1), ("no", 5), ("its", 7)],
        ),
        (["The", "Ġcat", "s", "Ċ", "x", "Ġ"], "Ġ", [("the", 0), ("cats", 1), ("x", 4)]),
        (["[CLS]", "re", "##turn", "##ed", ".", "##x"], "##", [("returned", 1), ("x", 5)]),
        (["a", "b", "...", "c"], "none", [("a", 0), ("b", 1), ("c", 3)]),
        (["▁a", "<bos>", "b", "▁", "c"], "▁", [("a", 0), ("b", 2), ("c", 4)]),
        (["▁it", "'", "s", "▁well", "-", "known!"], "▁", [("it", 0), ("s", 2), ("well-known!", 3)]),
        (["İ", "Σ"], "none", [("i", 0), ("σ", 1)]),
        (["!", "<s>"], "▁", []),
        (["▁a\x1fb", "1\x1e1", "▁c"], "▁", [("a\x1fb1\x1e1", 0), ("c", 2)]),
        ([], "▁", []),
    ],
)
def test_the_words_of_a_prompt(db, tokens, marker, words):
    assert words_of(db, tokens, marker) == words


def test_words_are_those_of_the_first_65_536_tokens(db):
    assert words_of(db, [*["▁a"] * 65_535, "▁b", "c"], "▁")[-1] == ("b", 65_535)


def test_character_ngrams_are_those_of_one_token_with_blanks_and_punctuation(db):
    prompts(db, ["▁x", "▁A. B", "<bos>"])
    samples(db, (0, 0, 1))
    make(db, "staging.token_marker", *NGRAMS)
    grams = run(
        db,
        "SELECT ngram_size, ngram, position, char_offset, distance FROM analysis.char_ngrams ORDER BY ALL",
    )
    assert grams == [
        (2, " b", 1, 2, 0), (2, ". ", 1, 1, 0), (2, "a.", 1, 0, 0), (3, ". b", 1, 1, 0), (3, "a. ", 1, 0, 0), (4, "a. b", 1, 0, 0),
    ]  # fmt: skip


def test_an_offset_above_255_is_dropped(db):
    prompts(db, ["x" * 300])
    samples(db, (0, 0, 0))
    make(db, "staging.token_marker", *NGRAMS)
    assert run(
        db, "SELECT max(char_offset), count(*) FILTER (ngram_size = 2) FROM analysis.char_ngrams"
    ) == [(255, 256)]


def test_a_word_is_in_the_window_if_its_first_token_is_and_an_ngram_if_all_its_words_are(db):
    prompts(db, [f"▁w{i}" for i in range(20)] + ["tail"])
    samples(db, (0, 0, 9), (1, 0, 19), (2, 0, 0))
    make(db, "staging.token_marker", *NGRAMS)
    found = run(
        db,
        """SELECT feature_id, ngram_size, min(position), max(position), count(*)
        FROM analysis.word_ngrams GROUP BY ALL ORDER BY ALL""",
    )
    assert found == [
        (0, 1, 4, 14, 11), (0, 2, 4, 13, 10), (0, 3, 4, 12, 9),
        (1, 1, 14, 19, 6), (1, 2, 14, 18, 5), (1, 3, 14, 17, 4),
        (2, 1, 0, 5, 6), (2, 2, 0, 4, 5), (2, 3, 0, 3, 4),
    ]  # fmt: skip
    assert run(db, "SELECT ngram FROM analysis.word_ngrams WHERE feature_id = 1 AND position = 17 ORDER BY ngram_size") == [
        ("w17",), ("w17 w18",), ("w17 w18 w19tail",),
    ]  # fmt: skip


# --- section 2: what the examples of a feature share ---------------------------------------------


def shared(db: duckdb.DuckDBPyConnection, **chosen: object) -> dict[tuple[int, str], tuple]:
    make(db, "staging.token_marker", *NGRAMS, "analysis.shared_ngrams", **chosen)
    rows = run(
        db,
        "SELECT feature_id, kind, ngram_size, ngram, occurrences, examples, share FROM analysis.shared_ngrams",
    )
    return {(feature, kind): tuple(rest) for feature, kind, *rest in rows}


def test_of_equally_frequent_ngrams_the_longest_is_the_top_one_then_the_smaller_string(db):
    prompts(
        db, ["▁red", "▁fox", "▁ran"], ["▁red", "▁fox", "▁sat"], ["▁zab", "▁yab"], ["▁yab", "▁zab"]
    )
    samples(db, (0, 0, 0), (0, 1, 0), (1, 2, 0), (1, 3, 0))
    found = shared(db)
    assert found[0, "words"] == (2, "red fox", 2, 2, 1.0)
    assert found[0, "characters"] == (3, "fox", 2, 2, 1.0)
    assert found[1, "words"] == (1, "yab", 2, 2, 1.0)
    assert found[1, "characters"] == (2, "ab", 4, 2, 1.0)


def test_repeats_in_one_window_count_unless_examples_are_counted(db):
    prompts(db, ["▁no", "▁no", "▁no", "▁go"], ["▁go", "▁hm"], ["▁zz"])
    samples(db, (0, 0, 1), (0, 1, 0), (0, 2, 0))
    assert shared(db)[0, "words"] == (1, "no", 3, 1, 0.0)
    assert shared(db, display_rank_by="examples")[0, "words"] == (1, "go", 2, 2, 1 / 3)


def test_a_single_occurrence_is_no_top_ngram(db):
    prompts(db, ["▁abc"], ["▁xyz"])
    samples(db, (0, 0, 0), (0, 1, 0), (1, 0, 0))
    found = shared(db)
    assert found[0, "words"] == found[0, "characters"] == (None, None, 0, 0, 0.0)
    assert found[1, "words"] == (None, None, 0, 0, None)  # one example has no pairs
    assert run(db, "SELECT count(*) FROM analysis.shared_ngrams WHERE len(places) > 0") == [(0,)]


def test_the_places_of_the_top_ngram_are_in_order_of_the_sample(db):
    prompts(db, ["▁lala", "▁x", "▁lala"], ["▁x", "▁lala"])
    samples(db, (0, 1, 1), (0, 0, 1))
    shared(db)
    places = run(db, "SELECT kind, places FROM analysis.shared_ngrams ORDER BY kind")
    assert [(p["prompt_id"], p["position"], p["char_offset"]) for p in places[0][1]] == [
        (1, 1, 0), (1, 1, 2), (0, 0, 0), (0, 0, 2), (0, 2, 0), (0, 2, 2),
    ]  # fmt: skip
    assert [(p["prompt_id"], p["position"]) for p in places[1][1]] == [(1, 1), (0, 0), (0, 2)]


TOKENS = st.lists(st.sampled_from(["▁ab", "▁a", "b", "▁abc", "bc", "▁b", ",", "<bos>", "▁"]), min_size=1, max_size=9)  # fmt: skip


def all_ngrams(db: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], Counter]:
    """(feature, kind) → n-gram, as (size, text, prompt) → its occurrences, from the views of all of them."""
    found: dict[tuple[int, str], Counter] = {}
    for kind, relation, reach in (("characters", "char_ngrams", 1), ("words", "word_ngrams", 5)):
        for feature, *gram in run(
            db,
            f"SELECT feature_id, ngram_size, ngram, prompt_id FROM analysis.{relation} WHERE abs(distance) <= {reach}",
        ):
            found.setdefault((feature, kind), Counter())[tuple(gram)] += 1
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.lists(TOKENS, min_size=1, max_size=4),
    st.data(),
    st.sampled_from([([2, 3, 4, 5], [1, 2, 3]), ([3, 2], [3, 2]), ([2, 4], [1, 3]), ([1], [2])]),
    st.sampled_from(["occurrences", "examples"]),
)
def test_the_top_ngram_is_the_first_of_all_that_are_counted(texts, data, sizes, rank_by):
    with engine("staging", "analysis") as db:
        prompts(db, *texts)
        rows = [(i % 2, i, data.draw(st.integers(0, len(t) - 1))) for i, t in enumerate(texts)]
        samples(db, *rows)
        found = shared(db, words_char_sizes=sizes[0], words_sizes=sizes[1], display_rank_by=rank_by)
        grams = all_ngrams(db)
    for key, (size, ngram, occurrences, examples, _) in found.items():
        total: Counter = Counter()
        held: Counter = Counter()
        for (n, text, _), times in grams.get(key, Counter()).items():
            total[n, text] += times
            held[n, text] += 1
        counted = total if rank_by == "occurrences" else held
        best = min(counted, key=lambda g: (-counted[g], -g[0], g[1].encode()), default=None)
        if best is None or counted[best] < 2:
            assert ngram is None
        else:
            assert (size, ngram, occurrences, examples) == (*best, total[best], held[best])


def test_a_pattern_is_told_by_thresholds_that_are_strict(db):
    grams = "feature_id BIGINT, kind VARCHAR, ngram VARCHAR, share DOUBLE"
    fill(db, "analysis.shared_ngrams", grams, [
        (feature, kind, "x", share)
        for feature, shares in enumerate([(0.6, 0.6), (0.61, 0.0), (0.0, 0.61), (0.0, 0.0), (0.9, 0.9)])
        for kind, share in zip(("characters", "words"), shares, strict=True)
    ])  # fmt: skip
    similarities = "model VARCHAR, feature_id BIGINT, num_examples INTEGER, mean_similarity FLOAT"
    fill(db, "analysis.activation_similarity", similarities, [
        ("m", 0, 2, 0.3001), ("m", 1, 2, 0.29), ("m", 2, 2, 0.5), ("m", 3, 2, -0.1), ("m", 4, 1, None), ("n", 3, 2, 0.9),
    ])  # fmt: skip
    fill(db, "staging.default_model", "model VARCHAR", [("m",)])
    make(db, "analysis.display_patterns")
    assert run(db, "SELECT feature_id, pattern_type FROM analysis.display_patterns ORDER BY 1") == [
        (0, "Semantic"),
        (1, "Lexical"),
        (2, "Both"),
        (3, "None"),
    ]


# --- section 3: what a feature and a neighbour share ---------------------------------------------


def neighbours(db: duckdb.DuckDBPyConnection, *rows: tuple[int, int, int]) -> None:
    """Rows (feature, place, neighbour)."""
    columns = (
        "feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT"
    )
    fill(db, "analysis.selected_neighbours", columns, [(*row, 0.5) for row in rows])


def pairs(db: duckdb.DuckDBPyConnection) -> dict[tuple[int, int, str], tuple]:
    make(db, "staging.token_marker", *NGRAMS, "analysis.pair_ngrams")
    rows = run(
        db,
        "SELECT feature_id, neighbour_id, kind, ngram, holders, neighbour_holders, ratio FROM analysis.pair_ngrams",
    )
    return {tuple(key): tuple(rest) for *key, rest in ((a, b, c, d) for a, b, c, *d in rows)}


def test_the_ngram_of_a_pair_is_the_one_most_examples_of_both_sides_hold(db):
    prompts(db, ["▁one", "▁two"], ["▁one", "▁one"], ["▁one", "▁six"], ["▁six", "▁two"])
    samples(db, (0, 0, 1), (0, 1, 1), (1, 2, 1), (1, 3, 1))
    neighbours(db, (0, 1, 1))
    found = pairs(db)
    # "one" is held by 3 of 4 examples, twice in one of them, which counts once.
    assert found[0, 1, "words"] == ("one", 2, 1, 0.5)
    # Of the tokens at the maximum alone: two, one | six, two.
    assert found[0, 1, "characters"] == ("two", 1, 1, 1.0)


def test_an_ngram_of_one_side_alone_has_ratio_0_and_one_held_once_is_none(db):
    prompts(db, ["▁aa"], ["▁aa"], ["▁bb"], ["▁cc"], ["▁dd"])
    samples(db, (0, 0, 0), (0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0))
    neighbours(db, (0, 1, 1), (2, 1, 3))
    found = pairs(db)
    assert found[0, 1, "words"] == ("aa", 2, 0, 0.0)
    assert found[2, 3, "words"] == found[2, 3, "characters"] == (None, 0, 0, None)


def test_a_prompt_that_both_sides_sample_is_two_examples_and_ties_fall_to_the_longer_ngram(db):
    prompts(db, ["▁big", "▁cat"])
    samples(db, (0, 0, 0), (1, 0, 0))
    neighbours(db, (0, 1, 1))
    found = pairs(db)
    assert found[0, 1, "words"] == ("big cat", 1, 1, 1.0)
    assert found[0, 1, "characters"] == ("big", 1, 1, 1.0)


def test_examples_past_the_fourth_of_a_quantile_are_not_compared(db):
    prompts(db, *[["▁x"]] * 4, ["▁late"], ["▁late"])
    samples(db, *[(0, i, 0) for i in range(5)], (1, 5, 0))
    neighbours(db, (0, 1, 1))
    assert pairs(db)[0, 1, "words"] == ("x", 4, 0, 0.0)


@settings(max_examples=20, deadline=None)
@given(st.lists(TOKENS, min_size=2, max_size=5), st.data())
def test_the_ngram_of_a_pair_is_the_first_of_all_that_are_counted(texts, data):
    with engine("staging", "analysis") as db:
        prompts(db, *texts)
        samples(
            db, *[(i % 2, i, data.draw(st.integers(0, len(t) - 1))) for i, t in enumerate(texts)]
        )
        neighbours(db, (0, 1, 1))
        found = pairs(db)
        for kind, relation, reach in (
            ("characters", "char_ngrams", 0),
            ("words", "word_ngrams", 5),
        ):
            held = Counter(run(db, f"SELECT DISTINCT ON (feature_id, prompt_id, ngram) ngram_size, ngram FROM analysis.{relation} WHERE abs(distance) <= {reach}"))  # fmt: skip
            best = min(held, key=lambda g: (-held[g], -g[0], g[1].encode()), default=None)
            ngram, a, b, ratio = found[0, 1, kind]
            if best is None or held[best] < 2:
                assert (ngram, a, b, ratio) == (None, 0, 0, None)
            else:
                assert (ngram, a + b) == (best[1], held[best])
                assert ratio == (min(a, b) / max(a, b))


def test_the_similarity_of_a_pair_is_the_mean_over_all_pairs_of_windows(db):
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((5, 6)).astype(np.float32)
    vectors[1] = 0
    samples(db, (0, 0, 0), (0, 1, 0), (1, 2, 0), (1, 3, 0), (1, 4, 0))
    neighbours(db, (0, 1, 1), (1, 1, 0))
    fill(db, "texts.windows", "feature_id BIGINT, prompt_id BIGINT, text_key VARCHAR", [
        (0, 0, "a"), (0, 1, "b"), (1, 2, "c"), (1, 3, "d"), (1, 4, "e"),
    ])  # fmt: skip
    fill(
        db,
        "vectors.windows",
        "model VARCHAR, text_key VARCHAR, vector FLOAT[]",
        [("m", key, vector.tolist()) for key, vector in zip("abcde", vectors, strict=True)],
    )
    fill(db, "staging.embedding_models", "model VARCHAR, model_order INTEGER", [("m", 0), ("n", 1)])
    make(db, "analysis.mean_windows", "analysis.pair_similarity")
    lengths = np.linalg.norm(vectors.astype(float), axis=1)[:, None]
    units = np.divide(vectors, lengths, out=np.zeros((5, 6)), where=lengths > 0)
    expected = (units[:2] @ units[2:].T).mean()
    found = run(db, "SELECT feature_id, comparisons, similarity FROM analysis.pair_similarity")
    assert [row[:2] for row in found] == [(0, 6), (1, 6)]
    assert [row[2] for row in found] == pytest.approx([expected, expected], abs=NEAR)


def interfeature(
    db: duckdb.DuckDBPyConnection, similarity: float, chars: float | None, words: float | None
) -> tuple[list, list]:
    """The semantic and lexical pairs of feature 0 and its one neighbour, made from these figures."""
    fill(db, "analysis.pair_similarity", "model VARCHAR, feature_id BIGINT, neighbour_order INTEGER, similarity DOUBLE", [("m", 0, 1, similarity)])  # fmt: skip
    fill(db, "staging.default_model", "model VARCHAR", [("m",)])
    fill(db, "staging.sae", "sae_id VARCHAR", [("s",)])
    fill(db, "staging.features", "feature_id BIGINT, num_explanations BIGINT", [(0, 1), (1, 0), (2, 2)])  # fmt: skip
    place = "STRUCT(sample_order INTEGER, rank INTEGER, prompt_id BIGINT, position INTEGER, char_offset INTEGER)[]"
    mine = [
        {"sample_order": o, "rank": o, "prompt_id": p, "position": 4, "char_offset": c}
        for o, p, c in ((1, 7, 3), (1, 7, 9), (3, 5, 0))
    ]
    fill(
        db,
        "analysis.pair_ngrams",
        "feature_id BIGINT, neighbour_order INTEGER, kind VARCHAR, ngram_size INTEGER, ngram VARCHAR, "
        f"ratio DOUBLE, places {place}, neighbour_places {place}",
        [
            (0, 1, "characters", chars and 2, chars and "ab", chars, mine if chars else [], []),
            (0, 1, "words", words and 1, words and "ab", words, mine[:1] if words else [], []),
        ],
    )
    samples(db, (0, 7, 0), (0, 6, 0), (0, 5, 0), (1, 3, 0))
    neighbours(db, (0, 1, 1))
    make(db, "backend.interfeature_activation_similarity")
    rows = run(
        db,
        "SELECT feature_id, semantic_pairs, lexical_pairs FROM backend.interfeature_activation_similarity ORDER BY 1",
    )
    assert [(row[0], row[1:]) for row in rows[1:]] == [(2, ([], []))]  # no neighbour, empty lists
    return rows[0][1], rows[0][2]


def test_a_pair_may_stand_in_both_lists_and_says_there_the_same(db):
    semantic, lexical = interfeature(db, 0.31, 0.71, None)
    assert [p.pop("pattern_type") for p in (*semantic, *lexical)] == ["Semantic", "Lexical"]
    assert semantic == lexical
    [pair] = semantic
    assert pair["main_prompt_ids"] == [7, 6, 5]
    assert (pair["similar_prompt_ids"], pair["num_comparisons"]) == ([3], 3)
    # Of rank 3 nothing is shown; one example's positions are together.
    assert pair["main_char_ngram_positions"] == [
        {
            "prompt_id": 7,
            "positions": [
                {"token_position": 4, "char_offset": 3},
                {"token_position": 4, "char_offset": 9},
            ],
        }
    ]
    assert (pair["max_word_ngram"], pair["word_jaccard"]) == (None, None)
    assert pair["main_word_ngram_positions"] == pair["similar_word_ngram_positions"] == []


@pytest.mark.parametrize(
    ("similarity", "chars", "words", "there"),
    [
        (0.3, 0.7, 0.8, (0, 0)),
        (0.30001, 0.7, 0.8, (1, 0)),
        (-0.2, 0.70001, 0.1, (0, 1)),
        (0.1, None, 0.80001, (0, 1)),
        (0.1, None, None, (0, 0)),
    ],
)
def test_the_thresholds_of_pairs_are_strict(db, similarity, chars, words, there):
    lists = interfeature(db, similarity, chars, words)
    assert tuple(map(len, lists)) == there
    assert all(p["semantic_similarity"] >= 0 for found in lists for p in found)


# --- section 4: the tree -------------------------------------------------------------------------


def test_a_distance_is_known_where_one_is_a_neighbour_and_of_two_the_larger_ids_row_says_it(db):
    fill(db, "analysis.explanations", "feature_id BIGINT", [(3,), (3,), (7,), (9,)])
    fill(db, "analysis.decoder_neighbours", "feature_id BIGINT, rank INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT", [
        (3, 1, 7, 0.5), (7, 1, 3, 0.25), (9, 1, 3, 0.125), (9, 2, 4, 0.9), (4, 1, 9, 0.9),
    ])  # fmt: skip
    make(db, "analysis.decoder_distances")
    assert run(db, "FROM analysis.decoder_distances ORDER BY ALL") == [(0, 1, 0.75), (0, 2, 0.875)]


def test_a_leafs_first_merge_is_the_row_that_names_it(db):
    fill(db, "analysis.explanations", "feature_id BIGINT", [(3,), (7,), (9,)])
    fill(db, "analysis.feature_linkage", "left_node INTEGER, right_node INTEGER, distance DOUBLE", [(0, 2, 0.25), (1, 3, 0.75)])  # fmt: skip
    make(db, "analysis.merge_distances", "backend.first_merge_clustering")
    assert run(db, "FROM backend.first_merge_clustering ORDER BY 1") == [(3, 0.25), (7, 0.75), (9, 0.25)]  # fmt: skip
    make(db, "analysis.merge_distances", clustering_max_features=2)
    assert run(db, "FROM analysis.merge_distances") == []


def test_an_only_feature_merges_with_none(db):
    fill(db, "analysis.explanations", "feature_id BIGINT", [(3,)])
    fill(
        db, "analysis.feature_linkage", "left_node INTEGER, right_node INTEGER, distance DOUBLE", []
    )
    make(db, "analysis.merge_distances", "backend.first_merge_clustering")
    assert run(db, "FROM backend.first_merge_clustering") == [(3, None)]


def test_the_audit_of_the_tree_tells_of_too_many_features(db):
    fill(db, "analysis.explanations", "feature_id BIGINT", [(3,), (7,), (9,)])
    audit = MODELS["audits.decoder_tree_made"]
    for most, backend, told in ((3, True, 0), (2, True, 1), (2, False, 0)):
        bound = {"clustering_max_features": most, "export_backend": backend}
        assert len(run(db, audit.sql, {p: bound[p] for p in audit.parameters})) == told


def test_average_linkage_is_scipys_of_the_whole_matrix():
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(1)
    matrix = np.ones((30, 30))
    a, b = np.triu_indices(30, 1)
    chosen = rng.permutation(len(a))[:60]
    known = rng.random(60).astype(np.float32)
    matrix[a[chosen], b[chosen]] = matrix[b[chosen], a[chosen]] = known
    np.fill_diagonal(matrix, 0)
    expected = linkage(squareform(matrix), "average")
    assert np.array_equal(average_linkage(30, a[chosen], b[chosen], known), expected)
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    assert average_linkage(1, *none).shape == average_linkage(0, *none).shape == (0, 4)
    assert average_linkage(2, *none).tolist() == [[0, 1, 1, 2]]


# --- section 5: why an explanation fails ---------------------------------------------------------

METRICS = ("intra_feature_sim", "score_embedding", "score_fuzz", "score_detection", "explanation_semantic_sim")  # fmt: skip
SHAPES = {
    "missed_ngram": (50, 5, 5, 50, 50),
    "missed_context": (50, 5, 50, 5, 50),
    "noisy_activation": (5, None, None, None, 5),
}


def causes(db: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[float | None]]) -> list[tuple]:
    """zs, distances, weights, x, y, nearest of explanations with these metrics, one a feature."""
    columns = ", ".join(f"{m} DOUBLE" for m in METRICS)
    fill(db, "analysis.explanation_metrics", f"feature_id BIGINT, explainer_order INTEGER, {columns}", [(i, 0, *row) for i, row in enumerate(rows)])  # fmt: skip
    make(db, "analysis.metric_statistics", "analysis.standard_metrics", "analysis.failure_anchors", "analysis.failure_positions")  # fmt: skip
    return run(
        db,
        "SELECT zs, distances, weights, position_x, position_y, nearest_anchor FROM analysis.failure_positions ORDER BY feature_id",
    )


def recomputed(rows: Sequence[Sequence[float | None]]) -> list[tuple]:
    """The same in numpy."""
    values = np.array(rows, float)  # None becomes NaN
    z, anchors = np.full(values.shape, np.nan), np.zeros((3, 5))
    for m in range(5):
        column = values[~np.isnan(values[:, m]), m]
        spread = len(column) > 1 and len(set(column)) > 1
        mean, std = (column.mean(), column.std(ddof=1)) if spread else (0, 0)
        z[:, m] = np.where(
            np.isnan(values[:, m]), np.nan, (values[:, m] - mean) / (std + 1e-8) if spread else 0
        )
        for a, shape in enumerate(SHAPES.values()):
            raw = 0.5 if shape[m] is None else np.percentile(column, shape[m]) if len(column) else 0
            anchors[a, m] = (raw - mean) / (std + 1e-8) if spread else 0
    found = []
    for row in z:
        distances = np.linalg.norm(np.nan_to_num(row) - anchors, axis=1)
        weights = 1 / (distances + 1e-8)
        weights /= weights.sum()
        x, y = weights @ np.array([(0, 0), (1, 0), (0.5, 0.866)])
        found.append((row, distances, weights, x, y, list(SHAPES)[int(distances.argmin())]))
    return found


def assert_alike(found: Sequence[tuple], expected: Sequence[tuple]) -> None:
    for (zs, *figures, nearest), (row, *wanted, name) in zip(found, expected, strict=True):
        assert [math.nan if z is None else z for z in zs] == pytest.approx(
            list(row), nan_ok=True, abs=1e-9
        )
        for a, b in zip(figures, wanted, strict=True):
            assert a == pytest.approx(b, abs=1e-9)
        assert nearest == name


def test_positions_between_the_causes_are_those_of_a_recomputation(db):
    rng = np.random.default_rng(5)
    rows = [[None if rng.random() < 0.2 else float(v) for v in rng.random(5)] for _ in range(40)]
    assert_alike(causes(db, rows), recomputed(rows))


def test_a_metric_that_none_has_or_in_which_all_are_alike_counts_for_nothing(db):
    rows = [[0.2, None, 0.7, 0.5, None], [0.9, None, 0.7, 0.6, None], [0.4, None, None, 0.1, 0.3]]
    found = causes(db, rows)
    assert_alike(found, recomputed(rows))
    assert [row[0][2] for row in found] == [
        0,
        0,
        None,
    ]  # alike: 0 where it is, null where it is not
    anchors = run(
        db,
        "SELECT DISTINCT metric, z FROM analysis.failure_anchors WHERE metric IN ('score_embedding', 'score_fuzz', 'explanation_semantic_sim')",
    )
    assert {z for _, z in anchors} == {0}
    raw = run(db, "SELECT raw FROM analysis.failure_anchors WHERE metric = 'score_embedding'")
    assert raw == [(None,)] * 3


def test_one_explanation_without_any_metric_is_as_near_to_each_cause(db):
    [(zs, distances, weights, x, y, nearest)] = causes(db, [[None] * 5])
    assert (zs, distances, nearest) == ([None] * 5, [0, 0, 0], "missed_ngram")
    assert weights == pytest.approx([1 / 3] * 3)
    assert (x, y) == (pytest.approx(0.5), pytest.approx(0.866 / 3))


def test_a_features_profile_is_its_mean_with_what_is_missing_as_0(db):
    columns = "feature_id BIGINT, explainer_order INTEGER, metric_order INTEGER, z DOUBLE"
    fill(db, "analysis.standard_metrics", columns, [(4, 0, 1, 1.0), (4, 1, 1, None), (4, 0, 2, None), (4, 1, 2, None)])  # fmt: skip
    make(db, "analysis.failure_profiles")
    assert run(db, "FROM analysis.failure_profiles") == [(4, [0.5, 0.0])]


def blobs(*sizes: int, noise: int = 0) -> np.ndarray:
    rng = np.random.default_rng(3)
    centres = np.eye(5) * 50
    found = [centres[i] + rng.standard_normal((n, 5)) * 0.1 for i, n in enumerate(sizes)]
    return np.concatenate([*found, rng.uniform(500, 9000, (noise, 5))])


def test_clusters_are_numbered_by_size_then_by_their_first_feature():
    labels = clusters(blobs(12, 30, 12, noise=3), 10, 5, 0.2).tolist()
    assert labels == [1] * 12 + [0] * 30 + [2] * 12 + [-1] * 3


def test_fewer_features_than_a_cluster_needs_are_in_none():
    assert clusters(blobs(9), 10, 5, 0.2).tolist() == [-1] * 9
    assert clusters(blobs(12), 10, 12, 0.2).tolist() == [-1] * 12
    assert clusters(np.empty((0, 5)), 10, 5, 0.2).tolist() == []


def test_metrics_of_an_explanation_are_means_over_those_that_have_them(db):
    scores = "STRUCT(scorer VARCHAR, fuzz DOUBLE, simulation DOUBLE, detection DOUBLE, embedding DOUBLE)[]"
    score = {"scorer": "s", "simulation": None, "detection": None}
    fill(db, "master.features", f"feature_id BIGINT, llm_explainer VARCHAR, semantic_similarity STRUCT(explainer VARCHAR, cosine_similarity FLOAT)[], scores {scores}", [
        (1, "a", [{"explainer": "b", "cosine_similarity": 0.5}, {"explainer": "c", "cosine_similarity": 0.25}],
         [{**score, "fuzz": 0.5, "embedding": None}, {**score, "fuzz": 1.0, "embedding": 0.75}]),
        (2, "a", [], []),
    ])  # fmt: skip
    fill(db, "staging.explainers", "explainer VARCHAR, explainer_order INTEGER", [("a", 0)])
    fill(db, "analysis.display_patterns", "feature_id BIGINT, semantic_similarity FLOAT, char_share DOUBLE, word_share DOUBLE", [(1, 0.25, 0.125, 0.5)])  # fmt: skip
    make(db, "analysis.explanation_metrics")
    assert run(db, "FROM analysis.explanation_metrics ORDER BY feature_id") == [
        (1, 0, "a", 0.5, 0.75, 0.75, None, 0.375),
        (2, 0, "a", None, None, None, None, None),
    ]


# --- section 6: natural text ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "marker", "text"),
    [
        (["▁The", "▁", "▁Cat", "s", ".", "▁(x"], "▁", "The Cats. (x"),
        (["turn", "##ed", ",", "a"], "##", "turned , a"),
        (["Hel", "lo", "Ġ", "World", "Ċ"], "Ġ", "Hello World"),
        (["a  b", " c"], "space", "a  b c"),
        ([], "▁", ""),
    ],
)
def test_natural_text_is_words_joined_by_a_space(db, tokens, marker, text):
    assert (
        ask(db, "natural_text($tokens::VARCHAR[], $marker)", tokens=tokens, marker=marker) == text
    )
    assert ask(db, "window_text($tokens::VARCHAR[], 'tokens', '▁')", tokens=tokens) == " ".join(
        tokens
    )
