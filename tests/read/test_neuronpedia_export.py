"""A real Neuronpedia export: every record accounted for, its figures those of the truth beside it."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path

import pytest

from tests.support.builds import open_project
from tests.support.producers import OF_EXPORT, Once, copied, staged_export, unpacked
from tests.support.raw_tree import Rows, put, query, stage
from warehouse.errors import UsageError, WarehouseError
from warehouse.read.discover import discover
from warehouse.run.build import build
from warehouse.run.events import Event
from warehouse.settings_file import load

EXPORT = "raw/export/neuronpedia_exports/all-MiniLM-L6-v2/3-res-topk"


@pytest.fixture(scope="session")
def export(once: Once) -> Path:
    return unpacked(once, "neuronpedia_export")


def data_of(export: Path, data: Path, *without: str) -> Path:
    return copied(export, data, "export", *without)


@pytest.fixture(scope="session")
def rows(once: Once) -> Rows:
    return partial(query, staged_export(once))


def test_statistics_are_those_of_the_truth(export: Path, rows: Rows) -> None:
    truth = json.loads((export / "oracle/truth.json").read_text())["features"]
    found = {
        str(f): rest
        for f, *rest in rows(
            "SELECT feature_id, firing_count, density, max_activation, len(histogram), len(top_logits), is_dead "
            "FROM analysis.feature_statistics WHERE basis = 'corpus'"
        )
    }
    assert found.keys() == truth.keys()
    differ = 0
    for feature, (firing, density, largest, bars, logits, dead) in found.items():
        told = truth[feature]
        differ += firing != told["nonzero"]
        assert abs(firing - told["nonzero"]) <= 1
        assert density == pytest.approx(told["frac_nonzero"], abs=2.3e-5)
        assert largest == pytest.approx(told["max"], abs=5.1e-4)  # binMax has three decimals
        assert (bars, logits, dead) == (50, 10, False)
    assert differ == 2  # of which the export's own bars miss or add one


def test_repeated_records_are_merged_and_every_record_is_accounted_for(rows: Rows) -> None:
    sql = "SELECT status, count(*) FROM staging.activation_records GROUP BY 1"
    assert dict(rows(sql)) == {"kept": 32_455, "merged": 12_027}
    sql = "SELECT sum(records), sum(merged), sum(quarantined) FROM staging.files WHERE input = 'activations'"
    assert rows(sql) == [(44_482, 12_027, 0)]
    assert rows("SELECT count(*) FROM quarantine.records") == [(0,)]
    sql = "SELECT count(*), count(DISTINCT (feature_id, prompt_id)), count(*) FILTER (qualifying_token IS NULL) FROM staging.example_groups"
    assert rows(sql) == [(44_482, 32_455, 488)]
    assert rows("SELECT count(*), min(len(tokens)), max(len(tokens)) FROM staging.prompts") == [
        (722, 63, 63)
    ]


def test_prompts_are_numbered_as_the_batches_are_counted(export: Path, rows: Rows) -> None:
    seen: dict[tuple, None] = {}
    home = export / "neuronpedia_exports/all-MiniLM-L6-v2/3-res-topk/activations"
    for number in range(11):
        with gzip.open(home / f"batch-{number}.jsonl.gz", "rt") as lines:
            seen.update((tuple(json.loads(line)["tokens"]), None) for line in lines)
    found = rows("SELECT tokens FROM staging.prompts ORDER BY prompt_id")
    assert [tuple(tokens) for (tokens,) in found] == list(seen)


def test_explanations_are_those_of_two_explainers(rows: Rows) -> None:
    sql = "SELECT explainer, count(*) FROM analysis.explanations GROUP BY 1"
    assert dict(rows(sql)) == {"gpt-4o-mini": 508, "gemini-2.0-flash": 260}
    assert rows("SELECT sae_id FROM staging.sae") == [("all-MiniLM-L6-v2/3-res-topk",)]
    sql = "SELECT DISTINCT data_source FROM staging.sources"
    assert rows(sql) == [(EXPORT.removeprefix("raw/"),)]
    assert rows("SELECT count(*) FROM analysis.decoder_neighbours") == [(10_240,)]


def test_the_batches_of_the_dashboard_beside_it_are_not_read(export: Path, tmp_path: Path) -> None:
    found = discover(load(data_of(export, tmp_path)))
    notes = [f.note for f in found if "/neuronpedia_outputs/" in f.name and "/batch-" in f.name]
    assert notes == ["not an input: the export beside it holds the same numbers"] * 11


def test_two_exports_are_an_error_that_lists_them(export: Path, tmp_path: Path) -> None:
    data = data_of(export, tmp_path)
    put(data, "raw/other/4-res/source.jsonl", {"id": "4-res", "modelId": "m"})
    put(data, "raw/other/4-res/features/batch-0.jsonl", "")
    with pytest.raises(UsageError) as caught:
        discover(load(data))
    assert (
        '"export/neuronpedia_exports/all-MiniLM-L6-v2/3-res-topk", "other/4-res"'
        in caught.value.message
    )
    assert "--set input.export=" in caught.value.hint
    found = discover(load(data, ["input.export=3-res-topk"]))
    left = {f.name for f in found if f.note == "not an input: another export"}
    assert left == {"raw/other/4-res/source.jsonl", "raw/other/4-res/features/batch-0.jsonl"}


def test_without_weights_the_neighbours_are_those_that_the_export_tells(tmp_path: Path) -> None:
    feature = {
        "index": 0, "maxActApprox": 2.5, "frac_nonzero": 0.25, "freq_hist_data_bar_heights": [1, 3],
        "freq_hist_data_bar_values": [0.0, 1.25, 2.5], "pos_str": ["a"], "pos_values": [1.0],
        "neg_str": [], "neg_values": [], "topkCosSimIndices": [0, 7, 5], "topkCosSimValues": [1.0, 0.5, 0.75],
    }  # fmt: skip
    record = {"index": 0, "tokens": ["a", "b"], "values": [0.0, 2.5], "binMin": -1, "binMax": 2.5, "binContains": -1, "qualifyingTokenIndex": 1}  # fmt: skip
    text = {
        "index": "0",
        "description": "one",
        "explanationModelName": "m",
        "typeName": "t",
        "embedding": "[0.1]",
    }
    put(tmp_path, "raw/e/source.jsonl", {"id": "3-res", "modelId": "m"})
    put(tmp_path, "raw/e/features/batch-0.jsonl", feature)
    put(tmp_path, "raw/e/activations/batch-0.jsonl", record)
    lines = [text, text | {"typeName": "u"}, text | {"description": "again"}, text | {"description": None}, {"index": "x"}]  # fmt: skip
    put(tmp_path, "raw/e/explanations/batch-0.jsonl", "\n".join(json.dumps(i) for i in lines))
    rows = stage(tmp_path, "quarantine.max_share=1", select=OF_EXPORT)
    sql = "SELECT rank, neighbour_id, cosine_similarity FROM analysis.decoder_neighbours ORDER BY 1"
    assert rows(sql) == [(1, 5, 0.75), (2, 7, 0.5)]
    sql = "SELECT histogram, firing_count, density, is_dense FROM analysis.feature_statistics WHERE basis = 'corpus'"
    bins = [{"low": 0.0, "high": 1.25, "count": 1}, {"low": 1.25, "high": 2.5, "count": 3}]
    assert rows(sql) == [(bins, 4, 0.25, True)]
    assert rows("SELECT explainer FROM analysis.explanations ORDER BY 1") == [
        ("m (t)",),
        ("m (u)",),
    ]
    assert rows("SELECT line, reason FROM quarantine.export_explanations ORDER BY 1") == [
        (3, "duplicate explanation (feature, explainer)"),
        (4, "no explanation in the file"),
        (5, "wrong type: index"),
    ]


def test_a_text_is_kept_as_it_stands_and_one_that_explains_nothing_is_quarantined(
    tmp_path: Path,
) -> None:
    texts = [" sand, or\n salt ", "No explanation found", "Explanation could not be parsed. ", " "]
    lines = [
        json.dumps({"index": i, "description": text, "explanationModelName": "m", "typeName": "t"})
        for i, text in enumerate(texts)
    ]
    put(tmp_path, "raw/e/source.jsonl", {"id": "3-res", "modelId": "m"})
    put(tmp_path, "raw/e/explanations/batch-0.jsonl", "\n".join(lines))
    record = {"index": 0, "tokens": ["a"], "values": [2.5], "binMin": -1, "binMax": 2.5}
    put(tmp_path, "raw/e/activations/batch-0.jsonl", record)
    rows = stage(tmp_path, "quarantine.max_share=1", select=("+staging.export_explanations",))
    sql = "SELECT line, text, reason FROM staging.export_explanations ORDER BY line"
    reason = "no explanation in the file"
    assert rows(sql) == [(1, texts[0], None), *((i, texts[i - 1], reason) for i in (2, 3, 4))]


@pytest.mark.parametrize("part", ["features", "explanations"])
def test_an_export_without_activations_is_told_what_it_lacks(tmp_path: Path, part: str) -> None:
    put(tmp_path, "raw/e/source.jsonl", {"id": "3-res", "modelId": "m"})
    put(tmp_path, f"raw/e/{part}/batch-0.jsonl", "{}")
    with pytest.raises(
        WarehouseError, match=r"/raw/e. looks like an export but has no activations/"
    ) as caught:
        discover(load(tmp_path))
    assert f"copy its activations/ to {tmp_path}/raw/e" in caught.value.hint
    put(tmp_path, "raw/activation_examples/activations.jsonl", "{}")
    put(tmp_path, "raw/activation_examples/prompts.json", "[]")
    found = {f.name for f in discover(load(tmp_path)) if f.input == "raw.activations"}
    assert found == {"raw/activation_examples/activations.jsonl"}


def test_records_of_one_prompt_with_other_values_are_quarantined(tmp_path: Path) -> None:
    def line(values: list[float], low: float) -> str:
        return json.dumps({"index": 0, "tokens": ["a", "b"], "values": values, "binMin": low, "binMax": 2.0, "binContains": 0.5})  # fmt: skip

    put(tmp_path, "raw/e/source.jsonl", {"id": "3-res", "modelId": "m"})
    put(tmp_path, "raw/e/activations/batch-2.jsonl", line([0.0, 2.0], -1))
    put(
        tmp_path,
        "raw/e/activations/batch-10.jsonl",
        line([0.0, 2.0], 1) + "\n" + line([0.0, 1.0], 1),
    )
    rows = stage(tmp_path, select=OF_EXPORT)
    assert rows("SELECT parse_filename(file), line, status FROM staging.activation_records ORDER BY ALL") == [
        ("batch-10.jsonl", 1, "merged"), ("batch-10.jsonl", 2, "quarantined"), ("batch-2.jsonl", 1, "kept"),
    ]  # fmt: skip
    assert rows("SELECT reason FROM quarantine.activations") == [("duplicate (feature, prompt)",)]


def test_without_a_decoder_there_is_no_tree_and_one_warning_says_what_is_missing(
    export: Path, tmp_path: Path
) -> None:
    data = data_of(export, tmp_path, "saelens")
    events: list[Event] = []
    select = ("+analysis.feature_linkage", "audits.decoder_present")
    build(open_project(data), selectors=select, exports=False, on_event=events.append)
    assert query(data, "SELECT count(*) FROM analysis.feature_linkage") == [(0,)]
    warnings = [e.text for e in events if e.kind == "warning"]
    assert len(warnings) == 1
    assert "no decoder weights under raw/" in warnings[0]
