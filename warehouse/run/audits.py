"""Audits: SELECTs of bad rows, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from warehouse.errors import WarehouseError
from warehouse.models.model import Model

_BAD_ROWS_SHOWN = 5


def audit_message(model: Model, names: Sequence[str], rows: Sequence[tuple]) -> str:
    if names[0] == "message":
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        return f"{rows[0][0]}{more}"
    count = f"{len(rows)} bad row{'s' if len(rows) > 1 else ''}"
    shown = [
        ", ".join(f"{n} = {v!r}" for n, v in zip(names, row, strict=True))
        for row in rows[:_BAD_ROWS_SHOWN]
    ]
    lines = "".join(f"\n  {line[:300]}" for line in shown)
    return f'audit "{model.name}" found {count} ({model.description}){lines}'


def run_audit(
    connection: duckdb.DuckDBPyConnection, model: Model, parameters: Mapping[str, object]
) -> list[str]:
    """What an audit says of the bad rows that it finds: a warning per row, none without any.

    WarehouseError when its severity is "error". The hint is that of its header, or of its first
    row where it has a column `hint`.
    """
    bound = {name: parameters[name] for name in model.parameters}
    connection.execute(f"SELECT * FROM (\n{model.sql}\n) LIMIT 1000", bound or None)
    names = [d[0] for d in connection.description]
    rows = connection.fetchall()
    if rows and model.severity == "error":
        hint = rows[0][names.index("hint")] if "hint" in names else model.hint
        raise WarehouseError(audit_message(model, names, rows), hint)
    return [row[0] for row in rows]
