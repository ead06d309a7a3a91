"""The eight master files: against the recomputation, SPEC.md's schema, Polars and a DuckDB shell."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import embed.encoder
from embed.model_files import locate
from tests.independent.check import MASTERS, differences, embedder
from tests.run.safety.kills import settings_file
from tests.run.safety.made_up import made_up_model
from tests.support.builds import open_project
from warehouse.errors import WarehouseError
from warehouse.run.build import build
from warehouse.sample.sample import write_sample
from warehouse.settings_file import load
from warehouse.write.parquet import _verify

U8, U16, U32, F32, F64 = pl.UInt8, pl.UInt16, pl.UInt32, pl.Float32, pl.Float64
CAT, UTF8 = pl.Categorical, pl.String


def lists(**fields: pl.DataType) -> pl.List:
    return pl.List(pl.Struct(fields))


PLACES = lists(prompt_id=U32, positions=pl.List(U16))
SCHEMAS = {
    "features": {
        "feature_id": pl.Int64,
        "sae_id": CAT,
        "explanation_method": CAT,
        "llm_explainer": CAT,
        "explanation_text": UTF8,
        "decoder_similarity": lists(feature_id=U32, cosine_similarity=F32),
        "semantic_similarity": lists(explainer=CAT, cosine_similarity=F32),
        "scores": lists(scorer=UTF8, fuzz=F64, simulation=F64, detection=F64, embedding=F64),
        "decoder_similarity_merge_threshold": F64,
    },
    "explanation_embeddings": {
        "feature_id": U32,
        "sae_id": CAT,
        "data_source": CAT,
        "llm_explainer": CAT,
        "embedding": pl.List(F32),
        "explanation_text": UTF8,
    },
    "activation_examples": {
        "feature_id": U32,
        "sae_id": CAT,
        "prompt_id": U32,
        "prompt_tokens": pl.List(UTF8),
        "num_activations": U32,
        "max_activation": F32,
        "activation_pairs": lists(token_position=U32, activation_value=F32),
    },
    "activation_embeddings": {
        "feature_id": U32,
        "sae_id": CAT,
        "prompt_ids": pl.List(U32),
        "embeddings": pl.List(pl.List(F32)),
    },
    "activation_example_similarity": {
        "feature_id": U32,
        "sae_id": CAT,
        "num_examples_sampled": U32,
        "mean_pairwise_similarity": F32,
        "std_pairwise_similarity": F32,
        "min_pairwise_similarity": F32,
        "max_pairwise_similarity": F32,
        "num_total_activations": U32,
        "prompt_ids": pl.List(U32),
        "quantile_boundaries": pl.List(F32),
        "ngram_jaccard_similarity": pl.List(F32),
        "top_common_ngrams": lists(ngram=UTF8, ngram_size=U8, count=U16, occurrences=PLACES),
    },
    "interfeature_similarity": {
        "feature_id": U32,
        "sae_id": CAT,
        "selected_features": lists(
            feature_id=U32,
            decoder_similarity=F32,
            sample_info=lists(quantile=U8, prompt_id=U32, max_activation=F32),
        ),
        "similarity_pairs": lists(
            main_feature_id=U32,
            main_prompt_id=U32,
            main_quantile=U8,
            selected_feature_id=U32,
            selected_prompt_id=U32,
            selected_quantile=U8,
            semantic_similarity=F32,
        ),
        "ngram_analysis": lists(
            ngram=UTF8,
            ngram_size=U8,
            jaccard_score=F32,
            count=U16,
            occurrences=lists(feature_id=U32, prompt_id=U32, positions=pl.List(U16)),
        ),
    },
    "explanation_alignment": {
        "feature_id": U32,
        "sae_id": CAT,
        "llm_explainers": pl.List(UTF8),
        "num_aligned_groups": U16,
        "aligned_groups": lists(
            aligned_group_id=U16,
            similarity_score=F32,
            phrases=lists(explainer_name=UTF8, text=UTF8, chunk_index=U16),
        ),
    },
    "ex_act_pattern_matching": {
        "feature_id": U32,
        "sae_id": CAT,
        "pattern_type": CAT,
        "activation_semantic_sim": F32,
        "activation_max_jaccard": F32,
        "selected_ngram": pl.Struct(
            {
                "ngram": UTF8,
                "ngram_size": U8,
                "jaccard_score": F32,
                "count": U16,
                "activation_positions": PLACES,
            }
        ),
        "num_aligned_phrases": U16,
        "matches": lists(
            phrase_text=UTF8,
            explainer_name=UTF8,
            phrase_chunk_index=U16,
            semantic_similarity=F32,
            match_type=UTF8,
        ),
        "mismatches": lists(
            item_text=UTF8,
            item_type=UTF8,
            mismatch_type=UTF8,
            explainer_name=UTF8,
            semantic_similarity=F32,
        ),
        "num_matches": U16,
        "num_mismatches": U16,
        "match_rate": F32,
    },
}


def read(data: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(data / "master" / f"{name}.parquet")


def test_every_figure_of_every_feature_agrees_with_the_recomputation(sample: Path) -> None:
    settings = load(sample).values
    found = differences(sample, settings, embedder(str(settings["embedding.model"])))
    assert found == {name: [] for name in MASTERS}


def test_the_other_settings_agree_with_the_recomputation_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_sample(data)
    settings_file(data)  # of a made-up model: the test above is about the real one
    overrides = (
        'windows.edge="clip"',
        "windows.ngram_tokens=6",
        "sampling.quantiles=3",
        "sampling.per_quantile=4",
        "ngrams.sizes=[2, 5]",
        "ngrams.min_occurrences=3",
        "neighbours.count=6",
        "interfeature.neighbours=2",
        "interfeature.per_quantile=2",
        "matching.ngram_examples=3",
        "matching.contexts=4",
        'explanations.explainers=["openai", "llama", "gwen"]',
        'scores.scorers=["llama"]',
        "scope.features=0-30",
    )
    with made_up_model():
        build(open_project(data, overrides))
        settings = load(data, overrides)
        files = locate(str(settings["embedding.model"]))
        encode = embed.encoder.load_encoder(settings, files).encode
    found = differences(data, settings.values, encode)
    assert found == {name: [] for name in MASTERS}


@pytest.mark.parametrize("name", MASTERS)
def test_polars_reads_exactly_the_schema_of_the_contract(sample: Path, name: str) -> None:
    assert dict(pl.read_parquet_schema(sample / "master" / f"{name}.parquet")) == SCHEMAS[name]
    assert list(read(sample, name).columns) == list(SCHEMAS[name])


def nullable(type_: pa.DataType, path: str) -> Iterator[tuple[str, int]]:
    """(parquet column, how many of its levels may be null or are lists) of an Arrow type.

    Every level of the contract may be null, so a list counts two and anything else one.
    """
    if pa.types.is_list(type_):
        for leaf, levels in nullable(type_.value_type, f"{path}.list.element"):
            yield leaf, levels + 2
    elif pa.types.is_struct(type_):
        for field in type_:
            for leaf, levels in nullable(field.type, f"{path}.{field.name}"):
                yield leaf, levels + 1
    else:
        yield path, 1


@pytest.mark.parametrize("name", MASTERS)
def test_parquet_and_arrow_schema_agree_at_every_level_on_what_may_be_null(
    sample: Path, name: str
) -> None:
    path = sample / "master" / f"{name}.parquet"
    footer = pq.read_metadata(path)
    arrow = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(footer.metadata[b"ARROW:schema"])))
    expected = dict(pair for field in arrow for pair in nullable(field.type, field.name))
    columns = [footer.schema.column(i) for i in range(len(footer.schema))]
    assert {c.path: c.max_definition_level for c in columns} == expected
    assert "not null" not in str(arrow.remove_metadata())


@pytest.mark.parametrize("name", MASTERS)
def test_no_encoding_is_used_that_an_older_reader_lacks(sample: Path, name: str) -> None:
    footer = pq.read_metadata(sample / "master" / f"{name}.parquet")
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    found = {e for g in groups for i in range(g.num_columns) for e in g.column(i).encodings}
    assert found <= {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED"}


def test_a_column_that_is_required_in_the_file_fails_the_export(tmp_path: Path) -> None:
    path = tmp_path / "made_up.parquet"
    may_be_null = pa.schema([("feature_id", pa.uint32()), ("ids", pa.list_(pa.uint32()))])
    required = pa.schema([f.with_nullable(False) for f in may_be_null])
    rows = pa.table({"feature_id": [1, 2], "ids": [[1], [2, 3]]}, schema=may_be_null)
    pq.write_table(rows, path, store_schema=False)
    _verify(path, may_be_null, 2, "feature_id", split=False)
    pq.write_table(rows.cast(required), path, store_schema=False)
    with pytest.raises(WarehouseError, match="not written with its declared types"):
        _verify(path, may_be_null, 2, "feature_id", split=False)
    pq.write_table(rows, path, store_schema=False, use_dictionary=False, column_encoding={"feature_id": "DELTA_BINARY_PACKED"})  # fmt: skip
    with pytest.raises(WarehouseError, match="DELTA_BINARY_PACKED"):
        _verify(path, may_be_null, 2, "feature_id", split=False)


@pytest.mark.parametrize("name", MASTERS)
def test_rows_are_sorted_and_keys_unique(sample: Path, name: str) -> None:
    frame = read(sample, name)
    assert frame["feature_id"].is_sorted()
    key = [c for c in ("feature_id", "llm_explainer", "prompt_id") if c in frame.columns]
    assert frame.select(key).is_unique().all()
    if name == "activation_examples":
        assert frame.select(key).equals(frame.select(key).sort(key))


@pytest.mark.parametrize("name", MASTERS)
def test_metadata_stand_beside_the_file_and_inside_it(sample: Path, name: str) -> None:
    path = sample / "master" / f"{name}.parquet"
    beside = json.loads(path.with_name(f"{path.name}.metadata.json").read_text())
    inside = pl.read_parquet_metadata(path)
    assert beside["total_rows"] == read(sample, name).height == int(inside["total_rows"])
    assert list(beside["schema"]) == list(SCHEMAS[name])
    for fact in ("created_at", "pipeline_version", "model_version", "sae_id", "build_id"):
        assert str(beside[fact]) == inside[fact]
    assert beside["settings"]["patterns.semantic_threshold"] == 0.36
    assert beside["result_statistics"]["feature_id"]["nulls"] == 0


def test_the_backends_join_gives_one_row_per_feature_and_explainer(sample: Path) -> None:
    features = read(sample, "features")
    joined = features.with_columns(pl.col("feature_id").cast(U32))
    for name in ("explanation_alignment", "ex_act_pattern_matching", "interfeature_similarity"):
        joined = joined.join(read(sample, name), on=["feature_id", "sae_id"], how="left")
    assert joined.height == features.height == features.n_unique(["feature_id", "llm_explainer"])
    for column in ("num_aligned_groups", "pattern_type", "selected_features"):
        assert joined[column].null_count() == 0


def test_all_eight_join_on_the_explained_features(sample: Path) -> None:
    explained = read(sample, "features").select(pl.col("feature_id").cast(U32), "sae_id").unique()
    for name in MASTERS[1:]:
        assert explained.join(
            read(sample, name), on=["feature_id", "sae_id"], how="anti"
        ).is_empty()


def test_a_plain_duckdb_shell_in_another_directory_answers_every_master(
    sample: Path, tmp_path: Path
) -> None:
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for n in sys.argv[2:]: print(n, c.execute(f'select count(*) from master.{n}').fetchall()[0][0])"
    )
    command = [sys.executable, "-c", code, str(sample.resolve() / "warehouse.duckdb"), *MASTERS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    counts = dict(line.split() for line in done.stdout.splitlines())
    assert counts == {name: str(read(sample, name).height) for name in MASTERS}


def test_the_warehouse_and_the_files_hold_the_same(
    sample: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    for name in MASTERS:
        path = sample / "master" / f"{name}.parquet"
        missing = connection.execute(
            f"SELECT count(*) FROM (FROM master.{name} EXCEPT FROM read_parquet(?))", [str(path)]
        ).fetchall()
        assert missing == [(0,)], name


def test_clear_planted_patterns_come_out_right(sample: Path, truth: dict) -> None:
    found = dict(
        read(sample, "ex_act_pattern_matching").select("feature_id", "pattern_type").rows()
    )
    clear = {f["feature_id"]: f["pattern_type"] for f in truth["features"] if f["clear"]}
    judged = {id_: kind for id_, kind in clear.items() if id_ in found}
    assert len(judged) >= 15
    assert {id_: found[id_] for id_ in judged} == judged


def test_the_ledger_accounts_for_everything_the_sample_wrote(
    truth: dict, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = connection.execute(
        "SELECT input, sum(records), sum(quarantined) FROM staging.files GROUP BY input"
    ).fetchall()
    ledger = {name: (records, bad) for name, records, bad in rows}
    counts = truth["counts"]
    assert ledger["activations"] == (counts["records"], 0)
    assert ledger["prompts"] == (counts["prompts"], 0)
    scored = sum(
        method.get("examples", method.get("groups", 0))
        for source in truth["sources"].values()
        for method in source["scores"].values()
    )
    assert ledger["scores"] == (scored, 0)
