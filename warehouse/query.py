"""Ad-hoc SQL on the published warehouse, in the format that the user asks for."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from pathlib import Path
from typing import TextIO

import duckdb

from warehouse.database import open_read_only, run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.files import write_atomically
from warehouse.project import Layout

FORMATS = ("table", "csv", "json", "jsonl", "parquet")

# SELECT is FROM, WITH, VALUES, DESCRIBE, SHOW and SUMMARIZE too; MULTI is PIVOT.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
_EXAMPLE = 'python cli.py query "from master.features limit 3"'
_UNSAFE = "--unsafe lets SQL reach files, extensions and settings; after moving the data directory: python cli.py build"


def run_query(
    data: Path, sql: str, form: str | None, output: Path | None, unsafe: bool = False
) -> None:
    """Run `sql` read-only and write its rows to `output` or stdout.

    WarehouseError: there is no warehouse, or the SQL fails (the message marks the line).
    """
    if not data.is_dir():
        raise UsageError(f'data directory "{data}" does not exist', "--data DIR")
    if not sql.strip():
        raise UsageError("the query is empty", _EXAMPLE)
    form = form or (output.suffix.lstrip(".") if output else "table")
    if form not in FORMATS:
        raise UsageError(f'"{output}": the ending names no format', f"--format {'|'.join(FORMATS)}")
    if form == "parquet" and output is None:
        raise UsageError("parquet needs a file", "-o FILE.parquet")
    if output and output.exists() and not output.is_file():
        raise UsageError(f'"{output}" is no file', "-o FILE; without it the rows go to stdout")
    layout = Layout(data)
    with open_read_only(layout.warehouse, layout.vectors, unsafe) as connection:
        try:
            if not unsafe:
                _assert_only_reads(connection, sql)
            if form == "parquet":
                write_atomically(output, lambda path: _parquet(connection.sql(sql), path))
                return
            connection.execute(sql)
            if connection.description is None:
                raise UsageError("the query gives no table", _EXAMPLE)
            names = [column[0] for column in connection.description]
            rows = connection.fetchall()
        except duckdb.PermissionException as error:
            raise WarehouseError(f"the query failed: {str(error).strip()}", _UNSAFE) from None
        except duckdb.Error as error:
            raise _explained(error, connection) from None
    if output is not None:

        def write(path: Path) -> None:
            with path.open("w", encoding="utf-8", newline="") as stream:
                _write(stream, form, names, rows)

        write_atomically(output, write)
    else:
        _write(sys.stdout, form, names, rows)


def _explained(error: duckdb.Error, connection: duckdb.DuckDBPyConnection) -> WarehouseError:
    """What DuckDB says with the line it marks; what it suggests, or a near relation, as the hint."""
    text = re.sub(r"^\w+(?: \w+)* Error: ", "", str(error).strip())
    told, marked, line = text.partition("\n\nLINE ")
    told, *suggested = re.split(r"\s*(?:Did you mean|Candidate \w+:)[:\s]*", told)
    message = f"the query failed: {told.strip()}{marked and chr(10)}{marked.strip()}{marked and ' '}{line}"
    if suggested:
        near = suggested[0].strip().rstrip("?")
        return WarehouseError(message, f"did you mean {near}?")
    unknown = re.search(r'with name "?([\w.]+)"? does not exist', told)
    near = nearest(unknown[1], _relations(connection)) if unknown else ""
    if near:
        return WarehouseError(message, f'did you mean "{near}"?')
    return WarehouseError(message, "python cli.py models list names the relations")


def _relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view of the warehouse, with its schema."""
    found = run(
        connection,
        """SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal
        UNION ALL
        SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal""",
    )
    return [row[0] for row in found]


def _assert_only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """WarehouseError unless every statement only reads.

    DuckDB lets SQL write where it may read, and the views need the vectors' directory.
    """
    for statement in connection.extract_statements(sql):
        try:
            kind = statement.type
        except ValueError:  # a kind that DuckDB's Python package has no name for
            raise _refused(statement.query.split()[0].upper()) from None
        if kind not in _READING:
            raise _refused(kind.name)
    if "copy" in sql.lower():  # WITH x AS (COPY … TO …) is a SELECT, and EXPLAIN ANALYZE runs COPY
        tree = run(connection, "SELECT json_serialize_sql(?)", [sql])[0][0]
        if tree.startswith('{"error":true') or '"type":"COPY_QUERY_NODE"' in tree:
            raise _refused("COPY")


def _refused(word: str) -> WarehouseError:
    return WarehouseError(f'the query failed: a query only reads, "{word}" does more', _UNSAFE)


def _parquet(relation: duckdb.DuckDBPyRelation | None, path: Path) -> None:
    import pyarrow.parquet as pq

    if relation is None:
        raise UsageError("the query gives no table", _EXAMPLE)
    with relation.to_arrow_reader() as reader, pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _write(stream: TextIO, form: str, names: list[str], rows: list[tuple]) -> None:
    records = (dict(zip(unique(names), map(_finite, row), strict=True)) for row in rows)
    if form == "table":
        from warehouse import render

        render.result(names, rows, stream)
    elif form == "json":
        json.dump(list(records), stream, default=str, ensure_ascii=False, indent=2)
        stream.write("\n")
    elif form == "jsonl":
        stream.writelines(json.dumps(r, default=str, ensure_ascii=False) + "\n" for r in records)
    else:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_flat(value) for value in row] for row in rows)


def unique(names: list[str]) -> list[str]:
    """Column names made keys: of equal ones the later get a number.

    >>> unique(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return keys


def _finite(value: object) -> object:
    """JSON knows no NaN and no infinity: null stands for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return value


def _flat(value: object) -> object:
    """Nested values as JSON, so that a CSV cell can be read back."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value
