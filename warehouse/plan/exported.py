"""The record of the files that were published: under which keys, and how to know them again.

Small files are known by size and checksum, which costs milliseconds; large ones by size and time of
change, so that a build without work reads no gigabytes. What is not as it was is written anew.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.files import write_durably
from warehouse.layout import Layout

_SMALL = 4 << 20  # bytes

Facts = tuple[int, int, str]


@dataclass(frozen=True)
class Files:
    """The files of one model: the key they were written under; path below the data directory → facts."""

    key: str
    facts: Mapping[str, Facts]


@dataclass(frozen=True)
class ExportRecord:
    """What was published, by model."""

    models: Mapping[str, Files]

    def holds(self, layout: Layout, model: str, key: str) -> bool:
        """Whether the model's files were published under `key` and lie there as they were then."""
        files = self.models.get(model)
        return files is not None and files.key == key and not self.changed(layout, model)

    def changed(self, layout: Layout, model: str) -> list[str]:
        """The model's files that are gone, or not as they were published."""
        files = self.models[model].facts
        return [path for path, facts in files.items() if file_facts(layout.data / path) != facts]


def read_record(layout: Layout) -> ExportRecord:
    """The record; an empty one where there is none, or it is no longer readable."""
    try:
        found = json.loads(layout.published_files.read_text(encoding="utf-8"))
        return ExportRecord({str(model): _files(one) for model, one in found.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ExportRecord({})


def write_record(layout: Layout, record: ExportRecord) -> None:
    """Put the record in the place of the former one."""
    text = json.dumps({m: {"key": f.key, "files": f.facts} for m, f in record.models.items()})
    write_durably(layout.published_files, lambda path: path.write_text(text, encoding="utf-8"))


def record_files(layout: Layout, key: str, paths: Sequence[str]) -> Files:
    """What lies at these paths now."""
    facts = {path: file_facts(layout.data / path) for path in paths}
    return Files(key, {path: found for path, found in facts.items() if found})


def file_facts(path: Path) -> Facts | None:
    """Bytes, time of change (of a large file), checksum (of a small one); None for what is no file."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > _SMALL:
            return found.st_size, found.st_mtime_ns, ""
        return found.st_size, 0, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return None


def _files(found: Mapping[str, object]) -> Files:
    facts = {str(p): (int(f[0]), int(f[1]), str(f[2])) for p, f in found["files"].items()}
    return Files(str(found["key"]), facts)
