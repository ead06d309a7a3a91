"""Earlier builds: the record of each, and where its results are while they are kept."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from warehouse.database import open_read_only, run
from warehouse.errors import UsageError, WarehouseError
from warehouse.layout import Layout
from warehouse.plan.kept import Kept, kept_builds
from warehouse.settings import Settings, differing

_NEAR = 3


@dataclass(frozen=True)
class Build:
    """One recorded build. `changed`: settings as name → (the build before, this build)."""

    build_id: str
    started: datetime.datetime
    seconds: float | None
    version: str
    engine: str
    settings: Mapping[str, object]
    changed: Mapping[str, tuple[object, object]]
    ran: int
    published: bool
    kept: Kept | None


@dataclass(frozen=True)
class NodeRun:
    """A node that ran in a build."""

    node: str
    version: int
    reason: str
    rows: int
    seconds: float
    result: str


@dataclass(frozen=True)
class Inputs:
    """What a build knew of one input; `hash` covers the names and contents of its files."""

    input: str
    files: int
    bytes: int
    records: int | None
    hash: str


@dataclass(frozen=True)
class Details:
    """All that is recorded of one build. `same`: nodes whose inputs did not change."""

    build: Build
    inputs: Sequence[Inputs]
    nodes: Sequence[NodeRun]
    same: int


def builds(layout: Layout) -> list[Build]:
    """Every recorded build, oldest first; WarehouseError when nothing was built yet."""
    files = {item.build_id: item for item in kept_builds(layout)}
    rows, published = _recorded(layout.warehouse)
    for item in reversed(files.values()):  # of warehouses before this one
        if item.build_id not in rows:
            rows = _recorded(item.path)[0] | rows
    made: list[Build] = []
    for row in sorted(rows.values(), key=lambda row: (row[1], row[0])):
        build_id, started, finished, version, engine, text, ran = row
        settings = json.loads(text)
        before = made[-1].settings if made else settings
        made.append(
            Build(
                build_id, started, (finished - started).total_seconds() if finished else None,
                version, engine, settings, differing(before, settings), ran,
                build_id == published, files.get(build_id),
            )
        )  # fmt: skip
    return made


def find(recorded: Sequence[Build], text: str) -> Build:
    """The build that `text` names: an id, the beginning of just one, `latest` or `previous`.

    Raises UsageError with the nearest ids; WarehouseError when there is no previous build.
    """
    place = next(i for i, b in enumerate(recorded) if b.published)
    if text == "latest":
        return recorded[place]
    if text == "previous":
        if place == 0:
            raise WarehouseError(
                f'there is no build before "{recorded[0].build_id}"',
                "change something and build again, or diff with --set KEY=VALUE",
            )
        return recorded[place - 1]
    ids = [b.build_id for b in recorded]
    found = [b for b in recorded if text and b.build_id.startswith(text)]
    found = [b for b in found if b.build_id == text] or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(b.build_id for b in reversed(found))
        raise UsageError(f'"{text}" begins {len(found)} builds: {names}', "write more of one id")
    near = get_close_matches(text, ids, n=_NEAR, cutoff=0.7) or ids[: -_NEAR - 1 : -1]
    raise UsageError(
        f'no build is called "{text}"',
        f"the nearest: {', '.join(near)}; all: python cli.py history",
    )


def results(layout: Layout, build: Build, settings: Settings) -> Path:
    """The file with a build's results; WarehouseError when it is not kept, saying what is."""
    if build.published:
        return layout.warehouse
    if build.kept:
        return build.kept.path
    there = ", ".join(item.build_id for item in reversed(kept_builds(layout))) or "none"
    raise WarehouseError(
        f'the results of build "{build.build_id}" are not kept',
        f"kept: {there}; settings history.keep = {settings['history.keep']} and "
        f"history.max_gb = {settings['history.max_gb']} bound it",
    )


def show(layout: Layout, text: str) -> Details:
    """All that is recorded of the build that `text` names."""
    build = find(builds(layout), text)
    path = layout.warehouse
    if build.build_id not in _recorded(path)[0]:
        path = next(
            k.path for k in reversed(kept_builds(layout)) if build.build_id in _recorded(k.path)[0]
        )
    with open_read_only(path, unsafe=True) as connection:
        nodes = run(
            connection,
            """SELECT node, version, reason, rows, seconds, result
            FROM _warehouse.build_nodes WHERE build_id = ? AND action = 'run'""",
            [build.build_id],
        )
        same = run(
            connection,
            "SELECT count(*) FROM _warehouse.build_nodes WHERE build_id = ? AND action = 'same'",
            [build.build_id],
        )[0][0]
        inputs = []
        if run(
            connection,
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = '_warehouse' AND table_name = 'build_inputs'",
        ):
            inputs = run(
                connection,
                """SELECT input, files, bytes, records, hash
                FROM _warehouse.build_inputs WHERE build_id = ? ORDER BY input""",
                [build.build_id],
            )
    return Details(build, [Inputs(*row) for row in inputs], [NodeRun(*row) for row in nodes], same)


def _recorded(path: Path) -> tuple[dict[str, tuple], str]:
    """The builds that a warehouse file records, by id, and the last of them: its own."""
    with open_read_only(path, unsafe=True) as connection:
        if not run(connection, "SELECT 1 FROM duckdb_schemas() WHERE schema_name = '_warehouse'"):
            raise WarehouseError(
                f'"{path}" is a DuckDB file that this program did not write', "move it away"
            )
        rows = run(
            connection,
            """SELECT b.build_id, b.started, b.finished, b.version, b.engine, b.settings,
                (SELECT count(*) FROM _warehouse.build_nodes n
                WHERE n.build_id = b.build_id AND n.action = 'run')
            FROM _warehouse.builds b ORDER BY b.started""",
        )
    return {row[0]: row for row in rows}, rows[-1][0] if rows else ""
