"""The jobs of the graph: what each reads, what decides its result, and how it runs."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

import duckdb

from embed import encoder as encoders
from embed import projections
from embed.store import VectorStore, write_whole
from warehouse.catalog import run
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.models import digest, identifier, literal
from warehouse.plan import JobIdentity
from warehouse.settings import Settings
from warehouse.sources import InputFile

if TYPE_CHECKING:
    import torch

# One job a purpose: vectors.X holds the vectors of the texts in texts.X.
TEXT_JOBS = ("windows", "explanations", "phrases", "ngram_contexts", "semantic_contexts")
NEIGHBOURS = "analysis.decoder_neighbours"
FEATURE_MAP = "analysis.feature_projection"
EXPLANATION_MAP = "analysis.explanation_projection"

# What a point of each map stands for.
_KEYS = {
    FEATURE_MAP: {"feature_id": "BIGINT"},
    EXPLANATION_MAP: {"feature_id": "BIGINT", "llm_explainer": "VARCHAR"},
}
_POINT = {"x": "FLOAT", "y": "FLOAT", "clusters": "STRUCT(num_clusters INTEGER, cluster INTEGER)[]"}

READS: dict[str, tuple[str, ...]] = {f"vectors.{name}": (f"texts.{name}",) for name in TEXT_JOBS}
READS[NEIGHBOURS] = ("raw.decoder", "staging.feature_range", "staging.export_features")
READS[FEATURE_MAP] = ("raw.decoder", "staging.feature_range")
READS[EXPLANATION_MAP] = ("master.explanation_embeddings",)

# Columns of the relations that jobs make.
COLUMNS: dict[str, tuple[str, ...]] = {
    f"vectors.{name}": ("model", "text_key", "vector") for name in TEXT_JOBS
}
COLUMNS[NEIGHBOURS] = ("feature_id", "rank", "neighbour_id", "cosine_similarity")
COLUMNS |= {name: (*key, *_POINT) for name, key in _KEYS.items()}

# Raise when a job's program changes what it computes.
_VERSION = 2

# Contexts are a model's own: they depend on what its vectors say. Other texts go to every model.
_OWN_TEXTS = ("ngram_contexts", "semantic_contexts")

_FORM_SETTINGS = ("embedding.precision", "embedding.prompt", "embedding.normalize")
_SETTINGS = ("embedding.model", "embedding.beside", *_FORM_SETTINGS)


@dataclass
class Jobs:
    """The jobs of one build; a model is loaded by the first that has something to encode."""

    settings: Settings
    layout: Layout
    progress: Callable[[str, int, int, str], None] = lambda job, done, total, what: None
    embedded: dict[str, int] = field(default_factory=dict)
    _torch: Future[ModuleType] | None = None

    def identify(self, name: str) -> JobIdentity:
        """What decides a job's result besides its parents. Imports no torch."""
        if name == NEIGHBOURS:
            bound = {"neighbours.count": self.settings["neighbours.count"]}
            return JobIdentity(digest(name, _VERSION, bound), bound)
        if name in _KEYS:
            bound = {key: self.settings[key] for key in _map_settings(self.settings)}
            enabled = self.settings["projections.enabled"]
            libraries = projections.libraries() if enabled else []
            return JobIdentity(digest(name, _VERSION, bound, *libraries), bound)
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
        if self._torch:  # a broken one says why at its first import only
            self._torch.result()
        if name == NEIGHBOURS:
            return self._neighbours(connection, files)
        if name in _KEYS:
            return self._map(name, connection, files)
        return self._embed(name, connection)

    def warm_up(self, names: Iterable[str]) -> None:
        """Begin to import torch in a thread, if one of these jobs needs it for certain.

        It takes longer than most nodes, which leave the interpreter free meanwhile.
        """
        if NEIGHBOURS in names:
            pool = ThreadPoolExecutor(1)
            self._torch = pool.submit(importlib.import_module, "torch")
            pool.shutdown(wait=False)

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
        places = f"{name}_places"
        run(
            connection,
            f"CREATE OR REPLACE TABLE {places} (model VARCHAR, text_key UUID, place BIGINT)",
        )
        self.embedded[name] = 0
        for model in self.models:
            texts = relation
            if name.partition(".")[2] in _OWN_TEXTS:
                texts = f"(SELECT * FROM {relation} WHERE model = {literal(model)})"
            store = self._store(self._files[model])
            store.renew(connection)
            self._fill(name, connection, model, store, texts)
            selects.append(store.select(connection, texts, model, places))
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
                lambda done, total: self.progress(name, done, total, "texts"),
                encoder.count_tokens,
            )

    def _decoder(
        self, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> torch.Tensor | None:
        """The decoder's rows, float32 (features, d_model); None where no weights lie under raw/."""
        from embed.weights import load_decoder

        file = next((f for f in files if f.input == "raw.decoder"), None)
        if file is None:
            return None
        if file.status == "unreadable":
            raise WarehouseError(
                f'"{file.path}" cannot be read: {file.note}', "check its permissions"
            )
        largest = run(connection, "SELECT largest FROM staging.feature_range")[0][0]
        return load_decoder(file.path, largest + 1, float(self.settings["input.max_expansion"]))

    def _neighbours(
        self, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> tuple[str, int]:
        import numpy as np
        import pyarrow as pa

        from embed.neighbours import nearest_rows

        weights = self._decoder(connection, files)
        if weights is None:
            return self._told_neighbours(connection)
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

    def _told_neighbours(self, connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
        """Without weights: the neighbours that an export tells, or none."""
        run(
            connection,
            f"""CREATE OR REPLACE TABLE {identifier(NEIGHBOURS)} AS
            SELECT
                feature_id,
                (row_number() OVER nearest)::INTEGER AS rank,
                n.feature_id::BIGINT AS neighbour_id,
                n.cosine_similarity::FLOAT AS cosine_similarity
            FROM (
                SELECT feature_id, unnest(neighbours) AS n
                FROM staging.export_features
                WHERE status = 'kept'
            )
            WHERE n.feature_id <> feature_id
            WINDOW nearest AS (PARTITION BY feature_id ORDER BY n.cosine_similarity DESC, n.feature_id)
            QUALIFY rank <= ?""",
            [int(self.settings["neighbours.count"])],
        )
        return "", run(connection, f"SELECT count(*) FROM {identifier(NEIGHBOURS)}")[0][0]

    def _map(
        self, name: str, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> tuple[str, int]:
        """Load a map from its file, which is made first where it isn't there; empty when disabled."""
        import pyarrow as pa

        columns = _KEYS[name] | _POINT
        typed = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
        run(connection, f"CREATE OR REPLACE TABLE {identifier(name)} ({typed})")
        if not self.settings["projections.enabled"]:
            return "", 0
        key, vectors = self._mapped(name, connection, files)
        if vectors is None:
            return "", 0
        content = hashlib.blake2b(vectors.numpy().data, digest_size=16).hexdigest()
        own = digest(self.identify(name).logic, content, *key.values())
        path = self.layout.projections / f"{name.partition('.')[2]}-{own}.parquet"
        if not path.exists():
            connection.register("_map", pa.table(key | self._project(name, vectors)))
            write_whole(
                path,
                lambda p: run(
                    connection, f"COPY (FROM _map) TO {literal(str(p))} (FORMAT parquet)"
                ),
            )
            connection.unregister("_map")
        run(
            connection,
            f"INSERT INTO {identifier(name)} BY NAME FROM read_parquet({literal(str(path))})",
        )
        return "", len(vectors)

    def _mapped(
        self, name: str, connection: duckdb.DuckDBPyConnection, files: list[InputFile]
    ) -> tuple[dict[str, list], torch.Tensor | None]:
        """What a map shows: the columns that name its points, and their vectors (n, d), if any."""
        import torch

        if name == FEATURE_MAP:
            weights = self._decoder(connection, files)
            return {"feature_id": list(range(len(weights) if weights is not None else 0))}, weights
        columns = ", ".join(_KEYS[name])
        table = connection.sql(
            f"SELECT {columns}, embedding FROM {READS[name][0]} ORDER BY {columns}"
        ).to_arrow_table()
        flat = table["embedding"].combine_chunks().flatten().to_numpy()
        vectors = torch.from_numpy(flat.reshape(len(table), -1 if len(table) else 0).copy())
        return {column: table[column].to_pylist() for column in _KEYS[name]}, vectors

    def _project(self, name: str, vectors: torch.Tensor) -> dict[str, object]:
        """The columns x, y and clusters of a map."""
        import pyarrow as pa

        points = projections.project(
            vectors,
            int(self.settings["projections.neighbours"]),
            float(self.settings["projections.min_dist"]),
            int(self.settings["projections.seed"]),
            encoders.pick_device(str(self.settings["embedding.device"])),
            lambda done, total: self.progress(name, done, total, "epochs"),
        )
        by = str(self.settings["projections.cluster_by"])
        clusters = projections.ward(vectors, points, by, self.settings["projections.clusters"])
        rows = [
            [{"num_clusters": number, "cluster": int(labels[row])} for number, labels in clusters.items()]
            for row in range(len(points))
        ]  # fmt: skip
        form = pa.list_(pa.struct({"num_clusters": pa.int32(), "cluster": pa.int32()}))
        return {"x": points[:, 0], "y": points[:, 1], "clusters": pa.array(rows, form)}


def _map_settings(settings: Settings) -> list[str]:
    """The settings that decide a map: all of projections.*, but none while they are off."""
    if not settings["projections.enabled"]:
        return ["projections.enabled"]
    return [name for name in settings.values if name.startswith("projections.")]
