"""Tables that fit where they are shown: short columns keep their width, texts shrink."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

_GAP = 2
# A column of at most so many characters keeps them all; a longer one shrinks, but never below.
_SHORT, _LEAST = 24, 16


@dataclass
class FittedTable:
    """A table whose columns are chosen by the width at hand, first ones first.

    `right`: the places of the columns that are set to the right. `fold`: texts go on in further
    lines, else they are cut. `rest` says where the columns are that did not fit. Cells are markup.
    """

    names: Sequence[str]
    right: frozenset[int] = frozenset()
    fold: bool = True
    rest: str = "a wider terminal or a pipe shows all"
    show_header: bool = True
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        self.rows.append(cells)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        heads = [Text(name) if self.show_header else Text() for name in self.names]
        rows = [[Text.from_markup(cell) for cell in row] for row in self.rows]
        naturals = [
            max((text.cell_len for row in rows for text in row[place : place + 1]), default=0)
            for place in range(len(heads))
        ]
        widths = fit([head.plain for head in heads], naturals, options.max_width)
        table = Table(
            box=None,
            pad_edge=False,
            header_style="bold",
            show_edge=False,
            show_header=self.show_header,
        )
        for place, width in enumerate(widths):
            table.add_column(
                Text("\n".join(head_lines(heads[place].plain, width))),
                justify="right" if place in self.right else "left",
                width=width,
                no_wrap=not self.fold,
                overflow="fold" if self.fold else "ellipsis",
            )
        for row in rows:
            table.add_row(*row[: len(widths)])
        yield table
        if len(widths) < len(heads):
            yield Text(f"{len(widths)} of {len(heads)} columns; {self.rest}")


def fit(heads: Sequence[str], cells: Sequence[int], room: int) -> list[int]:
    """The widths of as many first columns as fit into `room` characters, of one at least.

    `cells`: the width of each column's longest cell. A short column gets all of it, a text what
    is left, evenly; a name that is longer than its cells may go on in a second line.

    >>> fit(["feature_id", "explanation_text"], [2, 90], 60)
    [10, 48]
    >>> fit(["feature_id", "a", "explanation_text"], [2, 18, 90], 30)
    [8, 18]
    """
    lows = [
        max(longest_piece(head), cell if cell <= _SHORT else _LEAST, 1)
        for head, cell in zip(heads, cells, strict=True)
    ]
    wishes = [max(cell_len(head), cell, 1) for head, cell in zip(heads, cells, strict=True)]
    shown, taken = 0, 0
    while shown < len(lows) and (not shown or taken + _GAP + lows[shown] <= room):
        taken += lows[shown] + (_GAP if shown else 0)
        shown += 1
    lows, wishes = lows[:shown], wishes[:shown]
    room -= _GAP * (shown - 1)
    if lows[0] > room:
        return [max(room, 1)]
    level = max(
        (w for w in range(1, max(wishes) + 1) if sum(_between(w, lows, wishes)) <= room), default=1
    )
    widths = _between(level, lows, wishes)
    for place in range(shown):  # what is left of an even division
        if widths[place] < wishes[place] and sum(widths) < room:
            widths[place] += 1
    return widths


def _between(level: int, lows: Sequence[int], wishes: Sequence[int]) -> list[int]:
    return [min(max(level, low), wish) for low, wish in zip(lows, wishes, strict=True)]


def _pieces(head: str) -> list[str]:
    """Where a column's name may go on in the next line: after "_", "." and a space."""
    return re.findall(r"[^_. ]*[_. ]|[^_. ]+$", head) or [head]


def longest_piece(head: str) -> int:
    return max(cell_len(piece.rstrip()) for piece in _pieces(head))


def head_lines(head: str, width: int) -> list[str]:
    """A column's name in lines of at most `width` characters, where it can be parted so.

    >>> head_lines("activation_semantic_sim", 12)
    ['activation_', 'semantic_sim']
    """
    lines = [""]
    for piece in _pieces(head):
        if lines[-1] and cell_len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]
