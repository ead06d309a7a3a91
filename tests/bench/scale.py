"""How far one machine goes: the whole build at growing sizes, step by step, into docs/scale.md.

python -m tests.bench.scale measure 1 --scratch DIR --results results
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from tests.bench import copies, scale_beside, scale_page
from tests.bench.harness import FULL, ROOT, Bench, Size, forget_peak, peak_mb
from tests.run.safety.made_up import replaced
from tests.support.builds import open_as_usual
from warehouse.files import write_atomically

EXPORT = "export "
# The same work at any time: its processor seconds tell how fast a processor is just now.
REFERENCE = """
import time
import numpy as np
numbers = np.random.default_rng(0).random(2_000_000)
started = time.process_time()
numbers.sort()
for number in range(1_000_000):
    number += 1
print(time.process_time() - started)
"""
REFERENCE_EVERY = 30.0  # seconds


@dataclass
class Step:
    """A node or a file: what it took. `peak_mb`: of the whole process while it ran."""

    name: str
    seconds: float
    processor: float
    peak_mb: float
    rows: int | None = None


@dataclass
class Run:
    """One build. Sizes on the disk are in MB; `encoding`: processor seconds of the made-up model."""

    times: int
    features: int
    began: str
    load: float
    finished: bool = False
    records: int = 0
    embedded: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    encoding: float = 0.0
    peak_mb: float = 0.0
    spill_mb: float = 0.0
    disk: dict[str, float] = field(default_factory=dict)
    reference: list[float] = field(default_factory=list)  # processor seconds of REFERENCE
    steps: list[Step] = field(default_factory=list)


class Meter:
    """Notes each step as it ends, and writes the run down, so that one that is stopped tells too."""

    def __init__(self, run: Run, log: Path) -> None:
        self.run, self.log = run, log
        self._begin()

    def _begin(self) -> None:
        self._wall, self._processor = time.perf_counter(), _processor()
        forget_peak()  # of each step by itself

    def step(self, name: str, rows: int | None = None) -> None:
        """What was done since the last one is called `name`."""
        seconds, processor = time.perf_counter() - self._wall, _processor() - self._processor
        step = Step(name, seconds, processor, peak_mb(), rows)
        self.run.steps.append(step)
        self.run.peak_mb = max(self.run.peak_mb, step.peak_mb)
        _note(self.run, self.log)
        self._begin()


def _note(run: Run, log: Path) -> None:
    text = json.dumps(asdict(run))
    write_atomically(log, lambda path: path.write_text(text, encoding="utf-8"))


def _processor() -> float:
    times = os.times()
    return times.user + times.system


@contextmanager
def _watched(directory: Path, run: Run) -> Iterator[None]:
    """Notes how large DuckDB's spill grows, and how fast the processor is."""
    ended = threading.Event()

    def watch() -> None:
        due = 0.0
        while not ended.wait(2.0):
            if time.monotonic() >= due:
                due = time.monotonic() + REFERENCE_EVERY
                told = subprocess.run([sys.executable, "-c", REFERENCE], capture_output=True)
                run.reference.append(float(told.stdout))
            run.spill_mb = max(run.spill_mb, sum(map(_size, directory.glob(".build/*/spill"))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _size(path: Path) -> float:
    """MB of what lies there, as the disk counts it; hard links of a file count once."""
    seen: dict[int, int] = {}
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                found = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - a million files
            except OSError:
                continue
            seen[found.st_ino] = found.st_blocks * 512
    return sum(seen.values()) / 1e6


def measure(directory: Path, times: int, size: Size, log: Path, alone: bool = True) -> Run:
    """Build; with `alone` no file is written while a node runs, so each step is told by itself."""
    import embed.encoder
    from warehouse.run import build as builds
    from warehouse.run.events import Event
    from warehouse.write.writer import Writer

    began = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    run = Run(times, size.features * times, began, os.getloadavg()[0])
    model, begin, started = copies.Words(), Writer.start, time.perf_counter()
    before = _processor()
    meter = Meter(run, log)

    def watch(event: Event) -> None:
        if event.kind == "start":
            meter.step("between")
        if event.kind == "done":
            meter.step(event.node, event.rows)
        if event.kind == "export" and alone:
            meter.step(EXPORT + event.node, event.rows)
        if event.kind == "published":
            meter.step("published")

    def start(writer: Writer, *arguments: object) -> None:
        begin(writer, *arguments)
        writer.collect(everything=alone)

    changes = [(embed.encoder, "load_encoder", lambda *_: model), (Writer, "start", start)]
    with replaced(changes), _watched(directory, run):
        report = builds.build(open_as_usual(directory), on_event=watch)
    run.seconds, run.encoding = time.perf_counter() - started, model.seconds
    run.processor = _processor() - before - model.seconds
    run.embedded = sum(report.embedded.values())
    run.records = next(s.rows for s in run.steps if s.name == "staging.activation_records")
    run.disk = {
        name: _size(directory / name) for name in ("raw", "vectors", "master", "feature_similarity")
    }
    run.disk["warehouse"] = (directory / "warehouse.duckdb").stat().st_size / 1e6
    run.finished = True
    _note(run, log)
    return run


def _clear(directory: Path) -> None:
    """Take away what was built, vectors too."""
    for place in directory.iterdir():
        if place.is_dir() and place.name != "raw":
            shutil.rmtree(place)
    (directory / "warehouse.duckdb").unlink(missing_ok=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure builds of growing samples; write docs/scale.md."""


@main.command("measure")
@click.argument("times", type=int)
@click.option("--scratch", type=click.Path(path_type=Path), required=True)
@click.option("--results", type=click.Path(path_type=Path), required=True)
@click.option("--as-usual", is_flag=True, help="Files are written beside nodes, as in any build.")
@click.option("--keep", is_flag=True, help="Leave the data.")
def measure_one(times: int, scratch: Path, results: Path, as_usual: bool, keep: bool) -> None:
    """Make TIMES copies of the sample, and build them; RESULTS/TIMES.json tells of it, also when it is stopped."""
    directory = scratch / f"times-{times}"
    if not directory.exists():
        started = time.process_time()
        copies.make(directory, scratch / "base", times, FULL)
        click.echo(f"data made in {time.process_time() - started:.0f} processor seconds")
    _clear(directory)
    results.mkdir(parents=True, exist_ok=True)
    log = results / f"{times}{'-as-usual' * as_usual}.json"
    run = measure(directory, times, FULL, log, not as_usual)
    click.echo(
        f"{times}: {run.processor:.0f} processor s, {run.seconds:.0f} s, {run.peak_mb:.0f} MB"
    )
    if not keep:
        shutil.rmtree(directory)


@main.command("beside")
@click.option("--built", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--results", type=click.Path(path_type=Path), required=True)
def measure_beside(built: Path, results: Path) -> None:
    """Measure embedding and pairs, which builds with a made-up model do not; into RESULTS/beside.json.

    BUILT: a data directory whose windows are embedded.
    """
    results.mkdir(parents=True, exist_ok=True)
    bench = Bench(results)
    rate = bench.call(scale_beside.embed_texts, built).result
    pairs = bench.call(scale_beside.pair_random_latents).result
    beside = scale_page.Beside(rate, *pairs)
    (results / "beside.json").write_text(json.dumps(asdict(beside)))
    click.echo(str(beside))


@main.command("page")
@click.option("--results", type=click.Path(path_type=Path, exists=True), required=True)
def write_page(results: Path) -> None:
    """Write docs/scale.md from the results."""
    words = "python -m tests.bench.scale page"
    runs = [json.loads(path.read_text()) for path in results.glob("[0-9]*.json")]
    beside = scale_page.Beside(**json.loads((results / "beside.json").read_text()))
    text = scale_page.page(runs, words, beside)
    (ROOT / "docs" / "scale.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
