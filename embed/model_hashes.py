"""Content hashes of model files, remembered per user: no command reads a gigabyte that it knows."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from warehouse.files import write_durably
from warehouse.read.content import InputFile, hash_files, stat_file

# Of a file, what tells that it is unchanged, and what it held.
_KEPT = ("bytes", "mtime_ns", "ctime_ns", "inode", "checked_ns", "hash")


def hash_model(directory: Path) -> dict[str, str]:
    """BLAKE2b (16 bytes, in hex) of each file of a model by its relative path, in their order.

    Documentation and hidden files aside. A file is read again when its size, its times or its inode
    changed.
    """
    place, known = str(directory.resolve()), _remembered()
    before = known.get(place, {})
    hashed = hash_files(_files(directory), before)
    if {f.name: f.checked_ns for f in hashed} != {f.name: f.checked_ns for f in before.values()}:
        there = {place: files for place, files in known.items() if Path(place).is_dir()}
        _remember({**there, place: {f.name: f for f in hashed}})
    return {f.name: f.hash for f in hashed}


def _files(directory: Path) -> Iterator[InputFile]:
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        if "__pycache__" in path.parts or path.suffix == ".md" or path.name.startswith("."):
            continue
        yield stat_file(directory, path, "")


def _place() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sae-warehouse" / "model-files.json"


def _remembered() -> dict[str, dict[str, InputFile]]:
    """By model directory its files by name; nothing where the file cannot be used."""
    try:
        noted = json.loads(_place().read_text(encoding="utf-8"))
        return {
            place: {
                name: InputFile(name, "", "", **dict(zip(_KEPT, facts, strict=True)))
                for name, facts in files.items()
            }
            for place, files in noted.items()
        }
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError):
        return {}


def _remember(known: dict[str, dict[str, InputFile]]) -> None:
    noted = {
        place: {f.name: [getattr(f, fact) for fact in _KEPT] for f in files.values()}
        for place, files in known.items()
    }
    text = json.dumps(noted) + "\n"
    with contextlib.suppress(OSError, RuntimeError):  # no home, or one that cannot be written
        write_durably(_place(), lambda path: path.write_text(text, encoding="utf-8"), alone=False)
