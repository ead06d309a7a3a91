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
    """Let `write` make a file beside `path`, then put it there by one rename.

    UsageError with `hint` when that cannot be.
    """
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f'"{path}" cannot be written: {error.strerror}', hint) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_durably(path: Path, write: Callable[[Path], object], alone: bool = True) -> None:
    """Let `write` make a file beside `path`, then put it there by one rename, once it is on disk.

    Not `alone`: other processes may write the same file now, and none disturbs another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    own = "" if alone else f"{secrets.token_hex(4)}."
    temporary = path.with_name(f".{own}{path.name}.tmp")
    write(temporary)
    sync(temporary)
    temporary.replace(path)
    sync_directory(path.parent)


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
