"""What `compare` says of a collection's members, computed again in NumPy from what each member published."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import numpy as np

# P(Poisson(1) <= k) for k = 0 … 6
POISSON = np.cumsum([np.exp(-1) / f for f in (1, 1, 2, 6, 24, 120, 720)])
SHARED_SCALE = ("fuzz", "detection", "embedding")

Key = tuple[str, str, str | None, str | None]  # level, figure, explainer, scorer


@dataclass
class Directory:
    """A member's figures, from its own warehouse file and its raw decoder."""

    name: str
    figures: dict[Key, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    scores: list[tuple[str, str | None, str, int, float]] = field(default_factory=list)
    bins: dict[int, int] = field(default_factory=dict)
    features: set[int] = field(default_factory=set)
    decoder: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))


def read(name: str, data: Path, bins_per_decade: int = 2) -> Directory:
    """A member."""
    found = Directory(name)
    of_feature: dict[tuple[str, int], list[float]] = defaultdict(list)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT figure, feature_id, llm_explainer, scorer, value FROM analysis.figures_long"
        ).fetchall()
        for figure, feature, explainer, scorer, value in rows:
            of_feature[figure, feature].append(value)
            if explainer is not None or scorer is not None:
                found.figures["explanation", figure, explainer, scorer][feature] = value
        found.scores = connection.execute(
            "SELECT method, llm_explainer, scorer, feature_id, score FROM analysis.scores_long"
        ).fetchall()
        densities = connection.execute(
            "SELECT feature_id, density FROM analysis.feature_statistics WHERE basis = 'corpus' AND density > 0"
        ).fetchall()
        ids = connection.execute("SELECT feature_id FROM analysis.feature_overview").fetchall()
    for (figure, feature), values in of_feature.items():
        found.figures["feature", figure, None, None][feature] = float(np.mean(values))
    found.bins = {f: int(np.floor(np.log10(d) * bins_per_decade)) for f, d in densities}
    found.features = {f for (f,) in ids}
    found.decoder = np.load(data / "raw" / "sae" / "params.npz")["W_dec"]
    return found


@cache
def weight(replicate: int, unit: object, seed: int = 0) -> int:
    """How often a resample holds a unit."""
    hashed = hashlib.md5(f"{seed} {replicate} {unit}".encode(), usedforsecurity=False).digest()
    share = (int.from_bytes(hashed[8:], "little") % 2**32) / 2**32
    return int((share >= POISSON[:7]).sum())


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """The 2.5 % and the 97.5 % percentile: a value of the list, the first that so many reach."""
    ordered = np.sort([v for v in values if np.isfinite(v)])
    low, high = (max(int(np.ceil(share * len(ordered))), 1) - 1 for share in (0.025, 0.975))
    return float(ordered[low]), float(ordered[high])


def mutual(left: np.ndarray, right: np.ndarray, least: float) -> dict[int, int]:
    """Rows that are each other's nearest, of at least that cosine."""
    cosines = (left / np.linalg.norm(left, axis=1, keepdims=True)) @ (
        right / np.linalg.norm(right, axis=1, keepdims=True)
    ).T
    there, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    return {i: int(j) for i, j in enumerate(there) if back[j] == i and cosines[i, j] >= least}


def paired(
    one: Directory, other: Directory, pairs: Mapping[int, int], replicates: int
) -> dict[Key, dict[str, object]]:
    """Differences over the features that pair."""
    weights: dict[int, list[int]] = {f: [weight(r, f) for r in range(replicates)] for f in pairs}
    found = {}
    for key in one.figures.keys() & other.figures.keys():
        mine, theirs = one.figures[key], other.figures[key]
        both = [f for f, g in pairs.items() if f in mine and g in theirs]
        if not both:
            continue
        same = [f for f in both if f in one.bins and one.bins[f] == other.bins.get(pairs[f])]
        told: dict[str, object] = {"pairs": len(both), "matched_pairs": len(same) or None}
        for name, some in (("difference", both), ("matched", same)):
            differences = np.array([theirs[pairs[f]] - mine[f] for f in some])
            told[name] = float(differences.mean()) if some else None
            low, high = None, None
            if len(some) > 1:
                counts = np.array([weights[f] for f in some])
                with np.errstate(invalid="ignore"):
                    low, high = bounds(differences @ counts / counts.sum(axis=0))
            told |= {f"{name}_low": low, f"{name}_high": high}
        found[key] = told
    return found


def unpaired(one: Directory, other: Directory, replicates: int) -> dict[Key, dict[str, object]]:
    """Differences of means, and those at matched frequency."""

    def means(of: Directory, some: Sequence[int], figures: Mapping[int, float]) -> np.ndarray:
        """The mean over features, and its resamples after it."""
        counts = np.array(
            [[1, *(weight(r, f"{of.name} {f}") for r in range(replicates))] for f in some]
        )
        with np.errstate(invalid="ignore"):
            return np.array([figures[f] for f in some]) @ counts / counts.sum(axis=0)

    found = {}
    for key in one.figures.keys() & other.figures.keys():
        mine, theirs = one.figures[key], other.figures[key]
        difference = means(other, sorted(theirs), theirs) - means(one, sorted(mine), mine)
        total, common = np.zeros(replicates + 1), np.zeros(replicates + 1)
        features = 0
        for b in {one.bins[f] for f in mine if f in one.bins}:
            here = [f for f in mine if one.bins.get(f) == b]
            there = [f for f in theirs if other.bins.get(f) == b]
            if there:
                own = means(other, there, theirs) - means(one, here, mine)
                least = min(len(here), len(there))
                features += least
                total += np.where(np.isfinite(own), own, 0) * least
                common += np.isfinite(own) * least
        with np.errstate(invalid="ignore"):
            matched = total / common
        wide = min(len(mine), len(theirs)) > 1
        low, high = bounds(difference[1:]) if wide else (None, None)
        matched_low, matched_high = bounds(matched[1:]) if features > 1 else (None, None)
        found[key] = {
            "difference": float(difference[0]),
            "difference_low": low,
            "difference_high": high,
            "matched_features": features or None,
            "matched": float(matched[0]) if features else None,
            "matched_low": matched_low,
            "matched_high": matched_high,
        }
    return found


def variance(
    members: Sequence[Directory],
) -> dict[tuple[str | None, str], tuple[int, int, float, float]]:
    """(method, factor) → levels, values, eta squared, omega squared."""
    rows = [(d.name, *row) for d in members for row in d.scores]
    factors: dict[str, Callable[[tuple], object]] = {
        "member": lambda row: row[0],
        "method": lambda row: row[1],
        "explainer": lambda row: row[2],
        "scorer": lambda row: row[3],
        "feature": lambda row: (row[0], row[4]),
    }
    found = {}
    for method in [None, *{row[1] for row in rows}]:
        here = [r for r in rows if r[1] == method or (method is None and r[1] in SHARED_SCALE)]
        for factor, level in factors.items():
            own = [(level(row), row[5]) for row in here if level(row) is not None]
            groups: dict[object, list[float]] = defaultdict(list)
            for name, score in own:
                groups[name].append(score)
            if len(groups) < 2:
                continue
            values = np.array([score for _, score in own])
            total = ((values - values.mean()) ** 2).sum()
            between = sum(len(g) * (np.mean(g) - values.mean()) ** 2 for g in groups.values())
            omega = np.nan
            if len(values) > len(groups):
                inside = (total - between) / (len(values) - len(groups))
                omega = (between - (len(groups) - 1) * inside) / (total + inside)
            found[method, factor] = (len(groups), len(values), between / total, omega)
    return found
