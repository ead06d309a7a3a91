"""A build's events as they come: a line per node, bars of what is left, or JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from rich.markup import escape

from warehouse.run.events import Event, Whole
from warehouse.terminal.console import ERR, as_called, harmless, talk
from warehouse.terminal.values import format_count
from warehouse.text import duration

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


_QUIET = 30.0  # seconds between two lines of progress where no bar can be drawn


@contextlib.contextmanager
def progress(json_log: bool, verbose: bool) -> Iterator[Callable[[Event], None]]:
    """A receiver of build events: one line per node over bars for what is left, or JSON lines."""
    if json_log:
        yield _json_event
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[left]}", table_column=Column(no_wrap=True)),
    )
    bars = Progress(*columns, console=ERR, transient=True, expand=True)
    with bars if ERR.is_terminal else contextlib.nullcontext():
        yield _Shown(bars, verbose).show


@dataclass
class _Shown:
    """What is on the screen: lines, and below them a bar of the node that tells how far it is, and
    one of the build. Where no bar can be drawn a line is printed now and then."""

    bars: Progress
    verbose: bool
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _told: float = 0.0
    _announced: set[str] = field(default_factory=set)

    def show(self, event: Event) -> None:
        if event.kind == "progress":
            self._progress(event)
        elif event.node in self._tasks:
            self.bars.remove_task(self._tasks.pop(event.node))
        if line := _line(event, self.verbose):
            ERR.print(line, soft_wrap=True)
        if event.whole:
            self._draw("build", event.whole.done, event.whole.total, _left(event.whole))
        self._talk(event)

    def _progress(self, event: Event) -> None:
        left = f"{duration(event.left)} left" if event.left else ""
        if event.left and event.node not in self._announced:  # the first chunk is done
            self._announced.add(event.node)
            seconds = event.seconds + event.left
            rate = format(event.total / seconds, ",.0f" if event.total > 10 * seconds else ",.2g")
            talk(f"  {event.node}: {event.total:,} {event.text}, about {duration(seconds)} at {rate}/s")  # fmt: skip
            self._told = time.monotonic()
        self._draw(event.node, event.done, event.total, left)

    def _draw(self, name: str, done: int, total: int, left: str) -> None:
        if name not in self._tasks:
            if "build" in self._tasks:  # the build's bar is the last
                self.bars.remove_task(self._tasks.pop("build"))
            self._tasks[name] = self.bars.add_task(name, total=total, left=left)
        self.bars.update(self._tasks[name], completed=done, total=total, left=left)

    def _talk(self, event: Event) -> None:
        """Where no bar is drawn: how far the node and the build are, a line now and then."""
        now = time.monotonic()
        if ERR.is_terminal or not event.whole or now - self._told < _QUIET:
            return
        if self._told:  # the first lines tell enough
            whole = event.whole
            parts = [f"{whole.done} of {whole.total} steps", _left(whole)]
            if event.kind == "progress":
                parts.insert(0, f"{event.node}: {event.done:,} of {event.total:,} {event.text}")
            talk("  " + ", ".join(part for part in parts if part))
        self._told = now


def _left(whole: Whole) -> str:
    """The time that is left, as far as it is known."""
    if whole.left is None:
        return ""
    return f"{'about' if whole.complete else 'at least'} {duration(whole.left)} left"


def _line(event: Event, verbose: bool) -> str:
    if event.kind == "done":
        rows = (
            "ok"
            if event.text and event.node.startswith("audits.") and not event.rows
            else f"{format_count(event.rows)} rows"
            if event.rows is not None
            else ""
        )
        if (
            event.node.startswith("audits.")
            and not verbose
            and not event.rows
            and event.seconds < 1
        ):
            return ""
        why = f"  [dim]{escape(event.text)}[/]" if verbose else ""
        return f"[green]✓[/] {event.node:<40} {rows:>18} {event.seconds:7.2f} s{why}"
    if event.kind == "same":
        return f"[dim]= {event.node}[/]" if verbose else ""
    if event.kind == "export":
        return f"[green]✓[/] {event.node:<40} {event.rows:>13,} rows {event.seconds:7.2f} s"
    if event.kind == "note":
        return harmless(as_called(event.text))
    if event.kind == "removed":
        return f"[yellow]−[/] {escape(event.node)} is removed: {event.text}"
    return ""


def _json_event(event: Event) -> None:
    sys.stderr.write(json.dumps(asdict(event), ensure_ascii=False) + "\n")
    sys.stderr.flush()
