"""status: a data directory in one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from warehouse.commands.options import Context, json_option

if TYPE_CHECKING:
    from warehouse.plan.project import Project


@click.command()
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show the data directory in one screen.

    The build, its sizes, what is quarantined, and what changed since.

    \b
    Example:
      python cli.py --data demo status
    """
    if context.collection:
        from warehouse.commands.collection import for_each

        for_each(
            context,
            context.collection,
            lambda _, one: _status(one, as_json),
            headings=not as_json,
        )
    else:
        _status(context.project, as_json)


def _status(project: Project, as_json: bool) -> None:
    from warehouse.errors import WarehouseError
    from warehouse.look.status import read_status
    from warehouse.run.build import prepare
    from warehouse.terminal.status import show_status

    plan, problem = None, ""
    try:
        plan = prepare(project).plan
    except WarehouseError as error:  # raw files or a model that cannot be had: told beside the rest
        problem = error.message
    found = read_status(project, plan, problem)
    if as_json:
        click.echo(found.json())
    else:
        show_status(found)
