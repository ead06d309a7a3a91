"""Every score method of SPEC-INPUTS.md, section 4, and the metrics of SPEC.md 3 'Scores'."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.independent import recompute as rc

OF_FEATURE = ("intruder", "example_embedding")  # they do not depend on the explanation
CLASSIFIERS = ("fuzz", "detection")


@dataclass(frozen=True)
class Judged:
    """One row: failed, correct or not, or a number; what a method does not tell is None."""

    failed: bool
    correct: bool | None = None
    label: bool | None = None
    predicted: bool | None = None
    value: float | None = None  # what a ROC area is of
    against: float | None = None  # example_embedding: the value of the other class
    quantile: float | None = None


def classifier(item: dict[str, Any]) -> Judged:
    """fuzz, detection."""
    outcome = rc.classifier_outcome(item)
    assert outcome is not None, item
    if outcome.state == "failed":
        return Judged(True)
    return Judged(
        False,
        outcome.state == "correct",
        outcome.label,
        outcome.predicted,
        outcome.value,
        quantile=outcome.distance if outcome.label else None,
    )


def embedding(item: dict[str, Any]) -> Judged:
    outcome = rc.embedding_outcome(item)
    assert outcome is not None, item
    return Judged(outcome.state == "failed", label=outcome.label, value=outcome.value)


def intruder(item: dict[str, Any]) -> Judged:
    sample = item["sample"]
    if sample is None or item["correct_index"] == -1:
        return Judged(True)
    return Judged(False, item["correct"], quantile=sample["chosen_quantile"])


def surprisal(item: dict[str, Any]) -> Judged:
    """The mean gain; lists that are empty or not finite fail."""
    means = []
    for key in ("no_explanation", "explanation"):
        values = item[key]
        if not values or not all(rc.finite(v) is not None for v in values):
            return Judged(True)
        means.append(math.fsum(values) / len(values))
    return Judged(False, label=rc.label_of(item), value=means[0] - means[1])


def example_embedding(item: dict[str, Any]) -> Judged:
    plus, minus = rc.finite(item["delta_plus"]), rc.finite(item["delta_minus"])
    if plus is None or minus is None:
        return Judged(True)
    return Judged(False, plus > minus, value=plus, against=minus)


def simulation(item: dict[str, Any]) -> Judged:
    outcome = rc.simulation_outcome(item)
    assert outcome is not None, item
    return Judged(outcome.state == "failed", value=outcome.value, quantile=outcome.distance)


READ = {
    "fuzz": classifier,
    "detection": classifier,
    "embedding": embedding,
    "intruder": intruder,
    "surprisal": surprisal,
    "example_embedding": example_embedding,
    "simulation": simulation,
}


def area(rows: list[Judged]) -> float | None:
    """The ROC area of the rows' values; of example_embedding that of one delta against the other."""
    done = [row for row in rows if not row.failed and row.value is not None]
    if any(row.against is not None for row in done):
        return rc.auc([row.value for row in done], [row.against for row in done])
    return rc.auc(
        [row.value for row in done if row.label is True],
        [row.value for row in done if row.label is False],
    )


def share(rows: list[Judged]) -> float | None:
    """Share of correct among the not failed."""
    done = [row for row in rows if not row.failed and row.correct is not None]
    return sum(row.correct for row in done) / len(done) if done else None


def score(method: str, rows: list[Judged]) -> float | None:
    """INPUTS 4, the column 'value'."""
    if method in ("embedding", "surprisal"):
        return area(rows)
    if method != "simulation":
        return share(rows)
    overall = [row for row in rows if row.quantile == 0]
    if overall:
        return overall[0].value
    known = [row.value for row in rows if row.value is not None]
    return math.fsum(known) / len(known) if known else None


def counts(rows: list[Judged]) -> dict[str, int]:
    failed = sum(row.failed for row in rows)
    return {"total": len(rows), "failed": failed, "succeeded": len(rows) - failed}


def variance(method: str, rows: list[Judged]) -> float | None:
    """SPEC 3 'Scores': of the finite groups of a simulation, the overall one aside."""
    if method != "simulation":
        return None
    return rc.sample_variance([r.value for r in rows if r.value is not None and r.quantile != 0])


