"""The master parquets: exact columns and dtypes, sorted, written beside and published by rename."""

from __future__ import annotations

import base64
import datetime
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import duckdb

from embed.gather import SampledVectors
from warehouse import __version__
from warehouse.assemble import ASSEMBLERS, Assembly, sql_rows
from warehouse.catalog import run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models import Column, Model, digest, identifier, literal
from warehouse.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

T = TypeVar("T")

# Raise when the files' form changes without a model's version changing.
_FORM = 3

# The master whose vectors the settings can ask for as int8.
EMBEDDINGS = "master.activation_embeddings"
# How many vectors a file holds, and of which length.
_VECTORS = {
    EMBEDDINGS: "SELECT count(*), (SELECT len(vector) FROM vectors.windows LIMIT 1) FROM analysis.samples",
    "master.explanation_embeddings": "SELECT count(*), any_value(len(embedding)) FROM master.explanation_embeddings",
}
# Measured: a number of a vector, and a row without vectors (activation_examples, which counts).
_FLOAT_BYTES, _ROW_BYTES = 3.75, 200

# Who asks for one feature reads the footer and one row group: small groups cost a longer footer.
# At 16,384 features, 2026-11-24: groups of 2,048 … 16,384 examples 10 … 8 ms in DuckDB and 4 … 18 ms
# in Polars 2.1 (94 … 83 MB); of 8, 12, 16, 20 features' vectors 33, 23, 19, 16 ms in DuckDB.
_ROW_GROUP = 4096  # rows
_VALUES_ROW_GROUP = 280_000  # numbers of vectors: some megabyte

# What every reader from Polars 0.19 on decodes.
_ENCODINGS = frozenset({"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED"})

# A parquet file ends with its footer, the footer's length (four bytes) and this.
_MAGIC = b"PAR1"
_TAIL = 4 + len(_MAGIC)

# Polars' scalar name → DuckDB's type; Categorical is a dictionary-encoded string.
_SCALARS = {
    "Int64": "BIGINT", "Int8": "TINYINT", "UInt8": "UTINYINT", "UInt16": "USMALLINT", "UInt32": "UINTEGER",
    "Float32": "FLOAT", "Float64": "DOUBLE", "Utf8": "VARCHAR", "Categorical": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """A file that was written: where it lies now, its rows and bytes."""

    name: str
    path: Path
    rows: int
    bytes: int


def names(models: Mapping[str, Model]) -> list[str]:
    """The master models' short names."""
    return [m.name.partition(".")[2] for m in models.values() if m.schema == "master"]


def chosen(models: Mapping[str, Model], wanted: Iterable[str]) -> list[str]:
    """Full names of the wanted masters and side models, all when none is named.

    UsageError for an unknown name.
    """
    known = exportable(models)
    for name in wanted:
        if name not in known:
            near = nearest(name, list(known))
            raise UsageError(
                f'nothing to export is called "{name}"',
                f'did you mean "{near}"?' if near else "exports: " + ", ".join(known),
            )
    return [known[name] for name in wanted] or sorted(known.values())


def exportable(models: Mapping[str, Model]) -> dict[str, str]:
    """Short name → full name of the masters and side models; a master goes before its namesake."""
    known = {m.name.partition(".")[2]: m.name for m in models.values() if m.schema == "side"}
    return known | {name: f"master.{name}" for name in names(models)}


def file_columns(model: Model, settings: Settings) -> tuple[Column, ...]:
    """The columns of a master's file: the model's, vectors in the form the settings ask for."""
    if model.name != EMBEDDINGS or settings["export.embeddings"] != "int8":
        return model.columns
    int8 = {
        "embeddings": Column(
            "embeddings", "List(List(Int8))", "one vector a sampled window, in steps of its scale"
        )
    }
    scales = Column("scales", "List(Float32)", "one a vector: value = step × scale")
    return (*(int8.get(c.name, c) for c in model.columns), scales)


def export_key(model: Model, result: str, settings: Settings) -> str:
    """What an export holds: the model's result and the form it is written in."""
    columns = file_columns(model, settings)
    form = settings["export.embeddings"] if model.name == EMBEDDINGS else ""
    return digest(_FORM, form, result, *(f"{c.name} {c.type}" for c in columns))


def is_current(path: Path, key: str) -> bool:
    """Whether the parquet at `path` was written under `key`, by its own footer.

    The footer is searched, not parsed: pyarrow's import would be a tenth of a build without work.
    """
    try:
        with path.open("rb") as file:
            file.seek(-_TAIL, os.SEEK_END)
            size = int.from_bytes(file.read(4), "little")
            if file.read() != _MAGIC:
                return False
            file.seek(-_TAIL - size, os.SEEK_END)
            footer = file.read(size)
    except OSError:
        return False
    return b"warehouse_key" in footer and key.encode() in footer and _sidecar(path).exists()


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
    connection: duckdb.DuckDBPyConnection, model: Model, published: Path, settings: Settings
) -> int:
    """About how many bytes a master's file will have.

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
    before = published / f"{model.name.partition('.')[2]}.parquet"
    try:
        each = before.stat().st_size / max(pq.read_metadata(before).num_rows, 1)
    except (OSError, pa.ArrowInvalid):
        each = _ROW_BYTES
    rows = run(connection, f"SELECT count(*) FROM {identifier(model.name)}")[0][0]
    return int(rows * each)


@dataclass(frozen=True)
class Origin:
    """What a file is made of: the model's result and its rows, by which build, by which settings."""

    result: str
    rows: int
    build_id: str
    settings: Settings


