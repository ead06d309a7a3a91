"""The master parquets: exact columns and dtypes, sorted, written beside and published by rename."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import duckdb

from warehouse import __version__
from warehouse.errors import WarehouseError
from warehouse.files import sync
from warehouse.models.model import Model
from warehouse.models.types import arrow_schema
from warehouse.settings import Settings
from warehouse.write.gather import SampledVectors
from warehouse.write.metadata import ListLengths, write_metadata
from warehouse.write.targets import Exported, file_columns, find_sae, sidecar
from warehouse.write.wide import ASSEMBLERS, Assembly, sql_rows

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

T = TypeVar("T")


# Who asks for one feature reads the footer and one row group: small groups cost a longer footer.
# At 16,384 features, 2026-11-24: groups of 2,048 … 16,384 examples 10 … 8 ms in DuckDB and 4 … 18 ms
# in Polars 2.1 (94 … 83 MB); of 8, 12, 16, 20 features' vectors 33, 23, 19, 16 ms in DuckDB.
_ROW_GROUP = 4096  # rows
_VALUES_ROW_GROUP = 310_000  # numbers of vectors: some megabyte

# What every reader from Polars 0.19 on decodes.
_ENCODINGS = frozenset({"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED"})


@dataclass(frozen=True)
class Origin:
    """What a file is made of: its key, the model's rows, by which build, by which settings."""

    key: str
    rows: int
    build_id: str
    settings: Settings


def write(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    directory: Path,
    place: str,
    origin: Origin,
    sampled: SampledVectors,
    stop: Event,
) -> Exported:
    """Write one typed model and its `.metadata.json` at `place` below `directory` (not published yet).

    Ends with a WarehouseError soon after another thread sets `stop`.
    """
    path = directory / place
    rows, settings = origin.rows, origin.settings
    columns = file_columns(model, settings)
    schema = arrow_schema(columns)
    facts = facts_of(connection, model, origin)
    bound = {k: settings[k] for k in settings.values}
    footer = {
        **{k: str(v) for k, v in facts.items()},
        "settings": json.dumps(bound),
        "warehouse_key": origin.key,
        # What Arrow and Polars read the types from: Categorical where the schema says dictionary.
        "ARROW:schema": base64.b64encode(schema.serialize().to_pybytes()).decode(),
    }
    work = Assembly(connection, sampled, int8=columns != model.columns)
    assemble = ASSEMBLERS.get(model.name)
    split = settings["export.embeddings"] == "float32-split"
    lengths = ListLengths(columns)
    with closing(assemble(work) if assemble else sql_rows(work, model)) as batches:
        _write_batches(path, schema, footer, lengths.watch(_until(stop, batches)), split)
    _assert_wanted(stop)
    _verify(path, schema, rows, model.order, split)
    write_metadata(connection, path, model, columns, facts, work.facts, lengths, bound)
    sync(path)
    size = path.stat().st_size
    return Exported(path.stem, model.name, path, place, rows, size, (sidecar(path),))


def facts_of(
    connection: duckdb.DuckDBPyConnection, model: Model, origin: Origin
) -> dict[str, object]:
    """What every file says of itself."""
    return {
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "pipeline_version": __version__,
        "model_version": model.version,
        "sae_id": find_sae(connection),
        "total_rows": origin.rows,
        "build_id": origin.build_id,
    }


def _until(stop: Event, batches: Iterable[T]) -> Iterator[T]:
    for batch in batches:
        _assert_wanted(stop)
        yield batch


def _assert_wanted(stop: Event) -> None:
    if stop.is_set():
        raise WarehouseError("the export was stopped")


