"""What differs between two builds: rows by key, values by column.

Either file is attached read-only and the comparison is SQL: a full join on the key, for each master
and for each flat relation (`analysis.*_long`) that lists what the masters nest. Relations whose
results are the same are not read at all.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.database import failing_as, open_for_build, run
from warehouse.diff.difference import NEW, OLD, Diff, Question, Side
from warehouse.diff.tables import assert_table, columns_of, compare_tables
from warehouse.errors import UsageError, WarehouseError
from warehouse.look import history
from warehouse.plan.project import Project
from warehouse.settings import RUNTIME_ONLY, Settings, differing
from warehouse.sqltext import literal


def between(project: Project, ids: Sequence[str], question: Question) -> Diff:
    """Compare two builds' results: previous and latest when none is named, one and latest."""
    layout = project.layout
    assert_table(project.models, question.table)
    recorded = history.builds(layout)
    old, new = [*ids, *["previous", "latest"][len(ids) :]]
    old, new = history.find(recorded, old), history.find(recorded, new)
    files = [history.results(layout, b, project.settings) for b in (old, new)]
    labels = ["published" if b.published else "kept" for b in (old, new)]
    return _compare(project, files, labels, question)


def assert_preview(project: Project, question: Question) -> None:
    """What a preview needs: a published warehouse, and the table that is asked for."""
    published = project.layout.warehouse
    assert_table(project.models, question.table)
    if not published.exists():
        raise WarehouseError(f'"{published}" does not exist', "python cli.py build")


def with_published(project: Project, question: Question, built: Path | None) -> Diff:
    """Compare the published state with a file that a build made under the project's overrides.

    None for a build that found nothing to do: every result stays as it is.
    """
    published = project.layout.warehouse
    label = " ".join(f"--set {o}" for o in project.overrides) + ", not published"
    return _compare(project, [published, built or published], ["published", label], question)


def is_preview(overrides: Sequence[str]) -> bool:
    """Whether `--set` overrides ask for a preview: one of them can change a result."""
    return any(o.partition("=")[0].strip() not in RUNTIME_ONLY for o in overrides)


@contextmanager
def _attached(settings: Settings, files: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with both files read-only as `old` and `new`; one file may be both."""
    with tempfile.TemporaryDirectory(prefix="warehouse-diff-") as spill:
        connection = open_for_build(None, Path(spill), settings)
        message = f'"{files[0]}" and "{files[1]}" cannot be compared'
        hint = "the builds whose results are kept: python cli.py history"
        with connection, failing_as(message, hint):
            run(connection, f"ATTACH {literal(str(files[0]))} AS {OLD} (READ_ONLY)")
            if files[0] != files[1]:
                run(connection, f"ATTACH {literal(str(files[1]))} AS {NEW} (READ_ONLY)")
            yield connection


def _compare(
    project: Project, files: Sequence[Path], labels: Sequence[str], question: Question
) -> Diff:
    with _attached(project.settings, files) as connection:
        new = NEW if files[0] != files[1] else OLD
        sides = [_side(connection, a, label) for a, label in zip((OLD, new), labels, strict=True)]
        nodes = [_nodes(connection, alias) for alias in (OLD, new)]
        tables = compare_tables(connection, new, project.models, nodes, question)
        if question.feature is not None and not any(t.differs for t in tables):
            _assert_feature(connection, new, question.feature)
        return Diff(
            sides[0],
            sides[1],
            question,
            {
                name: pair
                for name, pair in differing(sides[0].settings, sides[1].settings).items()
                if name not in RUNTIME_ONLY
            },
            _files(connection, new),
            _versions(*nodes),
            (_sae_id(connection, OLD), _sae_id(connection, new)),
            tables,
        )


def _side(connection: duckdb.DuckDBPyConnection, alias: str, label: str) -> Side:
    build_id, started, version, engine, text = run(
        connection,
        f"""SELECT build_id, started, version, engine, settings
        FROM {alias}._warehouse.builds ORDER BY started DESC LIMIT 1""",
    )[0]
    return Side(build_id, started, label, f"{version}, DuckDB {engine}", json.loads(text))


def _nodes(connection: duckdb.DuckDBPyConnection, alias: str) -> dict[str, tuple]:
    """Node → (version, result, rows, build that made it)."""
    return {
        row[0]: row[1:]
        for row in run(
            connection,
            f"SELECT node, version, result, rows, build_id FROM {alias}._warehouse.nodes",
        )
    }


def _files(connection: duckdb.DuckDBPyConnection, new: str) -> list[tuple[str, str]]:
    return run(
        connection,
        f"""SELECT coalesce(o.name, n.name) AS name,
            CASE WHEN o.name IS NULL THEN 'added' WHEN n.name IS NULL THEN 'removed' ELSE 'changed' END
        FROM {OLD}._warehouse.files o FULL JOIN {new}._warehouse.files n ON n.name = o.name
        WHERE o.hash IS DISTINCT FROM n.hash OR o.name IS NULL OR n.name IS NULL
        ORDER BY name""",
    )


def _versions(
    old: Mapping[str, tuple], new: Mapping[str, tuple]
) -> dict[str, tuple[int | None, int | None]]:
    pairs = {n: (old.get(n, (None,))[0], new.get(n, (None,))[0]) for n in sorted({**old, **new})}
    return {n: pair for n, pair in pairs.items() if pair[0] != pair[1]}


def _sae_id(connection: duckdb.DuckDBPyConnection, alias: str) -> str | None:
    if not columns_of(connection, alias, "staging", "sae"):
        return None
    rows = run(connection, f"SELECT sae_id FROM {alias}.staging.sae")
    return rows[0][0] if rows else None


def _assert_feature(connection: duckdb.DuckDBPyConnection, new: str, feature: int) -> None:
    """UsageError when a feature is in neither state."""
    for alias in (OLD, new):
        if not columns_of(connection, alias, "staging", "features"):
            return
        where = f"SELECT 1 FROM {alias}.staging.features WHERE feature_id = ? LIMIT 1"
        if run(connection, where, [feature]):
            return
    raise UsageError(
        f'feature "{feature}" is in neither state',
        'list them: python cli.py query "select feature_id from staging.features"',
    )
