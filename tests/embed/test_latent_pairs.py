"""Latents of two SAEs that are each other's nearest."""

from __future__ import annotations

import numpy as np
import pytest

from embed import latent_pairs
from embed.latent_pairs import mutual_nearest


def plain(left: np.ndarray, right: np.ndarray) -> dict[int, tuple[int, float]]:
    """The same by the whole matrix: row → (its mutual nearest, their cosine)."""

    def unit(rows: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        return np.divide(rows, lengths, out=np.zeros(rows.shape), where=lengths > 0)

    cosines = (unit(left) @ unit(right).T).astype(np.float32)
    there, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    return {
        i: (int(j), float(cosines[i, j]))
        for i, j in enumerate(there)
        if back[j] == i and left[i].any() and right[j].any()
    }


@pytest.mark.parametrize("block", [1, 3, 2048])
def test_pairs_are_those_of_the_whole_matrix_with_ties_to_the_lowest_id(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(latent_pairs, "_BLOCK", block)
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((n, 8)).astype(np.float32) for n in (12, 9))
    left[7] = right[4] * 3  # the same direction: cosine 1
    left[9] = left[7]  # a tie: 7 is the lower id
    right[6] = right[4]  # and on the other side 4
    left[2] = right[1] = 0  # nobody's nearest
    ids, others, similar = mutual_nearest(torch.tensor(left), torch.tensor(right))
    found = {int(i): (int(j), float(s)) for i, j, s in zip(ids, others, similar, strict=True)}
    assert found[7] == (4, 1.0)
    assert 9 not in found
    assert found.keys() == plain(left, right).keys()
    for row, (other, cosine) in plain(left, right).items():
        assert found[row] == (other, pytest.approx(cosine, abs=1e-6))
