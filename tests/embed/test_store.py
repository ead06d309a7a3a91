"""The vector store: each text once, resumed where it stopped, found wherever it lies."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from embed import store
from embed.store import VectorStore
from embed.workers import fill as fill_parts
from tests.support.models import engine
from warehouse.database import run, tell_data

TEXTS = [f"text {i} {'x' * (i % 5)}" for i in range(11)]


class Encoder:
    """A made-up model: three numbers out of a text. Notes its batches; stops at one when told."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.batches: list[list[str]] = []
        self.stop_at = stop_at

    def __call__(self, texts: list[str]) -> np.ndarray:
        if len(self.batches) == self.stop_at:
            raise KeyboardInterrupt
        self.batches.append(texts)
        return np.array([vector(t) for t in texts], dtype=np.float32)

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


def vector(text: str) -> list[float]:
    return [float(len(text)), zlib.crc32(text.encode()) % 1000 / 8, -0.5]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine("texts") as connection:
        yield connection


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART_TEXTS", 4)
    monkeypatch.setattr(store, "CHUNK_TEXTS", 2)


def texts(db: duckdb.DuckDBPyConnection, name: str, values: list[str]) -> str:
    """A relation of texts as the texts/* models make it, one per feature in this order."""
    run(db, f"CREATE OR REPLACE TABLE {name} (feature_id BIGINT, text_key UUID, text VARCHAR)")
    for feature, value in enumerate(values):
        run(db, f"INSERT INTO {name} VALUES ($2, text_key($1), $1)", [value, feature])
    return name


def opened(directory: Path) -> VectorStore:
    vectors = VectorStore(directory)
    vectors.describe({"model": "made up"})
    return vectors


