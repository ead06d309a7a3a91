"""The rules of SPEC-INPUTS.md as the recomputation has them, each on a case made by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.independent import field, field_figures
from tests.independent import field_delphi as fd
from tests.independent import field_export as fe
from tests.independent import field_scores as fsc
from tests.independent import field_statistics as fs
from tests.support.builds import open_project
from tests.support.raw_tree import put
from warehouse.run.build import build


def test_a_bin_holds_its_lower_edge_and_the_last_one_the_maximum() -> None:
    bins = fs.histogram([0.25, 0.5, 0.75, 1.0, 0.125], bins=4)
    assert [b["count"] for b in bins] == [1, 1, 1, 2]
    assert (bins[0]["low"], bins[-1]["high"]) == (0.0, 1.0)
    assert fs.histogram([]) == []


def test_bars_are_centres_or_edges() -> None:
    assert fs.own_bars([1, 2], [1.0, 3.0]) == [
        {"low": 0.0, "high": 2.0, "count": 1},
        {"low": 2.0, "high": 4.0, "count": 2},
    ]
    assert fs.own_bars([5], [1.0, 3.0]) == [{"low": 1.0, "high": 3.0, "count": 5}]


def test_top_tokens_are_ordered_by_count_then_mean_then_text() -> None:
    fired = [("b", 1.0), ("a", 1.0), ("c", 2.0), ("d", 0.5), ("d", 0.5)]
    figures = fs.token_figures(fired)
    assert [row["token"] for row in figures["top_tokens"]] == ["d", "c", "a", "b"]
    assert figures["top_token_share"] == 0.4
    assert math.isclose(figures["token_entropy"], -0.4 * math.log2(0.4) - 0.6 * math.log2(0.2))


def test_a_failed_intruder_is_not_a_wrong_one() -> None:
    made = {"sample": {"chosen_quantile": 3}, "correct_index": 1, "correct": True}
    failed = made | {"sample": None, "correct_index": -1, "correct": False}
    rows = [fsc.intruder(item) for item in (made, made | {"correct": False}, failed)]
    assert fsc.score("intruder", rows) == 0.5
    assert fsc.counts(rows) == {"total": 3, "failed": 1, "succeeded": 2}
    assert fsc.by_quantile("intruder", rows) == [{"quantile": 3.0, "recall": 0.5, "total": 2}]


def test_surprisal_is_the_area_of_the_mean_gain_and_an_empty_list_fails() -> None:
    def row(without: list[float], distance: float) -> fsc.Judged:
        item = {"no_explanation": without, "explanation": [1.0, 3.0], "distance": distance}
        return fsc.surprisal(item)

    rows = [
        row([5.0], 2),
        row([3.0, 3.0, 3.0], -1.0),
        row([2.5], 0),
        row([], 1),
        row([math.nan], 1),
    ]
    assert fsc.counts(rows)["failed"] == 2
    assert fsc.score("surprisal", rows) == 0.5


def test_example_embedding_has_a_share_and_an_area_of_its_deltas() -> None:
    deltas = [(0.5, 0.1), (0.2, 0.2), (math.nan, 0.0)]
    rows = [fsc.example_embedding({"delta_plus": a, "delta_minus": b}) for a, b in deltas]
    assert fsc.score("example_embedding", rows) == 0.5
    assert fsc.metrics("example_embedding", rows)["auc"] == (1 + 1 + 1 + 0.5) / 4


def test_ids_are_relative_to_the_split_and_records_have_all_their_pairs() -> None:
    locations = np.array([[0, 1, 0], [0, 3, 0], [0, 3, 1], [2, 0, 0]], np.uint16)
    values = np.array([1.0, 2.0, 4.0, 2.0], np.float16)
    entries = fd.by_latent(locations, values, 256)
    assert sorted(entries) == [256, 257]
    first, second = entries[256].examples(256)
    assert (first.prompt, first.pairs, first.max_position) == (0, [(1, 1.0), (3, 2.0)], 3)
    assert (second.prompt, second.max_value) == (2, 2.0)


def test_kept_are_the_sampled_and_the_first_others_by_md5() -> None:
    count = 40
    entries = fd.Entries(np.arange(count), np.zeros(count, int), np.arange(count, dtype=float) + 1)
    kept = {e.prompt for e in fd.kept_examples(entries.examples(7), {}, 3)}
    sampled = {*range(5, 10), *range(15, 20), *range(25, 30), *range(35, 40)}
    others = sorted(set(range(count)) - sampled, key=lambda p: fd.md5(f"7-{p}"))
    assert kept == sampled | set(others[:3])


def test_chosen_are_the_ends_and_some_between() -> None:
    firing = {feature: feature for feature in range(100)}
    some = field.chosen(firing, 12)
    assert {0, 1, 98, 99} <= set(some)
    assert len(some) == 12
    assert field.chosen(firing, 0) == list(range(100))


def test_equal_records_of_an_export_are_one_and_others_are_refused(tmp_path: Path) -> None:
    def record(values: list[float], **more: object) -> str:
        made = {"index": 3, "tokens": ["a", "##b"], "values": values, "qualifyingTokenIndex": -1}
        return json.dumps(made | {"binMin": -1, "binMax": 2.0, "binContains": -1} | more)

    raw = tmp_path / "raw"
    put(tmp_path, "raw/e/source.jsonl", {"id": "3-res", "modelId": "m"})
    lines = [record([0.0, 2.0]), record([0.0, 2.0], binMin=1), record([0.0, 1.0])]
    put(tmp_path, "raw/e/activations/batch-10.jsonl", "\n".join(lines))
    put(tmp_path, "raw/e/activations/batch-2.jsonl", record([0.0, 0.0], tokens=["x", "y"]))
    feature = {"index": 3}
    put(tmp_path, "raw/e/features/batch-0.jsonl", feature)
    texts = [
        {"index": "3", "explanationModelName": "g", "typeName": kind, "description": text}
        for kind, text in (("t", "one"), ("u", "two"), ("t", "three"))
    ]
    put(tmp_path, "raw/e/explanations/batch-0.jsonl", "\n".join(map(json.dumps, texts)))
    from safetensors.numpy import save_file

    save_file({"W_dec": np.eye(4, dtype=np.float32)}, raw / "e/sae_weights.safetensors")
    export = fe.read_export(raw)
    assert export.prompts == [["x", "y"], ["a", "##b"]]
    assert export.status == {"kept": 2, "merged": 1, "quarantined": 1}
    silent, active = export.examples[3]
    assert (silent.pairs, silent.max_value) == ([], None)
    assert active.pairs == [(1, 2.0)]
    explained, duplicates = export.explanations("e", lambda feature: True)
    assert [(e.explainer, e.text) for e in explained[3]] == [("g (t)", "one"), ("g (u)", "two")]
    assert duplicates == 1


# ---------------------------------------------------------------------------------- own figures


def write_figures(data: Path, explainer: str, scorer: str, sae_id: str) -> Path:
    """Three files, one of each form, with rows that are good and rows that are not."""
    lines: list[object] = [
        {"feature_id": 0, "llm_explainer": explainer, "scorer": scorer, "score": 0.25},
        {"feature_id": 0, "llm_explainer": explainer, "scorer": scorer, "score": 0.5},
        {"feature_id": 0, "llm_explainer": explainer, "score": 0.75, "word": "coal"},
        {"feature_id": 1, "sae_id": sae_id, "score": 1, "word": "mist"},
        {"feature_id": 1, "sae_id": "other/sae", "score": 1},
        {"feature_id": 987_654, "score": 1},
        {"feature_id": 2, "scorer": "nobody", "score": 1},
        {"feature_id": 2, "llm_explainer": "nobody", "score": 1},
        {"feature_id": 2, "score": "much"},
        {"feature_id": 2, "word": 3},
        {"score": 3},
    ]
    put(data, "raw/figures/lines.jsonl", "\n".join(map(json.dumps, lines)) + "\nbad")
    text = "feature_id,good,share,topic\n0,true,0.5,\n1,false,-1e-3,sea\n1,true,1,sea\n2,,,\n"
    put(data, "raw/figures/comma.csv", text)
    rows = [{"feature_id": f, "x": f / 3, "t": f"t{f}"} for f in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), data / "raw/figures/table.parquet")
    return data / "raw" / "figures"


def test_own_figures_and_tags_are_recomputed(copy: Path) -> None:
    def ask(sql: str) -> list[tuple]:
        with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    names = dict(ask("SELECT short, full_name FROM staging.model_names"))
    names |= {full: full for full in names.values()}
    features = {f for (f,) in ask("SELECT feature_id FROM staging.features")}
    ((sae_id,),) = ask("SELECT sae_id FROM staging.sae")
    folder = write_figures(copy, names["llama"], "gwen", sae_id)
    build(open_project(copy, ["quarantine.max_share=1"]), exports=False)

    own = field_figures.read_figures(folder, field_figures.Known(features, names, names, sae_id))
    stems = {path.stem for path in folder.iterdir()}
    for table, name, expected in (
        ("figures_long", "figure", own.figures),
        ("tags_long", "tag", own.tags),
    ):
        rows = ask(f"SELECT {name}, feature_id, llm_explainer, scorer, value FROM analysis.{table}")
        found = {tuple(row[:-1]): row[-1] for row in rows if row[0].split(".")[0] in stems}
        assert found == expected
        of_features = {key: value for key, value in expected.items() if key[2:] == (None, None)}
        columns = {key[0] for key in of_features}
        listed = ", ".join(f'"{column}"' for column in sorted(columns))
        shown = ask(f"SELECT feature_id, {listed} FROM analysis.feature_overview")
        overview = {
            (column, feature, None, None): value
            for feature, *values in shown
            for column, value in zip(sorted(columns), values, strict=True)
            if value is not None
        }
        assert overview == of_features
    refused = ask("SELECT parse_filename(file), line FROM quarantine.figures")
    assert sorted(r for r in refused if r[0] == "lines.jsonl") == [
        r for r in own.refused if r[0] == "lines.jsonl"
    ]
    assert sorted(name for name, _ in refused) == sorted(name for name, _ in own.refused)
