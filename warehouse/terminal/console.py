"""What people see. stdout is data; this module alone writes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.errors import WarehouseError
from warehouse.text import visible

# Piped, a table is as wide as it needs to be; in a terminal it folds.
WIDE = None if sys.stdout.isatty() else 100_000
OUT = Console(highlight=False, width=WIDE)
ERR = Console(stderr=True, highlight=False)


def talk(text: str) -> None:
    """One line to stderr."""
    ERR.print(harmless(text), soft_wrap=True)


def error(problem: WarehouseError) -> None:
    """The message and the hint of an error, to stderr."""
    ERR.print(f"[bold red]error[/]: {harmless(problem.message)}", soft_wrap=True)
    if problem.hint:
        ERR.print(f"[bold]hint[/]: {harmless(problem.hint)}", soft_wrap=True)


def harmless(text: str) -> str:
    """Markup of a text of several lines that may hold names and texts of files."""
    return "\n".join(escape(visible(line)) for line in text.split("\n"))


def make_table(*names: str, numbers: Sequence[int] | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for place, name in enumerate(names):
        right = place > 0 if numbers is None else place in numbers
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table
