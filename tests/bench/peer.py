"""The peer of the SQL: sampling, window similarity and Jaccard in vectorised Polars and NumPy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

PER_QUANTILE, QUANTILES, WIDTH, NGRAM_WIDTH, SIZES = 5, 4, 32, 5, (2, 3, 4)
CLOSE = 1e-5
_ROWS = 50_000  # features' windows are compared in batches of about so many vectors


def compare(directory: str, features: int) -> dict:
    """Seconds of the peer over the staged records of all features; its figures against the SQL's.

    `features`: how many of them are compared, spread evenly.
    """
    data = Path(directory)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        examples = _read(
            connection,
            "SELECT feature_id::BIGINT AS feature_id, prompt_id::BIGINT AS prompt_id, max_activation, "
            "max_position::BIGINT AS max_position FROM staging.activation_examples WHERE num_activations > 0",
        )
        prompts = _read(
            connection, "SELECT prompt_id::BIGINT AS prompt_id, tokens FROM staging.prompts"
        )
        theirs = _read(
            connection,
            "SELECT feature_id::BIGINT AS feature_id, mean_similarity::DOUBLE AS similarity, j.* EXCLUDE (feature_id) "
            "FROM analysis.activation_similarity JOIN (PIVOT analysis.ngram_jaccard ON n USING any_value(mean_jaccard) GROUP BY feature_id) j USING (feature_id)",
        )
    store = next(p for p in (data / "vectors").iterdir() if p.is_dir())
    started = time.perf_counter()
    windows = _windows(_sample(examples), prompts)
    found = _similarity(windows, store).join(_jaccard(windows), on="feature_id", how="left")
    seconds = time.perf_counter() - started
    both = theirs.join(found, on="feature_id", suffix="_peer").sort("feature_id")
    both = both.gather_every(max(len(both) // features, 1))
    differing = 0
    for name in ("similarity", *map(str, SIZES)):
        a, b = both[name].cast(pl.Float64), both[f"{name}_peer"].cast(pl.Float64)
        differing += int(
            ((a - b).abs().fill_null(0) > CLOSE).sum() + (a.is_null() != b.is_null()).sum()
        )
    return {"seconds": seconds, "differing": differing, "features": len(found)}


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    return pl.from_arrow(connection.sql(sql).to_arrow_table())


def _sample(examples: pl.DataFrame) -> pl.DataFrame:
    """The 5 largest examples of each quantile of a feature."""
    value = pl.col("max_activation").cast(pl.Float64)
    bounds = [
        value.quantile(i / QUANTILES, "linear").over("feature_id") for i in range(1, QUANTILES)
    ]
    place = pl.struct("max_activation", "prompt_id").rank("ordinal").over("feature_id")
    return (
        examples.sort("feature_id", "max_activation", "prompt_id")
        .with_columns(
            quantile=pl.when(pl.len().over("feature_id") < QUANTILES)
            .then(place)
            .otherwise(1 + pl.sum_horizontal((value > b).cast(pl.Int32) for b in bounds))
        )
        .sort("feature_id", "quantile", pl.col("max_activation"), "prompt_id", descending=[False, False, True, False])
        .filter(pl.int_range(pl.len()).over("feature_id", "quantile") < PER_QUANTILE)
    )  # fmt: skip


def _windows(samples: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Each sample's texts: the embedding window joined by spaces, the n-gram window by nothing."""
    joined = samples.join(prompts, on="prompt_id", maintain_order="left")
    total = pl.col("tokens").list.len().cast(pl.Int64)

    def window(width: int) -> pl.Expr:
        start = pl.max_horizontal(
            pl.min_horizontal(pl.col("max_position") - width // 2, total - width), 0
        )
        return pl.col("tokens").list.slice(start, width)

    return joined.select(
        "feature_id", text=window(WIDTH).list.join(" "), joined=window(NGRAM_WIDTH).list.join("")
    )


def _similarity(windows: pl.DataFrame, store: Path) -> pl.DataFrame:
    """Mean cosine similarity over a feature's pairs of windows."""
    connection = duckdb.connect()
    vectors = connection.sql(
        f"SELECT text_key::VARCHAR AS key, vector FROM read_parquet('{store}/*.parquet')"
    ).to_arrow_table()
    matrix = vectors["vector"].combine_chunks().flatten().to_numpy().reshape(len(vectors), -1)
    length = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    row_of = pl.DataFrame({"key": pl.from_arrow(vectors["key"]), "row": np.arange(len(vectors))})
    connection.register("windows", windows.to_arrow())
    keys = _read(connection, "SELECT md5(text)::UUID::VARCHAR AS key FROM windows")
    rows = pl.concat([windows.select("feature_id"), keys], how="horizontal").join(
        row_of, on="key", maintain_order="left"
    )
    groups = rows.group_by("feature_id", maintain_order=True).agg("row")
    sizes = groups["row"].list.len().to_numpy()
    means = np.full(len(groups), np.nan)
    for size in np.unique(sizes[sizes > 1]):  # features with as many windows: one batched product
        for at in _batches(np.flatnonzero(sizes == size), size):
            index = groups["row"].gather(at).explode().to_numpy()
            unit = (matrix[index] / length[index, None]).reshape(len(at), size, -1)
            upper = np.triu_indices(size, 1)
            means[at] = (unit @ unit.transpose(0, 2, 1))[:, *upper].mean(axis=1, dtype=np.float64)
    return groups.select("feature_id", similarity=pl.Series(means)).with_columns(
        pl.col("similarity").fill_nan(None)
    )


def _batches(features: np.ndarray, size: int) -> Iterator[np.ndarray]:
    step = max(_ROWS // size, 1)
    yield from (features[at : at + step] for at in range(0, len(features), step))


def _jaccard(windows: pl.DataFrame) -> pl.DataFrame:
    """Per feature and n the mean Jaccard similarity over its pairs of windows' n-grams."""
    found = windows.select("feature_id").unique(maintain_order=True)
    numbered = windows.select(
        "feature_id", "joined", window=pl.int_range(pl.len()).over("feature_id")
    )
    for n in SIZES:
        length = pl.col("joined").str.len_chars()
        grams = (
            numbered.filter(length >= n)
            .with_columns(start=pl.int_ranges(0, length - n + 1))
            .explode("start")
            .select("feature_id", "window", gram=pl.col("joined").str.slice(pl.col("start"), n))
            .unique()
        )
        sizes = numbered.select("feature_id", "window").join(
            grams.group_by("feature_id", "window").len("size"), on=["feature_id", "window"], how="left"
        ).with_columns(pl.col("size").fill_null(0))  # fmt: skip
        pairs = grams.join(grams, on=["feature_id", "gram"]).filter(
            pl.col("window") < pl.col("window_right")
        )
        shared = pairs.group_by("feature_id", "window", "window_right").len("shared")
        scored = (
            shared.join(sizes, on=["feature_id", "window"])
            .join(sizes, left_on=["feature_id", "window_right"], right_on=["feature_id", "window"], suffix="_b")
            .with_columns(jaccard=pl.col("shared") / (pl.col("size") + pl.col("size_b") - pl.col("shared")))
            .group_by("feature_id").agg(pl.col("jaccard").sum())
        )  # fmt: skip
        empty = (pl.col("size") == 0).sum()
        totals = sizes.group_by("feature_id").agg(
            pairs=pl.len() * (pl.len() - 1) / 2, empty=empty * (empty - 1) / 2
        )
        mean = (pl.col("jaccard").fill_null(0) + pl.col("empty")) / pl.col("pairs")
        scores = totals.join(scored, on="feature_id", how="left").select(
            "feature_id", pl.when(pl.col("pairs") > 0).then(mean).alias(str(n))
        )
        found = found.join(scores, on="feature_id", how="left")
    return found
