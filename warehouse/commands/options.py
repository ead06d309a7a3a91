"""What commands share: the common options, and what a shell may complete."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from warehouse.errors import UsageError

if TYPE_CHECKING:
    from warehouse.collection.members import Collection, Pairing
    from warehouse.plan.graph import Job
    from warehouse.plan.project import Project


@dataclass(frozen=True)
class Context:
    """The common options, and where the jobs come from that a build can run.

    `load_pairing`: where what pairs the latents of two SAEs comes from.
    """

    data: Path
    overrides: tuple[str, ...]
    verbose: bool
    json_log: bool
    load_jobs: Callable[..., Sequence[Job]]
    load_pairing: Callable[[], Pairing]

    @cached_property
    def without_settings(self) -> Project:
        """The project, for a command that needs no settings and no data directory."""
        from warehouse.plan.project import Project

        return Project(self.data, self.overrides, self.load_jobs)

    @property
    def project(self) -> Project:
        """The project; what is wrong with its settings is said before anything is done."""
        self.assert_single()
        _ = self.without_settings.settings
        return self.without_settings

    def on(self, where: str) -> Context:
        """The same, with jobs that embed texts in this process ("local") or on a Ray cluster."""
        return replace(self, load_jobs=partial(self.load_jobs, where))

    @cached_property
    def collection(self) -> Collection | None:
        """The collection that the data directory is; None when it is a data directory alone."""
        from warehouse.collection.members import is_collection, read_collection

        return read_collection(self.data, self.overrides) if is_collection(self.data) else None

    def assert_single(self) -> None:
        """UsageError when a command that works on one data directory is given a collection."""
        if self.collection:
            members = self.collection.members
            raise UsageError(
                f'"{self.data}" is a collection of {len(members)} members: this command takes one of them',
                f"--data {shlex.quote(str(members[0].data))}",
            )

    @property
    def published(self) -> Project:
        """The project, for a command that reads what one data directory published."""
        self.assert_single()
        return self.queried

    @property
    def queried(self) -> Project:
        """The project, for a command that reads what is published, of a collection too.

        It needs no settings. Says if a build was stopped while it published.
        """
        from warehouse.run.publish import unfinished
        from warehouse.terminal.console import talk

        if build := unfinished(self.without_settings.layout):
            talk(
                f'note: build "{build}" was stopped while it published its files; some are of the '
                "build before\n  hint: python cli.py build"
            )
        if self.collection:
            from warehouse.collection.stale import newer_members

            if names := newer_members(self.collection):
                talk(
                    f"note: built since the collection was published: {', '.join(names)}\n"
                    "  hint: python cli.py build"
                )
        return self.without_settings


# As terminal.rows has them; --help reads this without reading the rest.
FORMATS = ("table", "line", "markdown", "csv", "json", "jsonl", "parquet")


def common_options() -> Iterator[click.Option]:
    """The options that every command takes before its name and after it."""
    yield click.Option(
        ["--data"],
        type=click.Path(path_type=Path, file_okay=False),
        expose_value=False,
        callback=_take("data"),
        help="The data directory.",
    )
    yield click.Option(
        ["--set", "overrides"], metavar="KEY=VALUE", multiple=True, expose_value=False,
        shell_complete=complete("settings"), callback=_take("overrides"), help="A setting for this run.",
    )  # fmt: skip
    for names in (["-v", "--verbose"], ["--json-log"]):
        yield click.Option(
            names,
            is_flag=True,
            expose_value=False,
            hidden=True,
            callback=_take(names[-1].lstrip("-").replace("-", "_")),
        )


def output_option(told: str = "Write to this file.") -> Callable:
    """`-o`, of commands that write one file."""
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option("-o", "--output", type=kind, help=told)


def format_option(note: str = "") -> Callable:
    """`--format`, of commands that list rows."""
    told = f"Default: by the output file's ending, else table.{note}"
    return click.option("--format", "form", type=click.Choice(FORMATS), help=told)


def select_option() -> Callable:
    """`--select`, of commands that plan."""
    return click.option(
        "--select",
        "selectors",
        metavar="MODEL[+]",
        multiple=True,
        shell_complete=complete("models"),
        help="Only this model; NAME+ and all that reads it, +NAME and all it reads, master.* a whole schema.",
    )


json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")
wait_option = click.option(
    "--wait", is_flag=True, help="Wait for another build of this directory to end."
)


def _take(name: str) -> Callable[[click.Context, click.Parameter, object], None]:
    """A callback that adds to the context what follows the command's name."""

    def take(ctx: click.Context, param: click.Parameter, value: object) -> None:  # noqa: ARG001
        if not value:
            return
        if name == "data":
            from warehouse.terminal.program import DATA

            ctx.meta[DATA] = value
        before = ctx.obj.overrides if name == "overrides" else ()
        ctx.obj = replace(ctx.obj, **{name: (*before, *value) if name == "overrides" else value})

    return take


def complete(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """A completer for a shell: of models, settings, thresholds or exports."""

    def names(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:  # noqa: ARG001
        return _COMPLETERS[kind](typed)

    return names


def complete_models(typed: str) -> list[str]:
    """Models that start so, else those whose last part does; the `+` of a selector is kept.

    >>> complete_models("+master.explanation_a")
    ['+master.explanation_alignment']
    >>> complete_models("scores_l")
    ['analysis.scores_long']
    """
    from warehouse.models.library import load_all

    plus = "+" if typed.startswith("+") else ""
    typed = typed.removeprefix("+")
    found = [name for name in load_all() if name.startswith(typed)]
    found = found or [n for n in load_all() if n.partition(".")[2].startswith(typed)]
    return [plus + name for name in found]


def complete_settings(typed: str) -> list[str]:
    """Settings as `--set` takes them.

    >>> complete_settings("matching.t")
    ['matching.threshold=']
    """
    from warehouse.settings import BY_NAME

    return [f"{name}=" for name in BY_NAME if name.startswith(typed)]


def complete_thresholds(typed: str) -> list[str]:
    """Settings that `calibrate` knows."""
    from warehouse.look.calibration import THRESHOLDS

    return [name for name in THRESHOLDS if name.startswith(typed)]


def complete_exports(typed: str) -> list[str]:
    """What `export` takes.

    >>> complete_exports("explanation_")
    ['explanation_alignment', 'explanation_embeddings']
    """
    from warehouse.models.library import load_all
    from warehouse.write.targets import exportable

    return [name for name in exportable(load_all()) if name.startswith(typed)]


_COMPLETERS = {
    "models": complete_models,
    "settings": complete_settings,
    "thresholds": complete_thresholds,
    "exports": complete_exports,
}
