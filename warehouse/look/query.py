"""Ad-hoc SQL on the published warehouse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.database import open_read_only, run
from warehouse.errors import UsageError, WarehouseError, first_line, nearest
from warehouse.files import write_atomically
from warehouse.look.readable import readable
from warehouse.plan.project import Project

if TYPE_CHECKING:
    import pyarrow as pa

# SELECT is FROM, WITH, VALUES, DESCRIBE, SHOW and SUMMARIZE too; MULTI is PIVOT.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
# Rows that are Python's at a time, and the part of the machine's memory that DuckDB may take.
_ROWS, _MEMORY = 1000, "50%"
# What precedes the statement that is explained.
_EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*EXPLAIN\s+(?:ANALYZE\s+)?", re.I | re.S)
_EXAMPLE = 'python cli.py query "from master.features limit 3"'
# What changes a database, and the published one is never changed.
_CHANGES = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "MERGE_INTO", "UPDATE")
_OWN = "only builds change the warehouse; -o FILE keeps a query's rows"
_UNSAFE = "--unsafe lets SQL reach files, extensions and settings"
_NO_VECTORS = "bring the data directory's vectors/ along, or embed again: python cli.py build"


def assert_query(project: Project, sql: str) -> None:
    """UsageError when there is no data directory or nothing to run."""
    if not project.data.is_dir():
        raise UsageError(f'data directory "{project.data}" does not exist', "--data DIR")
    if not sql.strip():
        raise UsageError("the query is empty", _EXAMPLE)


@contextmanager
def opened(
    project: Project, sql: str, unsafe: bool = False
) -> Iterator[tuple[list[str], Iterator[tuple]]]:
    """The column names and the rows of `sql`, run read-only; the rows come a few at a time.

    WarehouseError: there is no warehouse, or the SQL fails (the message marks the line), here or
    while the rows are read.
    """
    with _opened(project, sql, unsafe) as connection:
        connection.execute(sql)
        if connection.description is None:
            raise UsageError("the query gives no table", _EXAMPLE)
        yield [column[0] for column in connection.description], _rows(connection)


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    while rows := connection.fetchmany(_ROWS):
        yield from rows


def write_parquet(
    project: Project, sql: str, output: Path, unsafe: bool = False, limit: int | None = None
) -> None:
    """Write the first `limit` rows of `sql`, or all, to a parquet file. Errors as of `opened`."""
    with _opened(project, sql, unsafe) as connection:
        write_atomically(output, lambda path: _parquet(connection.sql(sql), path, limit))


def read_arrow(
    project: Project, sql: str, parameters: Sequence[object] | Mapping[str, object] | None = None
) -> pa.Table:
    """All rows of `sql`, with `parameters` for its `?` or `$name`. Errors as of `opened`."""
    with _opened(project, sql, unsafe=False) as connection:
        relation = connection.sql(sql, params=parameters)
        if relation is None:
            raise UsageError("the query gives no table", _EXAMPLE)
        return relation.to_arrow_table()


@contextmanager
def _opened(project: Project, sql: str, unsafe: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse; what DuckDB says of `sql` inside becomes a WarehouseError."""
    layout = project.layout
    with open_read_only(layout.warehouse, readable(layout), unsafe, _MEMORY) as connection:
        try:
            if not unsafe:
                _assert_only_reads(connection, sql)
            yield connection
        except duckdb.PermissionException as error:
            raise WarehouseError(f"the query failed: {str(error).strip()}", _UNSAFE) from None
        except duckdb.OutOfMemoryException as error:
            raise WarehouseError(
                f"the query needs more than {_MEMORY} of this machine's memory: {first_line(error)}",
                "ask for fewer rows or columns at a time",
            ) from None
        except duckdb.IOException as error:
            hint = _NO_VECTORS if f"{layout.data.resolve()}/vectors" in str(error) else ""
            raise WarehouseError(f"the query failed: {first_line(error)}", hint) from None
        except duckdb.Error as error:
            raise _explained(error, connection) from None


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
    return WarehouseError(message, "the relations: python cli.py models list")


def _relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view of the warehouse, with its schema; `main` only names some of them again."""
    found = run(
        connection,
        """SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal
        UNION ALL
        SELECT schema_name || '.' || view_name FROM duckdb_views()
        WHERE NOT internal AND schema_name <> 'main'""",
    )
    return [row[0] for row in found]


def _assert_only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """WarehouseError unless it is one statement that only reads.

    DuckDB lets SQL write where it may read, and the views need the vectors' directory.
    """
    statements = connection.extract_statements(sql)
    for statement in statements:
        try:
            kind = statement.type
        except ValueError:  # a kind that DuckDB's Python package has no name for
            raise _refused(statement.query.split()[0].upper()) from None
        if kind not in _READING:
            raise _refused(kind.name)
        # WITH x AS (COPY … TO …) is a SELECT, and EXPLAIN ANALYZE runs COPY.
        if "copy" in statement.query.lower():
            explains = statement.type == duckdb.StatementType.EXPLAIN
            asked = _EXPLAIN.sub("", statement.query, count=1) if explains else statement.query
            tree = run(connection, "SELECT json_serialize_sql(?)", [asked])[0][0]
            if tree.startswith('{"error":true') or '"type":"COPY_QUERY_NODE"' in tree:
                raise _refused("COPY")
    if len(statements) > 1:  # DuckDB would give the rows of the last one alone
        first = shlex.quote(statements[0].query.strip().removesuffix(";"))
        raise UsageError(
            f"the query has {len(statements)} statements, and a query gives one table",
            f"python cli.py query {first}",
        )


def _refused(word: str) -> WarehouseError:
    hint = _OWN if word in _CHANGES else _UNSAFE
    return WarehouseError(f'the query failed: a query only reads, "{word}" does more', hint)


def _parquet(relation: duckdb.DuckDBPyRelation | None, path: Path, limit: int | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if relation is None:
        raise UsageError("the query gives no table", _EXAMPLE)
    if limit is not None:
        relation = relation.limit(limit)
    try:
        with relation.to_arrow_reader() as reader, pq.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    except pa.ArrowNotImplementedError as error:
        raise WarehouseError(
            f"parquet has no such type: {first_line(error)}",
            "cast the column: SELECT the_column::VARCHAR",
        ) from None
