"""A made-up model and a small decoder product: builds of a second, without torch or weights."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import embed.decoder_neighbours
import embed.encoder
import embed.latent_pairs
import embed.model_files
import embed.nearest
import embed.store
import embed.weights
from warehouse.settings import Settings

DIMENSION = 32
PART_TEXTS = 16  # so that a sample's few hundred texts make many parts
CHUNK_TEXTS = 8


@cache
def word_vector(model: str, word: str, dimension: int = DIMENSION) -> np.ndarray:
    """float32 (dimension,): model and word alone decide it."""
    seed = int.from_bytes(key(f"{model} {word}")[:8], "little")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)


def key(text: str) -> bytes:
    """The key under which a store holds the text's vector."""
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


@dataclass
class Encoder:
    """A bag of words: model and text alone decide the vector. `asked`: (store, key) of each text."""

    store: str
    asked: list[tuple[str, bytes]]
    dimension: int = DIMENSION

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += [(self.store, key(text)) for text in texts]
        start = word_vector(self.store, "")
        return np.stack(
            [sum((word_vector(self.store, w) for w in t.split()), start) for t in texts]
        )


class _Tensor(np.ndarray):
    def numpy(self) -> np.ndarray:
        return np.asarray(self)


def _load_decoder(path: Path, features: int, max_expansion: float) -> np.ndarray:  # noqa: ARG001 - the real one's form
    return np.load(path)["W_dec"].astype(np.float32)


def _nearest_rows(weights: np.ndarray, k: int, device: str) -> tuple[_Tensor, _Tensor]:  # noqa: ARG001
    unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    product = unit @ unit.T
    np.fill_diagonal(product, -np.inf)
    ids = np.argsort(-product, axis=1, kind="stable")[:, : min(k, len(weights) - 1)]
    values = np.take_along_axis(product, ids, axis=1).clip(-1, 1)
    return ids.view(_Tensor), values.view(_Tensor)


def _mutual_nearest(left: np.ndarray, right: np.ndarray, device: str) -> tuple[_Tensor, ...]:  # noqa: ARG001
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    product = one @ other.T
    nearest, back = product.argmax(axis=1), product.argmax(axis=0)
    ids = np.flatnonzero(back[nearest] == np.arange(len(one)))
    found = (ids, nearest[ids], product[ids, nearest[ids]].clip(-1, 1))
    return tuple(values.view(_Tensor) for values in found)


@contextlib.contextmanager
def made_up_model() -> Iterator[list[tuple[str, bytes]]]:
    """Every embedding model is a made-up one inside; gives what is asked of them, in order."""
    asked: list[tuple[str, bytes]] = []

    def load(settings: Settings, files: embed.model_files.ModelFiles) -> Encoder:
        return Encoder(embed.model_files.fingerprint(settings, files), asked)

    changes = [
        (embed.decoder_neighbours.DecoderNeighbours, "imports", ()),
        (embed.encoder, "load_encoder", load),
        (embed.encoder, "pick_device", lambda wanted: "cpu"),
        (embed.store, "PART_TEXTS", PART_TEXTS),
        (embed.store, "CHUNK_TEXTS", CHUNK_TEXTS),
        (embed.weights, "load_decoder", _load_decoder),
        (embed.latent_pairs, "mutual_nearest", _mutual_nearest),
        (embed.nearest, "nearest_rows", _nearest_rows),
    ]
    with replaced(changes):
        yield asked


@contextlib.contextmanager
def replaced(changes: Sequence[tuple[object, str, object]]) -> Iterator[None]:
    """`changes`: (owner, name, value); owner.name is the value inside."""
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in changes]
    for change in changes:
        setattr(*change)
    try:
        yield
    finally:
        for change in before:
            setattr(*change)
