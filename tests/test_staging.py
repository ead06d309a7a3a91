"""What is read, what is quarantined with which reason, and that the counts add up."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.raw_tree import (
    ACTIVATIONS,
    CONFIG,
    PROMPTS,
    Content,
    Rows,
    explanation,
    files,
    judged,
    record,
    score,
    stage,
    write,
)
from warehouse.catalog import run
from warehouse.errors import WarehouseError
from warehouse.layout import Layout

# ------------------------------------------------------------------------------------ the matrix
#
# Each row: what stands in the file, and either the reason in quarantine or what was read.
# `@` is the row's own feature id, so that no row can meet another.


@dataclass(frozen=True)
class Read:
    """What a good record was read as."""

    value: object


def line(index: str = '"@"', prompt: str = "0", pairs: str = "[[1, 2.5]]", more: str = "") -> str:
    return f'{{"index": {index}, "dataSetPromptId": {prompt}, "sparseValues": {pairs}{more}}}'


LENGTHS = "lengths that do not fit*"
ONE = Read(([1], [2.5], 2.5, 1))  # positions, values, the largest, its position
SILENT = Read(([], [], None, None))

LINES = [
    ("a line that is no JSON", "hello", "not JSON"),
    ("a line that stops in the middle", line()[:40], "not JSON"),
    ("two objects on one line", line() + line(), "not JSON"),
    ("a comment behind the object", line() + " // seen", "not JSON"),
    ("an array", "[1, 2]", "not an object"),
    ("a string", '"text"', "not an object"),
    ("a null", "null", "not an object"),
    ("an empty object", "{}", "missing field: index"),
    ("no index", '{"dataSetPromptId": 0, "sparseValues": []}', "missing field: index"),
    ("no prompt", '{"index": "@", "sparseValues": []}', "missing field: dataSetPromptId"),
    ("no pairs", '{"index": "@", "dataSetPromptId": 0}', "missing field: sparseValues"),
    ("an index that is a word", line('"seven"'), "wrong type: index"),
    ("an index that is a bool", line("true"), "wrong type: index"),
    ("an index of 20 digits", line('"99999999999999999999"'), "wrong type: index"),
    ("a prompt that is a word", line(prompt='"x"'), "wrong type: dataSetPromptId"),
    ("a prompt that is negative", line(prompt="-1"), "unknown prompt id"),
    ("a prompt of 23 digits", line(prompt="1" * 23), "wrong type: dataSetPromptId"),
    ("an index that is null", line("null"), "missing field: index"),
    ("a prompt that is null", line(prompt="null"), "missing field: dataSetPromptId"),
    ("a key in other letters", line().replace("index", "Index"), "missing field: index"),
    ("an index of 1.5", line("1.5"), "wrong type: index"),
    ("a negative index", line("-1"), "wrong type: index"),
    ("an index past 2^32", line("4294967296"), "wrong type: index"),
    ("a prompt id of 0.5", line(prompt="0.5"), "wrong type: dataSetPromptId"),
    ("a prompt id behind the last", line(prompt="99"), "unknown prompt id"),
    ("a prompt id past 2^32", line(prompt="4294967296"), "unknown prompt id"),
    ("pairs that are a string", line(pairs='"abc"'), "wrong type: sparseValues"),
    ("pairs that are an object", line(pairs="{}"), "wrong type: sparseValues"),
    ("pairs that are numbers", line(pairs="[1, 2]"), "wrong type: sparseValues"),
    ("a pair that is null", line(pairs="[null]"), "wrong type: sparseValues"),
    ("a good pair and a null", line(pairs="[[1, 2.5], null]"), "wrong type: sparseValues"),
    ("a pair that is an object", line(pairs='[{"a": 1}]'), "wrong type: sparseValues"),
    ("a value that is a string", line(pairs='[[1, "2.5"]]'), "wrong type: sparseValues"),
    ("a value that is null", line(pairs="[[1, null]]"), "wrong type: sparseValues"),
    ("a value that is true", line(pairs="[[1, true]]"), "wrong type: sparseValues"),
    ("a position that is a string", line(pairs='[["1", 2.5]]'), "wrong type: sparseValues"),
    ("a position that is a list", line(pairs="[[[1], 2.5]]"), "wrong type: sparseValues"),
    ("a value that is a list", line(pairs="[[1, [2.5]]]"), "wrong type: sparseValues"),
    ("a pair of one", line(pairs="[[1]]"), LENGTHS),
    ("a pair of three", line(pairs="[[1, 2, 3]]"), LENGTHS),
    ("an empty pair", line(pairs="[[]]"), LENGTHS),
    ("a good pair and a pair of one", line(pairs="[[1, 2.5], [2]]"), LENGTHS),
    ("a position of 1.5", line(pairs="[[1.5, 2.5]]"), "wrong type: token position"),
    ("a negative position", line(pairs="[[-1, 2.5]]"), "token position negative"),
    ("a position at the prompt's length", line(pairs="[[10, 2]]"), "token position outside*"),
    ("a position past 2^31", line(pairs="[[2147483648, 2]]"), "token position outside*"),
    ("a value of NaN", line(pairs="[[1, NaN]]"), "value not finite"),
    ("a value of Infinity", line(pairs="[[1, Infinity]]"), "value not finite"),
    ("a value of -Infinity", line(pairs="[[1, -Infinity]]"), "value not finite"),
    ("a good value and a NaN", line(pairs="[[1, 2.5], [2, NaN]]"), "value not finite"),
    ("a value of 1e400, past a double", line(pairs="[[1, 1e400]]"), "value not finite"),
    ("a value of 1e39, past a float32", line(pairs="[[1, 1e39]]"), "value not finite"),
    ("a negative value", line(pairs="[[1, -0.5]]"), "value negative"),
    ("the feature and prompt of line 1", line(prompt="4"), "duplicate (feature, prompt)"),
    ("bytes that are no UTF-8", b'{"index": "@", "t": "\xff\xfe"}', "not UTF-8"),
    ("a surrogate as UTF-8 bytes", b'{"index": "@", "t": "\xed\xa0\x80"}', "not UTF-8"),
    ("a lone surrogate escape", line(more=r', "t": "\ud800"'), "not JSON"),
    ("a bare NUL byte in a string", line(more=', "t": "\0"'), "not JSON"),
    ("a NUL byte behind the object", line() + "\0", "not JSON"),
    ("a BOM that is not the file's first", "\ufeff" + line(), "not JSON"),
    ("an index as a string", line(), ONE),
    ("an index as an integer", line("@"), ONE),
    ("no activation at all", line(pairs="[]"), SILENT),
    ("pairs that are null", line(pairs="null"), SILENT),
    ("unknown keys", line(more=', "layer": "x", "o": {"a": [1, null]}'), ONE),
    ("an unknown key twice", line(more=', "a": 1, "a": 2'), ONE),
    ("a NUL escape in an unknown key", line(more=r', "t": "\u0000"'), ONE),
    ("a surrogate pair", line(more=r', "t": "\ud83d\ude00"'), ONE),
    ("a string of a million letters", line(more=f', "t": "{"x" * 1_000_000}"'), ONE),
    ("blanks around the object", f"  {line()}\t ", ONE),
    ("a tie", line(pairs="[[5, 3.5], [2, 3.5], [7, 1]]"), Read(([5, 2, 7], [3.5, 3.5, 1], 3.5, 5))),
    ("the largest float32", line(pairs="[[1, 3.4028234663852886e38]]"), Read(([1], [3.4028234663852886e38], 3.4028234663852886e38, 1))),
    ("a value of 0", line(pairs="[[1, 0]]"), Read(([1], [0.0], 0.0, 1))),
]  # fmt: skip

# Explanation files: what, file name, content, reason or text.
NO_WORDS = "no explanation in the file"
NO_ID = "no feature id*"
EXPLANATIONS = [
    ("a JSON string with escapes", "l_latent@.txt", r'"a \"q\"\nline \u00e9 \\ \ud83d\ude00"', Read('a "q"\nline é \\ 😀')),
    ("plain text", "l_latent@.txt", "plain text\n", Read("plain text")),
    ("plain text that begins with a quote", "l_latent@.txt", '"A" and "b" words', Read('"A" and "b" words')),
    ("plain text with CRLF", "l_latent@.txt", "one\r\ntwo\r\n", Read("one\r\ntwo")),
    ("a BOM before a JSON string", "l_latent@.txt", '\ufeff"text"', Read("text")),
    ("a NUL escape", "l_latent@.txt", r'"a \u0000 b"', Read("a \0 b")),
    ("a sentence that holds a sentinel", "l_latent@.txt", '"No explanation found here"', Read("No explanation found here")),
    ("an empty file", "l_latent@.txt", "", NO_WORDS),
    ("a file of blanks", "l_latent@.txt", " \n\t ", NO_WORDS),
    ("an empty JSON string", "l_latent@.txt", '""', NO_WORDS),
    ("the explainer's failure", "l_latent@.txt", '"Explanation could not be parsed."', NO_WORDS),
    ("the explainer's failure as plain text", "l_latent@.txt", "Explanation could not be parsed.", NO_WORDS),
    ("nothing found", "l_latent@.txt", '"No explanation found"', NO_WORDS),
    ("nothing found, with a newline", "l_latent@.txt", "No explanation found\n", NO_WORDS),
    ("a JSON string that was cut off", "l_latent@.txt", '"The feature fires', "truncated file"),
    ("a JSON string cut off in an escape", "l_latent@.txt", '"The feature \\', "truncated file"),
    ("a JSON string with a bad escape", "l_latent@.txt", r'"a \x b"', "not JSON"),
    ("a JSON string with a lone surrogate", "l_latent@.txt", r'"a \ud800 b"', "not JSON"),
    ("bytes that are no UTF-8", "l_latent@.txt", b'"caf\xe9"', "not UTF-8"),
    ("a name of before 2025", ".transformer.h.0_feature@.txt", '"text"', Read("text")),
    ("a hidden name", ".model.layers.5_latent@.txt", '"text"', Read("text")),
    ("a long module name", "layers.30.post_norm_latent@.txt", '"text"', Read("text")),
    ("two ids in a name", "a_latent7_latent@.txt", '"text"', Read("text")),
    ("blanks and quotes in a name", "é \"a\" '%_latent@.txt", '"text"', Read("text")),
    ("a name without an id", "notes-@.txt", '"text"', NO_ID),
    ("an id past 2^32", "l_latent429497@.txt", '"text"', NO_ID),
]  # fmt: skip


def fuzz(**changes: str | None) -> str:
    fields = {"distance": "1", "activating": "true", "prediction": "true", "correct": "true"}
    return _object(fields | changes)


def similar(**changes: str | None) -> str:
    return _object({"text": '"a b"', "distance": "1", "similarity": "0.5"} | changes)


def group(distance: str, value: str | None) -> str:
    return _object({"distance": distance, "ev_correlation_score": value, "scored": "[]"})


def _object(fields: dict[str, str | None]) -> str:
    return "{" + ",".join(f'"{k}":{v}' for k, v in fields.items() if v is not None) + "}"


GOOD = {"fuzz": fuzz(), "detection": fuzz(), "embedding": similar(), "simulation": group("2", "0.25")}  # fmt: skip

# Examples of score files: method, what, the example, and the reason or
# (outcome, activating, what was predicted or measured).
EXAMPLES = [
    ("fuzz", "null in the array", "null", "not an object"),
    ("fuzz", "a number in the array", "1", "not an object"),
    ("detection", "an array in the array", "[1]", "not an object"),
    ("embedding", "a string in the array", '"x"', "not an object"),
    ("fuzz", "correct: true", fuzz(), Read(("correct", True, True))),
    ("fuzz", "correct: false", fuzz(correct="false"), Read(("incorrect", True, True))),
    ("fuzz", "correct: null", fuzz(correct="null"), Read(("failed", True, True))),
    ("fuzz", "correct missing", fuzz(correct=None), Read(("failed", True, True))),
    ("fuzz", "correct: 'yes'", fuzz(correct='"yes"'), "wrong type: correct"),
    ("fuzz", "correct: 1", fuzz(correct="1"), "wrong type: correct"),
    ("fuzz", "correct: {}", fuzz(correct="{}"), "wrong type: correct"),
    ("detection", "prediction: null", fuzz(prediction="null"), Read(("failed", True, None))),
    ("detection", "prediction: -1", fuzz(prediction="-1"), Read(("failed", True, None))),
    ("detection", "prediction: -1, correct: false", fuzz(prediction="-1", correct="false"), Read(("failed", True, None))),
    ("detection", "prediction: 0", fuzz(prediction="0", correct="false"), Read(("incorrect", True, False))),
    ("detection", "prediction: 1", fuzz(prediction="1"), Read(("correct", True, True))),
    ("detection", "prediction: false", fuzz(prediction="false", correct="false"), Read(("incorrect", True, False))),
    ("detection", "prediction missing", fuzz(prediction=None), Read(("correct", True, None))),
    ("detection", "prediction: 2", fuzz(prediction="2"), "wrong type: prediction"),
    ("detection", "prediction: 0.5", fuzz(prediction="0.5"), "wrong type: prediction"),
    ("detection", "prediction: 'x'", fuzz(prediction='"x"'), "wrong type: prediction"),
    ("fuzz", "ground_truth for activating", fuzz(activating=None, ground_truth="false"), Read(("correct", False, True))),
    ("fuzz", "activating over ground_truth", fuzz(ground_truth="false"), Read(("correct", True, True))),
    ("fuzz", "no label but a distance", fuzz(activating=None, distance="-1.0"), Read(("correct", False, True))),
    ("fuzz", "activating: 'x'", fuzz(activating='"x"'), "wrong type: activating"),
    ("fuzz", "unknown keys", fuzz(extra='{"a":[1,{"b":null}]}'), Read(("correct", True, True))),
    ("fuzz", "probability: 0.7", fuzz(probability="0.7"), Read(("correct", True, True))),
    ("fuzz", "probability: -1", fuzz(probability="-1"), Read(("correct", True, True))),
    ("fuzz", "probability: 'high'", fuzz(probability='"high"'), "wrong type: probability"),
    ("fuzz", "probability: []", fuzz(probability="[]"), "wrong type: probability"),
    ("fuzz", "a bad example, its blanks, escapes and numbers kept", '{ "correct" : "\\u0061\\/", "x":1.50e1 }', "wrong type: correct"),
    ("embedding", "a similarity", similar(), Read(("scored", True, 0.5))),
    ("embedding", "similarity: null", similar(similarity="null"), Read(("failed", True, None))),
    ("embedding", "similarity: NaN", similar(similarity="NaN"), Read(("failed", True, None))),
    ("embedding", "similarity: 1e400", similar(similarity="1e400"), Read(("failed", True, None))),
    ("embedding", "similarity missing", similar(similarity=None), "missing field: similarity"),
    ("embedding", "similarity: 'x'", similar(similarity='"x"'), "wrong type: similarity"),
    ("embedding", "distance: 0", similar(distance="0"), Read(("scored", True, 0.5))),
    ("embedding", "distance: -0.0", similar(distance="-0.0"), Read(("scored", False, 0.5))),
    ("embedding", "distance: -0.37", similar(distance="-0.37"), Read(("scored", False, 0.5))),
    ("embedding", "activating over distance", similar(distance="3", activating="false"), Read(("scored", False, 0.5))),
    ("embedding", "no distance, no label", similar(distance=None), "missing field: distance"),
    ("simulation", "a number", group("0", "-0.5"), Read(("scored", None, -0.5))),
    ("simulation", "a number of a quantile", group("1", "0.5"), Read(("scored", None, 0.5))),
    ("simulation", "the string nan", group("0", '"nan"'), Read(("failed", None, None))),
    ("simulation", "NaN", group("0", "NaN"), Read(("failed", None, None))),
    ("simulation", "null", group("0", "null"), Read(("failed", None, None))),
    ("simulation", "no score", group("0", None), "missing field: ev_correlation_score"),
    ("simulation", "another string", group("0", '"x"'), "wrong type: ev_correlation_score"),
]  # fmt: skip

# Whole score files: what, content, reason or the number of examples.
SCORE_FILES = [
    ("an empty file", "", "empty file"),
    ("a file of blanks", " \n", "empty file"),
    ("an empty array", "[]", Read(0)),
    ("an array that was cut off", f"[{fuzz()},{fuzz()[:30]}", "truncated file"),
    ("an array cut off behind an example", f"[{fuzz()}", "truncated file"),
    ("an object", fuzz(), "not an array"),
    ("a null", "null", "not an array"),
    ("JSON lines", f"{fuzz()}\n{fuzz()}", "not JSON"),
    ("no JSON", "hello", "not JSON"),
    ("bytes that are no UTF-8", b'[{"t": "\xff"}]', "not UTF-8"),
    ("a lone surrogate", fuzz(text=r'"\ud800"').join("[]"), "not JSON"),
    ("a BOM", f"\ufeff[{fuzz()}]", Read(1)),
    ("CRLF", f"[\r\n{fuzz()},\r\n{fuzz()}\r\n]\r\n", Read(2)),
]

# Items of prompts.json: what, the item, reason or tokens.
NO_STRING = "wrong type: a token is not a string"
NO_ARRAY = "wrong type: not an array"
ITEMS = [
    ("a prompt", '["a", "b"]', Read(["a", "b"])),
    ("a prompt without tokens", "[]", Read([])),
    ("odd tokens", r'["", "\u0000", "\n", "\"", "▁é", "\ud83d\ude00", "12", "null"]', Read(["", "\0", "\n", '"', "▁é", "😀", "12", "null"])),
    ("a string", '"text"', NO_ARRAY),
    ("a number", "3", NO_ARRAY),
    ("a null", "null", NO_ARRAY),
    ("an object", '{"a": "b"}', NO_ARRAY),
    ("a token that is a number", '["a", 1]', NO_STRING),
    ("tokens that are numbers", "[1, 2]", NO_STRING),
    ("a token that is null", '["a", null]', NO_STRING),
    ("a token that is a list", '["a", ["b"]]', NO_STRING),
    ("a lone surrogate in a token", r'["a",  "\ud800"]', "not JSON"),
    ("a bad escape in a token", r'["],[", "\x"]', "not JSON"),
    ("a bare newline in a token", '["a\n"]', "not JSON"),
    ("brackets and commas in tokens", r'["],[", "\\", ",\""]', Read(["],[", "\\", ',"'])),
]  # fmt: skip

# run_config.json: what, content, reason or (sae_id, explainer_model). Its text is never kept.
RUN_CONFIGS = [
    ("hookpoints as a list", '{"sparse_model": "a/b", "hookpoints": ["c", "d"]}', Read(("a/b/c", None))),
    ("hookpoints as a string", '{"sparse_model": "a/b", "hookpoints": "c"}', Read(("a/b/c", None))),
    ("no hookpoints", '{"sparse_model": "a/b", "explainer_model": "m"}', Read(("a/b", "m"))),
    ("an SAE id with dashes for slashes", '{"sparse_model": "a--b--c"}', Read(("a/b/c", None))),
    ("an empty object", "{}", Read((None, None))),
    ("a BOM and unknown keys", '\ufeff{"sparse_model": "a/b", "x": NaN, "y": [{}]}', Read(("a/b", None))),
    ("no JSON", "hello", "not JSON"),
    ("a cut off object", '{"sparse_model": "a/b"', "not JSON"),
    ("an empty file", "", "empty file"),
    ("an array", "[1]", "not an object"),
    ("names that are no strings", '{"sparse_model": {"a": 1}, "explainer_model": []}', Read((None, None))),
    ("bytes that are no UTF-8", b'{"sparse_model": "\xff"}', "not UTF-8"),
]  # fmt: skip

# Files of activation records: what, ending, content made of six good lines; the prompts that
# were read and the reasons in quarantine.
RECORD_FILES = [
    ("a BOM", "", lambda six: b"\xef\xbb\xbf" + six, range(6), []),
    ("CRLF", "", lambda six: six.replace(b"\n", b"\r\n"), range(6), []),
    ("blank lines", "", lambda six: b"\n\r\n" + six.replace(b"\n", b"\n\n"), range(6), []),
    ("no newline at its end", "", lambda six: six[:-1], range(6), []),
    ("a truncated last line", "", lambda six: six[:-20], range(5), ["not JSON"]),
    ("nothing in it", "", lambda six: b"", [], []),
    ("gzip", ".gz", gzip.compress, range(6), []),
    ("gzip of two members", ".gz", lambda six: gzip.compress(six[:99]) + gzip.compress(six[99:]), range(6), []),
    ("zstd", ".zst", lambda six: zst(six), range(6), []),
    ("zstd of two frames", ".zst", lambda six: zst(six[:99]) + zst(six[99:]), range(6), []),
    ("no gzip behind the ending", ".gz", lambda six: b"hello", [], ["unreadable file*"]),
    ("no zstd behind the ending", ".zst", lambda six: b"hello, this is text", [], ["unreadable file*"]),
    ("gzip cut off at its end", ".gz", lambda six: gzip.compress(six)[:-4], range(6), ["truncated file*"]),
    ("zstd cut off at its end", ".zst", lambda six: zst(six)[:-2], range(0), ["truncated file*"]),
    ("a damaged gzip stream", ".gz", lambda six: gzip.compress(six)[:12] + b"\x07" * 50, range(0), ["unreadable file*"]),
    ("a line of blanks", "", lambda six: six + b"   \t \n", range(6), []),
    ("gzip cut off in its header", ".gz", lambda six: gzip.compress(six)[:8], [], ["truncated file*"]),
]  # fmt: skip


def zst(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


# ------------------------------------------------------------------------- the matrix as one tree


@dataclass(frozen=True)
class Case:
    """A row of a table with its place in the tree. `text` is its own part of the `content`."""

    what: str
    feature: int
    file: str
    text: bytes
    content: bytes
    expected: object


def case(
    what: str,
    feature: int,
    file: str,
    text: str | bytes,
    expected: object,
    content: Callable[[bytes], bytes] = lambda text: text,
) -> Case:
    text = text.encode() if isinstance(text, str) else text
    text = text.replace(b"@", str(feature).encode())
    return Case(what, feature, file.replace("@", str(feature)), text, content(text), expected)


def between_good_lines(feature: int) -> Callable[[bytes], bytes]:
    before, after = (record(feature, prompt, [[0, 1.5]]).encode() for prompt in (4, 5))
    return lambda text: b"\n".join([before, text, after])


def between_good_examples(method: str) -> Callable[[bytes], bytes]:
    good = GOOD[method].encode()
    return lambda text: b"[" + b",".join([good, text, good]) + b"]"


RECORDS = "raw/activation_examples"
LINE_CASES = [
    case(what, f, f"{RECORDS}/line@.jsonl", text, expected, between_good_lines(f))
    for f, (what, text, expected) in enumerate(LINES, 1000)
]
FILE_CASES = [
    case(what, f, f"{RECORDS}/file@.jsonl{end}", b"", (list(prompts), reasons), lambda _, f=f, make=make: make(b"".join(record(f, p, [[0, 1.5]]).encode() + b"\n" for p in range(6))))
    for f, (what, end, make, prompts, reasons) in enumerate(RECORD_FILES, 2000)
]  # fmt: skip
WORD_CASES = [
    case(what, f, explanation(name), text, expected)
    for f, (what, name, text, expected) in enumerate(EXPLANATIONS, 3000)
]
EXAMPLE_CASES = [
    case(f"{method}, {what}", f, score(method, "l_latent@.txt"), text, expected, between_good_examples(method))
    for f, (method, what, text, expected) in enumerate(EXAMPLES, 4000)
]  # fmt: skip
SCORE_CASES = [
    case(what, f, score("fuzz", "w_latent@.txt"), text, expected)
    for f, (what, text, expected) in enumerate(SCORE_FILES, 5000)
]
CONFIG_CASES = [
    case(what, f, "raw/c@_e-d_s/run_config.json", text, expected)
    for f, (what, text, expected) in enumerate(RUN_CONFIGS, 6000)
]
NOT_READ = score("recall", "l_latent1.txt")
UNREADABLE = (
    explanation("l_latent9000.txt"),
    score("fuzz", "l_latent9001.txt"),
    "raw/c9002_e-d_s/run_config.json",
)


def each(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[c.what for c in cases])


def matrix_tree() -> dict[str, Content]:
    """Every row of every table, each in a file of its own but for the items of prompts.json."""
    every = (LINE_CASES, FILE_CASES, WORD_CASES, EXAMPLE_CASES, SCORE_CASES, CONFIG_CASES)
    tree: dict[str, Content] = {c.file: c.content for cases in every for c in cases}
    tree[NOT_READ] = "[]"
    tree[PROMPTS] = json.dumps(files()[PROMPTS])[:-1] + "".join(f",{i}" for _, i, _ in ITEMS) + "]"
    lines = [record(0, 6 + place, []) for place in range(len(ITEMS))]  # of each added prompt
    tree[ACTIVATIONS] = files()[ACTIVATIONS] + "\n".join(lines)
    return tree


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole matrix in one data directory: one bad file never stops the others."""
    data = write(tmp_path_factory.mktemp("matrix"), matrix_tree())
    link, no_bytes, directory = (data / name for name in UNREADABLE)
    link.symlink_to("/nowhere/at/all")
    no_bytes.symlink_to("/proc/self/mem")
    directory.mkdir(parents=True)
    return data


