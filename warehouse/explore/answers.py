"""What the server answers: the catalog, each view as JSON, CSV or packed arrays, and a card as HTML."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.explore.queries import Query
from warehouse.explore.source import Opened
from warehouse.explore.view import DEFAULT_COLUMNS, PAGE_ROWS, View, read_view
from warehouse.look.card_reader import find_card
from warehouse.look.features import OVERVIEW
from warehouse.models.library import load_all
from warehouse.pages import environment
from warehouse.plan.project import Project
from warehouse.text import finite, visible

Items = Iterable[tuple[str, str]]

# In the order of their codes in the packed points.
PATTERNS = ("none", "semantic", "lexical", "both", "unexplained")
# What can be had as CSV → the method of Queries that states it.
TABLES = {"features": "listing", "points": "points", "types": "types"}
_CELL = 400  # characters of a text in a table


def catalog(opened: Opened) -> dict[str, object]:
    """What can be filtered, sorted and drawn, with the warehouse's own descriptions and extents."""
    known = opened.catalog
    told = {c.name: c.description for c in load_all()["analysis.feature_overview"].columns}
    told |= {"map_x": "place on the map of decoder rows", "map_y": "place on the map"}
    names, [row] = opened.rows(opened.queries.extents())
    extents = {n: [finite(end) for end in ends] for n, ends in zip(names, row, strict=True)}
    [(total,)] = opened.connection.execute(f"SELECT count(*) FROM {OVERVIEW}").fetchall()
    return {
        "build": opened.build_id,
        "features": total,
        "columns": [
            {"name": n, "type": t, "description": told.get(n, "")} for n, t in known.types.items()
        ],
        "figures": [
            {"name": n, "description": told.get(n, ""), "extent": extents[n]} for n in known.figures
        ],
        "thresholds": {
            "semantic": {"column": "activation_semantic_sim", "value": known.semantic_threshold},
            "lexical": {"column": "activation_max_jaccard", "value": known.lexical_threshold},
        },
        "patterns": list(PATTERNS),
        "defaults": {"columns": list(DEFAULT_COLUMNS), "rows": list(PAGE_ROWS)},
    }


def features(opened: Opened, items: Items) -> dict[str, object]:
    """One page of the table."""
    view = read_view(items, opened.catalog)
    query = opened.queries.features(view)
    start = time.perf_counter()
    names, rows = opened.rows(query)
    return {
        "build": opened.build_id,
        "columns": names[:-1],
        "rows": [[cell(value) for value in row[:-1]] for row in rows],
        "found": rows[0][-1] if rows else 0,
        "page": view.page,
        "milliseconds": round(1000 * (time.perf_counter() - start), 1),
        "sql": query.shown,
    }


def points(opened: Opened, items: Items) -> bytes:
    """Two arrays of float32 (x, y), one of uint32 (feature) and one of uint8 (pattern type).

    Little-endian, one behind the other; before them a line of JSON, padded to a multiple of 4
    bytes: how many there are, and the SQL.
    """
    import numpy as np

    query = opened.queries.points(read_view(items, opened.catalog))
    arrays = opened.execute(query).fetchnumpy()
    head = json.dumps({"points": len(arrays["x"]), "sql": query.shown, "build": opened.build_id})
    line = head.encode() + b"\n"
    kinds = np.full(len(arrays["x"]), len(PATTERNS) - 1, dtype=np.uint8)
    for code, name in enumerate(PATTERNS):
        kinds[arrays["pattern_type"] == name] = code
    return b"".join(
        (
            line.rjust(-(-len(line) // 4) * 4),
            arrays["x"].astype("<f4").tobytes(),
            arrays["y"].astype("<f4").tobytes(),
            arrays["feature_id"].astype("<u4").tobytes(),
            kinds.tobytes(),
        )
    )


def types(opened: Opened, items: Items) -> dict[str, object]:
    """Pattern types now and under the view's thresholds, and how many features change theirs."""
    query = opened.queries.types(read_view(items, opened.catalog))
    _, rows = opened.rows(query)
    return {
        "rows": rows,
        "changed": sum(count for now, then, count in rows if now != then),
        "explained": sum(count for _, _, count in rows),
        "sql": query.shown,
    }


def around(opened: Opened, items: Items) -> dict[str, object]:
    """The place of the view's feature in its order, and the features before and after it."""
    view = read_view(items, opened.catalog)
    if view.feature is None:
        raise UsageError("no feature is named", "feature=ID")
    _, rows = opened.rows(opened.queries.around(view))
    _, place, previous, following = rows[0] if rows else (None, None, None, None)
    return {"place": place, "previous": previous, "next": following}


def card(opened: Opened, data: Path, feature_id: int) -> str:
    """A feature's card as a piece of HTML; neighbours link to views of them."""
    shown = find_card(opened.connection, Project(data), feature_id)
    template = environment().get_template("card_panel.html")
    return template.render(card=shown, link=lambda near: f"?feature={near}")


def csv_text(opened: Opened, name: str, items: Items) -> str:
    """The whole of a view as CSV; `name`: one of TABLES."""
    view = read_view(items, opened.catalog)
    return csv_of(*opened.rows(getattr(opened.queries, TABLES[name])(view)))


def csv_of(names: list[str], rows: Iterable[tuple]) -> str:
    """CSV with a line of names; nested values as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_flat(value) for value in row] for row in rows)
    return text.getvalue()


def listing(opened: Opened, view: View, limit: int) -> tuple[Query, list[str], list[tuple]]:
    """The first features of a view: its statement, column names and rows."""
    query = opened.queries.listing(view, limit)
    return query, *opened.rows(query)


def _flat(value: object) -> object:
    """Nested values as JSON, so that a CSV cell can be read back."""
    return (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, list | Mapping)
        else value
    )


def cell(value: object) -> object:
    """A value for a table cell: text on one line without what acts or hides, no NaN."""
    if isinstance(value, list):
        return [cell(v) for v in value]
    if isinstance(value, str):
        return visible(value if len(value) <= _CELL else value[:_CELL] + "…")
    return finite(value)
