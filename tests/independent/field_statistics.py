"""`analysis.feature_statistics` from SPEC-INPUTS.md, section 5, alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tests.independent import recompute as rc

BINS, TOP, DENSE = 50, 10, 0.1
SCALE = 2.0**160  # float32 values times this are whole numbers: bins are told apart exactly


def histogram(values: Sequence[float], bins: int = BINS) -> list[dict[str, Any]]:
    """Equal bins from 0 to the maximum, each with its lower edge, the last with both."""
    largest = max(values, default=0.0)
    if not largest:
        return []
    counts = [0] * bins
    whole = int(largest * SCALE)
    for value, count in Counter(values).items():
        counts[min(int(value * SCALE) * bins // whole, bins - 1)] += count
    return [
        {"low": largest * i / bins, "high": largest * (i + 1) / bins, "count": count}
        for i, count in enumerate(counts)
    ]


def on_edges(values: Sequence[float], bins: int = BINS) -> int:
    """Values that lie on a boundary between two bins: what float noise may put into either."""
    largest = max(values, default=0.0)
    return sum(
        count
        for value, count in Counter(values).items()
        if value < largest and abs(value * bins / largest - round(value * bins / largest)) < 1e-9
    )


def token_figures(fired: Iterable[tuple[str, float]]) -> dict[str, Any]:
    """top_tokens, top_token_share and token_entropy of (token, value) pairs."""
    by_token: dict[str, list[float]] = defaultdict(list)
    for token, value in fired:
        by_token[token].append(value)
    total = sum(map(len, by_token.values()))
    rows = [
        {
            "token": token,
            "count": len(values),
            "mean": math.fsum(values) / len(values),
            "max": max(values),
        }
        for token, values in by_token.items()
    ]
    rows.sort(key=lambda row: (-row["count"], -row["mean"], row["token"]))
    shares = [row["count"] / total for row in rows]
    return {
        "top_tokens": rows[:TOP],
        "top_token_share": shares[0] if rows else None,
        "token_entropy": math.fsum(-p * math.log2(p) for p in shares) if rows else None,
    }


def value_figures(values: Sequence[float]) -> dict[str, Any]:
    """The largest, the mean over firings, and the histogram."""
    return {
        "max_activation": max(values, default=None),
        "mean_activation": math.fsum(values) / len(values) if values else None,
        "histogram": histogram(values),
    }


def of_corpus(
    firing_count: int,
    num_tokens: int,
    fired: Sequence[tuple[str, float]],
) -> dict[str, Any]:
    """Basis `corpus` of a latents cache: `fired` are all its entries of one latent."""
    density = firing_count / num_tokens
    return {
        "num_tokens": num_tokens,
        "firing_count": firing_count,
        "density": density,
        "is_dead": firing_count == 0,
        "is_dense": density > DENSE,
        **value_figures([value for _, value in fired]),
        **token_figures(fired),
    }


def of_sample(examples: Sequence[rc.Example], prompts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Basis `sample`: the kept records alone."""
    fired = [(prompts[e.prompt][position], value) for e in examples for position, value in e.pairs]
    return {
        "num_tokens": sum(len(prompts[e.prompt]) for e in examples),
        "firing_count": len(fired),
        "density": None,
        "is_dead": None,
        "is_dense": None,
        **value_figures([value for _, value in fired]),
        **token_figures(fired),
    }


def own_bars(heights: Sequence[int], values: Sequence[float]) -> list[dict[str, Any]]:
    """An export's own bars: values are the bars' centres, or one more edges than heights."""
    if len(values) == len(heights) + 1:
        edges = list(pairwise(values))
    else:
        width = (values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 0.0
        edges = [(value - width / 2, value + width / 2) for value in values]
    return [
        {"low": low, "high": high, "count": height}
        for (low, high), height in zip(edges, heights, strict=True)
    ]
