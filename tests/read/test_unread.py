"""Where there are no activation records, the error says what looks as if it brought them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from tests.support.raw_tree import ACTIVATIONS, SOURCE, put, write
from warehouse.errors import WarehouseError
from warehouse.read.discover import discover
from warehouse.settings_file import load

RUN = {
    "run_config.json": {"sparse_model": "some/sae", "hookpoints": ["layers.3"]},
    "latents/layers.3/0_5.safetensors": "",
    "explanations/layers.3_latent0.txt": "text",
    "scores/fuzz/layers.3_latent0.txt": [],
}
EXPORT = {
    "source.jsonl": {"id": "3-res", "modelId": "m"},
    "features/batch-0.jsonl": "{}",
    "activations/batch-0.jsonl.gz": "",
    "explanations/batch-0.jsonl": "{}",
}


def lay(data: Path, place: str, files: dict, *without: str) -> Path:
    """The files at `raw/<place>`, but for those that begin as one of `without`."""
    for name, content in files.items():
        if not name.startswith(without or ("/",)):
            put(data, f"raw/{place}/{name}", content)
    return data / "raw" / place


def refused(data: Path) -> WarehouseError:
    with pytest.raises(WarehouseError) as caught:
        discover(load(data))
    assert '--set input.activations="raw/..."' in caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("place", "files", "without", "message", "hint"),
    [
        ("my run", RUN, "run_config.json", "a Delphi run but has no run_config.json;", "copy its run_config.json to 'DIR'"),
        ("my run", RUN, "latents", "a Delphi run but has no latents/layers.3/START_END.safetensors to read;", "copy its latents/ to 'DIR'"),
        ("a/b/c/d/e/f", RUN, "-", "a Delphi run but lies 6 directories deep under raw/, and is looked for down to 5", "mv DIR RAW;"),
        ("x_e-y_s", RUN, "-", "a Delphi run but is named as a source of the in-house tree, whose latents/ are not read", "mv DIR DIR-run;"),
        ("my run", EXPORT, "source.jsonl", "an export but has no source.jsonl;", "copy its source.jsonl to 'DIR'"),
        ("my run", EXPORT, "activations", "an export but has no activations/batch-N.jsonl.gz to read;", "copy its activations/ to 'DIR'"),
        ("a/b/c/d/e/f", EXPORT, "-", "an export but lies 6 directories deep under raw/", "mv DIR RAW;"),
    ],
)  # fmt: skip
def test_a_run_or_an_export_that_brings_no_records_is_told_what_it_lacks(
    tmp_path: Path, place: str, files: dict, without: str, message: str, hint: str
) -> None:
    """Before, most were answered with the names of files of the in-house tree."""
    where = lay(tmp_path, place, files, without)
    error = refused(tmp_path)
    assert f'"{where}" looks like {message}' in error.message
    assert hint.replace("DIR", str(where)).replace("RAW", f"{tmp_path}/raw") in error.hint
    put(tmp_path, "raw/activation_examples/activations.jsonl", "{}")
    put(tmp_path, "raw/activation_examples/prompts.json", "[]")
    if not (without in ("run_config.json", "source.jsonl") or place.endswith("_s")):
        assert any(f.name == ACTIVATIONS and f.input for f in discover(load(tmp_path)))


def test_a_split_that_is_not_copied_to_its_end_is_shown(tmp_path: Path) -> None:
    where = lay(tmp_path, "my-run", RUN, "latents")
    put(tmp_path, "raw/my-run/latents/layers.3/0_5.safetensors.part", "")
    assert f'"{where}" looks like a Delphi run' in refused(tmp_path).message
    assert '(there is "latents/layers.3/0_5.safetensors.part")' in refused(tmp_path).message


def test_a_link_to_a_run_is_called_a_link(tmp_path: Path) -> None:
    run = lay(tmp_path / "elsewhere", "my-run", RUN)
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/linked").symlink_to(run)
    assert 'raw/linked" looks like a Delphi run but is a link' in refused(tmp_path / "data").message


def test_of_several_the_one_that_holds_records_is_named(tmp_path: Path) -> None:
    lay(tmp_path, "a", RUN, "latents")
    lay(tmp_path, "features/c", RUN, "run_config.json")
    assert '/raw/features/c" looks like a Delphi run but has no run_config' in refused(tmp_path).message  # fmt: skip


def test_where_nothing_looks_like_records_the_usual_places_are_named(tmp_path: Path) -> None:
    data = write(tmp_path, {ACTIVATIONS: None})
    assert (data / "raw" / SOURCE / "run_config.json").exists()
    assert f'no file matches "{data}/{ACTIVATIONS}"' in refused(data).message


# ------------------------------------------------------------------------------- `sources`


@pytest.mark.parametrize(
    ("hookpoints", "names", "code", "message", "inputs"),
    [
        (["layers.3"], ["explanations/layers.3_latent0.txt"], 1, "looks like a Delphi run but has no latents/", {"explanations", "run_configs"}),
        (["layers.3"], ["explanations/layers.4_latent0.txt", "latents/layers.3/0_5.safetensors"], 1, 'named after "layers.4"', {"explanations", "latents", "run_configs"}),
        (["layers.3", "layers.9"], ["explanations/layers.3_latent0.txt", "explanations/layers.9_latent0.txt", "latents/layers.3/0_5.safetensors"], 2, "of several hookpoints", {"explanations", "latents", "run_configs"}),
        (["layers.3"], ["latents/layers.3/0_5.safetensors", "latents/layers.3/0_2.safetensors"], 1, "splits of two caches", {"latents", "run_configs"}),
    ],
)  # fmt: skip
def test_sources_lists_what_lies_there_and_then_what_a_build_refuses(
    tmp_path: Path,
    hookpoints: list[str],
    names: list[str],
    code: int,
    message: str,
    inputs: set[str],
) -> None:
    """Before, it showed the error alone."""
    put(tmp_path, "raw/my-run/run_config.json", {"hookpoints": hookpoints})
    for name in names:
        put(tmp_path, f"raw/my-run/{name}", "")
    put(tmp_path, "raw/notes.md", "hello")
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "sources", "--json"])
    found = json.loads(done.stdout)
    assert {g["input"] for g in found if g["state"] == "new"} == inputs
    assert [g["names"] for g in found if g["state"] == "not read"] == [["raw/notes.md"]]
    assert sum(g["files"] for g in found) == len(names) + 2
    assert done.exit_code == code
    assert message in done.stderr
    shown = CliRunner().invoke(main, ["--data", str(tmp_path), "sources"])
    assert shown.exit_code == code
    assert "raw/notes.md" in shown.stdout
    assert message in shown.stderr
    assert "wait for a build" not in shown.stderr


def test_sources_lists_the_prompts_of_records_that_are_missing_and_every_export(
    tmp_path: Path,
) -> None:
    data = write(tmp_path, {ACTIVATIONS: None})
    for name in ("a", "b"):
        lay(data, name, EXPORT)
    done = CliRunner().invoke(main, ["--data", str(data), "sources", "--json"])
    found = {g["place"]: (g["input"], g["note"]) for g in json.loads(done.stdout)}
    assert found["raw/activation_examples"] == ("prompts", "")
    assert found["raw/b/activations"] == ("other", "not an input: another export")
    assert done.exit_code == 2
    assert 'several exports: "a", "b"' in done.stderr
