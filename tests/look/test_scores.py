"""Scores, Delphi's metrics and scorer consistency: against the recomputation and scikit-learn."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.independent.recompute import consistency, scores_side
from tests.support.raw_tree import Rows, judged, score, stage, write
from warehouse.sample.sample import write_sample

SELECT = ("+analysis.scores", "+analysis.score_metrics", "+analysis.scorer_consistency")
CLASSIFIERS = ("fuzz", "detection")
FIRING = [
    7,
    120,
    35,
    4,
    900,
    61,
    18,
    2,
    333,
    50,
    12,
    5,
]  # how often each feature fired in the corpus
# The recomputation's name of each column of analysis.score_metrics.
METRICS = {
    "total": "total_examples",
    "failed": "failure_count",
    "succeeded": "success_count",
    "tp": "true_positives",
    "tn": "true_negatives",
    "fp": "false_positives",
    "fn": "false_negatives",
    "accuracy": "average_score",
    "balanced_accuracy": "balanced_accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "auc": "auc",
    "accuracy_low": "wilson_low",
    "accuracy_high": "wilson_high",
}


@pytest.fixture(scope="module")
def sk() -> ModuleType:
    from sklearn import metrics

    return metrics


def near(value: object) -> object:
    return pytest.approx(value, abs=1e-9)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("scores")
    write_sample(data, features=12, prompts=80, explained=8)
    import torch

    counts = {"layers.4": torch.tensor(FIRING), "layers.40": torch.tensor(FIRING[::-1])}
    log = data / "raw" / "gwen_e-gwen_s" / "log"
    log.mkdir()
    torch.save(counts, log / "hookpoint_firing_counts.pt")
    return data


@pytest.fixture(scope="module")
def rows(data: Path) -> Rows:
    return stage(data, "input.hookpoint=layers.4", select=SELECT)


@pytest.fixture(scope="module")
def recomputed(data: Path) -> dict[str, list[dict]]:
    return scores_side(data / "raw", {})


@pytest.fixture(scope="module")
def metrics(rows: Rows) -> dict[tuple, dict]:
    """(level, source, method, feature) → the columns of METRICS."""
    names = ", ".join(METRICS)
    found = rows(
        f"SELECT level, source, method, feature_id, {names} FROM analysis.score_metrics "
        "WHERE method IN ('fuzz', 'detection')"
    )
    return {row[:4]: dict(zip(METRICS, row[4:], strict=True)) for row in found}


@pytest.fixture(scope="module")
def examples(data: Path) -> dict[tuple, list[dict]]:
    """The raw examples of every score file; a failed one has no prediction or similarity."""
    found: dict[tuple, list[dict]] = defaultdict(list)
    for path in sorted((data / "raw").glob("*/scores/*/*.txt")):
        source, _, method, name = path.relative_to(data / "raw").parts
        feature = int(name.removesuffix(".txt").rpartition("latent")[2])
        items = json.loads(path.read_text())
        found["feature", source, method, feature] = items
        found["source", source, method, None] += items
    return found


def test_the_score_of_every_feature_is_the_recomputed_one(rows: Rows, recomputed: dict) -> None:
    columns = "source, method, feature_id, score, total, failed, succeeded, variance"
    found = {row[:3]: row[3:] for row in rows(f"SELECT {columns} FROM analysis.scores")}
    keys = ("average_score", "total_examples", "failure_count", "success_count", "variance")
    expected = {
        (row["source"], row["method"], row["feature_id"]): near(tuple(row[k] for k in keys))
        for row in recomputed["by_feature"]
    }
    assert found == expected
    assert {method for _, method, _ in found} == {*CLASSIFIERS, "simulation", "embedding"}


@pytest.mark.parametrize(("level", "side"), [("feature", "by_feature"), ("source", "pooled")])
def test_the_metrics_are_the_recomputed_ones(
    metrics: dict, recomputed: dict, level: str, side: str
) -> None:
    found = {key: row for key, row in metrics.items() if key[0] == level}
    expected = {
        (level, row["source"], row["method"], row.get("feature_id")): near(
            {ours: row[theirs] for ours, theirs in METRICS.items()}
        )
        for row in recomputed[side]
        if row["method"] in CLASSIFIERS
    }
    assert found == expected


@pytest.mark.parametrize(("level", "side"), [("feature", "by_feature"), ("source", "pooled")])
def test_the_recall_of_each_quantile_is_the_recomputed_one(
    rows: Rows, recomputed: dict, level: str, side: str
) -> None:
    sql = "SELECT source, method, feature_id, recall_by_quantile FROM analysis.score_metrics WHERE level = ? AND method IN ('fuzz', 'detection')"
    found = {row[:3]: [tuple(q.values()) for q in row[3]] for row in rows(sql, [level])}
    expected = {
        (row["source"], row["method"], row.get("feature_id")): [
            near((q["distance"], q["recall"], q["examples"])) for q in row["recall_per_quantile"]
        ]
        for row in recomputed[side]
        if row["method"] in CLASSIFIERS
    }
    assert found == expected


def test_the_metrics_are_those_of_scikit_learn(
    metrics: dict, examples: dict, sk: ModuleType
) -> None:
    for key, row in metrics.items():
        done = [e for e in examples[key] if e["prediction"] is not None]
        truth, told = ([e[k] for e in done] for k in ("activating", "prediction"))
        assert set(truth) == {True, False}
        expected = {
            "accuracy": sk.accuracy_score(truth, told),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, told),
            "precision": sk.precision_score(truth, told),
            "recall": sk.recall_score(truth, told),
            "f1": sk.f1_score(truth, told),
        }
        assert {name: row[name] for name in expected} == near(expected), key
        assert [row["tn"], row["fp"], row["fn"], row["tp"]] == list(
            sk.confusion_matrix(truth, told).ravel()
        )


def test_the_weighted_f1_is_scikit_learns_f1_weighted_by_the_firing_counts(
    rows: Rows, examples: dict, sk: ModuleType
) -> None:
    parts: dict[tuple, list[tuple[float, int]]] = defaultdict(list)
    for (level, source, method, feature), items in examples.items():
        if level == "feature" and method in CLASSIFIERS:
            done = [e for e in items if e["prediction"] is not None]
            truth, told = ([e[k] for e in done] for k in ("activating", "prediction"))
            parts[source, method].append((sk.f1_score(truth, told), FIRING[feature]))
    expected = {
        key: near(np.average([f1 for f1, _ in pairs], weights=[n for _, n in pairs]))
        for key, pairs in parts.items()
    }
    sql = "SELECT source, method, weighted_f1 FROM analysis.score_metrics WHERE level = 'source'"
    found = {row[:2]: row[2] for row in rows(sql)}
    assert {key: found[key] for key in expected} == expected
    sql = "SELECT count(weighted_f1) FROM analysis.score_metrics WHERE level = 'feature'"
    assert rows(sql) == [(0,)]


def test_the_area_under_the_curve_is_that_of_scikit_learn(
    metrics: dict, examples: dict, sk: ModuleType
) -> None:
    recorded = 0
    for key, row in metrics.items():
        done = [e for e in examples[key] if e["probability"] is not None]
        if not done:
            assert row["auc"] is None
            continue
        truth, sure = ([e[k] for e in done] for k in ("activating", "probability"))
        assert row["auc"] == near(sk.roc_auc_score(truth, sure)), key
        recorded += 1
    assert recorded


def test_the_embedding_score_is_the_area_under_the_curve_of_scikit_learn(
    rows: Rows, examples: dict, sk: ModuleType
) -> None:
    found = rows("SELECT source, feature_id, score FROM analysis.scores WHERE method = 'embedding'")
    assert found
    for source, feature, value in found:
        done = examples["feature", source, "embedding", feature]
        expected = sk.roc_auc_score(
            [e["distance"] >= 0 for e in done], [e["similarity"] for e in done]
        )
        assert value == near(expected)


def test_the_interval_of_the_accuracy_is_scipys_wilson_interval(metrics: dict) -> None:
    for key, row in metrics.items():
        interval = binomtest(row["tp"] + row["tn"], row["succeeded"]).proportion_ci(method="wilson")
        assert (row["accuracy_low"], row["accuracy_high"]) == near(tuple(interval)), key


# ------------------------------------------------------------------- three states, by hand


def answers(correct: int, wrong: int, failed: int) -> list[dict]:
    nothing = {"prediction": None, "correct": None, "probability": None}
    told = [judged(True)] * correct + [judged(False, activating=False)] * wrong
    return told + [judged(True) | nothing] * failed


def similar(*pairs: tuple[float, float | None]) -> list[dict]:
    return [{"text": "a", "distance": d, "similarity": s} for d, s in pairs]


def groups(*pairs: tuple[int, object]) -> list[dict]:
    return [{"distance": d, "ev_correlation_score": s} for d, s in pairs]


@pytest.mark.parametrize(
    ("method", "content", "expected"),
    [
        pytest.param("fuzz", answers(2, 0, 3), (1.0, 5, 3, 2, None), id="failed examples are left out"),
        pytest.param("detection", answers(2, 1, 1), (2 / 3, 4, 1, 3, None), id="a share of the not failed"),
        pytest.param("fuzz", answers(0, 2, 0), (0.0, 2, 0, 2, None), id="all wrong is 0"),
        pytest.param("fuzz", answers(0, 0, 4), (None, 4, 4, 0, None), id="all failed is null"),
        pytest.param("embedding", similar((1, 0.5), (2, 0.4), (-1, 0.5), (-1, 0.1)), (0.625, 4, 0, 4, None), id="a tie counts half"),
        pytest.param("embedding", similar((1, 0.9), (2, None), (-1, 0.1), (-1, None)), (1.0, 4, 2, 2, None), id="no similarity is left out"),
        pytest.param("embedding", similar((-0.0, 0.9), (0, 0.1)), (0.0, 2, 0, 2, None), id="a distance of -0.0 is not activating"),
        pytest.param("embedding", similar((1, 0.9), (2, 0.8)), (None, 2, 0, 2, None), id="one class is null"),
        pytest.param("embedding", similar((1, 0.9), (-1, None)), (None, 2, 1, 1, None), id="a class that failed is null"),
        pytest.param("simulation", groups((1, 0.2), (0, 0.5), (2, 0.4)), (0.5, 3, 0, 3, 0.02), id="the overall group decides"),
        pytest.param("simulation", groups((1, 0.2), (2, "nan"), (3, 0.4)), (0.3, 3, 1, 2, 0.02), id="else the mean of the finite groups"),
        pytest.param("simulation", groups((1, 0.2), (2, None)), (0.2, 2, 1, 1, None), id="one group has no variance"),
        pytest.param("simulation", groups((0, "nan"), (1, 0.2), (2, 0.4)), (None, 3, 1, 2, 0.02), id="an overall group without a number is null"),
        pytest.param("simulation", groups((1, "nan"), (2, None)), (None, 2, 2, 0, None), id="no finite group is null"),
    ],
)  # fmt: skip
def test_what_failed_never_counts_as_zero(
    tmp_path: Path, method: str, content: list, expected: tuple
) -> None:
    name = "layers.3_latent1.txt"
    data = write(tmp_path, {score(method, name): content})
    rows = stage(data, select=("+analysis.scores",))
    sql = """
        SELECT score, total, failed, succeeded, variance FROM analysis.scores
        WHERE source = 'llama_e-llama_s' AND method = ? AND feature_id = 1"""
    assert rows(sql, [method]) == [near(expected)]


def test_a_feature_without_a_good_example_has_no_row_and_one_that_failed_has_nulls(
    tmp_path: Path,
) -> None:
    changes = {
        score("fuzz", "layers.3_latent0.txt"): None,
        score("fuzz", "layers.3_latent1.txt"): "[]",
        score("fuzz", "layers.3_latent2.txt"): answers(0, 0, 4),
    }
    rows = stage(write(tmp_path, changes))
    of_source = "source = 'llama_e-llama_s' AND method = 'fuzz'"
    assert rows(f"SELECT feature_id, score FROM analysis.scores WHERE {of_source}") == [(2, None)]
    sql = f"""
        SELECT failed, succeeded, accuracy, balanced_accuracy, precision, recall, f1, auc,
            accuracy_low, accuracy_high
        FROM analysis.score_metrics WHERE {of_source}"""
    assert rows(sql) == [(4, 0, *[None] * 8)] * 2  # the feature's and the source's


# --------------------------------------------------------------------------- scorer consistency


def no_vectors(texts: list[str]) -> np.ndarray:
    return np.ones((len(texts), 2), np.float32)


def rv(x: np.ndarray, y: np.ndarray) -> float:
    """The RV coefficient as Robert & Escoufier wrote it."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    sxy, sxx, syy = x.T @ y, x.T @ x, y.T @ y
    return np.trace(sxy @ sxy.T) / np.sqrt(np.trace(sxx @ sxx) * np.trace(syy @ syy))


