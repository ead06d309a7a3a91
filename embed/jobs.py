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
from warehouse.models import digest, identifier, literal
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
    f"vectors.{name}": ("model", "text_key", "vector") for name in TEXT_JOBS
}
COLUMNS[NEIGHBOURS] = ("feature_id", "rank", "neighbour_id", "cosine_similarity")

# Raise when a job's program changes what it computes.
_VERSION = 1

# Contexts are a model's own: they depend on what its vectors say. Other texts go to every model.
_OWN_TEXTS = ("ngram_contexts", "semantic_contexts")

_FORM_SETTINGS = ("embedding.precision", "embedding.prompt", "embedding.normalize")
_SETTINGS = ("embedding.model", "embedding.beside", *_FORM_SETTINGS)


@dataclass
class Jobs:
    """The jobs of one build; a model is loaded by the first that has something to encode."""

    settings: Settings
    layout: Layout
    progress: Callable[[str, int, int], None] = lambda job, done, total: None
    embedded: dict[str, int] = field(default_factory=dict)

    def identify(self, name: str) -> JobIdentity:
        """What decides a job's result besides its parents. Imports no torch."""
        if name == NEIGHBOURS:
            bound = {"neighbours.count": self.settings["neighbours.count"]}
            return JobIdentity(digest(name, _VERSION, bound), bound)
        bound = {key: self.settings[key] for key in _SETTINGS}
        models = {model: encoders.locate(model) for model in self.models}
        if None in models.values():  # a hub model that was never fetched
            return JobIdentity("", bound)
        stores = [f"{m}={self._store(files).directory.resolve()}" for m, files in models.items()]
        return JobIdentity(digest(name, _VERSION, *stores), bound)

    def run(
        self, name: str, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> tuple[str, int]:
        """Make the job's relation; its result hash ('': the relation's content) and its rows."""
        if name == NEIGHBOURS:
            return self._neighbours(connection, next(f for f in files if f.input == "raw.decoder"))
        return self._embed(name, connection)

    @property
    def models(self) -> list[str]:
        """The embedding models by their names in the settings, the default one first."""
        return list(
            dict.fromkeys([self.settings["embedding.model"], *self.settings["embedding.beside"]])
        )

    @cached_property
    def _files(self) -> dict[str, encoders.ModelFiles]:
        return {model: encoders.locate(model, download=True) for model in self.models}

    @cached_property
    def _encoders(self) -> dict[str, encoders.Encoder]:
        return {}

    def _encoder(self, model: str) -> encoders.Encoder:
        if model not in self._encoders:
            self._encoders[model] = encoders.Encoder.load(self.settings, self._files[model])
        return self._encoders[model]

    def _store(self, files: encoders.ModelFiles) -> VectorStore:
        return VectorStore(self.layout.vectors / encoders.fingerprint(self.settings, files))

    def _embed(self, name: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
        relation = READS[name][0]
        selects, parts, rows = [], [], 0
        self.embedded[name] = 0
        for model in self.models:
            texts = relation
            if name.partition(".")[2] in _OWN_TEXTS:
                texts = f"(SELECT * FROM {relation} WHERE model = {literal(model)})"
            store = self._store(self._files[model])
            self._fill(name, connection, model, store, texts)
            found = store.select(connection, texts)
            selects.append(f"SELECT {literal(model)} AS model, text_key, vector FROM ({found})")
            # A text and a model decide a vector, so the keys stand for the vectors.
            count, keys = run(
                connection,
                f"SELECT count(*), coalesce(bit_xor(hash(text_key)), 0) "
                f"FROM (SELECT DISTINCT text_key FROM {texts})",
            )[0]
            parts.append(f"{model} {store.directory.name} {count} {keys}")
            rows += count
        run(connection, f"CREATE OR REPLACE VIEW {name} AS {' UNION ALL '.join(selects)}")
        return digest(*parts), rows

    def _fill(
        self,
        name: str,
        connection: duckdb.DuckDBPyConnection,
        model: str,
        store: VectorStore,
        texts: str,
    ) -> None:
        """Encode what the store lacks of `texts`."""
        missing = store.find_missing(connection, texts)
        self.embedded[name] += missing
        if missing:
            encoder = self._encoder(model)
            store.describe(
                {
                    "model": self._files[model].name,
                    "revision": self._files[model].revision,
                    "dimension": encoder.dimension,
                    **{k: self.settings[k] for k in _FORM_SETTINGS},
                }
            )
            store.fill(
                connection,
                missing,
                encoder.encode,
                lambda done, total: self.progress(name, done, total),
            )

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
