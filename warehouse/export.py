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
from warehouse.assemble import ASSEMBLERS, Assembly
from warehouse.catalog import run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models import Column, Model, digest, identifier, literal
from warehouse.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

# Raise when the files' form changes without a model's version changing.
_FORM = 2

# The master whose vectors the settings can ask for as int8.
EMBEDDINGS = "master.activation_embeddings"
# How many vectors a file holds, and of which length.
_VECTORS = {
    EMBEDDINGS: "SELECT count(*), (SELECT len(vector) FROM vectors.windows LIMIT 1) FROM analysis.samples",
    "master.explanation_embeddings": "SELECT count(*), any_value(len(embedding)) FROM master.explanation_embeddings",
}
# Measured: a number of a vector, and a row without vectors (activation_examples, which counts).
_FLOAT_BYTES, _ROW_BYTES = 3.6, 200

_ROW_GROUP = 16_384

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
    if model.name != EMBEDDINGS or settings["export.embeddings"] == "float32":
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
    return digest(_FORM, result, *(f"{c.name} {c.type}" for c in columns))


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
    if assemble := ASSEMBLERS.get(model.name):
        with closing(assemble(work)) as batches:
            _write_batches(path, schema, footer, _until(stop, batches))
    else:
        _copy(connection, model, path, footer)
    _assert_wanted(stop)
    _verify(path, schema, rows, model.order)
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


def _copy(
    connection: duckdb.DuckDBPyConnection, model: Model, path: Path, footer: Mapping[str, str]
) -> None:
    """Parquet's version stays 1: pyarrow cannot read a Categorical in version 2's strings."""
    order = f" ORDER BY {model.order}" if model.order else ""
    pairs = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in footer.items())
    run(
        connection,
        f"""COPY (SELECT * FROM {identifier(model.name)}{order}) TO {literal(str(path))}
        (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}, KV_METADATA {{{pairs}}})""",
    )


def _write_batches(
    path: Path,
    schema: pa.Schema,
    footer: Mapping[str, str],
    batches: Iterable[Mapping[str, pa.Array]],
) -> None:
    """Write batches of columns, a row group each.

    Vectors hardly compress: their bytes are split by place (the exponents do), at zstd's level 1.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for batch in batches:
            columns = [batch[name] for name in schema.names]
            if writer is None:
                made = pa.schema(zip(schema.names, (c.type for c in columns), strict=True))
                writer = pq.ParquetWriter(path, made, **_encoding(made), store_schema=False)
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=made), _ROW_GROUP)
        if writer is None:
            writer = pq.ParquetWriter(path, schema, store_schema=False)
        writer.add_key_value_metadata(footer)
    finally:
        if writer is not None:
            writer.close()


def _encoding(schema: pa.Schema) -> dict[str, object]:
    """Parquet options: float vectors split by byte, all else by dictionary where it pays.

    Statistics of scalar columns only: nobody skips row groups by what stands inside of lists, and
    those of the tokens took half of the time to write.
    """
    import pyarrow as pa

    leaves = {}
    for name, type_ in zip(schema.names, schema.types, strict=True):
        leaf = name
        while pa.types.is_list(type_):
            leaf, type_ = f"{leaf}.list.element", type_.value_type
        leaves[leaf] = name == "embeddings" and pa.types.is_float32(type_)
    scalars = [f.name for f in schema if not pa.types.is_nested(f.type)]
    if not any(leaves.values()):
        return {"compression": "zstd", "compression_level": 3, "write_statistics": scalars}
    return {
        "compression": "zstd",
        "compression_level": 1,
        "write_statistics": scalars,
        "use_byte_stream_split": [leaf for leaf, split in leaves.items() if split],
        "use_dictionary": [leaf for leaf, split in leaves.items() if not split],
    }


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
    """A master's SQL with its declared columns and no others, in their exact types."""
    columns = ", ".join(
        f"{identifier(c.name)}::{duckdb_type(c.type)} AS {identifier(c.name)}"
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


def _verify(path: Path, schema: pa.Schema, rows: int, order: str) -> None:
    """Read the file back: the types, the count and the order that were promised."""
    import numpy as np
    import pyarrow.parquet as pq

    def shape(fields: pa.Schema) -> list[tuple[str, str]]:
        # Parquet calls a list's field "element" where Arrow says "item"; neither reader cares.
        return [
            (f.name, str(f.type).replace("<element: ", "<item: ").replace(" not null", ""))
            for f in fields
        ]

    found = pq.read_schema(path).remove_metadata()
    if shape(found) != shape(schema):
        raise WarehouseError(f'"{path.name}" was not written with its declared types', f"declared:\n{schema}\nfound:\n{found}")  # fmt: skip
    if (count := pq.read_metadata(path).num_rows) != rows:
        raise WarehouseError(f'"{path.name}" holds {count} rows of {rows}')
    first = order.partition(",")[0]
    if first and (np.diff(pq.read_table(path, columns=[first])[first].to_numpy()) < 0).any():
        raise WarehouseError(f'"{path.name}" is not sorted by {first}')


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
