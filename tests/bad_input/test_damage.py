"""A tenth of the sample's files and lines damaged in ten ways, reconciled to the last record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.damage import WAYS, damage, reconcile


@pytest.mark.parametrize("seed", [0, 1])
def test_a_damaged_tree_builds_and_every_record_is_where_it_belongs(
    sample: Path, tmp_path: Path, seed: int
) -> None:
    done = damage(sample, tmp_path, seed, share=0.1)
    assert set(done.files.values()) == set(WAYS)
    result = reconcile(sample, tmp_path, done, staged=True, share=0.1)
    assert result.differences == []
    assert result.compared > 1000
    assert min(bad for name, *_, bad, _ in result.inputs if name in ("activations", "scores")) > 30


def test_damage_that_nobody_told_of_is_found(sample: Path, tmp_path: Path) -> None:
    done = damage(sample, tmp_path, 0, share=0.1)
    hidden = next(
        name for name, way in done.files.items() if way == "truncated" and "/scores/" in name
    )
    del done.files[hidden]
    result = reconcile(sample, tmp_path, done, staged=True, share=0.1)
    assert result.differences
    assert all(Path(hidden).stem.rpartition("latent")[2] in line for line in result.differences)
