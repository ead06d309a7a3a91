"""What people see. stdout is data; this module alone writes to stderr."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse import calibrate as calibrations
from warehouse import card_terminal
from warehouse import diff as diffs
from warehouse import history as histories
from warehouse import plan as plans
from warehouse.build import Event, Report, standing_warnings
from warehouse.card import Card
from warehouse.catalog import run
from warehouse.database import open_read_only
from warehouse.errors import UsageError, WarehouseError
from warehouse.export import Exported
from warehouse.inventory import Group
from warehouse.layout import Layout
from warehouse.models import Model
from warehouse.settings import Settings
from warehouse.text import visible

_REASONS_SHOWN = 30
_CARD_WIDTH = 120

# What a model makes by its schema, where it is not what its header says.
_KINDS = {
    "macros": "macro",
    "audits": "audit",
    "calibration": "query",
    "cards": "query",
    "report": "query",
}

# Piped, a table is as wide as it needs to be; in a terminal it folds.
_WIDE = None if sys.stdout.isatty() else 100_000
_OUT = Console(highlight=False, width=_WIDE)
_ERR = Console(stderr=True, highlight=False)


def talk(text: str) -> None:
    """One line to stderr."""
    _ERR.print(_harmless(text), soft_wrap=True)


def error(problem: WarehouseError) -> None:
    """The message and the hint of an error, to stderr."""
    _ERR.print(f"[bold red]error[/]: {_harmless(problem.message)}", soft_wrap=True)
    if problem.hint:
        _ERR.print(f"[bold]hint[/]: {_harmless(problem.hint)}", soft_wrap=True)


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
                    talk(f"  {event.node}: {event.done:,} of {event.total:,} {event.text}")
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
    for warning in standing_warnings(layout, settings):
        _ERR.print(f"[yellow]warning[/]: {_harmless(warning)}", soft_wrap=True)
    if not report.published:
        _OUT.print(
            f"nothing to do: {layout.warehouse} is up to date ({report.seconds:.1f} s)",
            soft_wrap=True,
        )
        return
    _ledger(layout)
    if report.exports:
        exports(report.exports)
    embedded = sum(report.embedded.values())
    _OUT.print(
        f"build {report.build_id}: {len(report.ran)} steps, {embedded:,} texts embedded, "
        f"{report.seconds:.1f} s → {layout.warehouse}",
        soft_wrap=True,
    )
    slowest = [(n, s) for n, s in sorted(report.ran.items(), key=lambda i: -i[1])[:5] if s >= 0.1]
    if slowest:
        _OUT.print("slowest: " + ", ".join(f"{n} {s:.1f} s" for n, s in slowest), soft_wrap=True)
    if histories.kept(layout):
        _OUT.print(_kept_line(layout, settings), soft_wrap=True)


def _ledger(layout: Layout) -> None:
    """Each input's records and what became of them, and why some are in quarantine."""
    with open_read_only(layout.warehouse, layout.vectors) as connection:
        if not run(connection, "SELECT 1 FROM _warehouse.nodes WHERE node = 'staging.files'"):
            return  # so after some --select
        inputs = run(
            connection,
            """SELECT input, count(*), sum(bytes), sum(records), sum(records - quarantined - outside_scope - merged),
                sum(merged), sum(quarantined), sum(outside_scope), string_agg(DISTINCT nullif(status, 'read'), ', ')
            FROM staging.files GROUP BY input ORDER BY input""",
        )
        reasons = run(
            connection,
            """SELECT input, reason, count(*), arg_min(file, (file, line)), min((file, line))[2]
            FROM quarantine.records GROUP BY input, reason ORDER BY input, count(*) DESC, reason""",
        )
    table = _table("input", "files", "bytes", "records", "kept", "merged", "quarantined", "outside scope")
    for name, files, size, records, kept, merged, quarantined, outside, status in inputs:
        table.add_row(
            name + (f" ({status})" if status else ""),
            f"{files:,}", _size(size), f"{records:,}", f"{kept:,}", f"{merged:,}", f"{quarantined:,}", f"{outside:,}",
        )  # fmt: skip
    _OUT.print(table)
    if reasons:
        table = _table("quarantined from", "reason", "records", "first", numbers=(2,))
        for name, reason, count, file, line in reasons[:_REASONS_SHOWN]:
            place = escape(visible(f"{file}:{line or 1}"))
            table.add_row(name, escape(visible(reason)), f"{count:,}", place)
        _OUT.print(table)
    if len(reasons) > _REASONS_SHOWN:
        _OUT.print(f"{len(reasons) - _REASONS_SHOWN} more reasons: from quarantine.records")


