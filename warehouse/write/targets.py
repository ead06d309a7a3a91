"""What is exported, in which columns, under which key, and whether a file holds it already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import duckdb

from warehouse.database import run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models.model import Column, Model
from warehouse.settings import LONGEST_ID, Settings
from warehouse.sqltext import digest, identifier

# Raise when the files' form changes without a model's version changing.
_FORM = 3

MASTER = "master"  # the directory of the masters

# What decides the form of files and nothing that is in them.
FORM_SETTINGS = ("export.embeddings",)

_SAE = "staging.sae"

# The master whose vectors the settings can ask for as int8.
EMBEDDINGS = "master.activation_embeddings"


@dataclass(frozen=True)
class Exported:
    """A file that was written: of which model, where it lies now, rows and bytes.

    `place`: where it belongs in a data directory. `beside`: files that go with it.
    """

    name: str
    model: str
    path: Path
    place: str
    rows: int
    bytes: int
    beside: tuple[Path, ...] = ()

    def places(self) -> list[str]:
        """Its place and those of the files beside it."""
        place = PurePosixPath(self.place)
        return [self.place, *(str(place.with_name(path.name)) for path in self.beside)]


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
    if sae_id and len(sae_id.encode()) > LONGEST_ID:
        raise WarehouseError(
            f'SAE id "{sae_id[:40]}…" is {len(sae_id.encode())} bytes long: files are named after it',
            f"set a shorter one: sae_id in warehouse.toml, at most {LONGEST_ID} bytes",
        )
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


def export_key(model: Model, results: Mapping[str, str], settings: Settings) -> str:
    """What an export holds: the model's result, its place, and the form it is written in.

    `results`: node → hash. A place that names the SAE changes with it, whatever the rows say.
    """
    result = results[model.name]
    if model.schema == "side":
        return digest(model.fingerprint, result)
    columns = file_columns(model, settings)
    form = settings["export.embeddings"] if model.name == EMBEDDINGS else ""
    sae = results.get(_SAE, "") if "{sae}" in model.file else ""
    return digest(_FORM, form, sae, result, *(f"{c.name} {c.type}" for c in columns))


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def find_sae(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The SAE's id, where there is one."""
    found = run(connection, "SELECT sae_id FROM staging.sae")
    return found[0][0] if found else None


def count_rows(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    return run(connection, f"SELECT count(*) FROM {identifier(model.name)}")[0][0]
