"""A model's files are hashed once, and again when they changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embed.model_files import locate
from embed.model_hashes import hash_model
from tests.conftest import MODEL

WEIGHTS = "model.safetensors"


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's hashes are remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sae-warehouse" / "model-files.json"


def test_a_file_whose_hash_is_known_is_not_read_again(notes: Path) -> None:
    directory = locate(MODEL).path
    real = hash_model(directory)
    known = json.loads(notes.read_text())
    known[str(directory.resolve())][WEIGHTS][-1] = "remembered"
    notes.write_text(json.dumps(known))
    assert hash_model(directory) == {**real, WEIGHTS: "remembered"}


def test_a_changed_an_added_and_a_removed_file_are_seen(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "README.md").write_text("No part of the model.")
    first = hash_model(model)
    assert list(first) == ["config.json"]
    (model / "config.json").write_text("[]")
    changed = hash_model(model)
    assert changed.keys() == first.keys()
    assert changed != first
    (model / WEIGHTS).write_bytes(b"weights")
    assert hash_model(model).keys() == {"config.json", WEIGHTS}
    (model / WEIGHTS).unlink()
    assert hash_model(model) == changed


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', '{"a": {"b": [1]}}', '{"a": {"b": null}}']
)
def test_notes_that_cannot_be_used_are_written_anew(notes: Path, tmp_path: Path, text: str) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    real = hash_model(model)
    notes.write_text(text)
    assert hash_model(model) == real
    assert list(json.loads(notes.read_text())) == [str(model)]


def test_without_a_place_for_notes_a_model_is_hashed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert hash_model(locate(MODEL).path)
