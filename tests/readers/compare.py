"""What a reader read beside what DuckDB read: equal in every value, or where they differ.

Both are JSON lines that tests.readers.probe wrote. Equal means equal as text: column names and
their order, an integer is no float, a null is no empty list, every digit of a float.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.readers.readers import INTEGERS, NULL_LISTS, NULL_STRUCTS

PARTS = ("whole", "one")


@dataclass(frozen=True)
class Verdict:
    """How a reader did on one file.

    `error`: why it could not read it. `differences`: a text each. `losses`: those of the reader's
    that were met; the rest is equal.
    """

    error: str = ""
    differences: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()


def verdict(
    name: str, ours: Path, theirs: Path, errors: dict[str, str], losses: Sequence[str] = ()
) -> Verdict:
    """Compare the file `name` as read into two directories; `errors` are those of `theirs`."""
    if name in errors:
        return Verdict(error=errors[name])
    found: list[str] = []
    met: list[str] = []
    for part in PARTS:
        texts = [
            (place / f"{name}.{part}").read_text(encoding="utf-8", errors="surrogatepass")
            for place in (ours, theirs)
        ]
        if texts[0] == texts[1]:
            continue
        # By "\n" alone: texts may hold other ends of lines.
        one, other = ([json.loads(line) for line in text.split("\n")[:-1]] for text in texts)
        left = differences(one, other, losses)
        suffix = "" if part == "whole" else " (the rows of one feature, by filter)"
        found += [difference + suffix for difference in left]
        met += [
            loss
            for loss in losses
            if not left and differences(one, other, [kept for kept in losses if kept != loss])
        ]
    return Verdict("", tuple(found), tuple(dict.fromkeys(met)))


def together(verdicts: Mapping[str, Verdict]) -> Verdict:
    """One verdict on several files; its texts name the file."""
    errors = [f"{name}: {v.error}" for name, v in verdicts.items() if v.error]
    found = [f"{name}: {text}" for name, v in verdicts.items() for text in v.differences]
    losses = [loss for v in verdicts.values() for loss in v.losses]
    return Verdict("; ".join(errors), tuple(found), tuple(dict.fromkeys(losses)))


def differences(
    ours: Sequence[dict], theirs: Sequence[dict], losses: Iterable[str] = ()
) -> list[str]:
    """What differs, a text per column; nothing when all is equal but for `losses`.

    >>> differences([{"a": []}, {"a": [1]}], [{"a": None}, {"a": None}])
    ['`a` is read as nulls in 2 of 2 rows']
    """
    if len(ours) != len(theirs):
        return [f"{len(theirs)} rows instead of {len(ours)}"]
    for one, other in zip(ours, theirs, strict=True):
        if list(one) != list(other):
            return [f"columns {', '.join(other)} instead of {', '.join(one)}"]
    found = []
    for column in ours[0] if ours else ():
        pairs = [
            (row, _without(losses, one[column]), _without(losses, other[column]))
            for row, (one, other) in enumerate(zip(ours, theirs, strict=True))
        ]
        wrong = [pair for pair in pairs if not _same(*pair[1:])]
        if not wrong:
            continue
        rows = f"in {len(wrong)} of {len(ours)} rows"
        if all(_hollow(other) for *_, other in wrong):
            found.append(f"`{column}` is read as nulls {rows}")
        else:
            row, one, other = wrong[0]
            found.append(f"`{column}` differs {rows}, first in row {row}: {_first(one, other)}")
    return found


def _same(one: object, other: object) -> bool:
    return json.dumps(one) == json.dumps(other)  # 5 is not 5.0, NaN is NaN


def _hollow(value: object) -> bool:
    """Whether nothing but nulls is in it."""
    if isinstance(value, dict):
        return all(_hollow(one) for one in value.values())
    if isinstance(value, list):
        return bool(value) and all(_hollow(one) for one in value)
    return value is None


def _first(one: object, other: object, place: str = "") -> str:
    """Where two values differ first, and how."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        pairs = [(one[name], other[name], f"{place}.{name}") for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(a, b, f"{place}[{at}]") for at, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        return f"{_short(other)} instead of {_short(one)}" + (f" at {place}" if place else "")
    return next(_first(*pair) for pair in pairs if not _same(*pair[:2]))


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _without(losses: Iterable[str], value: object) -> object:
    for loss in losses:
        value = _LOSSES[loss](value)
    return value


def _null_structs(value: object) -> object:
    """A struct of nothing but nulls and empty lists is null."""
    if isinstance(value, list):
        return [_null_structs(one) for one in value]
    if isinstance(value, dict):
        value = {name: _null_structs(one) for name, one in value.items()}
        return value if any(one is not None and one != [] for one in value.values()) else None
    return value


def _null_lists(value: object) -> object:
    """An empty list is null."""
    if isinstance(value, list):
        return [_null_lists(one) for one in value] or None
    if isinstance(value, dict):
        return {name: _null_lists(one) for name, one in value.items()}
    return value


def _integers(value: object) -> object:
    """A float without a fraction is an integer."""
    if isinstance(value, list):
        return [_integers(one) for one in value]
    if isinstance(value, dict):
        return {name: _integers(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


_LOSSES: dict[str, Callable[[object], object]] = {
    NULL_STRUCTS: _null_structs,
    NULL_LISTS: _null_lists,
    INTEGERS: _integers,
}
