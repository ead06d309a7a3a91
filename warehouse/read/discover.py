"""Raw files: which there are, what feeds which relation, and their content by its hash."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from warehouse.errors import UsageError, WarehouseError
from warehouse.read import delphi_run, directories, unread
from warehouse.read.content import InputFile, readable, stat_file
from warehouse.read.delphi_run import Run
from warehouse.read.directories import Export, Found
from warehouse.read.places import Place, entries, is_companion, quoted
from warehouse.settings import BY_NAME, Settings

SOURCE_NAME = re.compile(r"(?P<explainer>.+)_e-(?P<scorer>.+)_s")
METHODS = ("fuzz", "detection", "recall", "simulation", "embedding")
COMPANION = "not an input: macOS wrote it beside the file of that name"
WEIGHTS = (".npz", ".safetensors")


Refused = Callable[[WarehouseError], None]


def discover(settings: Settings, refused: Refused | None = None) -> list[InputFile]:
    """Every input file of the data directory in name order, not hashed yet.

    WarehouseError when `raw/` is empty, when an input that every build needs is missing, and when
    a directory with explanations or scores is named against `<explainer>_e-<scorer>_s`. `refused`
    gets the errors instead, all but the first of these: then what lies there is listed all the same.
    """
    attempt = partial(_attempt, refused)
    data = settings.data
    raw = data / "raw"
    if not raw.is_dir() or not any(raw.iterdir()):
        raise WarehouseError(
            f'"{raw}" is {"empty" if raw.is_dir() else "missing"}: there is nothing to read',
            f"copy your raw files there, docs/inputs.md says which; or write a sample: python cli.py sample {shlex.quote(str(data))}-sample",
        )
    found = directories.survey(raw, SOURCE_NAME)
    chosen = str(settings["input.hookpoint"])
    hookpoint = attempt("", delphi_run.choose_hookpoint, found.runs, chosen)
    export = attempt(None, directories.choose_export, found.exports, str(settings["input.export"]))
    attempt(None, _assert_apart, found, hookpoint)
    files = list(_known_directories(settings, found, hookpoint, export))
    if attempt(True, _has_own_records, settings, files, found, hookpoint, export):
        files += attempt([], _activation_files, settings)
        files += attempt([], _prompt_files, settings)
    decoder = attempt(None, _decoder_file, settings, found.weights, hookpoint)
    if decoder:
        files.append(stat_file(data, decoder, "raw.decoder"))
    own = {run.path for run in found.runs if not run.in_house} | {e.path for e in found.exports}
    by_path = {run.path: run for run in found.runs}
    for directory in sorted(raw.iterdir(), key=lambda p: p.name):
        if directory.is_dir() and directory not in own:
            run = by_path.get(directory)
            files += attempt([], _source_files, data, directory, run, hookpoint)
    files = _without_strays(settings, files)
    known = {f.place for f in files}
    others = [p for p in _walk(raw) if p not in known]
    files += [
        stat_file(data, p, "")._replace(
            status="not read", note=COMPANION if is_companion(_name(p)) else "not an input"
        )
        for p in others
    ]
    if any(f.input == "raw.latents" for f in files):
        files += attempt([], _tokenizer_file, settings, found, files)
    return sorted(files, key=lambda f: f.name)


def _attempt(refused: Refused | None, otherwise: Any, step: Callable[..., Any], *of: object) -> Any:
    """What a step gives, all of it if it gives items; `otherwise` where its error is told elsewhere."""
    try:
        return list(given) if isinstance(given := step(*of), Iterator) else given
    except WarehouseError as error:
        if refused is None:
            raise
        refused(error)
        return otherwise


def _is_inside(settings: Settings, path: Path) -> bool:
    """Whether it lies, links followed, in the data directory or where that one's `raw` points."""
    real = Path(os.path.realpath(path))
    homes = (settings.data, settings.data / "raw")
    return any(real.is_relative_to(os.path.realpath(home)) for home in homes)


