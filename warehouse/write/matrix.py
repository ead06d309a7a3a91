"""A model's rows as a matrix in NumPy's own format, written beside and published by rename."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.models.model import Model
from warehouse.sqltext import identifier
from warehouse.write.metadata import describe_file
from warehouse.write.parquet import Origin, facts_of
from warehouse.write.targets import Exported, export_key

_VERSION = (1, 0)  # what every NumPy reads


def write(
    connection: duckdb.DuckDBPyConnection, model: Model, path: Path, origin: Origin
) -> Exported:
    """Write float64 (rows, columns), C order, in the model's order, and its `.metadata.json`."""
    import numpy as np

    columns = ", ".join(f"{identifier(c.name)}::DOUBLE" for c in model.columns)
    rows = run(connection, f"SELECT {columns} FROM {identifier(model.name)} ORDER BY {model.order}")
    matrix = np.array(rows, np.float64).reshape(len(rows), len(model.columns))
    with path.open("wb") as stream:
        np.lib.format.write_array(stream, matrix, _VERSION, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    found = np.load(path, allow_pickle=False)
    if len(rows) != origin.rows or not np.array_equal(found, matrix):
        raise WarehouseError(f'"{path.name}" does not hold the {origin.rows} rows of {model.name}')
    key = export_key(model, origin.result, origin.settings)
    facts = {**facts_of(connection, model, origin), "warehouse_key": key}
    describe_file(path, model, model.columns, facts, {}, {}, dict(origin.settings.values))
    return Exported(model.name.partition(".")[2], path, len(rows), path.stat().st_size)
