"""Comparing the written files with recomputed rows: schemas, nullability, values, and their number."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.independent import recompute as rc

_CHAR_PLACES = (
    "list<struct<prompt_id:uint32,positions:list<struct<token_position:uint16,char_offset:uint8>>>>"
)
_WORD_PLACES = "list<struct<prompt_id:uint32,positions:list<uint16>>>"
_PAIRS = (
    "list<struct<similar_feature_id:uint32,decoder_similarity:float,pattern_type:str,"
    "semantic_similarity:float,char_jaccard:float,word_jaccard:float,"
    "main_prompt_ids:list<uint32>,similar_prompt_ids:list<uint32>,num_comparisons:uint32,"
    "max_char_ngram:str,max_char_ngram_size:uint8,max_word_ngram:str,max_word_ngram_size:uint8,"
    f"main_char_ngram_positions:{_CHAR_PLACES},similar_char_ngram_positions:{_CHAR_PLACES},"
    f"main_word_ngram_positions:{_WORD_PLACES},similar_word_ngram_positions:{_WORD_PLACES}>>"
)
_BARYCENTRIC_FLOATS = (
    *("score_fuzz", "score_detection", "score_embedding"),
    *("explanation_semantic_sim", "intra_feature_sim", "intra_feature_sim_std"),
    *("score_embedding_std", "score_fuzz_std", "score_detection_std"),
    "explanation_semantic_sim_std",
    *("dist_missed_ngram", "dist_missed_context", "dist_noisy_activation"),
    *("bary_missed_ngram", "bary_missed_context", "bary_noisy_activation"),
    *("position_x", "position_y"),
)
SCHEMAS: dict[str, dict[str, str]] = {
    "activation_display": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "pattern_type": "cat",
        "semantic_similarity": "float",
        "char_ngram_max_jaccard": "float",
        "word_ngram_max_jaccard": "float",
        "top_char_ngram_text": "str",
        "top_word_ngram_text": "str",
        "quantile_examples": "list<struct<quantile_index:int64,prompt_id:int64,"
        "prompt_tokens:list<str>,"
        "activation_pairs:list<struct<token_position:int64,activation_value:double>>,"
        "max_activation:double,max_activation_position:int64,"
        "char_ngram_positions:list<struct<token_position:int64,char_offset:int64>>,"
        "word_ngram_positions:list<int64>>>",
    },
    "interfeature_activation_similarity": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "semantic_pairs": _PAIRS,
        "lexical_pairs": _PAIRS,
    },
    "first_merge_clustering": {"feature_id": "int32", "first_merge_distance": "float"},
    "explanation_barycentric": {
        "feature_id": "int64",
        "llm_explainer": "str",
        **dict.fromkeys(_BARYCENTRIC_FLOATS, "float"),
        "nearest_anchor": "str",
        "cluster_id": "int32",
    },
}
# What SPEC-NEXT.md adds to features, last: compared here, not by tests.independent.check.
FEATURES = {"decoder_similarity_merge_threshold": "double"}


@dataclass
class Checked:
    """What comparing one file found: values compared, differences, and notes that are none."""

    name: str
    rows: int = 0
    values: int = 0
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(self, where: str, expected: Any, actual: Any, tolerance: float = 1e-5) -> bool:
        """Compare a tree of values, count them, and keep what differs; True when nothing does."""
        found = list(rc.value_differences(where, expected, actual, tolerance))
        self.values += count_values(expected)
        self.differences += found
        return not found

    def lines(self) -> Iterator[str]:
        """The report on this file."""
        yield (
            f"{self.name}: {len(self.differences) or 'no'} difference(s); "
            f"{self.values} values in {self.rows} rows compared"
        )
        for text in self.differences[: rc.MOST_REPORTED]:
            yield f"  {text}"
        if len(self.differences) > rc.MOST_REPORTED:
            yield f"  and {len(self.differences) - rc.MOST_REPORTED} more"
        for text in self.notes[: rc.MOST_REPORTED]:
            yield f"  note: {text}"
        if len(self.notes) > rc.MOST_REPORTED:
            yield f"  note: and {len(self.notes) - rc.MOST_REPORTED} more notes"


def count_values(expected: Any) -> int:
    """The values that a comparison looks at; an empty list is one, for its length."""
    if isinstance(expected, np.ndarray):
        return expected.size
    if isinstance(expected, dict):
        return sum(count_values(value) for value in expected.values())
    if isinstance(expected, (list, tuple)):
        return sum(count_values(value) for value in expected) or 1
    return 1


# ---------------------------------------------------------------------------------------------
# Schemas and storage


def polars_type(dtype: Any) -> str:
    """A Polars type in the words of SCHEMAS."""
    if isinstance(dtype, pl.List):
        return f"list<{polars_type(dtype.inner)}>"
    if isinstance(dtype, pl.Struct):
        return "struct<" + ",".join(f"{f.name}:{polars_type(f.dtype)}" for f in dtype.fields) + ">"
    names = {"String": "str", "Categorical": "cat", "Float32": "float", "Float64": "double"}
    base = str(dtype.base_type())
    return names.get(base, base.lower())


def schema_differences(columns: dict[str, str], schema: dict[str, str], reader: str) -> list[str]:
    """Differences of the columns, their order and dtypes as one reader has them."""
    found = []
    if list(schema) != list(columns):
        found.append(f"columns ({reader}): expected {list(columns)} .. got {list(schema)}")
    for column, wanted in columns.items():
        if column in schema and schema[column] != wanted:
            found.append(f"{column}: dtype ({reader}): expected {wanted} .. got {schema[column]}")
    return found


def not_nullable(where: str, column: pa.Field) -> Iterator[str]:
    """The fields, at every level, that may not be null."""
    if not column.nullable:
        yield where
    dtype = column.type
    if pa.types.is_struct(dtype):
        for i in range(dtype.num_fields):
            yield from not_nullable(f"{where}.{dtype.field(i).name}", dtype.field(i))
    elif pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        yield from not_nullable(f"{where}[]", dtype.value_field)


def leaf_levels(
    column: pa.Field, definition: int = 0, repetition: int = 0
) -> list[tuple[int, int]]:
    """Per leaf its largest definition and repetition level, as the Arrow fields may be null."""
    dtype, definition = column.type, definition + column.nullable
    if pa.types.is_struct(dtype):
        fields = [dtype.field(i) for i in range(dtype.num_fields)]
        return [level for f in fields for level in leaf_levels(f, definition, repetition)]
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return leaf_levels(dtype.value_field, definition + 1, repetition + 1)
    return [(definition, repetition)]


def storage_differences(path: Path, nullable: bool = True) -> list[str]:
    """What may be null in the file and in its Arrow schema alike, and no BYTE_STREAM_SPLIT.

    `nullable`: all of it may, as SPEC-NEXT has it; for the masters SPEC 4 only wants them to agree.
    """
    found = []
    file = pq.ParquetFile(path)
    schema, stored = file.schema_arrow, (file.metadata.metadata or {}).get(b"ARROW:schema")
    if stored:
        schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(stored)))
    fixed = [place for column in schema for place in not_nullable(column.name, column)]
    if nullable and fixed:
        found.append(f"not nullable: {fixed[:5]}")
    expected = [level for column in schema for level in leaf_levels(column)]
    for i, levels in enumerate(expected):
        leaf = file.schema.column(i)
        got = (leaf.max_definition_level, leaf.max_repetition_level)
        if got != levels:
            found.append(f"{leaf.path}: levels: ARROW:schema {levels} .. parquet {got}")
    encodings = {
        encoding
        for group in range(file.metadata.num_row_groups)
        for i in range(file.metadata.num_columns)
        for encoding in file.metadata.row_group(group).column(i).encodings
    }
    if "BYTE_STREAM_SPLIT" in encodings:
        found.append("an encoding is BYTE_STREAM_SPLIT")
    return found


def holds_nan(values: pa.Array) -> bool:
    """Whether a float of an array, at whatever depth, is NaN."""
    if pa.types.is_struct(values.type):
        return any(map(holds_nan, values.flatten()))
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return holds_nan(values.flatten())
    return pa.types.is_floating(values.type) and bool(pc.any(pc.is_nan(values)).as_py())


def open_file(checked: Checked, path: Path, columns: dict[str, str]) -> pa.Table | None:
    """The table of a parquet file, its schema held to SPEC-NEXT; None when there is no such file."""
    if not path.is_file():
        checked.differences.append("the file is not there")
        return None
    table = pq.read_table(path)
    arrow = {f.name: rc.type_name(f.type) for f in table.schema}
    polars = {n: polars_type(d) for n, d in pl.read_parquet(path, n_rows=0).schema.items()}
    checked.differences += schema_differences(columns, arrow, "pyarrow")
    checked.differences += schema_differences(columns, polars, "Polars")
    checked.differences += storage_differences(path, nullable=checked.name in SCHEMAS)
    checked.differences += [
        f"{name}: holds NaN"
        for name, column in zip(table.column_names, table.columns, strict=True)
        if any(map(holds_nan, column.chunks))
    ]
    checked.values += 2 * len(columns)
    return table


def read_json(checked: Checked, path: Path) -> Any:
    """A JSON file that knows no NaN; None, and a difference, when it is not there."""
    if not path.is_file():
        checked.differences.append(f"{path.name} is not there")
        return None

    def refuse(constant: str) -> None:
        checked.differences.append(f"{path.name} holds {constant}")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


# ---------------------------------------------------------------------------------------------
# Rows


def only(table: pa.Table, wanted: Iterable[int] | None) -> pa.Table:
    """The rows of the wanted features."""
    if wanted is None:
        return table
    ids = table["feature_id"].cast(pa.int64())
    return table.filter(pc.is_in(ids, pa.array(sorted(wanted), pa.int64())))


def compare_rows(checked: Checked, expected: Iterable[list[rc.Row]], table: pa.Table) -> None:
    """Compare rows by feature id, one per feature, ascending.

    A row that differs, and agrees with one of the alternatives behind the expected one, is a note:
    float noise at a threshold decided it.
    """
    got = table["feature_id"].to_pylist()
    place = {feature: i for i, feature in enumerate(got)}
    seen = []
    for row, *alternatives in expected:
        feature = row["feature_id"]
        seen.append(feature)
        where = f"feature_id={feature}"
        if alternatives:
            checked.notes.append(f"{where}: a similarity within 1e-5 of its threshold")
        if feature not in place:
            continue
        checked.rows += 1
        (actual,) = table.slice(place[feature], 1).to_pylist()
        for other in alternatives:
            if any(rc.value_differences(where, row, actual, 1e-5)) and not any(
                rc.value_differences(where, other, actual, 1e-5)
            ):
                checked.notes.append(f"{where}: decided the other way at the threshold")
                row = other
        checked.compare(where, row, actual)
    if got != seen:
        missing, extra = sorted(set(seen) - set(got)), sorted(set(got) - set(seen))
        checked.differences.append(
            f"rows: {len(missing)} missing {missing[:5]}, {len(extra)} too many {extra[:5]}, "
            f"{'not ' if got != sorted(got) else ''}ascending"
        )
