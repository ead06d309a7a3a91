"""The explorer: views and their SQL, the server's manners, files to send on, and the page in Chromium."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from cli import main
from tests.conftest import ROOT
from tests.look.browser import chromium, needs_chromium
from tests.look.test_pages import HOSTILE
from warehouse.errors import UsageError, WarehouseError
from warehouse.explore import answers, server
from warehouse.explore.source import Source
from warehouse.explore.view import read_view


@pytest.fixture(scope="module")
def source(sample: Path) -> Source:
    return Source(sample)


@pytest.fixture(scope="module")
def overview(sample: Path) -> pl.DataFrame:
    with duckdb.connect(str(sample / "warehouse.duckdb"), read_only=True) as connection:
        return pl.from_arrow(connection.table("analysis.feature_overview").to_arrow_table())


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a server over `data`, run on a thread."""
    explorer = server.Explorer(data)
    own = server.make_server(explorer)
    with server._listen(0) as listening:
        thread = threading.Thread(target=own.run, kwargs={"sockets": [listening]})
        thread.start()
        while not own.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            own.should_exit = True
            thread.join()


def get(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection(address.split("/")[2])
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def ids(source: Source, **view: str) -> list[int]:
    """The features of a view, in its order."""
    with source.reading() as opened:
        _, rows = opened.rows(opened.queries.listing(read_view(view.items(), opened.catalog)))
    return [row[0] for row in rows]


# --- views ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        ({"mean_score.max": "0.8"}, pl.col("mean_score") <= 0.8),
        ({"mean_score.min": "0.8", "match_rate.max": "0.5"}, (pl.col("mean_score") >= 0.8) & (pl.col("match_rate") <= 0.5)),
        ({"pattern": "both,unexplained"}, pl.col("pattern_type").is_null() | (pl.col("pattern_type") == "both")),
        ({"explanation_text.has": "THE JURY"}, pl.col("explanation_text").str.to_lowercase().str.contains("the jury")),
        ({"where": "num_active > 20 -- many"}, pl.col("num_active") > 20),
    ],
)  # fmt: skip
def test_a_view_holds_what_its_filters_say(source, overview, view: dict, wanted: pl.Expr) -> None:
    expected = overview.filter(wanted)["feature_id"].to_list()
    assert expected
    assert sorted(ids(source, **view)) == sorted(expected)


