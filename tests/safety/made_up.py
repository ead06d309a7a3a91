"""A made-up model and a small decoder product: builds of a second, without torch or weights."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

import embed.encoder
import embed.neighbours
import embed.store
import embed.weights
from embed.jobs import Jobs

DIMENSION = 32
PART_TEXTS = 16  # so that a sample's few hundred texts make many parts
CHUNK_TEXTS = 8


@cache
def _word(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.md5(word.encode(), usedforsecurity=False).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


def key(text: str) -> bytes:
    """The key under which the store holds the text's vector."""
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


class Encoder:
    """A bag of words: the vector depends on the text alone. Notes what it was asked."""

    dimension = DIMENSION

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        time.sleep(self.pause)
        self.texts += texts
        return np.stack([sum(map(_word, text.split()), _word("")) for text in texts])


class _Tensor(np.ndarray):
    def numpy(self) -> np.ndarray:
        return np.asarray(self)


def _load_decoder(path: Path, features: int) -> np.ndarray:  # noqa: ARG001 - the real one's form
    return np.load(path)["W_dec"].astype(np.float32)


def _nearest_rows(weights: np.ndarray, k: int, device: str) -> tuple[_Tensor, _Tensor]:  # noqa: ARG001
    unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    product = unit @ unit.T
    np.fill_diagonal(product, -np.inf)
    ids = np.argsort(-product, axis=1, kind="stable")[:, : min(k, len(weights) - 1)]
    values = np.take_along_axis(product, ids, axis=1).clip(-1, 1)
    return ids.view(_Tensor), values.view(_Tensor)


@contextlib.contextmanager
def made_up_model(pause: float = 0.0) -> Iterator[Encoder]:
    """Builds inside embed with a fresh `Encoder`, which is given, in small parts.

    `pause`: seconds that a chunk takes.
    """
    encoder = Encoder(pause)
    changes = [
        (Jobs, "_encoder", encoder),
        (embed.store, "PART_TEXTS", PART_TEXTS),
        (embed.store, "CHUNK_TEXTS", CHUNK_TEXTS),
        (embed.encoder, "pick_device", lambda wanted: "cpu"),
        (embed.weights, "load_decoder", _load_decoder),
        (embed.neighbours, "nearest_rows", _nearest_rows),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for change in changes:
        setattr(*change)
    try:
        yield encoder
    finally:
        for change in before:
            setattr(*change)
