"""The masters and the backend's tables as record batches, for export.

Of the three wide ones the SQL model says what they hold and answers ad-hoc queries. Written from
there they would be sorted with all their tokens and vectors; here only the narrow columns come
from SQL, in order, and each token or vector is placed once. The tests compare both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import duckdb

from warehouse.database import run
from warehouse.models.model import Model
from warehouse.sqltext import identifier
from warehouse.write.gather import SampledVectors, list_array, spans, vector_array

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_EXAMPLES = 16_384  # rows per batch
_VECTOR_VALUES = 1 << 24  # float32 values per batch: 64 MB
_FEATURES = 2048


_ROWS = 4096  # rows per batch of any other master


@dataclass
class Assembly:
    """What an assembler works with; `facts` is what it found, for the file's metadata."""

    connection: duckdb.DuckDBPyConnection
    sampled: SampledVectors
    int8: bool = False
    facts: dict[str, object] = field(default_factory=dict)


def sql_rows(work: Assembly, model: Model) -> Iterator[dict[str, pa.Array]]:
    """Columns of a master as its SQL gives them, in its order, a batch at a time."""
    order = f" ORDER BY {model.order}" if model.order else ""
    rows = work.connection.sql(f"FROM {identifier(model.name)}{order}").to_arrow_reader(_ROWS)
    with rows:  # left open, it would keep the file from being opened again
        for batch in rows:
            yield dict(zip(batch.schema.names, batch.columns, strict=True))