@pytest.fixture(scope="module")
def rows(data: Path) -> Iterator[Rows]:
    stage(data, f'input.activations=["{RECORDS}/*.jsonl*"]', "quarantine.max_share=1")
    with duckdb.connect(str(Layout(data).warehouse), read_only=True) as connection:
        yield lambda sql, parameters=None: run(connection, sql, parameters)


def quarantined(rows: Rows, file: str) -> list[tuple]:
    sql = "SELECT line, reason, raw FROM quarantine.records WHERE file = ? ORDER BY line"
    return rows(sql, [file])


def assert_settled(rows: Rows, case: Case, line: int) -> None:
    """In quarantine at `line` for the reason and with its text as it stood, or not at all."""
    found = quarantined(rows, case.file)
    if isinstance(case.expected, Read):
        assert found == []
        return
    ((number, reason, raw),) = found
    assert fnmatchcase(reason, case.expected)
    assert number == line
    assert raw == case.text.decode(errors="backslashreplace")


# ----------------------------------------------------------------------------------------- tests


@each(LINE_CASES)
def test_an_activation_line_is_read_or_quarantined_and_its_neighbours_are_read(
    rows: Rows, case: Case
) -> None:
    kept = rows(
        "SELECT line, prompt_id, positions, activations, max_activation, max_position "
        "FROM staging.activation_records WHERE file = ? AND feature_id = ? AND status = 'kept' "
        "ORDER BY line",
        [case.file, case.feature],
    )
    good = [(1, 4, [0], [1.5], 1.5, 0), (3, 5, [0], [1.5], 1.5, 0)]
    if isinstance(case.expected, Read):
        good.insert(1, (2, 0, *case.expected.value))
    assert kept == good
    assert_settled(rows, case, line=2)


