"""Compare a built data directory with the recomputation: every figure of the eight files.

    python -m tests.independent.check DATA [--features 200] [--seed 0]

Reads DATA's settings and raw tree, embeds with sentence-transformers itself, and prints each
difference; exit code 1 when there is one. Of a Delphi run or a Neuronpedia export the tables of the
warehouse are compared too, and published vectors are embedded again in part only; if it was built
with --set input.hookpoint=... or scope.features=..., say the same here.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.independent.backend_compare import FEATURES
from tests.independent.recompute import compare, recompute

MASTERS = (
    "features",
    "explanation_embeddings",
    "activation_examples",
    "activation_embeddings",
    "activation_example_similarity",
    "interfeature_similarity",
    "explanation_alignment",
    "ex_act_pattern_matching",
)


def embedder(model: str) -> Callable[[list[str]], np.ndarray]:
    """Texts → vectors by the library itself, nothing of the product in between."""
    from importlib.util import find_spec

    from sentence_transformers import SentenceTransformer

    if model.startswith("package:"):
        (place,) = find_spec(model.removeprefix("package:")).submodule_search_locations
        model = str(next(Path(place).rglob("modules.json")).parent)
    loaded = SentenceTransformer(model, device="cpu", local_files_only=True)
    return lambda texts: loaded.encode(texts, batch_size=32, show_progress_bar=False)


def differences(
    data: Path,
    settings: dict[str, object],
    embed: Callable[[list[str]], np.ndarray],
    features: list[int] | None = None,
) -> dict[str, list[str]]:
    """Master → what differs from the recomputation, over all features or the given ones."""
    names = {
        "sources": "explanations.sources",
        "explainers": "explanations.explainers",
        "scorers": "scores.scorers",
    }
    plain = dict(settings) | {ours: settings[theirs] for ours, theirs in names.items()}
    expected = recompute(data / "raw", plain, embed, features)
    found = {}
    for name in MASTERS:
        table = pq.read_table(data / "master" / f"{name}.parquet")
        if name == "features" and FEATURES.keys() <= set(table.column_names):
            table = table.drop_columns(list(FEATURES))  # tests.independent.backend compares it
        if features is not None:
            keep = pc.is_in(table["feature_id"].cast(pa.int64()), pa.array(features, pa.int64()))
            table = table.filter(keep)
        found[name] = compare(name, expected[name], table)
    return found


def chosen_features(data: Path, count: int, seed: int) -> list[int] | None:
    """Some features with records, half of them explained so that every file is looked at; 0: None."""
    if not count:
        return None
    every, explained = (
        sorted(
            set(
                pq.read_table(data / "master" / f"{name}.parquet", columns=["feature_id"])[
                    "feature_id"
                ].to_pylist()
            )
        )
        for name in ("activation_embeddings", "features")
    )
    pick = random.Random(seed)
    half = count // 2
    chosen = {
        *pick.sample(explained, min(half, len(explained))),
        *pick.sample(every, min(count - half, len(every))),
    }
    return sorted(chosen)


def main() -> int:
    from warehouse.settings_file import load

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--features", type=int, default=0, help="a random number of them; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    chosen = parser.parse_args()
    settings = load(chosen.data, chosen.overrides).values
    if not (chosen.data / "raw" / "activation_examples").is_dir():
        from tests.independent.field_check import check_all

        embed = embedder(str(settings["embedding.model"]))
        checks = check_all(chosen.data, dict(settings), embed, chosen.features, chosen.seed)
        for line in (line for checked in checks for line in checked.lines()):
            print(line)
        return 1 if any(checked.differences for checked in checks) else 0
    features = chosen_features(chosen.data, chosen.features, chosen.seed)
    found = differences(chosen.data, settings, embedder(str(settings["embedding.model"])), features)
    for name, lines in found.items():
        print(f"{name}: {len(lines) or 'no'} difference(s)")
        for line in lines:
            print(f"  {line}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
