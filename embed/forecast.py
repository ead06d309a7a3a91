"""How many texts there may be, told before a build reads its raw files: from names, sizes, headers."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from embed.weights import DECODER
from warehouse.plan.graph import Foresight
from warehouse.read.content import InputFile
from warehouse.read.delphi_split import FEATURE_FILE, split_range
from warehouse.read.directories import tensor_header
from warehouse.settings import parse_ranges

_HEAD = 1 << 18  # bytes of a file whose lines are counted
_PHRASES = 3  # of an explanation, about

Bounds = dict[str, int | None]  # by purpose; None: nothing tells it


def bound_texts(known: Foresight) -> Bounds:
    """By purpose how many texts there are, at most and about; None where only reading tells it.

    Where a build is published, the bounds are corrected by how many there were of its own bound.
    """
    facts = _Facts.of(known.files)
    now = _Amounts(known.files, known.settings.values, facts).bounds()
    values = {**known.settings.values, **known.former_values}
    then = _Amounts(known.former, values, facts).bounds()
    return {purpose: _corrected(known, purpose, now[purpose], then.get(purpose)) for purpose in now}


def _corrected(known: Foresight, purpose: str, now: int | None, then: int | None) -> int | None:
    there = known.rows.get(f"vectors.{purpose}")
    if there is None:
        return now
    return -(-now * there // then) if now is not None and then else max(now or 0, there)


@dataclass(frozen=True)
class _Facts:
    """What the files hold: lines per byte by input, and how many features the SAE has."""

    lines: Mapping[str, float] = field(default_factory=dict)
    width: int | None = None

    @classmethod
    def of(cls, files: Sequence[InputFile]) -> _Facts:
        lines: dict[str, float] = {}
        for file in files:
            known = not file.input or file.input in lines or file.status != "read"
            if not known and file.place.endswith((".jsonl", ".gz")):
                found = _lines_per_byte(file.path)
                lines |= {} if found is None else {file.input: found}
        decoder = (f for f in files if f.input == "raw.decoder" and f.status == "read")
        rows = next((_decoder_rows(file.path) for file in decoder), None)
        ranges = [split_range(f.path) for f in files if f.input == "raw.latents"]
        return cls(lines, rows or sum(r[1] - r[0] + 1 for r in ranges if r) or None)


@dataclass(frozen=True)
class _Amounts:
    """What files of a build hold, about. `values`: its settings."""

    files: Sequence[InputFile]
    values: Mapping[str, object]
    facts: _Facts

    def bounds(self) -> Bounds:
        explanations, explained, features = self.explanations(), self.explained(), self.features()
        examples = int(self.values["sampling.quantiles"]) * int(self.values["sampling.per_quantile"])  # fmt: skip
        records = self._lines("raw.activations")
        windows = [n for n in (records, _times(features, examples)) if n is not None]
        return {
            "windows": min(windows, default=None),
            "explanations": explanations,
            "phrases": _times(explanations, _PHRASES),
            "ngram_contexts": _times(explained, int(self.values["matching.ngram_examples"])),
            "semantic_contexts": _times(explained, int(self.values["matching.contexts"])),
        }

    def features(self) -> int | None:
        """Those of the SAE that are in the scope."""
        width = self.facts.width or self._lines("raw.export_features") or None
        if width is None or not self.scope:
            return width
        return sum(max(min(b, width - 1) - a + 1, 0) for a, b in self.scope)

    def explanations(self) -> int | None:
        if any(f.input == "raw.saebench" for f in self.files):
            return None
        lines = self._lines("raw.export_explanations")
        return None if lines is None else len(self._ids) + lines

    def explained(self) -> int | None:
        lines, features = self.explanations(), self.features()
        if lines == len(self._ids):
            return len(set(self._ids))
        return features if lines is None else min(lines, features or lines)

    @property
    def scope(self) -> list[list[int]]:
        return parse_ranges(str(self.values.get("scope.features", "")))

    @cached_property
    def _ids(self) -> list[int]:
        names = (
            FEATURE_FILE.fullmatch(f.name) for f in self.files if f.input == "raw.explanations"
        )
        ids = [int(name["latent"]) for name in names if name]
        scope = self.scope
        return [i for i in ids if not scope or any(a <= i <= b for a, b in scope)]

    def _lines(self, input_: str) -> int | None:
        """About how many lines an input has; None when that is not known."""
        size = sum(f.bytes for f in self.files if f.input == input_)
        if not size and input_ != "raw.activations":
            return 0
        per_byte = self.facts.lines.get(input_)
        return round(per_byte * size) if per_byte and size else None


def _times(count: int | None, factor: int) -> int | None:
    return None if count is None else count * factor


def _lines_per_byte(path: Path) -> float | None:
    """Lines per byte of a file as it lies on disk, by its beginning."""
    try:
        with path.open("rb") as stream:
            text = head = stream.read(_HEAD)
        read = len(head)
        if path.suffix == ".gz":
            archive = zlib.decompressobj(31)
            text = archive.decompress(head, _HEAD << 4)
            read -= len(archive.unconsumed_tail)
    except (OSError, zlib.error):
        return None
    return text.count(b"\n") / read if b"\n" in text else None


def _decoder_rows(path: Path) -> int | None:
    """The longer side of the decoder, of which only the header is read: SAEs are overcomplete."""
    try:
        shapes = _npz_shapes(path) if path.suffix == ".npz" else _safetensors_shapes(path)
        return max(int(side) for side in next(s for n, s in shapes.items() if n.lower() in DECODER))  # fmt: skip
    except Exception:  # noqa: BLE001 - the job that reads the file says what is wrong with it
        return None


def _npz_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    from numpy.lib import format as npy

    shapes = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                one = npy.read_magic(stream) == (1, 0)
                read = npy.read_array_header_1_0 if one else npy.read_array_header_2_0
                shapes[name.removesuffix(".npy")] = read(stream)[0]
    return shapes


def _safetensors_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    header = tensor_header(path)
    return {name: tuple(facts["shape"]) for name, facts in header.items() if "shape" in facts}
