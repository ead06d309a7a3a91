"""The collection's own `warehouse.duckdb`: views over its members' parts, and the comparison.

It is made beside and published by one rename. Parts that neither the new file nor the one before
reads are removed, so that who still has the former file open can read on.
"""

from __future__ import annotations

import datetime
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from warehouse import __version__
from warehouse.collection.members import Collection
from warehouse.collection.parts import Part, collected, make_part, masters, read_part
from warehouse.collection.publication import Build, Published
from warehouse.database import (
    failing_as,
    in_data,
    is_in_place,
    open_for_build,
    open_read_only,
    run,
)
from warehouse.errors import WarehouseError
from warehouse.files import sync, sync_directory
from warehouse.models.model import Model
from warehouse.run.front import create_front
from warehouse.run.lock import assert_no_log, locked
from warehouse.run.macros import create_macros
from warehouse.run.relations import describe
from warehouse.sqltext import digest, identifier, literal

# Fills the relations of `compare` in the file that is being made.
Compare = Callable[[duckdb.DuckDBPyConnection, Mapping[str, Part]], None]
# Raise when a collection's file holds something else.
_VERSION = 2
# A file of an earlier version has no column `gone`: there, members that are gone are among `changed`.
_BUILDS = """
    SELECT build_id, started, version, engine, key, changed, coalesce(gone, [])
    FROM (FROM collection.builds UNION ALL BY NAME SELECT NULL::VARCHAR[] AS gone WHERE false)
    ORDER BY started"""


def publish(
    collection: Collection,
    models: Mapping[str, Model],
    compare: Compare,
    wait: bool = False,
    full: bool = False,
) -> Published:
    """Bring the collection's file up to its members' published builds.

    A member that cannot be read keeps the rows that it had. WarehouseError when no member has any.
    """
    started = time.monotonic()
    layout = collection.layout
    with locked(layout, wait):
        assert_no_log(layout)
        builds, before = _read(layout.warehouse)
        parts, problems = _parts(collection, models, before)
        key = _key(collection, models, parts)
        lacking = {p.member: p.lacking for p in parts if p.lacking}
        if builds and builds[-1].key == key and not full:
            seconds = time.monotonic() - started
            return Published(builds[-1].build_id, (), (), problems, lacking, seconds, False)
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        build_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        changed, gone = _differing(before, parts)
        made = Build(build_id, now, __version__, duckdb.__version__, key, changed, gone)
        work = layout.work / build_id
        work.mkdir(parents=True)
        try:
            write(collection, models, parts, compare, work / "warehouse.duckdb", [*builds, made])
            sync(work / "warehouse.duckdb")
            assert_no_log(layout)
            (work / "warehouse.duckdb").replace(layout.warehouse)
            sync_directory(layout.data)
        except OSError as error:
            raise WarehouseError(
                f"the collection could not be written: {error}",
                "check disk space and permissions, then build again",
            ) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _sweep(layout.members, [*parts, *before])
    return Published(build_id, changed, gone, problems, lacking, time.monotonic() - started, True)


def write(
    collection: Collection,
    models: Mapping[str, Model],
    parts: Sequence[Part],
    compare: Compare,
    path: Path,
    builds: Sequence[Build] = (),
) -> None:
    """Make a collection's file: views over the parts, its members, and the comparison."""
    hint = "bring its members up to this program: python cli.py build --full"
    with (
        open_for_build(path, path.parent / "spill", collection.settings) as connection,
        failing_as("the collection could not be made", hint),
    ):
        for schema in ("collection", "compare", "master", "analysis"):
            run(connection, f"CREATE SCHEMA IF NOT EXISTS {schema}")
        create_macros(connection, {n: m for n, m in models.items() if m.schema == "macros"})
        for name in (*masters(models), *collected(models)):
            _view(connection, models[name], parts, collection.data)
        _tables(connection, parts, builds, collection.data)
        for model in models.values():
            if model.schema == "collection":
                _beside(connection, model)
        create_front(connection, models)
        compare(connection, {part.member: part for part in parts})
        run(connection, "CHECKPOINT")


def history(warehouse: Path) -> list[Build]:
    """The publications of a collection's file, oldest first."""
    return _read(warehouse)[0]


def _read(warehouse: Path) -> tuple[list[Build], list[Part]]:
    """The publications of the file so far, and the parts that it reads; none where there is no file."""
    if not warehouse.exists():
        return [], []
    with open_read_only(warehouse) as connection:
        try:
            builds = [Build(*row) for row in run(connection, _BUILDS)]
            places = run(connection, "SELECT part FROM collection.members ORDER BY member_order")
        except duckdb.CatalogException:
            raise WarehouseError(
                f'"{warehouse}" is not the file of a collection', "move it away, then build again"
            ) from None
    parts = [read_part(warehouse.parent.resolve() / place) for (place,) in places]
    return builds, [part for part in parts if part]


