"""What commands share: the common options, and what a shell may complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from warehouse.plan.graph import Job
    from warehouse.settings import Settings


@dataclass(frozen=True)
class Context:
    """The common options, and where the jobs come from that a build can run."""

    data: Path
    overrides: tuple[str, ...]
    verbose: bool
    json_log: bool
    load_jobs: Callable[[], Sequence[Job]]

    @property
    def jobs(self) -> Sequence[Job]:
        return self.load_jobs()

    def settings(self) -> Settings:
        from warehouse.settings_file import load

        return load(self.data, self.overrides)


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
