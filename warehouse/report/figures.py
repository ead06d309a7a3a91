"""The report's pictures: each a query under `sql/report/`, and a function here that draws its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warehouse.pages import number
from warehouse.report.charts import (
    ACCENT,
    COUNT,
    INK,
    LINE,
    WIDTH,
    bars,
    colours,
    draw,
    panel,
    rule,
)
from warehouse.report.firing import density_panel, frequency_panels
from warehouse.report.panels import METHODS, Panel, Rows, grouped, ordered

_PATTERNS = {
    "semantic": "var(--p0)", "lexical": "var(--p1)", "both": "var(--p2)", "none": "var(--none)",
    "not explained": LINE,
}  # fmt: skip

_OUTCOMES = {"some phrase matched": "var(--p2)", "no phrase matched": "var(--p1)", "nothing tried": LINE}  # fmt: skip
_MAP = 340  # side of a map

_CAUSES = {"missed_ngram": "var(--p0)", "missed_context": "var(--p1)", "noisy_activation": "var(--p2)"}  # fmt: skip
# The corners of the triangle of causes, as analysis.failure_positions places them.
_CORNERS = {"missed_ngram": (0.0, 0.0), "missed_context": (1.0, 0.0), "noisy_activation": (0.5, 0.866)}  # fmt: skip


@dataclass(frozen=True)
class Plot:
    title: str
    note: str
    query: str
    draw: Callable[[Rows], list[Panel]]
    empty: str = "no rows"


def pivot(rows: Rows) -> dict[str, object]:
    """Explainer and scorer down, methods across."""
    methods = ordered({r["method"] for r in rows}, METHODS)
    lines: dict[tuple, dict] = {}
    for row in rows:
        lines.setdefault((row["explainer"], row["scorer"]), {})[row["method"]] = row
    return {"methods": methods, "lines": lines}


def _score_panels(rows: Rows) -> list[Panel]:
    made = []
    methods = grouped(rows, "method")
    scorers = list(dict.fromkeys(r["scorer"] for r in rows))
    known = dict(zip(scorers, colours(scorers)["range"], strict=True))
    for method in ordered(set(methods), METHODS):
        own = methods[method]
        spec = {
            "facet": {"row": {"field": "explainer", "sort": None, "title": None}},
            "spec": {
                "width": WIDTH, "height": 56,
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.6, "strokeJoin": "round"},
                "encoding": {
                    "x": {"field": "score", "type": "quantitative", "title": "score",
                          "scale": {"domain": [min(r["score"] for r in own), 1], "nice": False}},
                    "y": {"field": "share", "type": "quantitative", "title": None, "axis": {"format": "%"}},
                    "color": {"field": "scorer", "type": "nominal", "title": "scorer", "scale": colours([s for s in scorers if s in {r["scorer"] for r in own}], known)},
                },
            },
        }  # fmt: skip
        made.append(Panel(method, draw(spec, own, f"Distribution of {method} scores")))
    return made


def _mean_rule(row: dict) -> list[dict]:
    """A line at a panel's mean, labelled with the mean and its 95 % interval where it has one."""
    label = f"mean {number(row['mean'])}"
    if row["mean_low"] is not None:
        label += f" ({number(row['mean_low'])} to {number(row['mean_high'])})"
    return rule(row["mean"], label, color=INK)


def _pair_panels(rows: Rows) -> list[Panel]:
    made = []
    low = min(0, *(r["similarity"] for r in rows))
    for pair, own in grouped(rows, "pair").items():
        layers = [bars("similarity", "features", 0.05, ("cosine similarity", "features"), low)]
        layers += _mean_rule(own[0])
        made.append(Panel(pair, draw(panel(*layers), own, f"Similarity of explanations: {pair}")))
    return made


def _threshold_panel(x: str, title: str) -> Callable[[Rows], list[Panel]]:
    def made(rows: Rows) -> list[Panel]:
        low = min(0, *(r[x] for r in rows))
        threshold = rows[0]["threshold"]
        layers = [bars(x, "features", 0.02, (title, "features"), low)]
        layers += rule(threshold, f"threshold {threshold:g}")
        return [Panel("", draw(panel(*layers), rows, title))]

    return made


