"""compare: how the members of a collection, or data directories named here, differ."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.commands.options import Context, json_option
from warehouse.errors import UsageError


@click.command()
@click.argument("directories", metavar="[DIR DIR ...]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--each",
    is_flag=True,
    help="Each explainer and scorer by itself too, not only means of features.",
)
@json_option
@click.pass_obj
def compare(context: Context, directories: tuple[Path, ...], each: bool, as_json: bool) -> None:
    """How the members of a collection differ.

    Or the data directories that are named here. It shows paired differences of scores, similarities
    and match rates where features pair: by id in one SAE, by mutual nearest decoder rows in two
    SAEs of a layer. Differences of means where they do not: a trained SAE against a random one.
    Both at matched firing frequency too, where it is known, with 95 % bootstrap intervals. And the
    share of the variance of scores by member, explainer, scorer and method. In SQL: compare.* of a
    collection's warehouse.

    \b
    Example:
      python cli.py compare demo other
    """
    from warehouse.collection.adhoc import compare_directories
    from warehouse.collection.compared import read_comparison
    from warehouse.terminal.compare import show_comparison

    if directories:
        found = compare_directories(
            directories,
            context.overrides,
            context.without_settings.models,
            context.load_pairing,
        )
    elif context.collection:
        found = read_comparison(context.queried.layout.warehouse)
    else:
        raise UsageError(
            f'"{context.data}" is not a collection: it holds no collection.toml',
            "name the directories: python cli.py compare DIR DIR",
        )
    if as_json:
        click.echo(found.as_json())
    else:
        show_comparison(found, each)