def consistencies(rows: Rows) -> dict[tuple, tuple]:
    found = rows("FROM analysis.scorer_consistency")
    return {(e, f"{a}_vs_{b}"): tuple(values) for e, a, b, *values in found}


def expected_consistencies(data: Path) -> dict[tuple, object]:
    found = consistency(data / "raw", {}, no_vectors)["scorer_consistency"]
    return {
        (explainer, pair): near((row["features"], len(row["methods"]), row["value"]))
        for explainer, pairs in found.items()
        for pair, row in pairs.items()
    }


def test_scorer_consistency_is_the_recomputed_one(rows: Rows, data: Path) -> None:
    found = consistencies(rows)
    assert found == expected_consistencies(data)
    assert len(found) == 9


def test_scorer_consistency_is_the_rv_coefficient_of_the_score_matrices(
    rows: Rows, recomputed: dict
) -> None:
    table: dict[tuple, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(recomputed["by_feature"], key=lambda r: r["method"]):
        if row["method"] in CLASSIFIERS:
            table[row["explainer"], row["scorer"]][row["feature_id"]].append(row["average_score"])
    for (explainer, pair), (features, _, value) in consistencies(rows).items():
        x, y = (table[explainer, scorer] for scorer in pair.split("_vs_"))
        assert features == len(x.keys() & y.keys())
        order = sorted(x.keys() & y.keys())
        assert value == near(rv(np.array([x[f] for f in order]), np.array([y[f] for f in order])))


def test_scorer_consistency_takes_the_methods_and_features_that_both_scored(
    tmp_path: Path,
) -> None:
    """Three methods; feature 5 lacks one of gwen's, feature 6 failed in llama's."""
    rng = np.random.default_rng(0)
    changes: dict[str, list] = {}
    for source in ("llama_e-llama_s", "llama_e-gwen_s"):
        for feature in range(8):
            name = f"layers.3_latent{feature}.txt"
            for method in CLASSIFIERS:
                right = int(rng.integers(1, 9))
                changes[score(method, name, source)] = answers(right, 10 - right, 1)
            pairs = [(d, float(rng.random())) for d in (1, 2, 3, -1, -1, -1)]
            changes[score("embedding", name, source)] = similar(*pairs)
    del changes[score("embedding", "layers.3_latent5.txt", "llama_e-gwen_s")]
    changes[score("fuzz", "layers.3_latent6.txt", "llama_e-llama_s")] = answers(0, 0, 5)
    data = write(tmp_path, changes)
    rows = stage(data, select=SELECT)
    found = consistencies(rows)
    assert found == expected_consistencies(data)
    assert found["llama", "gwen_vs_llama"][:2] == (6, 3)
    by_method = ", ".join(
        f"any_value(score) FILTER (method = '{m}')" for m in (*CLASSIFIERS, "embedding")
    )
    sql = f"""
        SELECT {by_method} FROM analysis.scores
        WHERE source = ? AND feature_id NOT IN (5, 6) GROUP BY feature_id ORDER BY feature_id"""
    x, y = (np.array(rows(sql, [f"llama_e-{s}_s"]), float) for s in ("gwen", "llama"))
    assert found["llama", "gwen_vs_llama"][2] == near(rv(x, y))


def test_scorers_that_agree_have_a_consistency_of_one_and_constant_ones_none(
    tmp_path: Path,
) -> None:
    same = stage(write(tmp_path / "same"), select=SELECT)
    assert consistencies(same) == {("llama", "gwen_vs_llama"): near((3, 2, 1.0))}
    names = [f"layers.3_latent{feature}.txt" for feature in range(3)]
    flat = {score(m, name): answers(1, 1, 0) for m in CLASSIFIERS for name in names}
    constant = stage(write(tmp_path / "flat", flat), select=SELECT)
    assert consistencies(constant) == {("llama", "gwen_vs_llama"): (3, 2, None)}
