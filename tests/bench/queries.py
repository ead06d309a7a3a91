"""The four queries of a reader, in process on the published file."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from tests.bench import builds, data
from tests.bench.harness import Bench, Figure, Stage

THRESHOLDS = [0.2, 0.4, 0.6, 0.8]
# name → SQL; $feature and $thresholds are bound.
QUERIES = {
    "features grouped by 4 thresholds into 5 groups": """
        FROM analysis.feature_groups($thresholds, 'fuzz')""",
    "the full table, nested columns and all": "SELECT * FROM master.features",
    "one feature's everything": """
        SELECT f.*, m.* EXCLUDE (feature_id), a.* EXCLUDE (feature_id), i.* EXCLUDE (feature_id)
        FROM master.features f
        LEFT JOIN master.ex_act_pattern_matching m USING (feature_id)
        LEFT JOIN master.activation_example_similarity a USING (feature_id)
        LEFT JOIN master.interfeature_similarity i USING (feature_id)
        WHERE f.feature_id = $feature""",
    "similarity of one feature": """
        SELECT * FROM master.interfeature_similarity WHERE feature_id = $feature""",
}


def medians(directory: str, times: int) -> dict[str, tuple[float, int]]:
    """Median milliseconds of each query, its rows fetched as Arrow, and how many there are."""
    import duckdb
    import pyarrow  # noqa: F401 - its import is no part of a query

    found = {}
    path = str(Path(directory) / "warehouse.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        feature = connection.execute("SELECT median(feature_id)::BIGINT FROM master.interfeature_similarity").fetchall()[0][0]  # fmt: skip
        feature = connection.execute("SELECT max(feature_id)::BIGINT FROM master.interfeature_similarity WHERE feature_id <= ?", [feature]).fetchall()[0][0]  # fmt: skip
        for name, sql in QUERIES.items():
            every = {"feature": feature, "thresholds": THRESHOLDS}
            bound = {key: value for key, value in every.items() if f"${key}" in sql}
            taken = []
            for _ in range(times):
                started = time.perf_counter()
                rows = connection.sql(sql, params=bound or None).to_arrow_table()
                taken.append(1000 * (time.perf_counter() - started))
            found[name] = (statistics.median(taken), len(rows))
    return found


def run(bench: Bench) -> list[Figure]:
    directory = data.full(bench)
    builds.ensure_built(bench, directory)
    found = bench.call(medians, directory, 5 if bench.quick else 50).result
    return [
        Figure(name, milliseconds, "ms", "< 10", f"{rows:,} rows")
        for name, (milliseconds, rows) in found.items()
    ]


STAGE = Stage("queries", "Queries: medians in process", run)
