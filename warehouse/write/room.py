"""How much room the exported files need on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.models.model import Model
from warehouse.settings import Settings
from warehouse.write.targets import EMBEDDINGS, file_columns, find_place, find_sae

# How many vectors a file holds, and of which length.
_VECTORS = {
    EMBEDDINGS: "SELECT count(*), (SELECT len(vector) FROM vectors.windows LIMIT 1) FROM analysis.samples",
    "master.explanation_embeddings": "SELECT count(*), any_value(len(embedding)) FROM master.explanation_embeddings",
}

# Measured: a number of a vector, and a row without vectors (activation_examples, which counts).
_FLOAT_BYTES, _ROW_BYTES = 3.75, 200


def assert_room(needed: int, target: Path) -> None:
    """WarehouseError when so many bytes of masters would not fit on the disk of `target`."""
    free = shutil.disk_usage(target).free
    if needed > free:
        raise WarehouseError(
            f'the parquet files need about {needed / 1e6:,.0f} MB, and "{target}" has {free / 1e6:,.0f} MB free',
            "check disk space; --set export.embeddings=int8 makes the largest file 4 times smaller, "
            "build --no-export leaves the files out",
        )


def estimate(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    rows: int,
    published: Path,
    settings: Settings,
) -> int:
    """About how many bytes a master's file of so many rows will have.

    Vectors hardly compress, so they count as they are; other rows as in the file of before, if
    there is one, else as measured on trees of 16,384 features.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    vectors = _VECTORS.get(model.name)
    if vectors:
        count, width = run(connection, vectors)[0]
        each = 1 if file_columns(model, settings) != model.columns else _FLOAT_BYTES
        return int(count * (width or 0) * each)
    before = published / find_place(model, find_sae(connection))
    try:
        each = before.stat().st_size / max(pq.read_metadata(before).num_rows, 1)
    except (OSError, pa.ArrowInvalid):
        each = _ROW_BYTES
    return int(rows * each)
