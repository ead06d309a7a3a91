"""Commands that read, plan and write: sources, plan, build, export."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from warehouse.commands.options import Context, complete, json_option, select_option, wait_option
from warehouse.errors import UsageError, WarehouseError
from warehouse.text import to_json

if TYPE_CHECKING:
    from warehouse.collection.member import Options
    from warehouse.collection.members import Member
    from warehouse.plan.project import Project


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every file that is not read.")
@click.pass_obj
def sources(context: Context, as_json: bool) -> None:
    """List the raw files and what became of their records.

    It says how each file was read. Before the first build, it lists what would be read. If a build
    would refuse these files, its error follows the list, and the command fails as the build would.

    \b
    Example:
      python cli.py --data demo sources
    """
    from warehouse.look import inventory
    from warehouse.terminal.build import show_sources

    refused: list[WarehouseError] = []
    found = inventory.list_files(context.project, refused.append)
    if as_json:
        click.echo(inventory.as_json(found))
    else:
        show_sources(found, ready=not refused)
    if refused:
        raise refused[0]


@click.command()
@select_option()
@click.option("--full", is_flag=True, help="As if nothing had been built.")
@click.option("--all", "every_node", is_flag=True, help="Every node, before the first build too.")
@json_option
@click.pass_obj
def plan(
    context: Context, selectors: tuple[str, ...], full: bool, every_node: bool, as_json: bool
) -> None:
    """What a build would do, and why. Changes nothing.

    \b
    Example:
      python cli.py --data demo --set matching.threshold=0.5 plan
    """
    if context.collection:
        from warehouse.commands.collection import for_each

        for_each(
            context,
            context.collection,
            lambda _, one: _plan(one, selectors, full, every_node, as_json),
            headings=not as_json,
        )
    else:
        _plan(context.project, selectors, full, every_node, as_json)


def _plan(
    project: Project, selectors: Sequence[str], full: bool, every_node: bool, as_json: bool
) -> None:
    """Show what a build of one data directory would do."""
    from warehouse.plan.forecast import describe, foresee
    from warehouse.run.build import assert_ready, prepare
    from warehouse.terminal.build import show_plan
    from warehouse.write.stale import published_results, stale_exports

    prepared = prepare(project, selectors, full)
    assert_ready(prepared, fetch=False)
    exported = stale_exports(prepared, published_results(prepared))
    forecasts = foresee(prepared)
    if as_json:
        steps, rewritten = prepared.plan.steps, prepared.storage_change
        told = {"directory": project.data, "steps": steps, "exports": exported, "storage_version": rewritten, "texts": forecasts}  # fmt: skip
        click.echo(to_json(told))
    else:
        show_plan(prepared, exported, describe(forecasts), every_node)


@click.command()
@select_option()
@click.option(
    "--full", is_flag=True, help="Run everything, trust nothing from before (vectors aside)."
)
@click.option("--no-export", is_flag=True, help="Leave the parquet files as they are.")
@wait_option
@click.option(
    "--on",
    metavar="local|ray|auto|HOST:PORT",
    default="local",
    help="Where texts are embedded, and members of a collection built: this machine, or a Ray cluster "
    "whose nodes share the directory. "
    "ray: the one that runs here, else a new one on this machine; auto: the one that runs here.",
)
@click.option("--json", "as_json", is_flag=True, help="What was done, as JSON; see --json-log too.")
@click.pass_obj
def build(
    context: Context,
    selectors: tuple[str, ...],
    full: bool,
    no_export: bool,
    wait: bool,
    on: str,
    as_json: bool,
) -> None:
    """Bring the warehouse and its files up to date.

    It plans, runs what has to run, audits the result and publishes it by rename.

    \b
    Example:
      python cli.py --data demo build
    """
    from warehouse.collection.member import Options

    options = Options(selectors, full, not no_export, wait)
    context = context.on(on)
    if context.collection:
        from warehouse.commands.collection import build_members

        if as_json:
            raise UsageError(
                "build --json is of one data directory, and this is a collection",
                f"python cli.py --data {shlex.quote(str(context.collection.data))} --json-log build",
            )
        build_members(context, context.collection, options, on)
    else:
        _build(context, options, as_json)


def _build(context: Context, options: Options, as_json: bool) -> None:
    """Build one data directory."""
    from warehouse.look.published import changed_settings
    from warehouse.run.build import build as run_build
    from warehouse.run.events import Event
    from warehouse.terminal.build import show_report
    from warehouse.terminal.progress import progress
    from warehouse.terminal.values import describe_settings

    project = context.project
    # Ray says on standard output what becomes of its nodes; ours is for results.
    with redirect_stdout(sys.stderr), progress(context.json_log, context.verbose) as show:
        if changed := changed_settings(project):
            told = f"settings that differ from the published build's: {describe_settings(changed)}"
            show(Event("note", "", told))
        report = run_build(
            project, options.selectors, options.full, options.exports, options.wait, show
        )
    if as_json:
        click.echo(to_json(report))
    else:
        show_report(project, report)


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete("exports"))
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another directory than DIR/master.",
)
@click.option(
    "--hub",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write what a model hub shows as a dataset: a card, one configuration per master.",
)
@click.option(
    "--license",
    "licence",
    default="unknown",
    show_default=True,
    help="With --hub: the identifier of the licence that the card names.",
)
@wait_option
@click.pass_obj
def export(
    context: Context,
    names: tuple[str, ...],
    target: Path | None,
    hub: Path | None,
    licence: str,
    wait: bool,
) -> None:
    """Write master files of the published warehouse.

    Without names, all of them.

    \b
    Example:
      python cli.py --data demo export features --to out
      python cli.py --data demo export --hub hub --license cc-by-4.0
    """
    if hub and (names or target):
        raise UsageError(
            "--hub writes every master to its own directory", "python cli.py export --hub hub"
        )
    if context.collection:
        from warehouse.commands.collection import for_each

        def work(member: Member, project: Project) -> None:
            if hub:
                _export_hub(project, hub / member.name, licence, wait)
            else:
                _export(project, names, target / member.name if target else None, wait)

        for_each(context, context.collection, work)
    elif hub:
        _export_hub(context.project, hub, licence, wait)
    else:
        _export(context.project, names, target, wait)


def _export_hub(project: Project, directory: Path, licence: str, wait: bool) -> None:
    """Write the dataset of one data directory."""
    from warehouse.hub.dataset import describe, export_hub
    from warehouse.terminal.console import talk

    configurations = export_hub(project, directory, licence, wait)
    talk(f'"{directory}": {describe(configurations)}; its README.md is the card')


def _export(project: Project, names: Sequence[str], target: Path | None, wait: bool) -> None:
    """Write the files of one data directory."""
    from warehouse.run.export import export_published
    from warehouse.terminal.build import show_exports

    show_exports(export_published(project, names, target, wait))