def _inside(settings: Settings, path: Path, setting: str) -> Path:
    """`path` if it may be read, else UsageError."""
    if not settings["input.follow_links"] and not _is_inside(settings, path):
        raise UsageError(
            f'setting "{setting}": "{path}" lies outside the data directory "{settings.data}"',
            "copy it there, or read what links lead to: --set input.follow_links=true",
        )
    return path


def _without_strays(settings: Settings, files: list[InputFile]) -> list[InputFile]:
    """The files; those outside the data directory, behind a link, are unreadable unless allowed."""
    if settings["input.follow_links"]:
        return files
    note = "a link out of the data directory, which input.follow_links = true reads"
    inside = cache(lambda path: _is_inside(settings, Path(path)))

    def is_stray(path: str) -> bool:
        folder = path.rpartition("/")[0]
        return not inside(folder) or (os.path.islink(path) and not inside(path))  # noqa: PTH114

    return [
        f._replace(status="unreadable", note=note) if f.input and is_stray(f.place) else f
        for f in files
    ]


def _known_directories(
    settings: Settings, found: Found, hookpoint: str, export: Export | None
) -> Iterator[InputFile]:
    """The files of Delphi runs, of the export and of own figures, and those left alone with a reason."""
    runs = [run for run in found.runs if not run.in_house]
    places = [p for run in runs for p in delphi_run.run_files(run, hookpoint)]
    if export:
        places += directories.export_files(export)
    places += directories.left_alone(found, export)
    places += [
        Place(p, "raw.figure_lines" if p.suffix == ".jsonl" else "raw.figure_tables")
        for p in found.figures
    ]
    places += [Place(p, "raw.sparsity") for p in found.sparsity]
    places += [Place(p, "raw.saebench", readable(p.name)) for p in found.saebench]
    for place in places:
        file = stat_file(settings.data, place.path, place.input, place.source, place.method)
        yield file if place.input else file._replace(status="not read", note=place.note)


def _assert_apart(found: Found, hookpoint: str) -> None:
    """Names of runs are those of their sources, and one of them brings the activation records, once."""
    runs = [run for run in found.runs if not run.in_house]
    by_name = {run.source: run for run in reversed(runs)}
    twice = next((run for run in runs if by_name[run.source] is not run), None)
    if twice:
        raise WarehouseError(
            f'two runs are called "{twice.source}": "{by_name[twice.source].path}", "{twice.path}"',
            "rename one of the directories: a source is called as its directory is",
        )
    cached = [
        r for r in runs if (r.path / "latents" / hookpoint).is_dir() and hookpoint in r.modules
    ]
    if len(cached) > 1:
        raise WarehouseError(
            f'two runs hold a latents cache: "{cached[0].path}", "{cached[1].path}"',
            "keep the latents/ of one of them under raw/: prompts are told by their place in it",
        )
    for run in runs:
        delphi_run.assert_splits_apart(run, hookpoint)


def _has_own_records(
    settings: Settings, files: list[InputFile], found: Found, hookpoint: str, export: Export | None
) -> bool:
    """Whether activation records and prompts are where the settings say.

    They are not where a Delphi run or an export brings its own, and the settings name no others.
    """
    kinds = {"raw.latents": "the latents cache of a Delphi run", "raw.activations": "an export"}
    brought = next((kinds[f.input] for f in files if f.input in kinds and f.status == "read"), "")
    default = settings["input.activations"] == BY_NAME["input.activations"].default
    if default and not any((settings.data / p).exists() for p in settings["input.activations"]):
        if brought:
            return False
        others = {e.path for e in found.exports if e != export}
        unread.assert_none(settings.data / "raw", SOURCE_NAME, hookpoint, others)
    if brought:
        raise WarehouseError(
            f"there are activation records of {brought} and those of input.activations",
            "keep one of them under raw/: prompts are told by their place in it",
        )
    return True


