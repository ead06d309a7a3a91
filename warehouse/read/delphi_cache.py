"""A Delphi run's latents cache: its splits, its prompts and its firing counts as Arrow streams.

A split `<start>_<end>.safetensors` holds `locations` [n, 3] (prompt, position, latent − start) and
`activations` float16 [n]; every split of a hookpoint repeats `tokens` [prompts, ctx_len]. One split
at a time is in memory, and DuckDB sees some million entries of it at once: `sql/latents/` says what
is told of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import WarehouseError
from warehouse.models import load_all
from warehouse.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa

    from warehouse.sources import InputFile

SPLIT_NAME = re.compile(r"(\d+)_(\d+)\.safetensors")
# Settings that decide what is kept of a latent: whoever reads raw.latents depends on them.
SETTINGS = (
    "sampling.quantiles", "sampling.per_quantile", "latents.max_records", "windows.embedding_tokens",
    "statistics.bins", "statistics.top_tokens",
)  # fmt: skip

_PART = 2_000_000  # entries that DuckDB works on at once
_STEPS = ("records", "boundaries", "kept", "tokens", "latents")
_FACTS = (
    "num_entries", "num_records", "num_windows", "total", "max_activation", "max_prompt_id",
    "max_position", "boundaries", "bars", "tokens", "top_count", "token_entropy", "records",
)  # fmt: skip

COLUMNS = ("file", "line", "problem", "raw", "feature_id", "num_tokens", *_FACTS)
PROMPT_COLUMNS = ("file", "prompt_id", "token_ids", "tokens")
SPARSITY_COLUMNS = ("file", "line", "problem", "feature_id", "log_sparsity")
FIRING_COLUMNS = ("file", "line", "problem", "hookpoint", "feature_id", "firing_count")


class DamageError(Exception):
    """A file is not what it should be; the message says why, for quarantine."""


@dataclass(frozen=True)
class Split:
    """Entries of a split that are sound, sorted by (latent, prompt, position), and its prompts.

    latent, prompt, position: integers (n,); activation: float32 (n,); tokens: integers (prompts,
    ctx_len). `refused`: (reason, places in the file) of the entries that are not.
    """

    latent: np.ndarray
    prompt: np.ndarray
    position: np.ndarray
    activation: np.ndarray
    tokens: np.ndarray
    refused: Sequence[tuple[str, np.ndarray]]
    locations: np.ndarray
    values: np.ndarray


def split_range(path: Path) -> tuple[int, int] | None:
    """(first, last) latent of a split by its name, both inclusive; None for another file."""
    found = SPLIT_NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2])) if found else None


def latents(
    files: Sequence[InputFile], settings: Settings, counts: dict[str, int]
) -> pa.RecordBatchReader:
    """One row per latent of the splits, in numeric order, and one per refused entry or file.

    `counts` receives the number of entries of each split; a file that cannot be read counts one.
    """
    import pyarrow as pa

    schema = _schema()

    def batches() -> Iterator[pa.RecordBatch]:
        known: dict[str, str] = {}
        for file in sorted(files, key=lambda f: (split_range(f.path) or (0, 0), f.name)):
            try:
                split = _read_split(file)
                _assert_same_tokens(file, split.tokens, known)
            except DamageError as damage:
                counts[file.name] = 1
                yield _refusals(schema, file, [(None, str(damage), None)])
                continue
            counts[file.name] = len(split.values)
            for reason, places in split.refused:
                yield from _refused_entries(schema, file, split, reason, places)
            yield from _told(schema, file, split, settings)

    return pa.RecordBatchReader.from_batches(schema, batches())


def prompts(files: Sequence[InputFile]) -> pa.RecordBatchReader:
    """One row per prompt of the first split that can be read: its token ids and their strings.

    Strings are the tokenizer's `decode` of single ids, `<id>` without one. WarehouseError: the
    splits hold no tokens, or the tokenizer cannot be read.
    """
    import numpy as np
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("prompt_id", pa.int64()), ("token_ids", pa.list_(pa.int64())),
         ("tokens", pa.list_(pa.string()))]
    )  # fmt: skip
    splits = [f for f in files if f.input == "raw.latents"]
    tokenizer = next((f for f in files if f.input == "raw.tokenizer"), None)

    def batches() -> Iterator[pa.RecordBatch]:
        for file in sorted(splits, key=lambda f: (split_range(f.path) or (0, 0), f.name)):
            try:
                tokens = _read_tokens(file)
            except DamageError:
                continue
            ids, place = np.unique(tokens, return_inverse=True)
            strings = pa.array(token_strings(ids.tolist(), tokenizer), pa.string())
            width, rows = tokens.shape[1], max(1, 1_000_000 // max(1, tokens.shape[1]))
            place = place.reshape(tokens.shape)
            for first in range(0, len(tokens), rows):
                part = tokens[first : first + rows]
                offsets = pa.array(np.arange(len(part) + 1, dtype=np.int32) * width)
                yield pa.record_batch(
                    [
                        pa.repeat(pa.scalar(file.name), len(part)),
                        pa.array(np.arange(first, first + len(part))),
                        pa.ListArray.from_arrays(offsets, pa.array(part.reshape(-1).astype(np.int64))),
                        pa.ListArray.from_arrays(offsets, strings.take(pa.array(place[first : first + rows].reshape(-1)))),
                    ],
                    schema=schema,
                )  # fmt: skip
            return

    return pa.RecordBatchReader.from_batches(schema, batches())


def token_strings(ids: Sequence[int], tokenizer: InputFile | None) -> list[str]:
    """The string of each token id: decoded by itself, so `##` and `<|endoftext|>` stay.

    Without a tokenizer, and for an id that it does not know, `<id>`.
    """
    if tokenizer is None:
        return [f"<{i}>" for i in ids]
    from tokenizers import Tokenizer

    try:
        loaded = Tokenizer.from_str(tokenizer.path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises nothing narrower
        raise WarehouseError(
            f'"{tokenizer.name}" cannot be read as a tokenizer: {error}',
            'name the model\'s tokenizer.json: --set input.tokenizer="raw/.../tokenizer.json"',
        ) from None
    known = loaded.get_vocab_size(with_added_tokens=True)
    decoded = loaded.decode_batch([[i] if 0 <= i < known else [] for i in ids], skip_special_tokens=False)
    return [text if 0 <= i < known else f"<{i}>" for i, text in zip(ids, decoded, strict=True)]


def firing_counts(
    files: Sequence[InputFile], max_expansion: float, counts: dict[str, int]
) -> pa.RecordBatchReader:
    """One row per (hookpoint, latent) of `log/hookpoint_firing_counts.pt`: how often it fired.

    The file is loaded with `weights_only=True`, so no pickled code runs.
    """
    import numpy as np
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("line", pa.int64()), ("problem", pa.string()),
         ("hookpoint", pa.string()), ("feature_id", pa.int64()), ("firing_count", pa.int64())]
    )  # fmt: skip

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            counts[file.name] = 1
            try:
                tensors = _load_counts(file, max_expansion)
            except DamageError as damage:
                yield pa.record_batch(
                    [[file.name], [1], [str(damage)], *([None],) * 3], schema=schema
                )
                continue
            for hookpoint, values in tensors.items():
                n = len(values)
                yield pa.record_batch(
                    [
                        pa.repeat(pa.scalar(file.name), n), pa.array(np.ones(n, np.int64)),
                        pa.nulls(n, pa.string()), pa.repeat(pa.scalar(hookpoint), n),
                        pa.array(np.arange(n)), pa.array(values),
                    ],
                    schema=schema,
                )  # fmt: skip

    return pa.RecordBatchReader.from_batches(schema, batches())


def sparsity(files: Sequence[InputFile], counts: dict[str, int]) -> pa.RecordBatchReader:
    """One row per feature of SAELens' `sparsity.safetensors`: log10 of the share of tokens it fires on."""
    import numpy as np
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("line", pa.int64()), ("problem", pa.string()),
         ("feature_id", pa.int64()), ("log_sparsity", pa.float64())]
    )  # fmt: skip

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            counts[file.name] = 1
            try:
                with _Archive(file) as archive:
                    if "sparsity" not in archive.names:
                        raise DamageError("missing field: sparsity")
                    values = archive.tensor("sparsity")
                if values.ndim != 1 or values.dtype.kind != "f":
                    raise DamageError("wrong type: sparsity is not a list of numbers")
            except DamageError as damage:
                yield pa.record_batch([[file.name], [1], [str(damage)], [None], [None]], schema=schema)
                continue
            n = len(values)
            yield pa.record_batch(
                [
                    pa.repeat(pa.scalar(file.name), n), pa.array(np.ones(n, np.int64)),
                    pa.nulls(n, pa.string()), pa.array(np.arange(n)), pa.array(values.astype(np.float64)),
                ],
                schema=schema,
            )  # fmt: skip

    return pa.RecordBatchReader.from_batches(schema, batches())