def test_text_is_found_in_every_explanation_and_in_the_windows_of_tokens(source, sample) -> None:
    texts = pl.read_parquet(
        sample / "master/features.parquet", columns=["feature_id", "explanation_text"]
    )
    found = texts.filter(pl.col("explanation_text").str.to_lowercase().str.contains("jury"))
    assert set(ids(source, text="Jury")) == set(found["feature_id"])
    with duckdb.connect(str(sample / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT feature_id, text FROM texts.windows").fetchall()
    inside = {feature for feature, text in rows if "jury reached" in text.lower()}
    assert inside
    assert set(ids(source, tokens="jury reached")) == inside


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", ".*", "\\", '"; DROP TABLE x', *HOSTILE])
def test_what_is_typed_is_a_value_and_no_pattern_and_no_sql(source, text: str) -> None:
    for key in ("text", "tokens", "explanation_text.has", "selected_ngram.has"):
        found = ids(source, **{key: text})
        assert not found or (key != "text" and text in (".*", "%", "\\"))


def test_pages_of_a_sorted_table_are_the_whole_in_order(source, overview) -> None:
    wanted = overview.sort(["mean_score", "feature_id"], descending=[True, False], nulls_last=True)
    found: list[int] = []
    with source.reading() as opened:
        for page in ("1", "2", "3"):
            told = answers.features(
                opened, {"sort": "-mean_score", "rows": "25", "page": page}.items()
            )
            found += [row[0] for row in told["rows"]]
            assert told["found"] == (40 if told["rows"] else 0)
    assert found == wanted["feature_id"].to_list()


@pytest.mark.parametrize("name", ["features", "points", "types", "around", "listing"])
def test_the_sql_that_is_shown_runs_and_gives_what_the_view_shows(source, name: str) -> None:
    view = {"text": "the", "tokens": "the", "mean_score.min": "0.5", "pattern": "both,none", "where": "num_active > 3", "semantic": "0.5", "feature": "8"}  # fmt: skip
    with source.reading() as opened:
        query = getattr(opened.queries, name)(read_view(view.items(), opened.catalog))
        rows = opened.rows(query)[1]
        assert rows
        assert "$" not in query.shown
        assert opened.connection.execute(query.shown).fetchall() == rows


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("mean_scor.min", "1", 'did you mean "mean_score"'),
        ("explanation_text.min", "1", 'there is no figure "explanation_text"'),
        ("mean_score.min", "high", 'is "high": a number'),
        ("mean_score.min", "nan", "a number"),
        ("sort", 'x"; drop table y', "there is no column"),
        ("columns", "feature_id,nothing", 'there is no column "nothing"'),
        ("x", "pattern_type", "there is no figure"),
        ("pattern", "bth", 'did you mean "both"'),
        ("rows", "1000000", "one of 25, 50"),
        ("page", "-1", "a whole number"),
        ("sorted", "x", 'did you mean "sort"'),
        ("text", "x" * 2000, "longer than"),
        ("where", "mean_scor > 1", "did you mean mean_score"),
        ("where", "feature_id in (select 1 from read_csv('/etc/hostname'))", "where"),
        ("where", "true) or (true", "where"),
        ("where", "exists (with x as (copy (select 1) to 'x.csv') select 1)", "where"),
    ],
)
def test_a_view_that_cannot_be_is_refused_in_words(source, key: str, value: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        ids(source, **{key: value})
    assert told in f"{caught.value.message}: {caught.value.hint}"


def test_thresholds_that_stay_change_no_type_and_others_as_many_as_they_say(
    source, overview
) -> None:
    with source.reading() as opened:
        assert answers.types(opened, [])["changed"] == 0
        told = answers.types(opened, [("semantic", "0.55"), ("lexical", "0.95")])
    explained = overview.drop_nulls("pattern_type")
    semantic, lexical = (
        pl.col("activation_semantic_sim") > 0.55,
        pl.col("activation_max_jaccard") > 0.95,
    )
    then = (
        pl.when(semantic & lexical).then(pl.lit("both")).when(semantic).then(pl.lit("semantic"))
        .when(lexical).then(pl.lit("lexical")).otherwise(pl.lit("none"))
    )  # fmt: skip
    assert told["changed"] == explained.filter(then != pl.col("pattern_type")).height > 0
    assert told["explained"] == explained.height


def test_points_are_packed_as_they_are_and_leave_a_brush_its_surroundings(source, overview) -> None:
    view = {"mean_score.min": "0.8", "activation_semantic_sim.min": "0.5"}
    with source.reading() as opened:
        packed = answers.points(opened, view.items())
    line, _, rest = packed.partition(b"\n")
    count = json.loads(line)["points"]
    wanted = overview.filter(pl.col("mean_score") >= 0.8).drop_nulls(["activation_semantic_sim", "activation_max_jaccard"]).sort("feature_id")  # fmt: skip
    assert (len(line) + 1) % 4 == 0
    assert count == wanted.height
    assert len(rest) == 13 * count
    assert (
        memoryview(rest[: 4 * count]).cast("f").tolist()
        == wanted["activation_semantic_sim"].to_list()
    )
    assert (
        memoryview(rest[8 * count : 12 * count]).cast("I").tolist()
        == wanted["feature_id"].to_list()
    )
    kinds = [answers.PATTERNS[code] for code in rest[12 * count :]]
    assert kinds == wanted["pattern_type"].fill_null("unexplained").to_list()


# --- the server ----------------------------------------------------------------------------------


def test_only_this_machines_names_and_this_pages_own_questions_are_answered(sample: Path) -> None:
    with served(sample) as address:
        assert get(address, "/")[0] == 200
        port = address.split(":")[2].strip("/")
        assert get(address, "/", Host=f"localhost:{port}")[0] == 200
        for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
            assert get(address, "/api/catalog", Host=name)[0] == 400
        assert get(address, "/api/catalog", Sec_Fetch_Site="cross-site")[0] == 403
        assert get(address, "/api/catalog", Sec_Fetch_Site="same-site")[0] == 403
        assert get(address, "/api/catalog", Sec_Fetch_Site="same-origin")[0] == 200
        assert get(address, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
        assert get(address, "/api/catalog", method="POST")[0] == 405
        for path in ("/", "/api/features", "/card/8", "/features.csv", "/nothing"):
            headers = get(address, path)[1]
            assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        for path in ("/assets/../server.py", "/assets/%2e%2e/server.py", "/../cli.py"):
            assert get(address, path)[0] == 404


def test_errors_are_told_and_csv_holds_the_whole_view(sample: Path, overview) -> None:
    with served(sample) as address:
        status, _, body = get(address, "/api/features?sort=nothing")
        assert (status, json.loads(body)["error"]) == (400, 'there is no column "nothing"')
        assert get(address, "/card/4711")[0] == 400
        assert get(address, "/nothing.csv")[0] == 404
        query = urlencode(
            {"columns": "llm_explainers", "mean_score.min": "0.8", "sort": "feature_id"}
        )
        rows = list(csv.reader(io.StringIO(get(address, f"/features.csv?{query}")[2].decode())))
    wanted = overview.filter(pl.col("mean_score") >= 0.8).sort("feature_id")
    assert rows[0] == ["feature_id", "llm_explainers"]
    assert [int(row[0]) for row in rows[1:]] == wanted["feature_id"].to_list()
    assert [json.loads(row[1]) for row in rows[1:]] == wanted["llm_explainers"].to_list()


def test_a_build_that_is_published_meanwhile_is_shown_from_then_on(sample, tmp_path) -> None:
    shutil.copy(sample / "warehouse.duckdb", tmp_path)
    again = tmp_path / "again.duckdb"
    shutil.copy(sample / "warehouse.duckdb", again)
    with duckdb.connect(str(again)) as connection:
        connection.execute("DELETE FROM analysis.feature_overview WHERE feature_id > 9")
        connection.execute("UPDATE _warehouse.builds SET build_id = 'another'")
    source = Source(tmp_path)
    results: list[tuple[str, int]] = []

    def ask() -> None:
        with source.reading() as opened:
            told = answers.features(opened, [])
            results.append((told["build"], told["found"]))

    with source.reading() as opened:
        again.replace(tmp_path / "warehouse.duckdb")
        thread = threading.Thread(target=ask)
        thread.start()
        assert answers.features(opened, [])["found"] == 40  # the old build is whole to its reader
    thread.join()
    assert results == [("another", 10)]
    (tmp_path / "warehouse.duckdb").unlink()
    with pytest.raises(WarehouseError, match="does not exist"):
        ask()


def test_ctrl_c_ends_it_with_one_line(sample: Path) -> None:
    command = [sys.executable, "cli.py", "--data", str(sample), "explore", "--port", "0", "--view", "x?text=the"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        address = process.stdout.readline().strip()
        assert address.endswith("/?text=the")
        assert get(address, "/")[0] == 200
        os.kill(process.pid, signal.SIGINT)
        out, told = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert told.splitlines() == [
        f'exploring "{sample}"; Ctrl-C ends it',
        "explored; nothing was changed",
    ]


def test_a_taken_port_and_a_missing_warehouse_are_told(sample: Path, tmp_path: Path) -> None:
    with served(sample) as address:
        port = address.split(":")[2].strip("/")
        told = CliRunner().invoke(main, ["--data", str(sample), "explore", "--port", port])
    assert (told.exit_code, f"port {port} is taken" in told.stderr) == (2, True)
    told = CliRunner().invoke(main, ["--data", str(tmp_path), "explore"])
    assert (told.exit_code, "does not exist" in told.stderr) == (1, True)
    told = CliRunner().invoke(main, ["--data", str(tmp_path / "none"), "explore"])
    assert told.exit_code == 2


# --- files ---------------------------------------------------------------------------------------


def write(data: Path, directory: Path, *arguments: str) -> str:
    told = CliRunner().invoke(
        main, ["--data", str(data), "explore", "--to", str(directory), *arguments]
    )
    return told.stdout.strip() if not told.exit_code else told.stderr


def test_a_view_is_written_as_pages_that_link_to_each_other(
    sample: Path, tmp_path: Path, overview
) -> None:
    view = "http://127.0.0.1:8642/?sort=mean_score&pattern=both&feature=8"
    directory = tmp_path / "sent"
    assert write(sample, directory, "--view", view, "--limit", "3") == f"{directory}/index.html"
    wanted = overview.filter(pl.col("pattern_type") == "both").sort("mean_score")["feature_id"][:3].to_list()  # fmt: skip
    pages = [f"feature-{feature}.html" for feature in wanted]
    assert {p.name for p in directory.iterdir()} == {*pages, "index.html", "features.csv"}
    index = (directory / "index.html").read_text()
    assert [index.find(f'href="{page}"') > 0 for page in pages] == [True] * 3
    middle = (directory / pages[1]).read_text()
    assert all(f'href="{page}"' in middle for page in (pages[0], pages[2], "index.html"))
    assert "is not empty" in write(sample, directory)
    assert "no feature is in the view" in write(sample, tmp_path / "none", "--view", "text=qqqqq")
    assert not (tmp_path / "none").exists()


@needs_chromium
def test_the_files_ask_for_nothing(sample: Path, tmp_path: Path) -> None:
    write(sample, tmp_path / "sent", "--limit", "2")
    with chromium() as browser:
        for path in (tmp_path / "sent").glob("*.html"):
            for width in (1600, 420):
                page = browser.open(path, width)
                assert (page.complaints, page.requests) == ([], [])
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        page = browser.open(tmp_path / "sent/index.html")
        page.click("tbody a")
        assert page.evaluate("document.querySelector('h1').textContent").startswith("Feature ")
