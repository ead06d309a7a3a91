"""The report: every query in it, its figures right, hostile names tame, silent in Chromium."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from tests.look.browser import chromium, needs_chromium
from tests.look.test_pages import HOSTILE
from tests.support.builds import open_project
from warehouse.errors import UsageError, WarehouseError
from warehouse.models.library import load_all
from warehouse.report import report
from warehouse.report.charts import draw
from warehouse.report.figures import Rows
from warehouse.report.graph_picture import above, lay_out

QUERIES = {n: m for n, m in load_all().items() if m.schema == "report"}


@pytest.fixture(scope="module")
def page(sample: Path) -> str:
    return report.render(open_project(sample))


@pytest.fixture(scope="module")
def hostile(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose names and texts attack the page, with made-up maps."""
    data = tmp_path_factory.mktemp("hostile")
    shutil.copyfile(sample / "warehouse.duckdb", data / "warehouse.duckdb")
    with duckdb.connect(str(data / "warehouse.duckdb")) as opened:
        names = dict(zip(("gwen", "llama", "openai"), HOSTILE, strict=False))
        for table, column in (("sources", "explainer_short"), ("sources", "scorer_short"), ("explainers", "explainer_short"), ("scorers", "scorer_short")):  # fmt: skip
            for old, new in names.items():
                opened.execute(
                    f"UPDATE staging.{table} SET {column} = ? WHERE {column} = ?", [new, old]
                )
        opened.execute("UPDATE staging.sae SET sae_id = ?", [HOSTILE[0]])
        opened.execute(
            "UPDATE staging.explanation_records SET reason = ?, file = ? WHERE feature_id % 2 = 0",
            [HOSTILE[5], HOSTILE[2]],
        )
        opened.execute(
            "UPDATE _warehouse.builds SET settings = json_merge_patch(settings, json_object('embedding.model', ?::VARCHAR))",
            [HOSTILE[6] + "\ufffe"],
        )
        opened.execute(
            "UPDATE _warehouse.nodes SET node = ? WHERE node = 'side.scores'", [HOSTILE[1]]
        )
        clusters = "[{'num_clusters': 5, 'cluster': feature_id % 5}]"
        opened.execute(
            f"INSERT INTO analysis.feature_projection SELECT feature_id, feature_id % 7, feature_id % 5, {clusters} FROM staging.features"
        )
        opened.execute(
            f"INSERT INTO analysis.explanation_projection SELECT feature_id, explainer, feature_id % 7, 1, {clusters} FROM analysis.explanations"
        )
    return data


def rows(connection: duckdb.DuckDBPyConnection, sample: Path, name: str) -> Rows:
    return report.reader(connection, open_project(sample)).table(name)


def test_every_query_stands_in_the_page_and_runs_as_it_stands_there(page, connection) -> None:
    shown = re.findall(r"<code>sql/report/(\w+)\.sql</code>.*?<pre><code>(.*?)</code>", page, re.S)
    assert {f"report.{name}" for name, _ in shown} == QUERIES.keys()
    for _, sql in shown:
        assert connection.execute(html.unescape(sql)).description


def test_only_the_maps_that_are_off_have_nothing_to_show(page: str) -> None:
    assert re.findall(r"Nothing to show: (\w+)", page) == ["no", "no", "off", "off"]
    assert "threshold 0.36" in page
    assert "threshold 0.3<" in page


