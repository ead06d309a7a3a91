"""The jobs of the graph: what each reads, what decides its result, and how it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from embed import encoder as encoders
from embed.store import VectorStore
from warehouse.catalog import run
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.models import digest, identifier
from warehouse.plan import JobIdentity
from warehouse.settings import Settings
from warehouse.sources import InputFile

# One job a purpose: vectors.X holds the vectors of the texts in texts.X.
TEXT_JOBS = ("windows", "explanations", "phrases", "ngram_contexts", "semantic_contexts")
NEIGHBOURS = "analysis.decoder_neighbours"

READS: dict[str, tuple[str, ...]] = {f"vectors.{name}": (f"texts.{name}",) for name in TEXT_JOBS}
READS[NEIGHBOURS] = ("raw.decoder", "staging.feature_range")

# Columns of the relations that jobs make.
COLUMNS: dict[str, tuple[str, ...]] = {
    f"vectors.{name}": ("text_key", "vector") for name in TEXT_JOBS
}
COLUMNS[NEIGHBOURS] = ("feature_id", "rank", "neighbour_id", "cosine_similarity")

# Raise when a job's program changes what it computes.
_VERSION = 1

EMBEDDING_SETTINGS = ("embedding.model", "embedding.precision", "embedding.prompt", "embedding.normalize")  # fmt: skip


@dataclass
class Jobs:
    """The jobs of one build; the model is loaded by the first that has something to encode."""

    settings: Settings
    layout: Layout
    progress: Callable[[str, int, int], None] = lambda job, done, total: None
    embedded: dict[str, int] = field(default_factory=dict)

    def identify(self, name: str) -> JobIdentity:
        """What decides a job's result besides its parents. Imports no torch."""
        if name == NEIGHBOURS:
            bound = {"neighbours.count": self.settings["neighbours.count"]}
            return JobIdentity(digest(name, _VERSION, bound), bound)
        bound = {key: self.settings[key] for key in EMBEDDING_SETTINGS}
        files = encoders.locate(self.settings)
        if files is None:  # a hub model that was never fetched
            return JobIdentity("", bound)
        store = self._store(files)
        return JobIdentity(digest(name, _VERSION, store.directory.resolve()), bound)

    def run(
        self, name: str, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> tuple[str, int]:
        """Make the job's relation; its result hash ('': the relation's content) and its rows."""
        if name == NEIGHBOURS:
            return self._neighbours(connection, next(f for f in files if f.input == "raw.decoder"))
        return self._embed(name, connection)

    @cached_property
    def _model_files(self) -> encoders.ModelFiles:
        files = encoders.locate(self.settings, download=True)
        assert files is not None  # with download it is there, or an error was raised
        return files

    @cached_property
    def _encoder(self) -> encoders.Encoder:
        return encoders.Encoder.load(self.settings, self._model_files)

    def _store(self, files: encoders.ModelFiles) -> VectorStore:
        return VectorStore(self.layout.vectors / encoders.fingerprint(self.settings, files))

    def _embed(self, name: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
        texts = READS[name][0]
        store = self._store(self._model_files)
        missing = store.find_missing(connection, texts)
        self.embedded[name] = missing
        if missing:
            store.describe(
                {
                    "model": self._model_files.name,
                    "revision": self._model_files.revision,
                    "dimension": self._encoder.dimension,
                    **{k: self.settings[k] for k in EMBEDDING_SETTINGS[1:]},
                }
            )
            store.fill(
                connection,
                missing,
                self._encoder.encode,
                lambda done, total: self.progress(name, done, total),
            )
        run(connection, f"CREATE OR REPLACE VIEW {name} AS {store.select(connection, texts)}")
        # A text and a model decide a vector, so the keys stand for the vectors.
        count, keys = run(
            connection,
            f"SELECT count(*), coalesce(bit_xor(hash(text_key)), 0) "
            f"FROM (SELECT DISTINCT text_key FROM {texts})",
        )[0]
        return digest(store.directory.name, count, keys), count

    def _neighbours(
        self, connection: duckdb.DuckDBPyConnection, file: InputFile
    ) -> tuple[str, int]:
        import numpy as np
        import pyarrow as pa

        from embed.neighbours import nearest_rows
        from embed.weights import load_decoder

        if file.status == "unreadable":
            raise WarehouseError(
                f'"{file.path}" cannot be read: {file.note}', "check its permissions"
            )
        largest = run(connection, "SELECT largest FROM staging.feature_range")[0][0]
        weights = load_decoder(file.path, largest + 1)
        device = encoders.pick_device(str(self.settings["embedding.device"]))
        ids, values = nearest_rows(weights, int(self.settings["neighbours.count"]), device)
        count, k = ids.shape
        connection.register(
            "_neighbours",
            pa.table(
                {
                    "feature_id": np.repeat(np.arange(count), k),
                    "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), count),
                    "neighbour_id": ids.numpy().reshape(-1),
                    "cosine_similarity": values.numpy().reshape(-1),
                }
            ),
        )
        run(connection, f"CREATE OR REPLACE TABLE {identifier(NEIGHBOURS)} AS FROM _neighbours")
        connection.unregister("_neighbours")
        return "", count * k