@each(FILE_CASES)
def test_a_file_of_activation_lines_is_read_as_far_as_it_goes(rows: Rows, case: Case) -> None:
    prompts, reasons = case.expected
    sql = "SELECT prompt_id FROM staging.activation_examples WHERE feature_id = ? ORDER BY 1"
    assert rows(sql, [case.feature]) == [(p,) for p in prompts]
    found = quarantined(rows, case.file)
    assert len(found) == len(reasons)
    assert all(fnmatchcase(f[1], r) for f, r in zip(found, reasons, strict=True))


@each(WORD_CASES)
def test_an_explanation_file_is_read_or_quarantined(rows: Rows, case: Case) -> None:
    found = rows("SELECT text FROM staging.explanations WHERE feature_id = ?", [case.feature])
    assert found == ([(case.expected.value,)] if isinstance(case.expected, Read) else [])
    assert_settled(rows, case, line=1)


@each(EXAMPLE_CASES)
def test_an_example_is_scored_in_three_states_or_quarantined_and_its_neighbours_are_read(
    rows: Rows, case: Case
) -> None:
    kept = rows(
        "SELECT line, outcome, activating, coalesce(prediction::DOUBLE, similarity, ev_correlation_score) "
        "FROM staging.scores WHERE feature_id = ? ORDER BY line",
        [case.feature],
    )
    assert [k[0] for k in kept if k[0] != 2] == [1, 3]
    if isinstance(case.expected, Read):
        outcome, activating, value = case.expected.value
        assert kept[1] == (2, outcome, activating, value)
        assert quarantined(rows, case.file) == []
        return
    assert quarantined(rows, case.file) == [(2, case.expected, case.text.decode())]


