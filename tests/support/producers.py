"""The shared directories that the field's own tools wrote: unpacked once, or the test is skipped."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "producers"
Once = Callable[[str, Callable[[Path], None]], Path]


def unpacked(once: Once, name: str) -> Path:
    """The directory of one producer, with its `oracle/` beside."""
    archive = SHARED / f"{name}.tar.gz"
    if not archive.exists():
        pytest.skip(f"../shared/producers/{archive.name} is not here")

    def fill(directory: Path) -> None:
        with tarfile.open(archive) as opened:
            opened.extractall(directory, filter="data")

    return once(name, fill) / name
