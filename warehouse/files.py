"""A file that a user asked for: it appears whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from warehouse.errors import UsageError


def whole(
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
