"""The graph of nodes as a picture: layers from the raw files down, few crossings, short lines.

Sugiyama's way: longest-path layers, a dummy on every layer that a line only crosses, order by
barycentres, places by least squares. Lines that another path says already are left out, and the
lines of one node share one trunk. igraph 1.0's own Sugiyama ends the process on some graphs of
several parts, and networkx has none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_LINE_HEIGHT = 13
_CHARACTER = 6.4  # width of one, at 11 px
_LONGEST = 15  # characters of a line of a label
_GAP = 10  # between boxes of a layer
_LAYER_GAP = 26
_SWEEPS = 24


@dataclass
class Box:
    """A node of the picture (or, without lines of text, a place where a line passes)."""

    name: str
    layer: int
    lines: tuple[str, ...] = ()
    x: float = 0.0  # the middle
    y: float = 0.0  # the top
    width: float = 2.0
    height: float = 0.0

    def __post_init__(self) -> None:
        if self.lines:
            self.width = max(map(len, self.lines)) * _CHARACTER + 12
            self.height = len(self.lines) * _LINE_HEIGHT + 6

    @property
    def left(self) -> float:
        return self.x - self.width / 2


@dataclass(frozen=True)
class Picture:
    """Boxes and the lines between them (SVG path data), within `width` × `height`."""

    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    width: float
    height: float


def above(parents: Mapping[str, Sequence[str]], chosen: Collection[str]) -> dict[str, list[str]]:
    """The chosen nodes and what they read directly, as node → the nodes of these that it reads."""
    kept = {*chosen, *(p for name in chosen for p in parents[name])}
    return {name: [p for p in parents.get(name, ()) if p in kept] for name in sorted(kept)}


def lay_out(parents: Mapping[str, Sequence[str]]) -> Picture:
    """A picture of the graph node → the nodes it reads; a parent that is no node becomes a source."""
    nodes = {p: () for own in parents.values() for p in own} | dict(parents)
    reduced = _reduced(nodes)
    layer = _layers(reduced)
    boxes = {n: Box(n, layer[n], _label(n)) for n in nodes}
    edges = _with_dummies(boxes, reduced)
    layers: list[list[Box]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in sorted(boxes):
        layers[boxes[name].layer].append(boxes[name])
    _order(layers, edges)
    _place(layers, edges)
    right = max((b.x + b.width / 2 for b in boxes.values()), default=0)
    bottom = max((b.y + b.height for b in boxes.values()), default=0)
    shown = tuple(b for b in boxes.values() if b.lines)
    return Picture(shown, tuple(_path(a, b) for a, b in edges), right, bottom)


def _reduced(nodes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Without the parents that another parent reads, directly or not."""
    above: dict[str, set[str]] = {}

    def ancestors(name: str) -> set[str]:
        if name not in above:
            above[name] = set(nodes[name]).union(*(ancestors(p) for p in nodes[name]))
        return above[name]

    return {
        name: [p for p in own if not any(p in ancestors(q) for q in own if q != p)]
        for name, own in nodes.items()
    }


