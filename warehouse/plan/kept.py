"""Results of earlier builds, kept for `diff` within a bound.

When a build publishes, the file it replaces gets a second name under `DIR/.history` (a hard link:
nothing is copied). `history.keep` and `history.max_gb` say how many stay.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from warehouse.files import write_durably
from warehouse.layout import Layout
from warehouse.settings import Settings

GB = 1e9


@dataclass(frozen=True)
class Kept:
    """The results of an earlier build."""

    build_id: str
    path: Path
    bytes: int


def keep_published(layout: Layout, build_id: str, settings: Settings) -> None:
    """Give the published file, about to be replaced, a second name. Before the rename, always."""
    if not build_id or not settings["history.keep"]:
        return
    if layout.warehouse.stat().st_size > float(settings["history.max_gb"]) * GB:
        return
    layout.history.mkdir(exist_ok=True)
    path = layout.history / f"{build_id}.duckdb"
    if path.exists():  # of a build that was killed between this and its rename
        return
    try:
        os.link(layout.warehouse, path)
    except OSError:  # a file system without hard links
        write_durably(path, lambda temporary: shutil.copy2(layout.warehouse, temporary))


def prune(layout: Layout, published: str, settings: Settings) -> None:
    """Remove what is over the bounds, oldest first. The last thing a build does."""
    for left in layout.history.glob(".*.tmp"):
        left.unlink()
    total = 0
    for count, item in enumerate(reversed(kept_builds(layout)), 1):
        total += item.bytes
        if count > int(settings["history.keep"]) or total > float(settings["history.max_gb"]) * GB:
            item.path.unlink()
    if published:  # a second name of the published file, from a build that was killed
        (layout.history / f"{published}.duckdb").unlink(missing_ok=True)


def kept_builds(layout: Layout) -> list[Kept]:
    """What is kept, oldest first. The published file under a second name is not counted."""
    found = []
    for path in layout.history.glob("[!.]*.duckdb"):
        if not (layout.warehouse.exists() and path.samefile(layout.warehouse)):
            found.append((path.stem[:15], path.stat().st_mtime_ns, path))
    return [Kept(path.stem, path, path.stat().st_size) for *_, path in sorted(found)]
