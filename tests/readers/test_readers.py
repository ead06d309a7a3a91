"""Other versions of Polars read every master file right: each value is what DuckDB reads."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.readers import files
from tests.readers.compare import Verdict, differences, verdict
from tests.readers.probe import KINDS
from tests.readers.readers import (
    BY_ID,
    INTEGERS,
    NULL_LISTS,
    NULL_STRUCTS,
    READERS,
    ROOT,
    TESTED,
    Job,
    Reader,
    read,
)

Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def jobs(sample: Path, once: Once) -> list[Job]:
    """The sample's masters, its vectors in the other forms, files of made-up rows."""

    def fill(directory: Path) -> None:
        made = [(j.name, str(j.path), j.feature_id) for j in files.jobs(sample, directory)]
        (directory / "jobs.json").write_text(json.dumps(made))

    made = json.loads((once("readers", fill) / "jobs.json").read_text())
    return [Job(name, Path(path), feature_id) for name, path, feature_id in made]


@pytest.fixture(scope="session")
def truth(jobs: list[Job], once: Once) -> Path:
    """What DuckDB reads in them."""

    def fill(directory: Path) -> None:
        assert read(None, jobs, directory) == {}

    return once("readers-truth", fill)


def judged(reader: Reader, jobs: list[Job], truth: Path, place: Path) -> dict[str, Verdict]:
    """The verdict on every file; a reader that is missing is a failure, not a reason to pass."""
    assert reader.installed, f"{reader.title} is not there; type: python -m tests.readers install"
    errors = read(reader, jobs, place)
    return {job.name: verdict(job.name, truth, place, errors, reader.losses) for job in jobs}


@pytest.mark.parametrize("reader", TESTED, ids=lambda reader: reader.id)
def test_polars_reads_every_value_of_every_master(
    reader: Reader, jobs: list[Job], truth: Path, tmp_path: Path
) -> None:
    found = judged(reader, jobs, truth, tmp_path)
    assert len(found) == 8 + 2 + len(files.masters())
    if reader.version == "0.20.31":
        assert "ByteStreamSplit" in found.pop("activation_embeddings float32-split").error
        lossy = {name for name, one in found.items() if one.losses}
        assert {n for n in lossy if not n.startswith(files.MADE_UP)} == {"ex_act_pattern_matching"}
        assert not any(one.error or one.differences for one in found.values())
    else:
        assert found == dict.fromkeys(found, Verdict())


def test_duckdb_reads_the_made_up_rows_as_they_were_made(truth: Path) -> None:
    """Without this, two readers could be wrong in the same way."""
    for name, model in files.masters().items():
        text = (truth / f"{files.MADE_UP}{name}.whole").read_text(encoding="utf-8")
        found = [json.loads(line) for line in text.split("\n")[:-1]]
        assert differences(files.rows(model), found) == [], name


def test_a_file_that_contradicts_its_arrow_schema_is_seen_to_be_read_as_nulls(
    tmp_path: Path,
) -> None:
    """DuckDB's COPY marks a column without nulls REQUIRED; the schema beside it says nullable."""
    schema = pa.schema([("feature_id", pa.uint32()), ("embedding", pa.list_(pa.float32()))])
    told = base64.b64encode(schema.serialize().to_pybytes()).decode()
    path = tmp_path / "wrong.parquet"
    duckdb.execute(
        f"""COPY (SELECT 8::UINTEGER AS feature_id, [0.5::FLOAT, 1.5] AS embedding) TO '{path}'
        (FORMAT parquet, KV_METADATA {{'ARROW:schema': '{told}'}})"""
    )
    jobs = [Job("wrong", path, 8)]
    assert read(None, jobs, tmp_path / "truth") == {}
    found = judged(BY_ID["polars-1.33.1"], jobs, tmp_path / "truth", tmp_path / "polars")
    assert found["wrong"].differences[0] == "`embedding` is read as nulls in 1 of 1 rows"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([], None),
        (None, []),
        ([1], [1.0]),
        (0.0, -0.0),
        (0.1, 0.10000000149011612),
        ({"a": [None]}, {"a": [[]]}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ("é", "e\u0301"),
    ],
)
def test_values_that_only_look_alike_differ(ours: object, theirs: object) -> None:
    assert len(differences([{"x": ours}], [{"x": theirs}])) == 1
    assert differences([{"x": ours}], [{"x": ours}]) == []


@pytest.mark.parametrize(
    ("loss", "ours", "theirs", "worse"),
    [
        (NULL_STRUCTS, [None], [{"a": None, "b": []}], [{"a": 0, "b": None}]),
        (NULL_LISTS, {"a": None}, {"a": []}, {"a": [None, None]}),
        (INTEGERS, [{"a": 5}], [{"a": 5.0}], [{"a": 5.5}]),
    ],
)
def test_a_loss_excuses_what_it_names_and_nothing_else(
    loss: str, ours: object, theirs: object, worse: object
) -> None:
    assert differences([{"x": ours}], [{"x": theirs}], [loss]) == []
    assert len(differences([{"x": ours}], [{"x": theirs}])) == 1
    assert len(differences([{"x": ours}], [{"x": worse}], [loss])) == 1


def test_rows_and_columns_that_are_missing_are_told() -> None:
    assert differences([{"x": 1}] * 3, [{"x": 1}]) == ["1 rows instead of 3"]
    assert differences([{"x": 1, "y": 2}], [{"y": 2}]) == ["columns y instead of x, y"]


def test_the_page_has_every_reader_and_no_wrong_value() -> None:
    page = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (?!reader|---)(.+?) \|(.*)\|$", page, re.MULTILINE)
    assert [title for title, _ in table] == [reader.title for reader in READERS], "make readers"
    assert not [title for title, cells in table if "differs" in cells]
    assert {reader.kind for reader in READERS} == KINDS.keys()
