"""Declared column types: what DuckDB and Arrow call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from warehouse.errors import WarehouseError
from warehouse.models.model import Column, Model
from warehouse.sqltext import identifier

if TYPE_CHECKING:
    import pyarrow as pa


# Polars' scalar name → DuckDB's type; Categorical is a dictionary-encoded string.
SCALARS = {
    "Int64": "BIGINT", "Int32": "INTEGER", "Int8": "TINYINT", "UInt8": "UTINYINT", "UInt16": "USMALLINT", "UInt32": "UINTEGER",
    "Float32": "FLOAT", "Float64": "DOUBLE", "Utf8": "VARCHAR", "Categorical": "VARCHAR",
}  # fmt: skip


def typed(model: Model, sql: str) -> str:
    """A master's SQL with its declared columns and no others, in their exact types.

    A view's feature_id stays as it is: DuckDB pushes no filter through a cast, and who asks for
    one feature would read them all. Its file has the exact type.
    """
    columns = ", ".join(
        identifier(c.name)
        if model.kind == "view" and c.name == "feature_id"
        else f"{identifier(c.name)}::{duckdb_type(c.type)} AS {identifier(c.name)}"
        for c in model.columns
    )
    return f"SELECT {columns} FROM (\n{sql}\n)"


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of declared columns."""
    import pyarrow as pa

    return pa.schema([(c.name, _arrow(_parse(c.type))) for c in columns])


def duckdb_type(declared: str) -> str:
    """DuckDB's type of a declared one.

    >>> duckdb_type("List(Struct(feature_id UInt32, explainer Categorical))")
    'STRUCT("feature_id" UINTEGER, "explainer" VARCHAR)[]'
    """
    return _duckdb(_parse(declared))


def _parse(text: str) -> object:
    """A declared type as nested tuples: 'UInt8', ('List', t), ('Struct', ((name, t), ...))."""
    tokens = re.findall(r"\w+|[(),]", text)

    def take(expected: str) -> None:
        if not tokens or tokens.pop(0) != expected:
            raise WarehouseError(
                f'column type "{text}" is not understood',
                "List(...), Struct(name Type, ...), " + ", ".join(SCALARS),
            )

    def one() -> object:
        name = tokens.pop(0) if tokens else ""
        if name == "List":
            take("(")
            inner = one()
            take(")")
            return ("List", inner)
        if name == "Struct":
            take("(")
            fields = [(tokens.pop(0), one())]
            while tokens and tokens[0] == ",":
                tokens.pop(0)
                fields.append((tokens.pop(0), one()))
            take(")")
            return ("Struct", tuple(fields))
        if name not in SCALARS:
            tokens.clear()
            take(name)
        return name

    return one()


def _duckdb(parsed: object) -> str:
    if isinstance(parsed, str):
        return SCALARS[parsed]
    kind, inner = parsed
    if kind == "List":
        return f"{_duckdb(inner)}[]"
    return "STRUCT(" + ", ".join(f"{identifier(n)} {_duckdb(t)}" for n, t in inner) + ")"


def _arrow(parsed: object) -> pa.DataType:
    import pyarrow as pa

    if isinstance(parsed, str):
        scalars = {
            "Int64": pa.int64(), "Int32": pa.int32(), "Int8": pa.int8(), "UInt8": pa.uint8(), "UInt16": pa.uint16(), "UInt32": pa.uint32(),
            "Float32": pa.float32(), "Float64": pa.float64(), "Utf8": pa.string(),
            "Categorical": pa.dictionary(pa.int32(), pa.string()),
        }  # fmt: skip
        return scalars[parsed]
    kind, inner = parsed
    if kind == "List":
        return pa.list_(_arrow(inner))
    return pa.struct([(n, _arrow(t)) for n, t in inner])
