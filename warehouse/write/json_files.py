"""The JSON side files, for readers of the former pipeline: rows (path, document) of `side.*`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import duckdb

from warehouse.database import run
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
    """Write the files of a side model below `directory`, not published yet."""
    written = []
    for path, document in run(connection, f"SELECT path, document FROM {identifier(model.name)}"):
        assert_inside(path)
        # The key goes in as text: to parse and write 16 MB anew would take most of a second.
        if not document.startswith(_OPENING):
            raise WarehouseError(
                f'"{model.name}" makes a document that does not begin with {_OPENING}',
                f"its SQL: python cli.py models show {model.name}",
            )
        rest = document.removeprefix(_OPENING)
        if rest.endswith(_NOT_YET):  # a table that told the time would never be the same
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            rest = f"{rest.removesuffix(_NOT_YET)}{_NOT_YET.replace('null', json.dumps(now))}"
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8") as stream:
            stream.write(
                f'{_OPENING}"warehouse_key":"{key}"{"" if rest[0] == "}" else ","}{rest}\n'
            )
        sync(target)
        size = target.stat().st_size
        written.append(Exported(path, model.name, target, path, 1, size))
    return written
