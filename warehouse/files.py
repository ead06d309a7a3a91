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


def write_durably(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, then put it there by one rename, once it is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    write(temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(path)
