"""What readers ask: four queries of the published file, and one feature of the two large masters."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import builds, data
from tests.bench.harness import Bench, Figure, Stage

if TYPE_CHECKING:
    import pyarrow.parquet as pq

LARGE = ("activation_embeddings", "activation_examples")
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
        feature = connection.execute(
            "SELECT median(feature_id)::BIGINT FROM master.interfeature_similarity"
        ).fetchall()[0][0]
        feature = connection.execute(
            "SELECT max(feature_id)::BIGINT FROM master.interfeature_similarity WHERE feature_id <= ?",
            [feature],
        ).fetchall()[0][0]
        for name, sql in QUERIES.items():
            every = {"feature": feature, "thresholds": THRESHOLDS}
            bound = {key: value for key, value in every.items() if f"${key}" in sql}
            query = connection.sql(sql, params=bound or None)
            found[name] = (_median(query.to_arrow_table, times), len(query.to_arrow_table()))
    return found


def one_feature(directory: str, times: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds of one feature of each large master, and the megabytes of its file that
    a reader over HTTP touches: the footer and the columns of one row group. By reader and master."""
    import duckdb
    import polars as pl
    import pyarrow.parquet as pq

    found = {}
    with duckdb.connect(str(Path(directory) / "warehouse.duckdb"), read_only=True) as connection:
        [(feature,)] = connection.execute(
            "SELECT quantile_disc(feature_id, 0.5) FROM master.activation_example_similarity"
        ).fetchall()
        for name in LARGE:
            path = Path(directory) / "master" / f"{name}.parquet"
            touched = _touched(pq.read_metadata(path), feature)
            where = f"WHERE feature_id = {feature}"
            lazy = pl.scan_parquet(path).filter(pl.col("feature_id") == feature)
            asked = {
                "DuckDB, warehouse": connection.sql(f"FROM master.{name} {where}").to_arrow_table,
                "DuckDB, parquet": connection.sql(f"FROM '{path}' {where}").to_arrow_table,
                "Polars, parquet": lazy.collect,
            }
            for reader, ask in asked.items():
                found[f"{name}: {reader}"] = (_median(ask, times), touched)
    return found


def _median(ask: Callable[[], object], times: int) -> float:
    """Median milliseconds of some calls after a first one."""
    ask()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def _touched(footer: pq.FileMetaData, feature: int) -> float:
    """Megabytes of the footer and of the row groups that may hold the feature."""
    size = footer.serialized_size
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        ids = group.column(0).statistics
        if ids.min <= feature <= ids.max:
            size += sum(group.column(i).total_compressed_size for i in range(group.num_columns))
    return size / 1e6


def run(bench: Bench) -> list[Figure]:
    directory = data.full(bench)
    builds.ensure_built(bench, directory)
    times = 5 if bench.quick else 50
    return [
        Figure(name, milliseconds, "ms", "< 10", f"{rows:,} rows")
        for name, (milliseconds, rows) in bench.call(medians, directory, times).result.items()
    ] + [
        Figure(f"one feature, {name}", milliseconds, "ms", "≤ 40" if "Polars" in name else "≤ 20", f"{touched:.2f} MB of the file over HTTP (≤ 1.5)")
        for name, (milliseconds, touched) in bench.call(one_feature, directory, times).result.items()
    ]  # fmt: skip


STAGE = Stage("queries", "Queries: medians in process", run)