def by_quantile(method: str, rows: list[Judged]) -> list[dict[str, Any]]:
    """Recall per `distance`; of an intruder the share correct per chosen quantile."""
    found: dict[float, list[bool]] = defaultdict(list)
    for row in rows:
        if not row.failed and row.quantile is not None and row.quantile >= 0:
            if method in CLASSIFIERS and row.predicted is not None:
                found[row.quantile].append(row.predicted)
            elif method == "intruder":
                found[row.quantile].append(row.correct)
    return [
        {"quantile": float(quantile), "recall": sum(hits) / len(hits), "total": len(hits)}
        for quantile, hits in sorted(found.items())
    ]


def metrics(method: str, rows: list[Judged]) -> dict[str, Any]:
    """All of score_metrics but weighted_f1."""
    done = [row for row in rows if not row.failed]
    judged = [row for row in done if row.label is not None and row.predicted is not None]
    cells = {(a, b): 0 for a in (True, False) for b in (True, False)}
    for row in judged:
        cells[row.label, row.predicted] += 1
    tp, fn, fp, tn = (
        cells[k] for k in ((True, True), (True, False), (False, True), (False, False))
    )
    recall, specificity = rc.ratio(tp, tp + fn), rc.ratio(tn, tn + fp)
    known = [row for row in done if row.correct is not None]
    low, high = rc.wilson(sum(row.correct for row in known), len(known))
    both = recall is not None and specificity is not None
    return counts(rows) | {
        "tp": tp,
        "tn": tn,
        "fp": fp,
        "fn": fn,
        "accuracy": share(rows),
        "balanced_accuracy": (recall + specificity) / 2 if both else None,
        "precision": rc.ratio(tp, tp + fp),
        "recall": recall,
        "f1": rc.ratio(2 * tp, 2 * tp + fp + fn),
        "auc": area(rows),
        "recall_by_quantile": by_quantile(method, rows),
        "accuracy_low": low,
        "accuracy_high": high,
    }


@dataclass(frozen=True)
class Scored:
    """The rows of one run: method -> feature -> rows, as the files have them."""

    rows: dict[str, dict[int, list[Judged]]]
    other: dict[str, dict[int, list[Any]]] = field(default_factory=dict)  # not interpreted

    def scores(self) -> list[dict[str, Any]]:
        """`analysis.scores`."""
        found = [
            {
                "feature_id": feature,
                "method": method,
                "of_explanation": method not in OF_FEATURE,
                "score": score(method, rows),
                **counts(rows),
                "variance": variance(method, rows),
                "details": None,
            }
            for method, files in self.rows.items()
            for feature, rows in files.items()
        ]
        for method, files in self.other.items():
            for feature, items in files.items():
                found.append(
                    {
                        "feature_id": feature,
                        "method": method,
                        "score": None,
                        "total": len(items),
                        "failed": None,
                        "details": items,
                    }
                )
        return found

    def metrics(self, firing: dict[int, int]) -> list[dict[str, Any]]:
        """`analysis.score_metrics`: of each feature, and pooled over all of a method."""
        found = []
        for method, files in self.rows.items():
            f1 = {}
            for feature, rows in files.items():
                row = metrics(method, rows)
                f1[feature] = row["f1"]
                found.append(
                    {"level": "feature", "method": method, "feature_id": feature}
                    | row
                    | {"weighted_f1": None}
                )
            pooled = metrics(method, [row for rows in files.values() for row in rows])
            known = {f: v for f, v in f1.items() if v is not None and f in firing}
            weight = sum(firing[f] for f in known)
            weighted = (
                math.fsum(v * firing[f] for f, v in known.items()) / weight if weight else None
            )
            found.append(
                {"level": "source", "method": method, "feature_id": None}
                | pooled
                | {"weighted_f1": weighted}
            )
        return found

    def of_features(self) -> dict[int, dict[str, float | None]]:
        """The four methods of `features.scores`, of the features with any of them."""
        found: dict[int, dict[str, float | None]] = {}
        for method in rc.METHODS:
            for feature, rows in self.rows.get(method, {}).items():
                found.setdefault(feature, dict.fromkeys(rc.METHODS))[method] = score(method, rows)
        return found


def read(folders: dict[str, dict[int, Path]]) -> Scored:
    """The score files by method and feature."""
    found: dict[str, dict[int, list[Judged]]] = {}
    other: dict[str, dict[int, list[Any]]] = {}
    for method, files in folders.items():
        name = "detection" if method == "recall" else method
        for feature, path in files.items():
            items = json.loads(path.read_text("utf-8"))
            if name in READ:
                found.setdefault(name, {})[feature] = [READ[name](item) for item in items]
            else:
                other.setdefault(name, {})[feature] = items
    return Scored(found, other)
