"""The comparison itself: files as the recomputation has them agree, and any change is found."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.independent import backend, backend_activation, backend_barycentric, backend_tree
from tests.independent import backend_compare as bc
from tests.independent import backend_inputs as bi
from tests.independent import recompute as rc

SAE = "model/sae/layer_1"
SETTINGS: dict[str, Any] = {"sampling.per_quantile": 3, "interfeature.neighbours": 2}
FEATURES, PROMPTS = 16, 24


def letters(texts: list[str]) -> np.ndarray:
    """A stand-in for the model: letter counts."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return np.array([[t.lower().count(c) for c in alphabet] for t in texts], np.float32)


def write_raw(raw: Path) -> None:
    """Made-up records, explanations by two explainers, scores by two scorers, a decoder."""
    pick = random.Random(0)
    tokens = ["▁the", "▁jury", "▁un", "help", "ful", "▁(", ",", "▁Verdict", "s", ".", "▁x"]
    prompts = [["<bos>", *pick.choices(tokens, k=20)] for _ in range(PROMPTS)]
    (raw / "activation_examples").mkdir(parents=True)
    (raw / "activation_examples" / "prompts.json").write_text(json.dumps(prompts))
    lines = []
    for feature in range(FEATURES):
        for prompt in pick.sample(range(PROMPTS), [1, 3, 14][min(feature, 2)]):
            positions = sorted(pick.sample(range(21), 2))
            pairs = [[p, round(pick.uniform(0.1, 9), 2)] for p in positions]
            record = {"index": feature, "dataSetPromptId": prompt, "sparseValues": pairs}
            lines.append(json.dumps(record))
    (raw / "activation_examples" / "activations.jsonl").write_text("\n".join(lines))
    for explainer in "ab":
        for scorer in "ab":
            run = raw / f"{explainer}_e-{scorer}_s"
            (run / "explanations").mkdir(parents=True)
            (run / "run_config.json").write_text(
                json.dumps({"sparse_model": "model/sae", "hookpoints": ["layer_1"]})
            )
            for method in ("fuzz", "detection"):
                (run / "scores" / method).mkdir(parents=True)
            for feature in range(FEATURES - 2):
                words = " ".join(pick.choices(["jury", "verdict", "law", "help"], k=3))
                name = f"layer_1_latent{feature}.txt"
                (run / "explanations" / name).write_text(json.dumps(words))
                for method in ("fuzz", "detection"):
                    outcomes = [
                        {"correct": pick.random() < 0.7, "activating": i % 2 == 0}
                        for i in range(10)
                    ]
                    (run / "scores" / method / name).write_text(json.dumps(outcomes))
    decoder = np.random.default_rng(0).normal(size=(FEATURES, 6)).astype(np.float32)
    (raw / "sae").mkdir()
    np.savez(raw / "sae" / "params.npz", W_dec=decoder)