@each(SCORE_CASES)
def test_a_score_file_is_read_or_quarantined_as_a_whole(rows: Rows, case: Case) -> None:
    (count,) = rows("SELECT count(*) FROM staging.scores WHERE feature_id = ?", [case.feature])[0]
    assert count == (case.expected.value if isinstance(case.expected, Read) else 0)
    assert_settled(rows, case, line=1)


@pytest.mark.parametrize(
    ("place", "item", "expected"),
    [pytest.param(place, *row[1:], id=row[0]) for place, row in enumerate(ITEMS, 6)],
)
def test_an_item_of_the_prompts_is_read_or_quarantined_and_so_are_its_records(
    rows: Rows, place: int, item: str, expected: object
) -> None:
    tokens = rows("SELECT tokens FROM staging.prompts WHERE prompt_id = ?", [place])
    sql = "SELECT reason FROM staging.activation_records WHERE file = ? AND prompt_id = ?"
    (reason,) = rows(sql, [ACTIVATIONS, place])[0]
    found = [f for f in quarantined(rows, PROMPTS) if f[0] == place + 1]
    if isinstance(expected, Read):
        assert (tokens, reason, found) == ([(expected.value,)], None, [])
    else:
        assert (tokens, reason) == ([], "unknown prompt id")
        assert [f[1] for f in found] == [expected]
        assert found[0][2] == item


