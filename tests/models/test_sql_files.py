"""SQL models by rows in and rows out: each file of tests/sql/<schema>/<model>/ is one case.

A file is read line by line. Lines that begin with `-- given`, `-- expect`, `-- empty`, `-- set` and
`-- call` say what follows; any other comment is for the reader, who finds there how the expected rows
were worked by hand from the specification.

    -- set sampling.quantiles = 2                     a setting, as in warehouse.toml
    -- given staging.prompts: prompt_id BIGINT, ...   a relation, its columns with their types
    (0, ...),                                         its rows, as in VALUES; none: it is empty
    -- call analysis.feature_groups([0.5], 'fuzz')    of a table macro: what is selected from
    -- expect: prompt_id, ...                         the columns that are compared, and their rows
    -- empty                                          the rows when all given relations are empty: none
                                                      unless they are told here

Rows are compared without regard to their order, except those of a model whose header has `order`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT
from tests.support.models import MODELS, engine, settings_of
from warehouse.models.model import Model
from warehouse.models.types import typed
from warehouse.settings import BY_NAME

CASES = ROOT / "tests" / "sql"
FILES = sorted(CASES.rglob("*.sql"))
TESTED = ("analysis", "master", "backend", "compare", "collection")
NEAR = 1e-6
_DIRECTIVE = re.compile(r"-- (set|given|call|expect|empty)\b:?\s*(.*)")


@dataclass
class Case:
    """What a file says. `given`: relation → (columns, rows); rows are the text inside VALUES."""

    settings: dict[str, object] = field(default_factory=dict)
    given: dict[str, tuple[str, str]] = field(default_factory=dict)
    call: str = ""
    columns: str = ""
    expected: str = ""
    when_empty: str = ""


def read_case(text: str) -> Case:
    """A case from its file's text."""
    case = Case()
    kind, argument, rows = "", "", []

    def close() -> None:
        values = "\n".join(rows).strip().removesuffix(",")
        if kind == "given":
            name, _, columns = argument.partition(":")
            case.given[name.strip()] = (columns.strip(), values)
        elif kind == "expect":
            case.columns, case.expected = argument, values
        elif kind == "empty":
            case.when_empty = values

    for line in text.splitlines():
        found = _DIRECTIVE.fullmatch(line.rstrip())
        if not found:
            rows.append(line.split(" -- ")[0] if not line.startswith("--") else "")
            continue
        close()
        kind, argument, rows = found[1], found[2], []
        if kind == "set":
            name, _, value = argument.partition("=")
            case.settings[BY_NAME[name.strip()].name] = tomllib.loads(f"v = {value}")["v"]
        elif kind == "call":
            case.call = argument
    close()
    return case


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine() as connection:
        yield connection


def result(
    db: duckdb.DuckDBPyConnection, model: Model, case: Case, with_rows: bool
) -> list[tuple[object, ...]]:
    """The model's rows over the case's relations, or over none but empty ones."""
    drop = "SELECT DISTINCT schema_name FROM duckdb_tables() WHERE NOT internal"
    for (schema,) in db.execute(drop).fetchall():
        db.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE' if schema != "main" else "SELECT 1")
    for schema in {name.partition(".")[0] for name in [*case.given, model.name]}:
        db.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    for name, (columns, rows) in case.given.items():
        db.execute(f"CREATE TABLE {name} ({columns})")
        if rows and with_rows:
            db.execute(f"INSERT INTO {name} VALUES {rows}")
    values = settings_of(**case.settings).parameters()
    sql = model.filled(values)
    columns = (
        case.columns if with_rows or case.when_empty else "*"
    )  # no rows: no column to pivot on
    if model.kind == "macro":
        db.execute(sql)
        return db.execute(f"SELECT {columns} FROM {case.call}").fetchall()
    db.execute(f"CREATE TABLE {model.name} AS {typed(model, sql) if model.is_typed else sql}")
    if model.key and with_rows:
        (twice,) = db.execute(
            f"SELECT count(*) - count(DISTINCT ({', '.join(model.key)},)) FROM {model.name}"
        ).fetchone()
        assert not twice, f"the key {model.key} is not unique"
    order = f" ORDER BY {model.order}" if model.order else ""
    return db.execute(f"SELECT {columns} FROM {model.name}{order}").fetchall()


def told(db: duckdb.DuckDBPyConnection, rows: str) -> list[tuple[object, ...]]:
    return db.execute(f"FROM (VALUES {rows})").fetchall() if rows else []


def near(found: object, expected: object) -> bool:
    """Whether two values are the same: floats to 1e-6, a null only to a null, lists in their order."""
    if isinstance(expected, Decimal):
        expected = float(expected)
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return [*found] == [*expected] and near([*found.values()], [*expected.values()])
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        return len(found) == len(expected) and all(map(near, found, expected))
    if found is None or expected is None or isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return found == pytest.approx(expected, rel=NEAR, abs=NEAR)
    return found == expected


def compare(found: Sequence[tuple], expected: Sequence[tuple], ordered: bool) -> None:
    left = [*found]
    for number, row in enumerate(expected):
        place = next((i for i, other in enumerate(left) if near(other, row)), None)
        assert place is not None, f"row {row} is missing; there are {left}"
        assert not ordered or place == 0, f"row {number} stands {place} too late: {row}"
        left.pop(place)
    assert not left, f"rows too many: {left}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: "/".join(p.relative_to(CASES).parts))
def test_a_model_makes_the_rows_that_were_worked_by_hand(
    db: duckdb.DuckDBPyConnection, path: Path
) -> None:
    model = MODELS[".".join(path.relative_to(CASES).parts[:2])]
    case = read_case(path.read_text(encoding="utf-8"))
    assert case.columns, 'no "-- expect: columns"'
    read = model.relations | {*re.findall(r"\w+\.\w+", model.order)}
    assert {*case.given} <= read, "it is given what it does not read"
    compare(result(db, model, case, True), told(db, case.expected), bool(model.order))
    compare(result(db, model, case, False), told(db, case.when_empty), bool(model.order))


def test_every_model_of_these_folders_has_a_case_with_ties_and_nulls() -> None:
    told_of: dict[str, str] = {}
    for path in FILES:
        name = ".".join(path.relative_to(CASES).parts[:2])
        told_of[name] = told_of.get(name, "") + path.read_text(encoding="utf-8").lower()
    wanted = {name for name, model in MODELS.items() if model.schema in TESTED}
    assert not wanted - told_of.keys(), "models without a file under tests/sql/"
    assert not [n for n in sorted(wanted) if "tie" not in told_of[n] or "null" not in told_of[n]]


@pytest.mark.parametrize(
    ("found", "expected"),
    [(None, 0), (0, None), (False, None), (True, 1), ([1], [1, 2]), ([1, 2], [2, 1]), (0.1, 0.10001), ({"a": 1}, {"b": 1})],
)  # fmt: skip
def test_values_that_differ_are_told_apart(found: object, expected: object) -> None:
    assert not near(found, expected)
    with pytest.raises(AssertionError):
        compare([(found,)], [(expected,)], False)
