"""Is what was measured right? The independent recomputation, on random features of the full size."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow.parquet as pq

from tests.bench import builds, data
from tests.bench.harness import Bench, Figure, Stage


def differing(directory: str, count: int) -> dict:
    """Recompute `count` features, half of them explained; the number of differences per master."""
    from tests.independent.check import differences
    from warehouse.settings_file import load

    def ids(master: str) -> list[int]:
        path = Path(directory) / "master" / f"{master}.parquet"
        return sorted(set(pq.read_table(path, columns=["feature_id"])["feature_id"].to_pylist()))

    pick, explained, every = random.Random(0), ids("features"), ids("activation_embeddings")
    chosen = pick.sample(explained, min(count // 2, len(explained)))
    chosen += pick.sample(every, min(count - len(chosen), len(every)))
    encoder = data.bag_of_words(Path(directory))
    found = differences(
        Path(directory), load(Path(directory)).values, encoder.encode, sorted(set(chosen))
    )
    return {"features": len(set(chosen)), "differences": {k: len(v) for k, v in found.items()}}


def recomputed(bench: Bench) -> list[Figure]:
    directory = data.full(bench)
    builds.ensure_built(bench, directory)
    result = bench.call(differing, directory, 20 if bench.quick else 500).result
    wrong = {name: count for name, count in result["differences"].items() if count}
    return [
        Figure(
            f"differences in {len(result['differences'])} master files, "
            f"{result['features']} random features",
            sum(result["differences"].values()),
            "",
            "<= 0",
            json.dumps(wrong) if wrong else "",
        )
    ]


STAGE = Stage("recompute", "The independent recomputation at this size", recomputed)