@each(CONFIG_CASES)
def test_a_run_config_is_read_or_quarantined_without_its_text(rows: Rows, case: Case) -> None:
    sql = "SELECT sae_id, explainer_model FROM staging.run_configs WHERE file = ?"
    read = isinstance(case.expected, Read)
    assert rows(sql, [case.file]) == [case.expected.value if read else (None, None)]
    assert quarantined(rows, case.file) == ([] if read else [(1, case.expected, None)])


@pytest.mark.parametrize("file", UNREADABLE, ids=["a link to nowhere", "no bytes", "a directory"])
def test_an_unreadable_file_stands_in_the_ledger_and_in_quarantine(rows: Rows, file: str) -> None:
    ledger = rows("SELECT records, quarantined, status FROM staging.files WHERE file = ?", [file])
    assert ledger == [(1, 1, "unreadable")]
    ((_, reason, _),) = quarantined(rows, file)
    assert reason.startswith("unreadable file: ")


def test_a_method_that_is_not_known_is_listed_as_not_read(rows: Rows) -> None:
    sql = "SELECT method, status, note, records FROM staging.files WHERE file = ?"
    assert rows(sql, [NOT_READ]) == [("recall", "not read", "unknown method", 0)]


def test_the_ledger_lists_every_file_with_its_size(data: Path, rows: Rows) -> None:
    ledger = dict(rows("SELECT file, bytes FROM staging.files"))
    there = {p.relative_to(data).as_posix(): p for p in (data / "raw").rglob("*") if p.is_file()}
    there = {name: p for name, p in there.items() if p.suffix != ".npz"}  # no job was selected
    assert ledger.keys() == there.keys() | set(UNREADABLE)
    sizes = {name: p.stat().st_size for name, p in there.items() if name not in UNREADABLE}
    assert {name: ledger[name] for name in sizes} == sizes


