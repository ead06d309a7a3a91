"""Earlier builds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from warehouse.look import history as histories
from warehouse.plan.kept import kept_builds
from warehouse.plan.project import Project
from warehouse.settings import differing
from warehouse.terminal.console import OUT, make_table
from warehouse.terminal.values import (
    cut,
    describe_settings,
    format_count,
    format_seconds,
    format_size,
    plain,
)
from warehouse.text import visible


def show_history(project: Project, builds: Sequence[histories.Build], limit: int) -> None:
    """The builds, newest first, and what the kept results cost."""
    table = make_table(
        "build", "started", "seconds", "ran", "results", "settings changed", numbers=(2, 3)
    )
    for build in list(reversed(builds))[:limit]:
        kept = f"kept, {format_size(build.kept.bytes)}" if build.kept else ""
        table.add_row(
            build.build_id,
            f"{build.started:%Y-%m-%d %H:%M:%S}",
            format_seconds(build.seconds),
            f"{build.ran:,}",
            "published" if build.published else kept,
            escape(describe_settings(build.changed)),
        )
    OUT.print(table)
    if len(builds) > limit:
        OUT.print(f"{len(builds) - limit:,} earlier builds: --limit {len(builds)}")
    OUT.print(describe_kept(project), soft_wrap=True)


def show_build(details: histories.Details) -> None:
    """One build: program, settings, inputs, the nodes that ran."""
    build = details.build
    state = "published" if build.published else "results kept" if build.kept else "results not kept"
    facts = make_table("", "", numbers=())
    facts.show_header = False
    facts.add_row("build", f"{build.build_id} ({state})")
    facts.add_row(
        "started", f"{build.started:%Y-%m-%d %H:%M:%S}, {format_seconds(build.seconds)} s"
    )
    facts.add_row("program", f"{build.version}, DuckDB {build.engine}")
    changed = differing({}, build.settings)
    for place, (name, (default, value)) in enumerate(changed.items()):
        text = f"{name} = {plain(value)}   (default {plain(default)})"
        facts.add_row("settings" if place == 0 else "", escape(text))
    if not changed:
        facts.add_row("settings", "all defaults")
    OUT.print(facts)
    table = make_table("input", "files", "bytes", "records", "hash", numbers=(1, 2, 3))
    for item in details.inputs:
        records = "" if item.records is None else f"{item.records:,}"
        table.add_row(item.input.removeprefix("raw."), f"{item.files:,}", format_size(item.bytes), records, item.hash)  # fmt: skip
    if details.inputs:
        OUT.print(table)
    table = make_table("node", "version", "rows", "seconds", "result", "why", numbers=(1, 2, 3))
    for node in details.nodes:
        table.add_row(
            node.node,
            str(node.version),
            format_count(node.rows),
            f"{node.seconds:.2f}",
            escape(cut(visible(node.result), 40)),
            escape(node.reason),
        )
    if details.nodes:
        OUT.print(table)
    same = f"; {details.same} were unchanged when they were checked" if details.same else ""
    OUT.print(f"{len(details.nodes)} nodes ran{same}")


def describe_kept(project: Project) -> str:
    layout, settings = project.layout, project.settings
    kept = kept_builds(layout)
    builds = f"{len(kept)} earlier build{'' if len(kept) == 1 else 's'}"
    return (
        f"kept for diff: {builds}, {format_size(sum(k.bytes for k in kept))} in {layout.history} "
        f"(history.keep = {settings['history.keep']}, history.max_gb = {settings['history.max_gb']:g})"
    )
