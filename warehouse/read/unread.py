"""Directories that look like a Delphi run or an export and bring no activation records, and why."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.read.delphi_run import CONFIG
from warehouse.read.delphi_split import FEATURE_FILE, SPLIT_NAME
from warehouse.read.directories import BATCH, DEPTH, EXPORT_PARTS, MARKER
from warehouse.read.places import walk


@dataclass(frozen=True)
class _Kind:
    """What a directory is known by: a file, beside parts that hold files of such names."""

    name: str
    marker: str
    parts: Mapping[str, re.Pattern[str]]
    records: str  # the part that brings activation records
    form: str  # its files, below it


@dataclass(frozen=True)
class _Seen:
    """A directory of some kind; `depth` directories under `raw/`, 1 of those in it."""

    path: Path
    kind: _Kind
    depth: int
    in_house: bool

    def held(self, part: str) -> Path | None:
        """The first file of a part that is named as one of it, or begins so: a copy may be unfinished."""
        names = self.kind.parts[part]
        return next((p for p in walk(self.path / part) if names.match(p.name)), None)

    def is_like(self) -> bool:
        """A source of the in-house tree is complete without records; others have a sign of their kind."""
        if self.in_house:
            return bool(self.held(self.kind.records))
        marked = (self.path / self.kind.marker).exists()
        return marked or any(self.held(part) for part in self.kind.parts)

    def lack(self, raw: Path) -> tuple[str, str]:
        """Why its records are not read, and what to do: the first that holds, in the order of a search."""
        kind, place = self.kind, shlex.quote(str(self.path))
        if self.path.is_symlink():
            return (
                "is a link, and links to directories are not followed",
                f"copy what {place} leads to",
            )
        if self.depth > DEPTH:
            return (
                f"lies {self.depth} directories deep under raw/, and is looked for down to {DEPTH}",
                f"move it up: mv {place} {shlex.quote(str(raw))}",
            )
        if not (self.path / kind.marker).exists():
            return f"has no {kind.marker}", f"copy its {kind.marker} to {place}"
        if self.in_house:
            other = shlex.quote(f"{self.path}-run")
            return (
                f"is named as a source of the in-house tree, whose {kind.records}/ are not read",
                f"rename it: mv {place} {other}",
            )
        first = next(walk(self.path / kind.records), None)
        besides = f' (there is "{first.relative_to(self.path)}")' if first else ""
        return (
            f"has no {kind.records}/{kind.form} to read{besides}",
            f"copy its {kind.records}/ to {place}",
        )


def assert_none(
    raw: Path, is_source: re.Pattern[str], hookpoint: str, others: Collection[Path]
) -> None:
    """WarehouseError: a directory looks as if it brought activation records, and there are none.

    The first of those that hold records is named, else the first that has other files. `others` are
    exports that the settings did not choose.
    """
    found = list(_seen(raw, is_source, hookpoint, others))
    if not found:
        return
    seen = min(found, key=lambda s: s.held(s.kind.records) is None)
    lack, hint = seen.lack(raw)
    raise WarehouseError(
        f'"{seen.path}" looks like {seen.kind.name} but {lack}; there are no other activation '
        "records, and without them no feature is in a master",
        f'{hint}; or name records: --set input.activations="raw/..."',
    )


def _seen(
    raw: Path, is_source: re.Pattern[str], hookpoint: str, others: Collection[Path]
) -> Iterator[_Seen]:
    """Every directory under `raw/` that looks like one of a kind, in path order."""
    kinds = (
        _Kind(
            "a Delphi run", CONFIG, {"latents": SPLIT_NAME, "explanations": FEATURE_FILE, "scores": FEATURE_FILE},
            "latents", f"{hookpoint or 'HOOKPOINT'}/START_END.safetensors",
        ),
        _Kind(
            "an export", MARKER, dict.fromkeys(EXPORT_PARTS, BATCH), "activations", "batch-N.jsonl.gz"
        ),
    )  # fmt: skip
    for place, directories, _ in os.walk(raw):
        path = Path(place)
        directories.sort()
        for own in (path, *(path / d for d in directories if (path / d).is_symlink())):
            depth = len(own.relative_to(raw).parts)
            in_house = depth == 1 and bool(is_source.fullmatch(own.name))
            for seen in (_Seen(own, kind, depth, in_house) for kind in kinds):
                if own not in others and seen.is_like():
                    yield seen
                    if own == path:
                        directories[:] = [d for d in directories if d not in seen.kind.parts]
