"""Charts: Vega-Lite specifications drawn as static SVG that takes its colours from the page.

Every colour is a variable of the stylesheet, so one picture reads in light, in dark and in print.
What comes back from the renderer is taken apart and only shapes and text are put together again:
no script, link, style or id can be in it, whatever the data says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from markupsafe import Markup

from warehouse.text import visible

Row = Mapping[str, object]

WIDTH = 290  # of a panel: with its axis it fits a telephone, and three fit a desk
HEIGHT = 120
PALETTE = [f"var(--p{i})" for i in range(10)]
INK, SOFT, LINE, ACCENT, BAD = (f"var(--{n})" for n in ("ink", "soft", "line", "accent", "bad"))
COUNT = {"tickMinStep": 1, "format": ",d"}  # an axis of whole numbers

_TAGS = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan"})
_TOLD = 1000  # marks at most that have a tooltip: a map has thousands
_LONG = re.compile(r"\d+\.\d{5,}")
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")  # how Vega draws one
_ATTRIBUTES = frozenset({
    "viewBox", "width", "height", "transform", "d", "x", "y", "x2", "y2", "fill", "fill-opacity",
    "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "text-anchor",
    "font-size", "font-weight",
})  # fmt: skip
_CONFIG = {
    "background": None,
    "font": "Liberation Sans",  # as wide as Arial, which the page names first
    "padding": {"left": 10, "right": 10, "top": 5, "bottom": 5},
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "gridColor": LINE, "domainColor": SOFT,
        "tickColor": SOFT, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
        "labelLimit": 140, "titlePadding": 6,
    },
    "axisX": {"grid": False, "tickCount": 5},
    "axisY": {"domain": False, "ticks": False, "tickCount": 3},
    "header": {
        "labelColor": INK, "titleColor": SOFT, "labelFontSize": 11, "labelLimit": 200,
        "labelAnchor": "start", "labelOrient": "top", "labelPadding": 3,
    },
    "legend": {
        "labelColor": INK, "titleColor": SOFT, "labelFontSize": 11, "titleFontSize": 11,
        "titleFontWeight": "normal", "orient": "bottom", "labelLimit": 150, "columns": 3,
        "symbolSize": 70,
    },
    "facet": {"spacing": 14},
}  # fmt: skip


def draw(spec: Mapping[str, object], rows: Sequence[Row], label: str) -> Markup:
    """An `<svg>` of `rows` as `spec` (Vega-Lite, without its data) says; `label` is for readers aloud."""
    import vl_convert

    data = {"values": [{k: _tame(v) for k, v in row.items()} for row in rows]}
    svg = vl_convert.vegalite_to_svg(
        {"data": data, "config": _CONFIG, **spec}, allowed_base_urls=[]
    )
    return _clean(svg, label, told=len(rows) <= _TOLD)


def bars(
    x: str, y: str, step: float, titles: tuple[str, str], low: float = 0, high: float = 1
) -> dict:
    """Bars of a histogram: bins begin at `x` and are `step` wide; the axis holds `low` … `high`."""
    return {
        "mark": {"type": "bar", "color": ACCENT, "binSpacing": 0.5},
        "transform": [{"calculate": f"datum[{x!r}] + {step}", "as": "_end"}],
        "encoding": {
            "x": {
                "field": x,
                "type": "quantitative",
                "bin": "binned",
                "title": titles[0],
                "scale": {"domain": [low, high], "nice": False},
                "axis": {"grid": False},
            },
            "x2": {"field": "_end"},
            "y": {"field": y, "type": "quantitative", "title": titles[1], "axis": COUNT},
        },
    }


def rule(value: float | None, text: str, axis: str = "x", color: str = BAD) -> list[dict]:
    """Layers of a line across the panel at `value`, with its name; none for null."""
    if value is None:
        return []
    other = {"y": {"value": -4}} if axis == "x" else {"x": {"value": WIDTH}}
    place = (
        {"align": "center", "baseline": "bottom"}
        if axis == "x"
        else {"align": "right", "baseline": "bottom", "dy": -2}
    )
    at = {axis: {"datum": value}}
    return [
        {"mark": {"type": "rule", "color": color, "strokeWidth": 1.5}, "encoding": at},
        {
            "data": {"values": [{}]},
            "mark": {"type": "text", "color": color, "fontSize": 11, "text": text, **place},
            "encoding": at | other,
        },
    ]


def panel(*layers: Mapping[str, object], height: int = HEIGHT, **more: object) -> dict:
    """Layers on one panel of the usual size."""
    return {"width": WIDTH, "height": height, "layer": list(layers), **more}


def colours(names: Sequence[str], known: Mapping[str, str] | None = None) -> dict:
    """A colour scale over `names` in their order: `known` colours, else the palette's."""
    known = known or {}
    picked = [known.get(n, PALETTE[i % len(PALETTE)]) for i, n in enumerate(names)]
    return {"domain": [_tame(n) for n in names], "range": picked}


def _tame(value: object) -> object:
    # XML has no place for these two, not even escaped.
    return visible(value).translate({0xFFFE: "�", 0xFFFF: "�"}) if isinstance(value, str) else value


def _clean(svg: str, label: str, told: bool) -> Markup:
    """The same picture, of nothing but shapes and text; numbers short. `told`: marks have tooltips."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - made here, by the renderer
    root = _kept(root, told)
    root.set("role", "img")
    root.set("aria-label", label)
    root.attrib.pop("width"), root.attrib.pop("height")
    width = float(root.get("viewBox").split()[2])
    root.set("style", f"width:{width:.0f}px")
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - just cleaned


def _kept(element: ElementTree.Element, told: bool) -> ElementTree.Element:
    attributes = {
        k: re.sub(r"-?\d+\.\d{2,}", _short, v) if k in ("d", "transform") else v
        for k, v in element.attrib.items()
        if k in _ATTRIBUTES and (k, v) != ("opacity", "1")
    }
    if element.get("stroke") is None:
        attributes.pop("stroke-width", None)
    tag = element.tag.rpartition("}")[2]
    circle = _CIRCLE.fullmatch(attributes.get("d", ""))
    if circle:  # maps have thousands
        tag, attributes = "circle", attributes | {"r": circle[1]}
        del attributes["d"]
    made = ElementTree.Element(tag, attributes)
    made.text = element.text
    if told and element.get("role") == "graphics-symbol":
        said = element.get("aria-label", "")
        if element.get("aria-roledescription") not in ("legend", "axis", "title") and said:
            ElementTree.SubElement(made, "title").text = _LONG.sub(_four_digits, said)
    for child in element:
        name = child.tag.rpartition("}")[2]
        # The renderer draws every group's background and foreground, most of them of no size.
        unseen = child.get("class") in ("background", "foreground") and not child.get("stroke")
        if name in _TAGS and not unseen:
            kept = _kept(child, told)
            if len(kept) or kept.text or name in ("path", "line", "rect"):
                made.append(kept)
    return made


def _four_digits(number: re.Match) -> str:
    return f"{float(number[0]):.4g}"


def _short(number: re.Match) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
