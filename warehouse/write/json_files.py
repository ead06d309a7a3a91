"""The JSON side files, for readers of the former pipeline: rows (path, document) of `side.*`."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import duckdb

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.models.model import Model
from warehouse.sqltext import digest, identifier
from warehouse.write.targets import Exported, assert_inside

# A file's first bytes: its key stands there.
_HEAD = 200
_OPENING = '{"metadata":{'
# A document that ends so is told when it is written.
_NOT_YET = '"created_at":null}'


def is_current(
    connection: duckdb.DuckDBPyConnection, model: Model, result: str, data: Path
) -> bool:
    """Whether every file of a side model, as the connection has it, stands under `data`."""
    wanted = _key(model, result).encode()
    paths = run(connection, f"SELECT path FROM {identifier(model.name)}")
    return all(_holds(data / path, wanted) for (path,) in paths)


def write(
    connection: duckdb.DuckDBPyConnection, model: Model, result: str, directory: Path
) -> list[Exported]:
    """Write the files of a side model below `directory`, not published yet."""
    written, key = [], _key(model, result)
    for path, document in run(connection, f"SELECT path, document FROM {identifier(model.name)}"):
        assert_inside(path)
        # The key goes in as text: to parse and write 16 MB anew would take most of a second.
        if not document.startswith(_OPENING):
            raise WarehouseError(
                f'"{model.name}" makes a document that does not begin with {_OPENING}',
                f"python cli.py models show {model.name}   prints its SQL",
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
            stream.flush()
            os.fsync(stream.fileno())
        written.append(Exported(path, target, 1, target.stat().st_size, path))
    return written


def _key(model: Model, result: str) -> str:
    return digest(model.fingerprint, result)


def _holds(path: Path, key: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return key in stream.read(_HEAD)
    except OSError:
        return False
