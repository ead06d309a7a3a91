"""Hints that run as they are pasted: the program as it was called, the data directory in force."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

# How messages name the program; what is shown names it as it was called.
NAME = "python cli.py"
DATA = "warehouse.data"  # where a command's context keeps a directory that was named by --data
_CALL = re.compile(
    rf"{re.escape(NAME)}(?P<data> --data (?:'[^']*'|\S)+)?(?: (?P<command>[a-z][a-z-]*))?"
)
_WITHOUT_DATA = ("init", "sample")


def program() -> str:
    """The command that started this process, without its arguments; NAME in a library's hands.

    "python cli.py", ".venv/bin/python cli.py", "python -m warehouse", "sae-warehouse".
    """
    path = Path(sys.argv[0])
    if path.name == "sae-warehouse":
        found = shutil.which(path.name)
        return path.name if found and Path(found).samefile(path) else shlex.quote(str(path))
    if path.name != "cli.py" and (path.name, path.parent.name) != ("__main__.py", "warehouse"):
        return NAME
    return shlex.join(sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1])


@contextlib.contextmanager
def naming(data: Path) -> Iterator[None]:
    """Commands that are shown meanwhile name this data directory."""
    context = click.get_current_context()
    before = context.meta.get(DATA)
    context.meta[DATA] = data
    try:
        yield
    finally:
        context.meta[DATA] = before


def as_called(text: str) -> str:
    """`text` with each command of this program as a user has to type it here and now."""
    context = click.get_current_context(silent=True)
    data = context.meta.get(DATA) if context else None

    def call(match: re.Match[str]) -> str:
        given, command = match["data"] or "", match["command"]
        if data is not None and command and not given and command not in _WITHOUT_DATA:
            given = f" --data {shlex.quote(str(data))}"
        return program() + (f" {command}" if command else "") + given

    return _CALL.sub(call, text)
