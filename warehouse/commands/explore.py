"""explore: the published warehouse in a browser, or a chosen set of features as files."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.commands.options import Context


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Default: 8642, or a free one where that is taken.",
)
@click.option("--open", "shown", is_flag=True, help="Open a browser too.")
@click.option(
    "--view",
    "address",
    default="",
    metavar="ADDRESS",
    help="A view: the address of the page, or what follows its ?.",
)
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Serve nothing: write the view's features as pages to send on.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 5000),
    default=100,
    show_default=True,
    help="With --to: features written, the view's first.",
)
@click.pass_obj
def explore(
    context: Context,
    port: int | None,
    shown: bool,
    address: str,
    directory: Path | None,
    limit: int,
) -> None:
    """Explore the published warehouse in a browser.

    Filter, sort and compare features; Ctrl-C ends it. The page is served on 127.0.0.1 alone and
    only reads. Its address holds the whole view, so it can be kept, and with --to the features of a
    view are written as files that need no server.

    \b
    Example:
      python cli.py --data demo explore
      python cli.py --data demo explore --to worst --view "sort=mean_score&mean_score.max=0.7" --limit 20
    """
    from warehouse.errors import UsageError
    from warehouse.terminal.console import talk

    context.assert_single()
    if not context.data.is_dir():
        raise UsageError(f'data directory "{context.data}" does not exist', "--data DIR")
    if directory is not None:
        from warehouse.explore.files import write_pages

        click.echo(write_pages(context.data, address, directory, limit))
        return

    import webbrowser

    from warehouse.explore.server import serve

    def begun(place: str) -> None:
        query = address.rpartition("?")[2]
        place = f"{place}?{query}" if query else place
        click.echo(place)
        talk(f'exploring "{context.data}"; Ctrl-C ends it')
        if shown:
            webbrowser.open(place)

    try:
        serve(context.data, port, begun)
    except KeyboardInterrupt:
        talk("explored; nothing was changed")