def activation_examples(work: Assembly) -> Iterator[dict[str, pa.Array]]:
    """Columns of `master.activation_examples`, a batch at a time; tokens dictionary-encoded."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    sae_id = _sae_id(work.connection)
    prompts, tokens = _encoded_prompts(work.connection, "staging.prompts")
    # A scan of one table keeps its order, which is by (feature_id, prompt_id).
    examples = work.connection.sql(
        """SELECT feature_id::UINTEGER AS feature_id, prompt_id, num_activations::UINTEGER AS n,
            max_activation, positions::UINTEGER[] AS positions, activations
        FROM staging.activation_examples"""
    ).to_arrow_reader(_EXAMPLES)
    with examples:  # left open, it would keep the file from being opened again
        for batch in examples:
            taken = prompts.take(batch["prompt_id"].to_numpy())
            positions = batch["positions"]
            pairs = pa.StructArray.from_arrays(
                [positions.flatten(), batch["activations"].flatten()],
                names=["token_position", "activation_value"],
            )
            offsets = pc.cumulative_sum(batch["n"].cast(pa.int32())).to_numpy()
            yield {
                "feature_id": batch["feature_id"],
                "sae_id": _constant(sae_id, batch.num_rows),
                "prompt_id": batch["prompt_id"].cast(pa.uint32()),
                "prompt_tokens": pa.ListArray.from_arrays(
                    taken.offsets,
                    pa.DictionaryArray.from_arrays(taken.values, tokens),
                ),
                "num_activations": batch["n"],
                "max_activation": batch["max_activation"],
                "activation_pairs": list_array(pairs, np.append(0, offsets)),
            }


def activation_embeddings(work: Assembly) -> Iterator[dict[str, pa.Array]]:
    """Columns of `master.activation_embeddings`, a batch at a time.

    With `int8`, a vector is 127 steps of its own `scale` to either side (scale = largest absolute
    value ÷ 127), and `facts` gets the largest error that this makes in a cosine similarity with
    the vector itself.
    """
    import numpy as np
    import pyarrow as pa

    sae_id = _sae_id(work.connection)
    gathered = work.sampled.default(work.connection)
    features = work.connection.sql(
        "SELECT feature_id FROM staging.features WHERE num_examples > 0 ORDER BY feature_id"
    ).fetchnumpy()["feature_id"]
    # Silent features hold no row: they begin where the next one does.
    places = np.searchsorted(gathered.feature_ids, features)
    starts = np.append(gathered.starts[places], gathered.starts[-1])
    for first, last in spans(starts, _VECTOR_VALUES // gathered.places.dimension, _FEATURES):
        start, stop = int(starts[first]), int(starts[last])
        offsets = starts[first : last + 1] - start
        vectors = gathered.places.read(start, stop)
        columns = {
            "feature_id": pa.array(features[first:last].astype(np.uint32)),
            "sae_id": _constant(sae_id, last - first),
            "prompt_ids": list_array(
                pa.array(gathered.prompt_ids[start:stop].astype(np.uint32)), offsets
            ),
        }
        if work.int8:
            vectors, scales, error = quantized(vectors)
            work.facts["largest_cosine_error"] = max(
                error, work.facts.get("largest_cosine_error", 0.0)
            )
            columns["scales"] = list_array(pa.array(scales), offsets)
        columns["embeddings"] = list_array(vector_array(vectors), offsets)
        yield columns


def activation_display(work: Assembly) -> Iterator[dict[str, pa.Array]]:
    """Columns of `backend.activation_display`, a batch at a time; forms dictionary-encoded."""
    sae_id = _sae_id(work.connection)
    prompts = _prompt_forms(work.connection)
    patterns = work.connection.sql(
        """SELECT feature_id::UINTEGER AS feature_id, pattern_type, semantic_similarity::FLOAT AS semantic,
            char_share::FLOAT AS char_share, word_share::FLOAT AS word_share, char_ngram, word_ngram
        FROM analysis.display_patterns ORDER BY feature_id"""
    ).to_arrow_table()
    # A part of the features at a time: sorting one needs no more memory for more of them.
    for at in range(0, patterns.num_rows, _FEATURES):
        features = patterns.slice(at, _FEATURES)
        ids = features["feature_id"]
        examples = work.connection.sql(
            """SELECT feature_id, quantile::BIGINT - 1 AS quantile_index, prompt_id::BIGINT AS prompt_id,
                list_transform(
                    list_zip(positions::BIGINT[], activations::DOUBLE[]),
                    lambda pair: {'token_position': pair[1], 'activation_value': pair[2]}
                ) AS activation_pairs,
                max_activation::DOUBLE AS max_activation,
                max_position::BIGINT AS max_activation_position,
                char_positions::STRUCT(token_position BIGINT, char_offset BIGINT)[] AS char_ngram_positions,
                word_positions::BIGINT[] AS word_ngram_positions
            FROM analysis.displayed_examples
            WHERE feature_id BETWEEN $first AND $last
            ORDER BY feature_id, sample_order""",
            params={"first": ids[0].as_py(), "last": ids[-1].as_py()},
        ).to_arrow_table()
        yield _displayed(sae_id, features, examples, prompts)


def _displayed(
    sae_id: str | None, features: pa.Table, examples: pa.Table, prompts: _Prompts
) -> dict[str, pa.Array]:
    """Columns of these features' rows; `examples`: theirs, in order."""
    import numpy as np
    import pyarrow as pa

    starts = np.searchsorted(examples["feature_id"].to_numpy(), features["feature_id"].to_numpy())
    columns = {name: _whole(examples[name]) for name in examples.column_names[1:]}
    columns["prompt_tokens"] = prompts.take(columns["prompt_id"].to_numpy())
    names = ["quantile_index", "prompt_id", "prompt_tokens", *examples.column_names[3:]]
    structs = pa.StructArray.from_arrays([columns[name] for name in names], names=names)
    return {
        "feature_id": _whole(features["feature_id"]),
        "sae_id": _constant(sae_id, features.num_rows),
        "pattern_type": _whole(features["pattern_type"]).dictionary_encode(),
        "semantic_similarity": _whole(features["semantic"]),
        "char_ngram_max_jaccard": _whole(features["char_share"]),
        "word_ngram_max_jaccard": _whole(features["word_share"]),
        "top_char_ngram_text": _whole(features["char_ngram"]),
        "top_word_ngram_text": _whole(features["word_ngram"]),
        "quantile_examples": list_array(structs, np.append(starts, examples.num_rows)),
    }


@dataclass(frozen=True)
class _Prompts:
    """Prompts by their ids. `ids` are ascending; `rows` says which of the `lists` each has."""

    ids: np.ndarray
    rows: np.ndarray
    lists: pa.ListArray

    def take(self, ids: np.ndarray) -> pa.ListArray:
        import numpy as np
        import pyarrow as pa

        return self.lists.take(pa.array(self.rows[np.searchsorted(self.ids, ids)]))


