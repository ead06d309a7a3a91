"""What the `.metadata.json` beside a master's file says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.database import run
from warehouse.files import sync
from warehouse.models.model import Column, Model
from warehouse.models.types import SCALARS
from warehouse.sqltext import identifier, literal
from warehouse.write.targets import sidecar

if TYPE_CHECKING:
    import pyarrow as pa


class ListLengths:
    """The lengths of lists, as they are written: read back, every list would be read whole."""

    def __init__(self, columns: Iterable[Column]) -> None:
        counted = ("List(Struct", "List(UInt")
        self._found: dict[str, list[pa.Array]] = {
            c.name: [] for c in columns if c.type.startswith(counted)
        }

    def watch(self, batches: Iterable[Mapping[str, pa.Array]]) -> Iterator[Mapping[str, pa.Array]]:
        """The batches, unchanged."""
        import pyarrow.compute as pc

        for batch in batches:
            for name, lengths in self._found.items():
                lengths.append(pc.list_value_length(batch[name]))
            yield batch

    def told(self) -> dict[str, dict[str, object]]:
        """Column → min_length, max_length, mean_length (null without a list) and nulls."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = {}
        for name, lengths in self._found.items():
            every = pa.chunked_array(lengths, lengths[0].type if lengths else pa.int32())
            both = pc.min_max(every).as_py()
            found[name] = {
                "min_length": both["min"], "max_length": both["max"],
                "mean_length": pc.mean(every).as_py(), "nulls": every.null_count,
            }  # fmt: skip
        return found


def write_metadata(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    model: Model,
    columns: Sequence[Column],
    facts: Mapping[str, object],
    found: Mapping[str, object],
    lengths: ListLengths,
    settings: Mapping[str, object],
) -> None:
    """Write the description beside a parquet file at `path`.

    `facts`: what the file's own footer says too; `found`: what was measured while it was written,
    and `lengths` of its lists.
    """
    known = statistics(connection, path, columns) | lengths.told()
    measured = {c.name: known[c.name] for c in columns if c.name in known}
    describe_file(path, model, columns, facts, found, measured, settings)


def describe_file(
    path: Path,
    model: Model,
    columns: Sequence[Column],
    facts: Mapping[str, object],
    found: Mapping[str, object],
    measured: Mapping[str, object],
    settings: Mapping[str, object],
) -> None:
    """Write the description beside a file; `measured`: statistics of its columns."""
    description = {
        **facts,
        "file": path.name,
        "schema": {c.name: {"type": c.type, "description": c.description} for c in columns},
        "processing_statistics": {
            "model": model.name,
            "description": model.description,
            "file_size_bytes": path.stat().st_size,
            **found,
        },
        "result_statistics": measured,
        "settings": settings,
    }
    sidecar(path).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sync(sidecar(path))


def statistics(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Iterable[Column]
) -> dict[str, dict[str, object]]:
    """Per column of a written file: nulls, and range and mean, or distinct values; lists aside."""
    measures: list[tuple[str, str, str]] = []
    for column in columns:
        name = identifier(column.name)
        if column.type in ("Categorical", "Utf8"):
            asked = {"distinct": f"count(DISTINCT {name})"}
        elif column.type in SCALARS:
            asked = {"min": f"min({name})", "max": f"max({name})", "mean": f"avg({name})"}
        else:
            continue
        asked["nulls"] = f"count(*) - count({name})"
        measures += [(column.name, measure, sql) for measure, sql in asked.items()]
    source = f"read_parquet({literal(str(path))})"
    values = run(connection, f"SELECT {', '.join(sql for *_, sql in measures)} FROM {source}")[0]
    found: dict[str, dict[str, object]] = {}
    for (column_name, measure, _), value in zip(measures, values, strict=True):
        found.setdefault(column_name, {})[measure] = value
    return found