def test_bins_hold_every_feature_once(sample: Path, connection) -> None:
    masters = {n: pl.read_parquet(sample / f"master/{n}.parquet") for n in ("activation_example_similarity", "ex_act_pattern_matching", "explanation_alignment", "features")}  # fmt: skip
    similar = masters["activation_example_similarity"].drop_nulls("mean_pairwise_similarity")
    found = {r["similarity"]: r["features"] for r in rows(connection, sample, "semantic_bins")}
    wanted = (similar["mean_pairwise_similarity"] * 50).floor().cast(pl.Int64)
    assert {round(50 * at): n for at, n in found.items()} == dict(wanted.value_counts().rows())
    plane = rows(connection, sample, "pattern_plane")
    assert sum(r["features"] for r in plane) == similar.height
    above = sum(r["features"] for r in plane if r["jaccard"] >= 0.32)
    largest = similar["ngram_jaccard_similarity"].list.max()
    assert above == (largest >= 0.32).sum()

    matching = masters["ex_act_pattern_matching"]
    outcomes = rows(connection, sample, "pattern_outcomes")
    assert {
        t: sum(r["features"] for r in outcomes if r["pattern_type"] == t)
        for t in matching["pattern_type"].unique()
    } == dict(matching["pattern_type"].value_counts().rows())
    for r in rows(connection, sample, "match_rates"):
        own = matching.filter(
            pl.col("pattern_type") == r["pattern_type"],
            pl.col("num_matches") + pl.col("num_mismatches") > 0,
        )
        assert r["of_features"] == own.height
        assert r["mean"] == pytest.approx(own["match_rate"].mean())
    groups = masters["explanation_alignment"]["num_aligned_groups"]
    assert {
        r["groups"]: r["features"] for r in rows(connection, sample, "aligned_features")
    } == dict(groups.value_counts().rows())

    pairs = rows(connection, sample, "explainer_pairs")
    assert {r["pair"] for r in pairs} == {"gwen – llama", "gwen – openai", "llama – openai"}
    both = sum(len(s) for s in masters["features"]["semantic_similarity"]) / 2
    assert sum(r["features"] for r in pairs) == both


def test_a_mean_stands_with_its_t_interval(sample: Path, connection, page: str) -> None:
    similarities: dict[tuple, list[float]] = {}
    for first, second, similarity in connection.execute(
        """SELECT explainer_order, other_order, similarity FROM analysis.explanation_similarity
        WHERE explainer_order < other_order"""
    ).fetchall():
        similarities.setdefault((first, second), []).append(similarity)
    rates: dict[str, list[float]] = {}
    for kind, rate in connection.execute(
        """SELECT pattern_type, match_rate FROM master.ex_act_pattern_matching
        WHERE num_matches + num_mismatches > 0"""
    ).fetchall():
        rates.setdefault(kind, []).append(rate)
    wanted = [similarities[key] for key in sorted(similarities)] + [rates[k] for k in sorted(rates)]
    found = {r["pair"]: r for r in rows(connection, sample, "explainer_pairs")}
    found |= {r["pattern_type"]: r for r in rows(connection, sample, "match_rates")}
    assert len(found) == len(wanted)
    for row, values in zip(found.values(), wanted, strict=True):
        interval = ttest_1samp(values, 0).confidence_interval()
        near = 0.00011 * (interval.high - np.mean(values))  # sql/macros/t_quantile.sql
        assert row["mean_low"] == pytest.approx(interval.low, abs=near)
        assert row["mean_high"] == pytest.approx(interval.high, abs=near)
    assert len(re.findall(r"mean \S+ \(\S+ to \S+\)", page)) == len(wanted)


def test_shares_of_scores_add_up_to_one_for_every_explainer_and_scorer(sample, connection) -> None:
    shares: dict[tuple, float] = {}
    for r in rows(connection, sample, "score_distributions"):
        key = (r["method"], r["explainer"], r["scorer"])
        shares[key] = shares.get(key, 0) + r["share"]
    medians = rows(connection, sample, "score_medians")
    assert shares.keys() == {(r["method"], r["explainer"], r["scorer"]) for r in medians}
    assert all(share == pytest.approx(1) for share in shares.values())


