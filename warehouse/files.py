"""Files that appear whole or not at all: those that a user asked for, and those of the stores."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from warehouse.errors import UsageError


def write_atomically(
    path: Path,
    write: Callable[[Path], object],
    hint: str = "name a file in a directory that exists",
) -> None:
    """Write a file that a user asks for: whole or not at all. UsageError with `hint` when that cannot be."""
    try:
        _put(path, write, alone=False)
    except OSError as error:
        raise UsageError(f'"{path}" cannot be written: {error.strerror}', hint) from None


def write_durably(path: Path, write: Callable[[Path], object], alone: bool = True) -> None:
    """Write a file of a store, whose directory is made, too: whole or not at all.

    Not `alone`: other processes may write the same file now, and none disturbs another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _put(path, write, alone)


def _put(path: Path, write: Callable[[Path], object], alone: bool) -> None:
    """Let `write` make a file beside `path`, then put it there by one rename, once it is on disk."""
    mark = "" if alone else f".{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.name[:200]}{mark}.tmp")
    try:
        write(temporary)
        sync(temporary)
        temporary.replace(path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file's content to the disk: a power cut after this leaves it whole."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_directory(path: Path) -> None:
    """Bring the names in a directory to the disk: a power cut after this undoes no rename in it."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