def write(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    directory: Path,
    origin: Origin,
    sampled: SampledVectors,
    stop: Event,
) -> Exported:
    """Write one master and its `.metadata.json` into `directory` (not published yet).

    Ends with a WarehouseError soon after another thread sets `stop`.
    """
    name = model.name.partition(".")[2]
    path = directory / f"{name}.parquet"
    rows, settings = origin.rows, origin.settings
    columns = file_columns(model, settings)
    schema = arrow_schema(columns)
    sae = run(connection, "SELECT sae_id FROM staging.sae")
    facts = {
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "pipeline_version": __version__,
        "model_version": model.version,
        "sae_id": sae[0][0] if sae else None,
        "total_rows": rows,
        "build_id": origin.build_id,
    }
    bound = {k: settings[k] for k in settings.values}
    footer = {
        **{k: str(v) for k, v in facts.items()},
        "settings": json.dumps(bound),
        "warehouse_key": export_key(model, origin.result, settings),
        # What Arrow and Polars read the types from: Categorical where the schema says dictionary.
        "ARROW:schema": base64.b64encode(schema.serialize().to_pybytes()).decode(),
    }
    work = Assembly(connection, sampled, int8=columns != model.columns)
    assemble = ASSEMBLERS.get(model.name)
    split = settings["export.embeddings"] == "float32-split"
    with closing(assemble(work) if assemble else sql_rows(work, model)) as batches:
        _write_batches(path, schema, footer, _until(stop, batches), split)
    _assert_wanted(stop)
    _verify(path, schema, rows, model.order, split)
    description = {
        **facts,
        "file": path.name,
        "schema": {c.name: {"type": c.type, "description": c.description} for c in columns},
        "processing_statistics": {
            "model": model.name,
            "description": model.description,
            "file_size_bytes": path.stat().st_size,
            **work.facts,
        },
        "result_statistics": statistics(connection, path, columns),
        "settings": bound,
    }
    _sidecar(path).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _sync(path)
    return Exported(name, path, rows, path.stat().st_size)


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
                writer = pq.ParquetWriter(path, made, **_encoding(made, split), store_schema=False)
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


