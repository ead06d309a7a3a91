"""A user's own figures and tags: read from three forms, checked, and told beside the warehouse's own."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.support.raw_tree import put, stage, write
from warehouse.errors import UsageError, WarehouseError
from warehouse.explore.source import Source
from warehouse.explore.view import read_view

SELECT = ("+staging.files", "+staging.figure_values", "+analysis.tags_long", "+analysis.own_figures", "+analysis.own_tags")  # fmt: skip
ALL = "quarantine.max_share=1"


def csv_of(rows: list[dict]) -> str:
    names = list(rows[0])
    return "\n".join([",".join(names), *(",".join("" if r[n] is None else str(r[n]) for n in names) for r in rows)])  # fmt: skip


ROWS = [
    {"feature_id": 0, "score": 0.5, "good": True, "topic": "sand"},
    {"feature_id": 1, "score": 2, "good": False, "topic": "salt"},
    {"feature_id": 2, "score": None, "good": True, "topic": None},
]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_each_form_gives_the_same_figures_and_tags(tmp_path: Path, form: str) -> None:
    data = write(tmp_path)
    path = data / "raw/figures" / f"mine.{form}"
    if form == "csv":
        put(data, f"raw/figures/mine.{form}", csv_of(ROWS))
    elif form == "jsonl":
        put(data, f"raw/figures/mine.{form}", "\n".join(json.dumps(r) for r in ROWS))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path.parent.mkdir()
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    rows = stage(data, select=SELECT)
    assert rows('SELECT feature_id, "mine.score", "mine.good" FROM analysis.own_figures ORDER BY 1') == [
        (0, 0.5, 1.0), (1, 2.0, 0.0), (2, None, 1.0),
    ]  # fmt: skip
    assert rows('SELECT feature_id, "mine.topic" FROM analysis.own_tags ORDER BY 1') == [
        (0, "sand"),
        (1, "salt"),
    ]
    sql = "SELECT records, quarantined FROM staging.files WHERE file LIKE '%mine%'"
    assert rows(sql) == [(3, 0)]


def test_what_is_wrong_with_a_row_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    lines = [
        {"feature_id": 0, "llm_explainer": "llama", "scorer": "gwen", "score": 1},
        {"feature_id": 0, "llm_explainer": "llama", "scorer": "gwen", "score": 2},
        {"feature_id": 0, "llm_explainer": "gwen", "score": 3},
        {"feature_id": 99, "score": 1},
        {"feature_id": 0, "llm_explainer": "nobody", "score": 1},
        {"feature_id": 1, "sae_id": "some--sae--layer_3--width_3", "score": "much"},
        {"feature_id": 1, "sae_id": "other/sae", "score": 1},
        {"score": 1},
        {"feature_id": "x", "score": 1},
        {"feature_id": 2, "scorer": "nobody", "score": 1},
        {"feature_id": 2, "score": float("inf")},
    ]
    data = write(tmp_path)
    put(data, "raw/figures/a.jsonl", "\n".join([*map(json.dumps, lines), "bad"]))
    rows = stage(data, ALL, select=SELECT)
    assert rows("SELECT line, reason FROM quarantine.figures ORDER BY line") == [
        (2, "duplicate (feature, explainer, scorer)"),
        (4, "unknown feature"),
        (5, "unknown explainer"),
        (6, "wrong type: score"),
        (7, "another SAE"),
        (8, "missing field: feature_id"),
        (9, "wrong type: feature_id"),
        (10, "unknown scorer"),
        (11, "value not finite: score"),
        (12, "not JSON"),
    ]
    sql = "SELECT feature_id, llm_explainer, scorer, name, figure FROM staging.figure_values WHERE status = 'kept' ORDER BY 5"
    assert rows(sql) == [
        (0, "models/llama", "models/gwen", "a.score", 1.0),
        (0, "models/gwen", None, "a.score", 3.0),
    ]
    sql = "SELECT records, quarantined FROM staging.files WHERE file LIKE '%a.jsonl'"
    assert rows(sql) == [(12, 10)]


def test_a_file_that_is_none_is_quarantined_as_a_whole(tmp_path: Path) -> None:
    data = write(tmp_path)
    put(data, "raw/figures/a.parquet", b"hello")
    put(data, "raw/figures/notes.md", "hello")
    rows = stage(data, ALL, select=SELECT)
    ((reason,),) = rows("SELECT reason FROM quarantine.figures")
    assert reason.startswith("unreadable file: ")
    assert rows("SELECT note FROM staging.files WHERE file = 'raw/figures/notes.md'") == [
        ("not an input",)
    ]


def test_own_figures_stand_in_the_overview_the_groups_the_list_and_the_explorer(copy: Path) -> None:
    from tests.support.builds import open_project
    from warehouse.run.build import build

    put(copy, "raw/figures/mine.csv", "feature_id,score,topic\n0,0.25,sand\n1,0.75,salt\n")
    build(open_project(copy), exports=False)
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        sql = 'SELECT feature_id, "mine.score", "mine.topic" FROM analysis.feature_overview WHERE "mine.score" IS NOT NULL ORDER BY 1'
        assert connection.sql(sql).fetchall() == [(0, 0.25, "sand"), (1, 0.75, "salt")]
        sql = "SELECT num_features FROM analysis.feature_groups([0.5], 'mine.score')"
        assert connection.sql(sql).fetchall() == [(1,), (1,)]
    with Source(copy).reading() as opened:
        view = {"mine.score.min": "0.1", "sort": "-mine.score", "columns": "mine.topic", "x": "mine.score"}  # fmt: skip
        seen = read_view(view.items(), opened.catalog)
        assert opened.rows(opened.queries.listing(seen))[1] == [(1, "salt"), (0, "sand")]
        assert opened.rows(opened.queries.features(seen))[1] == [(1, "salt", 2), (0, "sand", 2)]
        assert [p[:2] for p in opened.rows(opened.queries.points(seen))[1]] == [
            (0, 0.25),
            (1, 0.75),
        ]
        assert opened.rows(opened.queries.extents())[0]
        with pytest.raises(UsageError) as caught:
            read_view([("mine.topic", "sand")], opened.catalog)
        assert caught.value.hint == 'did you mean "mine.topic.has"?'


def test_too_many_bad_figures_end_the_build_and_its_hint_lets_it_on(tmp_path: Path) -> None:
    data = write(tmp_path)
    put(data, "raw/figures/a.csv", "feature_id,x\n0,1\n1,2\n2,oops\nfoo,3\nbar,3\n")
    put(data, "raw/figures/b.jsonl", "\n".join(json.dumps({"feature_id": i}) for i in range(3)))
    audited = (*SELECT, "+audits.quarantine_share")
    with pytest.raises(WarehouseError, match="3 of 8 figures records are bad") as caught:
        stage(data, select=audited)
    offered = caught.value.hint.partition("--set ")[2]
    assert offered == "quarantine.max_share=0.38"
    assert stage(data, offered, select=audited)("SELECT count(*) FROM quarantine.figures") == [(3,)]
