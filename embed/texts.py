"""Jobs that embed texts: `vectors.X` holds the vectors of `texts.X`, by every embedding model."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import ClassVar

import duckdb

from embed import encoder as encoders
from embed.forecast import bound_texts
from embed.libraries import assert_installed
from embed.model_files import VECTOR_SETTINGS, ModelFiles, assert_safe, fingerprint, locate
from embed.pace import Pace, Paces
from embed.store import VectorStore
from embed.workers import Filling, LocalWorkers, Workers
from warehouse.cluster import LOCAL, connect
from warehouse.database import run
from warehouse.errors import DamagedError
from warehouse.layout import Layout
from warehouse.plan.graph import Forecast, Foresight, JobContext, JobIdentity, Progress
from warehouse.settings import Settings
from warehouse.sqltext import digest, literal

# Raise when the job's program changes what it computes, or the view that it makes.
_VERSION = 5

_SETTINGS = ("embedding.model", "embedding.beside", *VECTOR_SETTINGS)


@dataclass(frozen=True)
class TextJob:
    """Makes `vectors.PURPOSE`; a model is loaded by the first job that has something to encode.

    With `own_texts` the texts depend on what a model's vectors say, so each model embeds its own;
    other texts go to every model. `on`: this process, or the Ray cluster that embeds, whose workers
    are shared `among` so many builds; the vectors and the job's identity are the same.
    """

    purpose: str
    own_texts: bool = False
    on: str = LOCAL
    among: int = 1
    imports: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[Mapping[str, str]] = {
        "model": "the embedding model, as named in the settings",
        "text_key": "key of the text",
        "vector": "the text's vector, float32",
    }

    @property
    def name(self) -> str:
        return f"vectors.{self.purpose}"

    @property
    def reads(self) -> tuple[str, ...]:
        return (f"texts.{self.purpose}",)

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:
        """The stores of the models; unknown while a hub model was never fetched."""
        bound, home = {key: settings[key] for key in _SETTINGS}, layout.data.resolve()
        models = {model: locate(model) for model in settings.embedding_models}
        if None in models.values():
            return JobIdentity("", bound, str(home))
        stores = []
        for model, files in models.items():
            place = _store(settings, layout, files).directory.resolve()
            if place.is_relative_to(home):  # else vectors/ is a link that leads elsewhere
                place = place.relative_to(home)
            stores.append(f"{model}={place}")
        return JobIdentity(digest(self.name, _VERSION, *stores), bound, str(home))

    def assert_ready(self, settings: Settings, fetch: bool) -> None:
        """WarehouseError when a model cannot be had or is not safe to load; reads no weights."""
        assert_installed("torch", "sentence-transformers")
        for name in settings.embedding_models:
            files = locate(name, download=fetch)
            if files:
                assert_safe(files)
        if self.on != LOCAL:
            connect(self.on)

    def run(self, context: JobContext) -> tuple[str, int]:
        """Fill the models' stores; the job's relation is a view over their vectors of these texts."""
        connection = context.connection
        selects, parts, rows = [], [], 0
        places = f"{self.name}_places"
        run(
            connection,
            f"CREATE OR REPLACE TABLE {places} (model VARCHAR, text_key UUID, place BIGINT)",
        )
        context.embedded[self.name] = 0
        for model in context.settings.embedding_models:
            texts = self._texts_of(model)
            store = _store(context.settings, context.layout, _files(context, model))
            self._check(context, store)
            store.renew(connection)
            self._fill(context, model, store, texts)
            selects.append(store.select(connection, texts, model, places))
            # A text and a model decide a vector, so the keys stand for the vectors.
            count, keys = run(
                connection,
                f"SELECT count(*), coalesce(bit_xor(hash(text_key)), 0) "
                f"FROM (SELECT DISTINCT text_key FROM {texts})",
            )[0]
            parts.append(f"{model} {store.directory.name} {count} {keys}")
            rows += count
        run(connection, f"CREATE OR REPLACE VIEW {self.name} AS {' UNION ALL '.join(selects)}")
        return digest(*parts), rows

    def repair(self, context: JobContext) -> list[Path]:
        """Set aside what is damaged of the stores that are there."""
        models = [locate(model) for model in context.settings.embedding_models]
        stores = [_store(context.settings, context.layout, files) for files in models if files]
        return [path for store in stores for path in _set_aside(context, store)]

    def _check(self, context: JobContext, store: VectorStore) -> None:
        """DamagedError when a part of the store is."""
        if aside := _set_aside(context, store):
            raise DamagedError(aside)

    def _fill(self, context: JobContext, model: str, store: VectorStore, texts: str) -> None:
        """Encode what the store lacks of `texts`."""
        missing = store.find_missing(context.connection, texts)
        context.embedded[self.name] += missing.texts
        if not missing.texts:
            return
        files, load = _files(context, model), encoders.load_encoder
        filling = Filling(context.settings, model, files, store, load)
        workers = context.once("workers", lambda: self._workers(context), methodcaller("close"))
        pace = Pace(*missing, workers.at_once)

        def done(texts: Sequence[str]) -> None:
            pace.add(texts)
            context.progress(
                Progress(self.name, pace.done_texts, pace.texts, "texts", pace.seconds, pace.left)
            )

        workers.fill(filling, store.batches(context.connection), pace.begin, done)
        Paces(store, context.settings, self.on).record(self.purpose, pace)

    def foresee(self, known: Foresight) -> list[Forecast]:
        """The texts that each model's store lacks, counted where what is read stays as it is."""
        found = []
        for model in known.settings.embedding_models:
            store, missing = self._known_store(known, model), None
            if known.connection and store:
                texts = self._texts_of(model)
                with contextlib.suppress(duckdb.Error):  # a damaged part: the build says so
                    missing = store.count_missing(known.connection, texts)
            if missing:
                count, characters = missing
            else:
                bounds = known.once("bounds of texts", lambda: bound_texts(known))
                count, characters = bounds.get(self.purpose), None
            seconds = None
            if store and count is not None:
                paces = Paces(store, known.settings, self.on)
                seconds = paces.foresee(self.purpose, count, characters)
            found.append(Forecast(self.name, model, count, missing is not None, seconds))
        return found

    def _known_store(self, known: Foresight, model: str) -> VectorStore | None:
        files = locate(model)
        return _store(known.settings, known.layout, files) if files else None

    def _texts_of(self, model: str) -> str:
        """The texts that a model embeds, as SQL."""
        if self.own_texts:
            return f"(SELECT * FROM {self.reads[0]} WHERE model = {literal(model)})"
        return self.reads[0]

    def _workers(self, context: JobContext) -> Workers:
        """Who embeds: the jobs of a build share them."""
        if self.on == LOCAL:
            return LocalWorkers()
        from embed.on_ray import RayWorkers

        return RayWorkers.start(self.on, context.settings, context.layout, self.among)


def _set_aside(context: JobContext, store: VectorStore) -> list[Path]:
    """What is damaged of a store; the text jobs of a build share it, and it is read whole once."""
    return context.once(f"checked {store.directory}", store.set_aside_damaged)


def _files(context: JobContext, model: str) -> ModelFiles:
    """The model's files, fetched from the hub where they are not on this machine yet."""
    return context.once(f"files {model}", lambda: locate(model, download=True))


def _store(settings: Settings, layout: Layout, files: ModelFiles) -> VectorStore:
    return VectorStore(layout.vectors / fingerprint(settings, files))