def _load_counts(file: InputFile, max_expansion: float) -> Mapping[str, np.ndarray]:
    import pickle
    import zipfile

    import torch

    if file.status == "unreadable":
        raise DamageError(f"unreadable file: {file.note}")
    try:
        with zipfile.ZipFile(file.path) as archive:
            size = sum(i.file_size for i in archive.infolist())
        if size > max(64 << 20, file.bytes * max_expansion):
            raise DamageError(f"it grows more than input.max_expansion = {max_expansion:g} times")
        loaded = torch.load(file.path, map_location="cpu", weights_only=True)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise DamageError(f"unreadable file: {error}") from None
    except (RuntimeError, ValueError, TypeError, KeyError, pickle.UnpicklingError):
        raise DamageError("unreadable file: not a torch file of plain tensors") from None
    if not isinstance(loaded, Mapping):
        raise DamageError("wrong type: not a table of hookpoints")
    found = {}
    for name, tensor in loaded.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.ndim != 1 or tensor.is_floating_point():
            raise DamageError("wrong type: a hookpoint's counts are not a list of whole numbers")  # fmt: skip
        found[name] = tensor.to(torch.int64).numpy()
    return found


# ----------------------------------------------------------------------------------- a split


def _read_tokens(file: InputFile) -> np.ndarray:
    with _Archive(file) as archive:
        if "tokens" not in archive.names:
            raise WarehouseError(
                f'"{file.name}" holds no "tokens": the prompts of the run are not in its cache',
                "cache the latents again with Delphi's setting save_tokens = True",
            )
        return _as_tokens(archive.tensor("tokens"))


