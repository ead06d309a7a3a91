"""A member's part of a collection: the rows of its published build, in parquet files of its own.

A part is made once for each build of the member, and never changed. Relations of `analysis` whose
header says `collected: yes` are copied, with the columns `member` and `sae_id` before the others.
The master files, which hold the vectors, get a second name (a hard link: nothing is copied), so
that they stay those of this build when the member is built anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.collection.members import Member
from warehouse.database import failing_as, open_read_only, run
from warehouse.errors import WarehouseError
from warehouse.files import sync, sync_directory
from warehouse.models.model import Model
from warehouse.plan.state import Published, published
from warehouse.sqltext import digest, identifier, literal, quoted_column

# Raise when parts hold something else.
_VERSION = 2


@dataclass(frozen=True)
class Part:
    """What a collection knows of a member's build. Paths are absolute; `place` is the part's directory.

    `decoder`: the decoder's file and the hash of its content, '' where there is none, and
    `decoder_rows`: it has so many at the least. `files`: relation → parquet file. `lacking`: master relations of which the member has no file.
    """

    place: Path
    member: str
    data: Path
    build_id: str
    finished: str
    sae_id: str | None
    decoder: str
    decoder_hash: str
    decoder_rows: int
    files: Mapping[str, Path]
    lacking: tuple[str, ...]


def collected(models: Mapping[str, Model]) -> list[str]:
    """The relations whose rows a part copies."""
    return [name for name, model in models.items() if model.collected]


def masters(models: Mapping[str, Model]) -> list[str]:
    return [name for name, model in models.items() if model.schema == "master"]


def make_part(member: Member, models: Mapping[str, Model], parts: Path, keep: bool = True) -> Part:
    """The part of what the member has published, below `parts`; one that is there is taken.

    With `keep` the master files get second names, else they are read where they are.
    WarehouseError: the member has no warehouse, or is being published now.
    """
    with open_read_only(member.project().layout.warehouse, unsafe=True) as connection:
        if not run(
            connection,
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = '_warehouse' AND table_name = 'builds'",
        ):
            raise WarehouseError(
                f'"{member.data / "warehouse.duckdb"}" is a DuckDB file that this program did not write',
                "move it away, then build again",
            )
        build = published(connection)
        key = digest(
            _VERSION, member.name, member.data.resolve(), *collected(models), *masters(models), keep
        )[:8]
        place = parts.resolve() / digest(member.name)[:16] / f"{build.build_id}-{key}"
        if not place.exists():
            _make(connection, member, build, models, place, keep)
    part = read_part(place)
    if part is None:
        raise WarehouseError(f'"{place}" is damaged', f"rm -r {shlex.quote(str(place))}")
    return part


def read_part(place: Path) -> Part | None:
    """A part that was made; None where there is none, or one of another version of this program."""
    try:
        known = json.loads((place / "part.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if known.pop("version", 0) != _VERSION:
        return None
    files = {name: place / path for name, path in known.pop("files").items()}
    known |= {"data": Path(known["data"]), "files": files, "lacking": tuple(known["lacking"])}
    return Part(place, **known)


def _make(
    connection: duckdb.DuckDBPyConnection,
    member: Member,
    build: Published,
    models: Mapping[str, Model],
    place: Path,
    keep: bool,
) -> None:
    """Write a part beside its place, then put it there by one rename."""
    work = place.with_name(f".{place.name}.tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    there = {row[0] for row in run(connection, "SELECT node FROM _warehouse.nodes")}
    sae_id = (
        run(connection, "SELECT sae_id FROM staging.sae")[0][0] if "staging.sae" in there else None
    )
    _assert_whole(member, build.build_id)
    files = {}
    for name in masters(models):
        master = member.data / "master" / f"{name.removeprefix('master.')}.parquet"
        if name in there and master.is_file():
            files[name] = _second_name(master, work) if keep else str(master.resolve())
    _assert_whole(member, build.build_id)  # nothing was renamed meanwhile
    for name in collected(models):
        if name in there:
            files[name] = f"{name}.parquet"
            _copy(connection, name, member.name, sae_id, work / files[name])
    decoder = run(
        connection,
        "SELECT name, hash FROM _warehouse.files WHERE input = 'raw.decoder' AND status = 'read' ORDER BY name LIMIT 1",
    )
    path, content = decoder[0] if decoder else ("", "")
    rows = (
        run(connection, "SELECT largest + 1 FROM staging.feature_range")
        if "staging.feature_range" in there
        else []
    )
    part = {
        "version": _VERSION,
        "member": member.name,
        "data": str(member.data.resolve()),
        "build_id": build.build_id,
        "finished": str(build.finished),
        "sae_id": sae_id,
        "decoder": path and str((member.data / path).resolve()),
        "decoder_hash": content,
        "decoder_rows": int(rows[0][0] or 0) if rows else 0,
        "files": files,
        "lacking": [name for name in masters(models) if name not in files],
    }
    (work / "part.json").write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")
    for file in work.iterdir():
        sync(file)
    work.replace(place)
    sync_directory(place.parent)


def _copy(
    connection: duckdb.DuckDBPyConnection, name: str, member: str, sae_id: str | None, path: Path
) -> None:
    """The rows of a relation as a parquet file, with the member's name and SAE before them."""
    columns = [row[0] for row in run(connection, f"DESCRIBE {identifier(name)}")]
    own = ", ".join(quoted_column(c) for c in columns if c != "sae_id")
    sae = "NULL" if sae_id is None else literal(sae_id)
    rows = f"SELECT {literal(member)} AS member, {sae}::VARCHAR AS sae_id, {own} FROM {identifier(name)}"
    with failing_as(f'"{name}" of member "{member}" cannot be read', "build the member again"):
        run(
            connection,
            f"COPY ({rows}) TO {literal(str(path.absolute()))} (FORMAT parquet, COMPRESSION zstd)",
        )


def _second_name(file: Path, work: Path) -> str:
    """A hard link to a file; the file itself where its file system gives none."""
    with contextlib.suppress(OSError):
        os.link(file, work / file.name)
        return file.name
    return str(file.resolve())


def _assert_whole(member: Member, build_id: str) -> None:
    """WarehouseError unless the master files are those of this build."""
    try:
        state = json.loads(member.state.read_text(encoding="utf-8"))
    except FileNotFoundError:  # of a program before it
        return
    except ValueError:
        state = {}
    if state != {"build_id": build_id, "status": "complete"}:
        raise WarehouseError(
            f'member "{member.name}" is being published, or its build was stopped while it was',
            "build again",
        )