def sources(groups: Sequence[Group]) -> None:
    """The raw files by input and directory, and what is not read."""
    read = [g for g in groups if g.state not in ("not read", "unreadable")]
    table = _table("input", "directory", "files", "bytes", "spelling", "records", "kept", "quarantined", "state", numbers=(2, 3, 5, 6, 7))  # fmt: skip
    for g in read:
        counts = ("" if n is None else f"{n:,}" for n in (g.records, g.kept, g.quarantined))
        table.add_row(g.input, escape(g.place), f"{g.files:,}", _size(g.bytes), g.dialect, *counts, g.state)  # fmt: skip
    _OUT.print(table)
    rest = [g for g in groups if g not in read]
    if rest:
        table = _table("not read", "files", "bytes", "why", numbers=(1, 2))
        for g in rest:
            place = g.names[0] if g.files == 1 else f"{g.place}/"
            table.add_row(escape(place), f"{g.files:,}", _size(g.bytes), escape(g.note))
        _OUT.print(table)
    if any(g.state in ("new", "changed") for g in read):
        talk("files that are new or changed wait for a build: python cli.py build")


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
        _OUT.print(f"export {name}")
    if not todo and not exported:
        _OUT.print("nothing to do")
    _OUT.print(
        f"{len(todo)} of {len(made.steps)} nodes may run, {len(skipped)} are skipped",
        soft_wrap=True,
    )


def comparison(settings: Settings) -> None:
    """Per pair of embedding models how their figures differ, from analysis.model_comparison."""
    layout = Layout(settings.data)
    with open_read_only(layout.warehouse, layout.vectors) as connection:
        rows = run(
            connection,
            """SELECT model, other_model, measure, compared, rank_correlation, mean_difference, changed
            FROM analysis.model_comparison ORDER BY model, other_model, measure""",
        )
    if not rows:
        raise UsageError(
            "the warehouse holds one embedding model",
            'name another and build: embedding.beside = ["/path/to/model"] in warehouse.toml',
        )
    table = _table("model", "other model", "measure", "compared", "rank correlation", "mean difference", "changed", numbers=(3, 4, 5, 6))  # fmt: skip
    for model, other, measure, compared, rank, difference, changed in rows:
        numbers = ("" if v is None else f"{v:.3f}" for v in (rank, difference))
        table.add_row(escape(model), escape(other), measure, f"{compared:,}", *numbers, "" if changed is None else f"{changed:,}")  # fmt: skip
    _OUT.print(table)


