"""The report of a collection: its members, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from warehouse.models.model import Model
from warehouse.pages import page, save
from warehouse.report.charts import ACCENT, INK, draw, panel
from warehouse.report.panels import Panel, Rows
from warehouse.settings import Settings

# Two members at a time: of a hundred members there are 4,950 pairs.
PAIRS_DRAWN = 12
_ROW = 17  # height of a figure in a panel


def write_collection(
    found: Mapping[str, Rows],
    reports: Mapping[str, str],
    models: Mapping[str, Model],
    settings: Settings,
    output: Path,
) -> Path:
    """Write the page of a collection; it appears whole or not at all.

    `found`: rows of a comparison by what they are; `reports`: member → address of its own report.
    """
    of_features = {
        name: [row for row in found[name] if row["level"] == "feature"]
        for name in ("paired_differences", "mean_differences")
    }
    text = page(
        "collection.html",
        members=found["members"],
        pairs=found["pairs"],
        paired=of_features["paired_differences"],
        means=of_features["mean_differences"],
        variance=found["variance_shares"],
        paired_panels=_panels(of_features["paired_differences"]),
        mean_panels=_panels(of_features["mean_differences"]),
        drawn=PAIRS_DRAWN,
        reports=reports,
        sql={m.name: m.filled(settings.parameters()) for m in models.values() if m.schema == "compare"},
    )  # fmt: skip
    save(text, output)
    return output


def _panels(rows: Rows) -> list[Panel]:
    """Per two members the differences with their intervals, figures of a score's scale."""
    by_pair: dict[tuple, Rows] = {}
    for row in rows:
        if row["difference_low"] is not None and abs(row["difference"]) <= 1:
            by_pair.setdefault((row["member"], row["other_member"]), []).append(row)
    return [
        Panel(f"{other} minus {one}", draw(_forest(own), own, f"Differences of {one} and {other}"))
        for (one, other), own in list(by_pair.items())[:PAIRS_DRAWN]
    ]


def _forest(rows: Sequence[Mapping[str, object]]) -> dict:
    """A line from the lower to the upper end, a dot at the difference, a rule at none."""
    y = {"field": "figure", "type": "nominal", "title": None, "sort": None, "axis": {"grid": True}}
    x = {"type": "quantitative", "title": "difference, with its 95 % interval"}
    interval = {
        "mark": {"type": "rule", "color": ACCENT, "strokeWidth": 2},
        "encoding": {"y": y, "x": {"field": "difference_low", **x}, "x2": {"field": "difference_high"}},
    }  # fmt: skip
    dot = {
        "mark": {"type": "point", "filled": True, "color": ACCENT, "size": 40},
        "encoding": {"y": y, "x": {"field": "difference", **x}},
    }
    none = {"mark": {"type": "rule", "color": INK}, "encoding": {"x": {"datum": 0}}}
    return panel(none, interval, dot, height=_ROW * len(rows))
