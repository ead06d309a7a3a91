"""What a build is sure to lack is told before its first node, and by `plan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.builds import open_project
from tests.support.raw_tree import write
from warehouse.errors import WarehouseError
from warehouse.run.build import assert_ready, build, prepare
from warehouse.run.events import Event


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A model directory whose modules are code of its own."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text(json.dumps([{"type": "evil.Module", "path": ""}]))
    return model


def test_a_model_that_cannot_be_loaded_stops_a_build_before_its_first_node(
    tmp_path: Path, hostile: Path
) -> None:
    data = write(tmp_path / "data")
    events: list[Event] = []
    with pytest.raises(WarehouseError, match="run code of its own"):
        build(open_project(data, [f"embedding.model={hostile}"]), on_event=events.append)
    assert events == []
    assert not (data / "warehouse.duckdb").exists()


def test_a_model_of_an_unreachable_hub_stops_a_build_before_its_first_node(
    tmp_path: Path, monkeypatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    data = write(tmp_path / "data")
    events: list[Event] = []
    with pytest.raises(WarehouseError, match='model "some/model" is not on this machine'):
        build(open_project(data, ["embedding.model=some/model"]), on_event=events.append)
    assert events == []


def test_a_plan_says_so_too(tmp_path: Path, hostile: Path) -> None:
    prepared = prepare(open_project(write(tmp_path / "data"), [f"embedding.model={hostile}"]))
    with pytest.raises(WarehouseError, match="run code of its own"):
        assert_ready(prepared, fetch=False)


def test_a_part_without_vectors_needs_no_model(tmp_path: Path, hostile: Path) -> None:
    project = open_project(write(tmp_path / "data"), [f"embedding.model={hostile}"])
    report = build(project, exports=False, selectors=("+staging.explanations",))
    assert "staging.explanations" in report.ran