def count_records(names: Iterable[str], data: Path) -> int:
    """Non-blank lines of plain activation files, counted without the product."""
    return sum(bool(line.strip()) for n in names for line in (data / n).read_bytes().split(b"\n"))


RECONCILED = """
    SELECT input, sum(records), sum(quarantined), sum(outside_scope),
        CASE input
            WHEN 'activations' THEN (SELECT count(*) FROM staging.activation_examples)
            WHEN 'prompts' THEN (SELECT count(*) FROM staging.prompts)
            WHEN 'explanations' THEN (SELECT count(*) FROM staging.explanations)
            WHEN 'scores' THEN (SELECT count(*) FROM staging.scores)
            WHEN 'run_configs' THEN (SELECT count(*) FROM staging.run_configs WHERE reason IS NULL)
            ELSE 0
        END
    FROM staging.files GROUP BY input ORDER BY input"""
INPUTS = ["activations", "explanations", "other", "prompts", "run_configs", "scores"]


def test_records_are_read_or_quarantined_and_the_counts_add_up(data: Path, rows: Rows) -> None:
    found = rows(RECONCILED)
    assert [f[0] for f in found] == INPUTS
    assert all(records == bad + outside + kept for _, records, bad, outside, kept in found)
    plain = [n for (n,) in rows("SELECT file FROM staging.files WHERE file LIKE '%.jsonl'")]
    sql = "SELECT sum(records) FROM staging.files WHERE file LIKE '%.jsonl'"
    assert rows(sql) == [(count_records(plain, data),)]


