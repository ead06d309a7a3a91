"""Made-up records, explanations and score files: what goes in is in a table or in quarantine, bit for bit.

One build an example, with many records in it. More of them: pytest tests/bad_input/test_fuzz.py
--hypothesis-profile=long. What is right is decided by `tests.bad_input.plain_reader`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.bad_input import plain_reader as plain
from tests.support.raw_tree import ACTIVATIONS, PROMPTS, explanation, files, score, stage, write

# 4 builds a test in the suite, 160 with the long profile. A failure names the record: no shrinking.
PACE = settings(
    max_examples=settings.default.max_examples // 25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PROMPT_LENGTHS = {n: len(tokens) for n, tokens in enumerate(files()[PROMPTS])}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "nan", "1", "-1", "0.5", "x", "true", "Infinity", 'é😀\0\n"\\'])
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=6)  # fmt: skip


def mostly(good: st.SearchStrategy) -> st.SearchStrategy:
    """Nine times in ten what it should be."""
    return st.integers(0, 9).flatmap(lambda n: good if n else values)


@st.composite
def written(draw: st.DrawFn, content: st.SearchStrategy[object]) -> bytes:
    """JSON text of something, in either spelling of non-ASCII letters, sometimes torn."""
    spaced, escaped = draw(st.booleans()), draw(st.booleans())
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(draw(content), ensure_ascii=escaped, separators=separators)
    return draw(torn(text.encode())) if draw(st.integers(0, 4)) == 0 else text.encode()


@st.composite
def torn(draw: st.DrawFn, content: bytes) -> bytes:
    """A piece of it replaced by other bytes."""
    begin, length = draw(st.integers(0, len(content))), draw(st.integers(0, 8))
    other = draw(
        st.binary(max_size=4)
        | st.sampled_from([b"\xef\xbb\xbf", b"\0", b"\xff", b"NaN", b"1e400", b"]", b'"', b"\\"])
    )
    return content[:begin] + other + content[begin + length :]


numbers = mostly(st.integers(0, 9)), mostly(st.floats(0, 1e5, width=32))
pairs = mostly(st.lists(mostly(st.tuples(*numbers).map(list)), max_size=4))
fields = {
    "index": mostly(st.integers(0, 40) | st.integers(0, 40).map(str)),
    "dataSetPromptId": mostly(st.integers(0, 5)),
    "sparseValues": pairs,
}
whole = st.fixed_dictionaries(fields, optional={"more": values})
records = whole | whole | st.fixed_dictionaries({}, optional=fields)
lines = (written(records) | st.binary(max_size=30)).map(lambda line: line.replace(b"\n", b" "))


def fate(status: str, *kept: object) -> object:
    return (kept if len(kept) > 1 else kept[0]) if status == "kept" else None


def as_stands(content: bytes) -> str:
    return content.decode(errors="backslashreplace")


@PACE
@given(st.lists(lines, min_size=60, max_size=250))
@example([b"\xef\xbb\xbf{}", b'{"index": 1, "index": 2, "dataSetPromptId": 0, "sparseValues": []}'])
def test_an_activation_line_is_in_the_table_or_in_quarantine_as_it_stood(content):
    good = files()[ACTIVATIONS].encode()
    everything = good + b"\n".join(content)
    with tempfile.TemporaryDirectory() as directory:
        data = write(Path(directory), {ACTIVATIONS: everything})
        rows = stage(data, "quarantine.max_share=1", select=("+staging.files",))
        found = {line: fate(*rest) for line, *rest in rows("SELECT line, status, feature_id, prompt_id, positions, activations FROM staging.activation_records")}  # fmt: skip
        raw = dict(rows("SELECT line, raw FROM quarantine.activations"))
        ledger = rows(
            "SELECT records, quarantined FROM staging.files WHERE file = ?", [ACTIVATIONS]
        )
    wanted = plain.activation_lines(everything, PROMPT_LENGTHS)
    assert found == wanted
    stood = everything.split(b"\n")
    assert raw == {
        n: as_stands(stood[n - 1]).rstrip("\r") for n, kept in wanted.items() if kept is None
    }
    assert ledger == [(len(wanted), len(raw))]


@PACE
@given(st.lists(written(st.text()) | st.text().map(str.encode) | st.binary(max_size=20), min_size=30, max_size=80))  # fmt: skip
def test_an_explanation_is_in_the_table_or_in_quarantine_as_it_stood(content):
    names = [explanation(f"l_latent{n}.txt") for n in range(1000, 1000 + len(content))]
    with tempfile.TemporaryDirectory() as directory:
        data = write(Path(directory), dict(zip(names, content, strict=True)))
        rows = stage(data, "quarantine.max_share=1", select=("+staging.files",))
        found = {file: fate(*rest) for file, *rest in rows("SELECT file, status, text FROM staging.explanation_records WHERE feature_id >= 1000")}  # fmt: skip
        raw = dict(rows("SELECT file, raw FROM quarantine.explanations"))
    wanted = {name: plain.explanation(c)[1] for name, c in zip(names, content, strict=True)}
    assert found == wanted
    assert raw == {
        name: as_stands(c.removeprefix(plain.BOM))
        for name, c in zip(names, content, strict=True)
        if wanted[name] is None
    }


judged = st.fixed_dictionaries(
    {},
    optional={
        "distance": mostly(st.integers(-1, 4)),
        "activating": mostly(st.booleans()),
        "ground_truth": mostly(st.booleans()),
        "prediction": mostly(st.booleans() | st.none() | st.sampled_from([0, 1, -1])),
        "probability": mostly(st.floats(0, 1) | st.none()),
        "correct": mostly(st.booleans() | st.none()),
        "similarity": mostly(st.floats(-1, 1)),
        "ev_correlation_score": mostly(st.floats(-1, 1) | st.just("nan")),
        "str_tokens": st.lists(st.text(max_size=5), max_size=3),
    },
)


@st.composite
def score_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A method and the content of a file: an array of examples, sometimes torn."""
    method = draw(st.sampled_from(["fuzz", "detection", "embedding", "simulation"]))
    return method, draw(written(st.lists(mostly(judged), max_size=8)))


