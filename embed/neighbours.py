"""Decoder neighbours: the k rows of the largest cosine similarity, exactly, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_BLOCK = 2048  # rows of a block; one block product is all of the n × n matrix that ever exists
_SPARE = 6  # candidates kept beyond k, so that float noise at the boundary can be told apart
_NOISE = 4e-6  # two float32 products closer than this may stand in either order


def nearest_rows(
    weights: torch.Tensor, k: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (n, k') int64 and cosine similarities (n, k') float32, k' = min(k, n - 1).

    `weights`: float32 (n, d). Each row's neighbours are never itself, in descending similarity,
    ties by smaller id; a zero row has similarity 0 to all. The product is symmetric: each block
    above the diagonal serves its rows and its columns. Where float32 noise could decide an order,
    the row is scored again in float64.
    """
    import torch

    count = len(weights)
    k = max(min(k, count - 1), 0)
    keep = min(k + _SPARE, max(count - 1, 0))
    weights = weights.to(device)
    # Scaled by its largest entry first, no row's squares overflow or vanish.
    unit = (weights / weights.abs().amax(dim=1, keepdim=True)).nan_to_num_(0.0)
    unit = torch.nn.functional.normalize(unit, dim=1)
    values = torch.full((count, keep), -torch.inf, device=device)
    ids = torch.zeros((count, keep), dtype=torch.int64, device=device)
    if not k:
        return ids.cpu(), values.cpu()

    def merge(rows: slice, scores: torch.Tensor, first_id: int) -> None:
        best, at = scores.topk(min(keep, scores.shape[1]), dim=1, sorted=False)
        pool = torch.cat([values[rows], best], dim=1)
        pool_ids = torch.cat([ids[rows], at + first_id], dim=1)
        values[rows], chosen = pool.topk(keep, dim=1)
        ids[rows] = pool_ids.gather(1, chosen)

    for top in range(0, count, _BLOCK):
        rows = slice(top, min(top + _BLOCK, count))
        for left in range(top, count, _BLOCK):
            columns = slice(left, min(left + _BLOCK, count))
            scores = unit[rows] @ unit[columns].T
            if left == top:
                scores.fill_diagonal_(-torch.inf)
            else:
                merge(columns, scores.T.contiguous(), top)
            merge(rows, scores, left)
    _settle_ties(weights, values, ids, k)
    return ids[:, :k].cpu(), values[:, :k].clamp(-1, 1).cpu()


def _settle_ties(weights: torch.Tensor, values: torch.Tensor, ids: torch.Tensor, k: int) -> None:
    """Score anew, in float64, the rows whose order float32 noise could have decided."""
    import torch

    close = (values[:, :-1] - values[:, 1:])[:, :k] < _NOISE
    for row in close.any(dim=1).nonzero().flatten().tolist():
        candidates = ids[row]
        if values[row, k - 1] - values[row, -1] < 2 * _NOISE:  # more ties than candidates
            candidates = torch.arange(len(weights), device=weights.device)
            candidates = candidates[candidates != row]
        own = weights[row].double()
        exact = torch.cat([_cosine(c, own) for c in weights[candidates].split(_BLOCK)]).float()
        order = torch.from_numpy(_lexsort(exact, candidates)).to(weights.device)[: values.shape[1]]
        values[row], ids[row] = exact[order], candidates[order]


def _cosine(rows: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    rows = rows.double()
    length = rows.norm(dim=1) * own.norm()
    return (rows @ own / length).nan_to_num(0.0)


def _lexsort(similarity: torch.Tensor, ids: torch.Tensor):
    import numpy as np

    return np.lexsort((ids.cpu().numpy(), -similarity.cpu().numpy()))
