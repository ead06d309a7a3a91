"""How often each feature fired, where a tool wrote it down: Delphi's counts, SAELens' sparsities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from warehouse.errors import WarehouseError
from warehouse.read.delphi_split import Archive, DamageError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from warehouse.read.content import InputFile

FIRING_COLUMNS = ("file", "line", "problem", "hookpoint", "feature_id", "firing_count")
SPARSITY_COLUMNS = ("file", "line", "problem", "feature_id", "log_sparsity")


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
                        pa.repeat(pa.scalar(file.name), n),
                        pa.array(np.ones(n, np.int64)),
                        pa.nulls(n, pa.string()),
                        pa.repeat(pa.scalar(hookpoint), n),
                        pa.array(np.arange(n)),
                        pa.array(values),
                    ],
                    schema=schema,
                )

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
                with Archive(file) as archive:
                    if "sparsity" not in archive.names:
                        raise DamageError("missing field: sparsity")
                    values = archive.tensor("sparsity")
                if values.ndim != 1 or values.dtype.kind != "f":
                    raise DamageError("wrong type: sparsity is not a list of numbers")
            except DamageError as damage:
                yield pa.record_batch(
                    [[file.name], [1], [str(damage)], [None], [None]], schema=schema
                )
                continue
            n = len(values)
            yield pa.record_batch(
                [
                    pa.repeat(pa.scalar(file.name), n),
                    pa.array(np.ones(n, np.int64)),
                    pa.nulls(n, pa.string()),
                    pa.array(np.arange(n)),
                    pa.array(values.astype(np.float64)),
                ],
                schema=schema,
            )

    return pa.RecordBatchReader.from_batches(schema, batches())


def _load_counts(file: InputFile, max_expansion: float) -> Mapping[str, np.ndarray]:
    import pickle
    import zipfile

    try:
        import torch
    except ImportError:
        raise WarehouseError(
            f'"{file.name}" is a torch file, and torch is not installed',
            "pip install 'sae-feature-warehouse[embed]'",
        ) from None
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
        if (
            not isinstance(name, str)
            or not isinstance(tensor, torch.Tensor)
            or tensor.ndim != 1
            or tensor.is_floating_point()
        ):
            raise DamageError("wrong type: a hookpoint's counts are not a list of whole numbers")
        found[name] = tensor.to(torch.int64).numpy()
    return found
