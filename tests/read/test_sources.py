"""What is found in a raw tree, what is left alone, and what `sources` says of it."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cli import main
from embed.weights import load_decoder
from tests.support.builds import open_project
from tests.support.raw_tree import (
    ACTIVATIONS,
    CONFIG,
    PROMPTS,
    SOURCE,
    SOURCES,
    WEIGHTS,
    explanation,
    files,
    judged,
    put,
    score,
    stage,
    weights,
    write,
)
from warehouse.database import open_read_only
from warehouse.errors import UsageError, WarehouseError
from warehouse.look.inventory import list_files
from warehouse.models.library import load_all
from warehouse.read.discover import discover
from warehouse.settings_file import load
from warehouse.write.room import estimate
from warehouse.write.targets import EMBEDDINGS, count_rows, master_names

ALL = "quarantine.max_share=1"
NAME = "layers.30_latent7.txt"
STRAY = "unreadable file: a link out of the data directory, which input.follow_links = true reads"


def link(data: Path, name: str, target: Path) -> None:
    put(data, name, None)
    (data / name).parent.mkdir(parents=True, exist_ok=True)
    (data / name).symlink_to(target)


# ------------------------------------------------------------------------------------ links


def test_a_file_behind_a_link_out_of_the_data_directory_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the key to everything")
    data = write(tmp_path / "data")
    link(data, explanation(NAME), secret)
    link(data, explanation("layers.30_latent8.txt"), data / explanation("layers.3_latent1.txt"))
    rows = stage(data, ALL)
    assert rows("SELECT file, reason, raw FROM quarantine.records") == [
        (explanation(NAME), STRAY, "")
    ]
    assert rows("SELECT count(*) FROM staging.explanations WHERE feature_id = 8") == [(1,)]
    rows = stage(data, "input.follow_links=true")
    assert rows("SELECT text FROM staging.explanations WHERE feature_id = 7") == [
        ("the key to everything",)
    ]


def test_a_directory_behind_a_link_out_is_not_read_but_raw_itself_may_be_one(
    tmp_path: Path,
) -> None:
    data = write(tmp_path / "data")
    outside = tmp_path / "elsewhere"
    shutil.move(data / "raw" / SOURCE, outside)
    link(data, f"raw/{SOURCE}", outside)
    rows = stage(data, ALL)
    assert rows("SELECT DISTINCT reason FROM quarantine.records") == [(STRAY,)]
    assert rows("SELECT count(*) FROM staging.explanations WHERE source = ?", [SOURCE]) == [(0,)]
    other = tmp_path / "other"
    other.mkdir()
    link(other, "raw", write(tmp_path / "whole") / "raw")
    assert stage(other)("SELECT count(*) FROM quarantine.records") == [(0,)]


@pytest.mark.parametrize(
    ("name", "setting"),
    [(ACTIVATIONS, "input.activations"), (PROMPTS, "input.prompts"), (WEIGHTS, "input.decoder")],
)
def test_an_input_behind_a_link_out_is_refused_and_the_setting_named(
    tmp_path: Path, name: str, setting: str
) -> None:
    data = write(tmp_path / "data")
    outside = tmp_path / Path(name).name
    shutil.move(data / name, outside)
    link(data, name, outside)
    with pytest.raises(UsageError) as caught:
        discover(load(data))
    assert f'setting "{setting}"' in caught.value.message
    assert "input.follow_links=true" in caught.value.hint
    found = discover(load(data, ["input.follow_links=true"]))
    assert all(f.status == "read" for f in found)


def test_companions_of_macos_are_listed_and_never_parsed(tmp_path: Path) -> None:
    """Before, those of explanations and scores were read, as texts that are not UTF-8."""
    binary = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \xff"
    data = write(tmp_path, {explanation(".model.layers.3_feature7.txt"): "hidden", "raw/figures/own.csv": "feature_id,a\n1,2\n"})  # fmt: skip
    before = [f for f in discover(load(data)) if f.input]
    for file in before:
        put(data, str(Path(file.name).with_name("._" + Path(file.name).name)), binary)
    put(data, "raw/run/run_config.json", {"hookpoints": ["encoder.9"]})
    for name in ("explanations/encoder.9_latent0.txt", "scores/fuzz/encoder.9_latent0.txt"):
        put(data, f"raw/run/{name}", [judged(True)])
        put(data, f"raw/run/{name}".replace("encoder", "._encoder"), binary)
    settings = load(data, ["input.activations=raw/activation_examples/*.jsonl"])
    found = discover(settings)
    assert {f.name for f in before} < {f.name for f in found if f.input}
    assert not any(f.name.rpartition("/")[2].startswith("._") for f in found if f.input)
    left = {f.note for f in found if not f.input}
    assert left == {"not an input: macOS wrote it beside the file of that name"}
    assert explanation(".model.layers.3_feature7.txt") in {f.name for f in found if f.input}


# ---------------------------------------------------------------------- directories of other eras


def nested(tree: dict, run_: str = "16k/default") -> dict:
    """The first source in the layout of 2024: <sae>/<experiment>/ above files and methods."""
    changes: dict = {}
    for name, content in tree.items():
        for part in ("explanations", "scores"):
            head = f"raw/{SOURCE}/{part}/"
            if name.startswith(head):
                rest = name.removeprefix(head).replace("layers.3_latent", ".model.layers.3_feature")
                changes[name], changes[f"{head}{run_}/{rest}"] = None, content
    return changes


def test_the_nesting_of_2024_is_read_as_the_flat_one(tmp_path: Path) -> None:
    flat = stage(write(tmp_path / "flat"))
    deep = stage(write(tmp_path / "deep", nested(files())))
    for sql in (
        "SELECT source, feature_id, text FROM staging.explanations ORDER BY ALL",
        "SELECT * FROM analysis.scores ORDER BY ALL",
    ):
        assert deep(sql) == flat(sql)
    assert deep("SELECT count(*) FROM staging.files WHERE status <> 'read'") == [(0,)]


def test_two_runs_nested_in_one_directory_are_told_apart_by_the_user(tmp_path: Path) -> None:
    other = {f"raw/{SOURCE}/scores/16k/default_scorer_8b/fuzz/{NAME}": [judged(True)]}
    data = write(tmp_path, {**nested(files()), **other})
    with pytest.raises(WarehouseError) as caught:
        discover(load(data))
    assert '16k/default"' in caught.value.message
    assert '16k/default_scorer_8b"' in caught.value.message
    assert "<explainer>_e-<scorer>_s" in caught.value.hint


def test_directories_beside_the_files_are_left_alone(tmp_path: Path) -> None:
    data = write(
        tmp_path, {explanation(f"old/{NAME}"): "old", score("old/fuzz", NAME): [judged(True)]}
    )
    left = [f.name for f in discover(load(data)) if f.status == "not read"]
    assert left == [explanation(f"old/{NAME}"), score("old/fuzz", NAME)]


def test_files_named_by_another_spelling_of_the_hookpoint_are_of_it(tmp_path: Path) -> None:
    config = {"sparse_model": "google/scope", "hookpoints": ["layer_30/width_16k/average_l0_120"]}
    changes = {CONFIG: config, explanation(NAME): "text", score("fuzz", NAME): [judged(True)]}
    rows = stage(write(tmp_path, changes))
    sql = "SELECT sae_id FROM staging.run_configs WHERE source = ?"
    assert rows(sql, [SOURCE]) == [("google/scope/layer_30/width_16k/average_l0_120",)]
    assert rows("SELECT text FROM staging.explanations WHERE feature_id = 7") == [("text",)]
    assert rows("SELECT score FROM analysis.scores WHERE feature_id = 7") == [(1.0,)]


def sequences(nested_items: bool) -> list[dict]:
    told = {"tokens": ["a"], "expected_activations": [1.0], "activation_scale": 1.0}
    if nested_items:
        return [{"distance": 1, "simulation": told, "true_activations": [1.0], "ev_correlation_score": "nan"}]  # fmt: skip
    return [
        {**told, "predicted_activations": [1.0], "ev_correlation_score": 0.9, "rsquared_score": 0.5}
    ]


@pytest.mark.parametrize(
    ("groups", "nested_items", "expected", "dialect"),
    [
        pytest.param([(1, 0.2), (2, 0.4)], False, 0.3, "Delphi", id="2024: no overall group"),
        pytest.param([(1, 0.2), (2, 0.4), (0, 0.5)], False, 0.5, "Delphi", id="v0.0.1: 0 is the overall group"),
        pytest.param([(0, 0.5), *((n, 0.1 * n) for n in range(1, 6))], False, 0.5, "Delphi", id="v0.1.0: numbered by example"),
        pytest.param([(0, 0.5), (1, 0.2), (2, "nan")], True, 0.5, "Delphi since v0.1.1 (nested)", id="v0.1.1: nested"),
    ],
)  # fmt: skip
def test_simulation_files_of_every_layout_give_the_overall_correlation(
    tmp_path: Path, groups: list, nested_items: bool, expected: float, dialect: str
) -> None:
    content = [
        {"distance": d, "scored_sequence_simulations": sequences(nested_items), "ev_correlation_score": v, "rsquared_score": 0}
        for d, v in groups
    ]  # fmt: skip
    rows = stage(write(tmp_path, {score("simulation", NAME): content}))
    assert rows("SELECT score FROM analysis.scores WHERE method = 'simulation'") == [
        (pytest.approx(expected),)
    ]
    assert rows("SELECT dialect FROM staging.files WHERE method = 'simulation'") == [(dialect,)]


def test_each_file_of_a_directory_has_as_many_examples_as_it_has(tmp_path: Path) -> None:
    counts = {0: 100, 1: 40, 2: 1}
    changes = {
        score("fuzz", f"layers.3_latent{f}.txt"): [judged(True)] * n for f, n in counts.items()
    }
    rows = stage(write(tmp_path, changes))
    sql = "SELECT feature_id, total FROM analysis.scores WHERE source = ? AND method = 'fuzz'"
    assert dict(rows(sql, [SOURCE])) == counts


# ------------------------------------------------------------------------------ `sources`


def told(data: Path, *arguments: str) -> str:
    done = CliRunner().invoke(main, ["--data", str(data), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_sources_tells_what_would_be_read_before_a_build_and_changes_nothing(
    tmp_path: Path,
) -> None:
    data = write(tmp_path, {score("intruder", NAME): "[]", "raw/notes.md": "hello"})
    found = json.loads(told(data, "sources", "--json"))
    states = {(g["input"], g["place"]): (g["state"], g["files"], g["records"]) for g in found}
    assert states["activations", "raw/activation_examples"] == ("new", 1, None)
    assert states["explanations", f"raw/{SOURCE}/explanations"] == ("new", 3, None)
    left = {tuple(g["names"]): g["note"] for g in found if g["state"] == "not read"}
    assert left == {("raw/notes.md",): "not an input"}
    assert states["scores", f"raw/{SOURCE}/scores/intruder"] == ("new", 1, None)
    assert sorted(p.name for p in data.iterdir()) == ["raw"]


def test_sources_tells_the_spelling_and_the_counts_after_a_build(tmp_path: Path) -> None:
    old = {"ground_truth": True, "prediction": 1, "correct": True, "distance": 1}
    changes = {
        ACTIVATIONS: files()[ACTIVATIONS] + "bad\n",
        score("detection", "layers.3_latent0.txt"): [old],
    }
    data = write(tmp_path, changes)
    stage(data, ALL)
    found = {(g.input, g.place, g.dialect): g for g in list_files(open_project(data))}
    records = found["activations", "raw/activation_examples", "sparse"]
    assert (records.state, records.records, records.kept, records.quarantined) == ("built", 19, 18, 1)  # fmt: skip
    place = f"raw/{SOURCE}/scores/detection"
    assert found["scores", place, "Delphi before 2025-02 (ground_truth)"].files == 1
    assert found["scores", place, "Delphi"].records == 12
    assert found["explanations", f"raw/{SOURCE}/explanations", "JSON string"].kept == 3
    put(data, ACTIVATIONS, files()[ACTIVATIONS])
    changed = next(g for g in list_files(open_project(data)) if g.input == "activations")
    assert (changed.state, changed.records) == ("changed", None)
    assert "sparse" not in told(data, "sources")
    assert "ground_truth" in told(data, "sources")


# ----------------------------------------------------------------------------- bounds


def test_weights_that_grow_out_of_all_proportion_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "params.npz"
    np.savez_compressed(path, W_dec=np.zeros((40_000, 500), np.float32))
    with pytest.raises(WarehouseError) as caught:
        load_decoder(path, 4)
    assert "input.max_expansion = 200 times, to 80 MB" in caught.value.message
    assert "--set input.max_expansion=" in caught.value.hint
    assert len(load_decoder(path, 4, max_expansion=1e6)) == 40_000


def test_weights_whose_header_lies_about_their_size_are_an_error_in_words(tmp_path: Path) -> None:
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        array, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 10)}
    )
    import zipfile

    path = tmp_path / "params.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("W_dec.npy", array.getvalue())
    with pytest.raises(WarehouseError, match="cannot be read"):
        load_decoder(path, 4)
    path.write_bytes(weights()[:-40])
    with pytest.raises(WarehouseError, match="cannot be read"):
        load_decoder(path, 3)


def test_the_estimate_of_the_export_is_near_what_is_written(sample: Path, tmp_path: Path) -> None:
    settings = load(sample)
    models = load_all()
    with open_read_only(sample / "warehouse.duckdb", unsafe=True) as connection:
        for published, most in ((sample, 2), (tmp_path, 12)):
            for name in master_names(models):
                size = (sample / "master" / f"{name}.parquet").stat().st_size
                model = models[f"master.{name}"]
                rows = count_rows(connection, model)
                guess = estimate(connection, model, rows, published, settings)
                assert guess < most * size, name
        guess = estimate(connection, models[EMBEDDINGS], 0, tmp_path, settings)
        size = (sample / "master/activation_embeddings.parquet").stat().st_size
        assert 0.7 < guess / size < 1.6  # windows that occur twice are one in the file


def test_an_export_that_does_not_fit_fails_before_it_begins(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000))
    done = CliRunner().invoke(
        main, ["--data", str(sample), "export", "--to", str(tmp_path / "out")]
    )
    assert done.exit_code == 1
    assert "the parquet files need about" in done.stderr
    assert "export.embeddings=int8" in done.stderr
    assert list((tmp_path / "out").rglob("*.parquet")) == []


def test_of_a_key_that_stands_twice_in_an_object_the_first_counts(tmp_path: Path) -> None:
    line = '{"index": 0, "index": 9, "dataSetPromptId": 1, "sparseValues": [[1, 2]], "sparseValues": []}'
    item = json.dumps(judged(True)).replace("}", ', "correct": false}')
    rows = stage(write(tmp_path, {ACTIVATIONS: line, score("fuzz", NAME): f"[{item}]"}))
    sql = "SELECT feature_id, prompt_id, positions FROM staging.activation_examples"
    assert rows(sql) == [(0, 1, [1])]
    assert rows("SELECT score FROM analysis.scores WHERE feature_id = 7") == [(1.0,)]


# -------------------------------------------------------------------------------- hookpoints


def two_hookpoints() -> dict:
    """The minimal tree, whose run_configs list two hookpoints, with files of both in the first source."""
    changes: dict = {}
    for source in SOURCES:
        config = json.loads(json.dumps(files()[f"raw/{source}/run_config.json"]))
        changes[f"raw/{source}/run_config.json"] = config | {
            "hookpoints": ["layers.3", "layers.30"]
        }
        changes[explanation("layers.30_latent0.txt", source)] = "of the other layer"
        changes[score("fuzz", "layers.30_latent0.txt", source)] = [judged(True)]
    return changes


def test_a_source_of_two_hookpoints_is_an_error_or_the_chosen_one_alone(tmp_path: Path) -> None:
    """Before, it built, and one layer's explanations stood under the other's SAE id."""
    data = write(tmp_path, two_hookpoints())
    with pytest.raises(UsageError) as caught:
        discover(load(data))
    assert '"layers.3", "layers.30"' in caught.value.message
    assert "--set input.hookpoint=" in caught.value.hint
    for hookpoint, expected in (
        ("layers.3", [(0, "words of sand, and salt"), (1, "words of salt, and wind"), (2, "words of wind, and rope")]),
        ("layers.30", [(0, "of the other layer")]),
    ):  # fmt: skip
        rows = stage(data, f"input.hookpoint={hookpoint}")
        assert rows("SELECT DISTINCT sae_id FROM staging.run_configs") == [
            (f"some/sae/{hookpoint}",)
        ]
        sql = "SELECT feature_id, text FROM staging.explanations WHERE source = ? ORDER BY 1"
        assert rows(sql, [SOURCE]) == expected
        assert rows("SELECT count(*) FROM quarantine.records") == [(0,)]
        other = rows(
            "SELECT count(*) FROM staging.files WHERE note = 'not an input: another hookpoint'"
        )
        assert other == [(6,) if hookpoint == "layers.3" else (27,)]


def test_a_run_whose_files_name_none_of_its_hookpoints_shows_both(tmp_path: Path) -> None:
    data = write(tmp_path)
    put(
        data,
        "raw/my-run/run_config.json",
        {"sparse_model": "some/sae", "hookpoints": ["layer_3/width_3"]},
    )
    put(data, "raw/my-run/explanations/layers.3_latent0.txt", "text")
    with pytest.raises(WarehouseError) as caught:
        discover(load(data))
    assert '"layers.3"' in caught.value.message
    assert '"layer_3/width_3"' in caught.value.message
    found = discover(load(data, ['input.hookpoint="layers.3"']))
    assert [f.name for f in found if f.source == "my-run" and f.input == "raw.explanations"]


@pytest.mark.parametrize(
    ("hookpoint", "name", "named", "right"),
    [
        ("encoder.layer.3", "explanations/layers.3_latent0.txt", "layers.3", "explanations/encoder.layer.3_latent0.txt"),
        ("a/layers.3", "explanations/a--layers.3_latent0.txt", "a--layers.3", "explanations/a/layers.3_latent0.txt"),
        ("a/layers.3", "scores/fuzz/a/layers.3_latent4.txt", "a/layers.3", "scores/fuzz/a--layers.3_latent4.txt"),
        ("a/layers.3", "scores/fuzz/layers.3_latent4.txt", "layers.3", "scores/fuzz/a--layers.3_latent4.txt"),
        ("layers.3", "latents/layers.9/0_5.safetensors", "layers.9", "latents/layers.3/0_5.safetensors"),
    ],
)  # fmt: skip
def test_a_part_of_a_run_whose_files_name_no_hookpoint_is_an_error_whatever_the_others_say(
    tmp_path: Path, hookpoint: str, name: str, named: str, right: str
) -> None:
    """Before, masters of no rows: the files were those of another hookpoint, or not looked at."""
    config = {"sparse_model": "some/sae", "hookpoints": [hookpoint]}
    part = name.partition("/")[0]
    for own in (f"latents/{hookpoint}/0_5.safetensors", f"explanations/{hookpoint}_latent0.txt"):
        put(tmp_path, f"raw/my-run/{own}", None if own.startswith(part) else "")
    put(tmp_path, "raw/my-run/run_config.json", config)
    put(tmp_path, f"raw/my-run/{name}", "text")
    for chosen in ([], [f"input.hookpoint={hookpoint}"]):
        with pytest.raises(WarehouseError) as caught:
            discover(load(tmp_path, chosen))
        assert f'its {part}/ are named after "{named}", as "{name}"' in caught.value.message
        assert f'lists "{hookpoint}"' in caught.value.message
        assert right in caught.value.hint
        assert "input.hookpoint" not in caught.value.hint


def test_a_hookpoint_that_only_run_config_spells_otherwise_may_be_chosen(tmp_path: Path) -> None:
    put(tmp_path, "raw/my-run/run_config.json", {"hookpoints": ["model.a/b"]})
    for name in ("latents/a/b/0_5.safetensors", "explanations/a/b_latent0.txt", "scores/fuzz/a--b_latent0.txt"):  # fmt: skip
        put(tmp_path, f"raw/my-run/{name}", "")
    with pytest.raises(WarehouseError) as caught:
        discover(load(tmp_path))
    assert "--set input.hookpoint=a/b" in caught.value.hint
    found = discover(load(tmp_path, ["input.hookpoint=a/b"]))
    assert all(f.input for f in found)


def test_splits_of_two_caches_are_an_error_that_names_both(tmp_path: Path) -> None:
    """Before, an audit of the build's own failed, without a hint."""
    home = "raw/my run/latents/layers.3"
    put(tmp_path, "raw/my run/run_config.json", {"hookpoints": ["layers.3"]})
    for name in ("0_255", "256_511", "1000_1255"):
        put(tmp_path, f"{home}/{name}.safetensors", "")
    assert sum(f.input == "raw.latents" for f in discover(load(tmp_path))) == 3
    put(tmp_path, f"{home}/256_383.safetensors", "")
    with pytest.raises(WarehouseError) as caught:
        discover(load(tmp_path))
    assert f'"{tmp_path}/{home}/256_383.safetensors"' in caught.value.message
    assert f'"{tmp_path}/{home}/256_511.safetensors"' in caught.value.message
    assert "remove the older ones" in caught.value.hint
    assert f"ls -lt '{tmp_path}/{home}'" in caught.value.hint


def test_a_prefix_of_a_hookpoint_is_another_one(tmp_path: Path) -> None:
    data = write(tmp_path)
    config = {"sparse_model": "some/sae", "hookpoints": ["encoder.layer.3/attention"]}
    put(data, "raw/my-run/run_config.json", config)
    put(data, "raw/my-run/explanations/encoder.layer.3/attention_latent0.txt", "mine")
    put(data, "raw/my-run/explanations/encoder.layer.3_latent0.txt", "another's")
    put(data, "raw/my-run/scores/fuzz/encoder.layer.3--attention_latent0.txt", [judged(True)])
    put(data, "raw/my-run/scores/fuzz/encoder.layer.3_latent0.txt", [judged(True)])
    found = {
        f.name.removeprefix("raw/my-run/"): f.input
        for f in discover(load(data))
        if "my-run" in f.name
    }
    assert {name for name, input_ in found.items() if not input_} == {
        "explanations/encoder.layer.3_latent0.txt",
        "scores/fuzz/encoder.layer.3_latent0.txt",
    }
