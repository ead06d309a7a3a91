"""Commands on the SQL models: list, show, lineage, check."""

from __future__ import annotations

import click

from warehouse.commands.options import Context, complete, json_option
from warehouse.text import to_json


@click.group()
def models() -> None:
    """Look at the SQL models."""


@models.command("list")
@json_option
def models_list(as_json: bool) -> None:
    """List every model: name, version, kind, description.

    \b
    Example:
      python cli.py models list
    """
    from warehouse.models.library import load_all
    from warehouse.terminal.build import kind, show_models

    known = load_all()
    if as_json:
        told = [
            {
                "name": m.name, "version": m.version, "kind": kind(m), "description": m.description,
                "columns": m.columns, "key": m.key,
            }
            for m in known.values()
        ]  # fmt: skip
        click.echo(to_json(told))
    else:
        show_models(known)


@models.command("show")
@click.argument("name", shell_complete=complete("models"))
@click.pass_obj
def models_show(context: Context, name: str) -> None:
    """Show a model's SQL with its parameters filled in.

    It runs in a DuckDB shell as it is.

    \b
    Example:
      python cli.py --data demo models show analysis.samples
    """
    from warehouse.models.library import filled_sql

    settings = (context.collection or context.project).settings
    click.echo(filled_sql(name, context.without_settings.models, settings))


@models.command("lineage")
@click.argument("name", metavar="NAME[.COLUMN]", shell_complete=complete("models"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "json"]),
    default="text",
    show_default=True,
)
@click.pass_obj
def models_lineage(context: Context, name: str, form: str) -> None:
    """What a model or a column is made of, down to the raw files.

    \b
    Example:
      python cli.py models lineage ex_act_pattern_matching.match_rate
    """
    from warehouse.plan.lineage import Tracer

    project = context.without_settings
    tracer = Tracer(project.models, list(project.jobs.values()))
    click.echo(getattr(tracer.of(name), form)())


@models.command("check")
@click.option("--write", is_flag=True, help="Record new models and versions in sql/models.lock.")
def models_check(write: bool) -> None:
    """Fail when a model's SQL changed under the same version.

    \b
    Example:
      python cli.py models check
    """
    from warehouse.models.library import check_lock

    click.echo(check_lock(write))
