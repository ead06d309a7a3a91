"""Data directories compared that no collection names."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from warehouse.collection.compared import Comparison, read_comparison
from warehouse.collection.comparison import comparing
from warehouse.collection.members import Pairing, adhoc_collection
from warehouse.collection.parts import make_part
from warehouse.collection.publish import write
from warehouse.errors import UsageError
from warehouse.models.model import Model


def compare_directories(
    directories: Sequence[Path],
    settings: Sequence[str],
    models: Mapping[str, Model],
    load_pairing: Callable[[], Pairing],
) -> Comparison:
    """Compare what these data directories published. Writes nothing into them."""
    if len(directories) < 2:
        raise UsageError("one directory alone cannot be compared", "python cli.py compare DIR DIR")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        collection = adhoc_collection(place, directories, settings)
        parts = [make_part(m, models, collection.layout.members, False) for m in collection.members]
        path = place / "warehouse.duckdb"
        write(collection, models, parts, comparing(collection, models, load_pairing), path)
        return read_comparison(path)
