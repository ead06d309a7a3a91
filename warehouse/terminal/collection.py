"""The members of a collection, and what became of them."""

from __future__ import annotations

from rich.markup import escape

from warehouse.collection.member import MemberResult
from warehouse.collection.members import Member
from warehouse.errors import WarehouseError
from warehouse.plan.project import Project
from warehouse.terminal.build import show_report
from warehouse.terminal.console import OUT, error
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