def _plane_panel(rows: Rows) -> list[Panel]:
    low = min(0, *(r["similarity"] for r in rows))
    ends = [{"calculate": f"datum.{f} + 0.04", "as": f"{f}_end"} for f in ("similarity", "jaccard")]
    cells = {
        "mark": {"type": "rect", "color": ACCENT},
        "transform": ends,
        "encoding": {
            "x": {"field": "similarity", "type": "quantitative", "bin": "binned", "title": "mean cosine similarity",
                  "scale": {"domain": [low, 1], "nice": False}},
            "x2": {"field": "similarity_end"},
            "y": {"field": "jaccard", "type": "quantitative", "bin": "binned", "title": "largest mean Jaccard",
                  "scale": {"domain": [0, 1], "nice": False}},
            "y2": {"field": "jaccard_end"},
            "opacity": {"field": "features", "type": "quantitative", "title": "features",
                        "scale": {"type": "log", "range": [0.2, 1]}, "legend": {"tickCount": 3, "format": ",d"}},
        },
    }  # fmt: skip
    lines = rule(rows[0]["semantic_threshold"], "semantic →")
    lines += rule(rows[0]["lexical_threshold"], "lexical ↑", axis="y")
    return [Panel("", draw(panel(cells, *lines, height=220), rows, "Pattern plane"))]


def _outcome_panel(rows: Rows) -> list[Panel]:
    types = ordered({r["pattern_type"] for r in rows}, list(_PATTERNS))
    outcomes = [o for o in _OUTCOMES if o in {r["outcome"] for r in rows}]
    y = {"field": "pattern_type", "type": "nominal", "sort": types, "title": None}
    stacked = {
        "mark": {"type": "bar"},
        "encoding": {
            "y": y,
            "x": {"field": "features", "type": "quantitative", "title": "explained features", "axis": COUNT},
            "color": {
                "field": "outcome", "type": "nominal", "title": None,
                "scale": colours(outcomes, _OUTCOMES), "legend": {"columns": 1},
            },
            "order": {"field": "rank", "type": "quantitative"},
        },
    }  # fmt: skip
    totals = {
        "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
        "encoding": {
            "y": y,
            "x": {"aggregate": "sum", "field": "features", "type": "quantitative"},
            "text": {"aggregate": "sum", "field": "features", "type": "quantitative", "format": ",d"},
        },
    }  # fmt: skip
    ranked = [{**r, "rank": outcomes.index(r["outcome"])} for r in rows]
    spec = panel(stacked, totals, height=26 * len(types)) | {"width": WIDTH - 60}
    return [Panel("", draw(spec, ranked, "Pattern types"))]


def _match_panels(rows: Rows) -> list[Panel]:
    made = []
    types = grouped(rows, "pattern_type")
    for name in ordered(set(types), list(_PATTERNS)):
        own = types[name]
        layers = [bars("match_rate", "features", 0.1, ("match rate", "features"))]
        layers += _mean_rule(own[0])
        title = f"{name}: {own[0]['of_features']:,} features"
        made.append(Panel(title, draw(panel(*layers), own, f"Match rates: {name}")))
    return made


def _counts(x: str, title: str, rows: Rows, most: int) -> dict:
    """Bars over whole numbers 0 … `most`."""
    there = {r[x]: r for r in rows}
    full = [there.get(i, {x: i, "features": 0}) for i in range(most + 1)]
    encoding = {
        "x": {"field": x, "type": "ordinal", "title": title, "axis": {"labelAngle": 0}},
        "y": {"field": "features", "type": "quantitative", "title": "features", "axis": COUNT},
    }
    layer = {"mark": {"type": "bar", "color": ACCENT}, "encoding": encoding}
    return {"spec": panel(layer), "rows": full}


def _group_panel(rows: Rows) -> list[Panel]:
    made = _counts("groups", "aligned groups", rows, max(r["groups"] for r in rows))
    return [Panel("", draw(made["spec"], made["rows"], "Aligned groups per feature"))]


def _share_panel(rows: Rows) -> list[Panel]:
    y = {"field": "explainer", "type": "nominal", "sort": None, "title": None}
    x = {"field": "share", "type": "quantitative", "title": "share of phrases", "scale": {"domain": [0, 1]}, "axis": {"format": "%", "tickCount": 3}}  # fmt: skip
    layers = (
        {"mark": {"type": "bar", "color": ACCENT}, "encoding": {"y": y, "x": x}},
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
            "encoding": {"y": y, "x": x, "text": {"field": "told", "type": "nominal"}},
        },
    )
    told = [{**r, "told": f"{r['aligned']:,} of {r['phrases']:,}"} for r in rows]
    spec = panel(*layers, height=26 * len(rows)) | {"width": WIDTH - 60}
    return [Panel("", draw(spec, told, "Aligned phrases"))]


def _coverage_panels(rows: Rows) -> list[Panel]:
    made = []
    for what, own in grouped(rows, "what").items():
        of = own[0]["of_neighbours"]
        counted = _counts("neighbours", f"of {of} neighbours", own, of)
        made.append(Panel(what, draw(counted["spec"], counted["rows"], f"Neighbours {what}")))
    return made


