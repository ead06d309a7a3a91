"""The pure rules of SPEC.md, section 3: SQL macros and models against plain Python."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from scipy.stats import t as student

from tests.support.models import ask, engine, fill, make
from warehouse.database import run

quick = settings(max_examples=60, deadline=None)
THRESHOLD = float(np.float32(0.7))  # what alignment.threshold is among float32 similarities

# Emoji of several code points, a combining mark, repeats that overlap, and no text at all.
tokens = st.lists(st.text("ab é\u0301日👩🏽\u200d🚀", max_size=4) | st.text(max_size=3), max_size=7)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine("staging", "analysis") as connection:
        yield connection


def window(p: int, total: int, width: int, edge: str) -> range:
    """Positions of a window: cut at the edges, or the whole one that is moved the least."""
    wanted, size = p - width // 2, min(width, total)
    if edge == "clip":
        return range(max(wanted, 0), min(wanted + width, total))
    start = min(range(total - size + 1), key=lambda s: abs(s - wanted))
    return range(start, start + size)


@quick
@given(st.data(), st.integers(1, 40), st.integers(1, 50), st.sampled_from(["shift", "clip"]))
def test_a_window_holds_the_positions_that_spec_names(db, data, total, width, edge):
    at = {"p": data.draw(st.integers(0, total - 1)), "total": total, "width": width, "edge": edge}
    expected = window(**at)
    assert ask(db, "token_window(range($total), $p, $width, $edge)", **at) == list(expected)
    assert ask(db, "window_start($p, $total, $width, $edge)", **at) == expected.start
    assert ask(db, "window_end($p, $total, $width, $edge)", **at) == expected.stop


@pytest.mark.parametrize(
    ("p", "width", "edge", "first", "last"),
    [
        (50, 32, "shift", 34, 65), (50, 5, "shift", 48, 52), (50, 5, "clip", 48, 52),
        (0, 5, "shift", 0, 4), (99, 5, "shift", 95, 99), (9, 200, "shift", 0, 99),
        (0, 5, "clip", 0, 2), (99, 5, "clip", 97, 99), (9, 200, "clip", 0, 99),
    ],
)  # fmt: skip
def test_the_windows_of_spec_and_of_a_prompts_edges(db, p, width, edge, first, last):
    got = ask(db, "token_window(range(100), $p, $width, $edge)", p=p, width=width, edge=edge)
    assert got == list(range(first, last + 1))


def ngrams(tokens: list[str], first: int, n: int, unit: str) -> list[tuple[str, int]]:
    """Each n-gram with the position of the token in which it begins."""
    parts = [
        (p, at) for at, t in enumerate(tokens, first) for p in ([t] if unit == "tokens" else t)
    ]
    runs = [parts[i : i + n] for i in range(len(parts) - n + 1)]
    return [("".join(p for p, _ in r), r[0][1]) for r in runs]


@quick
@given(tokens, st.integers(1, 5), st.integers(0, 300), st.sampled_from(["characters", "tokens"]), st.data())  # fmt: skip
def test_ngrams_are_runs_that_know_where_they_begin(db, tokens, n, first, unit, data):
    expected = ngrams(tokens, first, n, unit)
    given = {"tokens": tokens, "n": n, "unit": unit}
    assert ask(db, "ngram_list($tokens::VARCHAR[], $n, $unit)", **given) == [g for g, _ in expected]
    starts = ask(db, "ngram_starts($t::VARCHAR[], $first, $unit)", t=tokens, first=first, unit=unit)
    assert starts[: len(expected)] == [at for _, at in expected]
    gram = data.draw(st.sampled_from([g for g, _ in expected] or ["ab"]))
    got = ask(db, "ngram_positions($tokens, $first, $g, $n, $unit)", first=first, g=gram, **given)
    assert got == [at for g, at in expected if g == gram]


def test_overlapping_occurrences_and_the_code_points_of_an_emoji_count_each(db):
    assert ask(db, "ngram_positions(['a', '', 'aa', 'Aa'], 10, 'aa', 2, 'characters')") == [10, 12]
    assert ask(db, "ngram_list(['👩🏽', 'e\u0301'], 1, 'characters')") == list("👩🏽e\u0301")


def test_the_ngrams_of_a_long_token_take_time_in_proportion_to_its_length(db):
    def seconds(length: int) -> float:
        started = time.perf_counter()
        text = "aé🙂" * length
        assert ask(db, "ngram_list([$text], 3, 'characters')", text=text) == [
            text[i : i + 3] for i in range(3 * length - 2)
        ]
        return time.perf_counter() - started

    seconds(85)  # on either side of a block's end
    seconds(86)
    # Sixteen times the length took 256 times as long.
    assert min(seconds(40_000) for _ in range(3)) < 64 * min(seconds(2_500) for _ in range(3))


@pytest.mark.parametrize("degrees", range(1, 60))
def test_the_t_quantile_is_students(db, degrees):
    assert ask(db, f"t_quantile({degrees})") == pytest.approx(
        student.ppf(0.975, degrees), rel=0.00011
    )


def test_a_resample_holds_each_unit_a_poisson_number_of_times(db):
    counts = np.array(
        run(db, "SELECT bootstrap_weight(7, r, u) FROM range(200) a(r), range(100) b(u)")
    )
    shares = [(counts == k).mean() for k in range(5)]
    assert shares == pytest.approx(poisson.pmf(range(5), 1), abs=0.015)
    again = np.array(
        run(db, "SELECT bootstrap_weight(7, r, u) FROM range(200) a(r), range(100) b(u)")
    )
    assert (again == counts).all()


@quick
@given(st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)))
def test_jaccard_is_shared_over_either_with_empty_sets_settled(db, a, b):
    got = ask(db, "jaccard($shared, $a, $b)", shared=len(a & b), a=len(a), b=len(b))
    assert got == (len(a & b) / len(a | b) if a | b else 1.0)


@quick
@given(st.lists(st.tuples(st.integers(-80, 80), st.integers(-80, 80)), min_size=1, max_size=8))
def test_cosine_is_numpys_and_a_zero_vector_has_none(db, pairs):
    a, b = (np.array(side) / 8 for side in zip(*pairs, strict=True))
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    got = ask(db, "cosine($a::FLOAT[], $b::FLOAT[])", a=a.tolist(), b=b.tolist())
    assert got == pytest.approx(float(a @ b) / length if length else 0.0, abs=1e-6)
    assert -1 <= got <= 1 and (length or got == 0.0)


def phrases(text: str, words: list[str]) -> list[str]:
    splits = "|".join([",", *(rf"(?<!\w){re.escape(w)}(?!\w)" for w in words)])
    return [p.strip() for p in re.split(splits, text, flags=re.IGNORECASE) if p.strip()]


_PIECES = ["and", "And", "OR", "but", "as well as", "e.g", "eg", "sand", "order", "butter", "cats",
           "é", "日本", "ß", "_", "7", "😀", ",", " ", "  ", "\n", "\u00a0", "-", ".", "(", "'"]  # fmt: skip
_explanations = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)


@quick
@given(_explanations, st.sampled_from([["and", "or", "but"], [], ["as well as", "e.g", "OR"]]))
def test_an_explanation_splits_at_commas_and_whole_words(db, text, words):
    assert phrases(text, words) == ask(db, "split_phrases($t, $w::VARCHAR[])", t=text, w=words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cats AND dogs, or birds But fish", ["cats", "dogs", "birds", "fish"]),
        ("cats and or dogs and or and but mice", ["cats", "dogs", "mice"]),
        ("sand, order, butter, and_or but2", ["sand", "order", "butter", "and_or but2"]),
        ("éand or andé (and) rock-and-roll", ["éand", "andé (", ") rock-", "-roll"]),
        (" , and ,\n\u00a0, ", []),
    ],
)
def test_the_splitting_words_stand_alone_in_any_case(db, text, expected):
    assert ask(db, "split_phrases($text, ['and', 'or', 'but'])", text=text) == expected


@quick
@given(st.text("\t\n\v\f\r \u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200bab", max_size=8))
def test_trimming_knows_unicodes_white_space(db, text):
    assert ask(db, "trim_space($text)", text=text) == text.strip()


@quick
@given(st.text(max_size=30))
def test_a_texts_key_is_its_md5(db, text):
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert ask(db, "text_key($text)", text=text).hex == expected


@quick
@given(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=4))
def test_a_feature_is_in_scope_when_a_range_holds_it_or_there_is_none(db, feature, spans):
    ranges = [[low, low + more] for low, more in spans]
    expected = not ranges or any(low <= feature <= high for low, high in ranges)
    assert ask(db, "in_scope($id, $ranges)", id=feature, ranges=ranges) is expected


@quick
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_bounds_solve_his_equation_on_either_side_of_the_share(db, counts):
    hits, total = counts
    for side in (-1, 1):
        p = ask(db, "wilson_bound($h, $n, $side)", h=hits, n=total, side=side)
        off = p - hits / total
        assert off**2 == pytest.approx(1.959963984540054**2 * p * (1 - p) / total, abs=1e-12)
        assert off * side >= -1e-12
    assert ask(db, "wilson_bound(0, 0, 1)") is None


def sample(values: list[float | None], take: int) -> tuple[list[float], list[tuple]]:
    """Boundaries, and (prompt, quantile, rank) in order, of a feature's values by prompt."""
    active = sorted((v, p) for p, v in enumerate(values) if v is not None)
    if len(active) < 4:
        return [], [(p, q, 1) for q, (_, p) in enumerate(active, 1)]
    bounds = np.quantile([v for v, _ in active], [0.25, 0.5, 0.75])
    of = [sorted((-v, p) for v, p in active if sum(v > bounds) == q)[:take] for q in range(4)]
    return list(bounds), [(p, q, r) for q, o in enumerate(of, 1) for r, (_, p) in enumerate(o, 1)]


