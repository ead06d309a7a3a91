"""Where a file that a user asks for may go: never in the place of what is not such a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.layout import Layout
from warehouse.settings_file import FILE_NAME

_ANOTHER = "name another file, outside of the data directory"


def assert_free(data: Path, output: Path, endings: Collection[str]) -> None:
    """UsageError when a file written to `output` would take the place of something else.

    Inside the data directory nothing is written into the program's own directories or over a
    file, a former page (.html) aside. Elsewhere a file may be replaced when its ending is one of
    `endings`, of the format that is written: it is taken for a former output.
    """
    if output.exists() and not output.is_file():
        raise UsageError(f'"{output}" is no file', "-o FILE; without it the rows go to stdout")
    # The name itself is what a rename replaces, also where it is a link.
    place = output.parent.resolve() / output.name
    if place.is_relative_to(data.resolve()):
        _assert_free_inside(Layout(data.resolve()), output, place)
    elif output.exists() and output.suffix not in endings:
        told = " or ".join(f'"{ending}"' for ending in endings)
        raise UsageError(
            f'"{output}" exists already and does not end in {told}: it may be something else',
            "name another file, or remove it first",
        )


def _assert_free_inside(layout: Layout, output: Path, place: Path) -> None:
    inside = place.relative_to(layout.data)
    if len(inside.parts) > 1 and (layout.data / inside.parts[0]) in _rooms(layout):
        raise UsageError(
            f'"{output}": "{layout.data / inside.parts[0]}" holds the warehouse\'s own files',
            _ANOTHER,
        )
    own = place in (layout.warehouse, layout.data / FILE_NAME) or place.name.startswith(
        f"{layout.warehouse.name}."
    )
    if own or (output.exists() and output.suffix != ".html"):
        raise UsageError(f'"{output}" is a file of the data directory', _ANOTHER)


def _rooms(layout: Layout) -> tuple[Path, ...]:
    return (
        layout.data / "raw",
        layout.master,
        layout.vectors,
        layout.projections,
        layout.history,
        layout.work,
    )