def fill(
    db: duckdb.DuckDBPyConnection,
    vectors: VectorStore,
    relation: str,
    encode: Encoder,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    missing, encoded = vectors.find_missing(db, relation).texts, 0

    def done(texts: list[str]) -> None:
        nonlocal encoded
        encoded += len(texts)
        progress(encoded, missing)

    fill_parts(vectors, vectors.batches(db), encode, done, lambda texts: [len(t) for t in texts])
    return missing


def select(db: duckdb.DuckDBPyConnection, vectors: VectorStore, relation: str) -> str:
    """A SELECT of the relation's texts, as a job makes it."""
    places = f"{relation}_places"
    run(db, f"CREATE OR REPLACE TABLE {places} (model VARCHAR, text_key UUID, place BIGINT)")
    tell_data(db, vectors.directory.parent.parent)
    return vectors.select(db, relation, "made up", places)


def stored(db: duckdb.DuckDBPyConnection, vectors: VectorStore, relation: str) -> dict[str, list]:
    """Text → vector of a relation's texts, as the view over the store gives them."""
    view = select(db, vectors, relation)
    rows = run(
        db,
        f"SELECT text, vector FROM (SELECT DISTINCT text_key, text FROM {relation}) JOIN ({view}) USING (text_key)",
    )
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_each_distinct_text_is_encoded_once_whoever_asks(db, tmp_path):
    vectors, encode = opened(tmp_path), Encoder()
    assert fill(db, vectors, texts(db, "texts.a", ["one", "two", "one", "two", "one"]), encode) == 2
    assert fill(db, vectors, texts(db, "texts.b", ["two", "three", ""]), encode) == 2
    assert fill(db, vectors, "texts.a", encode) == 0
    assert sorted(encode.texts) == ["", "one", "three", "two"]
    assert stored(db, vectors, "texts.a") == {t: vector(t) for t in ("one", "two")}
    assert stored(db, vectors, "texts.b") == {t: vector(t) for t in ("two", "three", "")}


def test_texts_that_differ_in_case_space_or_normal_form_are_different_texts(db, tmp_path):
    alike = ["a", "A", "a ", " a", "é", "e\u0301"]
    vectors = opened(tmp_path)
    assert fill(db, vectors, texts(db, "texts.a", alike), Encoder()) == len(alike)
    assert stored(db, vectors, "texts.a") == {t: vector(t) for t in alike}


def test_a_parts_texts_are_encoded_longest_first_in_chunks_and_stored_by_feature(db, tmp_path):
    vectors, encode, told = opened(tmp_path), Encoder(), []
    fill(db, vectors, texts(db, "texts.a", TEXTS), encode, lambda *at: told.append(at))
    assert [len(batch) for batch in encode.batches] == [2, 2, 2, 2, 2, 1]
    assert told == [(2, 11), (4, 11), (6, 11), (8, 11), (10, 11), (11, 11)]
    parts = [TEXTS[at : at + 4] for at in range(0, len(TEXTS), 4)]
    assert encode.texts == [t for part in parts for t in sorted(part, key=len, reverse=True)]
    found = [pq.read_table(path)["vector"].to_pylist() for path in vectors.parts()]
    assert sorted(found) == sorted([vector(t) for t in part] for part in parts)


def test_the_vectors_of_a_feature_lie_together(db, tmp_path):
    run(db, "CREATE TABLE texts.a (feature_id BIGINT, text_key UUID, text VARCHAR)")
    for number in range(12):
        run(db, "INSERT INTO texts.a VALUES ($2, text_key($1), $1)", [f"text {number}", number % 3])
    vectors = opened(tmp_path)
    fill(db, vectors, "texts.a", Encoder())
    texts_of = {f: {f"text {n}" for n in range(12) if n % 3 == f} for f in range(3)}
    keys = {row[0]: row[1] for row in run(db, "SELECT text_key, text FROM texts.a")}
    found = [{keys[k] for k in pq.read_table(p)["text_key"].to_pylist()} for p in vectors.parts()]
    assert sorted(map(sorted, found)) == sorted(map(sorted, texts_of.values()))


@pytest.mark.parametrize("stop_at", range(6))
def test_an_interrupted_job_goes_on_where_it_stopped_and_ends_the_same(db, tmp_path, stop_at):
    relation = texts(db, "texts.a", TEXTS)
    through, whole = opened(tmp_path / "through"), Encoder()
    fill(db, through, relation, whole)

    broken, first, second = opened(tmp_path / "broken"), Encoder(stop_at), Encoder()
    with pytest.raises(KeyboardInterrupt):
        fill(db, broken, relation, first)
    finished = stop_at // 2  # a part is two batches
    kept = {path: path.stat().st_ino for path in broken.parts()}
    assert len(kept) == finished
    fill(db, broken, relation, second)

    assert first.batches[: 2 * finished] + second.batches == whole.batches
    assert kept.items() <= {path: path.stat().st_ino for path in broken.parts()}.items()
    assert [p.name for p in broken.parts()] == [p.name for p in through.parts()]
    assert stored(db, broken, relation) == stored(db, through, relation)
    assert stored(db, broken, relation) == {t: vector(t) for t in TEXTS}


def test_the_order_of_the_texts_does_not_decide_the_batches(db, tmp_path):
    one, other = Encoder(), Encoder()
    fill(db, opened(tmp_path / "one"), texts(db, "texts.a", TEXTS), one)
    run(
        db, "CREATE TABLE texts.b AS FROM texts.a UNION ALL FROM texts.a WHERE feature_id IN (3, 6)"
    )
    run(db, "CREATE TABLE texts.c AS FROM texts.b ORDER BY feature_id DESC")
    fill(db, opened(tmp_path / "other"), "texts.c", other)
    assert one.batches == other.batches


def test_what_a_job_that_died_left_is_swept_and_never_read(db, tmp_path):
    vectors, relation = opened(tmp_path), texts(db, "texts.a", TEXTS)
    (tmp_path / ".part-1.parquet.tmp").write_bytes(b"half a par")
    (tmp_path / "part-2.parquet.tmp").write_bytes(b"not ours")
    fill(db, vectors, relation, Encoder())
    assert stored(db, vectors, relation) == {t: vector(t) for t in TEXTS}
    names = {path.name for path in vectors.parts()}
    assert {p.name for p in tmp_path.iterdir()} == names | {"model.json", "part-2.parquet.tmp"}


def test_a_selection_reads_only_the_parts_that_hold_what_is_wanted(db, tmp_path):
    vectors = opened(tmp_path)
    fill(db, vectors, texts(db, "texts.a", TEXTS[:4]), Encoder())
    first = vectors.parts()
    fill(db, vectors, texts(db, "texts.b", TEXTS[4:8]), Encoder())
    second = [part for part in vectors.parts() if part not in first]
    assert (len(first), len(second)) == (1, 1)

    views = {relation: select(db, vectors, relation) for relation in ("texts.a", "texts.b")}
    assert first[0].name in views["texts.a"]
    assert second[0].name in views["texts.b"]
    both = select(db, vectors, texts(db, "texts.c", [TEXTS[0], TEXTS[4], "unknown"]))
    assert first[0].name in both
    assert second[0].name in both
    second[0].unlink()
    assert len(run(db, views["texts.a"])) == 4
    first[0].unlink()
    with pytest.raises(duckdb.Error):
        run(db, views["texts.a"])


@pytest.mark.parametrize("filled", [False, True])
def test_no_texts_give_an_empty_relation_with_its_types(db, tmp_path, filled):
    vectors, encode = opened(tmp_path), Encoder()
    if filled:
        fill(db, vectors, texts(db, "texts.a", TEXTS), Encoder())
    assert fill(db, vectors, texts(db, "texts.none", []), encode) == 0
    assert encode.batches == []
    sql = select(db, vectors, "texts.none")
    assert run(db, sql) == []
    types = run(db, f"DESCRIBE {sql}")
    assert [row[:2] for row in types] == [
        ("model", "VARCHAR"),
        ("text_key", "UUID"),
        ("vector", "FLOAT[]"),
    ]


def test_stored_columns_are_a_uuid_and_floats(db, tmp_path):
    vectors = opened(tmp_path)
    fill(db, vectors, texts(db, "texts.a", TEXTS), Encoder())
    types = run(db, f"DESCRIBE {select(db, vectors, 'texts.a')}")
    assert [row[:2] for row in types] == [
        ("model", "VARCHAR"),
        ("text_key", "UUID"),
        ("vector", "FLOAT[]"),
    ]


@pytest.mark.parametrize(
    "name",
    ["a b", "it's", 'say "x"', "a;b", "st*r", "[ab]", "what?", "{a,b}", "$HOME", "50%20", "äö\\ü"],
)
def test_a_directory_may_have_any_name(db, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for sibling in ("star", "a"):  # what a glob of the name would find as well
        other = opened(Path(sibling) / "vectors")
        fill(db, other, texts(db, "texts.other", ["elsewhere"]), Encoder())
    vectors, relation = opened(Path(name) / "vectors"), texts(db, "texts.a", TEXTS)
    fill(db, vectors, relation, Encoder())
    assert vectors.find_missing(db, relation) == (0, 0)
    assert stored(db, vectors, relation) == {t: vector(t) for t in TEXTS}
    assert vectors.find_missing(db, texts(db, "texts.other", ["elsewhere"])) == (1, 9)
    monkeypatch.chdir("/")
    assert len(run(db, select(db, VectorStore(tmp_path / name / "vectors"), relation))) == len(
        TEXTS
    )


def test_the_store_says_once_which_model_made_it(tmp_path):
    opened(tmp_path).describe({"model": "another"})
    assert '"made up"' in (tmp_path / "model.json").read_text()


def test_a_store_of_an_earlier_version_gets_places_and_keeps_its_vectors(db, tmp_path):
    vectors, relation = opened(tmp_path), texts(db, "texts.a", TEXTS)
    fill(db, vectors, relation, Encoder())
    for part in vectors.parts():
        run(db, f"CREATE OR REPLACE TABLE old AS SELECT text_key, vector FROM '{part}'")
        run(db, f"COPY old TO '{part}' (FORMAT parquet)")
    (tmp_path / "model.json").write_text('{"model": "made up"}')
    vectors.renew(db)
    assert stored(db, vectors, relation) == {t: vector(t) for t in TEXTS}
    written = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    vectors.renew(db)
    assert written == {path: path.stat().st_ino for path in tmp_path.iterdir()}
    assert fill(db, vectors, relation, Encoder()) == 0


def test_few_texts_are_found_without_reading_the_other_row_groups(db, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_ROW_GROUP", 1)
    vectors, relation = opened(tmp_path), texts(db, "texts.a", TEXTS)
    fill(db, vectors, relation, Encoder())
    view = select(db, vectors, relation)
    texts(db, "texts.few", TEXTS[3:5])
    plan = run(db, f"EXPLAIN ANALYZE FROM ({view}) JOIN texts.few USING (text_key)")[0][1]
    assert "Row Groups Scanned: 2 / 11" in plan


def test_places_are_unique_and_every_page_has_a_checksum(db, tmp_path):
    vectors = opened(tmp_path)
    fill(db, vectors, texts(db, "texts.a", TEXTS), Encoder())
    parts = [str(part) for part in vectors.parts()]
    assert run(db, "SELECT count(DISTINCT place) FROM read_parquet(?)", [parts]) == [(len(TEXTS),)]
    damaged = bytearray(Path(parts[0]).read_bytes())
    at = damaged.index(np.float32(vector(longest := max(TEXTS, key=len))[0]).tobytes())
    assert longest
    damaged[at] ^= 1
    Path(parts[0]).write_bytes(damaged)
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(parts[0], page_checksum_verification=True)