def _prompt_forms(connection: duckdb.DuckDBPyConnection) -> _Prompts:
    """The displayed prompts, and the forms of their tokens."""
    import pyarrow as pa
    import pyarrow.compute as pc

    displayed = """(FROM staging.prompts
        WHERE prompt_id IN (SELECT prompt_id FROM analysis.displayed_examples))"""
    prompts, tokens = _encoded_prompts(connection, displayed)
    known = connection.sql("SELECT token, form FROM staging.token_forms").to_arrow_table()
    # Several tokens have one form, and a dictionary holds each once.
    places = pc.index_in(tokens, value_set=_whole(known["token"]))
    forms = _whole(known["form"]).take(places).dictionary_encode()
    codes, starts = prompts.lists.values, prompts.lists.offsets.to_numpy()
    encoded = pa.DictionaryArray.from_arrays(forms.indices.take(codes), forms.dictionary)
    return replace(prompts, lists=list_array(encoded, starts))


def _encoded_prompts(
    connection: duckdb.DuckDBPyConnection, prompts: str
) -> tuple[_Prompts, pa.Array]:
    """These prompts with their tokens as int32 places in a dictionary, and that.

    All tokens as text take several times as much memory as their places, so a batch at a time is
    encoded with a dictionary of its own, and its places are rewritten when all tokens are known.
    The dictionary is sorted: it does not depend on the order in which prompts come.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    sql = f"SELECT count(*), coalesce(sum(num_tokens), 0)::BIGINT FROM {prompts}"
    ((count, total),) = run(connection, sql)
    ids, starts = np.empty(count, np.int64), np.zeros(count + 1, np.int32)
    codes, batches, row, place = np.empty(total, np.int32), [], 0, 0
    sql = f"SELECT prompt_id, tokens FROM {prompts}"
    with connection.sql(sql).to_arrow_reader(_EXAMPLES) as reader:
        for batch in reader:
            encoded = batch["tokens"].flatten().dictionary_encode()
            rows, own = slice(row, row + len(batch)), slice(place, place + len(encoded))
            row, place = rows.stop, own.stop
            ids[rows] = batch["prompt_id"].to_numpy()
            starts[1:][rows] = pc.list_value_length(batch["tokens"]).to_numpy()
            codes[own] = encoded.indices.to_numpy()
            batches.append((own, encoded.dictionary))
    tokens = pa.chunked_array([known for _, known in batches], pa.string()).unique()
    tokens = tokens.take(pc.sort_indices(tokens))
    for own, known in batches:
        codes[own] = pc.index_in(known, value_set=tokens).to_numpy()[codes[own]]
    order = ids.argsort(kind="stable")
    lists = list_array(pa.array(codes), starts.cumsum(dtype=np.int32))
    return _Prompts(ids[order], order, lists), tokens


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


ASSEMBLERS: dict[str, Callable[[Assembly], Iterator[dict[str, pa.Array]]]] = {
    "master.activation_examples": activation_examples,
    "master.activation_embeddings": activation_embeddings,
    "backend.activation_display": activation_display,
}


def quantized(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Vectors (rows, dimension) float32 as int8 codes, float32 scales (rows), and the largest
    1 - cosine(vector, codes × scale). A zero vector has scale 0."""
    import numpy as np

    if not vectors.size:
        return vectors.astype(np.int8), np.empty(len(vectors), np.float32), 0.0
    scales = np.abs(vectors).max(axis=1) / np.float32(127)
    codes = np.rint(vectors / np.where(scales > 0, scales, 1)[:, None])
    dots = np.einsum("ij,ij->i", vectors, codes, dtype=np.float64)
    norms = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    norms *= np.einsum("ij,ij->i", codes, codes, dtype=np.float64)
    cosines = np.divide(dots, np.sqrt(norms), out=np.ones_like(dots), where=norms > 0)
    return codes.astype(np.int8), scales.astype(np.float32), float(1 - cosines.min())


def _sae_id(connection: duckdb.DuckDBPyConnection) -> str | None:
    found = run(connection, "SELECT sae_id FROM staging.sae")
    return found[0][0] if found else None


def _constant(text: str | None, rows: int) -> pa.Array:
    import pyarrow as pa

    codes = pa.array([0 if text is not None else None], pa.int32()).take(
        pa.array([0] * rows, pa.int32())
    )
    return pa.DictionaryArray.from_arrays(codes, pa.array([text or ""]))