def _parts(
    collection: Collection, models: Mapping[str, Model], before: Sequence[Part]
) -> tuple[list[Part], dict[str, str]]:
    """The members' parts in their order, and why a member's newest build has none."""
    former = {part.member: part for part in before}
    parts, problems = [], {}
    for member in collection.members:
        try:
            parts.append(make_part(member, models, collection.layout.members))
        except WarehouseError as error:
            problems[member.name] = error.message
            if member.name in former:
                parts.append(former[member.name])
    if not parts:
        raise WarehouseError(
            f'no member of "{collection.data}" has a warehouse that can be read: {next(iter(problems.values()))}',
            "python cli.py build",
        )
    return parts, problems


def _key(collection: Collection, models: Mapping[str, Model], parts: Sequence[Part]) -> str:
    """What the collection's file depends on."""
    own = [
        m.fingerprint for m in models.values() if m.schema in ("compare", "collection", "macros")
    ]
    places = [f"{p.place.resolve()} {p.data}" for p in parts]
    return digest(_VERSION, __version__, duckdb.__version__, collection.key, *own, *places)


def _differing(before: Sequence[Part], parts: Sequence[Part]) -> tuple[list[str], list[str]]:
    """Members whose rows are new or other ones than before, and members that have none any more."""
    old, new = ({p.member: p.place for p in some} for some in (before, parts))
    changed = [name for name in new if old.get(name) != new[name]]
    return changed, [name for name in old if name not in new]


def _view(
    connection: duckdb.DuckDBPyConnection, model: Model, parts: Sequence[Part], data: Path
) -> None:
    """The rows of a relation of all members that have it; none where no member has."""
    name = identifier(model.name)
    files = {p.member: _path(data, p.files[model.name]) for p in parts if model.name in p.files}
    if not files:
        return
    if model.schema == "master":  # whose files are the members' own
        rows = " UNION ALL BY NAME ".join(
            f"SELECT {literal(member)} AS member, sae_id, * EXCLUDE (sae_id) FROM read_parquet({file})"
            for member, file in files.items()
        )
    else:
        rows = f"FROM read_parquet([{', '.join(files.values())}], union_by_name = true)"
    run(connection, f"CREATE VIEW {name} AS FROM ({rows}) WHERE {is_in_place(data)}")
    describe(connection, model, "view", [row[0] for row in run(connection, f"DESCRIBE {name}")])


def _path(data: Path, file: Path) -> str:
    """SQL for the path of a part's file: where the collection is now, or of a member that lies elsewhere."""
    home = data.resolve()
    return in_data(data, str(file.relative_to(home))) if file.is_relative_to(home) else literal(str(file))  # fmt: skip


def _beside(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """A view of `sql/collection/`: the relation of `analysis` of its name, where what it reads is there."""
    here = replace(model, name=f"analysis.{model.name.partition('.')[2]}")
    try:
        run(connection, f"CREATE VIEW {identifier(here.name)} AS {model.sql}")
    except duckdb.CatalogException:
        return
    describe(connection, here, "view")


def _tables(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[Part],
    builds: Sequence[Build],
    data: Path,
) -> None:
    """Which members there are, and which publications were before."""
    run(
        connection,
        """CREATE TABLE collection.members (
            member VARCHAR, member_order INTEGER, sae_id VARCHAR, directory VARCHAR, build_id VARCHAR,
            built TIMESTAMP, decoder VARCHAR, decoder_hash VARCHAR, part VARCHAR)""",
    )
    for order, p in enumerate(parts):
        row = [p.member, order, p.sae_id, str(p.data), p.build_id, p.finished, p.decoder or None, p.decoder_hash or None, str(p.place.relative_to(data.resolve()))]  # fmt: skip
        run(connection, f"INSERT INTO collection.members VALUES ({', '.join('?' * len(row))})", row)
    run(
        connection,
        """CREATE TABLE collection.builds (
            build_id VARCHAR, started TIMESTAMP, version VARCHAR, engine VARCHAR, key VARCHAR,
            changed VARCHAR[], gone VARCHAR[])""",
    )
    for b in builds:
        row = [b.build_id, b.started, b.version, b.engine, b.key, list(b.changed), list(b.gone)]
        run(connection, f"INSERT INTO collection.builds VALUES ({', '.join('?' * len(row))})", row)


def _sweep(members: Path, used: Sequence[Part]) -> None:
    """Remove the parts, and the pairs of latents, that are not of `used`."""
    places = {part.place.resolve() for part in used}
    hashes = {part.decoder_hash for part in used}
    for place in members.glob("*/*"):
        if place.parent.name == "pairs":
            if not hashes.issuperset(place.stem.split("-")[:2]):
                place.unlink()
        elif place.resolve() not in places:
            shutil.rmtree(place, ignore_errors=True)
