"""docs/scale.md from the runs of tests.bench.scale: the curve, the steps, what they mean for many SAEs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.harness import as_table, circumstances
from warehouse.models.library import load_all

Run = Mapping[str, object]
SHOWN = 16  # steps of the table
EXPORT, BETWEEN = "export ", "between"
NEIGHBOURS, VECTORS = "analysis.decoder_neighbours", "vectors.windows"
RECORDS, SHARED = "staging.activation_records", "analysis.shared_ngrams"
STATISTICS = "analysis.sample_statistics"
HUNDRED = 100  # SAEs of a set

HEAD = """# How far one machine goes

Written by `python -m tests.bench.scale page` from the runs of `python -m tests.bench.scale measure TIMES`.

A run builds so many copies of a sample of 16,384 features, with every export. The copies have texts of their own, and their prompts take turns, so that a feature's lie everywhere in the corpus. Explained features grow with the rest (824 of each 16,384, with nine sources of score files; the copies' score files are hard links, which the raw MB count once). Vectors have 64 dimensions and are made up, so no model is run; the steps below hold the time of making them up (ENCODING processor seconds at 16,384 features). `memory_limit` is 4 GB. Steps run one at a time here, so that each can be told apart; a usual build writes files beside the nodes.
"""


@dataclass(frozen=True)
class Beside:
    """What was measured beside the builds: see `scale_beside`."""

    texts_per_processor_second: float
    pairs_seconds: float
    pairs_mb: float


def page(runs: Sequence[Run], command: str, beside: Beside) -> str:
    """The whole page."""
    runs = sorted(runs, key=lambda run: run["times"])
    whole = [run for run in runs if run["finished"]]
    first, last = whole[0], whole[-1]
    blocks = [
        HEAD.replace("ENCODING", f"{first['encoding']:.0f}")
        + "\n"
        + circumstances(command)
        + " "
        + _beside(runs),
        "## The curve\n\n" + "\n".join(_curve(runs)),
        f"## What each step costs at {last['features']:,} features\n\n"
        + "\n".join(_steps(first, last)),
        "## What bends the curve\n\n" + _bends(runs, first, last),
        "## From where on more machines pay\n\n" + _machines(first, last, beside),
    ]
    return "\n\n".join(blocks) + "\n"


def _beside(runs: Sequence[Run]) -> str:
    rates = [second for run in runs for second in run["reference"]]
    return (
        "The runs were made one after another. The machine's own speed changes: a fixed piece of work, done "
        "every half minute, took "
        f"{min(rates):.2f} to {max(rates):.2f} processor seconds."
    )


def _curve(runs: Sequence[Run]) -> list[str]:
    first = _by_name(runs[0])
    head = ("times", "features", "records", "texts embedded", "steps that ended", "processor s of these", "over the growth", "wall s", "peak MiB", "raw MB", "vectors MB", "warehouse MB", "masters MB", "largest spill MB")  # fmt: skip
    rows = []
    for run in runs:
        own, disk = _by_name(run), run["disk"]
        spent = sum(seconds for seconds, _ in own.values())
        once = sum(first[name][0] for name in own if name in first)
        ended = "all" if run["finished"] else f"{len(own)} of {len(first)}"
        rows.append(
            (run["times"], f"{run['features']:,}", f"{_rows(run, RECORDS):,}", f"{_rows(run, VECTORS):,}",
             ended, spent, spent / once / run["times"], run["seconds"] or "", run["peak_mb"],
             *(disk.get(name, "") for name in ("raw", "vectors", "warehouse", "master")), run["spill_mb"])
        )  # fmt: skip
    return as_table(head, rows)


def _rows(run: Run, name: str) -> int:
    return next((step["rows"] for step in run["steps"] if step["name"] == name), 0)


def _by_name(run: Run) -> dict[str, tuple[float, float]]:
    """Processor seconds and the peak of memory of each step; what is between them is one."""
    seconds: dict[str, float] = defaultdict(float)
    peaks: dict[str, float] = defaultdict(float)
    for step in run["steps"]:
        seconds[step["name"]] += step["processor"]
        peaks[step["name"]] = max(peaks[step["name"]], step["peak_mb"])
    return {name: (seconds[name], peaks[name]) for name in seconds}


def _steps(first: Run, last: Run) -> list[str]:
    small, large = _by_name(first), _by_name(last)
    names = sorted(large, key=lambda name: -large[name][0])
    rows = [
        (_called(name), small[name][0], large[name][0], large[name][0] / max(small[name][0], 0.01) / last["times"], large[name][1])
        for name in names[:SHOWN]
    ]  # fmt: skip
    rest = [name for name in names[SHOWN:] if name in small]
    once, more = (sum(run[name][0] for name in rest) for run in (small, large))
    rows.append((f"{len(rest)} others", once, more, more / once / last["times"], ""))
    missing = sorted(small.keys() - large.keys(), key=lambda name: -small[name][0])
    if missing:
        spent = sum(small[name][0] for name in missing)
        named = ", ".join(_called(name) for name in missing[:5])
        rows.append((f"{len(missing)} that did not run ({named} …)", spent, "", "", ""))
    head = (
        "step",
        f"processor s at {first['features']:,}",
        f"at {last['features']:,}",
        "over the growth",
        "peak MiB",
    )
    return as_table(head, rows)


def _called(name: str) -> str:
    if name == BETWEEN:
        return "reading the list of raw files and hashing them, and what is between steps"
    return name.replace(EXPORT, "file ")


def _bends(runs: Sequence[Run], first: Run, last: Run) -> str:
    """`first`, `last`: of the runs those of the smallest and the largest data that ended."""
    small, large = _by_name(first), _by_name(last)
    times = last["times"]
    disk = sum(last["disk"].values()) / 1000
    peaks = sorted(large.items(), key=lambda item: -item[1][1])[:3]
    highest = ", ".join(
        f"`{name.replace(EXPORT, '')}` {peak:,.0f} MiB" for name, (_, peak) in peaks
    )
    near = ", ".join(f"{_by_name(run)[NEIGHBOURS][0]:,.1f}" for run in runs)
    held, looks = (large[name][0] / small[name][0] for name in (SHARED, STATISTICS))
    return f"""- **Decoder neighbours** are exact, so their work grows with the square of the features: {near} processor seconds in the runs of the table.