def test_records_outside_the_scope_are_counted_and_the_rest_adds_up(tmp_path: Path) -> None:
    changes = {
        ACTIVATIONS: files()[ACTIVATIONS] + record(2, 99, []) + "\n" + record(0, 99, []) + "\nbad",
        explanation("again_latent0.txt"): "of feature 0 once more",
        score("fuzz", "layers.3_latent2.txt"): "broken",
    }
    rows = stage(write(tmp_path, changes), "scope.features=0-1", "quarantine.max_share=1")
    found = {name: counts for name, *counts in rows(RECONCILED)}
    assert found["activations"] == [21, 2, 7, 12]
    assert found["explanations"] == [10, 1, 3, 6]
    assert found["scores"] == [78, 0, 6, 72]  # a file outside is one record, never parsed


def test_of_two_files_of_one_feature_the_first_that_is_good_counts(tmp_path: Path) -> None:
    changes = {
        explanation("a_latent0.txt"): "first",
        explanation("b_latent1.txt"): "No explanation found",
        explanation("z_feature2.txt"): "last",
        score("fuzz", "a_latent0.txt"): [judged(True)],
        score("fuzz", "b_latent1.txt"): "[{",
        score("fuzz", "z_feature2.txt"): [judged(True)],
    }
    rows = stage(write(tmp_path, changes), "quarantine.max_share=1")
    sql = "SELECT feature_id, text FROM staging.explanations WHERE source = ? ORDER BY feature_id"
    texts = rows(sql, ["llama_e-llama_s"])
    assert texts == [(0, "first"), (1, "words of salt, and wind"), (2, "words of wind, and rope")]
    sql = "SELECT feature_id, total FROM analysis.scores WHERE source = ? AND method = 'fuzz' ORDER BY 1"
    assert rows(sql, ["llama_e-llama_s"]) == [(0, 1), (1, 6), (2, 6)]
    sql = """
        SELECT reason, parse_filename(file), count(*) FROM quarantine.records
        WHERE reason LIKE 'duplicate %' GROUP BY ALL ORDER BY ALL"""
    assert rows(sql) == [
        ("duplicate (source, feature)", "layers.3_latent0.txt", 1),
        ("duplicate (source, feature)", "z_feature2.txt", 1),
        ("duplicate (source, method, feature)", "layers.3_latent0.txt", 6),
        ("duplicate (source, method, feature)", "z_feature2.txt", 1),
    ]
    (raw,) = {
        r for (r,) in rows("SELECT raw FROM quarantine.scores WHERE file LIKE '%z_feature2%'")
    }
    assert raw == json.dumps(judged(True))


