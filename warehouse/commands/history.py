"""Commands on builds: history, diff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from warehouse.commands.options import Context, json_option
from warehouse.errors import UsageError
from warehouse.text import to_json

if TYPE_CHECKING:
    from warehouse.diff.difference import Diff, Question
    from warehouse.plan.project import Project
    from warehouse.run.events import Event


@click.group(invoke_without_command=True)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1), help="Builds shown."
)
@json_option
@click.pass_context
def history(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the builds, newest first.

    What ran, which settings changed, and how much room the kept results take.

    \b
    Example:
      python cli.py --data demo history
    """
    from warehouse.look import history as histories
    from warehouse.terminal.history import show_history

    if ctx.invoked_subcommand is not None:
        return

    def show_json(directory: Path, found: Sequence[object]) -> None:
        click.echo(to_json({"directory": directory, "builds": found[::-1][:limit]}))

    def show(project: Project) -> None:
        found = histories.builds(project.layout)
        if as_json:
            show_json(project.data, found)
        else:
            show_history(project, found, limit)

    if ctx.obj.collection:
        from warehouse.collection.publish import history as publications
        from warehouse.commands.collection import for_each
        from warehouse.terminal.collection import show_publications

        collection = ctx.obj.collection
        published = publications(collection.layout.warehouse)
        if as_json:
            show_json(collection.data, published)
        else:
            show_publications(collection, published, limit)
        for_each(ctx.obj, collection, lambda _, one: show(one), headings=not as_json)
    else:
        show(ctx.obj.project)


@history.command("show")
@click.argument("build_id", metavar="ID")
@json_option
@click.pass_obj
def history_show(context: Context, build_id: str, as_json: bool) -> None:
    """Show one build: settings, inputs, nodes that ran.

    ID: the build's id or its beginning, latest or previous.

    \b
    Example:
      python cli.py --data demo history show latest
    """
    from warehouse.look import history as histories
    from warehouse.terminal.history import show_build

    found = histories.show(context.project.layout, build_id)
    if as_json:
        click.echo(to_json(found))
    else:
        show_build(found)


@click.command()
@click.argument("old", metavar="[A]", required=False)
@click.argument("new", metavar="[B]", required=False)
@click.option(
    "--table",
    default="",
    metavar="NAME",
    help="Only this table (a master, scores_long, …), with more examples.",
)
@click.option(
    "--feature", type=click.IntRange(0), metavar="ID", help="Every change of this feature in full."
)
@click.option("--limit", type=click.IntRange(1), help="Examples per column: 5, with --table 20.")
@click.option(
    "--json", "as_json", is_flag=True, help="As JSON, with every changed key of the masters."
)
@click.option("--wait", is_flag=True, help="With --set: wait for a build of this directory to end.")
@click.pass_obj
def diff(
    context: Context,
    old: str | None,
    new: str | None,
    table: str,
    feature: int | None,
    limit: int | None,
    as_json: bool,
    wait: bool,
) -> None:
    """What two builds differ in, or what --set would change.

    Nothing is published. A and B are builds: ids or their beginnings (`history` lists them),
    latest, previous. Without them: previous and latest; with one: it and latest. With --set before
    `diff`: the published state, and what a build with those settings would publish.

    \b
    Example:
      python cli.py --data demo --set matching.threshold=0.5 diff
    """
    from warehouse.diff import diff as diffs
    from warehouse.diff.difference import Question
    from warehouse.diff.difference import as_json as as_text
    from warehouse.terminal.diff import show_diff
    from warehouse.terminal.progress import progress

    project, question = context.project, Question(table, feature, limit, as_json)
    ids = [name for name in (old, new) if name is not None]
    if not diffs.is_preview(context.overrides):
        found = diffs.between(project, ids, question)
    elif ids:
        raise UsageError(
            f'"{" ".join(ids)}": diff takes builds or --set, not both',
            "leave out the builds: --set is compared with the published state",
        )
    else:
        loud = context.json_log or context.verbose
        with progress(context.json_log, context.verbose) as show:
            found = preview(
                project,
                question,
                wait,
                lambda event: show(event) if loud or event.kind != "done" else None,
            )
    if as_json:
        click.echo(as_text(found))
    else:
        show_diff(found)


def preview(
    project: Project,
    question: Question,
    wait: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Diff:
    """Compare the published state with what a build would make of it now. Publishes nothing."""
    from warehouse.diff.diff import assert_preview, with_published
    from warehouse.run.build import build

    assert_preview(project, question)
    found: list[Diff] = []

    def compare(built: Path | None) -> None:
        found.append(with_published(project, question, built))

    build(project, exports=False, wait=wait, on_event=on_event, dry=compare)
    if not found:  # every result stays as it is
        compare(None)
    return found[0]
