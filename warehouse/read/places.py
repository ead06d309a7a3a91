"""Where files lie, and in which order they are met: for those who look at directories."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A file of a directory and what it feeds; an `input` of '' is left alone, and `note` says why."""

    path: Path
    input: str
    source: str = ""
    method: str = ""
    note: str = ""


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{n}"' for n in names)


def is_companion(name: str) -> bool:
    """Whether macOS wrote the file beside the one of that name, on disks that hold no attributes."""
    return name.startswith("._")


def walk(directory: Path) -> Iterator[Path]:
    """Every file below, in path order of directories, without companions."""
    for place, directories, names in os.walk(directory):
        directories.sort()
        yield from (Path(place, name) for name in sorted(names) if not is_companion(name))


def subdirectories(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.is_dir()) if directory.is_dir() else []


def entries(directory: Path) -> list[Path]:
    """What lies in a directory, in name order, without companions; nothing where it is none."""
    found = directory.iterdir() if directory.is_dir() else ()
    return sorted(p for p in found if not is_companion(p.name))
