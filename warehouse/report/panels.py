"""What every picture of the report is made of: rows, in groups and in an order, and a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

Rows = list[dict[str, object]]
METHODS = ("fuzz", "detection", "embedding", "simulation")


@dataclass(frozen=True)
class Panel:
    """One picture of a figure and its heading."""

    title: str
    svg: Markup


def ordered(names: set, first: Sequence[str]) -> list[str]:
    return [n for n in first if n in names] + sorted(names - set(first))


def grouped(rows: Rows, key: str) -> dict[object, Rows]:
    found: dict[object, Rows] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found
