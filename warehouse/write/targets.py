"""What is exported, in which columns, under which key, and whether a file holds it already."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import duckdb

from warehouse.database import run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models.model import Column, Model
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier

# Raise when the files' form changes without a model's version changing.
_FORM = 3

MASTER = "master"  # the directory of the masters

# The master whose vectors the settings can ask for as int8.
EMBEDDINGS = "master.activation_embeddings"

# A parquet file ends with its footer, the footer's length (four bytes) and this.
_MAGIC = b"PAR1"

_TAIL = 4 + len(_MAGIC)


@dataclass(frozen=True)
class Exported:
    """A file that was written: where it lies now, its rows and bytes.

    `place`: where it belongs in a data directory. `path` does not exist where a model has no file.
    """

    name: str
    path: Path
    rows: int
    bytes: int
    place: str = ""


def master_names(models: Mapping[str, Model]) -> list[str]:
    """The master models' short names."""
    return [m.name.partition(".")[2] for m in models.values() if m.schema == "master"]


def select_exports(
    models: Mapping[str, Model], wanted: Iterable[str], backend: bool = True
) -> list[str]:
    """Full names of the wanted exports; all when none is named, without `backend` all but backend.*.

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
    every = (name for name in known.values() if backend or not name.startswith("backend."))
    return [known[name] for name in wanted] or sorted(every)


def exportable(models: Mapping[str, Model]) -> dict[str, str]:
    """Short name → full name of what is exported; a master goes before its namesake."""
    known = {
        m.name.partition(".")[2]: m.name
        for schema in ("side", "backend") for m in models.values() if m.schema == schema
    }  # fmt: skip
    return known | {name: f"master.{name}" for name in master_names(models)}


def find_place(model: Model, sae_id: str | None) -> str:
    """Where a typed model's file goes, relative to the data directory.

    WarehouseError for an SAE id that would lead out of it.
    """
    if not model.file:
        return f"{MASTER}/{model.name.partition('.')[2]}.parquet"
    place = model.file.replace("{sae}", (sae_id or "").replace("/", "--"))
    assert_inside(place)
    return place


def assert_inside(place: str) -> None:
    """WarehouseError for a place that would lead out of the data directory."""
    path = PurePosixPath(place)
    if path.is_absolute() or ".." in path.parts or "\0" in place:
        raise WarehouseError(f'"{place}" is no place for a file', "give the SAE another sae_id")


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
    """Whether the file at `path` was written under `key`: by a parquet's own footer, or by what
    describes a matrix.

    The footer is searched, not parsed: pyarrow's import would be a tenth of a build without work.
    """
    if path.suffix != ".parquet":
        try:
            return path.exists() and key in sidecar(path).read_text("utf-8")
        except OSError:
            return False
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
    return b"warehouse_key" in footer and key.encode() in footer and sidecar(path).exists()


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def find_sae(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The SAE's id, where there is one."""
    found = run(connection, "SELECT sae_id FROM staging.sae")
    return found[0][0] if found else None


def count_rows(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    return run(connection, f"SELECT count(*) FROM {identifier(model.name)}")[0][0]