_value = st.none() | st.sampled_from([0.5, 1.0, 7.25]) | st.floats(0, 1e6, width=32)
_values = st.lists(_value, max_size=6) | st.lists(_value, min_size=18, max_size=30)


@quick
@given(st.lists(_values, min_size=1, max_size=4), st.sampled_from([5, 1]))
def test_sampling_takes_the_largest_of_each_quantile(db, features, take):
    columns = (
        "feature_id INT, prompt_id INT, num_activations INT, max_activation FLOAT, max_position INT"
    )
    rows = [
        (f, p, int(v is not None), v, 0) for f, vs in enumerate(features) for p, v in enumerate(vs)
    ]
    fill(db, "staging.activation_examples", columns, rows[::-1])
    records = [("kept", *row) for row in rows[::-1]]
    fill(db, "staging.activation_records", f"status VARCHAR, {columns}", records)
    latents = "status VARCHAR, feature_id INT, num_records INT, boundaries DOUBLE[]"
    run(db, f"CREATE OR REPLACE TABLE staging.latents ({latents})")
    make(db, "analysis.activation_quantiles")
    make(db, "analysis.samples", sampling_per_quantile=take)
    boundaries = dict(run(db, "SELECT feature_id, boundaries FROM analysis.activation_quantiles"))
    taken = run(
        db,
        "SELECT feature_id, prompt_id, quantile, rank, sample_order FROM analysis.samples ORDER BY 1, 5",
    )
    for f, values in enumerate(features):
        expected, examples = sample(values, take)
        assert boundaries.get(f, []) == pytest.approx(expected, rel=1e-12)
        assert [r for r in taken if r[0] == f] == [(f, *e, n) for n, e in enumerate(examples, 1)]


