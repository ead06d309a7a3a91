"""Whole builds, increments, growth: with vectors in the store, so that no model is the point."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import data, neighbours, peer
from tests.bench.harness import Bench, Figure, Stage, Table, Used
from tests.independent.check import MASTERS
from tests.run.safety.made_up import replaced
from tests.support.builds import open_as_usual

if TYPE_CHECKING:
    from warehouse.models.model import Model

EMBEDDINGS = "activation_embeddings"
NEIGHBOURS = "analysis.decoder_neighbours"


def build(directory: str, overrides: Sequence[str], aside: Sequence[str] = ()) -> dict:
    """Build, without the exports named in `aside`; seconds in all and of each node and export."""
    from warehouse.run import build as builds
    from warehouse.run import execution
    from warehouse.run.events import Event
    from warehouse.write import stale

    def is_stale(prepared: object, model: Model, *others: object) -> bool:
        return model.name not in aside and before(prepared, model, *others)

    before, seconds = stale.is_stale, {}

    def watch(event: Event) -> None:
        if event.kind in ("done", "export"):
            seconds[event.node.split(":")[0]] = event.seconds

    with replaced([(module, "is_stale", is_stale) for module in (stale, execution)]):
        report = builds.build(open_as_usual(Path(directory), overrides), on_event=watch)
    embedded = sum(report.embedded.values())
    return {"seconds": report.seconds, "nodes": seconds, "embedded": embedded}


def one_at_a_time(directory: str) -> dict:
    """Seconds, processor seconds and MB read and written of each node, and of each export alone.

    A build writes files beside what it still computes: here each has the machine for itself.
    """
    from warehouse.models import library
    from warehouse.run.build import build as run_build
    from warehouse.run.events import Event
    from warehouse.run.export import export_published
    from warehouse.write import targets

    project, before, measured = open_as_usual(Path(directory)), _spent(), {}

    def watch(event: Event) -> None:
        nonlocal before
        if event.kind == "start":
            before = _spent()
        if event.kind == "done":
            measured[event.node] = (event.seconds, *_since(before))

    run_build(project, exports=False, on_event=watch)
    target = Path(directory) / "one-at-a-time"
    for name in targets.exportable(library.load_all()):
        before, started = _spent(), time.perf_counter()
        export_published(project, [name], target)
        measured[f"export {name}"] = (time.perf_counter() - started, *_since(before))
    shutil.rmtree(target)
    return measured


def _since(before: tuple[float, float, float]) -> list[float]:
    return [b - a for a, b in zip(before, _spent(), strict=True)]


def _spent() -> tuple[float, float, float]:
    """Processor seconds, MB read and MB written by this process so far, page cache included."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    times = os.times()
    return times.user + times.system, int(counts["rchar"]) / 1e6, int(counts["wchar"]) / 1e6


def _cold(directory: Path) -> None:
    """Take away what was built; raw files and vectors stay."""
    for name in ("master", ".history", "scores", "feature_similarity", "llm_comparison"):
        shutil.rmtree(directory / name, ignore_errors=True)
    (directory / "warehouse.duckdb").unlink(missing_ok=True)


def _evict(directory: Path) -> None:
    """Take raw files and vectors out of the page cache, as far as the system lets go of them.

    Of the largest tree little stays there: the others must not be read from memory either.
    """
    os.sync()
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _built(
    bench: Bench, directory: Path, overrides: Sequence[str] = (), aside: Sequence[str] = ()
) -> Used:
    _cold(directory)
    used = bench.call(build, directory, overrides, aside)
    if used.result["embedded"]:
        raise RuntimeError("a vector was missing: what was measured is not only the build")
    return used


def ensure_built(bench: Bench, directory: Path) -> None:
    """Build with the settings of the directory, unless that is done."""
    if not (directory / "warehouse.duckdb").exists():
        _built(bench, directory)


def whole(bench: Bench) -> list[Figure | Table]:
    directory = data.full(bench)
    former = _built(bench, directory, [data.FORMER_SAMPLING], [f"master.{EMBEDDINGS}"])
    _cold(directory)
    nodes = bench.call(one_at_a_time, directory).result
    used = _built(bench, directory)
    sizes = {p.stem: p.stat().st_size / 1e6 for p in (directory / "master").glob("*.parquet")}
    masters = sum(sizes.pop(name) for name in MASTERS if name != EMBEDDINGS) + sizes[EMBEDDINGS]
    told = f"{EMBEDDINGS} {sizes.pop(EMBEDDINGS):,.0f} MB; the newer backend's files beside them {sum(sizes.values()):,.0f} MB"
    same = bench.call(peer.compare, directory, max(5 * bench.quick, 200))
    decoder = (
        f"with a decoder of {bench.size.features:,} × {bench.size.width:,}"
        if bench.size.width
        else ""
    )
    return [
        Figure("former sampling, 8 examples per feature, the vectors' export aside", former.result["seconds"], "s", "< 15", decoder),
        Figure("its processor time", former.cpu_seconds, "s", "<= 23"),
        Figure("its peak memory", former.peak_mb, "MB", "< 1200"),
        Figure("all 20 examples, all exports", used.result["seconds"], "s", "< 35"),
        Figure("its processor time", used.cpu_seconds, "s"),
        Figure("its peak memory", used.peak_mb, "MB"),
        *_peer_figures(same, nodes),
        Figure("the eight master files together", masters / 1000, "GB", "< 1.0", told),
        _by_gap(bench, nodes),
    ]  # fmt: skip


