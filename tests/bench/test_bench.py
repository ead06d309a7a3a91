"""The benchmarks' own rules: figures and targets, the page, and that the peer computes the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.bench import copies, explore, peer, queries, scale, scale_beside, scale_page
from tests.bench.harness import Bench, Figure, Size, Stage, Table, write_section


def test_a_figure_says_by_how_much_its_target_is_missed():
    assert Figure("x", 14, "s", "< 15").verdict == "met"
    assert Figure("x", 16.5, "s", "< 15").verdict == "missed by 1.5 s"
    assert Figure("x", 2.0, "×", ">= 1.8").verdict == "met"
    assert Figure("x", 1.5, "×", ">= 1.8").verdict == "missed by 0.3 ×"
    assert Figure("x", 1.5).verdict == ""


def test_a_stage_replaces_its_own_section_of_the_page(tmp_path):
    page = tmp_path / "page.md"
    first, second = (Stage(name, name.title(), lambda bench: []) for name in ("first", "second"))
    write_section(page, first, [Figure("seconds", 12.5, "s", "< 15")], "bench first")
    write_section(page, second, [Figure("old", 1.0), Table("Why", ("a", "b"), [(1, 2.5)])], "b")
    write_section(page, first, [Figure("seconds", 16.0, "s", "< 15", "slow")], "bench first")
    text = page.read_text()
    assert "| seconds | 16 s | < 15 | missed by 1 s | slow |" in text
    assert "12.5" not in text
    assert "| 1 | 2.5 |" in text
    assert text.index("# Benchmarks") < text.index("## First") < text.index("## Second")


def lines_of(path: str, megabytes: int) -> list[str]:
    """Called in a process of its own, which holds so many megabytes."""
    held = b"\1" * (megabytes * 1_000_000)
    return [*Path(path).read_text().splitlines(), str(len(held))]


def test_a_measured_function_tells_its_result_and_its_memory(tmp_path):
    (tmp_path / "text").write_text("a\nb\n")
    used = Bench(tmp_path).call(lines_of, tmp_path / "text", 300)
    assert used.result == ["a", "b", "300000000"]
    assert 300 < used.peak_mb < 500
    assert 0 < used.seconds < 60


def test_a_measured_command_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="does not exist"):
        Bench(tmp_path).command("--data", str(tmp_path / "none"), "plan")


def test_the_peer_in_polars_and_numpy_finds_what_the_sql_found(sample):
    found = peer.compare(str(sample), 1000)
    assert found["features"] >= 30
    assert found["differing"] == 0


def test_each_of_a_readers_queries_gives_rows(sample):
    assert all(rows for _, rows in queries.medians(str(sample), 1).values())


def test_each_view_of_the_explorers_stage_is_answered(sample):
    found = explore.answer(str(sample), 1)
    assert found.keys() == explore.VIEWS.keys()
    assert found["a page of the table"][2] == 40


def test_copies_of_a_sample_have_texts_of_their_own_and_the_page_tells_of_their_builds(tmp_path):
    size = Size(12, 80, 4)
    copies.make(tmp_path / "data", tmp_path / "base", 2, size)
    prompts = json.loads((tmp_path / "data/raw/activation_examples/prompts.json").read_text())
    assert len(prompts) == 160
    assert len({" ".join(p) for p in prompts}) >= len({" ".join(p) for p in prompts[::2]}) * 2 - 2
    runs = [scale.measure(tmp_path / "data", 2, size, tmp_path / "2.json")]
    assert runs[0].finished
    assert runs[0].embedded > 0
    beside = scale_page.Beside(100, 1, 1)
    assert "| 2 | 24 |" in scale_page.page([asdict(run) for run in runs], "bench", beside)


def test_the_pages_calculation_is_measured_with_a_real_model_and_real_products(sample):
    assert scale_beside.embed_texts(str(sample), 8) > 0
    seconds, megabytes = scale_beside.pair_random_latents(4096, 64)
    assert seconds > 0
    assert megabytes > 2048 * 4096 * 4 / 1e6  # a block of the product
