"""Publishing: finished files take the places of the former ones, all of them or none.

A rename is atomic, several are not. So what will be renamed is written down first, in a journal
beside the finished files, all of it on disk. Who takes the lock next and finds a journal ends its
renames before anything else; who only reads can tell that they are not ended (`unfinished`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from warehouse.errors import WarehouseError
from warehouse.files import sync, sync_directory, write_durably
from warehouse.layout import Layout
from warehouse.plan.exported import ExportRecord, read_record, record_files, write_record
from warehouse.write.targets import Exported

STATE = "_build.json"  # in master/: which build's the files are, and whether all are in place


@dataclass(frozen=True)
class Written:
    """The files of one model, and the key they were written under."""

    key: str
    paths: Sequence[str]


@dataclass(frozen=True)
class Journal:
    """What one publication does; paths are relative to the data directory.

    `moves`: (finished file, its place). `files`: what is published, by model. `models`: all that
    have files; published files of others, and those that a model no longer has, go.
    """

    build_id: str
    moves: Sequence[tuple[str, str]]
    files: Mapping[str, Written]
    models: Sequence[str]


def publish(
    layout: Layout,
    build_id: str,
    exports: Sequence[Exported],
    keys: Mapping[str, str],
    models: Sequence[str],
    warehouse: Path | None = None,
) -> list[str]:
    """Put finished files in their places, `warehouse` first; the former files that went.

    `keys`: the models whose files these are, with those that have none. Every file's content is on
    disk already; directories are brought there now.
    """
    moves = [(_relative(layout, warehouse), layout.warehouse.name)] if warehouse else []
    for one in exports:
        sources = (one.path, *one.beside)
        moves += [(_relative(layout, p), t) for p, t in zip(sources, one.places(), strict=True)]
    files = {
        model: Written(key, [t for one in exports if one.model == model for t in one.places()])
        for model, key in keys.items()
    }
    for directory in {(layout.data / source).parent for source, _ in moves}:
        sync_directory(directory)
    text = json.dumps(asdict(Journal(build_id, moves, files, models)))
    write_durably(layout.journal, lambda path: path.write_text(text, encoding="utf-8"))
    return finish(layout)


def finish(layout: Layout) -> list[str]:
    """End what a journal says, if there is one; the former files that went. Only under the lock.

    WarehouseError when it is not one that this program wrote.
    """
    journal = _read_journal(layout)
    if journal is None:
        return []
    _write_state(layout, journal.build_id, "publishing")
    for source, target in journal.moves:
        if (layout.data / source).exists():  # else it was renamed before the kill
            (layout.data / target).parent.mkdir(parents=True, exist_ok=True)
            (layout.data / source).replace(layout.data / target)
    former = read_record(layout)
    gone = _remove_former(layout, journal, former)
    for directory in {(layout.data / target).parent for _, target in journal.moves}:
        sync_directory(directory)
    stay = {m: files for m, files in former.models.items() if m in journal.models}
    new = {m: record_files(layout, w.key, w.paths) for m, w in journal.files.items()}
    write_record(layout, ExportRecord(stay | new))
    _write_state(layout, journal.build_id, "complete")
    layout.journal.unlink()
    sync_directory(layout.work)
    return gone


def unfinished(layout: Layout) -> str:
    """The build that was stopped while it published; empty when none was, or it still publishes."""
    try:
        build_id = str(json.loads(layout.journal.read_text(encoding="utf-8"))["build_id"])
        with layout.lock.open("a", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError):
        return ""
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"
    return build_id


def _remove_former(layout: Layout, journal: Journal, record: ExportRecord) -> list[str]:
    """Remove published files that no model has any more, unless somebody changed them since."""
    gone = []
    for model, former in record.models.items():
        if model in journal.models and model not in journal.files:
            continue  # not written this time: they stay
        now = journal.files[model].paths if model in journal.files else ()
        for path in former.facts.keys() - {*now, *record.changed(layout, model)}:
            (layout.data / path).unlink()
            with contextlib.suppress(OSError):  # others' files are there, too
                (layout.data / path).parent.rmdir()
            gone.append(path)
    return sorted(gone)


def _write_state(layout: Layout, build_id: str, status: str) -> None:
    """Tell readers of the files, in a file of their directory, which build they are of."""
    finished = layout.work / STATE  # here a kill leaves no half file beside the exports
    finished.write_text(json.dumps({"build_id": build_id, "status": status}) + "\n", "utf-8")
    sync(finished)
    layout.master.mkdir(parents=True, exist_ok=True)
    finished.replace(layout.master / STATE)
    sync_directory(layout.master)


def _read_journal(layout: Layout) -> Journal | None:
    try:
        found = json.loads(layout.journal.read_text(encoding="utf-8"))
        moves = [(_inside(source), _inside(target)) for source, target in found["moves"]]
        files = {
            str(model): Written(str(one["key"]), [_inside(path) for path in one["paths"]])
            for model, one in found["files"].items()
        }
        return Journal(str(found["build_id"]), moves, files, [str(m) for m in found["models"]])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(
            f'"{layout.journal}" cannot be read: {error}',
            f"remove it, then write all files anew: rm {shlex.quote(str(layout.journal))} && python cli.py build --full",
        ) from None


def _inside(path: object) -> str:
    """A relative path that stays inside the data directory."""
    pure = PurePosixPath(str(path))
    if not pure.parts or ".." in pure.parts or pure.is_absolute():
        raise ValueError(f'"{path}" is outside of the data directory')
    return str(path)


def _relative(layout: Layout, path: Path) -> str:
    return os.path.relpath(path, layout.data)