@st.composite
def similarities(draw: st.DrawFn) -> list[tuple[int, int, float]]:
    """(phrase, later phrase, similarity) of the phrases of up to three explainers."""
    owners = sorted(draw(st.lists(st.integers(0, 2), max_size=9)))
    pairs = [(i, j) for j, b in enumerate(owners) for i, a in enumerate(owners[:j]) if a != b]
    values = st.sampled_from([-0.5, THRESHOLD - 1e-6, THRESHOLD, 0.8, 1.0])
    return [(*pair, draw(values)) for pair in pairs]


def align(rows: list[tuple[int, int, float]]) -> list[tuple[int, list[int]]]:
    """The groups as SPEC.md tells it: (opener, the phrases that it takes)."""
    taken, groups = set(), []
    for opener in range(9):
        members = [j for i, j, s in rows if i == opener and j not in taken and s >= THRESHOLD]
        if opener not in taken and members:
            taken |= {opener, *members}
            groups.append((opener, sorted(members)))
    return groups


@quick
@given(st.lists(similarities(), min_size=1, max_size=4))
def test_alignment_groups_are_those_of_the_greedy_loop(db, features):
    rows = [("m", f, *row) for f, own in enumerate(features) for row in own]
    columns = "model VARCHAR, feature_id INT, phrase_order INT, later_order INT, similarity FLOAT"
    fill(db, "analysis.phrase_similarity", columns, rows[::-1])
    make(db, "analysis.alignment_groups")
    got = run(
        db,
        "SELECT feature_id, group_id, opener, list_sort(members) FROM analysis.alignment_groups ORDER BY ALL",
    )
    assert got == [
        (f, g, *own) for f, rows in enumerate(features) for g, own in enumerate(align(rows))
    ]