def _prompt_files(settings: Settings) -> list[InputFile]:
    if not settings["input.prompts"]:
        return []
    return [stat_file(settings.data, p, "raw.prompts") for p in _matches(settings, "input.prompts")]


def _tokenizer_file(settings: Settings, found: Found, files: list[InputFile]) -> list[InputFile]:
    """The tokenizer of the cache: of the settings, the only one under raw/, or the hub cache's."""
    if settings["input.tokenizer"]:
        paths = _matches(settings, "input.tokenizer")
    else:
        paths = found.tokenizers
    if len(paths) > 1:
        raise WarehouseError(
            f"there are several tokenizers: {quoted(map(str, paths))}",
            'name the one of the run\'s model: --set input.tokenizer="raw/.../tokenizer.json"',
        )
    if not paths:
        sources = {f.source for f in files if f.input == "raw.latents"}
        model = next((run.model for run in found.runs if run.source in sources), "")
        paths = [path for path in [directories.hub_tokenizer(model)] if path]
    for path in paths:
        files[:] = [f for f in files if f.place != str(path)]
    return [stat_file(settings.data, path, "raw.tokenizer") for path in paths]


def _matches(settings: Settings, setting: str) -> list[Path]:
    value = settings[setting]
    patterns = [p for p in ([value] if isinstance(value, str) else value) if p.strip()]
    if not patterns:
        raise UsageError(f'setting "{setting}" names no file', f'--set {setting}="raw/..."')
    found: dict[Path, None] = {}
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UsageError(
                f'setting "{setting}": "{pattern}" must be relative to the data directory, without ".."',
                f'{setting} = "raw/activation_examples/..."',
            )
        literal = settings.data / pattern
        hits = [literal] if literal.is_file() else sorted(settings.data.glob(pattern))
        hits = [p for p in hits if p.is_file() and (p == literal or not is_companion(p.name))]
        found.update((_inside(settings, p, setting), None) for p in hits)
    if not found:
        directory = next((p for p in map(settings.data.joinpath, patterns) if p.is_dir()), None)
        if directory:
            raise WarehouseError(
                f'"{directory}" is a directory, not a file',
                f'--set {setting}="raw/..." names the file',
            )
        raise WarehouseError(
            "no file matches " + " or ".join(f'"{settings.data / p}"' for p in patterns),
            f'copy it there, or name it: --set {setting}="raw/..."',
        )
    return list(found)


def _activation_files(settings: Settings) -> list[InputFile]:
    """The activation records, and beside each batch in a `v2` directory the batch of its ids.

    Neuronpedia's v2 batches hold no feature ids: line by line they are those of `../batch-N`.
    """
    found = _matches(settings, "input.activations")
    beside = {p.parent.parent / p.name for p in found if p.parent.name == "v2"}
    ids = sorted(p for p in beside if p.is_file())
    return [
        *(stat_file(settings.data, p, "raw.activations") for p in found if p not in ids),
        *(stat_file(settings.data, p, "raw.activation_ids") for p in ids),
    ]


def _decoder_file(settings: Settings, weights: list[Path], hookpoint: str) -> Path | None:
    """The decoder where the settings say it is, else the weights that lie elsewhere under raw/."""
    (path,) = _matches(settings, "input.decoder") if _is_file(settings) else (None,)
    if path:
        return path
    chosen = settings["input.decoder"] != BY_NAME["input.decoder"].default
    directory = settings.data / str(settings["input.decoder"])
    found = [p for p in entries(directory) if p.suffix in WEIGHTS]
    named = [p for p in found if p.name == "params.npz"] or found
    if not named and not chosen:
        return directories.choose_weights(weights, hookpoint)
    if len(named) != 1:
        what = "holds several weights files" if named else "holds no .npz or .safetensors file"
        raise WarehouseError(
            f'"{directory}" {what if directory.is_dir() else "does not exist"}: no decoder weights',
            'copy the SAE\'s params.npz there, or name the file: --set input.decoder="raw/sae/FILE"',
        )
    return _inside(settings, named[0], "input.decoder")