def _write_batches(
    path: Path,
    schema: pa.Schema,
    footer: Mapping[str, str],
    batches: Iterable[Mapping[str, pa.Array]],
    split: bool,
) -> None:
    """Write batches of columns in small row groups.

    pyarrow writes what may be null as the declared schema says it. DuckDB's COPY goes by the data
    (a column without a null becomes REQUIRED), and beside a schema that says otherwise Polars
    before 2.1 reads nested values as nulls. Parquet's version stays 1: pyarrow cannot read a
    Categorical in version 2's strings.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for batch in batches:
            columns = [batch[name] for name in schema.names]
            if writer is None:
                made = pa.schema(zip(schema.names, (c.type for c in columns), strict=True))
                writer = pq.ParquetWriter(path, made, **encoding(made, split), store_schema=False)
            record = pa.RecordBatch.from_arrays(columns, schema=made)
            writer.write_batch(record, _row_group(record))
        if writer is None:
            writer = pq.ParquetWriter(path, schema, store_schema=False)
        writer.add_key_value_metadata(footer)
    finally:
        if writer is not None:
            writer.close()


def _row_group(batch: pa.RecordBatch) -> int:
    """Rows per row group: fewer where the rows hold many vectors."""
    import pyarrow.compute as pc

    if "embeddings" not in batch.schema.names:
        return _ROW_GROUP
    values = len(pc.list_flatten(pc.list_flatten(batch["embeddings"])))
    return max(1, _VALUES_ROW_GROUP * batch.num_rows // max(values, 1))


def encoding(schema: pa.Schema, split: bool) -> dict[str, object]:
    """Parquet options: vectors as they are (or their bytes split by place), else by dictionary.

    Statistics of numbers only: nobody skips row groups by a constant name or by what is inside
    of lists, and those of the tokens took half of the time to write.
    """
    import pyarrow as pa

    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    vectors = [
        path for path, type_ in leaves if path.endswith("element") and pa.types.is_float32(type_)
    ]
    # Ids beside vectors are plain. A dictionary for each small row group made the footer 8 % larger,
    # and readers parse all of it before the first row.
    plain = "embeddings" in schema.names
    ids = [path for path, type_ in leaves if plain and pa.types.is_uint32(type_)]
    coded = [path for path, _ in leaves if path not in vectors and path not in ids]
    scalars = [f.name for f in schema if pa.types.is_primitive(f.type)]
    return {
        "compression": "zstd",
        # Vectors hardly compress: their exponents do, and level 1 finds them.
        "compression_level": 1 if vectors else 3,
        "write_statistics": scalars,
        "use_byte_stream_split": vectors if split else False,
        "use_dictionary": coded,
    }


def _leaves(path: str, type_: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """The parquet columns of an Arrow type, as path and type."""
    import pyarrow as pa

    if pa.types.is_list(type_):
        yield from _leaves(f"{path}.list.element", type_.value_type)
    elif pa.types.is_struct(type_):
        for field in type_:
            yield from _leaves(f"{path}.{field.name}", field.type)
    else:
        yield path, type_


def _verify(path: Path, schema: pa.Schema, rows: int, order: str, split: bool) -> None:
    """Read the file back: the types, what may be null, the encodings, the count and the order."""
    import numpy as np
    import pyarrow.parquet as pq

    def shape(fields: pa.Schema) -> list[str]:
        # Parquet calls a list's field "element" where Arrow says "item"; no reader minds.
        return [str(f).replace("<element: ", "<item: ") for f in fields]

    footer = pq.read_metadata(path)
    found = footer.schema.to_arrow_schema().remove_metadata()
    # What may be null, at every level, is read from the parquet types and not from ARROW:schema.
    if shape(found) != shape(schema):
        raise WarehouseError(
            f'"{path.name}" was not written with its declared types',
            f"declared:\n{schema}\nfound:\n{found}",
        )
    if strange := _encodings(footer) - _ENCODINGS - ({"BYTE_STREAM_SPLIT"} if split else set()):
        raise WarehouseError(
            f'"{path.name}" is encoded as {", ".join(sorted(strange))}, which older readers lack'
        )
    if footer.num_rows != rows:
        raise WarehouseError(f'"{path.name}" holds {footer.num_rows} rows of {rows}')
    first = order.partition(",")[0]
    if first and (np.diff(pq.read_table(path, columns=[first])[first].to_numpy()) < 0).any():
        raise WarehouseError(f'"{path.name}" is not sorted by {first}')


def _encodings(footer: pq.FileMetaData) -> set[str]:
    """Encodings of the first row group's columns; the others are written with the same options."""
    if not footer.num_row_groups:
        return set()
    group = footer.row_group(0)
    return {e for i in range(group.num_columns) for e in group.column(i).encodings}
