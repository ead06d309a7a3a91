"""SPEC-NEXT.md, section 5: explanation_barycentric.parquet and its metadata."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.independent import backend_activation as ba
from tests.independent import backend_inputs as bi
from tests.independent import recompute as rc

METRICS = (  # the order M
    "intra_feature_sim",
    "score_embedding",
    "score_fuzz",
    "score_detection",
    "explanation_semantic_sim",
)
ANCHORS = {  # a percentile of the metric, or a number
    "missed_ngram": ("p50", "p5", "p5", "p50", "p50"),
    "missed_context": ("p50", "p5", "p50", "p5", "p50"),
    "noisy_activation": ("p5", 0.5, 0.5, 0.5, "p5"),
}
VERTICES = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.866))
TINY = 1e-8
PERCENTILES = (5, 10, 25, 50, 75, 90)
Metrics = dict[str, float | None]
Key = tuple[int, str]  # (feature, full name of the explainer)


def mean(values: list[float]) -> float | None:
    """The mean; None of nothing."""
    return math.fsum(values) / len(values) if values else None


def intra_feature_sim(feature: int, inputs: bi.Inputs) -> float | None:
    """NEXT 5: the largest of the feature's two shares and its mean pairwise similarity."""
    tops = ba.tops_of(feature, inputs)
    if tops is None:
        return None
    return max(float(tops[0].share), float(tops[1].share), inputs.similarity(feature))


def raw_metrics(inputs: bi.Inputs) -> dict[Key, Metrics]:
    """NEXT 5 'Metrics' of the wanted features' rows, in the order of features."""
    explained = {f: e for f, e in inputs.explained.items() if inputs.is_wanted(f)}
    scores = rc.feature_scores(inputs.raw, inputs.sources, inputs.settings, set(explained))
    result: dict[Key, Metrics] = {}
    for feature, explanations in explained.items():
        intra = intra_feature_sim(feature, inputs)
        for own in explanations:
            row: Metrics = {"intra_feature_sim": intra}
            for method in ("embedding", "fuzz", "detection"):
                judged = scores.get((own.explainer, feature), [])
                row[f"score_{method}"] = mean(
                    [values[method] for _, values in judged if values[method] is not None]
                )
            row["explanation_semantic_sim"] = mean(
                [
                    rc.cosine(inputs.vectors[own.text], inputs.vectors[other.text])
                    for other in explanations
                    if other is not own
                ]
            )
            result[feature, inputs.names[own.explainer]] = row
    return result


# ---------------------------------------------------------------------------------------------
# Statistics and anchors


def percentile(values: list[float], percent: float) -> float:
    """NEXT 5 'Statistics': the linear-interpolated percentile."""
    ordered = sorted(values)
    place, part = divmod((len(ordered) - 1) * percent, 100)
    low = ordered[int(place)]
    high = ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (part / 100)


@dataclass(frozen=True)
class Statistics:
    """One metric over the rows that have it; nothing but None where no row has."""

    values: list[float]
    mean: float | None
    std: float | None  # sample standard deviation; exactly 0 where all values are equal

    @property
    def counts(self) -> bool:
        """NEXT 5: a metric without a value, or with s null or 0, counts for nothing."""
        return bool(self.std)

    def percentile(self, percent: float) -> float | None:
        return percentile(self.values, percent) if self.values else None

    def standardize(self, value: float | None) -> float | None:
        """z; None of None."""
        if value is None:
            return None
        return (value - self.mean) / (self.std + TINY) if self.counts else 0.0


def statistics_of(values: list[float]) -> Statistics:
    """The statistics of one metric's values."""
    middle = mean(values)
    if len(values) < 2:
        return Statistics(values, middle, None)
    if min(values) == max(values):
        return Statistics(values, middle, 0.0)
    return Statistics(values, middle, math.sqrt(rc.sample_variance(values)))


def all_statistics(rows: list[Metrics]) -> dict[str, Statistics]:
    """NEXT 5 'Statistics' per metric, over the rows that have it."""
    return {
        metric: statistics_of([row[metric] for row in rows if row[metric] is not None])
        for metric in METRICS
    }


@dataclass(frozen=True)
class Anchor:
    """An anchor in order M, raw and standardized; a metric without a value is 0.0."""

    raw: list[float]
    standardized: list[float]


def anchors_of(statistics: dict[str, Statistics]) -> dict[str, Anchor]:
    """NEXT 5 'Anchors'."""
    anchors = {}
    for name, recipe in ANCHORS.items():
        raw, standardized = [], []
        for metric, part in zip(METRICS, recipe, strict=True):
            of = statistics[metric]
            value = of.percentile(float(part[1:])) if isinstance(part, str) else part
            value = value if of.values else 0.0
            raw.append(value)
            standardized.append(of.standardize(value) if of.counts else 0.0)
        anchors[name] = Anchor(raw, standardized)
    return anchors


# ---------------------------------------------------------------------------------------------
# Rows


