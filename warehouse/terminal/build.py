"""What a build would do, what it did, what it read and wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.markup import escape

from warehouse.look.inventory import Group, Ledger, read_ledger
from warehouse.look.published import current_warnings
from warehouse.models.model import Model
from warehouse.models.schemas import SCHEMAS
from warehouse.plan import plan as plans
from warehouse.plan.kept import kept_builds
from warehouse.plan.project import Project
from warehouse.run.events import Report
from warehouse.terminal.console import ERR, OUT, harmless, make_table, talk
from warehouse.terminal.history import describe_kept
from warehouse.terminal.values import format_size
from warehouse.text import visible
from warehouse.write.targets import Exported

_REASONS_SHOWN = 30


def show_report(project: Project, report: Report) -> None:
    """The summary at a build's end: inputs with what became of their records, files, time."""
    layout = project.layout
    for warning in current_warnings(layout):
        ERR.print(f"[yellow]warning[/]: {harmless(warning)}", soft_wrap=True)
    if not report.published:
        OUT.print(
            f"nothing to do: {layout.warehouse} is up to date ({report.seconds:.1f} s)",
            soft_wrap=True,
        )
        return
    if ledger := read_ledger(layout):
        _show_ledger(ledger)
    if report.exports:
        show_exports(report.exports)
    embedded = sum(report.embedded.values())
    OUT.print(
        f"build {report.build_id}: {len(report.ran)} steps, {embedded:,} texts embedded, "
        f"{report.seconds:.1f} s → {layout.warehouse}",
        soft_wrap=True,
    )
    slowest = [(n, s) for n, s in sorted(report.ran.items(), key=lambda i: -i[1])[:5] if s >= 0.1]
    if slowest:
        OUT.print("slowest: " + ", ".join(f"{n} {s:.1f} s" for n, s in slowest), soft_wrap=True)
    if kept_builds(layout):
        OUT.print(describe_kept(project), soft_wrap=True)


def _show_ledger(ledger: Ledger) -> None:
    """Each input's records and what became of them, and why some are in quarantine."""
    table = make_table(
        "input", "files", "bytes", "records", "kept", "merged", "quarantined", "outside scope"
    )
    for name, files, size, records, kept, merged, quarantined, outside, status in ledger.inputs:
        table.add_row(
            name + (f" ({status})" if status else ""),
            f"{files:,}", format_size(size), f"{records:,}", f"{kept:,}", f"{merged:,}", f"{quarantined:,}", f"{outside:,}",
        )  # fmt: skip
    OUT.print(table)
    if ledger.reasons:
        table = make_table("quarantined from", "reason", "records", "first", numbers=(2,))
        for name, reason, count, file, line in ledger.reasons[:_REASONS_SHOWN]:
            place = escape(visible(f"{file}:{line or 1}"))
            table.add_row(name, escape(visible(reason)), f"{count:,}", place)
        OUT.print(table)
    if len(ledger.reasons) > _REASONS_SHOWN:
        OUT.print(f"{len(ledger.reasons) - _REASONS_SHOWN} more reasons: from quarantine.records")


def show_sources(groups: Sequence[Group], ready: bool = True) -> None:
    """The raw files by input and directory, and what is not read; `ready`: a build would read them."""
    read = [g for g in groups if g.state not in ("not read", "unreadable")]
    table = make_table("input", "directory", "files", "bytes", "records", "kept", "quarantined", "state", "spelling", numbers=(2, 3, 4, 5, 6))  # fmt: skip
    for g in read:
        counts = ("" if n is None else f"{n:,}" for n in (g.records, g.kept, g.quarantined))
        table.add_row(g.input, escape(g.place), f"{g.files:,}", format_size(g.bytes), *counts, g.state, g.dialect)  # fmt: skip
    OUT.print(table)
    rest = [g for g in groups if g not in read]
    if rest:
        table = make_table("not read", "files", "bytes", "why", numbers=(1, 2))
        for g in rest:
            place = g.names[0] if g.files == 1 else f"{g.place}/"
            table.add_row(escape(place), f"{g.files:,}", format_size(g.bytes), escape(g.note))
        OUT.print(table)
    if ready and any(g.state in ("new", "changed") for g in read):
        talk("files that are new or changed wait for a build: python cli.py build")


def show_exports(written: Sequence[Exported]) -> None:
    """The files that were written."""
    table = make_table("file", "rows", "bytes")
    for item in written:
        table.add_row(escape(str(item.path)), f"{item.rows:,}", format_size(item.bytes))
    OUT.print(table)


def show_plan(
    prepared: plans.Prepared,
    exported: Sequence[str],
    texts: Sequence[str],
    every_node: bool = False,
) -> None:
    """The steps that would run, why, and what would be skipped; `texts` says what would be embedded.

    Before the first build everything runs: then, unless `every_node`, a line per schema.
    """
    made, rewritten = prepared.plan, prepared.storage_change
    skipped = [s for s in made.steps if s.action == plans.SKIP]
    todo = [s for s in made.steps if s.action != plans.SKIP]
    if todo and not prepared.state.build_id and not every_node:
        _show_schemas([step.node for step in todo])
        OUT.print("--all lists the nodes")
    elif todo:
        table = make_table("node", "action", "why", numbers=())
        for step in todo:
            table.add_row(
                step.node,
                "run" if step.action == plans.RUN else "run if changed",
                escape(step.reason),
            )
        OUT.print(table)
    for name in exported:
        OUT.print(f"export {name}")
    if rewritten:
        OUT.print(f"the warehouse file is written anew: storage_version {rewritten}")
    if not todo and not exported and not rewritten:
        OUT.print("nothing to do")
    for line in texts:
        OUT.print(harmless(line), soft_wrap=True)
    OUT.print(
        f"{len(todo)} of {len(made.steps)} nodes may run, {len(skipped)} are skipped",
        soft_wrap=True,
    )


def _show_schemas(nodes: Sequence[str]) -> None:
    table = make_table("first build", "nodes", "what it holds", numbers=(1,))
    counts = Counter(node.partition(".")[0] for node in nodes)
    for name, schema in SCHEMAS.items():
        if counts[name]:
            meaning = schema.meaning or "Vectors of texts, by the embedding model."
            table.add_row(name, str(counts[name]), escape(meaning.partition(". ")[0].rstrip(".")))
    OUT.print(table)


def show_models(known: Mapping[str, Model]) -> None:
    """All models as a table."""
    table = make_table("model", "version", "kind", "description", numbers=(1,))
    for model in known.values():
        table.add_row(model.name, str(model.version), kind(model), escape(model.description))
    OUT.print(table)


def kind(model: Model) -> str:
    """What a model makes: table, view, macro, audit; query: a command's own, no build's."""
    return SCHEMAS[model.schema].makes or model.kind