@needs_chromium
def test_a_hostile_warehouse_makes_a_page_without_a_complaint_or_a_request(
    hostile: Path, tmp_path: Path
) -> None:
    path = report.write(open_project(hostile), tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search("[\x1b\u202e\u200b\ufffe]", text)
    assert re.findall(r"Nothing to show: (\w+)", text) == ["no", "no"]  # of how often features fire
    with chromium() as browser:
        for width, dark in ((1280, False), (420, True)):
            opened = browser.open(path, width, 900, dark)
            assert opened.complaints == []
            assert opened.requests == []
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            assert opened.evaluate("document.querySelectorAll('figure svg').length") > 15
            colour = "getComputedStyle(document.querySelector('figure svg text')).fill"
            assert opened.evaluate(colour) == (
                "rgb(154, 164, 174)" if dark else "rgb(93, 102, 112)"
            )
        assert opened.evaluate("document.querySelectorAll('script, iframe, object, link:not([rel=icon]), [onload], [onerror]').length") == 0  # fmt: skip


def test_a_chart_is_nothing_but_shapes_and_text_whatever_its_rows_say() -> None:
    given_rows = [{"x": text, "y": 1} for text in [*HOSTILE, "\ufffe\uffff"]]
    spec = {"mark": "bar", "encoding": {"y": {"field": "x", "type": "nominal", "axis": {"labelLimit": 0}}, "x": {"field": "y", "type": "quantitative"}}}  # fmt: skip
    svg = ElementTree.fromstring(draw(spec, given_rows, HOSTILE[0]))  # noqa: S314
    tags = {"svg", "g", "path", "line", "rect", "circle", "text", "title"}
    assert {e.tag for e in svg.iter()} <= tags
    told = {e.text for e in svg.iter("title")}
    assert f"y: 1; x: {HOSTILE[0]}" in told  # the tooltip of a bar
    assert len(told) == len(given_rows)
    assert not any(name.startswith("on") or "href" in name for e in svg.iter() for name in e.attrib)
    assert HOSTILE[0] in {e.text for e in svg.iter("text")}


def test_a_part_that_was_never_built_leaves_the_others_standing(copy: Path) -> None:
    with duckdb.connect(str(copy / "warehouse.duckdb")) as opened:
        opened.execute("DROP TABLE analysis.ngram_jaccard")
    text = report.render(open_project(copy))
    assert len(re.findall(r"Nothing to show: &#34;report\.\w+&#34; cannot be drawn", text)) == 2
    assert "threshold 0.36" in text


def test_the_page_appears_whole_or_not_at_all_and_changes_nothing_else(copy: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in copy.rglob("*") if p.is_file()}
    path = report.write(open_project(copy))
    assert path == copy / "report.html"
    after = {p: p.stat().st_mtime_ns for p in copy.rglob("*") if p.is_file()}
    assert after.keys() - before.keys() == {path}
    assert before.items() <= after.items()
    with pytest.raises(UsageError, match="cannot be written"):
        report.write(open_project(copy), copy / "none" / "x.html")
    with pytest.raises(UsageError, match="does not exist"):
        report.write(open_project(copy / "none"))
    (copy / "warehouse.duckdb").unlink()
    with pytest.raises(WarehouseError, match="does not exist"):
        report.write(open_project(copy))


def test_the_first_picture_holds_the_chosen_nodes_and_what_they_read() -> None:
    parents = {"m": ["a", "b"], "n": ["m"], "a": ["r"], "b": ["a"], "r": []}
    assert above(parents, ["m"]) == {"a": [], "b": ["a"], "m": ["a", "b"]}


@given(st.dictionaries(st.integers(0, 30), st.sets(st.integers(0, 30), max_size=4), max_size=30))
def test_a_picture_shows_every_node_below_what_it_reads_and_no_two_in_one_place(drawn) -> None:
    parents = {f"a.n_{n}": [f"a.n_{p}" for p in ps if p < n] for n, ps in drawn.items()}
    nodes = parents.keys() | {p for ps in parents.values() for p in ps}
    made = lay_out(parents)
    boxes = {b.name: b for b in made.boxes}
    assert boxes.keys() == nodes
    for name, own in parents.items():
        assert all(boxes[p].y + boxes[p].height < boxes[name].y for p in own)
    for a in made.boxes:
        assert -0.01 <= a.left <= a.left + a.width <= made.width + 0.01
        for b in made.boxes:
            if a.layer == b.layer and a.x < b.x:
                assert a.left + a.width < b.left
    read = {p for ps in parents.values() for p in ps}
    starts = {line.split(" C")[0] for line in made.lines}
    for name in read:
        box = boxes[name]
        assert f"M{box.x:.0f} {box.y + box.height:.0f}" in starts