def _layers(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Below all it reads; what reads nothing is placed just above its first reader."""
    layer: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in layer:
            layer[name] = max((depth(p) + 1 for p in parents[name]), default=0)
        return layer[name]

    for name in parents:
        depth(name)
    for name, own in parents.items():
        readers = [layer[n] for n, ps in parents.items() if name in ps]
        if not own and readers:
            layer[name] = min(readers) - 1
    return layer


def _with_dummies(
    boxes: dict[str, Box], parents: Mapping[str, Sequence[str]]
) -> list[tuple[Box, Box]]:
    """The edges from layer to layer; adds to `boxes` one dummy per parent and crossed layer."""
    edges: dict[tuple[str, str], tuple[Box, Box]] = {}
    for name, own in sorted(parents.items()):
        for parent in own:
            above = boxes[parent]
            for layer in range(boxes[parent].layer + 1, boxes[name].layer):
                key = f"{parent} {layer}"
                boxes.setdefault(key, Box(key, layer))
                edges[above.name, key] = (above, boxes[key])
                above = boxes[key]
            edges[above.name, name] = (above, boxes[name])
    return list(edges.values())


def _order(layers: Sequence[list[Box]], edges: Sequence[tuple[Box, Box]]) -> None:
    """Sweep down and up: each layer by the mean place of its neighbours on the layer before."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = _neighbours(edges, up=down)
        for row in layers if down else reversed(layers):
            place = {
                box.name: (sum(b.x for b in near[box.name]) / len(near[box.name]))
                if near.get(box.name)
                else box.x
                for box in row
            }
            row.sort(key=lambda b, place=place: (place[b.name], b.name))
            _pack(row)


def _place(layers: Sequence[list[Box]], edges: Sequence[tuple[Box, Box]]) -> None:
    """Move each layer towards its neighbours above and below, its order kept; then set the tops."""
    above, below = _neighbours(edges, up=True), _neighbours(edges, up=False)
    for _ in range(_SWEEPS):
        for row in layers:
            _pull(row, [above.get(b.name, []) + below.get(b.name, []) for b in row])
    least = min((b.left for row in layers for b in row), default=0)
    right = max((b.x + b.width / 2 for row in layers for b in row), default=0)
    # In a narrow window the left is seen first: there the first layer shall be.
    first = [b.x for b in layers[0]] if layers else []
    turned = sum(first) > len(first) * (least + right) / 2
    top = 0.0
    for row in layers:
        tallest = max(b.height for b in row)
        for box in row:
            box.x = right - box.x if turned else box.x - least
            box.height = box.height or tallest
            box.y = top + (tallest - box.height) / 2
        top += tallest + _LAYER_GAP


def _neighbours(edges: Sequence[tuple[Box, Box]], up: bool) -> dict[str, list[Box]]:
    found: dict[str, list[Box]] = {}
    for a, b in edges:
        own, other = (b, a) if up else (a, b)
        found.setdefault(own.name, []).append(other)
    return found


def _pack(row: Sequence[Box]) -> None:
    """Side by side, around 0."""
    total = sum(b.width + _GAP for b in row)
    at = -total / 2
    for box in row:
        box.x = at + box.width / 2
        at += box.width + _GAP


def _pull(row: Sequence[Box], near: Sequence[Sequence[Box]]) -> None:
    """The least-squares places at the neighbours' means, none overlapping (pool adjacent violators)."""
    offset, offsets = 0.0, []
    for left, right in pairwise([row[0], *row]):
        offset += (left.width + right.width) / 2 + _GAP if left is not right else 0.0
        offsets.append(offset)
    pools: list[tuple[float, int]] = []  # (mean of wanted place less offset, boxes)
    for box, others, shift in zip(row, near, offsets, strict=True):
        wanted = sum(b.x for b in others) / len(others) if others else box.x
        pools.append((wanted - shift, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n)]
    places = [mean for mean, count in pools for _ in range(count)]
    for box, place, shift in zip(row, places, offsets, strict=True):
        box.x = place + shift


def _label(name: str) -> tuple[str, ...]:
    """The name without its schema, broken after underscores."""
    lines = [""]
    for part in name.rpartition(".")[2].replace("_", "_\n").split("\n"):
        if lines[-1] and len(lines[-1] + part) > _LONGEST:
            lines.append("")
        lines[-1] += part
    return tuple(lines)


def _path(a: Box, b: Box) -> str:
    start = a.y + a.height
    middle = (start + b.y) / 2
    through = "" if b.lines else f" L{b.x:.0f} {b.y + b.height:.0f}"
    return f"M{a.x:.0f} {start:.0f} C{a.x:.0f} {middle:.0f} {b.x:.0f} {middle:.0f} {b.x:.0f} {b.y:.0f}{through}"