def _is_file(settings: Settings) -> bool:
    return (settings.data / str(settings["input.decoder"])).is_file()


def _source_files(
    data: Path, directory: Path, run: Run | None, hookpoint: str
) -> Iterator[InputFile]:
    """The files of a source of the in-house tree, those of other hookpoints as left alone."""
    parts = [d for d in ("explanations", "scores") if (directory / d).is_dir()]
    config = directory / "run_config.json"
    if not parts and not config.exists():
        return
    counts = directory / "log" / "hookpoint_firing_counts.pt"
    if not SOURCE_NAME.fullmatch(directory.name):
        raise WarehouseError(
            f'"{directory}" is named against the rule <explainer>_e-<scorer>_s',
            f'rename it, e.g. "llama_e-gpt_s", or move it out of "{directory.parent}"',
        )
    source = readable(directory.name)
    if config.exists():
        yield stat_file(data, config, "raw.run_configs", source)
    if counts.exists():
        yield stat_file(data, counts, "raw.firing_counts", source)
    if "explanations" in parts:
        for path in _explanation_files(directory / "explanations"):
            mine = delphi_run.of_hookpoint(run, hookpoint, _name(path))
            yield _of(stat_file(data, path, "raw.explanations", source), mine)
    if "scores" in parts:
        for method in _method_directories(directory / "scores"):
            name = delphi_run.method_name(method.name)
            for path in _text_files(method):
                mine = delphi_run.of_hookpoint(run, hookpoint, _name(path), "--")
                yield _of(stat_file(data, path, "raw.scores", source, name), mine)


def _of(file: InputFile, mine: bool) -> InputFile:
    """The file, left alone where it is of another hookpoint."""
    note = delphi_run.ANOTHER_HOOKPOINT
    return file if mine else file._replace(input="", status="not read", note=note)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _explanation_files(directory: Path) -> list[str]:
    """The files in it; if there are none, those of the one directory below it (Delphi of 2024)."""
    found = _text_files(directory)
    if found:
        return found
    nested = sorted(p for p in _walk(directory) if _is_text(_name(p)))
    _assert_one_run(directory, {Path(p).parent for p in nested})
    return nested


def _method_directories(directory: Path) -> list[Path]:
    """The methods' directories in it; if no known one is, those of the one run below (2024)."""
    found = sorted(p for p in directory.iterdir() if p.is_dir())
    if any(p.name in METHODS for p in found):
        return found
    nested = sorted(
        Path(p) for p, _, names in os.walk(directory) if Path(p).name in METHODS and names
    )
    _assert_one_run(directory, {p.parent for p in nested})
    return [*found, *nested]


def _assert_one_run(directory: Path, places: set[Path]) -> None:
    """Delphi of 2024 wrote <sae>/<experiment>/; two of them are two runs, or two SAEs."""
    if len(places) > 1:
        first, second = sorted(places)[:2]
        raise WarehouseError(
            f'"{directory}" holds several runs: "{first}", "{second}"',
            f'give each its own directory <explainer>_e-<scorer>_s in "{directory.parent.parent}"',
        )


def _walk(directory: Path) -> Iterator[str]:
    for place, _, names in os.walk(directory):
        yield from (f"{place}/{name}" for name in names)


def _text_files(directory: Path) -> list[str]:
    """All texts in it, hidden ones too (Delphi before 2025 wrote `.model.layers.5_feature3.txt`).

    A directory of such a name is an unreadable file.
    """
    with os.scandir(directory) as found:
        return [e.path for e in found if _is_text(e.name)]


def _is_text(name: str) -> bool:
    return name.endswith(".txt") and not is_companion(name)
