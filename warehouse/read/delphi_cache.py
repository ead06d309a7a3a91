"""A Delphi run's latents cache as Arrow streams: what is told of each latent, and its prompts.

A split `<start>_<end>.safetensors` holds `locations` [n, 3] (prompt, position, latent − start) and
`activations` float16 [n]; every split of a hookpoint repeats `tokens` [prompts, ctx_len]. One split
at a time is in memory, and DuckDB sees some million entries of it at once: `sql/latents/` says what
is told of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.errors import WarehouseError
from warehouse.read.delphi_draw import Draw
from warehouse.read.delphi_split import (
    FEATURE_FILE,
    NO_TOKENS,
    DamageError,
    Split,
    assert_same_tokens,
    read_split,
    read_tokens,
    split_range,
)

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa

    from warehouse.read.content import InputFile

# Settings that decide what is kept of a latent: whoever reads raw.latents depends on them.
SETTINGS = (
    "sampling.quantiles",
    "sampling.per_quantile",
    "latents.max_records",
    "windows.embedding_tokens",
    "statistics.bins",
    "statistics.top_tokens",
)

_MAX_CONFIG = 1 << 20  # bytes of a run_config.json
_PART = 2_000_000  # entries that DuckDB works on at once
STEPS = ("records", "boundaries", "kept", "tokens", "windows", "drawn", "latents")
_FACTS = (
    "num_entries", "num_records", "num_windows", "total", "max_activation", "max_prompt_id",
    "max_position", "boundaries", "bars", "tokens", "top_count", "token_entropy", "records", "drawn",
)  # fmt: skip

COLUMNS = ("file", "line", "problem", "raw", "feature_id", "num_tokens", *_FACTS)
PROMPT_COLUMNS = ("file", "prompt_id", "token_ids", "tokens")
ENTRY_COLUMNS = ("feature_id", "prompt_id", "position", "activation")


@dataclass(frozen=True)
class Summary:
    """The SQL of `sql/latents/`, in order: name, statement, what it binds; and an engine to run it in.

    Each reads `part.entries`, or what those before it made, and becomes the table `part.<name>`;
    `drawn` reads `part.draws` too, which Python makes.
    """

    steps: Sequence[tuple[str, str, Mapping[str, object]]]
    engine: Callable[[], duckdb.DuckDBPyConnection]


def latents(
    files: Sequence[InputFile], summary: Summary, counts: dict[str, int]
) -> pa.RecordBatchReader:
    """One row per latent of the splits, in numeric order, and one per refused entry or file.

    `counts` receives the number of entries of each split; a file that cannot be read counts one.
    """
    import pyarrow as pa

    schema = _schema()

    configs = {f.source: f for f in files if f.input == "raw.run_configs"}

    def batches() -> Iterator[pa.RecordBatch]:
        known: dict[str, str] = {}
        for file in sorted((f for f in files if f.input == "raw.latents"), key=_in_order):
            try:
                split = read_split(file)
                assert_same_tokens(file, split.tokens, known)
            except DamageError as damage:
                counts[file.name] = 1
                yield _refusals(schema, file, [(None, str(damage), None)])
                continue
            counts[file.name] = len(split.values)
            for reason, places in split.refused:
                yield from _refused_entries(schema, file, split, reason, places)
            yield from _told(schema, file, split, summary, _draw_of(configs.get(file.source)))

    return pa.RecordBatchReader.from_batches(schema, batches())


def prompts(files: Sequence[InputFile]) -> pa.RecordBatchReader:
    """One row per prompt of the first split that can be read: its token ids and their strings.

    Strings are the tokenizer's `decode` of single ids, null without one. WarehouseError: the
    splits hold no tokens, or the tokenizer cannot be read.
    """
    import numpy as np
    import pyarrow as pa

    schema = pa.schema(
        [
            ("file", pa.string()),
            ("prompt_id", pa.int64()),
            ("token_ids", pa.list_(pa.int64())),
            ("tokens", pa.list_(pa.string())),
        ]
    )
    tokenizer = next((f for f in files if f.input == "raw.tokenizer"), None)
    splits = sorted((f for f in files if f.input == "raw.latents"), key=_in_order)
    first = _first_tokens(splits)
    if first is None:
        return pa.RecordBatchReader.from_batches(schema, [])
    file, tokens = first
    if tokenizer:
        ids, place = np.unique(tokens, return_inverse=True)
        strings = pa.array(token_strings(ids.tolist(), tokenizer), pa.string())
        place = place.reshape(tokens.shape)

    def batches() -> Iterator[pa.RecordBatch]:
        width = tokens.shape[1]
        rows = max(1, 1_000_000 // width)
        for at in range(0, len(tokens), rows):
            part = tokens[at : at + rows]
            ends = pa.array(np.arange(len(part) + 1, dtype=np.int32) * width)
            decoded = pa.nulls(len(part), pa.list_(pa.string()))
            if tokenizer:
                words = strings.take(pa.array(place[at : at + rows].reshape(-1)))
                decoded = pa.ListArray.from_arrays(ends, words)
            yield pa.record_batch(
                [
                    pa.repeat(pa.scalar(file.name), len(part)),
                    pa.array(np.arange(at, at + len(part))),
                    pa.ListArray.from_arrays(ends, pa.array(part.reshape(-1).astype(np.int64))),
                    decoded,
                ],
                schema=schema,
            )

    return pa.RecordBatchReader.from_batches(schema, batches())


def entries(files: Sequence[InputFile]) -> pa.RecordBatchReader:
    """One row per sound entry of the latents that `files` hold scores of, from the splits among them."""
    import numpy as np
    import pyarrow as pa

    types = (pa.int64(), pa.int64(), pa.int32(), pa.float32())
    schema = pa.schema(list(zip(ENTRY_COLUMNS, types, strict=True)))
    named = (FEATURE_FILE.fullmatch(f.path.name) for f in files if f.input == "raw.scores")
    wanted = np.array([int(n["latent"]) for n in named if n], np.int64)

    def batches() -> Iterator[pa.RecordBatch]:
        for file in sorted((f for f in files if f.input == "raw.latents"), key=_in_order):
            try:
                split = read_split(file)
            except DamageError:  # the latents say so
                continue
            held = np.flatnonzero(np.isin(split.latent, wanted))
            for at in range(0, len(held), _PART):
                part = held[at : at + _PART]
                columns = (split.latent, split.prompt, split.position, split.activation)
                arrays = [pa.array(c[part]).cast(t) for c, t in zip(columns, types, strict=True)]
                yield pa.record_batch(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _first_tokens(splits: Sequence[InputFile]) -> tuple[InputFile, np.ndarray] | None:
    """The prompts of the first split that can be read; WarehouseError where the splits hold none."""
    missing = None
    for file in splits:
        try:
            return file, read_tokens(file)
        except DamageError as damage:
            missing = file if str(damage) == NO_TOKENS else missing
    if missing:
        raise WarehouseError(
            f'"{missing.name}" holds no "tokens": the prompts of the run are not in its cache',
            "cache the latents again with Delphi's setting save_tokens = True",
        )
    return None


def _in_order(file: InputFile) -> tuple[tuple[int, int], str]:
    return split_range(file.path) or (0, 0), file.name


def token_strings(ids: Sequence[int], tokenizer: InputFile) -> list[str]:
    """The string of each token id: decoded by itself, so `##` and `<|endoftext|>` stay.

    `<id>` for an id that the tokenizer does not know.
    """
    from tokenizers import Tokenizer

    try:
        loaded = Tokenizer.from_str(tokenizer.path.read_text(encoding="utf-8"))
    except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
        raise WarehouseError(
            f'"{tokenizer.name}" cannot be read as a tokenizer: {error}',
            'name the model\'s tokenizer.json: --set input.tokenizer="raw/.../tokenizer.json"',
        ) from None
    known = loaded.get_vocab_size(with_added_tokens=True)
    decoded = loaded.decode_batch(
        [[i] if 0 <= i < known else [] for i in ids], skip_special_tokens=False
    )
    return [text if 0 <= i < known else f"<{i}>" for i, text in zip(ids, decoded, strict=True)]


# ----------------------------------------------------------------------------- what is told of it


def _schema() -> pa.Schema:
    import pyarrow as pa

    token = pa.struct([("token_id", pa.int64()), ("count", pa.int64()), ("mean", pa.float64()), ("max", pa.float32())])  # fmt: skip
    record = pa.struct([("prompt_id", pa.int64()), ("positions", pa.list_(pa.int32())), ("activations", pa.list_(pa.float32()))])  # fmt: skip
    window = pa.struct(
        [("max_activation", pa.float32()), ("in_train", pa.bool_()), ("in_test", pa.bool_())]
    )
    types = {
        "file": pa.string(), "line": pa.int64(), "problem": pa.string(), "raw": pa.string(),
        "feature_id": pa.int64(), "num_tokens": pa.int64(), "num_entries": pa.int64(),
        "num_records": pa.int64(), "num_windows": pa.int64(), "total": pa.float64(),
        "max_activation": pa.float32(), "max_prompt_id": pa.int64(), "max_position": pa.int32(),
        "boundaries": pa.list_(pa.float64()), "bars": pa.list_(pa.int64()),
        "tokens": pa.list_(token), "top_count": pa.int64(), "token_entropy": pa.float64(),
        "records": pa.list_(record), "drawn": pa.list_(window),
    }  # fmt: skip
    return pa.schema([(name, types[name]) for name in COLUMNS])


def _refusals(
    schema: pa.Schema, file: InputFile, rows: Sequence[tuple[int | None, str, str | None]]
) -> pa.RecordBatch:
    import pyarrow as pa

    told = {
        "file": [file.name] * len(rows),
        "line": [r[0] for r in rows],
        "problem": [r[1] for r in rows],
        "raw": [r[2] for r in rows],
    }
    columns = [
        pa.array(told[f.name], f.type) if f.name in told else pa.nulls(len(rows), f.type)
        for f in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _refused_entries(
    schema: pa.Schema, file: InputFile, split: Split, reason: str, places: np.ndarray
) -> Iterator[pa.RecordBatch]:
    """Refused entries as they are in the file, some thousand per batch; `line` is the 1-based place."""
    for at in range(0, len(places), 10_000):
        rows = [
            (int(i) + 1, reason, f"{split.locations[i].tolist()} {float(split.values[i])}")
            for i in places[at : at + 10_000]
        ]
        yield _refusals(schema, file, rows)


def _told(
    schema: pa.Schema, file: InputFile, split: Split, summary: Summary, draw: Draw | None
) -> Iterator[pa.RecordBatch]:
    """One row per latent of a split, some million entries worked on at a time."""
    import pyarrow as pa

    with summary.engine() as connection:
        _run(connection, "CREATE SCHEMA part; SET preserve_insertion_order = false")
        for part in _parts(split.latent):
            prompt, position = split.prompt[part], split.position[part]
            entries = pa.table(
                {
                    "feature_id": split.latent[part],
                    "prompt_id": prompt,
                    "position": position,
                    "activation": split.activation[part],
                    "token_id": split.tokens[prompt, position],
                }
            )
            connection.register("_entries", entries)
            _run(
                connection,
                "CREATE OR REPLACE VIEW part.entries AS SELECT feature_id::BIGINT AS feature_id, "
                "prompt_id::BIGINT AS prompt_id, position::INTEGER AS position, activation, "
                "token_id::BIGINT AS token_id FROM _entries",
            )
            for step, sql, settings in summary.steps:
                bound = {"window": draw.window if draw else 0} if step == "windows" else settings
                if step == "drawn":
                    _register_draws(connection, draw)
                _run(connection, f"CREATE OR REPLACE TABLE part.{step} AS {sql}", bound)
            columns = ", ".join(("feature_id", *_FACTS))
            table = connection.sql(
                f"SELECT {columns} FROM part.latents ORDER BY feature_id"
            ).to_arrow_table()
            fixed = {
                "file": pa.repeat(pa.scalar(file.name), len(table)),
                "num_tokens": pa.repeat(pa.scalar(split.tokens.size, pa.int64()), len(table)),
            }
            yield from pa.table(
                [
                    table[f.name].cast(f.type)
                    if f.name in table.column_names
                    else fixed.get(f.name, pa.nulls(len(table), f.type))
                    for f in schema
                ],
                schema=schema,
            ).to_batches()
            connection.unregister("_entries")


def _draw_of(config: InputFile | None) -> Draw | None:
    if config is None or config.status == "unreadable" or config.bytes > _MAX_CONFIG:
        return None
    try:
        return Draw.of(config.path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def _register_draws(connection: duckdb.DuckDBPyConnection, draw: Draw | None) -> None:
    """`part.draws`: for each number of windows that a latent has, the ranks that are drawn."""
    import pyarrow as pa

    counts = _run(connection, "SELECT DISTINCT num_windows FROM part.windows").fetchall()
    rows: list[tuple[int, int, bool, bool]] = []
    for (count,) in counts if draw else ():
        if count >= draw.min_windows:
            ranks = {side: set(drawn) for side, drawn in draw.ranks(count).items()}
            every = sorted(ranks["train"] | ranks["test"])
            rows += [(count, r, r in ranks["train"], r in ranks["test"]) for r in every]
    schema = pa.schema(
        [
            ("num_windows", pa.int64()),
            ("rank", pa.int64()),
            ("in_train", pa.bool_()),
            ("in_test", pa.bool_()),
        ]
    )
    columns = list(zip(*rows, strict=True)) or [[]] * 4
    connection.register(
        "_draws",
        pa.table(
            [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
        ),
    )
    _run(connection, "CREATE OR REPLACE VIEW part.draws AS FROM _draws")


def _parts(latent: np.ndarray) -> Iterator[slice]:
    """Slices of whole latents, of some million entries each; a larger latent is one by itself."""
    import numpy as np

    ends = np.append(np.flatnonzero(latent[1:] != latent[:-1]) + 1, len(latent))
    first = 0
    while first < len(latent):
        at = np.searchsorted(ends, first + _PART, side="right") - 1
        end = (
            int(ends[at])
            if at >= 0 and ends[at] > first
            else int(ends[np.searchsorted(ends, first, side="right")])
        )
        yield slice(first, end)
        first = end


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, bound: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyConnection:
    return connection.execute(sql, bound or None)
