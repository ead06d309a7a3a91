"""Directories of the field's own tools, known by what they hold: Delphi runs, Neuronpedia exports.

They are found anywhere under `raw/`, down to five directories deep. A data directory is of one SAE:
of several hookpoints or exports the settings choose one, and the files of the others are named as
what they are and never read.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.errors import UsageError, WarehouseError
from warehouse.read.content import readable
from warehouse.read.delphi_run import CONFIG, PARTS, Run, read_run
from warehouse.read.delphi_split import split_range
from warehouse.read.places import Place, entries, is_companion, quoted, walk

DEPTH = 5
ANOTHER_EXPORT = "not an input: another export"
SAME_NUMBERS = "not an input: the export beside it holds the same numbers"

_SAEBENCH = "_eval_results.json"  # the end of the names of SAEBench's results
_AUTOINTERP = re.compile(rb'"eval_type_id"\s*:\s*"autointerp"')

MARKER = "source.jsonl"  # what an export is known by
EXPORT_PARTS = ("features", "activations", "explanations")
BATCH = re.compile(r"batch-\d+\.jsonl(\.gz|\.zst)?")

_MAX_RESULTS = 1 << 20  # bytes of SAEBench's results that are looked at
_MAX_HEADER = 16 << 20  # bytes of a safetensors header


@dataclass(frozen=True)
class Export:
    """A directory of Neuronpedia's bulk exports, or of SAEDashboard's in that layout."""

    path: Path
    name: str  # relative to raw/


@dataclass
class Found:
    """What lies under `raw/`, before anything is chosen. Paths are in path order."""

    runs: list[Run] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    dashboards: list[Path] = field(default_factory=list)
    weights: list[Path] = field(default_factory=list)
    tokenizers: list[Path] = field(default_factory=list)
    sparsity: list[Path] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)
    saebench: list[Path] = field(default_factory=list)


# ------------------------------------------------------------------------------------ a survey


def survey(raw: Path, is_source: re.Pattern[str]) -> Found:
    """Every directory and single file of a known kind; `is_source` names the in-house tree's."""
    found = Found()
    for place, directories, names in os.walk(raw):
        path = Path(place)
        depth = len(path.relative_to(raw).parts)
        directories.sort()
        names = [n for n in names if not is_companion(n)]
        held, inner = set(names), set(directories)
        in_house = depth == 1 and bool(is_source.fullmatch(path.name))
        if in_house or (CONFIG in held and inner & set(PARTS)):
            if CONFIG in held:
                found.runs.append(read_run(path, in_house))
            directories[:] = [d for d in directories if d not in PARTS]
        if MARKER in held and inner & set(EXPORT_PARTS):
            found.exports.append(Export(path, readable(str(path.relative_to(raw)))))
            directories[:] = [d for d in directories if d not in EXPORT_PARTS]
        if "run_settings.json" in held and any(n.startswith("batch-") for n in names):
            found.dashboards.append(path)
        if depth == 1 and path.name == "figures":
            found.figures += [
                path / n for n in sorted(names) if Path(n).suffix in (".csv", ".jsonl", ".parquet")
            ]
        found.saebench += [
            path / n for n in sorted(names) if n.endswith(_SAEBENCH) and _is_autointerp(path / n)
        ]
        found.weights += _weights(path, sorted(names))
        found.tokenizers += [path / n for n in names if n == "tokenizer.json"]
        found.sparsity += [path / n for n in names if n == "sparsity.safetensors"]
        if depth >= DEPTH:
            directories.clear()
    return found


def _weights(path: Path, names: Iterable[str]) -> Iterator[Path]:
    """Files that hold a decoder: by their names, or by the names in their headers."""
    for name in names:
        file = path / name
        if name in ("params.npz", "sae.safetensors", "sae_weights.safetensors") or (
            name.endswith(".safetensors") and not split_range(file) and _holds_decoder(file)
        ):
            yield file


