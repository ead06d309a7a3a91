"""What becomes of every raw record, decided by Python's own JSON reader from the data contract.

It shares no code with the product: `tests.bad_input.damage` and the fuzz tests hold the product against it.
Each function maps a record's place (1-based) to its fate: a value when it is kept, None when it is
quarantined.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping

BOM = b"\xef\xbb\xbf"
LARGEST_ID = 2**32 - 1
LARGEST_POSITION = 2**16 - 1
SENTINELS = ("", "Explanation could not be parsed.", "No explanation found")

Fates = dict[int, object]
WHOLE: Fates = {1: None}  # a file that is one bad record


# A string, or the end of another value; and the comma behind the last one of an array or object.
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s\[{,:"])(?:[ \t\r\n]*,(?=[ \t\r\n]*[\]}]))?')


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class NotJsonError(ValueError):
    pass


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a key that occurs twice the first counts, as in DuckDB."""
    return dict(reversed(pairs))


def parse(content: bytes | str) -> object:
    """JSON with its numbers as written; NotJsonError where RFC 8259 or UTF-8 forbid it.

    As in DuckDB, a comma may follow the last value of an array or object.
    """
    try:
        text = content if isinstance(content, str) else content.decode()
        value = json.loads(
            _LAST_COMMA.sub(r"\1", text),
            parse_float=Number,
            parse_int=Number,
            parse_constant=Number,
            object_pairs_hook=_object,
        )
        json.dumps(value, ensure_ascii=False).encode()  # lone surrogates are no text
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    return value


def as_text(value: object) -> str | None:
    """A scalar as the text that a reader of strings sees."""
    if isinstance(value, Number) and re.search("[.eE]", value):
        return repr(float(value))
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def number(value: object) -> float | None:
    """A number, also one in quotes; None when it is none."""
    written = r"\s*[-+]?(nan|inf|infinity|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)\s*"
    if not isinstance(value, str) or not re.fullmatch(written, value, re.ASCII | re.IGNORECASE):
        return None
    return float(value)


def float32(value: float) -> float:
    return struct.unpack("f", struct.pack("f", value))[0]


def activation_lines(content: bytes, lengths: Mapping[int, int]) -> Fates:
    """Line → (feature, prompt, positions, values) of activation records. `lengths`: prompt → tokens."""
    fates: Fates = {}
    seen: set[tuple[int, int]] = set()
    for place, line in enumerate(content.removeprefix(BOM).split(b"\n"), 1):
        if not line.strip(b" \t\r"):  # JSON's white space: a form feed is a record, and a bad one
            continue
        record = _activation(line, lengths)
        if record is not None and record[:2] in seen:
            record = None
        if record is not None:
            seen.add(record[:2])
        fates[place] = record
    return fates


def _activation(line: bytes, lengths: Mapping[int, int]) -> tuple | None:
    try:
        record = parse(line)
    except NotJsonError:
        return None
    if (
        not isinstance(record, dict)
        or not {"index", "dataSetPromptId", "sparseValues"} <= record.keys()
    ):
        return None
    feature, prompt, pairs = record["index"], record["dataSetPromptId"], record["sparseValues"]
    if not re.fullmatch("[0-9]{1,10}", as_text(feature) or "") or int(feature) > LARGEST_ID:
        return None
    if not re.fullmatch("[0-9]{1,18}", as_text(prompt) or "") or int(prompt) not in lengths:
        return None
    if not isinstance(pairs, list | None):
        return None
    positions, values = [], []
    for pair in pairs or []:
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        if not all(isinstance(item, Number) for item in pair):
            return None
        position, value = map(float, pair)
        if not 0 <= position < lengths[int(prompt)] or position % 1 or not value >= 0:
            return None
        if value > 3.4028234663852886e38 or position > LARGEST_POSITION:
            return None
        positions.append(int(position))
        values.append(float32(value))
    return int(feature), int(prompt), positions, values


def prompt_items(content: bytes) -> Fates:
    """Item → tokens of prompts.json; `WHOLE` when it is no array."""
    try:
        items = parse(content.removeprefix(BOM))
    except NotJsonError:
        return WHOLE
    if not isinstance(items, list):
        return WHOLE
    return {
        place: item
        if isinstance(item, list) and all(type(token) is str for token in item)
        else None
        for place, item in enumerate(items, 1)
    }


def explanation(content: bytes) -> Fates:
    """1 → the text of an explanation file."""
    try:
        text = content.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        return WHOLE
    try:
        value = parse(text)
        text = value if type(value) is str else text.strip()
    except NotJsonError:
        # What begins as a JSON string and never ends, or ends but is none, was torn.
        if re.fullmatch(r'\s*"(\\.|[^"\\])*("\s*|\\?)', text, re.DOTALL):
            return WHOLE
        text = text.strip()
    return WHOLE if text.strip() in SENTINELS else {1: text}


def score_examples(content: bytes, method: str) -> Fates:
    """Item → outcome (correct, incorrect, failed, scored) of a score file's examples."""
    try:
        items = parse(content.removeprefix(BOM))
    except NotJsonError:
        return WHOLE
    if not isinstance(items, list):
        return WHOLE
    return {place: _outcome(item, method) for place, item in enumerate(items, 1)}


def _outcome(item: object, method: str) -> str | None:
    if not isinstance(item, dict):
        return None
    fields = {key: as_text(value) for key, value in item.items()}
    distance, written = number(fields.get("distance")), fields.get("distance")
    if written is not None and (distance is None or not math.isfinite(distance)):
        return None
    label = fields.get("activating")
    label = fields.get("ground_truth") if label is None else label
    if label not in (None, "true", "false", "1", "0"):
        return None
    if method in ("fuzz", "detection"):
        return _judged(fields)
    key = "similarity" if method == "embedding" else "ev_correlation_score"
    if key not in fields or ((method == "simulation" or label is None) and distance is None):
        return None
    value = number(fields[key])
    if fields[key] is not None and value is None:
        return None
    return "failed" if value is None or not math.isfinite(value) else "scored"


def _judged(fields: Mapping[str, str | None]) -> str | None:
    correct, prediction = fields.get("correct"), fields.get("prediction")
    if correct not in (None, "true", "false"):
        return None
    if fields.get("probability") is not None and number(fields["probability"]) is None:
        return None
    prediction = prediction and prediction.lower()
    if prediction not in (None, "true", "false", "1", "0", "-1", "1.0", "0.0", "-1.0"):
        return None
    if correct is None or prediction in ("-1", "-1.0"):
        return "failed"
    if prediction is None and "prediction" in fields:
        return "failed"
    return "correct" if correct == "true" else "incorrect"


def run_config(content: bytes) -> Fates:
    """1 → True when a run_config.json is an object."""
    try:
        return {1: True} if isinstance(parse(content.removeprefix(BOM)), dict) else WHOLE
    except NotJsonError:
        return WHOLE
