"""Decoder weights of an SAE: npz and safetensors, either orientation, without pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.plan.graph import JobContext

if TYPE_CHECKING:
    import numpy as np
    import torch

# Spellings of the decoder in the wild, in the order they are looked for (case does not count).
DECODER = ("w_dec", "decoder.weight")
# No model is narrower: a shorter side is no d_model, and a file with it holds too few features.
_SMALLEST_D_MODEL = 64
_FREE = 64 << 20  # bytes that are never too many
_PER_FEATURE = ("b_enc", "threshold", "log_threshold")  # vectors of length features
_PER_DIMENSION = ("b_dec", "decoder.bias", "pre_bias")  # vectors of length d_model


def read_decoder(context: JobContext) -> torch.Tensor | None:
    """The decoder of a build's raw files, a row for each feature that occurs in them.

    None where no weights lie under `raw/`.
    """
    file = next((f for f in context.files if f.input == "raw.decoder"), None)
    if file is None:
        return None
    if file.status == "unreadable":
        raise WarehouseError(f'"{file.path}" cannot be read: {file.note}', "check its permissions")
    largest = run(context.connection, "SELECT largest FROM staging.feature_range")[0][0]
    expansion = float(context.settings["input.max_expansion"])
    return load_decoder(file.path, largest + 1, expansion)


def load_decoder(path: Path, features: int, max_expansion: float = 200.0) -> torch.Tensor:
    """The decoder as float32 (rows, d_model), a row for each of at least `features` features.

    Orientation: by the lengths of the biases beside it; else the side of length `features` is the
    features'; else the longer one is (SAEs are overcomplete), if the other can be a d_model.
    WarehouseError: not readable, no W_dec (says what the file holds), not a matrix, not finite,
    fewer rows than `features`.
    """
    import torch

    tensors = _npz(path, max_expansion) if path.suffix == ".npz" else _safetensors(path)
    by_name = {name.lower(): name for name in tensors}
    found = next((by_name[n] for n in DECODER if n in by_name), None)
    if found is None:
        raise WarehouseError(
            f'"{path}" holds no "W_dec": it holds {", ".join(sorted(tensors)) or "nothing"}',
            'name the SAE\'s own weights file: --set input.decoder="raw/sae/FILE"',
        )
    weights = tensors[found]
    if weights.ndim != 2:
        raise WarehouseError(
            f'"{path}": "{found}" has shape {tuple(weights.shape)}',
            "a matrix (features, d_model) is needed",
        )
    if not weights.numel():
        raise WarehouseError(
            f'"{path}": "{found}" is empty, its shape is {tuple(weights.shape)}',
            "export the weights again",
        )
    weights = weights.to(torch.float32)
    if _transposed(weights, tensors, by_name, features):
        weights = weights.T
    weights = weights.contiguous()
    if len(weights) < features:
        raise WarehouseError(
            f'"{path}": "{found}" has {len(weights)} rows (features), but feature {features - 1} occurs in the data',
            'these weights are of another SAE: name the right file, --set input.decoder="raw/sae/FILE"',
        )
    bad = (~torch.isfinite(weights).all(dim=1)).nonzero()
    if len(bad):
        raise WarehouseError(
            f'"{path}": "{found}" is not finite in row {int(bad[0])}', "export the weights again"
        )
    return weights


def _transposed(
    weights: torch.Tensor,
    tensors: Mapping[str, torch.Tensor],
    by_name: dict[str, str],
    features: int,
) -> bool:
    rows, columns = weights.shape
    for names, own, other in ((_PER_FEATURE, rows, columns), (_PER_DIMENSION, columns, rows)):
        for name in names:
            if name in by_name and own != other:
                length = tensors[by_name[name]].numel()
                if length in (own, other):
                    return length == other
    if features in (rows, columns):
        return rows != features
    # "decoder.weight" is a linear layer's (d_model, features); "W_dec" is not, as a rule.
    narrow = "w_dec" in by_name and rows < _SMALLEST_D_MODEL
    return rows < columns and not narrow


def _assert_bounded(path: Path, archive: zipfile.ZipFile, max_expansion: float) -> None:
    """Refuse an archive whose arrays are far larger than the file."""
    size = sum(i.file_size for i in archive.infolist())
    if size > max(_FREE, path.stat().st_size * max_expansion):
        raise WarehouseError(
            f'"{path}" grows more than input.max_expansion = {max_expansion:g} times, to {size / 1e6:,.0f} MB',
            "weights hardly compress: is it a decompression bomb? if not, --set input.max_expansion=1e6",
        )


def _npz(path: Path, max_expansion: float) -> dict[str, torch.Tensor]:
    import numpy as np
    import torch

    wanted = {*DECODER, *_PER_FEATURE, *_PER_DIMENSION}
    try:
        with np.load(path, allow_pickle=False) as archive:
            _assert_bounded(path, archive.zip, max_expansion)
            arrays = {k: archive[k] if k.lower() in wanted else None for k in archive.files}
    except (
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        MemoryError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        what = "it holds pickled objects" if "allow_pickle" in str(error) else str(error)
        raise WarehouseError(
            f'"{path}" cannot be read: {what}', "a NumPy .npz archive of plain arrays is needed"
        ) from None
    return {
        k: torch.empty(0) if v is None else torch.from_numpy(_float32(path, k, v))
        for k, v in arrays.items()
    }


def _float32(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Any number type as native float32; bf16 is stored in an npz as two raw bytes per number."""
    import numpy as np

    if array.dtype.kind == "V" and array.dtype.itemsize == 2:
        return (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    if array.dtype.kind not in "fiu":
        raise WarehouseError(f'"{path}": "{name}" is of type {array.dtype}', "numbers are needed")
    return array.astype(np.float32)


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    import torch
    from safetensors import SafetensorError, safe_open

    wanted = {*DECODER, *_PER_FEATURE, *_PER_DIMENSION}
    try:
        with safe_open(path, framework="pt") as archive:
            return {
                k: archive.get_tensor(k) if k.lower() in wanted else torch.empty(0)
                for k in archive.keys()  # noqa: SIM118 - not a dict
            }
    except (OSError, SafetensorError) as error:
        raise WarehouseError(
            f'"{path}" cannot be read: {error}', "a .safetensors file is needed"
        ) from None