- **Parts times prompts.** `analysis.sample_statistics` reads all prompts once for each part of {load_all()[STATISTICS].batch_size:,} features, so that part of its work grows with the square: all of it took {looks:.0f} times as long for {times} times the data.
- **N-grams held at once.** `analysis.shared_ngrams` holds the shortest n-grams of the sampled examples of {load_all()[SHARED].batch_size:,} features before it counts them: {held:.0f} times as long for {times} times the data.
- **Memory**: DuckDB keeps to `memory_limit`, and the rest of the process comes on top. The highest peaks were {highest}; the goal is 8 GB (7,629 MiB). What does not fit is spilled beside the build (`temp_directory` says where): {last["spill_mb"]:,.0f} MB at the most.
- **Disk**: raw files, vectors, warehouse and files of {last["features"]:,} features take {disk:,.0f} GB together, and the spill comes on top while a build runs.
- The tree of decoder rows has a bound: above `clustering.max_features` (20,000) explained features there is none."""


def _machines(first: Run, last: Run, beside: Beside) -> str:
    texts, rate = first["embedded"], beside.texts_per_processor_second
    embedding, rest = texts / rate, first["processor"]  # without the made-up model
    square = _by_name(last)[NEIGHBOURS][0] / last["features"] ** 2
    equal = round(rest / first["features"] / square, -5)  # features
    return f"""An SAE of {first["features"]:,} features has {texts:,} distinct texts to embed (20 examples per feature). all-MiniLM-L6-v2 in float32 embeds {rate:.0f} of them per processor second on this machine on this day (512 texts), so that embedding takes {embedding:,.0f} processor seconds, and everything else {rest:,.0f}: {embedding / (embedding + rest):.0%} of a first build is embedding.

| | one SAE | a hundred SAEs |
|---|---|---|
| texts to embed | {texts:,} | {texts * HUNDRED:,} |
| embedding on CPUs, at the rate above | {embedding / 3600:.1f} processor hours | {embedding * HUNDRED / 3600:,.0f} processor hours |
| the same in bfloat16 on two cores of a processor that multiplies it fast: 581 texts/s ([benchmarks.md](benchmarks.md)) | {texts / 581 / 60:.0f} min | {texts * HUNDRED / 581 / 3600:.0f} h |
| everything else | {rest:.0f} processor seconds | {rest * HUNDRED / 3600:.1f} processor hours |

- **With vectors in the store one machine does**: a hundred SAEs are {rest * HUNDRED / 3600:.1f} processor hours, and a build after a changed setting is a part of that.
- **More machines pay for embedding, from the first SAE on**, where there is no GPU: it divides by the number of workers, because workers make whole parts of the store and share nothing ([cluster.md](cluster.md)). How many texts per second a GPU embeds was not measured.
- **Beyond some {equal:,.0f} features in one SAE** neighbours take longer than the rest (worked out: neighbours grow with the square, the rest with the features); they are one matrix product, which a GPU does (`embedding.device`). One SAE is always built by one process.
- Latents of two SAEs of 16,384 rows of 2,304 are paired in {beside.pairs_seconds:.0f} processor seconds (float64, two threads, random rows, timed once) and {beside.pairs_mb:,.0f} MiB beside the two decoders. Two such SAEs at each of 26 layers are 26 pairs."""
