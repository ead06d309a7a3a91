"""A build's events as they come: a line per node with a bar for embedding, or JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator

from rich.markup import escape

from warehouse.run.events import Event
from warehouse.terminal.console import ERR, as_called, harmless, talk
from warehouse.terminal.values import format_count


@contextlib.contextmanager
def progress(json_log: bool, verbose: bool) -> Iterator[Callable[[Event], None]]:
    """A receiver of build events: one line per node with a bar for embedding, or JSON lines."""
    if json_log:
        yield _json_event
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERR, transient=True) as bars:
        tasks: dict[str, int] = {}

        def show(event: Event) -> None:
            if event.kind == "progress":
                if event.node not in tasks:
                    tasks[event.node] = bars.add_task(event.node, total=event.total, rate="")
                task = tasks[event.node]
                bars.update(task, completed=event.done)
                speed = bars.tasks[bars.task_ids.index(task)].speed
                bars.update(task, rate=f"{speed:,.0f}/s" if speed else "")
                if not ERR.is_terminal:
                    talk(f"  {event.node}: {event.done:,} of {event.total:,} {event.text}")
                return
            if event.node in tasks:
                bars.remove_task(tasks.pop(event.node))
            line = _line(event, verbose)
            if line:
                bars.console.print(line, soft_wrap=True)

        yield show


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
    sys.stderr.write(json.dumps(vars(event), ensure_ascii=False) + "\n")
    sys.stderr.flush()
