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


def walk(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        directories.sort()
        yield from (Path(place, name) for name in sorted(names))


def subdirectories(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.is_dir()) if directory.is_dir() else []


def entries(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir()) if directory.is_dir() else []
