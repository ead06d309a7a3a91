"""The command line: one place of exit codes, the common options, and a line per command."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from warehouse import __version__
from warehouse.commands import build, compare, explore, history, look, models, setup, status
from warehouse.commands.options import Context, common_options, complete
from warehouse.errors import ExitCode, UsageError, WarehouseError
from warehouse.layout import ENVIRONMENT, find_data
from warehouse.terminal.program import DATA, NAME, program

if TYPE_CHECKING:
    from warehouse.collection.members import Pairing
    from warehouse.plan.graph import Job


# Every command, as --help shows them.
GROUPS: Mapping[str, Sequence[click.Command]] = {
    "Set up": (setup.init, setup.sample, setup.set_),
    "Build": (build.plan, build.build, build.export),
    "Look": (
        look.features,
        look.feature,
        look.query,
        explore.explore,
        look.report,
        compare.compare,
    ),
    "Tune": (history.diff, look.calibrate, look.compare_models),
    "Inspect": (status.status, build.sources, history.history, models.models),
}


class Commands(click.Group):
    """One place turns an error into text on stderr and an exit code."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands by what they are for."""
        width = formatter.width - 6 - max(map(len, self.commands))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                rows = [(c.name or "", c.get_short_help_str(width)) for c in commands]
                formatter.write_dl(rows)

    def main(self, *arguments: object, **options: object) -> object:
        """Run, under the name that the program was called by: usage and examples run as shown."""
        if options.get("prog_name") is None:
            options["prog_name"] = program()
            for command in (self, *_every(self)):
                command.help = (command.help or "").replace(NAME, program())
        options.setdefault("complete_var", "_SAE_WAREHOUSE_COMPLETE")
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> object:
        from warehouse.terminal import console

        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            console.error(error)
            sys.exit(error.exit_code)
        except BrokenPipeError:  # `| head` has enough; click ends quietly
            raise
        except OSError as problem:
            what = problem.strerror or str(problem)
            console.error(UsageError(f'"{problem.filename}": {what}' if problem.filename else what))
            sys.exit(ExitCode.USAGE)
        except KeyboardInterrupt:
            console.talk("interrupted; what was published stays as it was")
            sys.exit(ExitCode.INTERRUPTED)


def load_jobs(on: str = "local", among: int = 1) -> Sequence[Job]:
    """What SQL can't do; imported by the commands that plan a build.

    `on`: where texts are embedded; `among`: builds that share a cluster's GPUs.
    """
    from embed.jobs import jobs_on

    return jobs_on(on, among)


def load_pairing() -> Pairing:
    """What pairs the latents of two SAEs; imported where a collection is compared."""
    from embed.latent_pairs import pair_latents

    return pair_latents


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"The data directory. Default: ${ENVIRONMENT}, else the nearest with a warehouse.toml, "
    "here or above, else data.",
)
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=complete("settings"),
    help="A setting for this run; may be given again.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--json-log", is_flag=True, help="Progress as JSON lines on stderr.")
@click.version_option(__version__, prog_name="sae-warehouse")
@click.pass_context
def main(
    ctx: click.Context, data: Path | None, overrides: tuple[str, ...], verbose: bool, json_log: bool
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
    if data:
        ctx.meta[DATA] = data
    ctx.obj = Context(data or find_data(), overrides, verbose, json_log, load_jobs, load_pairing)


for commands in GROUPS.values():
    for command in commands:
        main.add_command(command)


def _every(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from _every(command)


for command in _every(main):
    command.params += common_options()


if __name__ == "__main__":
    main()
