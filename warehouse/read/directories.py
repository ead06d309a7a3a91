"""Directories of the field's own tools, known by what they hold: Delphi runs, Neuronpedia exports.

They are found anywhere under `raw/`, down to five directories deep. A data directory is of one SAE:
of several hookpoints or exports the settings choose one, and the files of the others are named as
what they are and never read.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.read.delphi_split import FEATURE_FILE, split_range

DEPTH = 5
ANOTHER_HOOKPOINT = "not an input: another hookpoint"
ANOTHER_EXPORT = "not an input: another export"
SAME_NUMBERS = "not an input: the export beside it holds the same numbers"

_SAEBENCH = "_eval_results.json"  # the end of the names of SAEBench's results
_AUTOINTERP = re.compile(rb'"eval_type_id"\s*:\s*"autointerp"')

_RUN_PARTS = ("latents", "explanations", "scores")
_EXPORT_PARTS = ("features", "activations", "explanations")
_MAX_CONFIG = 1 << 20  # bytes of a run_config.json that are looked at
_MAX_HEADER = 16 << 20  # bytes of a safetensors header


@dataclass(frozen=True)
class Place:
    """A file of a directory and what it feeds; an `input` of '' is left alone, and `note` says why."""

    path: Path
    input: str
    source: str = ""
    method: str = ""
    note: str = ""


@dataclass(frozen=True)
class Run:
    """A directory that Delphi leaves behind, or a source of the in-house tree with its run_config.json."""

    path: Path
    source: str
    hookpoints: tuple[str, ...]
    model: str
    in_house: bool = False

    @cached_property
    def modules(self) -> frozenset[str]:
        """What its files say which hookpoint they are of."""
        return frozenset(_modules(self.path))


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
        held, inner = set(names), set(directories)
        in_house = depth == 1 and bool(is_source.fullmatch(path.name))
        if in_house or ("run_config.json" in held and inner & set(_RUN_PARTS)):
            if "run_config.json" in held:
                found.runs.append(_run(path, in_house))
            directories[:] = [d for d in directories if d not in _RUN_PARTS]
        if "source.jsonl" in held and inner & set(_EXPORT_PARTS):
            found.exports.append(Export(path, _readable(str(path.relative_to(raw)))))
            directories[:] = [d for d in directories if d not in _EXPORT_PARTS]
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


def _run(path: Path, in_house: bool) -> Run:
    config = _config(path / "run_config.json")
    listed = config.get("hookpoints")
    hookpoints = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    model = config.get("model")
    return Run(
        path,
        _readable(path.name),
        tuple(h for h in hookpoints if isinstance(h, str)),
        model if isinstance(model, str) else "",
        in_house,
    )


def _config(path: Path) -> Mapping[str, object]:
    """The JSON object of a file; {} for anything else. SQL says what is wrong with it."""
    try:
        with path.open("rb") as handle:
            config = json.loads(handle.read(_MAX_CONFIG))
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _modules(path: Path) -> Iterator[str]:
    """Hookpoints that the files of a run are named after, as explanations spell them."""
    for file in _walk(path / "explanations"):
        if found := FEATURE_FILE.fullmatch(str(file.relative_to(path / "explanations"))):
            yield found["module"]
    for method in _directories(path / "scores"):
        for file in _files(method):
            if found := FEATURE_FILE.fullmatch(file.name):
                yield found["module"].replace("--", "/")
    for file in _walk(path / "latents"):
        if split_range(file):
            yield str(file.parent.relative_to(path / "latents"))


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
            return bool(_AUTOINTERP.search(handle.read(_MAX_CONFIG)))
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


def choose_hookpoint(runs: Iterable[Run], setting: str) -> str:
    """The one hookpoint that is read; '' where no run tells its files apart by one.

    A run that lists hookpoints has files of some of them: exactly those that are named so. UsageError:
    files of several, and none is chosen; a chosen one that no file is named after. WarehouseError:
    a Delphi run whose files name none of its hookpoints.
    """
    runs = list(runs)
    present: dict[str, None] = {}
    several = False
    for run in runs:
        if run.in_house and len(run.hookpoints) < 2:  # its files are not looked at: there are many
            continue
        named = [h for h in run.hookpoints if h in run.modules]
        present.update(dict.fromkeys(named))
        several |= bool(named) and len(run.hookpoints) > 1
        if not named and run.modules and not run.in_house and setting not in run.modules:
            raise WarehouseError(
                f'"{run.path}": its files are named after {_quoted(sorted(run.modules))}, '
                f"and its run_config.json lists {_quoted(run.hookpoints) or 'no hookpoint'}",
                f'say which files to read: --set input.hookpoint="{min(run.modules)}"',
            )
    if setting:
        every = {*present, *(m for run in runs for m in run.modules)}
        listed = {h for run in runs if run.in_house for h in run.hookpoints}
        if every and setting not in every | listed:
            near = nearest(setting, sorted(every))
            raise UsageError(
                f'setting "input.hookpoint": no file is of "{setting}"; there are files of {_quoted(sorted(every))}',
                f'did you mean "{near}"?' if near else "name one of them",
            )
        return setting
    if several or len(present) > 1:
        raise UsageError(
            f"the runs under raw/ are of several hookpoints, with files of {_quoted(present)}",
            f'a data directory is of one SAE; choose: --set input.hookpoint="{next(iter(present))}"',
        )
    return next(iter(present), "")


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
            f"there are {_quoted(by_name)}"
            if by_name
            else "an export holds source.jsonl beside features/, activations/ or explanations/",
        )
    if len(by_name) > 1:
        raise UsageError(
            f"raw/ holds several exports: {_quoted(by_name)}",
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
            f"there are several weights files: {_quoted(map(str, found))}",
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


def run_files(run: Run, hookpoint: str) -> Iterator[Place]:
    """Every file of a Delphi run below its own parts, those of other hookpoints as left alone."""
    yield Place(run.path / "run_config.json", "raw.run_configs", run.source)
    home = run.path / "explanations"
    for file in _walk(home):
        if file.suffix == ".txt":
            found = FEATURE_FILE.fullmatch(str(file.relative_to(home)))
            module = found["module"] if found else hookpoint
            yield _of(hookpoint, module, Place(file, "raw.explanations", run.source))
    for method in _directories(run.path / "scores"):
        for file in _files(method):
            if file.suffix == ".txt":
                found = FEATURE_FILE.fullmatch(file.name)
                module = found["module"].replace("--", "/") if found else hookpoint
                place = Place(file, "raw.scores", run.source, method_name(method.name))
                yield _of(hookpoint, module, place)
    home = run.path / "latents"
    for file in _walk(home):
        if split_range(file):
            module = str(file.parent.relative_to(home))
            yield _of(hookpoint, module, Place(file, "raw.latents", run.source))
    counts = run.path / "log" / "hookpoint_firing_counts.pt"
    if counts.exists():
        yield Place(counts, "raw.firing_counts", run.source)


def export_files(export: Export) -> Iterator[Place]:
    """The files of an export: one kind of JSON lines a directory, batches in numeric order."""
    yield Place(export.path / "source.jsonl", "raw.exports", export.name)
    for part in _EXPORT_PARTS:
        for file in sorted(_files(export.path / part), key=lambda p: _natural(p.name)):
            if re.fullmatch(r"batch-\d+\.jsonl(\.gz|\.zst)?", file.name):
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
        if chosen and export != chosen:
            yield from (Place(p, "", note=ANOTHER_EXPORT) for p in _walk(export.path))
    if chosen:
        for directory in found.dashboards:
            batches = (p for p in _files(directory) if p.name.startswith("batch-"))
            yield from (Place(p, "", note=SAME_NUMBERS) for p in batches)


def _of(hookpoint: str, module: str, place: Place) -> Place:
    """The place, or the same file left alone where it is of another hookpoint."""
    if module == hookpoint or not hookpoint:
        return place
    return Place(place.path, "", note=ANOTHER_HOOKPOINT)


def of_hookpoint(run: Run | None, hookpoint: str, name: str, joined: str = "/") -> bool:
    """Whether a file of an in-house source is of the hookpoint.

    A source whose files are named by another spelling of its only hookpoint is of it as a whole.
    """
    if run is None or not hookpoint or hookpoint not in run.modules:
        return True
    found = FEATURE_FILE.fullmatch(name)
    return not found or found["module"] == hookpoint.replace("/", joined)


def method_name(name: str) -> str:
    """The method of a directory of scores; `recall` is the former name of `detection`."""
    return "detection" if name == "recall" else _readable(name)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{n}"' for n in names)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(p), "") if p.isdigit() else (-1, p) for p in re.findall(r"\d+|\D+", name)]


def _readable(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _walk(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        directories.sort()
        yield from (Path(place, name) for name in sorted(names))


def _directories(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.is_dir()) if directory.is_dir() else []


def _files(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir()) if directory.is_dir() else []
