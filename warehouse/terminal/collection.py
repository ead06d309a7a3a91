"""The members of a collection, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from warehouse.collection.member import MemberResult
from warehouse.collection.members import Collection, Member
from warehouse.collection.publication import Build, Published
from warehouse.errors import WarehouseError
from warehouse.plan.project import Project
from warehouse.terminal.build import show_report
from warehouse.terminal.console import ERR, OUT, error, harmless, make_table
from warehouse.text import visible


def show_heading(member: Member) -> None:
    """The member whose output follows."""
    OUT.print(
        f"[bold]== {escape(visible(member.name))}[/] {escape(str(member.data))}", soft_wrap=True
    )


def show_failure(problem: Exception) -> None:
    """Why a member failed, as a command alone would say it."""
    error(problem if isinstance(problem, WarehouseError) else WarehouseError(str(problem)))


def show_result(project: Project, result: MemberResult) -> None:
    """What a member's build did, or why it failed."""
    if result.report:
        show_report(project, result.report)
    else:
        show_failure(WarehouseError(result.message, result.hint))


def show_published(collection: Collection, published: Published) -> None:
    """What became of the collection's own file."""
    warnings = [
        f'member "{member}" stays as it was, or is left out: {problem}'
        for member, problem in published.problems.items()
    ]
    warnings += [
        f'member "{member}" has no file of {", ".join(names)}: these rows are left out'
        for member, names in published.lacking.items()
    ]
    for warning in warnings:
        ERR.print(f"[yellow]warning[/]: {harmless(warning)}", soft_wrap=True)
    place = collection.layout.warehouse
    if not published.published:
        OUT.print(f"nothing to do: {place} is up to date", soft_wrap=True)
        return
    said = f"members with new rows: {', '.join(published.changed) or 'none'}; "
    if published.gone:
        said += f"members that are gone: {', '.join(published.gone)}; "
    OUT.print(
        f"collection {published.build_id}: {escape(visible(said))}{published.seconds:.1f} s → {place}",
        soft_wrap=True,
    )


def show_publications(collection: Collection, builds: Sequence[Build], limit: int) -> None:
    """The publications of the collection's own file, newest first."""
    table = make_table("collection", "started", "members with new rows", "gone", numbers=())
    for build in list(reversed(builds))[:limit]:
        table.add_row(
            build.build_id,
            f"{build.started:%Y-%m-%d %H:%M:%S}",
            *(escape(visible(", ".join(names))) for names in (build.changed, build.gone)),
        )
    OUT.print(table)
    if not builds:
        OUT.print(f"{collection.layout.warehouse} was not published yet", soft_wrap=True)
