"""A Delphi run: its parts, whose files are named after hookpoints, and the one hookpoint that is read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.read.content import readable
from warehouse.read.delphi_split import FEATURE_FILE, split_range
from warehouse.read.places import Place, quoted, subdirectories, walk

ANOTHER_HOOKPOINT = "not an input: another hookpoint"
CONFIG = "run_config.json"
PARTS = ("latents", "explanations", "scores")

_MAX_CONFIG = 1 << 20  # bytes of a run_config.json that are looked at


class RunFile(NamedTuple):
    """A file of a part of a run: of `latents/`, `explanations/` or `scores/`.

    `module`: the hookpoint in its name, as its part spells it; None where its name tells none.
    """

    path: Path
    part: str
    module: str | None
    method: str = ""

    def is_of(self, hookpoint: str) -> bool:
        return self.module == _spelled(self.part, hookpoint)

    @property
    def hookpoint(self) -> str | None:
        """The hookpoint in its name, as run_config.json spells it."""
        slashed = self.module and self.part == "scores"
        return self.module.replace("--", "/") if slashed else self.module


@dataclass(frozen=True)
class Run:
    """A directory that Delphi leaves behind, or a source of the in-house tree with its run_config.json."""

    path: Path
    source: str
    hookpoints: tuple[str, ...]
    model: str
    in_house: bool = False

    @cached_property
    def files(self) -> tuple[RunFile, ...]:
        """The files of its parts that are named as Delphi names them."""
        return tuple(_files_of_run(self.path))

    @cached_property
    def modules(self) -> frozenset[str]:
        """What its files say which hookpoint they are of."""
        return frozenset(f.hookpoint for f in self.files if f.hookpoint is not None)


def read_run(path: Path, in_house: bool) -> Run:
    """The run of a directory, by its run_config.json."""
    config = _config(path / CONFIG)
    listed = config.get("hookpoints")
    hookpoints = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    model = config.get("model")
    return Run(
        path,
        readable(path.name),
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


def _files_of_run(path: Path) -> Iterator[RunFile]:
    """Splits of the latents cache, texts of explanations, and those of each method of scores."""
    for file in walk(path / "latents"):
        if split_range(file):
            yield RunFile(file, "latents", str(file.parent.relative_to(path / "latents")))
    for file in walk(path / "explanations"):
        if file.suffix == ".txt":
            yield RunFile(file, "explanations", _module(file, path / "explanations"))
    for method in subdirectories(path / "scores"):
        for file in walk(method):
            if file.suffix == ".txt":
                module = _module(file, method)
                if module is not None or file.parent == method:
                    yield RunFile(file, "scores", module, method.name)


def _module(file: Path, home: Path) -> str | None:
    found = FEATURE_FILE.fullmatch(str(file.relative_to(home)))
    return found["module"] if found else None


def _spelled(part: str, hookpoint: str) -> str:
    """A hookpoint as the files of a part of a run spell it; the directories of scores are flat."""
    return hookpoint.replace("/", "--") if part == "scores" else hookpoint


def choose_hookpoint(runs: Iterable[Run], setting: str) -> str:
    """The one hookpoint that is read; '' where no run tells its files apart by one.

    A run that lists hookpoints has files of some of them: exactly those that are named so. UsageError:
    files of several, and none is chosen; a chosen one that no file is named after. WarehouseError:
    a Delphi run with a part whose files name none of its hookpoints.
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
        if not run.in_house:
            _assert_named(run, setting)
    if setting:
        every = {*present, *(m for run in runs for m in run.modules)}
        listed = {h for run in runs if run.in_house for h in run.hookpoints}
        if every and setting not in every | listed:
            near = nearest(setting, sorted(every))
            raise UsageError(
                f'setting "input.hookpoint": no file is of "{setting}"; there are files of {quoted(sorted(every))}',
                f'did you mean "{near}"?' if near else "name one of them",
            )
        return setting
    if several or len(present) > 1:
        raise UsageError(
            f"the runs under raw/ are of several hookpoints, with files of {quoted(present)}",
            f'a data directory is of one SAE; choose: --set input.hookpoint="{next(iter(present))}"',
        )
    return next(iter(present), "")


def _assert_named(run: Run, setting: str) -> None:
    """Each part of a run has files of a hookpoint that its run_config.json lists, or of the chosen one."""
    wanted = [h for h in (*run.hookpoints, setting) if h]
    parts = {p: [f for f in run.files if f.part == p and f.module is not None] for p in PARTS}
    for part, files in parts.items():
        if not files or any(f.is_of(hookpoint) for hookpoint in wanted for f in files):
            continue
        modules = sorted({str(f.module) for f in files})
        spelled = [_spelled(part, h) for h in run.hookpoints]
        listed = quoted(run.hookpoints) or "no hookpoint"
        if spelled != list(run.hookpoints):
            listed += f", in {part}/ spelled {quoted(spelled)}"
        everywhere = [
            m
            for m in sorted(run.modules)
            if all(any(f.is_of(m) for f in named) for named in parts.values() if named)
        ]
        hints: list[str] = []
        if everywhere:  # they differ from run_config.json alone
            chosen = shlex.quote(f"input.hookpoint={everywhere[0]}")
            hints.append(f"say which files to read: --set {chosen}")
        if run.hookpoints:
            name = _delphis_name(files[0], run.hookpoints[0])
            hints.append(
                f'rename them if they are of "{run.hookpoints[0]}", as Delphi does: "{name}"'
            )
        raise WarehouseError(
            f'"{run.path}": the files of its {part}/ are named after {quoted(modules)}, as '
            f'"{files[0].path.relative_to(run.path)}", and its run_config.json lists {listed}',
            "; or ".join(hints),
        )


def _delphis_name(file: RunFile, hookpoint: str) -> str:
    """What a file of a part would be called if it were of the hookpoint, below its run."""
    module = _spelled(file.part, hookpoint)
    if file.part == "latents":
        return f"latents/{module}/{file.path.name}"
    found = FEATURE_FILE.fullmatch(file.path.name)
    latent = found["latent"] if found else "0"
    return str(Path(file.part, file.method, f"{module}_latent{latent}.txt"))


def assert_splits_apart(run: Run, hookpoint: str) -> None:
    """WarehouseError: two splits of the latents cache hold the same latents by their names."""
    splits = sorted(
        (*split_range(f.path), f.path)
        for f in run.files
        if f.part == "latents" and f.is_of(hookpoint)
    )
    for (_, last, one), (first, _, other) in pairwise(splits):
        if first <= last:
            raise WarehouseError(
                f'"{one}" and "{other}" hold the same latents: "{run.path}" has splits of two caches',
                "Delphi leaves the former splits when n_splits is changed: remove the older ones, "
                f"which you see by ls -lt {shlex.quote(str(one.parent))}",
            )


def run_files(run: Run, hookpoint: str) -> Iterator[Place]:
    """Every file of a Delphi run below its own parts, those of other hookpoints as left alone."""
    yield Place(run.path / CONFIG, "raw.run_configs", run.source)
    for file in run.files:
        place = Place(
            file.path, f"raw.{file.part}", run.source, file.method and method_name(file.method)
        )
        if not hookpoint or file.module is None or file.is_of(hookpoint):
            yield place
        else:
            yield Place(file.path, "", note=ANOTHER_HOOKPOINT)
    counts = run.path / "log" / "hookpoint_firing_counts.pt"
    if counts.exists():
        yield Place(counts, "raw.firing_counts", run.source)


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
    return "detection" if name == "recall" else readable(name)