def _encoding(schema: pa.Schema, split: bool) -> dict[str, object]:
    """Parquet options: vectors as they are (or their bytes split by place), all else by dictionary.

    Statistics of numbers only: nobody skips row groups by a constant name or by what is inside
    of lists, and those of the tokens took half of the time to write.
    """
    import pyarrow as pa

    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    vectors = [
        path for path, type_ in leaves if path.endswith("element") and pa.types.is_float32(type_)
    ]
    others = [path for path, _ in leaves if path not in vectors]
    scalars = [f.name for f in schema if pa.types.is_primitive(f.type)]
    return {
        "compression": "zstd",
        # Vectors hardly compress: their exponents do, and level 1 finds them.
        "compression_level": 1 if vectors else 3,
        "write_statistics": scalars,
        "use_byte_stream_split": vectors if split else False,
        "use_dictionary": others,
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


def publish(written: Iterable[Exported], target: Path) -> list[Exported]:
    """Move finished exports to `target`, each by one rename (its sidecar just before it)."""
    published = []
    for export in written:
        target.mkdir(parents=True, exist_ok=True)
        path = target / export.path.name
        _sidecar(export.path).replace(_sidecar(path))
        export.path.replace(path)
        published.append(Exported(export.name, path, export.rows, export.bytes))
    return published


def statistics(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Iterable[Column]
) -> dict[str, dict[str, object]]:
    """Per column of a written file: nulls, and range and mean, distinct values, or list lengths."""
    measures: list[tuple[str, str, str]] = []
    for column in columns:
        name = identifier(column.name)
        if column.type in ("Categorical", "Utf8"):
            asked = {"distinct": f"count(DISTINCT {name})"}
        elif column.type in _SCALARS:
            asked = {"min": f"min({name})", "max": f"max({name})", "mean": f"avg({name})"}
        elif column.type.startswith(("List(Struct", "List(UInt")):
            asked = {"min_length": f"min(len({name}))", "max_length": f"max(len({name}))", "mean_length": f"avg(len({name}))"}  # fmt: skip
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


def typed(model: Model, sql: str) -> str:
    """A master's SQL with its declared columns and no others, in their exact types.

    A view's feature_id stays as it is: DuckDB pushes no filter through a cast, and who asks for
    one feature would read them all. Its file has the exact type.
    """
    columns = ", ".join(
        identifier(c.name)
        if model.kind == "view" and c.name == "feature_id"
        else f"{identifier(c.name)}::{duckdb_type(c.type)} AS {identifier(c.name)}"
        for c in model.columns
    )
    return f"SELECT {columns} FROM (\n{sql}\n)"


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of declared columns."""
    import pyarrow as pa

    return pa.schema([(c.name, _arrow(_parse(c.type))) for c in columns])


def duckdb_type(declared: str) -> str:
    """DuckDB's type of a declared one.

    >>> duckdb_type("List(Struct(feature_id UInt32, explainer Categorical))")
    'STRUCT("feature_id" UINTEGER, "explainer" VARCHAR)[]'
    """
    return _duckdb(_parse(declared))


def _parse(text: str) -> object:
    """A declared type as nested tuples: 'UInt8', ('List', t), ('Struct', ((name, t), ...))."""
    tokens = re.findall(r"\w+|[(),]", text)

    def take(expected: str) -> None:
        if not tokens or tokens.pop(0) != expected:
            raise WarehouseError(f'column type "{text}" is not understood', "List(...), Struct(name Type, ...), " + ", ".join(_SCALARS))  # fmt: skip

    def one() -> object:
        name = tokens.pop(0) if tokens else ""
        if name == "List":
            take("(")
            inner = one()
            take(")")
            return ("List", inner)
        if name == "Struct":
            take("(")
            fields = [(tokens.pop(0), one())]
            while tokens and tokens[0] == ",":
                tokens.pop(0)
                fields.append((tokens.pop(0), one()))
            take(")")
            return ("Struct", tuple(fields))
        if name not in _SCALARS:
            tokens.clear()
            take(name)
        return name

    return one()


def _duckdb(parsed: object) -> str:
    if isinstance(parsed, str):
        return _SCALARS[parsed]
    kind, inner = parsed
    if kind == "List":
        return f"{_duckdb(inner)}[]"
    return "STRUCT(" + ", ".join(f"{identifier(n)} {_duckdb(t)}" for n, t in inner) + ")"


def _arrow(parsed: object) -> pa.DataType:
    import pyarrow as pa

    if isinstance(parsed, str):
        scalars = {
            "Int64": pa.int64(), "Int8": pa.int8(), "UInt8": pa.uint8(), "UInt16": pa.uint16(), "UInt32": pa.uint32(),
            "Float32": pa.float32(), "Float64": pa.float64(), "Utf8": pa.string(),
            "Categorical": pa.dictionary(pa.int32(), pa.string()),
        }  # fmt: skip
        return scalars[parsed]
    kind, inner = parsed
    if kind == "List":
        return pa.list_(_arrow(inner))
    return pa.struct([(n, _arrow(t)) for n, t in inner])


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
        raise WarehouseError(f'"{path.name}" was not written with its declared types', f"declared:\n{schema}\nfound:\n{found}")  # fmt: skip
    if strange := _encodings(footer) - _ENCODINGS - ({"BYTE_STREAM_SPLIT"} if split else set()):
        raise WarehouseError(f'"{path.name}" is encoded as {", ".join(sorted(strange))}, which older readers lack')  # fmt: skip
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


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
