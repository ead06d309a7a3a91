"""What is put together outside SQL holds what its SQL says: gathered vectors, the wide masters, int8."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import MODEL
from warehouse.errors import WarehouseError
from warehouse.models.library import load_all
from warehouse.plan.state import read_state
from warehouse.settings_file import load
from warehouse.write import gather, wide
from warehouse.write.gather import SampledVectors, spans, stream_schema
from warehouse.write.room import estimate
from warehouse.write.targets import count_rows
from warehouse.write.wide import quantized
from warehouse.write.writer import Writer

# The ways of docs/daily-use.md to read int8 vectors back.
IN_POLARS = """(
    pl.read_parquet(path)
    .explode("prompt_ids", "embeddings", "scales")
    .with_columns(pl.col("embeddings").cast(pl.List(pl.Float32)) * pl.col("scales"))
)"""
IN_SQL = """SELECT feature_id, prompt_ids,
    list_transform(list_zip(embeddings, scales), lambda v: list_transform(v[1], lambda x: (x * v[2])::FLOAT)) AS embeddings
FROM '{path}'"""

VALUES = st.floats(-1e6, 1e6, width=32).map(lambda x: 0.0 if abs(x) < 1e-6 else x)


def test_the_gathered_stream_holds_the_rows_of_its_sql(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "_STREAM_VALUES", 384 * 7)  # several batches, features cut nowhere
    monkeypatch.setattr(gather, "_RUN", 4 * 384 * 50)  # several files
    streamed = SampledVectors(tmp_path).stream(connection, [MODEL]).read_all()
    assert len(list(tmp_path.iterdir())) > 5
    said = connection.sql("FROM analysis.sampled_vectors ORDER BY feature_id").to_arrow_table()
    assert len(streamed["feature_id"].chunks) > 5
    assert streamed.combine_chunks().equals(said.cast(stream_schema()).combine_chunks())


def test_the_wide_masters_are_the_same_in_batches_of_any_size(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def assembled(name: str) -> pa.Table:
        work = wide.Assembly(connection, SampledVectors(tmp_path))
        batches = [pa.table(columns) for columns in wide.ASSEMBLERS[name](work)]
        return pa.concat_tables(batches).combine_chunks(), len(batches)

    for name in wide.ASSEMBLERS:
        whole, one = assembled(name)
        with monkeypatch.context() as small:
            small.setattr(wide, "_EXAMPLES", 100)
            small.setattr(wide, "_FEATURES", 3)
            parts, many = assembled(name)
        assert one == 1
        assert many > 10
        assert parts.equals(whole)


def test_leaving_a_writer_ends_what_it_still_writes(
    sample: Path,
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, begun = "master.activation_examples", Event()
    assembled = wide.ASSEMBLERS[name]

    def announced(work: wide.Assembly) -> Iterator[dict[str, pa.Array]]:
        for batch in assembled(work):
            begun.set()
            yield batch

    monkeypatch.setitem(wide.ASSEMBLERS, name, announced)
    monkeypatch.setattr(wide, "_EXAMPLES", 1)
    result = read_state(sample / "warehouse.duckdb").nodes[name].result
    sampled = SampledVectors(tmp_path)
    with (
        pytest.raises(ZeroDivisionError),
        Writer(connection, tmp_path, "a build", load(sample), sampled) as writer,
    ):
        writer.start([load_all()[name]], {name: result})
        assert begun.wait(60)
        1 / 0  # noqa: B018
    assert writer.files == []
    [path] = tmp_path.glob("master/*.parquet")
    [(rows,)] = connection.sql(f"SELECT count(*) FROM {name}").fetchall()
    assert 0 < pl.read_parquet(path).height < rows


STOPPED = """
import sys
from pathlib import Path
from threading import Event

import duckdb
from warehouse.write.gather import SampledVectors
from warehouse.write import parquet
from warehouse.errors import WarehouseError
from warehouse.models.library import load_all
from warehouse.settings_file import load

data, scratch, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
file, stop, kept = str(data / "warehouse.duckdb"), Event(), []
stop.set()
with duckdb.connect(file, read_only=True) as connection:
    origin = parquet.Origin("a result", 0, "a build", load(data))
    try:
        parquet.write(
            connection, load_all()[name], scratch, "a.parquet", origin, SampledVectors(scratch), stop
        )
    except WarehouseError as error:
        kept.append(error)  # and with it all that its frames hold
