"""What can go wrong, in words a user can act on: a message, a hint, an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """Process exit codes of `cli.py`."""

    OK = 0
    FAILED = 1  # the work failed: a build, an audit, a query, an input
    USAGE = 2  # wrong use: arguments, settings, a missing data directory
    INTERRUPTED = 130  # Ctrl-C, as shells report it


class WarehouseError(Exception):
    """The work failed. `message` says what and which object, `hint` what to type."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:  # a traceback shows it too
            self.add_note(f"hint: {hint}")


class UsageError(WarehouseError):
    """The command, a setting or the data directory is not usable as given."""

    exit_code = ExitCode.USAGE


class DamagedError(WarehouseError):
    """Files of the program's own were damaged and are set aside: what was made of them is made anew."""

    def __init__(self, aside: Sequence[Path]) -> None:
        self.aside = aside
        names = ", ".join(f'"{path}"' for path in aside)
        super().__init__(f"damaged, and set aside: {names}", "build again")


def nearest(name: str, known: list[str]) -> str:
    """The known name closest in spelling to `name`, or '' when none is close.

    >>> nearest("matching.treshold", ["matching.threshold", "threads"])
    'matching.threshold'
    """
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.6)), "")


def first_line(error: Exception) -> str:
    """What an error says on its first line, or its type where it says nothing."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
