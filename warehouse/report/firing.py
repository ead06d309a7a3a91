"""The report's pictures of how often features fire."""

from __future__ import annotations

from warehouse.report.charts import bars, colours, draw, panel, rule
from warehouse.report.panels import METHODS, Panel, Rows, grouped, ordered


def density_panel(rows: Rows) -> list[Panel]:
    layers = [
        bars(
            "log_density",
            "features",
            0.1,
            ("log10 of the share of tokens", "features"),
            min(r["log_density"] for r in rows),
            0,
        )
    ]
    layers += rule(rows[0]["threshold"], "dense →")
    return [Panel("", draw(panel(*layers), rows, "How often features fire"))]


def frequency_panels(rows: Rows) -> list[Panel]:
    made = []
    methods = grouped(rows, "method")
    scorers = list(dict.fromkeys(r["scorer"] for r in rows))
    known = dict(zip(scorers, colours(scorers)["range"], strict=True))
    for method in ordered(set(methods), METHODS):
        own = methods[method]
        line = {
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "log_density", "type": "quantitative", "title": "log10 of the share of tokens", "scale": {"zero": False}},
                "y": {"field": "score", "type": "quantitative", "title": "median score", "scale": {"zero": False}},
                "color": {"field": "scorer", "type": "nominal", "title": "scorer", "scale": colours([s for s in scorers if s in {r["scorer"] for r in own}], known)},
                "detail": {"field": "explainer", "type": "nominal"},
            },
        }  # fmt: skip
        made.append(Panel(method, draw(panel(line), own, f"Scores by frequency: {method}")))
    return made
