"""Latents of two SAEs that are each other's nearest by the decoder: the same feature, followed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embed import encoder, weights

if TYPE_CHECKING:
    import pyarrow as pa
    import torch

_BLOCK = 2048  # rows of the product at a time


def pair_latents(
    decoder: Path,
    rows: int,
    other: Path,
    other_rows: int,
    device: str = "auto",
    max_expansion: float = 200.0,
) -> pa.Table | None:
    """(feature_id, other_feature_id, cosine_similarity) of the mutual nearest rows of two decoders.

    `rows`: how many the decoder has at the least. None when the two are of different models: their
    rows differ in length.
    """
    import pyarrow as pa

    left = weights.load_decoder(decoder, rows, max_expansion)
    right = weights.load_decoder(other, other_rows, max_expansion)
    if left.shape[1] != right.shape[1]:
        return None
    ids, others, similar = mutual_nearest(left, right, encoder.pick_device(device))
    return pa.table(
        {
            "feature_id": ids.numpy(),
            "other_feature_id": others.numpy(),
            "cosine_similarity": similar.numpy(),
        }
    )


def mutual_nearest(
    left: torch.Tensor, right: torch.Tensor, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows of `left` (n, d) and `right` (m, d) that are each other's nearest by cosine, ascending.

    The similarities are float32, computed in float64; of equal ones the lowest id is the nearest.
    A zero row is nobody's nearest.
    """
    import torch

    high, wide = (_unit(rows).to(device) for rows in (left, right))
    nearest = torch.zeros(len(high), dtype=torch.int64)
    similar = torch.empty(len(high))
    best = torch.full((len(wide),), -torch.inf, device=device)
    nearest_left = torch.zeros(len(wide), dtype=torch.int64, device=device)
    for at in range(0, len(high), _BLOCK):
        scores = (high[at : at + _BLOCK] @ wide.T).float()
        found = scores.argmax(dim=1)  # of equal ones the first
        nearest[at : at + _BLOCK] = found.cpu()
        similar[at : at + _BLOCK] = scores.gather(1, found[:, None])[:, 0].cpu()
        values, places = scores.amax(dim=0), scores.argmax(dim=0) + at
        better = values > best  # an equal one of an earlier block stays
        best = torch.where(better, values, best)
        nearest_left = torch.where(better, places, nearest_left)
    back = nearest_left.cpu()[nearest]
    real = (left.abs().amax(dim=1) > 0) & (right.abs().amax(dim=1) > 0)[nearest]
    ids = ((back == torch.arange(len(high))) & real).nonzero()[:, 0]
    return ids, nearest[ids], similar[ids].clamp(-1, 1)


def _unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length 1, or 0, float64."""
    import torch

    return torch.nn.functional.normalize(rows.double(), dim=1, eps=1e-300)
