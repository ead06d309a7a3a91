"""What every stage needs: measured subprocesses, figures with targets, the page they go to."""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_VERSIONS = ("duckdb", "torch", "sentence-transformers", "polars", "numpy", "faiss-cpu")


@dataclass(frozen=True)
class Size:
    """A sample's arguments. `width`: columns of the decoder; 0: as the sample writes them."""

    features: int
    prompts: int
    explained: int
    width: int = 0

    def times(self, factor: int) -> Size:
        return Size(self.features * factor, self.prompts * factor, self.explained * factor, 64)


FULL = Size(16384, 24571, 824, 3584)
QUICK = Size(60, 240, 24)


@dataclass(frozen=True)
class Figure:
    """One measured number. `target`: "< 35", ">= 1.8" …; empty: no target, it explains others."""

    what: str
    value: float
    unit: str = ""
    target: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        """met, missed (by how much), or nothing without a target."""
        if not self.target:
            return ""
        sign, limit = self.target.split()
        above = sign.startswith(">")
        met = self.value >= float(limit) if above else self.value <= float(limit)
        return (
            "met" if met else f"missed by {abs(self.value - float(limit)):.3g} {self.unit}".strip()
        )


@dataclass(frozen=True)
class Table:
    """Numbers that explain a stage's figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Used:
    """What a process used. `result`: what the measured function returned."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    read_mb: float  # from the disk, not from the page cache
    written_mb: float
    result: object = None
    output: str = ""


@dataclass(frozen=True)
class Bench:
    """One run of the harness. `scratch`: where data goes; `quick`: sizes of a smoke test;
    `real`: a built data directory whose texts are embedded instead of the sample's."""

    scratch: Path
    size: Size = FULL
    quick: bool = False
    real: Path | None = None
    say: Callable[[str], None] = lambda text: None

    def call(self, function: Callable[..., object], *arguments: object) -> Used:
        """Run a module's function in a process of its own; arguments and result are JSON."""
        name = f"{function.__module__}:{function.__qualname__}"
        with tempfile.NamedTemporaryFile(dir=self.scratch, suffix=".json") as file:
            words = [name, json.dumps(arguments, default=str), file.name]
            used = self.run([sys.executable, "-m", "tests.bench.harness", *words])
            told = json.loads(Path(file.name).read_text(encoding="utf-8"))
            return replace(used, **told)

    def command(self, *arguments: str) -> Used:
        """Run `cli.py` with these arguments."""
        return self.run([sys.executable, "cli.py", *arguments])

    def run(self, words: Sequence[str]) -> Used:
        """Run a command in the repository; RuntimeError with its last words when it fails."""
        with tempfile.TemporaryFile(dir=self.scratch) as output:
            started = time.perf_counter()
            process = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read().decode(errors="replace")
        if process.returncode:
            raise RuntimeError(f"{' '.join(words[1:4])} … failed:\n{said[-3000:]}")
        return Used(
            seconds,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
            usage.ru_inblock * 512 / 1e6,
            usage.ru_oublock * 512 / 1e6,
            output=said,
        )


@dataclass
class Stage:
    """A group of measurements. `run` gives its figures and tables; `long`: only when named."""

    name: str
    title: str
    run: Callable[[Bench], Sequence[Figure | Table]]
    long: bool = False
    found: list[Figure | Table] = field(default_factory=list)


def peak_mb() -> float:
    """The largest resident size of this program, in MB, so far or since `forget_peak`.

    Of its own memory: getrusage tells the parent's, from before the program began, if that is more.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024


def forget_peak() -> None:
    """`peak_mb` counts anew from now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def best_of(times: int, function: Callable[[], object]) -> float:
    """The shortest of `times` runs, in seconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        taken.append(time.perf_counter() - started)
    return min(taken)


def write_section(page: Path, stage: Stage, found: Sequence[Figure | Table], command: str) -> None:
    """Put the stage's section into the Markdown page, in the place of its earlier one."""
    text = page.read_text(encoding="utf-8") if page.exists() else _HEAD
    section = "\n".join([f"## {stage.title}", "", circumstances(command), "", *_tables(found)])
    before, _, rest = text.partition(f"## {stage.title}\n")
    after = re.search(r"^## ", rest, re.M)
    tail = rest[after.start() :] if after else ""
    page.write_text(
        "\n\n".join(filter(None, (p.strip() for p in (before, section, tail)))) + "\n",
        encoding="utf-8",
    )


_HEAD = """# Benchmarks

Written by `make bench`; each section tells on which machine, when and by which command. Ratios are against peers run in the same process run. Other processes on the machine make seconds longer and ratios uncertain: the load average beside each section says how busy it was.
"""


def circumstances(command: str) -> str:
    names = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    )
    model = re.search(r"model name\s*:\s*(.+)", names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, `{command}`. "
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"load average {os.getloadavg()[1]:.1f}. Python {platform.python_version()}, "
        + ", ".join(f"{name} {_version(name)}" for name in _VERSIONS if _version(name))
        + "."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except ImportError:
        return ""


def _tables(found: Sequence[Figure | Table]) -> list[str]:
    figures = [f for f in found if isinstance(f, Figure)]
    lines = as_table(
        ("what", "measured", "target", "", "note"),
        [
            (f.what, f"{number(f.value)} {f.unit}".strip(), f.target, f.verdict, f.note)
            for f in figures
        ],
    )
    for table in (t for t in found if isinstance(t, Table)):
        lines += ["", f"**{table.title}**", "", *as_table(table.columns, table.rows)]
    return lines


def as_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [[number(v) if isinstance(v, float) else str(v) for v in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *cells)]


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def _serve(name: str, arguments: str, output: str) -> None:
    module, _, function = name.partition(":")
    result = getattr(import_module(module), function)(*json.loads(arguments))
    told = {"result": result, "peak_mb": peak_mb()}
    Path(output).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    _serve(*sys.argv[1:])