def calibration(found: calibrations.Calibration) -> None:
    """Each threshold beside its null, and what the calibrated ones would change."""
    rates = calibrations.CHOICES[1:]
    _OUT.print(f"false positives on shuffled data, {escape(found.model)}", soft_wrap=True)
    told = _table(
        "threshold", "null values", "mean", "now", "of the null", "of the real",
        *(word for rate in rates for word in (f"for {rate}", "of the real")),
    )  # fmt: skip
    for null in found.nulls:
        cells = []
        for choice in calibrations.CHOICES:
            threshold = null.choices[choice]
            cells.append("" if threshold.value is None else f"{threshold.value:g}")
            if choice == calibrations.NOW:
                cells.append(_share(threshold.null_share))
            cells.append(_share(threshold.real_share))
        mean = "" if null.null_mean is None else f"{null.null_mean:.3f}"
        told.add_row(null.setting, f"{null.null_values:,}", mean, *cells)
    _OUT.print(told)
    empty = [null.setting for null in found.nulls if not null.null_values]
    if empty:
        _OUT.print(f"nothing to shuffle for {', '.join(empty)}", soft_wrap=True)
    _OUT.print()
    _OUT.print(_changes_of_types(found))
    for choice in rates:
        moved = [
            f"{count:,} {was} → {now}"
            for (place, now, was), count in found.types.items()
            if place == choice and now != was
        ]
        _OUT.print(f"at {choice}: {', '.join(moved) or 'every feature keeps its type'}", soft_wrap=True)  # fmt: skip
    new = max(m.new_features for m in found.matching.values())
    if new:
        _OUT.print("of features whose type changes, phrases are tried for the first time: diff with --set tells what matches", soft_wrap=True)  # fmt: skip


def _changes_of_types(found: calibrations.Calibration) -> Table:
    """Counts by choice: features of each type, aligned groups, phrases tried and matched."""
    table = _table("", *calibrations.CHOICES)
    for kind in ("semantic", "lexical", "both", "none"):
        counts = [
            sum(n for (place, now, _), n in found.types.items() if (place, now) == (choice, kind))
            for choice in calibrations.CHOICES
        ]
        table.add_row(f"features {kind}", *(f"{count:,}" for count in counts))
    rows = {
        "aligned groups": "groups", "phrases in them": "aligned_phrases",
        "phrases tried (now aligned)": "tried", "phrases matched": "matched",
        "features to try for the first time": "new_features",
    }  # fmt: skip
    for title, name in rows.items():
        counts = [getattr(found.matching[choice], name) for choice in calibrations.CHOICES]
        table.add_row(title, *(f"{count:,}" for count in counts))
    return table


def calibrated(path: Path, chosen: Mapping[str, float]) -> None:
    """What was written into the settings file, to stderr."""
    for name, value in chosen.items():
        talk(f"{name} = {value:g}")
    talk(f"written to {path}; next: python cli.py plan")


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def models(known: Mapping[str, Model]) -> None:
    """All models as a table."""
    table = _table("model", "version", "kind", "description", numbers=(1,))
    for model in known.values():
        table.add_row(model.name, str(model.version), kind(model), escape(model.description))
    _OUT.print(table)


def kind(model: Model) -> str:
    """What a model makes: table, view, macro, audit; query: a command's own, no build's."""
    return _KINDS.get(model.schema, model.kind)


