"""What people see. stdout is data; this module alone writes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from warehouse.errors import WarehouseError
from warehouse.terminal.program import as_called
from warehouse.terminal.table import FittedTable
from warehouse.text import visible

# Piped, a table is as wide as it needs to be; in a terminal it fits.
WIDE = None if sys.stdout.isatty() else 100_000
OUT = Console(highlight=False, width=WIDE)
ERR = Console(stderr=True, highlight=False)


def talk(text: str) -> None:
    """One line to stderr."""
    ERR.print(harmless(as_called(text)), soft_wrap=True)


def error(problem: WarehouseError) -> None:
    """The message and the hint of an error, to stderr."""
    ERR.print(f"[bold red]error[/]: {harmless(as_called(problem.message))}", soft_wrap=True)
    if problem.hint:
        ERR.print(f"[bold]hint[/]: {harmless(as_called(problem.hint))}", soft_wrap=True)


def harmless(text: str) -> str:
    """Markup of a text of several lines that may hold names and texts of files."""
    return "\n".join(escape(visible(line)) for line in text.split("\n"))


def make_table(*names: str, numbers: Sequence[int] | None = None) -> FittedTable:
    """A table of the columns `names`; `numbers`: places set to the right, else all but the first."""
    right = range(1, len(names)) if numbers is None else numbers
    return FittedTable(names, frozenset(right))