COMMA_BEHIND_THE_LAST = b'[{"similarity": 0.5, "str_tokens": ["a,]", \t\n], "distance": 1},]'


@PACE
@given(st.lists(score_files(), min_size=20, max_size=60))
@example([("embedding", COMMA_BEHIND_THE_LAST)])
def test_a_scored_example_is_in_the_table_or_in_quarantine_as_it_stood(content):
    names = [score(method, f"l_latent{n}.txt") for n, (method, _) in enumerate(content, 1000)]
    with tempfile.TemporaryDirectory() as directory:
        tree = {name: c for name, (_, c) in zip(names, content, strict=True)}
        data = write(Path(directory), tree)
        rows = stage(data, "quarantine.max_share=1", select=("+staging.files",))
        found = {(file, line): fate(*rest) for file, line, *rest in rows("SELECT file, line, status, outcome FROM staging.score_records WHERE feature_id >= 1000")}  # fmt: skip
        raw = {
            (f, line): text
            for f, line, text in rows("SELECT file, line, raw FROM quarantine.scores")
        }
    wanted = {
        (name, place): kept
        for name, (method, c) in zip(names, content, strict=True)
        for place, kept in plain.score_examples(c, method).items()
    }
    assert found == wanted
    assert raw.keys() == {place for place, kept in wanted.items() if kept is None}
    for (name, place), text in raw.items():
        whole = as_stands(tree[name].removeprefix(plain.BOM))
        if text != whole:  # an item of an array that could be read
            assert text in whole
            assert same(plain.parse(text), plain.parse(whole)[place - 1])


def same(one: object, other: object) -> bool:
    return json.dumps(one) == json.dumps(other)
