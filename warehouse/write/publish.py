"""Finished files to their places, each by one rename."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from warehouse.write.targets import MASTER, Exported, sidecar


def publish(written: Iterable[Exported], master: Path, home: Path) -> list[Exported]:
    """Move finished files to their places: those of `master/` into `master`, all others below `home`.

    Of a model that has no file now, the file of before goes.
    """
    published = []
    for export in written:
        path = destination(export.place, master, home)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not export.path.exists():
            path.unlink(missing_ok=True)
            sidecar(path).unlink(missing_ok=True)
            continue
        if sidecar(export.path).exists():
            sidecar(export.path).replace(sidecar(path))
        export.path.replace(path)
        published.append(replace(export, path=path))
    return published


def destination(place: str, master: Path, home: Path) -> Path:
    """Where a file goes whose place in a data directory is `place`."""
    first, *rest = PurePosixPath(place).parts
    return master.joinpath(*rest) if first == MASTER else home / place
