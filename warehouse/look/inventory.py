"""What lies in the raw tree, and what the last build made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from warehouse.database import open_read_only, run
from warehouse.layout import Layout
from warehouse.plan.project import Project
from warehouse.read.content import InputFile
from warehouse.read.discover import Refused, discover

_FACTS = (
    "dialect, records, records - quarantined - outside_scope - merged, quarantined, outside_scope"
)


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


def list_files(project: Project, refused: Refused | None = None) -> list[Group]:
    """The raw files now, with the ledger's facts of those that were built as they are.

    `refused` gets what prevents a build, as for `discover`; without it that is an error.
    """
    known = project.read_state().files
    facts = _facts(project.layout.warehouse) if known else {}
    grouped: dict[tuple, list[tuple[InputFile, tuple | None]]] = {}
    for file in discover(project.settings, refused):
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


@dataclass(frozen=True)
class Ledger:
    """What became of the records of each input, and why some are in quarantine.

    `inputs`: (input, files, bytes, records, kept, quarantined, outside scope, status other than
    read); `reasons`: (input, reason, records, file and line of the first).
    """

    inputs: Sequence[tuple]
    reasons: Sequence[tuple]


def read_ledger(layout: Layout) -> Ledger | None:
    """The ledger of the published warehouse; None when it was built without one."""
    with open_read_only(layout.warehouse, [layout.vectors]) as connection:
        if not run(connection, "SELECT 1 FROM _warehouse.nodes WHERE node = 'staging.files'"):
            return None  # so after some --select
        inputs = run(
            connection,
            """SELECT input, count(*), sum(bytes), sum(records), sum(records - quarantined - outside_scope - merged),
                sum(merged), sum(quarantined), sum(outside_scope), string_agg(DISTINCT nullif(status, 'read'), ', ')
            FROM staging.files GROUP BY input ORDER BY input""",
        )
        reasons = run(
            connection,
            """SELECT input, reason, count(*), arg_min(file, (file, line)), min((file, line))[2]
            FROM quarantine.records GROUP BY input, reason ORDER BY input, count(*) DESC, reason""",
        )
    return Ledger(inputs, reasons)


def _facts(warehouse: Path) -> dict[str, tuple]:
    """File → (dialect, records, kept, quarantined, outside scope), as far as it was staged."""
    with open_read_only(warehouse, unsafe=True) as connection:
        if not run(
            connection,
            "SELECT 1 FROM duckdb_views() WHERE schema_name = 'staging' AND view_name = 'files'",
        ):
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
    return (
        file.path.suffix.removeprefix(".") if file.input in ("raw.decoder", "raw.tokenizer") else ""
    )


def _group(key: tuple, members: list[tuple[InputFile, tuple | None]]) -> Group:
    files = [file for file, _ in members]
    told = [facts[1:] for _, facts in members if facts]
    counts = [sum(column) for column in zip(*told, strict=True)] if told else [None] * 4
    return Group(
        *key, len(files), sum(f.bytes for f in files), *counts, tuple(f.name for f in files)
    )
