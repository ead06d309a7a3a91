"""Files to read beside a sample's masters, written by the export.

A sample holds what experiments hold. Made-up rows hold what the types of a master allow: nulls and
empty lists at every place, the ends of each number's range, texts that need escapes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from threading import Event

import duckdb
import pyarrow as pa

from tests.readers.readers import Job
from warehouse.database import open_read_only, run
from warehouse.models.library import load_all
from warehouse.models.model import Model
from warehouse.models.types import arrow_schema, typed
from warehouse.settings import BY_NAME, Settings
from warehouse.settings_file import load
from warehouse.sqltext import identifier
from warehouse.write import parquet
from warehouse.write.gather import SampledVectors
from warehouse.write.targets import EMBEDDINGS
from warehouse.write.wide import ASSEMBLERS

ROWS = 2500  # more than a row group holds
MADE_UP = "made-up "  # begins the names of their files
_NULL_SHARE = 0.2
_TEXTS = (
    "",
    "plain",
    "é – 日本 🙂",
    'a "quote", a \\ and a \ttab',
    "two\nlines\r\u2028",
    "x" * 300,
)
_CATEGORIES = ("", "one", "zwei – 二")
_FLOATS = {
    pa.float32(): (0.0, -0.0, 0.1, 1.0, -2.5, 3.4028234663852886e38, 1.401298464324817e-45),
    pa.float64(): (0.0, -0.0, 0.1, 1.0, -2.5, 1.7976931348623157e308, 5e-324),
}


def jobs(data: Path, directory: Path) -> list[Job]:
    """All files there are to read: a built data directory's masters, its vectors in the other forms
    of `export.embeddings`, and made-up rows; `directory` gets what is not there yet."""
    with open_read_only(data / "warehouse.duckdb") as connection:
        [(middle,)] = run(connection, "SELECT quantile_disc(feature_id, 0.5) FROM master.features")
    paths = {path.stem: path for path in sorted((data / "master").glob("*.parquet"))}
    paths |= vectors(data, directory / "vectors")
    made = made_up(directory / "made-up")
    return [
        *(Job(name, path, middle) for name, path in paths.items()),
        *(Job(MADE_UP + name, path, ROWS - 2) for name, path in made.items()),
    ]


def masters() -> dict[str, Model]:
    """The masters whose files hold just what their relation holds, by short name."""
    return {
        model.name.partition(".")[2]: model
        for model in load_all().values()
        if model.schema == "master" and model.name not in ASSEMBLERS
    }


def rows(model: Model, count: int = ROWS) -> list[dict]:
    """Made-up rows of a master, always the same, in its order."""
    chance = random.Random(model.name)
    schema = arrow_schema(model.columns)
    keys: Mapping[str, object] = {"llm_explainer": "one"}
    return [
        {
            field.name: place
            if field.name == "feature_id"
            else keys.get(field.name) or _value(field.type, chance)
            for field in schema
        }
        for place in range(count)
    ]


def _value(type_: pa.DataType, chance: random.Random) -> object:
    if chance.random() < _NULL_SHARE:
        return None
    if pa.types.is_list(type_):
        return [_value(type_.value_type, chance) for _ in range(chance.choice((0, 1, 3)))]
    if pa.types.is_struct(type_):
        return {field.name: _value(field.type, chance) for field in type_}
    if pa.types.is_dictionary(type_):
        return chance.choice(_CATEGORIES)
    if pa.types.is_string(type_):
        return chance.choice(_TEXTS)
    if pa.types.is_integer(type_):
        signed = pa.types.is_signed_integer(type_)
        largest = (1 << (type_.bit_width - signed)) - 1
        return chance.choice((-largest - 1 if signed else 0, 0, 7, largest))
    value = chance.choice(_FLOATS[type_])
    return pa.scalar(value, pa.float32()).as_py() if type_ == pa.float32() else value


def made_up(directory: Path) -> dict[str, Path]:
    """Write a file of made-up rows for each of `masters`; their paths by name."""
    directory.mkdir(parents=True)
    settings = load(directory)
    with duckdb.connect() as connection:
        connection.execute(
            """CREATE SCHEMA master; CREATE SCHEMA staging;
            CREATE TABLE staging.sae AS SELECT 'made up' AS sae_id;
            CREATE TABLE staging.explainers AS SELECT 'one' AS explainer, 0 AS explainer_order"""
        )
        for model in masters().values():
            made = pa.Table.from_pylist(rows(model), arrow_schema(model.columns))
            connection.register("made", made)
            sql = typed(model, "FROM made")
            connection.execute(f"CREATE TABLE {identifier(model.name)} AS {sql}")
        return {
            name: _exported(connection, model, directory, settings, ROWS)
            for name, model in masters().items()
        }


def vectors(data: Path, directory: Path) -> dict[str, Path]:
    """Write a published warehouse's vectors in the forms that are not the default; paths by name."""
    model = load_all()[EMBEDDINGS]
    form = BY_NAME["export.embeddings"]
    name = model.name.partition(".")[2]
    others = [choice for choice in form.choices if choice != form.default]
    with open_read_only(data / "warehouse.duckdb", unsafe=True) as connection:
        [(count,)] = run(connection, f"SELECT count(*) FROM {identifier(model.name)}")
        return {
            f"{name} {choice}": _exported(
                connection, model, directory / choice, load(data, [f"{form.name}={choice}"]), count
            )
            for choice in others
        }


def _exported(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    directory: Path,
    settings: Settings,
    count: int,
) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    origin = parquet.Origin("made up", count, "made up", settings)
    vectors = SampledVectors(directory)
    return parquet.write(connection, model, directory, origin, vectors, Event()).path
