"""What people see. stdout is data; this module alone writes to stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse import plan as plans
from warehouse.build import Event, Report
from warehouse.catalog import run
from warehouse.database import open_read_only
from warehouse.errors import WarehouseError
from warehouse.export import Exported
from warehouse.layout import Layout
from warehouse.models import Model
from warehouse.settings import Settings

_OUT = Console(highlight=False)
_ERR = Console(stderr=True, highlight=False)


def talk(text: str) -> None:
    """One line to stderr."""
    _ERR.print(escape(text), soft_wrap=True)


def error(problem: WarehouseError) -> None:
    """The message and the hint of an error, to stderr."""
    _ERR.print(f"[bold red]error[/]: {escape(problem.message)}", soft_wrap=True)
    if problem.hint:
        _ERR.print(f"[bold]hint[/]: {escape(problem.hint)}", soft_wrap=True)


@contextlib.contextmanager
def progress(json_log: bool, verbose: bool) -> Iterator[Callable[[Event], None]]:
    """A receiver of build events: a line a node with a bar for embedding, or JSON lines."""
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
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=_ERR, transient=True) as bars:
        tasks: dict[str, int] = {}

        def show(event: Event) -> None:
            if event.kind == "progress":
                if event.node not in tasks:
                    tasks[event.node] = bars.add_task(event.node, total=event.total, rate="")
                task = tasks[event.node]
                bars.update(task, completed=event.done)
                speed = bars.tasks[bars.task_ids.index(task)].speed
                bars.update(task, rate=f"{speed:,.0f}/s" if speed else "")
                if not _ERR.is_terminal:
                    talk(f"  {event.node}: {event.done:,} of {event.total:,} texts")
                return
            if event.node in tasks:
                bars.remove_task(tasks.pop(event.node))
            line = _line(event, verbose)
            if line:
                bars.console.print(line, soft_wrap=True)

        yield show


def build_report(settings: Settings, report: Report) -> None:
    """The summary at a build's end: inputs with what became of their records, files, time."""
    layout = Layout(settings.data)
    if not report.published:
        _OUT.print(
            f"nothing to do: {layout.warehouse} is up to date ({report.seconds:.1f} s)",
            soft_wrap=True,
        )
        return
    with open_read_only(layout.warehouse, layout.vectors) as connection:
        inputs = run(
            connection,
            """SELECT input, count(*), sum(bytes), sum(records), sum(records - quarantined - outside_scope),
                sum(quarantined), sum(outside_scope), string_agg(DISTINCT nullif(status, 'read'), ', ')
            FROM staging.files GROUP BY input ORDER BY input""",
        )
        reasons = run(
            connection,
            """SELECT input, reason, count(*), arg_min(file, (file, line)), min((file, line))[2]
            FROM quarantine.records GROUP BY input, reason ORDER BY input, count(*) DESC, reason LIMIT 30""",
        )
    table = _table("input", "files", "bytes", "records", "kept", "quarantined", "outside scope")
    for name, files, size, records, kept, quarantined, outside, status in inputs:
        table.add_row(
            name + (f" ({status})" if status else ""),
            f"{files:,}", _size(size), f"{records:,}", f"{kept:,}", f"{quarantined:,}", f"{outside:,}",
        )  # fmt: skip
    _OUT.print(table)
    if reasons:
        table = _table("quarantined from", "reason", "records", "first", numbers=(2,))
        for name, reason, count, file, line in reasons:
            table.add_row(name, escape(reason), f"{count:,}", escape(f"{file}:{line or 1}"))
        _OUT.print(table)
    if report.exports:
        exports(report.exports)
    embedded = sum(report.embedded.values())
    _OUT.print(
        f"build {report.build_id}: {len(report.ran)} steps, {embedded:,} texts embedded, "
        f"{report.seconds:.1f} s → {layout.warehouse}",
        soft_wrap=True,
    )
    slowest = sorted(report.ran.items(), key=lambda item: -item[1])[:5]
    _OUT.print("slowest: " + ", ".join(f"{n} {s:.1f} s" for n, s in slowest), soft_wrap=True)


def exports(written: Sequence[Exported]) -> None:
    """The files that were written."""
    table = _table("file", "rows", "bytes")
    for item in written:
        table.add_row(escape(str(item.path)), f"{item.rows:,}", _size(item.bytes))
    _OUT.print(table)


def plan(made: plans.Plan, exported: Sequence[str]) -> None:
    """The steps that would run, why, and what would be skipped."""
    skipped = [s for s in made.steps if s.action == plans.SKIP]
    todo = [s for s in made.steps if s.action != plans.SKIP]
    if todo:
        table = _table("node", "action", "why", numbers=())
        for step in todo:
            table.add_row(
                step.node,
                "run" if step.action == plans.RUN else "run if changed",
                escape(step.reason),
            )
        _OUT.print(table)
    for name in exported:
        _OUT.print(f"export {name}.parquet")
    if not todo and not exported:
        _OUT.print("nothing to do")
    _OUT.print(
        f"{len(todo)} of {len(made.steps)} nodes may run, {len(skipped)} are skipped",
        soft_wrap=True,
    )


def models(known: Mapping[str, Model]) -> None:
    """All models as a table."""
    table = _table("model", "version", "kind", "description", numbers=(1,))
    for model in known.values():
        kind = (
            "macro"
            if model.schema == "macros"
            else "audit"
            if model.schema == "audits"
            else model.kind
        )
        table.add_row(model.name, str(model.version), kind, escape(model.description))
    _OUT.print(table)


def result(names: Sequence[str], rows: Sequence[Sequence[object]], stream: TextIO) -> None:
    """A query's rows as a table, to stdout or a file."""
    out = Console(highlight=False, file=stream)
    table = _table(*map(escape, names), numbers=())
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    out.print(table)
    out.print(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def _cell(value: object) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _table(*names: str, numbers: Sequence[int] | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for place, name in enumerate(names):
        right = place > 0 if numbers is None else place in numbers
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def _line(event: Event, verbose: bool) -> str:
    if event.kind == "done":
        rows = (
            "ok"
            if event.text and event.node.startswith("audits.") and not event.rows
            else f"{event.rows:,} rows"
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
    if event.kind == "warning":
        return f"[yellow]warning[/]: {escape(event.text)}"
    if event.kind == "export":
        return f"[green]✓[/] {event.node:<40} {event.rows:>13,} rows {event.seconds:7.2f} s"
    return ""


def _json_event(event: Event) -> None:
    sys.stderr.write(json.dumps(vars(event), ensure_ascii=False) + "\n")
    sys.stderr.flush()


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.2f} GB"
