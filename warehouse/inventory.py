"""What lies in the raw tree, and what the last build made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from warehouse import sources
from warehouse.catalog import read_state, run
from warehouse.database import open_read_only
from warehouse.layout import Layout
from warehouse.settings import Settings
from warehouse.sources import InputFile

_FACTS = "dialect, records, records - quarantined - outside_scope - merged, quarantined, outside_scope"


@dataclass(frozen=True)
class Group:
    """Files of one directory that feed one input alike. Counts are null before they are built.

    `state`: built, new, changed (since the build), not read, unreadable; `note` says why.
    """

    input: str
    place: str
    state: str
    dialect: str
    note: str
    files: int
    bytes: int
    records: int | None
    kept: int | None
    quarantined: int | None
    outside_scope: int | None
    names: tuple[str, ...]


def take(settings: Settings) -> list[Group]:
    """The raw files now, with the ledger's facts of those that were built as they are."""
    layout = Layout(settings.data)
    known = read_state(layout.warehouse).files
    facts = _facts(layout.warehouse) if known else {}
    grouped: dict[tuple, list[tuple[InputFile, tuple | None]]] = {}
    for file in sources.discover(settings):
        before = known.get(file.name)
        state = _state(file, before)
        told = facts.get(file.name) if state == "built" else None
        dialect = (told and told[0]) or _form(file)
        name = file.input.partition(".")[2] or "other"
        key = (name, str(PurePosixPath(file.name).parent), state, dialect, file.note)
        grouped.setdefault(key, []).append((file, told))
    return [_group(key, members) for key, members in sorted(grouped.items())]


def as_json(groups: Iterable[Group]) -> str:
    """The groups as a JSON array; the files' names only where they are not read."""
    hidden = ("built", "new", "changed")
    return json.dumps(
        [
            {k: v for k, v in asdict(g).items() if k != "names" or g.state not in hidden}
            for g in groups
        ],
        indent=2,
        ensure_ascii=False,
    )


def _facts(warehouse: Path) -> dict[str, tuple]:
    """File → (dialect, records, kept, quarantined, outside scope), as far as it was staged."""
    with open_read_only(warehouse, unsafe=True) as connection:
        if not run(connection, "SELECT 1 FROM duckdb_views() WHERE schema_name = 'staging' AND view_name = 'files'"):  # fmt: skip
            return {}
        return {
            row[0]: row[1:] for row in run(connection, f"SELECT file, {_FACTS} FROM staging.files")
        }


def _state(file: InputFile, before: InputFile | None) -> str:
    if file.status != "read":
        return file.status
    if before is None:
        return "new"
    same = (file.bytes, file.mtime_ns) == (before.bytes, before.mtime_ns)
    return "built" if same else "changed"


def _form(file: InputFile) -> str:
    """What the file's name alone tells of its form."""
    if file.input in ("raw.activations", "raw.activation_ids"):
        return "JSON lines" + {".gz": ", gzip", ".zst": ", zstd"}.get(file.path.suffix, "")
    return file.path.suffix.removeprefix(".") if file.input == "raw.decoder" else ""


def _group(key: tuple, members: list[tuple[InputFile, tuple | None]]) -> Group:
    files = [file for file, _ in members]
    told = [facts[1:] for _, facts in members if facts]
    counts = [sum(column) for column in zip(*told, strict=True)] if told else [None] * 4
    return Group(
        *key, len(files), sum(f.bytes for f in files), *counts, tuple(f.name for f in files)
    )