def _read_split(file: InputFile) -> Split:
    """DamageError says what is wrong with the file as a whole."""
    import numpy as np

    tokens = _read_tokens(file)
    with _Archive(file) as archive:
        for name in ("locations", "activations"):
            if name not in archive.names:
                raise DamageError(f"missing field: {name}")
        locations, values = archive.tensor("locations"), archive.tensor("activations")
    if locations.ndim != 2 or locations.shape[1] != 3 or locations.dtype.kind not in "iu":
        raise DamageError("wrong type: locations are not rows of (prompt, position, latent)")
    if values.ndim != 1 or values.dtype.kind != "f":
        raise DamageError("wrong type: activations are not a list of numbers")
    if len(locations) != len(values):
        raise DamageError(f"lengths that do not fit: {len(locations)} locations, {len(values)} activations")  # fmt: skip
    first, last = split_range(file.path) or (0, 2**32 - 1)
    prompt, position, latent = (np.ascontiguousarray(locations[:, i]) for i in range(3))
    refused = []
    good = np.ones(len(values), bool)
    for reason, bad in (
        ("unknown prompt id", (prompt < 0) | (prompt >= tokens.shape[0])),
        ("token position outside the prompt", (position < 0) | (position >= tokens.shape[1])),
        ("latent outside the split", (latent < 0) | (latent > last - first)),
        ("value not finite", ~np.isfinite(values)),
        ("value negative", values < 0),
    ):
        if bad.any():
            refused.append((reason, np.flatnonzero(bad & good)))
            good &= ~bad
    kept = np.flatnonzero(good) if refused else None
    order = _order(prompt, position, latent, kept)
    repeats = _repeats(prompt, position, latent, order)
    if len(repeats):
        refused.append(("duplicate (feature, prompt, position)", order[repeats]))
        order = np.delete(order, repeats)
    return Split(
        latent[order].astype(np.int64) + first, prompt[order], position[order],
        values[order].astype(np.float32), tokens, refused, locations, values,
    )  # fmt: skip


