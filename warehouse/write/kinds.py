"""Kinds of files that a model is exported as: by the ending of the file, one table of kinds.

A new kind is a class with these methods and an entry of `KINDS`; a model asks for it by the ending of
its header's `file`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

import duckdb

from warehouse.models.model import Model
from warehouse.settings import Settings
from warehouse.sqltext import digest
from warehouse.write import json_files, matrix, parquet
from warehouse.write.gather import SampledVectors
from warehouse.write.parquet import Origin
from warehouse.write.room import estimate
from warehouse.write.targets import (
    EMBEDDINGS,
    Exported,
    file_columns,
    find_ending,
    find_place,
    find_sae,
)

# Raise when the files' form changes without a model's version changing.
_FORM = 4

_SAE = "staging.sae"


@dataclass(frozen=True)
class Work:
    """What a kind writes from: a connection of its own, and an empty place below `directory`.

    `stop` is set when nobody wants the files any more.
    """

    connection: duckdb.DuckDBPyConnection
    model: Model
    directory: Path
    origin: Origin
    sampled: SampledVectors
    stop: Event


class ExportKind(Protocol):
    """A kind of file. `label`: what a model's files are called together where they are several."""

    label: str

    def key(self, model: Model, results: Mapping[str, str], settings: Settings) -> str:
        """What the files hold, as a hash: files published under another key are stale.

        `results`: node → hash of its result.
        """

    def size(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        rows: int,
        published: Path,
        settings: Settings,
    ) -> int:
        """About how many bytes the files of so many rows will have; 0 where that is nothing much."""

    def prepare(
        self, connection: duckdb.DuckDBPyConnection, model: Model, sampled: SampledVectors
    ) -> None:
        """What has to be done in the thread of the build, before `write` runs in another."""

    def write(self, work: Work) -> list[Exported]:
        """Write the files at their places below the directory, on disk and read back."""


class Parquet:
    """The typed columns of a model, in their exact types."""

    label = ""

    def key(self, model: Model, results: Mapping[str, str], settings: Settings) -> str:
        """The model's result, its place, and the form it is written in.

        A place that names the SAE changes with it, whatever the rows say.
        """
        columns = file_columns(model, settings)
        form = settings["export.embeddings"] if model.name == EMBEDDINGS else ""
        sae = results.get(_SAE, "") if "{sae}" in model.file else ""
        named = (f"{c.name} {c.type}" for c in columns)
        return digest(_FORM, form, sae, results[model.name], *named)

    def size(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        rows: int,
        published: Path,
        settings: Settings,
    ) -> int:
        return estimate(connection, model, rows, published, settings)

    def prepare(
        self, connection: duckdb.DuckDBPyConnection, model: Model, sampled: SampledVectors
    ) -> None:
        if model.name == EMBEDDINGS:  # gathering changes a setting that all connections share
            sampled.default(connection)

    def write(self, work: Work) -> list[Exported]:
        """One file; none of no rows outside of the masters' directory."""
        if work.model.file and not work.origin.rows:
            return []
        place = find_place(work.model, find_sae(work.connection))
        (work.directory / place).parent.mkdir(parents=True, exist_ok=True)
        return [self._write(work, place)]

    def _write(self, work: Work, place: str) -> Exported:
        return parquet.write(
            work.connection,
            work.model,
            work.directory,
            place,
            work.origin,
            work.sampled,
            work.stop,
        )


class Matrix(Parquet):
    """The same columns, all of them numbers, as a NumPy matrix."""

    def _write(self, work: Work, place: str) -> Exported:
        return matrix.write(work.connection, work.model, work.directory, place, work.origin)


class Json:
    """The documents that a model makes, each a file of its own."""

    label = "JSON"

    def key(self, model: Model, results: Mapping[str, str], settings: Settings) -> str:  # noqa: ARG002
        return digest(model.fingerprint, results[model.name])

    def size(self, *_: object) -> int:
        return 0

    def prepare(self, *_: object) -> None:
        pass

    def write(self, work: Work) -> list[Exported]:
        directory = work.directory / "side"
        return json_files.write(work.connection, work.model, work.origin.key, directory)


KINDS: dict[str, ExportKind] = {".parquet": Parquet(), ".npy": Matrix(), ".json": Json()}


def kind_of(model: Model) -> ExportKind:
    """The kind of an exported model's files."""
    return KINDS[find_ending(model)]


def describe(model: Model, files: Sequence[Exported]) -> tuple[str, str, int] | None:
    """What is said of a model's written files: a name, a label, how many rows or files."""
    kind = kind_of(model)
    if kind.label:
        return model.name, f"{model.name}: {kind.label}", len(files)
    return (files[0].name, files[0].path.name, files[0].rows) if files else None
