"""What thresholds mean under an embedding model, and how embedding models differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from warehouse.look import calibration as calibrations
from warehouse.pages import number
from warehouse.terminal.console import OUT, make_table, talk
from warehouse.terminal.table import FittedTable


def show_comparison(rows: Sequence[tuple]) -> None:
    """Per pair of embedding models how their figures differ."""
    table = make_table("model", "other model", "measure", "compared", "rank correlation", "mean difference", "95 %", "changed", numbers=(3, 4, 5, 6, 7))  # fmt: skip
    for model, other, measure, compared, rank, difference, low, high, changed in rows:
        table.add_row(
            escape(model), escape(other), measure, f"{compared:,}",
            number(rank, 3), number(difference, 3), _interval(low, high), "" if changed is None else f"{changed:,}",
        )  # fmt: skip
    OUT.print(table)


def show_calibration(found: calibrations.Calibration) -> None:
    """Each threshold beside its null, and what the calibrated ones would change."""
    rates = calibrations.CHOICES[1:]
    OUT.print(f"false positives where there is no pattern, {escape(found.model)}", soft_wrap=True)
    table = make_table(
        "threshold", "null values", "of features", "mean", "95 %",
        "choice", "value", "of the null", "95 %", "of the real",
        numbers=(1, 2, 3, 4, 6, 7, 8, 9),
    )  # fmt: skip
    for null in found.nulls:
        facts = [
            null.setting,
            f"{null.null_values:,}",
            f"{null.null_features:,}",
            number(null.null_mean, 3),
            _interval(null.null_mean_low, null.null_mean_high),
        ]
        for choice in calibrations.CHOICES:
            threshold = null.choices[choice]
            table.add_row(
                *(facts if choice == calibrations.NOW else [""] * len(facts)),
                choice,
                "" if threshold.value is None else f"{threshold.value:g}",
                _share(threshold.null_share),
                _shares(threshold.null_share_low, threshold.null_share_high),
                _share(threshold.real_share),
            )
    OUT.print(table)
    empty = [null.setting for null in found.nulls if not null.null_values]
    if empty:
        OUT.print(f"nothing to shuffle for {', '.join(empty)}", soft_wrap=True)
    OUT.print()
    OUT.print(_changes_of_types(found))
    for choice in rates:
        moved = [
            f"{count:,} {was} → {now}"
            for (place, now, was), count in found.types.items()
            if place == choice and now != was
        ]
        OUT.print(
            f"at {choice}: {', '.join(moved) or 'every feature keeps its type'}", soft_wrap=True
        )
    new = max(m.new_features for m in found.matching.values())
    if new:
        OUT.print(
            "of features whose type changes, phrases are tried for the first time: diff with --set tells what matches",
            soft_wrap=True,
        )


def _changes_of_types(found: calibrations.Calibration) -> FittedTable:
    """Counts by choice: features of each type, aligned groups, phrases tried and matched."""
    table = make_table("", *calibrations.CHOICES)
    for kind in ("semantic", "lexical", "both", "none"):
        counts = [
            sum(n for (place, now, _), n in found.types.items() if (place, now) == (choice, kind))
            for choice in calibrations.CHOICES
        ]
        table.add_row(f"features {kind}", *(f"{count:,}" for count in counts))
    rows = {
        "aligned groups": "groups",
        "phrases in them": "aligned_phrases",
        "phrases tried (now aligned)": "tried",
        "phrases matched": "matched",
        "features to try for the first time": "new_features",
    }
    for title, name in rows.items():
        counts = [getattr(found.matching[choice], name) for choice in calibrations.CHOICES]
        table.add_row(title, *(f"{count:,}" for count in counts))
    return table


def show_written(path: Path, chosen: Mapping[str, float]) -> None:
    """What was written into the settings file, to stderr."""
    for name, value in chosen.items():
        talk(f"{name} = {value:g}")
    talk(f"written to {path}; next: python cli.py plan")


def _share(value: float | None) -> str:
    return "" if value is None else f"{number(100 * value, 1)} %"


def _shares(low: float | None, high: float | None) -> str:
    return (
        "" if low is None or high is None else f"{number(100 * low, 1)}–{number(100 * high, 1)} %"
    )


def _interval(low: float | None, high: float | None) -> str:
    """The ends of an interval; a dash would be taken for a minus where one is negative."""
    return "" if low is None or high is None else f"{number(low, 3)} to {number(high, 3)}"
