"""Decoder neighbours: the k rows of the largest cosine similarity, exactly, in bounded memory.

Two passes. The scan multiplies unit rows in the fastest number type and keeps, for each row, every
other row that could be among its k best: the type's error has a bound. The second pass scores
those few in float64.

The scan compares products as integers of the same bits, which takes a third of the time. Positive
floats are in the order of their bits, and above all negative ones, which are in the wrong order. So
a bar is either positive or rules nothing out.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_BLOCK = 1024  # rows of a tile of the product
_TILE = 8192  # its columns; one tile is all of the n × n matrix that ever exists
_EXACT = 2**24  # numbers that are held in float64 at a time, twice
_PAIRS = 2**22  # candidates that are scored and sorted at a time, some hundred bytes each
_CROWD = 32  # a row with over so many times k candidates is scored against all rows at once
_ROUNDING = 2.0**-24  # of a float32 operation, relative
_GROWTH = 1.25  # bars are raised each time the rows that a row was compared with grow by this


def nearest_rows(
    weights: torch.Tensor, k: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (n, k') int64 and cosine similarities (n, k') float32, k' = min(k, n - 1).

    `weights`: float32 (n, d). Similarities are computed in float64 and rounded. Each row's
    neighbours are never itself, in descending similarity, ties by smaller id; a zero row has
    similarity 0 to all. Memory beyond the weights grows with n, not with its square.
    """
    import torch

    count = len(weights)
    k = max(min(k, count - 1), 0)
    ids = torch.arange(k).repeat(count, 1)
    ids += ids >= torch.arange(count)[:, None]  # a zero row's: the smallest that are not itself
    values = torch.zeros(count, k)
    if not k:
        return ids, values
    lengths = torch.cat([rows.double().norm(dim=1) for rows in weights.split(_fitting(weights))])
    scan = _Scan.start(weights, k, device)
    crowded = scan.run()
    crowded = crowded[lengths[crowded] > 0]
    for rows, columns in scan.candidates():
        similar = _score_pairs(weights, lengths, rows, columns)
        order = _by_rank(rows, similar)
        first = torch.searchsorted(rows, rows.unique())  # the pairs are in the order of their rows
        taken = order[first[:, None] + torch.arange(k)]
        ids[rows[first]], values[rows[first]] = columns[taken], similar[taken]
    for some in crowded.split(max(_EXACT // count, 1)):
        ids[some], values[some] = _score_all(weights, lengths, some, k)
    return ids, values.clamp(-1, 1)


@dataclass
class _Scan:
    """Which pairs of rows may be neighbours. Rows are in a random order, so that no order of
    theirs can crowd the first tiles with what later ones would rule out."""

    unit: torch.Tensor  # (n, d), rows of length 1 in the scan's number type
    order: torch.Tensor  # (n,) the row of `weights` that each is
    k: int
    error: float  # bound of |product - similarity|
    rounding: float  # of a product when it is stored, relative
    best: torch.Tensor  # (n, k) large products of k different pairs of each row, as integers
    bar: torch.Tensor  # (n,) a smaller product is ruled out, as integers
    # (n, 4k) of what came since the bar was raised: the largest of each of 4k groups of other rows
    coming: torch.Tensor
    pairs: list[torch.Tensor] = field(default_factory=list)  # int32 (3, m): row, column, product
    held: int = 0
    room: int = 0

    @classmethod
    def start(cls, weights: torch.Tensor, k: int, device: str) -> _Scan:
        import torch

        count, width = weights.shape
        order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
        kind = _scan_type(weights, device)
        unit = torch.empty(count, width, dtype=kind, device=device)
        lost = 0.0  # the largest length of what a row loses in that type
        for at in range(0, count, _BLOCK):
            rows = _normalised(weights[order[at : at + _BLOCK]])
            kept = rows.to(kind)
            lost = max(lost, float((rows - kept.float()).norm(dim=1).max()))
            unit[at : at + _BLOCK] = kept
        # Of a product of unit rows, each `lost` off (Cauchy-Schwarz), the float32 sum of `width`
        # terms, the lengths' own rounding, and equal float32 values at the k-th place.
        lost = 1.01 * lost + (width / 2 + 4) * _ROUNDING
        error = 2 * lost + lost**2 + 1.1 * (width + 8) * _ROUNDING
        rounding = 1.01 * torch.finfo(kind).eps / 2
        whole = {2: torch.int16, 4: torch.int32}[kind.itemsize]
        lowest = torch.iinfo(whole).min
        best = torch.full((count, k), lowest, dtype=whole, device=device)
        bar = torch.full((count,), lowest, dtype=whole, device=device)
        coming = torch.full((count, 4 * k), lowest, dtype=whole, device=device)
        room = 4 * k * count + 2**20
        return cls(unit, order, k, error, rounding, best, bar, coming, room=room)

    def run(self) -> torch.Tensor:
        """Find the candidates; the rows that have too many of them, whose pairs are not kept."""
        import torch

        count = len(self.unit)
        room = self.unit.new_empty(_BLOCK * _TILE)  # used again: fresh memory costs as much as work
        for top in range(0, count, _BLOCK):
            rows = slice(top, min(top + _BLOCK, count))
            for left in range(top, count, _TILE):
                columns = slice(left, min(left + _TILE, count))
                high, wide = self.unit[rows], self.unit[columns]
                scores = room[: len(high) * len(wide)].view(len(high), len(wide))
                torch.matmul(high, wide.T, out=scores)
                scores = scores.view(self.bar.dtype)
                if left == top:
                    scores.fill_diagonal_(self._extreme.min)
                self._collect(scores, rows.start, columns.start)
                # The product is symmetric: what lies off the diagonal serves its columns too.
                right = max(rows.stop - columns.start, 0)
                self._collect(scores[:, right:].T, columns.start + right, rows.start)
            if self.held > self.room:
                self._drop()
        for top in range(0, count, _TILE):
            self._raise_bars(slice(top, top + _TILE))
        self._drop()
        return self.order[(self.bar == self._extreme.max).cpu()]

    def candidates(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Rows and columns (m,) of the candidates, sorted, all those of a row at once."""
        count, pairs = len(self.unit), self.pairs[0][:2].cpu()
        size = max(count * _PAIRS // max(self.held, 1), 1)
        for first in range(0, count, size):
            own = pairs[:, (pairs[0] >= first) & (pairs[0] < first + size)].long()
            row, column = self.order[own[:, own[0] != own[1]]]
            key = (row * count + column).sort().values
            yield key // count, key % count

    @property
    def _extreme(self) -> torch.iinfo:
        """The integer under every product, or a bar that rules nothing out, and the one above."""
        import torch

        return torch.iinfo(self.bar.dtype)

    def _collect(self, scores: torch.Tensor, row: int, column: int) -> None:
        """Keep of these scores what passes its row's bar, which is raised now and then.

        row, column: those of scores[0, 0]; so these rows have met `column` others before.
        """
        import torch

        height, width = scores.shape
        size = max(min(width // (4 * self.k), 32), 1)  # one comparison for a group of columns
        groups = width // size
        if not (height and groups):
            return
        rows = slice(row, row + height)
        grouped = scores[:, : groups * size].unflatten(1, (size, groups))
        # Reduced the way the numbers lie in memory: several times as fast as across it.
        largest = grouped.amax(1) if scores.stride(1) == 1 else grouped.permute(1, 2, 0).amax(0).T
        for first in range(0, groups, self.coming.shape[1]):
            some = largest[:, first : first + self.coming.shape[1]]
            place = self.coming[rows, : some.shape[1]]
            torch.maximum(place, some, out=place)
        if not column or _stage(column + groups * size) > _stage(column):
            self._raise_bars(rows)
        at, group = _cells(largest >= self.bar[rows, None])
        found = grouped[at, :, group]
        which, place = _cells(found >= self.bar[row + at, None])
        at, other = at[which], group[which] + place * groups
        self._keep(row + at, column + other, found[which, place])
        self._collect(scores[:, groups * size :], row, column + groups * size)

    def _raise_bars(self, rows: slice) -> None:
        """The products in `best` and `coming` are of different pairs, as their groups are apart."""
        import torch

        known = torch.cat([self.best[rows], self.coming[rows]], 1)
        self.best[rows] = known.topk(self.k, 1, sorted=False)[0]
        self.coming[rows] = self._extreme.min
        kind = self.unit.dtype
        least = self.best[rows].amin(1).view(kind).float()
        bar = (least - self.rounding * least.abs() - 2 * self.error).to(kind)
        bits = torch.where(bar > 0, bar.view(self.bar.dtype), self._extreme.min)
        self.bar[rows] = torch.maximum(self.bar[rows], bits)

    def _keep(self, rows: torch.Tensor, columns: torch.Tensor, products: torch.Tensor) -> None:
        import torch

        kept = torch.stack([rows.int(), columns.int(), products.int()])  # int32 holds any id
        self.pairs.append(kept)
        self.held += kept.shape[1]

    def _drop(self) -> None:
        """Drop pairs under their rows' bars by now, and rows with too many."""
        import torch

        pairs = torch.cat(self.pairs, 1)
        count = len(self.unit)
        passing = pairs[2] >= self.bar[pairs[0]]
        pairs = pairs[:, passing]
        number = pairs[0].bincount(minlength=count)
        self.bar[number > _CROWD * self.k] = self._extreme.max
        self.pairs = [pairs[:, self.bar[pairs[0]] < self._extreme.max]]
        self.held = self.pairs[0].shape[1]
        self.room = max(self.room, 2 * self.held)


def _cells(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and columns (m,) of the cells that are true, in any order."""
    import numpy as np
    import torch

    if mask.device.type != "cpu":
        return mask.nonzero(as_tuple=True)
    # Ten times as fast as torch's nonzero where few cells are true.
    lies_across = mask.stride(0) < mask.stride(1)
    cells = mask.T if lies_across else mask
    at = torch.from_numpy(np.flatnonzero(cells.numpy()))
    high, wide = at // cells.shape[1], at % cells.shape[1]
    return (wide, high) if lies_across else (high, wide)


def _stage(count: int) -> int:
    return int(math.log(count, _GROWTH))


def _scan_type(weights: torch.Tensor, device: str) -> torch.dtype:
    """bfloat16 where this processor multiplies it much faster, as measured; the result is the same."""
    import torch

    if torch.device(device).type != "cpu":
        return torch.float32
    seconds = {}
    for kind in (torch.float32, torch.bfloat16):
        rows = torch.ones(min(len(weights), 512), weights.shape[1], dtype=kind)
        for _ in range(2):  # the first one prepares
            started = time.perf_counter()
            rows @ rows.T
            seconds[kind] = time.perf_counter() - started
    return (
        torch.bfloat16 if 1.5 * seconds[torch.bfloat16] < seconds[torch.float32] else torch.float32
    )


def _normalised(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length 1, or 0. Scaled by the largest entry first, no square overflows or vanishes."""
    import torch

    rows = (rows / rows.abs().amax(dim=1, keepdim=True)).nan_to_num_(0.0)
    return torch.nn.functional.normalize(rows, dim=1)


def _score_pairs(
    weights: torch.Tensor, lengths: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Cosine similarity of each pair (m,) float32, computed in float64; pairs sorted by row, column."""
    import torch

    similar = torch.empty(len(rows), dtype=torch.float64)
    size = min(_fitting(weights), len(weights))
    room = torch.empty((2, size, weights.shape[1]), dtype=torch.float64)  # used again
    for top in range(0, len(weights), size):
        high = _doubled(weights[top : top + size], room[0])
        start, end = torch.searchsorted(rows, torch.tensor([top, top + len(high)])).tolist()
        for left in range(0, len(weights) if end > start else 0, size):
            wide = _doubled(weights[left : left + size], room[1])
            own = (columns[start:end] >= left) & (columns[start:end] < left + len(wide))
            at = own.nonzero().flatten() + start
            similar[at] = _products(high, wide, rows[at] - top, columns[at] - left)
    return (similar / (lengths[rows] * lengths[columns])).nan_to_num_(0.0).float()


def _fitting(weights: torch.Tensor) -> int:
    """How many of its rows are held in float64 at a time."""
    return max(_EXACT // weights.shape[1], 1)


def _doubled(rows: torch.Tensor, room: torch.Tensor) -> torch.Tensor:
    return room[: len(rows)].copy_(rows)


def _products(
    high: torch.Tensor, wide: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """high[rows] · wide[columns] without gathering them; pairs sorted by row, column."""
    import torch

    starts = torch.zeros(len(high) + 1, dtype=torch.int64)
    starts[1:] = rows.bincount(minlength=len(high)).cumsum(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its sparse tensors a beta
        wanted = torch.sparse_csr_tensor(
            starts, columns, torch.zeros(len(rows), dtype=high.dtype), (len(high), len(wide))
        )
        return torch.sparse.sampled_addmm(wanted, high, wide.T, beta=0.0).values()


def _by_rank(rows: torch.Tensor, similar: torch.Tensor) -> torch.Tensor:
    """The order by row, descending similarity, id; the pairs come sorted by row and id."""
    order = similar.sort(descending=True, stable=True).indices
    return order[rows[order].sort(stable=True).indices]


def _score_all(
    weights: torch.Tensor, lengths: torch.Tensor, some: torch.Tensor, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and similarities (len(some), k) of these rows' neighbours, each scored against all."""
    import torch

    own = weights[some].double()
    similar = torch.cat([own @ rows.double().T for rows in weights.split(_fitting(weights))], dim=1)
    similar = (similar / (lengths[some, None] * lengths)).nan_to_num_(0.0).float()
    similar[torch.arange(len(some)), some] = -torch.inf
    values, ids = similar.sort(dim=1, descending=True, stable=True)
    return ids[:, :k], values[:, :k]
