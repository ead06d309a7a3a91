"""A view as files: a page that lists its features, a page per feature, its CSV. They need no server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from warehouse.errors import UsageError, WarehouseError
from warehouse.explore import answers
from warehouse.explore.source import Source
from warehouse.explore.view import read_view
from warehouse.files import write_atomically
from warehouse.look.card_reader import find_card
from warehouse.pages import page, save
from warehouse.plan.project import Project

INDEX = "index.html"


def address_items(address: str) -> list[tuple[str, str]]:
    """Keys and values of a view's address, whole or without what is before its ?.

    >>> address_items("http://127.0.0.1:8642/?text=the+jury&sort=-match_rate")
    [('text', 'the jury'), ('sort', '-match_rate')]
    """
    query = address.rpartition("?")[2].partition("#")[0]
    return parse_qsl(query)


def write_pages(data: Path, address: str, directory: Path, limit: int) -> Path:
    """Write the first `limit` features of a view into a new directory; the list's path.

    UsageError: the directory holds something, or the address names no view. WarehouseError: no
    feature is in the view, or no warehouse is published. The list is written last.
    """
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f'"{directory}" is not empty', "--to a new directory")
    source = Source(data)
    with source.reading() as opened:
        items = address_items(address)
        query, names, rows = answers.listing(opened, read_view(items, opened.catalog), limit)
        place = names.index("feature_id")
        ids = [row[place] for row in rows]
        if not ids:
            raise WarehouseError("no feature is in the view", "--view with fewer filters")
        directory.mkdir(parents=True, exist_ok=True)
        known = set(ids)
        for at, feature in enumerate(ids):
            card = find_card(opened.connection, Project(data), feature)
            text = page(
                "card.html",
                card=card,
                link=lambda near: page_name(near) if near in known else "",
                around=(ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None),
            )
            save(text, directory / page_name(feature))
        csv = answers.csv_of(names, rows)
        write_atomically(
            directory / "features.csv", lambda path: path.write_text(csv, encoding="utf-8")
        )
        cells = [[answers.cell(value) for value in row] for row in rows]
        listed = page(
            "explored.html", names=names, rows=list(zip(ids, cells, strict=True)), sql=query.shown,
            build=opened.build_id, page_name=page_name, figures=set(opened.catalog.figures),
        )  # fmt: skip
        save(listed, directory / INDEX)
    return directory / INDEX


def page_name(feature_id: int) -> str:
    return f"feature-{feature_id}.html"