PEERS_NODES = (
    *("analysis.activation_quantiles", "analysis.samples", "texts.windows", "vectors.windows"),
    *("analysis.activation_similarity", "analysis.ngram_windows", "analysis.repeated_ngrams"),
    "analysis.ngram_jaccard",
)


def _peer_figures(used: Used, nodes: dict) -> list[Figure]:
    ours = sum(nodes[name][0] for name in PEERS_NODES)
    theirs = used.result["seconds"]
    differing = used.result["differing"]
    return [
        Figure("sampling, cosine and Jaccard: SQL", ours, "s", note="the nodes " + ", ".join(n.partition(".")[2] for n in PEERS_NODES)),
        Figure("sampling, cosine and Jaccard: Polars and NumPy", theirs, "s", note=f"peak {used.peak_mb:,.0f} MB; {differing} figures differ by over 1e-5"),
        Figure("the peer's time over ours", theirs / ours, "×"),
        Figure("the peer's processor time over ours", used.cpu_seconds / sum(nodes[name][1] for name in PEERS_NODES), "×"),
    ]  # fmt: skip


def _by_gap(bench: Bench, nodes: dict) -> Table:
    """Where seconds go that neither the disk nor the cores need: the largest first."""
    rate = bench.call(write_rate, bench.scratch, 50 if bench.quick else 1000).result
    cores, rows = len(os.sched_getaffinity(0)), []
    for name, (seconds, processor, read, written) in nodes.items():
        floor = max(processor / cores, written / rate)
        rows.append((name, seconds, processor, read, written, floor, max(seconds - floor, 0.0)))
    rows.sort(key=lambda row: -row[-1])
    return Table(
        f"Nodes and exports, one at a time, all 20 examples, the largest gaps first. Floor: processor seconds spread "
        f"over {cores} cores, or the bytes written at the {rate:,.0f} MB/s of this disk, whichever is more",
        ("node", "s", "processor s", "MB read", "MB written", "floor s", "gap s"),
        [row for row in rows if row[1] >= (0 if bench.quick else 0.2)],
    )


def write_rate(directory: str, megabytes: int) -> float:
    """MB/s of a file written in one go and synced."""
    path, block = Path(directory) / "rate", os.urandom(1_000_000)
    started = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    return megabytes / (time.perf_counter() - started)


def increments(bench: Bench) -> list[Figure]:
    directory = data.full(bench)
    ensure_built(bench, directory)
    command = ("--data", str(directory), "build")
    bench.command(*command)
    nothing = min(bench.command(*command).seconds for _ in range(3))
    raw = directory / "raw"
    path = min(raw.glob("*/scores/fuzz/*.txt"))
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(json.dumps(_one_changed(json.loads(text))), encoding="utf-8")
        score = bench.command(*command)
    finally:
        path.write_text(text, encoding="utf-8")
    bench.command(*command)
    threshold = bench.command("--set", "matching.threshold=0.41", *command)
    bench.command(*command)
    note = "whole process, from start to exit"
    return [
        Figure("nothing changed", nothing, "s", "< 1", note),
        Figure("one score changed in one file", score.seconds, "s", "< 3", note),
        Figure("the matching threshold changed", threshold.seconds, "s", "< 3", note),
    ]


def _one_changed(examples: list[dict]) -> list[dict]:
    examples[0]["correct"] = not examples[0]["correct"]
    return examples


def scale(bench: Bench) -> list[Figure | Table]:
    """1, 3 and 10 times the size in 4 GB of DuckDB memory; a decoder of 64 columns.

    The smallest is built before and after the others: a machine's speed changes in minutes.
    """
    factors = (1, 3) if bench.quick else (1, 3, 10)
    rows = [_grown(bench, factor) for factor in (*factors, 1)]
    for factor in factors:
        shutil.rmtree(data.full(bench, bench.size.times(factor)))
    once = (rows[0][1] + rows[-1][1]) / 2
    times, seconds, _, peak = rows[-2]
    return [
        Figure(f"{times} times the size: peak memory of the process", peak / 1024, "GiB", "< 6", "memory_limit 4GB"),
        Figure(f"time over the data's growth, {times} times", seconds / once / times, "", "<= 1.0", "every size read from the disk; neighbours aside: the less of what they take in the build and alone"),
        Table("Growth", ("times", "build s, neighbours aside", "neighbours s", "peak MB"), rows),
    ]  # fmt: skip


def _grown(bench: Bench, factor: int) -> tuple[int, float, float, float]:
    """A row of the table of growth."""
    size = bench.size.times(factor)
    directory = data.full(bench, size)
    _evict(directory)
    used = _built(bench, directory, ["memory_limit=4GB"])
    nodes = used.result["nodes"]
    # In the build they share the cores with files that are written beside them.
    alone = bench.call(neighbours.alone, size.features, size.width).result["seconds"]
    near = min(alone, nodes[NEIGHBOURS])
    slowest = sorted(nodes.items(), key=lambda item: -item[1])[:8]
    bench.say(", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest))
    return factor, used.result["seconds"] - near, near, used.peak_mb


STAGES = (
    Stage("whole", "The whole build, no model", whole),
    Stage("increments", "Increments", increments),
)
SCALE = Stage("scale", "Ten times", scale, long=True)
