"""What is exported, in which columns, under which key, and whether a file holds it already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import duckdb

from warehouse.database import run
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models.model import Column, Model
from warehouse.models.schemas import SCHEMAS
from warehouse.settings import LONGEST_ID, Settings
from warehouse.sqltext import identifier

MASTER = "master"  # the directory of the masters

# What decides the form of files and nothing that is in them.
FORM_SETTINGS = ("export.embeddings",)

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
    return [m.name.partition(".")[2] for m in models.values() if m.schema == MASTER]


def select_exports(
    models: Mapping[str, Model], wanted: Iterable[str], settings: Settings | None = None
) -> list[str]:
    """Full names of the wanted exports; all that `settings` ask for when none is named.

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
    every = (n for n in known.values() if settings is None or is_wanted(models[n], settings))
    return [known[name] for name in wanted] or sorted(every)


def exportable(models: Mapping[str, Model]) -> dict[str, str]:
    """Short name → full name of what is exported; a master goes before its namesake."""
    found = [m for m in models.values() if find_ending(m)]
    found.sort(key=lambda m: -SCHEMAS[m.schema].rank)
    return {m.name.partition(".")[2]: m.name for m in found}


def find_ending(model: Model) -> str:
    """The ending of the model's files, which decides their kind; empty without files."""
    return PurePosixPath(model.file).suffix or SCHEMAS[model.schema].exported


def is_wanted(model: Model, settings: Settings) -> bool:
    """Whether the settings ask for the model's files where none is named."""
    switch = SCHEMAS[model.schema].switch
    return not switch or bool(settings[switch])


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
            "embeddings", "List(List(Int8))", "one vector per sampled window, in steps of its scale"
        )
    }
    scales = Column("scales", "List(Float32)", "one per vector: value = step × scale")
    return (*(int8.get(c.name, c) for c in model.columns), scales)


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def find_sae(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The SAE's id, where there is one."""
    found = run(connection, "SELECT sae_id FROM staging.sae")
    return found[0][0] if found else None


def count_rows(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    return run(connection, f"SELECT count(*) FROM {identifier(model.name)}")[0][0]
