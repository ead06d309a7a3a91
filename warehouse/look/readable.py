"""What SQL on a published warehouse may read beside the file itself."""

from __future__ import annotations

from pathlib import Path

from warehouse.database import open_read_only, run
from warehouse.layout import Layout


def readable(layout: Layout) -> list[Path]:
    """The directories that the views of a published warehouse read: vectors, and members' files."""
    places = [layout.vectors]
    if layout.members.is_dir():  # a collection
        with open_read_only(layout.warehouse, unsafe=True) as connection:
            found = run(connection, "SELECT directory FROM collection.members")
        places += [layout.members, *(Path(directory) / "master" for (directory,) in found)]
    return places
