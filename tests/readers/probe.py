"""Read parquet files with one reader and write the values as JSON lines, one line per row.

    python -S probe.py KIND JOBS DIRECTORY

Stands alone: it runs with another Python environment on its path, which has the reader and nothing
of this project. JOBS is a JSON file: [[name, path, feature_id], ...]. Each file gives
DIRECTORY/name.whole (all rows), DIRECTORY/name.one (the rows of feature_id, as the reader filters
them) and, where the reader raises, DIRECTORY/name.error.

Values are exact: a float is written by the shortest text that gives its float64 back (a float32 is
one), a null is not an empty list, a Categorical is its text. What has no JSON form is written with
its type's name, so that it cannot pass for something else.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Rows = Iterable[dict]


def polars(path: str, feature_id: int | None) -> Rows:
    import polars as pl

    if feature_id is None:
        return pl.read_parquet(path).to_dicts()
    return pl.scan_parquet(path).filter(pl.col("feature_id") == feature_id).collect().to_dicts()


def pyarrow(path: str, feature_id: int | None) -> Rows:
    import pyarrow.parquet as pq

    return pq.read_table(path, filters=_filters(feature_id)).to_pylist()


def pandas(path: str, feature_id: int | None) -> Rows:
    import pandas as pd

    frame = pd.read_parquet(path, filters=_filters(feature_id))
    columns = [[_known(value) for value in frame[name]] for name in frame.columns]
    return (dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True))


def duckdb(path: str, feature_id: int | None) -> Rows:
    import duckdb

    found = duckdb.execute(f"FROM read_parquet(?) {_where(feature_id)}", [path])
    names = [column[0] for column in found.description]
    return (dict(zip(names, row, strict=True)) for row in found.fetchall())


def datasets(path: str, feature_id: int | None) -> Rows:
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        return list(
            datasets.load_dataset(
                "parquet", data_files=path, split="train", cache_dir=cache, filters=_filters(feature_id)
            )
        )  # fmt: skip


def pyspark(path: str, feature_id: int | None) -> Rows:
    frame = _spark().read.parquet(path)
    if feature_id is not None:
        frame = frame.filter(frame.feature_id == feature_id)
    return (row.asDict(recursive=True) for row in frame.collect())


def chdb(path: str, feature_id: int | None) -> Rows:
    import chdb
    import pyarrow as pa

    sql = f"SELECT * FROM file({_quoted(path)}, Parquet) {_where(feature_id)}"
    told = chdb.query(sql + " SETTINGS max_threads = 1", "ArrowStream").bytes()
    with pa.ipc.open_stream(told) as stream:
        return stream.read_all().to_pylist()


def datafusion(path: str, feature_id: int | None) -> Rows:
    from datafusion import SessionConfig, SessionContext

    context = SessionContext(SessionConfig().with_target_partitions(1))  # keeps the file's order
    context.register_parquet("file", path)
    return context.sql(f"SELECT * FROM file {_where(feature_id)}").to_arrow_table().to_pylist()


KINDS: dict[str, Callable[[str, int | None], Rows]] = {
    f.__name__: f for f in (polars, pyarrow, pandas, duckdb, datasets, pyspark, chdb, datafusion)
}


def _filters(feature_id: int | None) -> list[tuple[str, str, int]] | None:
    return None if feature_id is None else [("feature_id", "=", feature_id)]


def _where(feature_id: int | None) -> str:
    return "" if feature_id is None else f"WHERE feature_id = {int(feature_id)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _spark() -> object:
    """One Spark for all files; it listens on the loopback address only, for this process."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.files.minPartitionNum", "1")  # one part keeps the file's order
        .config("spark.sql.files.openCostInBytes", str(1 << 30))
        .getOrCreate()
    )


def _known(value: object) -> object:
    """A value of a pandas column; pandas has NaN where a number or a text is null, in lists too."""
    if hasattr(value, "tolist"):  # an array, or a NumPy number
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, list):
        return [_known(one) for one in value]
    if isinstance(value, dict):
        return {name: _known(one) for name, one in value.items()}
    return value


def _plain(value: object) -> object:
    return f"{type(value).__name__} {value!r}"


def _write(rows: Rows, path: Path) -> None:
    def lines() -> Iterator[str]:
        for row in rows:
            yield json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n"

    with path.open("w", encoding="utf-8", errors="surrogatepass") as file:
        file.writelines(lines())


def main(kind: str, jobs: str, directory: str) -> None:
    """Read every file of `jobs` with the reader of that kind."""
    read = KINDS[kind]
    for name, path, feature_id in json.loads(Path(jobs).read_text(encoding="utf-8")):
        results = [Path(directory, f"{name}.{part}") for part in ("whole", "one")]
        try:
            for result, wanted in zip(results, (None, feature_id), strict=True):
                _write(read(path, wanted), result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - Polars' panics are no Exceptions
            for result in results:
                result.unlink(missing_ok=True)
            text = f"{type(error).__name__}: {error}"
            Path(directory, f"{name}.error").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
