"""The readers: which versions, what their environments hold, how a file is read in one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENTS = ROOT / ".venv" / "readers"
_HERE = Path(__file__).resolve().parent
_PROBE = _HERE / "probe.py"
_SECONDS = 600  # for one reader and all files

# What a reader cannot tell apart: tests.readers.compare makes it the same on both sides.
NULL_STRUCTS = "a null struct is read as a struct of nulls: ask whether a field of it is null, such as `ngram` of `selected_ngram`"
NULL_LISTS = "a null list is read as an empty list; no master holds a null list"
INTEGERS = 'integers of a struct are read as floats (5 as 5.0) where the column holds a null struct: `dtype_backend="pyarrow"` keeps them'


@dataclass(frozen=True)
class Reader:
    """One version of a reader. `kind` is its function in probe.py, `also` what it needs beside it.

    `losses` are what the reader has no way to tell apart; `advice` is what to do about files that
    it cannot read.
    """

    name: str
    kind: str
    version: str
    also: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    advice: str = ""
    java: bool = False

    @property
    def id(self) -> str:
        """The name of its environment, such as polars-0.20.31."""
        return f"{self.kind}-{self.version}"

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def requirements(self) -> tuple[str, ...]:
        return (f"{self.kind}=={self.version}", *self.also)

    @property
    def environment(self) -> Path:
        return ENVIRONMENTS / self.id

    @property
    def installed(self) -> bool:
        marker = self.environment / _MARKER
        return marker.exists() and marker.read_text(encoding="utf-8") == _marker(self)


@dataclass(frozen=True)
class Job:
    """A file to read, and the feature whose rows are read by filter as well."""

    name: str
    path: Path
    feature_id: int


class NotInstalledError(Exception):
    """The reader's environment cannot be made here; the text says why."""


_MARKER = ".requirements"
_ARROW = ("pyarrow==26.0.1", "numpy==2.4.6")
_FRAMES = (*_ARROW, "pandas==3.1.1")

_PLAIN = "leave `export.embeddings` at `float32`"

READERS = (
    Reader("Polars", "polars", "0.19.19", losses=(NULL_STRUCTS,), advice=_PLAIN),
    Reader("Polars", "polars", "0.20.31", losses=(NULL_STRUCTS,), advice=_PLAIN),
    Reader("Polars", "polars", "1.0.0", losses=(NULL_STRUCTS,)),
    Reader("Polars", "polars", "1.33.1"),
    Reader("Polars", "polars", "1.44.2"),
    Reader("Polars", "polars", "2.0.0"),
    Reader("Polars", "polars", "2.1.0"),
    Reader("pyarrow", "pyarrow", "15.0.2", also=("numpy==1.26.4",)),
    Reader("pyarrow", "pyarrow", "26.0.1", also=("numpy==2.4.6",)),
    Reader("pandas", "pandas", "2.3.3", also=_ARROW, losses=(INTEGERS,)),
    Reader("pandas", "pandas", "3.1.1", also=_ARROW, losses=(INTEGERS,)),
    Reader("DuckDB", "duckdb", "1.1.3"),
    Reader("DuckDB", "duckdb", "2.0.1"),
    Reader("datasets", "datasets", "5.2.0", also=_FRAMES),
    Reader("PySpark", "pyspark", "4.3.0", java=True),
    Reader("chDB (ClickHouse)", "chdb", "4.4.0", also=_FRAMES, losses=(NULL_STRUCTS, NULL_LISTS)),
    Reader("DataFusion", "datafusion", "55.0.0", also=_ARROW),
)

BY_ID = {reader.id: reader for reader in READERS}
# `make test` reads with these; their environments hold one wheel each.
TESTED = tuple(BY_ID[id_] for id_ in ("polars-0.20.31", "polars-1.33.1", "polars-2.1.0"))

# `make test` opens a warehouse with these: the oldest of all storage versions, the oldest that opens
# the default one, and the newest before this one.
OPENERS = tuple(Reader("DuckDB", "duckdb", version) for version in ("1.2.2", "1.3.2", "1.5.6"))


def install(reader: Reader) -> None:
    """Make the reader's environment, unless it is there. NotInstalledError says why it cannot be."""
    if reader.java and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise NotInstalledError(
            "there is no java on this machine; install one, version 17 or newer"
        )
    if reader.installed:
        return
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(reader.environment, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=ENVIRONMENTS, prefix=f".{reader.id}-") as made:
        target = Path(made, "environment")
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--only-binary", ":all:", "--no-binary", "pyspark"),  # PySpark comes as source only
            *("--constraint", str(_HERE / "constraints.txt"), "--target", str(target)),
            *reader.requirements,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
            raise NotInstalledError(f"pip cannot install it for {python}: {' '.join(errors[-1:])}")
        (target / _MARKER).write_text(_marker(reader), encoding="utf-8")
        target.rename(reader.environment)


def read(reader: Reader | None, jobs: Sequence[Job], directory: Path) -> dict[str, str]:
    """Read every file, into `directory`, as tests.readers.probe says: NAME.whole and NAME.one.

    None is the DuckDB of the project's own environment. Returns why a file could not be read, by
    its name: what the reader raised, or how its process ended.
    """
    directory.mkdir(parents=True, exist_ok=True)
    left, errors = list(jobs), {}
    while left:
        ended = _run(reader, left, directory)
        for job in list(left):
            error = directory / f"{job.name}.error"
            if error.exists():
                errors[job.name] = error.read_text(encoding="utf-8")
            elif not (directory / f"{job.name}.one").exists():
                continue
            left.remove(job)
        if left and ended:  # the process ended within the first file that is left: go on behind it
            errors[left.pop(0).name] = ended
        elif left:
            raise RuntimeError(f'the probe left "{left[0].name}" out')
    return errors


def _run(reader: Reader | None, jobs: Sequence[Job], directory: Path) -> str:
    """Run the probe in the reader's environment; how it ended, empty for well."""
    with tempfile.TemporaryDirectory(prefix="reader-") as scratch:
        told = Path(scratch, "jobs.json")
        told.write_text(json.dumps([[j.name, str(j.path.resolve()), j.feature_id] for j in jobs]))
        environment = {
            **os.environ, "HOME": scratch, "TMPDIR": scratch, "PYTHONUTF8": "1",
            "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1",
        }  # fmt: skip
        options = []
        if reader:
            environment["PYTHONPATH"] = str(reader.environment)
            options = ["-S"]  # without the packages of this environment
        kind = reader.kind if reader else "duckdb"
        command = [sys.executable, *options, str(_PROBE), kind, str(told), str(directory.resolve())]
        try:
            done = subprocess.run(
                command, cwd=scratch, env=environment, capture_output=True, text=True,
                timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"it did not end within {_SECONDS} seconds"
    if not done.returncode:
        return ""
    said = done.stderr.strip().splitlines() or ["nothing said"]
    return f"its process ended with status {done.returncode}: {said[-1]}"


def _marker(reader: Reader) -> str:
    """What the environment was made from: another text, and it is made anew."""
    pins = (_HERE / "constraints.txt").read_text(encoding="utf-8")
    python = ".".join(map(str, sys.version_info[:2]))
    return "\n".join((python, *reader.requirements, pins))
