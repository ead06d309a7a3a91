"""Rows as a notebook shows them, and as Arrow, Polars or pandas takes them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from warehouse.errors import UsageError
from warehouse.pages import environment
from warehouse.terminal.rows import cell, write_rows

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_SHOWN = 20  # rows


@dataclass(frozen=True)
class Table:
    """The rows of a query, in memory. A notebook shows the first 20 of them.

    Libraries that take Arrow streams take it as it is: `polars.DataFrame(table)`,
    `duckdb.sql("from table")` of `table.arrow()`.
    """

    _rows: pa.Table

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return self._rows.column_names

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self._rows.shape

    def arrow(self) -> pa.Table:
        """The rows as a `pyarrow.Table`, with DuckDB's types: BIGINT is int64, lists are lists."""
        return self._rows

    def polars(self) -> pl.DataFrame:
        """The rows as a `polars.DataFrame`. UsageError where Polars is not installed."""
        return _library("polars").from_arrow(self._rows)

    def pandas(self) -> pd.DataFrame:
        """The rows as a `pandas.DataFrame`; lists become NumPy arrays, nulls of numbers NaN.

        UsageError where pandas is not installed.
        """
        _library("pandas")
        return self._rows.to_pandas()

    def rows(self) -> list[dict[str, object]]:
        """The rows as dictionaries of Python's own values."""
        return self._rows.to_pylist()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[dict[str, object]]:
        for batch in self._rows.to_batches():
            yield from batch.to_pylist()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        text = io.StringIO()
        write_rows(text, "table", self.columns, self._tuples(), _SHOWN)
        return text.getvalue().rstrip()

    def _repr_html_(self) -> str:
        cells = [[cell(value) for value in row] for row in self._tuples(_SHOWN)]
        template = environment().get_template("rows.html")
        return template.render(names=self.columns, rows=cells, count=len(self))

    def _tuples(self, limit: int | None = None) -> list[tuple[object, ...]]:
        rows = self._rows.slice(0, _SHOWN + 1 if limit is None else limit)
        return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _library(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise UsageError(f"{name} is not installed", f"pip install {name}") from None