with duckdb.connect(file, read_only=True) as connection:
    print(kept)
"""


@pytest.mark.parametrize("name", wide.ASSEMBLERS)
def test_a_file_opens_again_after_an_export_of_it_was_stopped(
    name: str, sample: Path, tmp_path: Path
) -> None:
    # In a process of its own: DuckDB waits for ever for a stream that was left open.
    words = [sys.executable, "-c", STOPPED, str(sample), str(tmp_path), name]
    said = subprocess.run(words, check=True, timeout=60, capture_output=True, text=True)
    assert "the export was stopped" in said.stdout


def test_files_that_are_written_at_once_must_fit_together(
    sample: Path,
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models, settings = load_all(), load(sample)
    wanted = [models["master.activation_embeddings"], models["master.activation_examples"]]
    sizes = [estimate(connection, m, count_rows(connection, m), sample, settings) for m in wanted]

    def a_disk_one_byte_too_small(path: Path) -> SimpleNamespace:
        written = sum(file.stat().st_size for file in path.glob("*.parquet"))
        return SimpleNamespace(free=sum(sizes) - 1 - written)

    monkeypatch.setattr(shutil, "disk_usage", a_disk_one_byte_too_small)
    results = {m.name: "a result" for m in wanted}
    with Writer(connection, tmp_path, "a build", settings, SampledVectors(tmp_path)) as writer:
        writer.start(wanted[:1], results)
        with pytest.raises(WarehouseError, match="the parquet files need about"):
            writer.start(wanted[1:], results)


def test_a_window_without_a_vector_stops_the_gathering(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(
        WarehouseError, match=r'\d+ of \d+ sampled windows have no vector of "none"'
    ):
        SampledVectors(tmp_path).of(connection, "none")
    assert not list(tmp_path.iterdir())


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 20), st.integers(1, 10))
def test_spans_cover_every_feature_once_within_the_bounds(
    counts: list[int], rows: int, features: int
) -> None:
    starts = np.append(0, np.cumsum(counts)).astype(np.int64)
    found = list(spans(starts, rows, features))
    assert [f for first, last in found for f in range(first, last)] == list(range(len(counts)))
    for first, last in found:
        assert last - first <= features
        assert last - first == 1 or starts[last] - starts[first] <= rows


@given(st.lists(st.lists(VALUES, min_size=8, max_size=8), min_size=1, max_size=6))
def test_a_quantized_value_is_off_by_half_a_step_at_most(rows: list[list[float]]) -> None:
    vectors = np.array(rows, np.float32)
    codes, scales, error = quantized(vectors)
    assert codes.dtype == np.int8
    assert scales.dtype == np.float32
    assert (np.abs(codes * scales[:, None] - vectors) <= scales[:, None] * 0.5001).all()
    assert 0 <= error + 1e-12 < 0.01


def test_int8_vectors_are_a_quarter_and_read_back_in_polars_and_sql(copy: Path, rebuild) -> None:
    path = copy / "master" / "activation_embeddings.parquet"
    exact, size = pl.read_parquet(path), path.stat().st_size
    _, ran = rebuild(copy, "export.embeddings=int8")
    assert ran == []  # nothing is computed anew
    assert path.stat().st_size < size / 3  # small files: the rest weighs more
    assert pl.read_parquet(path).schema["embeddings"] == pl.List(pl.List(pl.Int8))

    read = eval(IN_POLARS, {"pl": pl, "path": path})  # noqa: S307 - the lines that the page shows
    wanted = exact.explode("prompt_ids", "embeddings")
    assert read["prompt_ids"].equals(wanted["prompt_ids"])
    ours = np.array(read["embeddings"].drop_nulls().to_list())
    theirs = np.array(wanted["embeddings"].drop_nulls().to_list())
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    error = (1 - (ours * theirs).sum(axis=1) / norms).max()
    said = json.loads(path.with_name(path.name + ".metadata.json").read_text())
    assert error < 0.01
    assert said["processing_statistics"]["largest_cosine_error"] == pytest.approx(error, rel=1e-3)

    rows = duckdb.sql(IN_SQL.format(path=path)).fetchall()
    assert np.array_equal(np.array([v for row in rows for v in row[2]], np.float32), ours)


def test_the_page_on_daily_use_shows_how_int8_vectors_are_read() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "daily-use.md").read_text()
    assert IN_POLARS in page
    assert IN_SQL.format(path="data/master/activation_embeddings.parquet") in page
