"""The ledger: what counts, what is out of scope, which of two files is taken, which text is never kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bad_input.matrix import RECONCILED
from tests.support.raw_tree import (
    ACTIVATIONS,
    CONFIG,
    explanation,
    files,
    judged,
    record,
    score,
    stage,
    write,
)
from warehouse.layout import Layout


def test_records_outside_the_scope_are_counted_and_the_rest_adds_up(tmp_path: Path) -> None:
    changes = {
        ACTIVATIONS: files()[ACTIVATIONS] + record(2, 99, []) + "\n" + record(0, 99, []) + "\nbad",
        explanation("again_latent0.txt"): "of feature 0 once more",
        score("fuzz", "layers.3_latent2.txt"): "broken",
    }
    rows = stage(write(tmp_path, changes), "scope.features=0-1", "quarantine.max_share=1")
    found = {name: counts for name, *counts in rows(RECONCILED)}
    assert found["activations"] == [21, 2, 7, 12]
    assert found["explanations"] == [10, 1, 3, 6]
    assert found["scores"] == [78, 0, 6, 72]  # a file outside is one record, never parsed


def test_of_two_files_of_one_feature_the_first_that_is_good_counts(tmp_path: Path) -> None:
    changes = {
        explanation("a_latent0.txt"): "first",
        explanation("b_latent1.txt"): "No explanation found",
        explanation("z_feature2.txt"): "last",
        score("fuzz", "a_latent0.txt"): [judged(True)],
        score("fuzz", "b_latent1.txt"): "[{",
        score("fuzz", "z_feature2.txt"): [judged(True)],
    }
    rows = stage(write(tmp_path, changes), "quarantine.max_share=1")
    sql = "SELECT feature_id, text FROM staging.explanations WHERE source = ? ORDER BY feature_id"
    texts = rows(sql, ["llama_e-llama_s"])
    assert texts == [(0, "first"), (1, "words of salt, and wind"), (2, "words of wind, and rope")]
    sql = "SELECT feature_id, total FROM analysis.scores WHERE source = ? AND method = 'fuzz' ORDER BY 1"
    assert rows(sql, ["llama_e-llama_s"]) == [(0, 1), (1, 6), (2, 6)]
    sql = """
        SELECT reason, parse_filename(file), count(*) FROM quarantine.records
        WHERE reason LIKE 'duplicate %' GROUP BY ALL ORDER BY ALL"""
    assert rows(sql) == [
        ("duplicate (source, feature)", "layers.3_latent0.txt", 1),
        ("duplicate (source, feature)", "z_feature2.txt", 1),
        ("duplicate (source, method, feature)", "layers.3_latent0.txt", 6),
        ("duplicate (source, method, feature)", "z_feature2.txt", 1),
    ]
    (raw,) = {
        r for (r,) in rows("SELECT raw FROM quarantine.scores WHERE file LIKE '%z_feature2%'")
    }
    assert raw == json.dumps(judged(True))


def test_a_duplicate_record_stands_in_quarantine_even_when_a_bad_one_came_first(
    tmp_path: Path,
) -> None:
    lines = [record(0, 0, [[99, 1]]), record(0, 0, [[1, 2.5]]), record(0, 0, [[1, 2.5]])]
    data = write(tmp_path, {ACTIVATIONS: "\n".join(lines)})
    rows = stage(data, "quarantine.max_share=1")
    sql = "SELECT line, reason FROM quarantine.activations ORDER BY line"
    assert rows(sql) == [
        (1, "token position outside the prompt"),
        (3, "duplicate (feature, prompt)"),
    ]


# ------------------------------------------------------------------------- the share of bad records


def lines_with_one_bad(total: int) -> str:
    good = [record(100 + n // 6, n % 6, []) for n in range(total - 1)]
    return "\n".join([*good, "bad"])


LEDGER = ("+staging.files",)


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        pytest.param({ACTIVATIONS: lines_with_one_bad(100)}, 0.01, id="exactly the share"),
        pytest.param({ACTIVATIONS: files()[ACTIVATIONS] * 3}, 0, id="duplicate records"),
        pytest.param({explanation("a_latent1.txt"): "more"}, 0, id="a second explanation"),
        pytest.param({score("fuzz", "a_latent1.txt"): [judged(True)]}, 0, id="a second score file"),
        pytest.param({explanation("layers.3_latent1.txt"): ""}, 0, id="no explanation in a file"),
        pytest.param({ACTIVATIONS: files()[ACTIVATIONS] + record(9, 99, [])}, 0, id="out of scope"),
    ],
)
def test_duplicates_and_missing_explanations_do_not_count_as_bad(
    tmp_path: Path, changes: dict, share: float
) -> None:
    data = write(tmp_path, changes)
    rows = stage(data, f"quarantine.max_share={share}", "scope.features=0-2,100-200", select=LEDGER)
    assert rows("SELECT count(*) FROM staging.files WHERE status = 'unreadable'") == [(0,)]


# ------------------------------------------------------------------------------------------ secrets


def test_no_token_of_a_run_config_is_stored_anywhere(tmp_path: Path) -> None:
    secret = "hf_S3CR3TS3CR3T"  # noqa: S105
    config = {"sparse_model": "a/b", "hf_token": secret, "model_kwargs": {"api_key": secret}}
    changes = {
        CONFIG: config,
        "raw/gwen_e-llama_s/run_config.json": json.dumps(config)[:-4],
        "raw/llama_e-gwen_s/run_config.json": json.dumps(config).encode() + b"\xff",
    }
    data = write(tmp_path, changes)
    rows = stage(data, "quarantine.max_share=1")
    sql = "SELECT schema_name || '.' || table_name FROM duckdb_tables() UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
    names = [name for (name,) in rows(sql)]
    assert "staging.run_configs" in names
    for name in names:
        assert rows(f"SELECT count(*) FROM {name} t WHERE contains(t::VARCHAR, ?)", [secret]) == [
            (0,)
        ]
    written = [p for p in data.rglob("*") if p.is_file() and (data / "raw") not in p.parents]
    assert Layout(data).warehouse in written
    assert not [p for p in written if secret.encode() in p.read_bytes()]