def _order(
    prompt: np.ndarray, position: np.ndarray, latent: np.ndarray, kept: np.ndarray | None
) -> np.ndarray:
    """Places of the entries by (latent, prompt, position); a cache is written by prompt already."""
    import numpy as np

    if kept is not None:
        prompt, position, latent = prompt[kept], position[kept], latent[kept]
    order = np.argsort(latent, kind="stable")  # of 16-bit numbers a radix sort
    p, q, own = prompt[order], position[order], latent[order]
    ahead = (own[1:] != own[:-1]) | (p[1:] > p[:-1]) | ((p[1:] == p[:-1]) & (q[1:] >= q[:-1]))
    if not ahead.all():
        order = np.lexsort((position, prompt, latent))
    return order if kept is None else kept[order]


def _repeats(
    prompt: np.ndarray, position: np.ndarray, latent: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Where in `order` an entry has the latent, prompt and position of the one before."""
    import numpy as np

    same = np.ones(max(0, len(order) - 1), bool)
    for column in (position, prompt, latent):
        own = column[order]
        same &= own[1:] == own[:-1]
    return np.flatnonzero(same) + 1


def _as_tokens(tokens: np.ndarray) -> np.ndarray:
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu" or not tokens.shape[1]:
        raise DamageError("wrong type: tokens are not rows of token ids")
    return tokens


def _assert_same_tokens(file: InputFile, tokens: np.ndarray, known: dict[str, str]) -> None:
    """Every split of a run repeats the prompts; other prompts are of another run."""
    import hashlib

    import numpy as np

    # int32 and int64 of the same ids are the same prompts.
    content = hashlib.blake2b(np.ascontiguousarray(tokens.astype(np.int64)).data, digest_size=16)
    content.update(str(tokens.shape).encode())
    first, digest = next(iter(known.items()), (file.name, content.hexdigest()))
    if digest != content.hexdigest():
        raise DamageError(f'other prompts than in "{first}"')
    known[first] = digest


class _Archive:
    """A safetensors file as NumPy arrays, one tensor at a time; DamageError for whatever is wrong."""

    def __init__(self, file: InputFile) -> None:
        from safetensors import SafetensorError, safe_open

        if file.status == "unreadable":
            raise DamageError(f"unreadable file: {file.note}")
        try:
            self._archive = safe_open(file.path, framework="np")
            self.names = frozenset(self._archive.keys())
        except (OSError, SafetensorError) as error:
            raise DamageError(f"unreadable file: {error}") from None

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *_: object) -> None:
        del self._archive

    def tensor(self, name: str) -> np.ndarray:
        from safetensors import SafetensorError

        try:
            return self._archive.get_tensor(name)
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            raise DamageError(f"unreadable file: {name}: {error}") from None


# ----------------------------------------------------------------------------- what is told of it


def _schema() -> pa.Schema:
    import pyarrow as pa

    token = pa.struct([("token_id", pa.int64()), ("count", pa.int64()), ("mean", pa.float64()), ("max", pa.float32())])  # fmt: skip
    record = pa.struct([("prompt_id", pa.int64()), ("positions", pa.list_(pa.int32())), ("activations", pa.list_(pa.float32()))])  # fmt: skip
    types = {
        "file": pa.string(), "line": pa.int64(), "problem": pa.string(), "raw": pa.string(),
        "feature_id": pa.int64(), "num_tokens": pa.int64(), "num_entries": pa.int64(),
        "num_records": pa.int64(), "num_windows": pa.int64(), "total": pa.float64(),
        "max_activation": pa.float32(), "max_prompt_id": pa.int64(), "max_position": pa.int32(),
        "boundaries": pa.list_(pa.float64()), "bars": pa.list_(pa.int64()),
        "tokens": pa.list_(token), "top_count": pa.int64(), "token_entropy": pa.float64(),
        "records": pa.list_(record),
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
    columns = [pa.array(told[f.name], f.type) if f.name in told else pa.nulls(len(rows), f.type) for f in schema]  # fmt: skip
    return pa.record_batch(columns, schema=schema)


def _refused_entries(
    schema: pa.Schema, file: InputFile, split: Split, reason: str, places: np.ndarray
) -> Iterator[pa.RecordBatch]:
    """Refused entries as they stand in the file, some thousand a batch; `line` is the 1-based place."""
    for at in range(0, len(places), 10_000):
        rows = [
            (int(i) + 1, reason, f"{split.locations[i].tolist()} {float(split.values[i])}")
            for i in places[at : at + 10_000]
        ]
        yield _refusals(schema, file, rows)


def _told(
    schema: pa.Schema, file: InputFile, split: Split, settings: Settings
) -> Iterator[pa.RecordBatch]:
    """One row per latent of a split, some million entries worked on at a time."""
    import pyarrow as pa

    models = load_all()
    values = settings.parameters()
    with _engine(settings) as connection:
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
            for step in _STEPS:
                model = models[f"latents.{step}"]
                bound = {name: values[name] for name in model.parameters}
                _run(connection, f"CREATE OR REPLACE TABLE part.{step} AS {model.sql}", bound)
            columns = ", ".join(("feature_id", *_FACTS))
            table = connection.sql(f"SELECT {columns} FROM part.latents ORDER BY feature_id").to_arrow_table()
            fixed = {
                "file": pa.repeat(pa.scalar(file.name), len(table)),
                "num_tokens": pa.repeat(pa.scalar(split.tokens.size, pa.int64()), len(table)),
            }
            yield from pa.table(
                [
                    table[f.name].cast(f.type) if f.name in table.column_names
                    else fixed.get(f.name, pa.nulls(len(table), f.type))
                    for f in schema
                ],
                schema=schema,
            ).to_batches()  # fmt: skip
            connection.unregister("_entries")


def _parts(latent: np.ndarray) -> Iterator[slice]:
    """Slices of whole latents, of some million entries each; a larger latent is one by itself."""
    import numpy as np

    ends = np.append(np.flatnonzero(latent[1:] != latent[:-1]) + 1, len(latent))
    first = 0
    while first < len(latent):
        at = np.searchsorted(ends, first + _PART, side="right") - 1
        end = int(ends[at]) if at >= 0 and ends[at] > first else int(ends[np.searchsorted(ends, first, side="right")])  # fmt: skip
        yield slice(first, end)
        first = end


def _engine(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An engine in memory of its own: the build's is busy reading this stream."""
    import duckdb

    from warehouse.database import create_macros

    config = {k: settings[k] for k in ("memory_limit", "threads") if settings[k]}
    connection = duckdb.connect(":memory:", config=config)
    create_macros(connection, {n: m for n, m in load_all().items() if m.schema == "macros"})
    _run(connection, "CREATE SCHEMA part; SET preserve_insertion_order = false")
    return connection


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, bound: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyConnection:
    return connection.execute(sql, bound or None)
