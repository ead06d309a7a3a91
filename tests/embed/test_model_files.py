"""A model directory is data: it runs nothing, and nothing of it is unpickled."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from embed.encoder import SentenceEncoder
from embed.model_files import locate
from tests.conftest import MODEL
from warehouse.errors import WarehouseError
from warehouse.settings_file import load

RAN = "it-ran"


class Payload:
    """What a pickle does when it is loaded."""

    def __reduce__(self) -> tuple:
        return (Path.touch, (Path(RAN),))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that looks like the bundled model, without its weights."""
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "model"
    for path in (source := locate(MODEL).path).rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            target = directory / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (directory / "model.safetensors").symlink_to(source / "model.safetensors")
    return directory


def add_module(directory: Path, **module: object) -> None:
    path = directory / "modules.json"
    modules = json.loads(path.read_text())
    path.write_text(json.dumps([*modules, {"idx": len(modules), "name": "3", **module}]))


def refusal(directory: Path) -> str:
    with pytest.raises(WarehouseError) as refused:
        SentenceEncoder.load(load(directory.parent), locate(str(directory)))
    assert refused.value.hint
    assert not Path(RAN).exists()
    return str(refused.value)


def test_a_module_of_the_directory_s_own_is_refused_and_not_run(model: Path) -> None:
    (model / "mine.py").write_text(
        f"from pathlib import Path\nPath({RAN!r}).touch()\nclass Mine: pass\n"
    )
    add_module(model, path="", type="mine.Mine")
    assert 'module "mine.Mine"' in refusal(model)


@pytest.mark.parametrize("name", ["os.system", "sentence_transformersX.models.Pooling", "mine"])
def test_only_modules_of_sentence_transformers_are_loaded(model: Path, name: str) -> None:
    add_module(model, path="", type=name)
    assert f'module "{name}"' in refusal(model)


def test_a_pickled_head_is_refused_and_not_loaded(model: Path) -> None:
    add_module(model, path="3_Dense", type="sentence_transformers.models.Dense")
    dense = model / "3_Dense"
    dense.mkdir()
    form = {"in_features": 384, "out_features": 8, "bias": False, "activation_function": "torch.nn.modules.linear.Identity"}  # fmt: skip
    (dense / "config.json").write_text(json.dumps(form))
    (dense / "pytorch_model.bin").write_bytes(pickle.dumps(Payload()))
    assert '"3_Dense/pytorch_model.bin" are pickled' in refusal(model)


def test_a_module_outside_of_the_directory_is_refused(model: Path) -> None:
    add_module(model, path="../elsewhere", type="sentence_transformers.models.Normalize")
    assert "is outside of" in refusal(model)


@pytest.mark.parametrize("text", ["", "{}", '["x"]', '[{"path": 1}]', "[1]", "\x00"])
def test_a_broken_list_of_modules_is_named(model: Path, text: str) -> None:
    (model / "modules.json").write_text(text)
    assert "modules.json" in refusal(model)


def test_the_same_directory_without_any_of_that_loads(model: Path) -> None:
    assert SentenceEncoder.load(load(model.parent), locate(str(model))).dimension == 384