def _is_autointerp(path: Path) -> bool:
    """Whether results of SAEBench are of its autointerp; the kind is told where the file begins."""
    try:
        with path.open("rb") as handle:
            return bool(_AUTOINTERP.search(handle.read(_MAX_RESULTS)))
    except OSError:
        return False


def tensor_header(path: Path) -> object:
    """The header of a safetensors file, {} of one that is too large. OSError, ValueError, RecursionError."""
    with path.open("rb") as handle:
        size = int.from_bytes(handle.read(8), "little")
        return json.loads(handle.read(size)) if size <= _MAX_HEADER else {}


def _holds_decoder(path: Path) -> bool:
    try:
        names = tensor_header(path)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(names, dict) and any(str(n).lower() == "w_dec" for n in names)


# -------------------------------------------------------------------------------------- choices


def choose_export(exports: Iterable[Export], setting: str) -> Export | None:
    """The one export that is read; UsageError lists them where the choice is not clear."""
    by_name = {e.name: e for e in exports}
    wanted = setting.removeprefix("raw/").strip("/")
    if wanted:
        hits = [e for n, e in by_name.items() if n == wanted or n.endswith("/" + wanted)]
        if len(hits) == 1:
            return hits[0]
        raise UsageError(
            f'setting "input.export": "{setting}" is {"several exports" if hits else "no export"} under raw/',
            f"there are {quoted(by_name)}"
            if by_name
            else "an export holds source.jsonl beside features/, activations/ or explanations/",
        )
    if len(by_name) > 1:
        raise UsageError(
            f"raw/ holds several exports: {quoted(by_name)}",
            f'a data directory is of one SAE; choose: --set input.export="{next(iter(by_name))}"',
        )
    return next(iter(by_name.values()), None)


def choose_weights(weights: Iterable[Path], hookpoint: str) -> Path | None:
    """The decoder's file: the only one, else the one whose directory ends in the hookpoint.

    WarehouseError lists several; None where there is none.
    """
    found = list(weights)
    if len(found) > 1 and hookpoint:
        tail = Path(hookpoint.strip("/")).parts
        ended = [p for p in found if p.parent.parts[-len(tail) :] == tail]
        found = ended if len(ended) == 1 else found
    if len(found) > 1:
        raise WarehouseError(
            f"there are several weights files: {quoted(map(str, found))}",
            'name the one of this SAE: --set input.decoder="raw/.../FILE"',
        )
    return next(iter(found), None)


def hub_tokenizer(model: str) -> Path | None:
    """tokenizer.json of a model in the local hub cache; None where it is not there."""
    if not model or model.startswith((".", "/")) or ".." in model:
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "tokenizer.json")
    except HFValidationError:  # a name that no hub model can have
        return None
    return Path(found) if isinstance(found, str) else None


# --------------------------------------------------------------------------------- files of one


def export_files(export: Export) -> Iterator[Place]:
    """The files of an export: one kind of JSON lines per directory, batches in numeric order."""
    yield Place(export.path / MARKER, "raw.exports", export.name)
    for part in EXPORT_PARTS:
        for file in sorted(entries(export.path / part), key=lambda p: _natural(p.name)):
            if BATCH.fullmatch(file.name):
                # Explanations and features tell their own names; activations are the common records.
                source = "" if part == "activations" else export.name
                yield Place(file, f"raw.{_EXPORT_INPUTS[part]}", source)


_EXPORT_INPUTS = {
    "features": "export_features",
    "activations": "activations",
    "explanations": "export_explanations",
}


def left_alone(found: Found, chosen: Export | None) -> Iterator[Place]:
    """Files that hold something known and are not read, with the reason."""
    for export in found.exports:
        if export != chosen:
            yield from (Place(p, "", note=ANOTHER_EXPORT) for p in walk(export.path))
    if chosen:
        for directory in found.dashboards:
            batches = (p for p in entries(directory) if p.name.startswith("batch-"))
            yield from (Place(p, "", note=SAME_NUMBERS) for p in batches)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(p), "") if p.isdigit() else (-1, p) for p in re.findall(r"\d+|\D+", name)]
