"""What thresholds mean under an embedding model, and how embedding models differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from warehouse.look import calibration as calibrations
from warehouse.terminal.console import OUT, make_table, talk


def show_comparison(rows: Sequence[tuple]) -> None:
    """Per pair of embedding models how their figures differ."""
    table = make_table("model", "other model", "measure", "compared", "rank correlation", "mean difference", "changed", numbers=(3, 4, 5, 6))  # fmt: skip
    for model, other, measure, compared, rank, difference, changed in rows:
        numbers = ("" if v is None else f"{v:.3f}" for v in (rank, difference))
        table.add_row(escape(model), escape(other), measure, f"{compared:,}", *numbers, "" if changed is None else f"{changed:,}")  # fmt: skip
    OUT.print(table)


def show_calibration(found: calibrations.Calibration) -> None:
    """Each threshold beside its null, and what the calibrated ones would change."""
    rates = calibrations.CHOICES[1:]
    OUT.print(f"false positives on shuffled data, {escape(found.model)}", soft_wrap=True)
    told = make_table(
        "threshold", "null values", "mean", "now", "of the null", "of the real",
        *(word for rate in rates for word in (f"for {rate}", "of the real")),
    )  # fmt: skip
    for null in found.nulls:
        cells = []
        for choice in calibrations.CHOICES:
            threshold = null.choices[choice]
            cells.append("" if threshold.value is None else f"{threshold.value:g}")
            if choice == calibrations.NOW:
                cells.append(_share(threshold.null_share))
            cells.append(_share(threshold.real_share))
        mean = "" if null.null_mean is None else f"{null.null_mean:.3f}"
        told.add_row(null.setting, f"{null.null_values:,}", mean, *cells)
    OUT.print(told)
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
        OUT.print(f"at {choice}: {', '.join(moved) or 'every feature keeps its type'}", soft_wrap=True)  # fmt: skip
    new = max(m.new_features for m in found.matching.values())
    if new:
        OUT.print("of features whose type changes, phrases are tried for the first time: diff with --set tells what matches", soft_wrap=True)  # fmt: skip


def _changes_of_types(found: calibrations.Calibration) -> Table:
    """Counts by choice: features of each type, aligned groups, phrases tried and matched."""
    table = make_table("", *calibrations.CHOICES)
    for kind in ("semantic", "lexical", "both", "none"):
        counts = [
            sum(n for (place, now, _), n in found.types.items() if (place, now) == (choice, kind))
            for choice in calibrations.CHOICES
        ]
        table.add_row(f"features {kind}", *(f"{count:,}" for count in counts))
    rows = {
        "aligned groups": "groups", "phrases in them": "aligned_phrases",
        "phrases tried (now aligned)": "tried", "phrases matched": "matched",
        "features to try for the first time": "new_features",
    }  # fmt: skip
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
    return "" if value is None else f"{100 * value:.1f} %"