def _rank_panel(rows: Rows) -> list[Panel]:
    x = {"field": "rank", "type": "ordinal", "title": "rank of the neighbour", "axis": {"labelAngle": 0}}  # fmt: skip

    def between(low: str, high: str, width: float, opacity: float) -> dict:
        return {
            "mark": {"type": "rule", "color": ACCENT, "strokeWidth": width, "opacity": opacity},
            "encoding": {
                "x": x,
                "y": {"field": low, "type": "quantitative", "title": "cosine similarity"},
                "y2": {"field": high},
            },
        }

    middle = {
        "mark": {"type": "tick", "color": INK, "thickness": 2, "size": 14},
        "encoding": {"x": x, "y": {"field": "median", "type": "quantitative"}},
    }
    layers = (between("low", "high", 1.5, 1), between("lower", "upper", 12, 0.55), middle)
    return [Panel("", draw(panel(*layers, height=160), rows, "Similarity by rank"))]


def _map_panels(size: str, questions: Mapping[str, str]) -> Callable[[Rows], list[Panel]]:
    """One scatter per question (column → title); a point is as large as what it stands for."""

    def made(rows: Rows) -> list[Panel]:
        most = max(r[size] for r in rows)
        one = min(max(20_000 / len(rows), 9), 70)  # area of the point of one
        panels = []
        for column, title in questions.items():
            names = set(map(str, (r[column] for r in rows)))
            if column == "cluster":
                order = sorted(names, key=int)
            elif column == "explainer":
                order = sorted(names)
            else:
                order = ordered(names, list(_PATTERNS))
            known = _PATTERNS if column == "pattern_type" else {}
            spec = {
                "width": _MAP, "height": _MAP,
                "mark": {"type": "circle", "opacity": 0.85},
                "encoding": {
                    "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"zero": False}},
                    "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"zero": False}},
                    "size": {"field": size, "type": "quantitative", "legend": None,
                             "scale": {"domain": [0, most], "range": [0, one * min(most, 30)]}},
                    "color": {"field": "named", "type": "nominal", "title": None, "scale": colours(order, known),
                              "legend": {"columns": 5, "symbolOpacity": 1}},
                },
            }  # fmt: skip
            # What says much lies over what says little.
            drawn = [{**r, "named": str(r[column])} for r in rows]
            if column == "pattern_type":
                drawn.sort(key=lambda r: order.index(r["named"]), reverse=True)
            panels.append(Panel(title, draw(spec, drawn, f"Map by {column}")))
        return panels

    return made


def _ngram_panels(rows: Rows) -> list[Panel]:
    made = []
    for kind, own in grouped(rows, "kind").items():
        y = {"field": "ngram", "type": "nominal", "sort": None, "title": None}
        x = {"field": "features", "type": "quantitative", "title": "features", "axis": COUNT}
        layers = (
            {"mark": {"type": "bar", "color": ACCENT}, "encoding": {"y": y, "x": x}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
                "encoding": {"y": y, "x": x, "text": {"field": "told", "type": "nominal"}},
            },
        )
        told = [{**r, "told": f"{r['features']:,}, share {number(r['share'])}"} for r in own]
        spec = panel(*layers, height=20 * len(own)) | {"width": WIDTH - 90}
        made.append(Panel(kind, draw(spec, told, f"Top n-grams: {kind}")))
    return made


def _triangle_panel(rows: Rows) -> list[Panel]:
    most = max(r["explanations"] for r in rows)
    scale = {"domain": [-0.12, 1.12], "nice": False}
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": scale}
    y = {
        "field": "y",
        "type": "quantitative",
        "axis": None,
        "scale": {**scale, "domain": [-0.12, 0.98]},
    }
    corners = [
        {"x": a, "y": b, "name": name.replace("_", " ")} for name, (a, b) in _CORNERS.items()
    ]
    edges = {
        "data": {"values": [*corners, corners[0]]},
        "mark": {"type": "line", "color": LINE, "strokeWidth": 1.5},
        "encoding": {"x": x, "y": y, "order": {"value": 0}},
    }
    names = {
        "data": {"values": corners},
        "mark": {
            "type": "text",
            "color": INK,
            "fontSize": 11,
            "dy": {"expr": "datum.y > 0 ? -9 : 13"},
        },
        "encoding": {"x": x, "y": y, "text": {"field": "name", "type": "nominal"}},
    }
    points = {
        "mark": {"type": "circle", "opacity": 0.8},
        "encoding": {
            "x": x,
            "y": y,
            "size": {"field": "explanations", "type": "quantitative", "legend": None,
                     "scale": {"domain": [0, most], "range": [4, 240]}},
            "color": {"field": "cause", "type": "nominal", "title": "nearest",
                      "scale": colours(list(_CAUSES), _CAUSES), "legend": {"columns": 3}},
        },
    }  # fmt: skip
    spec = panel(edges, points, names, height=round(_MAP * 0.87)) | {"width": _MAP}
    return [Panel("", draw(spec, rows, "Causes of failure"))]


