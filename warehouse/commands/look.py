"""Commands that look at the published warehouse: query, report, feature, features, compare-models, calibrate."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from warehouse.commands.options import Context, complete, format_option, json_option, output_option
from warehouse.errors import UsageError

FEATURES = 20  # listed in a format for reading


@click.command()
@click.argument("sql")
@format_option()
@output_option()
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Rows at most: 200 in a table, a list of lines or markdown, else all.",
)
@click.option(
    "--unsafe", is_flag=True, help="Let the SQL reach other files, extensions and settings."
)
@click.pass_obj
def query(
    context: Context,
    sql: str,
    form: str | None,
    output: Path | None,
    limit: int | None,
    unsafe: bool,
) -> None:
    """Run SQL on the published warehouse, read-only.

    With - it is read from stdin.

    \b
    Example:
      python cli.py --data demo query "select pattern_type, count(*) from master.ex_act_pattern_matching group by all"
    """
    from warehouse.terminal.rows import show_query

    if sql == "-":
        sql = sys.stdin.read()
    show_query(context.queried, sql, form, output, unsafe, limit)


@click.command()
@output_option("Default: DIR/report.html.")
@click.pass_obj
def report(context: Context, output: Path | None) -> None:
    """Write one HTML page of what was built and the results.

    The page needs no other file, and each plot shows its SQL. Of a collection: a page of how its
    members differ, and each member's own report.

    \b
    Example:
      python cli.py --data demo report
    """
    from warehouse.look.output import assert_free
    from warehouse.report import report as reports

    if output:
        assert_free(context.data, output, (".html",))
    if context.collection:
        from warehouse.commands.collection import report_members

        report_members(context, context.collection, output)
    else:
        click.echo(reports.write(context.published, output))


@click.command()
@click.argument("feature_id", metavar="ID", type=click.IntRange(0))
@click.option(
    "--html",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="As one HTML page, by default feature-ID.html.",
)
@json_option
@click.pass_obj
def feature(context: Context, feature_id: int, html: str | None, as_json: bool) -> None:
    """Show the card of one feature.

    What explains it, how well, what it fires on, and its neighbours.

    \b
    Example:
      python cli.py --data demo feature 25
      python cli.py --data demo feature 25 --html
    """
    from warehouse import pages
    from warehouse.look import card_reader
    from warehouse.look.output import assert_free
    from warehouse.terminal.card import show_card

    if html is not None and as_json:
        raise UsageError("--html and --json are two forms of the card", "take one of them")
    shown = card_reader.read_card(context.published, feature_id)
    if html is not None:
        path = Path(html or f"feature-{feature_id}.html")
        assert_free(context.data, path, (".html",))
        link = partial(_beside, path)
        pages.save(pages.page("card.html", card=shown, link=link, around=None), path)
        click.echo(path)
    elif as_json:
        click.echo(shown.json())
    else:
        show_card(shown)


def _beside(page: Path, feature_id: int) -> str:
    """The page of another feature in the same directory, '' where there is none."""
    name = f"feature-{feature_id}.html"
    return name if (page.parent / name).is_file() else ""


@click.command()
@click.option("--where", default="", metavar="CONDITION", help="An SQL condition on the columns.")
@click.option(
    "--sort", default="score_rank", show_default=True, metavar="COLUMNS", help="As in ORDER BY."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Features at most: 20 in a table, a list of lines or markdown, else all.",
)
@format_option(" All but a table hold every column.")
@output_option()
@click.pass_obj
def features(
    context: Context,
    where: str,
    sort: str,
    limit: int | None,
    form: str | None,
    output: Path | None,
) -> None:
    """List features, by default the best explained first.

    Filter and sort as in SQL.

    \b
    Columns: those of analysis.feature_overview; query "describe analysis.feature_overview" lists
    them.
    \b
    Example:
      python cli.py --data demo features --sort "mean_score" --limit 5
      python cli.py --data demo features --where "match_rate > 0.5 and pattern_type = 'both'"
    """
    from warehouse.look.features import select_features
    from warehouse.terminal.console import talk
    from warehouse.terminal.rows import READING, form_of, show_query

    form = form_of(form, output)
    if form in READING:
        limit = limit or FEATURES
    sql, shown, found = select_features(
        context.queried, where, sort, limit, as_table=form == "table"
    )
    show_query(context.queried, sql, form, output, limit=max(shown, 1))
    if shown < found:
        talk(f"{shown:,} of {found:,} features; --limit shows more")


@click.command("compare-models")
@click.pass_obj
def compare_models(context: Context) -> None:
    """What the settings' embedding models say differently.

    Their names: embedding.model and embedding.beside.

    \b
    Example:
      python cli.py --data demo compare-models
    """
    from warehouse.look.published import compare_models as read_comparison
    from warehouse.terminal.calibration import show_comparison

    show_comparison(read_comparison(context.project.layout))


@click.command()
@click.option(
    "--rate",
    type=click.Choice(["0.05", "0.01"]),
    default="0.01",
    show_default=True,
    help="The false-positive rate whose thresholds --write takes.",
)
@click.option("--write", is_flag=True, help="Put them into DIR/warehouse.toml.")
@click.option(
    "--only",
    "names",
    metavar="SETTING",
    multiple=True,
    shell_complete=complete("thresholds"),
    help="Write this threshold alone; may be given again.",
)
@json_option
@click.pass_obj
def calibrate(
    context: Context, rate: str, write: bool, names: tuple[str, ...], as_json: bool
) -> None:
    """What the thresholds mean under this embedding model.

    How often each is passed without a pattern. For each threshold the null distribution of what it
    cuts (features without a topic, windows moved to other words of their topic, phrases and
    contexts of different features), the share of it that passes now and at the thresholds for 5 %
    and 1 %, with 95 % intervals, and how pattern types, groups and matches would change.

    \b
    Example:
      python cli.py --data demo calibrate
      python cli.py --data demo calibrate --write --only patterns.semantic_threshold
    """
    from warehouse.look import calibration
    from warehouse.terminal.calibration import show_calibration, show_written

    project = context.project
    found = calibration.calibrate(project)
    if as_json:
        click.echo(found.as_json())
    else:
        show_calibration(found)
    if write:
        chosen = found.chosen(rate, names)
        show_written(calibration.write(project.settings, chosen), chosen)
