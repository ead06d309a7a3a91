"""Decoder neighbours against FAISS: the same ids and values, seconds, memory, growth."""

from __future__ import annotations

import time

from tests.bench.harness import Bench, Figure, Stage, best_of, peak_mb

K = 10
WIDTH = 3584
CLOSE = 1e-5


def _weights(rows: int, width: int):
    import numpy as np

    return np.random.default_rng(0).standard_normal((rows, width), dtype=np.float32)


def against_faiss(rows: int, width: int, times: int) -> dict:
    """Best seconds of either over the same rows; where their ids and values differ."""
    import faiss
    import numpy as np
    import torch

    from embed.nearest import nearest_rows

    weights = _weights(rows, width)
    ours = nearest_rows(torch.from_numpy(weights), K)
    seconds = best_of(times, lambda: nearest_rows(torch.from_numpy(weights), K))

    def search() -> tuple[np.ndarray, np.ndarray]:
        unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
        index = faiss.IndexFlatIP(width)
        index.add(unit)
        return index.search(unit, K + 1)

    values, ids = search()
    theirs = best_of(times, search)
    own = ids == np.arange(rows)[:, None]
    own[~own.any(axis=1), -1] = True  # a row that is not among its own: the last goes
    ids, values = ids[~own].reshape(rows, K), values[~own].reshape(rows, K)
    return {
        "seconds": seconds,
        "faiss": theirs,
        "ids": int((ids != ours[0].numpy()).sum()),
        "largest": float(np.abs(values - ours[1].numpy()).max()),
    }


def alone(rows: int, width: int) -> dict:
    """Seconds, and MB above what the process held with the weights loaded."""
    import torch

    from embed.nearest import nearest_rows

    weights = torch.from_numpy(_weights(rows, width))
    nearest_rows(weights[:64].clone(), K)  # libraries load
    before = peak_mb()
    started = time.perf_counter()
    nearest_rows(weights, K)
    return {"seconds": time.perf_counter() - started, "extra": peak_mb() - before}


def run(bench: Bench) -> list[Figure]:
    rows, width = (300, 64) if bench.quick else (16384, WIDTH)
    both = bench.call(against_faiss, rows, width, 1 if bench.quick else 3).result
    one, two = (bench.call(alone, n, width).result for n in (rows, 2 * rows))
    return [
        Figure(f"{rows:,} × {width:,}, {K} neighbours", both["seconds"], "s"),
        Figure("FAISS IndexFlatIP", both["faiss"], "s"),
        Figure("its time over ours", both["faiss"] / both["seconds"], "×", ">= 1.8"),
        Figure("ids that differ", both["ids"], "", "<= 0", "of equal float32 values FAISS names any"),
        Figure("largest difference of a value", both["largest"], "", f"<= {CLOSE}"),
        Figure("peak memory beyond the weights", one["extra"] / 1000, "GB", "< 1"),
        Figure(f"{2 * rows:,} rows", two["seconds"], "s", note=f"{two['seconds'] / one['seconds']:.1f} × the time for 4 × the pairs"),
        Figure(f"{2 * rows:,} rows: peak memory beyond the weights", two["extra"] / 1000, "GB", note="grows with the rows, not with their square"),
    ]  # fmt: skip


STAGE = Stage("neighbours", "Decoder neighbours", run)