def result(names: Sequence[str], rows: Sequence[Sequence[object]], stream: TextIO) -> None:
    """A query's rows as a table, to stdout or a file."""
    out = Console(highlight=False, file=stream, width=_WIDE if stream is sys.stdout else 100_000)
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in names:
        table.add_column(escape(name), no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    out.print(table)
    out.print(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def card(shown: Card) -> None:
    """A feature's card: made for reading, so it folds where it is piped too."""
    for part in card_terminal.parts(shown, colour=_OUT.color_system is not None):
        _OUT.print(part, width=None if _OUT.is_terminal else _CARD_WIDTH)


def history(settings: Settings, builds: Sequence[histories.Build], limit: int) -> None:
    """The builds, newest first, and what the kept results cost."""
    table = _table("build", "started", "seconds", "ran", "results", "settings changed", numbers=(2, 3))  # fmt: skip
    for build in list(reversed(builds))[:limit]:
        kept = f"kept, {_size(build.kept.bytes)}" if build.kept else ""
        table.add_row(
            build.build_id, f"{build.started:%Y-%m-%d %H:%M:%S}", _seconds(build.seconds),
            f"{build.ran:,}", "published" if build.published else kept,
            escape(_settings_changed(build.changed)),
        )  # fmt: skip
    _OUT.print(table)
    if len(builds) > limit:
        _OUT.print(f"{len(builds) - limit:,} earlier builds: --limit {len(builds)}")
    _OUT.print(_kept_line(Layout(settings.data), settings), soft_wrap=True)


def build_details(details: histories.Details) -> None:
    """One build: program, settings, inputs, the nodes that ran."""
    build = details.build
    state = "published" if build.published else "results kept" if build.kept else "results not kept"
    facts = _table("", "", numbers=())
    facts.show_header = False
    facts.add_row("build", f"{build.build_id} ({state})")
    facts.add_row("started", f"{build.started:%Y-%m-%d %H:%M:%S}, {_seconds(build.seconds)} s")
    facts.add_row("program", f"{build.version}, DuckDB {build.engine}")
    changed = histories.differing({}, build.settings)
    for place, (name, (default, value)) in enumerate(changed.items()):
        text = f"{name} = {_plain(value)}   (default {_plain(default)})"
        facts.add_row("settings" if place == 0 else "", escape(text))
    if not changed:
        facts.add_row("settings", "all defaults")
    _OUT.print(facts)
    table = _table("input", "files", "bytes", "records", "hash", numbers=(1, 2, 3))
    for item in details.inputs:
        records = "" if item.records is None else f"{item.records:,}"
        table.add_row(item.input.removeprefix("raw."), f"{item.files:,}", _size(item.bytes), records, item.hash)  # fmt: skip
    if details.inputs:
        _OUT.print(table)
    table = _table("node", "version", "rows", "seconds", "result", "why", numbers=(1, 2, 3))
    for node in details.nodes:
        table.add_row(
            node.node, str(node.version), f"{node.rows:,}", f"{node.seconds:.2f}", node.result,
            escape(node.reason),
        )  # fmt: skip
    if details.nodes:
        _OUT.print(table)
    same = f"; {details.same} came out of a check as they were" if details.same else ""
    _OUT.print(f"{len(details.nodes)} nodes ran{same}")


def diff(found: diffs.Diff) -> None:
    """What differs between two states, on one screen; one feature in full."""
    facts = _table("", "", numbers=())
    facts.show_header = False
    for name, side in (("old", found.old), ("new", found.new)):
        preview = side.label if name == "new" and side.label.startswith("--set") else ""
        text = preview or f"{side.build_id}  {side.started:%Y-%m-%d %H:%M:%S}  {side.label}"
        facts.add_row(name, escape(text))
    if found.old.program != found.new.program:
        facts.add_row("program", f"{found.old.program} → {found.new.program}")
    if found.settings:
        facts.add_row("settings", escape(_settings_changed(found.settings)))
    if found.files:
        facts.add_row("files", escape(_files_changed(found.files)))
    if found.versions:
        facts.add_row("models", _versions_changed(found.versions))
    if found.sae_ids[0] != found.sae_ids[1]:
        facts.add_row("sae_id", escape(" → ".join(map(_plain, found.sae_ids))))
    _OUT.print(facts)
    for table in found.tables:
        if table.differs:
            _OUT.print()
            if found.question.feature is None:
                _table_diff(table, found.question)
            else:
                _feature_diff(table)
    unlike = [t.name for t in found.tables if t.differs]
    alike = [t.name for t in found.tables if not t.differs and t.compared]
    if unlike:
        _OUT.print()
    what = "" if found.question.feature is None else f" of feature {found.question.feature}"
    if found.identical:
        _OUT.print(f"no difference{what}")
    elif alike:
        _OUT.print(f"no difference{what} in {', '.join(alike)}", soft_wrap=True)
    for table in found.tables:
        if table.note and (table.differs or not table.compared):
            rest = table.note if table.compared else f"not compared: {table.note}"
            _OUT.print(f"[dim]{table.name}: {escape(rest)}[/]", soft_wrap=True)


def _table_diff(table: diffs.TableDiff, question: diffs.Question) -> None:
    old, new = table.rows
    rows = f"{new:,} rows" if old == new else f"{old:,} → {new:,} rows"
    counts = {"added": table.num_added, "removed": table.num_removed, "changed": table.num_changed}
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    if table.only:
        told = f"only in the {table.only} state"
    _OUT.print(f"[bold]{table.name}[/]  {rows}: {told or 'other columns'}", soft_wrap=True)
    for word, found in (("added", table.added), ("removed", table.removed)):
        if found:
            keys = [tuple(row.values()) for row in found]
            parts = [_key(key) for key in keys[: question.told]]
            parts += _more(keys[len(parts) :], counts[word] - len(parts))
            text = "; ".join(parts)
            _OUT.print(f"  {word}: {escape(text)}", soft_wrap=True)
    for word, columns in (("new", table.columns_added), ("gone", table.columns_removed)):
        if columns:
            _OUT.print(f"  columns that are {word}: {', '.join(columns)}", soft_wrap=True)
    if table.columns:
        shown = _table("  column", "changed", "largest", "mean", "old → new", numbers=(1, 2, 3))
        for column in sorted(table.columns, key=lambda c: c.nested):
            shown.add_row(
                f"  {column.name}", f"{column.changed:,}", _number(column.largest),
                _number(column.mean), escape(_examples(column, question)),
            )  # fmt: skip
        _OUT.print(shown)


def _examples(column: diffs.ColumnDiff, question: diffs.Question) -> str:
    """The first changed values by key, then keys alone, then how many more there are."""
    told = [v for v in column.values if v.told][: question.told]
    parts = []
    for value in told:
        first, *more = _changes(column, value)
        rest = f" (+{len(more)})" if more else ""
        parts.append(f"{_key(value.key)}: {_change(first, 60)}{rest}")
    parts += _more([v.key for v in column.values[len(told) :]], column.changed - len(told))
    nulls = f"  ({column.nulls:,} to or from null)" if column.nulls else ""
    return ("\n" if question.table else "; ").join(parts) + nulls


def _more(keys: Sequence[Sequence[object]], count: int) -> list[str]:
    """How many more there are, and the features of those that were listed."""
    if count <= 0:
        return []
    features = ", ".join(map(str, sorted({key[0] for key in keys})))
    dots = " …" if features and len(keys) < count else ""
    return [f"{count:,} more{': ' if features else ''}{features}{dots}"]


def _feature_diff(table: diffs.TableDiff) -> None:
    """Every changed value of one feature in one master."""
    _OUT.print(f"[bold]{table.name}[/]", soft_wrap=True)
    for sign, rows in (("+", table.added), ("-", table.removed)):
        for row in rows:
            _OUT.print(f"  {sign} {escape(_key(tuple(row[k] for k in table.key)))}")
            for name, value in row.items():
                if name not in table.key:
                    _OUT.print(f"      {name} {escape(_plain(value))}", soft_wrap=True)
    for column in table.columns:
        for value in column.values:
            key = "" if len(table.key) == 1 else f"  [{_key(value.key[1:])}]"
            for change in _changes(column, value):
                place = column.name + change.path
                text = f"  {_change(replace(change, path=place))}{key}"
                _OUT.print(escape(text), soft_wrap=True)


def _changes(column: diffs.ColumnDiff, value: diffs.Value) -> list[diffs.Change]:
    found = diffs.changes(value.old, value.new) if column.nested else []
    return found or [diffs.Change("", diffs.CHANGED, value.old, value.new)]


def _change(change: diffs.Change, width: int | None = None) -> str:
    """One change; with a width an item is told by its names alone."""
    path = _cut(change.path, width)
    if change.kind != diffs.CHANGED:
        item = change.new if change.kind == diffs.ADDED else change.old
        brief = width and isinstance(item, dict)
        text = _cut(diffs.label(item), width) if brief else _plain(item, width)
        return f"{path} {'+' if change.kind == diffs.ADDED else '-'} {text}".strip()
    old, new = change.old, change.new
    if _is_vector(old) and _is_vector(new) and len(old) == len(new):
        sizes = [abs(a - b) for a, b in zip(old, new, strict=True) if a != b]
        text = f"{len(sizes)} of {len(old)} numbers, largest change {max(sizes):.4g}"
    else:
        half = width and width // 2
        text = f"{_plain(old, half)} → {_plain(new, half)}"
    return f"{path} {text}".strip()


def _is_vector(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, float) for v in value)


def _kept_line(layout: Layout, settings: Settings) -> str:
    kept = histories.kept(layout)
    builds = f"{len(kept)} earlier build{'' if len(kept) == 1 else 's'}"
    return (
        f"kept for diff: {builds}, {_size(sum(k.bytes for k in kept))} in {layout.history} "
        f"(history.keep = {settings['history.keep']}, history.max_gb = {settings['history.max_gb']:g})"
    )


def _settings_changed(changed: Mapping[str, tuple[object, object]]) -> str:
    return ", ".join(f"{n} {_plain(old)} → {_plain(new)}" for n, (old, new) in changed.items())


def _versions_changed(changed: Mapping[str, tuple[int | None, int | None]]) -> str:
    told = [
        f"{name} {'new' if old is None else 'gone' if new is None else f'{old} → {new}'}"
        for name, (old, new) in changed.items()
    ]
    more = f", {len(told) - 5} more" if len(told) > 5 else ""
    return ", ".join(told[:5]) + more


def _files_changed(files: Sequence[tuple[str, str]]) -> str:
    counts = {how: sum(h == how for _, h in files) for _, how in files}
    told = ", ".join(f"{count:,} {how}" for how, count in counts.items())
    names = ", ".join(name for name, _ in files[:3])
    return f"{told}: {names}{' …' if len(files) > 3 else ''}"


def _key(key: Sequence[object]) -> str:
    """A row's key for reading: of a model's name the last part."""
    return " ".join(str(part).rpartition("/")[2] for part in key)


def _plain(value: object, width: int | None = None) -> str:
    """A value for reading: numbers short, nested ones as JSON, cut to a width."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.4g}" if width else f"{value:.7g}"
    if _is_vector(value) and len(value) > diffs.SHORT_LIST:
        return f"{len(value)} numbers"
    if isinstance(value, list | dict):
        return _cut(json.dumps(_rounded(value), ensure_ascii=False, default=str), width)
    return _cut(" ".join(str(value).split()) if width else str(value), width)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value


def _cut(text: str, width: int | None) -> str:
    return text if not width or len(text) <= width else text[: width - 1] + "…"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _harmless(text: str) -> str:
    """Markup of a text of several lines that may hold names and texts of files."""
    return "\n".join(escape(visible(line)) for line in text.split("\n"))


def _cell(value: object) -> str:
    """One line of at most 80 characters: a row stays a row, --format json shows all."""
    text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else _nested(value)
    return _cut(visible(text), 80)


def _nested(value: object) -> str:
    """A value inside a cell, compact: {ngram: bread, count: 3}; of a vector its first numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_inner(v)}" for k, v in value.items()) + "}"
    if _is_vector(value) and len(value) > diffs.SHORT_LIST:
        return f"[{', '.join(map(_inner, value[:3]))}, … {len(value)} numbers]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inner, value)) + "]"
    return str(value)


def _inner(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):  # quoted where it could be taken for what stands around it
        return (
            value
            if value.strip() == value and not re.search(r'^$|[,:"{}\[\]]', value)
            else json.dumps(value, ensure_ascii=False)
        )
    return f"{value:.4g}" if isinstance(value, float) else _nested(value)


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
