"""Who makes the parts of a vector store. Here: this process; `embed/on_ray.py`: a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from embed.encoder import Encoder
from embed.model_files import VECTOR_SETTINGS, ModelFiles
from embed.store import Batch, VectorStore
from warehouse.settings import Settings

if TYPE_CHECKING:
    import numpy as np

Done = Callable[[Sequence[str]], None]  # of each chunk, which texts were encoded


@dataclass(frozen=True)
class Filling:
    """A store to fill: with which model, named as in the settings, and what loads its encoder."""

    settings: Settings
    model: str
    files: ModelFiles
    store: VectorStore
    load: Callable[[Settings, ModelFiles], Encoder]

    def describe(self, dimension: int) -> None:
        """Write into the store which model its vectors are of."""
        self.store.describe(
            {
                "model": self.files.name,
                "revision": self.files.revision,
                "dimension": dimension,
                **{k: self.settings[k] for k in VECTOR_SETTINGS},
            }
        )


class Workers(Protocol):
    """Whoever fills stores: the batches are the same, and so are the parts and their vectors.

    `at_once`: how many chunks of texts are encoded at the same time.
    """

    at_once: int

    def fill(
        self, filling: Filling, batches: Iterable[Batch], begin: Callable[[], None], done: Done
    ) -> None:
        """Make a part of every batch; `begin()` when a model is loaded, `done(texts)` of each chunk."""

    def close(self) -> None:
        """Give back what they hold; nothing is filled after that."""


@dataclass
class LocalWorkers:
    """This process, with all of its devices. An encoder is loaded by the first store that needs it."""

    encoders: dict[Path, Encoder] = field(default_factory=dict)
    at_once: int = 1

    def fill(
        self, filling: Filling, batches: Iterable[Batch], begin: Callable[[], None], done: Done
    ) -> None:
        directory = filling.store.directory
        if directory not in self.encoders:
            self.encoders[directory] = filling.load(filling.settings, filling.files)
        encoder = self.encoders[directory]
        filling.describe(encoder.dimension)
        begin()
        fill(filling.store, batches, encoder.encode, done, encoder.count_tokens)

    def close(self) -> None:
        self.encoders.clear()


def fill(
    store: VectorStore,
    batches: Iterable[Batch],
    encode: Callable[[list[str]], np.ndarray],
    done: Done = lambda texts: None,
    cost: Callable[[list[str]], list[int]] = lambda texts: [0] * len(texts),
) -> None:
    """Make a part of every batch; a part is written while the next one is encoded."""
    with ThreadPoolExecutor(1) as writer:
        written: Future[Path] | None = None
        for batch in batches:
            vectors = batch.encode(encode, done, cost)
            if written:
                written.result()
            written = writer.submit(store.append, batch, vectors)
        if written:
            written.result()