def arrow_type(words: str) -> pa.DataType:
    """A type in the words of SCHEMAS as an Arrow type."""
    if words.startswith("list<"):
        return pa.list_(arrow_type(words[5:-1]))
    if words.startswith("struct<"):
        fields, depth, start, inside = [], 0, 0, words[7:-1] + ","
        for i, letter in enumerate(inside):
            depth += {"<": 1, ">": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                name, _, inner = inside[start:i].partition(":")
                fields.append(pa.field(name, arrow_type(inner)))
                start = i + 1
        return pa.struct(fields)
    plain = {"str": pa.string(), "float": pa.float32(), "double": pa.float64()}
    if words == "cat":
        return pa.dictionary(pa.int32(), pa.string())
    return plain.get(words) or pa.type_for_alias(words)


def write_table(path: Path, columns: dict[str, str], rows: list[rc.Row]) -> None:
    """Rows as a parquet file with the schema of the specification."""
    schema = pa.schema([pa.field(name, arrow_type(words)) for name, words in columns.items()])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def described(path: Path, columns: dict[str, str], rows: list[rc.Row]) -> None:
    """The same, with a .metadata.json beside it."""
    write_table(path, columns, rows)
    text = json.dumps({"total_rows": len(rows), "sae_id": SAE})
    path.with_name(f"{path.name}.metadata.json").write_text(text)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with every file as the recomputation has it."""
    data = tmp_path_factory.mktemp("written")
    write_raw(data / "raw")
    master, tree = data / "master", data / "feature_similarity" / SAE.replace("/", "--")
    for folder in (master, tree, data / "llm_comparison"):
        folder.mkdir(parents=True)
    inputs = bi.gather(data / "raw", SETTINGS, letters)
    masters = rc.recompute(data / "raw", SETTINGS, letters)
    for name, rows in (
        ("activation_display", backend_activation.display_rows(inputs)),
        ("interfeature_activation_similarity", backend_activation.pair_rows(inputs)),
    ):
        path = master / f"{name}.parquet"
        described(path, bc.SCHEMAS[name], [row for row, *_ in rows])

    features = sorted(inputs.explained)
    linkage = backend_tree.linkage_of(features, inputs.neighbours)
    np.save(tree / "clustering_linkage.npy", linkage)
    merges = dict(zip(features, backend_tree.first_merges(linkage, len(features)), strict=True))
    rows = [{"feature_id": f, "first_merge_distance": d} for f, d in merges.items()]
    name = "first_merge_clustering"
    write_table(tree / f"{name}.parquet", bc.SCHEMAS[name], rows)

    for row in masters["features"]:
        row["decoder_similarity_merge_threshold"] = 1 - merges[row["feature_id"]]
    for name in ("features", "explanation_embeddings", "activation_embeddings"):
        columns = rc.SCHEMAS[name] | (bc.FEATURES if name == "features" else {})
        write_table(master / f"{name}.parquet", columns, masters[name])

    name = "explanation_barycentric"
    metrics = backend_barycentric.raw_metrics(inputs)
    rows = backend_barycentric.barycentric_rows(metrics, bi.DEFAULTS)
    write_table(master / f"{name}.parquet", bc.SCHEMAS[name], rows)
    document = backend_barycentric.metadata_of(metrics, SAE)
    document |= {"processing_stats": {}, "created_at": "2026-01-01T00:00:00+00:00"}
    (master / f"{name}_metadata.json").write_text(json.dumps(document))

    figures = rc.consistency(data / "raw", SETTINGS, letters)

    def both(pairs: dict[str, Any]) -> dict[str, float]:
        one_way = {pair: round(of["value"], 4) for pair, of in pairs.items()}
        other = {re.sub("(.+)_vs_(.+)", r"\2_vs_\1", pair): v for pair, v in one_way.items()}
        return one_way | other

    document = {
        "explainer_consistency": both(figures["explainer_consistency"]),
        "scorer_consistency": {e: both(p) for e, p in figures["scorer_consistency"].items()},
    }
    (data / "llm_comparison" / "llm_comparison_stats.json").write_text(json.dumps(document))
    return data


def differing(data: Path, features: list[int] | None = None) -> dict[str, list[str]]:
    """File -> differences, of the files that have any."""
    found = backend.check(data, SETTINGS, letters, features)
    assert all(checked.values for checked in found)
    return {checked.name: checked.differences for checked in found if checked.differences}


def test_files_as_the_recomputation_has_them_have_no_difference(written: Path) -> None:
    assert differing(written) == {}
    assert differing(written, [0, 1, 5, 15]) == {}


def first_float(rows: list[rc.Row], column: str) -> None:
    rows[3][column] += 1e-4


def last_position(rows: list[rc.Row], _: str) -> None:
    examples = [e for row in rows for e in row["quantile_examples"] if e["char_ngram_positions"]]
    examples[-1]["char_ngram_positions"][0]["char_offset"] += 1


def other_kind(rows: list[rc.Row], column: str) -> None:
    next(row for row in rows if row[column])[column][0]["pattern_type"] = "Both"


def other_text(rows: list[rc.Row], column: str) -> None:
    rows[-1][column] = "another"


def moved(rows: list[rc.Row], _: str) -> None:
    rows.append(rows.pop(0))


CHANGES: list[tuple[str, str, Callable[[list[rc.Row], str], None]]] = [
    ("activation_display", "word_ngram_max_jaccard", first_float),
    ("activation_display", "", last_position),
    ("activation_display", "pattern_type", other_text),
    ("activation_display", "", moved),
    ("interfeature_activation_similarity", "semantic_pairs", other_kind),
    ("first_merge_clustering", "first_merge_distance", first_float),
    ("features", "decoder_similarity_merge_threshold", first_float),
    ("explanation_embeddings", "explanation_text", other_text),
    ("explanation_barycentric", "score_fuzz", first_float),
    ("explanation_barycentric", "position_y", first_float),
    ("explanation_barycentric", "nearest_anchor", other_text),
    ("explanation_barycentric", "", moved),
]


@pytest.mark.parametrize(("name", "column", "change"), CHANGES)
def test_a_changed_value_is_found_in_its_file(
    written: Path,
    tmp_path: Path,
    name: str,
    column: str,
    change: Callable[[list[rc.Row], str], None],
) -> None:
    data = Path(shutil.copytree(written, tmp_path / "data"))
    path = next(data.rglob(f"{name}.parquet"))
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows, column)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    found = differing(data)
    assert any(name in file for file in found), found


def test_another_dtype_a_missing_file_and_an_order_less_are_found(
    written: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(written, tmp_path / "data"))
    path = data / "master" / "activation_display.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("char_ngram_max_jaccard")
    wide = table["char_ngram_max_jaccard"].cast(pa.float64())
    pq.write_table(table.set_column(place, "char_ngram_max_jaccard", wide), path)
    (data / "master" / "explanation_barycentric_metadata.json").unlink()
    place = data / "llm_comparison" / "llm_comparison_stats.json"
    document = json.loads(place.read_text())
    del document["explainer_consistency"]["b_vs_a"]
    place.write_text(json.dumps(document))
    linkage = next(data.rglob("clustering_linkage.npy"))
    np.save(linkage, np.asfortranarray(np.load(linkage)))
    found = backend.check(data, SETTINGS, letters)
    assert {checked.name for checked in found if checked.differences} == {
        "activation_display",
        "explanation_barycentric_metadata",
        "llm_comparison_stats",
        "clustering_linkage",
    }


def test_a_column_that_may_not_be_null_and_byte_stream_split_are_found(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    item = pa.field("element", pa.float32(), nullable=False)
    columns = [pa.field("a", pa.float32()), pa.field("b", pa.list_(item))]
    table = pa.table(
        [pa.array([1.0], pa.float32()), pa.array([[1.0]], pa.list_(item))], pa.schema(columns)
    )
    pq.write_table(table, path, use_dictionary=False, column_encoding={"a": "BYTE_STREAM_SPLIT"})
    assert bc.storage_differences(path) == [
        "not nullable: ['b[]']",
        "an encoding is BYTE_STREAM_SPLIT",
    ]
    assert bc.storage_differences(path, nullable=False) == ["an encoding is BYTE_STREAM_SPLIT"]


def test_an_arrow_schema_that_tells_other_nulls_than_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    file_schema, told = (
        pa.schema([pa.field("a", pa.int32(), nullable=nullable)]) for nullable in (True, False)
    )
    table = pa.table([pa.array([1], pa.int32())], file_schema)
    stored = base64.b64encode(told.serialize().to_pybytes())
    with pq.ParquetWriter(path, file_schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": stored})
    assert bc.storage_differences(path) == [
        "not nullable: ['a']",
        "a: levels: ARROW:schema (0, 0) .. parquet (1, 0)",
    ]


def test_nan_is_found_at_any_depth() -> None:
    nested = pa.array([[{"a": 1.0}], [{"a": float("nan")}, None]])
    assert bc.holds_nan(nested)
    assert not bc.holds_nan(nested.slice(0, 1))
    assert not bc.holds_nan(pa.array([None, 1.0]))


def test_a_row_decided_the_other_way_at_a_threshold_is_a_note_and_half_of_it_a_difference() -> None:
    here = {"feature_id": 3, "pattern_type": "Both", "share": 0.5}
    there = here | {"pattern_type": "Lexical"}
    for written, differences, notes in (
        (here, 0, 1),
        (there, 0, 2),
        (there | {"share": 0.6}, 2, 1),
    ):
        checked = bc.Checked("made up")
        bc.compare_rows(checked, [[here, there]], pa.Table.from_pylist([written]))
        assert (len(checked.differences), len(checked.notes)) == (differences, notes)
        assert (checked.rows, checked.values) == (1, 3)


def test_clusters_that_the_written_z_give_are_a_note_and_others_a_difference() -> None:
    numbers = bi.DEFAULTS
    random = np.random.default_rng(0)
    names = [f"{metric}_std" for metric in backend_barycentric.METRICS]

    def rows(shift: float) -> list[rc.Row]:
        centres = [9.0] * 19 + [shift] + [0.0] * 12
        return [
            {"feature_id": f, **{name: c + random.normal(0, 0.1) for name in names}}
            for f, c in enumerate(centres)
        ]

    def clustered(made: list[rc.Row]) -> list[rc.Row]:
        found = backend_barycentric.clusters_of(backend_barycentric.mean_points(made), numbers)
        return [row | {"cluster_id": found[row["feature_id"]]} for row in made]

    ours, theirs = clustered(rows(9.0)), clustered(rows(0.0))
    checked = bc.Checked("made up")
    expected = backend.clusters_to_expect(checked, ours, theirs, numbers)
    assert expected == {row["feature_id"]: row["cluster_id"] for row in theirs}
    assert (len(checked.differences), len(checked.notes)) == (0, 1)
    wrong = [row | {"cluster_id": 7} for row in theirs]
    checked = bc.Checked("made up")
    backend.clusters_to_expect(checked, ours, wrong, numbers)
    assert (len(checked.differences), len(checked.notes)) == (1, 0)
