"""The JSON side files, for readers of the former pipeline: rows (path, document) of `side.*`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.files import sync
from warehouse.models.model import Model
from warehouse.sqltext import identifier
from warehouse.write.targets import Exported, assert_inside

_OPENING = '{"metadata":{'
# A document that ends so is told when it is written.
_NOT_YET = '"created_at":null}'


def write(
    connection: duckdb.DuckDBPyConnection, model: Model, key: str, directory: Path
) -> list[Exported]:
    """Write the files of a side model below `directory`, not published yet.

    The documents of one path are parts of a file, in the order of the column `part`.
    """
    in_parts = any(column.name == "part" for column in model.columns)
    order = " ORDER BY path, part" if in_parts else ""
    rows = connection.execute(f"SELECT path, document FROM {identifier(model.name)}{order}")
    written = []
    for path, documents in groupby(iter(rows.fetchone, None), key=itemgetter(0)):
        assert_inside(path)
        texts = _keyed(model, key, (document for _, document in documents))
        head = next(texts)
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8") as stream:
            stream.write(head)
            stream.writelines(texts)
        sync(target)
        size = target.stat().st_size
        written.append(Exported(path, model.name, target, path, 1, size))
    return written


def _keyed(model: Model, key: str, parts: Iterator[str]) -> Iterator[str]:
    """The text of a document, with the key in its metadata and the time where it is asked for."""
    # The key goes in as text: to parse and write 16 MB anew would take most of a second.
    first = next(parts)
    if not first.startswith(_OPENING):
        raise WarehouseError(
            f'"{model.name}" makes a document that does not begin with {_OPENING}',
            f"its SQL: python cli.py models show {model.name}",
        )
    last = first.removeprefix(_OPENING)
    yield f'{_OPENING}"warehouse_key":"{key}"{"" if last[0] == "}" else ","}'
    for part in parts:
        yield last
        last = part
    if last.endswith(_NOT_YET):  # a table that told the time would never be the same
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        last = f"{last.removesuffix(_NOT_YET)}{_NOT_YET.replace('null', json.dumps(now))}"
    yield f"{last}\n"