def barycentric_row(
    key: Key, metrics: Metrics, statistics: dict[str, Statistics], anchors: dict[str, Anchor]
) -> rc.Row:
    """One row of explanation_barycentric.parquet but for its cluster, figures in double."""
    z = {metric: statistics[metric].standardize(metrics[metric]) for metric in METRICS}
    point = [z[metric] or 0.0 for metric in METRICS]
    distances = [math.dist(point, anchor.standardized) for anchor in anchors.values()]
    weights = [1 / (distance + TINY) for distance in distances]
    bary = [weight / math.fsum(weights) for weight in weights]
    scores = ("score_fuzz", "score_detection", "score_embedding")
    standardized = ("score_embedding", "score_fuzz", "score_detection")
    similarities = ("explanation_semantic_sim", "intra_feature_sim")
    row: rc.Row = {"feature_id": key[0], "llm_explainer": key[1]}
    row |= {metric: metrics[metric] for metric in (*scores, *similarities)}
    row |= {
        f"{metric}_std": z[metric]
        for metric in ("intra_feature_sim", *standardized, "explanation_semantic_sim")
    }
    row |= {f"dist_{name}": d for name, d in zip(ANCHORS, distances, strict=True)}
    row |= {f"bary_{name}": b for name, b in zip(ANCHORS, bary, strict=True)}
    for axis, name in enumerate(("position_x", "position_y")):
        row[name] = math.fsum(b * v[axis] for b, v in zip(bary, VERTICES, strict=True))
    row["nearest_anchor"] = list(ANCHORS)[distances.index(min(distances))]
    return row


def nearest_anchors(row: rc.Row, reach: float = 1e-5) -> list[str]:
    """The anchors that float noise may make the nearest, the computed one first."""
    least = row[f"dist_{row['nearest_anchor']}"]
    others = [
        name
        for name in ANCHORS
        if name != row["nearest_anchor"] and row[f"dist_{name}"] - least <= reach * max(1, least)
    ]
    return [row["nearest_anchor"], *others]


def renumber(features: list[int], labels: list[int]) -> dict[int, int]:
    """NEXT 5 'cluster_id': 0, 1, … by size (ties: smallest feature id); −1 stays."""
    members: dict[int, list[int]] = {}
    for feature, label in zip(features, labels, strict=True):
        if label >= 0:
            members.setdefault(label, []).append(feature)
    order = sorted(members.values(), key=lambda group: (-len(group), min(group)))
    number = {feature: i for i, group in enumerate(order) for feature in group}
    return {feature: number.get(feature, -1) for feature in features}


def clusters_of(points: dict[int, np.ndarray], numbers: dict[str, Any]) -> dict[int, int]:
    """NEXT 5 'cluster_id' of features at their mean z, rows ascending by feature id."""
    from sklearn.cluster import HDBSCAN

    features = sorted(points)
    least = numbers["clustering.min_cluster_size"]
    if len(features) < least:
        return dict.fromkeys(features, -1)
    model = HDBSCAN(
        min_cluster_size=least,
        min_samples=numbers["clustering.min_samples"] + 1,  # sklearn counts the point itself
        cluster_selection_epsilon=numbers["clustering.epsilon"],
        metric="euclidean",
        cluster_selection_method="eom",
        copy=True,
    )
    labels = model.fit_predict(np.array([points[feature] for feature in features]))
    return renumber(features, labels.tolist())


def mean_points(rows: list[rc.Row]) -> dict[int, np.ndarray]:
    """Feature -> mean z of its rows in order M, a null z as 0."""
    groups: dict[int, list[list[float]]] = {}
    for row in rows:
        point = [row[f"{metric}_std"] or 0.0 for metric in METRICS]
        groups.setdefault(row["feature_id"], []).append(point)
    return {feature: np.mean(points, axis=0) for feature, points in groups.items()}


def barycentric_rows(metrics: dict[Key, Metrics], numbers: dict[str, Any]) -> list[rc.Row]:
    """Every row of explanation_barycentric.parquet in file order."""
    statistics = all_statistics(list(metrics.values()))
    anchors = anchors_of(statistics)
    rows = [barycentric_row(key, row, statistics, anchors) for key, row in metrics.items()]
    clusters = clusters_of(mean_points(rows), numbers)
    return [row | {"cluster_id": clusters[row["feature_id"]]} for row in rows]


def metadata_of(metrics: dict[Key, Metrics], sae_id: str) -> dict[str, Any]:
    """What explanation_barycentric_metadata.json has to say, but for its time and counts of work."""
    statistics = all_statistics(list(metrics.values()))
    return {
        "metrics_order": list(METRICS),
        "anchor_coordinates": {
            name: {"raw": anchor.raw, "standardized": anchor.standardized}
            for name, anchor in anchors_of(statistics).items()
        },
        "normalization_stats": {
            metric: {
                "mean": of.mean,
                "std": of.std,
                "min": min(of.values, default=None),
                "max": max(of.values, default=None),
                **{f"p{percent}": of.percentile(percent) for percent in PERCENTILES},
            }
            for metric, of in statistics.items()
        },
        "total_rows": len(metrics),
        "sae_id": sae_id,
    }
