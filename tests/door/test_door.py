"""`import warehouse`: what a script and a notebook get, and the notebook of the docs."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

import warehouse
from warehouse.door.data import Warehouse
from warehouse.errors import UsageError, WarehouseError

NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def opened(sample: Path) -> Warehouse:
    return warehouse.open(sample)


def test_a_query_takes_parameters_and_gives_arrow_polars_and_rows(opened: Warehouse) -> None:
    found = opened.sql("SELECT feature_id, pattern_type FROM feature_overview WHERE feature_id < ? ORDER BY 1", [3])  # fmt: skip
    assert found.arrow().schema.names == found.columns == ["feature_id", "pattern_type"]
    assert found.polars().equals(pl.DataFrame(found))  # an Arrow stream, without a copy of ours
    assert [row["feature_id"] for row in found] == [0, 1, 2]
    assert found.rows() == list(found)
    assert (len(found), found.shape) == (3, (3, 2))
    assert repr(found).splitlines()[0].split() == found.columns
    named = opened.sql("SELECT $id AS id, NULL AS id", {"id": 8})
    assert "8" in repr(named)  # columns of one name
    assert named._repr_html_().count("<td") == 2


def test_features_are_filtered_sorted_and_limited(opened: Warehouse) -> None:
    found = opened.features(
        where="match_rate > 0.5", sort="mean_score, feature_id", limit=3
    ).polars()
    assert found["match_rate"].min() > 0.5
    assert found["mean_score"].is_sorted()
    assert len(found) == 3
    with pytest.raises(UsageError, match='no column "matchrate"'):
        opened.features(where="matchrate > 0.5")


def test_a_card_is_a_page_in_a_frame_that_runs_nothing(opened: Warehouse, tmp_path: Path) -> None:
    shown = opened.feature(8)
    html = shown._repr_html_()
    assert html.startswith("<iframe")
    assert html.count("<") == 2  # the frame and its end: the page is text in an attribute
    assert " sandbox " in html
    assert shown.dict()["feature_id"] == shown.card.feature_id == 8
    assert shown.save(tmp_path / "card.html").read_text(encoding="utf-8") == shown.html()
    assert "feature 8: " in repr(shown)
    with pytest.raises(UsageError, match="there is no feature"):
        opened.feature(10**9)


def test_a_relation_is_read_by_its_name(opened: Warehouse, sample: Path) -> None:
    assert opened.read("features").polars().equals(pl.read_parquet(sample / "master/features.parquet"))  # fmt: skip
    assert opened.read("activation_embeddings").shape[0] == 40  # a view on the vector store
    assert opened.read("analysis.score_metrics").shape[0] > 0
    with pytest.raises(UsageError) as raised:
        opened.read("featurs")
    assert raised.value.hint == 'did you mean "features"?'


def test_a_query_only_reads_and_says_what_is_wrong(opened: Warehouse) -> None:
    for sql in ("DROP TABLE master.features", "FROM read_csv('/etc/passwd')", "SELECT 1 +"):
        with pytest.raises(WarehouseError) as raised:
            opened.sql(sql)
        assert raised.value.__notes__ == [f"hint: {raised.value.hint}"]  # what a traceback shows
    with pytest.raises(UsageError):
        opened.sql(" ")


def test_the_same_file_may_be_open_in_the_same_process(opened: Warehouse, sample: Path) -> None:
    with duckdb.connect(str(sample / "warehouse.duckdb"), read_only=True) as own:
        assert len(opened.sql("FROM features")) == 71
        own.execute("SET threads = 1")  # its settings are not locked


def test_build_takes_settings_by_name_and_a_build_without_work_does_nothing(copy: Path) -> None:
    opened = warehouse.open(copy)
    assert not opened.build().published
    with pytest.raises(UsageError, match=r'unknown setting "matching[.]thresold"'):
        opened.build(matching__thresold=0.5)
    before = opened.sql("SELECT build_id FROM _warehouse.builds").rows()
    report = opened.build(matching__threshold=0.5)
    assert report.published
    assert "master.ex_act_pattern_matching" in report.ran
    assert len(opened.sql("SELECT build_id FROM _warehouse.builds")) == len(before) + 1


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        warehouse.open(tmp_path / "none")
    with pytest.raises(WarehouseError, match=r"warehouse.duckdb. does not exist"):
        warehouse.open(tmp_path).features()


def test_without_a_path_it_is_the_directory_that_the_command_line_takes(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAE_WAREHOUSE_DATA", raising=False)
    monkeypatch.chdir(sample / "raw")
    assert warehouse.open().data.resolve() == sample
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert warehouse.open().data == Path("data")
    monkeypatch.setenv("SAE_WAREHOUSE_DATA", str(sample))
    assert len(warehouse.open().sql("FROM features")) == 71
    assert warehouse.open(tmp_path).data == tmp_path


def test_every_method_says_what_it_gives_and_what_it_raises() -> None:
    for name in ("sql", "features", "feature", "read", "build"):
        told = inspect.getdoc(getattr(Warehouse, name))
        assert "Error" in told, name


def test_the_notebook_of_the_docs_runs(copy: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "demo").symlink_to(copy)
    monkeypatch.chdir(tmp_path / "docs")
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert not any(c.get("outputs") for c in notebook["cells"])
    for source in cells:
        tree = ast.parse(source)
        *before, last = tree.body
        exec(compile(ast.Module(before, []), "cell", "exec"), names)  # noqa: S102
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), "cell", "exec"), names)  # noqa: S102
            continue
        shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
        html = getattr(shown, "_repr_html_", None)
        assert html() if html else repr(shown)
    assert len(cells) >= 6
    assert list(Path().glob("*.html"))  # the file to send on
