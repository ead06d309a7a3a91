"""A view of the features: what an address says of filters, order, figures and thresholds.

An address is read here and nowhere else; what it names is checked against what the warehouse has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from warehouse.errors import UsageError, nearest

PAGE_ROWS = (25, 50, 100, 200)
DEFAULT_COLUMNS = (
    "feature_id", "pattern_type", "mean_score", "match_rate", "explanation_text",
    "activation_semantic_sim", "activation_max_jaccard",
)  # fmt: skip
DEFAULT_SORT = "score_rank"
DEFAULT_FIGURES = ("activation_semantic_sim", "activation_max_jaccard")
MAP = ("map_x", "map_y")  # of analysis.feature_projection, where there is one
_UNLIMITED_TEXT = 1000  # characters of a text or condition: an address holds no more in earnest


@dataclass(frozen=True)
class Catalog:
    """What can be named: the overview's columns with DuckDB's types, and whether there is a map."""

    types: Mapping[str, str]
    has_map: bool
    semantic_threshold: float
    lexical_threshold: float

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """The columns that are numbers, and the map's."""
        numeric = (name for name, type_ in self.types.items() if _is_number(type_))
        return (*numeric, *(MAP if self.has_map else ()))


@dataclass(frozen=True)
class Range:
    """A figure within [low, high]; None leaves a side open. A null is in no range."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class View:
    """Which features, in which order, and how they are drawn. The default view shows all."""

    text: str = ""
    tokens: str = ""
    patterns: tuple[str, ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=lambda: MappingProxyType({}))
    contains: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    where: str = ""
    sort: str = DEFAULT_SORT
    descending: bool = False
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    page: int = 1
    rows: int = 50
    x: str = DEFAULT_FIGURES[0]
    y: str = DEFAULT_FIGURES[1]
    semantic: float = 0.0
    lexical: float = 0.0
    feature: int | None = None


# Keys of an address that the page alone reads.
_PAGE_ONLY = frozenset({"beside", "brush", "open", "feature"})


def read_view(items: Iterable[tuple[str, str]], catalog: Catalog) -> View:
    """The view that the items of an address's query name.

    A column's range is `COLUMN.min` and `COLUMN.max`, a text in it `COLUMN.has`. UsageError: an
    unknown key or column (with the nearest), or a value that is none.
    """
    given: dict[str, object] = {}
    ranges: dict[str, Range] = {}
    contains: dict[str, str] = {}
    for key, value in items:
        if len(value) > _UNLIMITED_TEXT:
            raise UsageError(f'"{key}" is longer than {_UNLIMITED_TEXT} characters', "shorten it")
        column, dot, end = key.rpartition(".")
        if value == "" or (key in _PAGE_ONLY and key != "feature"):
            continue
        if dot and end in ("min", "max"):
            _assert_known(column, catalog.figures, "figure")
            old = ranges.get(column, Range())
            bound = _number(key, value)
            ranges[column] = Range(bound, old.high) if end == "min" else Range(old.low, bound)
        elif dot and end == "has":
            _assert_known(column, list(catalog.types), "column")
            contains[column] = value
        elif key in _READERS:
            given |= _READERS[key](key, value, catalog)
        else:
            ends = {c: "min" if c in catalog.figures else "has" for c in catalog.types}
            near = nearest(key, [*_READERS, *(f"{c}.{end}" for c, end in ends.items())])
            raise UsageError(f'a view has no "{key}"', f'did you mean "{near}"?' if near else "")
    thresholds = {"semantic": catalog.semantic_threshold, "lexical": catalog.lexical_threshold}
    return View(**(thresholds | given), ranges=ranges, contains=contains)


def _text(name: str) -> object:
    return lambda _key, value, _catalog: {name: value}


def _figure(key: str, value: str, catalog: Catalog) -> dict[str, object]:
    _assert_known(value, catalog.figures, "figure")
    return {key: value}


def _patterns(_key: str, value: str, _catalog: Catalog) -> dict[str, object]:
    known = ("semantic", "lexical", "both", "none", "unexplained")
    for name in value.split(","):
        _assert_known(name, known, "pattern type")
    return {"patterns": tuple(value.split(","))}


def _sort(_key: str, value: str, catalog: Catalog) -> dict[str, object]:
    column = value.removeprefix("-")
    _assert_known(column, list(catalog.types), "column")
    return {"sort": column, "descending": value.startswith("-")}


def _columns(_key: str, value: str, catalog: Catalog) -> dict[str, object]:
    names = tuple(dict.fromkeys(["feature_id", *value.split(",")]))
    for name in names:
        _assert_known(name, list(catalog.types), "column")
    return {"columns": names}


def _whole(key: str, value: str, _catalog: Catalog) -> dict[str, object]:
    if not (value.isascii() and value.isdecimal() and len(value) < 13):
        raise UsageError(f'"{key}" is "{value}"', "a whole number")
    return {key: int(value)}


def _page(key: str, value: str, catalog: Catalog) -> dict[str, object]:
    return {key: max(1, _whole(key, value, catalog)[key])}


def _rows(key: str, value: str, catalog: Catalog) -> dict[str, object]:
    number = _whole(key, value, catalog)[key]
    if number not in PAGE_ROWS:
        raise UsageError(f'"rows" is "{number}"', f"one of {', '.join(map(str, PAGE_ROWS))}")
    return {key: number}


def _threshold(key: str, value: str, _catalog: Catalog) -> dict[str, object]:
    return {key: _number(key, value)}


_READERS = {
    "text": _text("text"),
    "tokens": _text("tokens"),
    "where": _text("where"),
    "pattern": _patterns,
    "sort": _sort,
    "columns": _columns,
    "page": _page,
    "rows": _rows,
    "x": _figure,
    "y": _figure,
    "semantic": _threshold,
    "lexical": _threshold,
    "feature": _whole,
}


def _number(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f'"{key}" is "{value}"', "a number, e.g. 0.5")
    return number


def _assert_known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        near = nearest(name, list(known))
        hint = f'did you mean "{near}"?' if near else f"known: {', '.join(known)}"
        raise UsageError(f'there is no {what} "{name}"', hint)


def _is_number(type_: str) -> bool:
    return type_.endswith(("INT", "INTEGER")) or type_ in ("FLOAT", "DOUBLE")