def _slow_panel(rows: Rows) -> list[Panel]:
    y = {"field": "node", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 230}}  # fmt: skip
    x = {"field": "seconds", "type": "quantitative", "title": "seconds"}
    layers = (
        {"mark": {"type": "bar", "color": ACCENT}, "encoding": {"y": y, "x": x}},
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
            "encoding": {"y": y, "x": x, "text": {"field": "seconds", "type": "quantitative", "format": ",.2f"}},
        },
    )  # fmt: skip
    spec = panel(*layers, height=20 * len(rows)) | {"width": WIDTH - 60}
    return [Panel("", draw(spec, rows, "Slowest nodes"))]


_OFF = "off: set projections.enabled = true and build (pip install -e '.[projections]')"

SECTIONS: dict[str, list[Plot]] = {
    "Firing": [
        Plot("How often features fire", "Share of the corpus' tokens on a logarithmic scale; a feature that never fires is not drawn.", "densities", density_panel, "no source tells how often features fire: firing counts, a latents cache, an export's features"),
        Plot("Scores by frequency", "Median score of features that fire about as often, in bins of half a power of ten.", "scores_by_frequency", frequency_panels, "no scored feature whose frequency is known"),
    ],
    "Scores": [
        Plot("Scores by explainer and scorer", "Share of the scored features per bin of 0.05; features that were not scored count nowhere.", "score_distributions", _score_panels, "no scores were read"),
    ],
    "Explanations": [
        Plot("Agreement of explainers", "Cosine similarity of two explainers' explanations of the same feature.", "explainer_pairs", _pair_panels, "no feature has explanations of two explainers"),
        Plot("Aligned groups", "Groups of phrases that at least two explainers say alike, per explained feature (12: 12 and more).", "aligned_features", _group_panel, "no explained features"),
        Plot("Aligned phrases", "How much of what each explainer says belongs to an aligned group.", "aligned_share", _share_panel, "no phrases"),
    ],
    "Activation patterns": [
        Plot("Semantic similarity", "Mean cosine similarity of a feature's sampled windows; all features with at least two.", "semantic_bins", _threshold_panel("similarity", "mean cosine similarity"), "no feature has two sampled examples"),
        Plot("Lexical similarity", "Largest mean Jaccard of a feature's sampled windows over the n-gram sizes.", "jaccard_bins", _threshold_panel("jaccard", "largest mean Jaccard"), "no feature has two sampled examples"),
        Plot("Shared n-grams", "The n-grams that most features' examples share; with the mean share of pairs of examples that both hold it. Words over tokens, characters inside of one token.", "shared_ngrams", _ngram_panels, "no feature has two sampled examples"),
        Plot("Both at once", "Right of the line: semantic; above the line: lexical; the corner: both.", "pattern_plane", _plane_panel, "no feature has two sampled examples"),
        Plot("Pattern types", "Explained features, and what came of matching their aligned phrases.", "pattern_outcomes", _outcome_panel, "no explained features"),
        Plot("Match rates", "Matched phrases of all that were tried, for features where any was tried.", "match_rates", _match_panels, "no phrase was tried: no aligned groups, or no pattern"),
    ],
    "Causes of failure": [
        Plot("Why explanations fail", "Each explanation between three causes, nearer to the one that its metrics look more like; a point's area is the number of explanations.", "failure_triangle", _triangle_panel, "no explanations"),
    ],
    "Decoder neighbours": [
        Plot("Coverage", "Of each explained feature's decoder neighbours, how many have sampled examples and how many have explanations.", "neighbour_coverage", _coverage_panels, "no explained features"),
        Plot("Similarity by rank", "Median, middle half and middle nine tenths of all features.", "neighbour_similarity", _rank_panel, "no decoder neighbours"),
    ],
    "Maps": [
        Plot("Map of decoder rows", "UMAP by cosine distance; a point is what lies in one cell of a grid of 64 × 64, its area the number of features.", "feature_map", _map_panels("features", {"pattern_type": "by pattern type", "cluster": "by cluster (0 the largest)"}), _OFF),
        Plot("Map of explanations", "As above, of the explanations' embeddings.", "explanation_map", _map_panels("explanations", {"pattern_type": "by the feature's pattern type", "explainer": "by explainer", "cluster": "by cluster (0 the largest)"}), _OFF),
    ],
    "Nodes": [
        Plot("Slowest nodes", "Seconds of each node's last run, whichever build that was.", "slowest_nodes", _slow_panel),
    ],
}  # fmt: skip