def test_a_duplicate_record_stands_in_quarantine_even_when_a_bad_one_came_first(
    tmp_path: Path,
) -> None:
    lines = [record(0, 0, [[99, 1]]), record(0, 0, [[1, 2.5]]), record(0, 0, [[1, 2.5]])]
    data = write(tmp_path, {ACTIVATIONS: "\n".join(lines)})
    rows = stage(data, "quarantine.max_share=1")
    sql = "SELECT line, reason FROM quarantine.activations ORDER BY line"
    assert rows(sql) == [
        (1, "token position outside the prompt"),
        (3, "duplicate (feature, prompt)"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty file"),
        ("hello", "not JSON"),
        ("{}", "not an array"),
        ("null", "not an array"),
        ('[["a", "b"], ["c', "truncated file"),
        ('[["a"], ["b", "c], ["d"]]', "truncated file"),
        ('[["a"]], ["b"]]', "not JSON"),
        ('[["a"], [b], ["c"]]', "not JSON, item 2"),
        ('[["a"],, ["c"]]', "not JSON, item 2"),
        ('[["a"}, ["c"]]', "not JSON, item 1"),
    ],
)
def test_prompts_whose_places_cannot_be_told_fail_the_build(
    tmp_path: Path, content: Content, reason: str
) -> None:
    data = write(tmp_path, {PROMPTS: content})
    with pytest.raises(WarehouseError) as caught:
        stage(data, "quarantine.max_share=1", select=("+staging.prompts",))
    assert caught.value.message == f'"{PROMPTS}" cannot be read as prompts: {reason}'
    assert not Layout(data).warehouse.exists()


# ------------------------------------------------------------------------- the share of bad records


def lines_with_one_bad(total: int) -> str:
    good = [record(100 + n // 6, n % 6, []) for n in range(total - 1)]
    return "\n".join([*good, "bad"])


LEDGER = ("+staging.files",)


@pytest.mark.parametrize(
    ("changes", "file", "place", "reason"),
    [
        pytest.param({ACTIVATIONS: lines_with_one_bad(99)}, ACTIVATIONS, "line 99", "not JSON", id="an activation line"),
        pytest.param({explanation("layers.3_latent1.txt"): '"cut'}, explanation("layers.3_latent1.txt"), "record 1", "truncated file", id="an explanation"),
        pytest.param({score("fuzz", "layers.3_latent1.txt"): [judged(True), {"correct": 7}]}, score("fuzz", "layers.3_latent1.txt"), "record 2", "wrong type: correct", id="an example"),
        pytest.param({score("fuzz", "layers.3_latent1.txt"): ""}, score("fuzz", "layers.3_latent1.txt"), "record 1", "empty file", id="a score file"),
        pytest.param({PROMPTS: [*files()[PROMPTS], 3]}, PROMPTS, "record 7", "wrong type: not an array", id="a prompt"),
        pytest.param({CONFIG: "broken"}, CONFIG, "record 1", "not JSON", id="a run_config"),
    ],
)  # fmt: skip
def test_too_many_bad_records_fail_the_build_and_it_names_file_place_and_reason(
    tmp_path: Path, changes: dict, file: str, place: str, reason: str
) -> None:
    data = write(tmp_path, changes)
    with pytest.raises(WarehouseError) as caught:
        stage(data, "quarantine.max_share=0.009", select=LEDGER)
    assert f'"{file}", {place}: {reason}' in caught.value.message
    assert "quarantine.max_share" in caught.value.message
    assert "--set quarantine.max_share=" in caught.value.hint
    assert not Layout(data).warehouse.exists()


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        pytest.param({ACTIVATIONS: lines_with_one_bad(100)}, 0.01, id="exactly the share"),
        pytest.param({ACTIVATIONS: files()[ACTIVATIONS] * 3}, 0, id="duplicate records"),
        pytest.param({explanation("a_latent1.txt"): "more"}, 0, id="a second explanation"),
        pytest.param({score("fuzz", "a_latent1.txt"): [judged(True)]}, 0, id="a second score file"),
        pytest.param({explanation("layers.3_latent1.txt"): ""}, 0, id="no explanation in a file"),
        pytest.param({ACTIVATIONS: files()[ACTIVATIONS] + record(9, 99, [])}, 0, id="out of scope"),
    ],
)
def test_duplicates_and_missing_explanations_do_not_count_as_bad(
    tmp_path: Path, changes: dict, share: float
) -> None:
    data = write(tmp_path, changes)
    rows = stage(data, f"quarantine.max_share={share}", "scope.features=0-2,100-200", select=LEDGER)
    assert rows("SELECT count(*) FROM staging.files WHERE status = 'unreadable'") == [(0,)]


# ------------------------------------------------------------------------------------------ secrets


def test_no_token_of_a_run_config_is_stored_anywhere(tmp_path: Path) -> None:
    secret = "hf_S3CR3TS3CR3T"  # noqa: S105
    config = {"sparse_model": "a/b", "hf_token": secret, "model_kwargs": {"api_key": secret}}
    changes = {
        CONFIG: config,
        "raw/gwen_e-llama_s/run_config.json": json.dumps(config)[:-4],
        "raw/llama_e-gwen_s/run_config.json": json.dumps(config).encode() + b"\xff",
    }
    data = write(tmp_path, changes)
    rows = stage(data, "quarantine.max_share=1")
    sql = "SELECT schema_name || '.' || table_name FROM duckdb_tables() UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
    names = [name for (name,) in rows(sql)]
    assert "staging.run_configs" in names
    for name in names:
        assert rows(f"SELECT count(*) FROM {name} t WHERE contains(t::VARCHAR, ?)", [secret]) == [(0,)]  # fmt: skip
    written = [p for p in data.rglob("*") if p.is_file() and (data / "raw") not in p.parents]
    assert Layout(data).warehouse in written
    assert not [p for p in written if secret.encode() in p.read_bytes()]
