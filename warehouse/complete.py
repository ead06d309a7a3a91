"""What a shell may complete: names of models, settings and exports."""

from __future__ import annotations

from warehouse import export
from warehouse.calibrate import THRESHOLDS
from warehouse.models.library import load_all
from warehouse.settings import BY_NAME


def models(typed: str) -> list[str]:
    """Models that start so, else those whose last part does; the `+` of a selector is kept.

    >>> models("+master.explanation_a")
    ['+master.explanation_alignment']
    >>> models("scores_l")
    ['analysis.scores_long']
    """
    plus = "+" if typed.startswith("+") else ""
    typed = typed.removeprefix("+")
    found = [name for name in load_all() if name.startswith(typed)]
    found = found or [n for n in load_all() if n.partition(".")[2].startswith(typed)]
    return [plus + name for name in found]


def settings(typed: str) -> list[str]:
    """Settings as `--set` takes them.

    >>> settings("matching.t")
    ['matching.threshold=']
    """
    return [f"{name}=" for name in BY_NAME if name.startswith(typed)]


def thresholds(typed: str) -> list[str]:
    """Settings that `calibrate` knows."""
    return [name for name in THRESHOLDS if name.startswith(typed)]


def exports(typed: str) -> list[str]:
    """What `export` takes.

    >>> exports("explanation_")
    ['explanation_alignment', 'explanation_embeddings']
    """
    return [name for name in export.exportable(load_all()) if name.startswith(typed)]
