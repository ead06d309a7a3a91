"""How the members of a collection differ: the models under `sql/compare/`, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from warehouse.collection.members import Collection, Pairing
from warehouse.collection.parts import Part
from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.files import write_durably
from warehouse.models.model import Model
from warehouse.read.content import InputFile, hash_files
from warehouse.run.relations import describe
from warehouse.sqltext import identifier, literal

LATENT_PAIRS = "compare.latent_pairs"
_LATENT_PAIRS = Model(
    LATENT_PAIRS,
    Path(),
    "",
    1,
    "Latents of two SAEs of one layer that are each other's nearest by the cosine of their decoder rows: "
    "where a feature is found again. Computed in float64 and rounded to float32; of equal ones the lowest "
    "id is the nearest.",
)
# Raise when pairs come out otherwise.
_VERSION = 1
_NEEDED = ("analysis.figures_long", "analysis.feature_overview", "analysis.feature_statistics", "analysis.scores_long")  # fmt: skip


def comparing(
    collection: Collection, models: Mapping[str, Model], load_pairing: Callable[[], Pairing]
) -> Callable[..., None]:
    """What fills the relations of `compare` in a collection's file."""
    return partial(compare_members, collection, models, load_pairing)


def compare_members(
    collection: Collection,
    models: Mapping[str, Model],
    load_pairing: Callable[[], Pairing],
    connection: duckdb.DuckDBPyConnection,
    parts: Mapping[str, Part],
) -> None:
    """Make the relations of `compare`; none where the members lack what they read."""
    there = {
        row[0]
        for row in run(connection, "SELECT schema_name || '.' || view_name FROM duckdb_views()")
    }
    if not there.issuperset(_NEEDED):
        return
    own = {name: model for name, model in models.items() if model.schema == "compare"}
    reads = {name: model.relations & {*own, LATENT_PAIRS} for name, model in own.items()}
    reads[LATENT_PAIRS] = {"compare.member_pairs"}
    values = collection.settings.parameters()
    for name in TopologicalSorter(reads).static_order():
        if name == LATENT_PAIRS:
            _pair_latents(connection, collection, parts, load_pairing)
        else:
            run(connection, f"CREATE TABLE {identifier(name)} AS {own[name].filled(values)}")
            describe(connection, own[name], "table")


def _pair_latents(
    connection: duckdb.DuckDBPyConnection,
    collection: Collection,
    parts: Mapping[str, Part],
    load_pairing: Callable[[], Pairing],
) -> None:
    """Pairs of the members that are paired by decoder; of two decoders they are computed once."""
    run(
        connection,
        f"""CREATE TABLE {LATENT_PAIRS} (
            member VARCHAR, other_member VARCHAR, feature_id BIGINT, other_feature_id BIGINT,
            cosine_similarity FLOAT)""",
    )
    sql = "SELECT member, other_member FROM compare.member_pairs WHERE pairing = 'decoder'"
    for member, other_member in run(connection, sql):
        one, other = parts[member], parts[other_member]
        path = pairs_file(collection.layout.members, one.decoder_hash, other.decoder_hash)
        if not path.exists():
            _write_pairs(collection, one, other, load_pairing(), path)
        run(
            connection,
            f"""INSERT INTO {LATENT_PAIRS}
            SELECT {literal(member)}, {literal(other_member)}, feature_id, other_feature_id, cosine_similarity
            FROM read_parquet({literal(str(path.resolve()))})""",
        )
    describe(connection, _LATENT_PAIRS, "table")


def pairs_file(members: Path, decoder_hash: str, other_hash: str) -> Path:
    """Where the pairs of two decoders are kept."""
    return members / "pairs" / f"{decoder_hash}-{other_hash}-{_VERSION}.parquet"


def _write_pairs(
    collection: Collection, one: Part, other: Part, pairing: Pairing, path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in (one, other):
        _assert_unchanged(part)
    settings = collection.settings
    pairs = pairing(
        Path(one.decoder),
        one.decoder_rows,
        Path(other.decoder),
        other.decoder_rows,
        str(settings["embedding.device"]),
        float(settings["input.max_expansion"]),
    )
    if pairs is None:
        empty = {
            "feature_id": pa.int64(),
            "other_feature_id": pa.int64(),
            "cosine_similarity": pa.float32(),
        }
        pairs = pa.schema(list(empty.items())).empty_table()
    write_durably(path, lambda place: pq.write_table(pairs, place))


def _assert_unchanged(part: Part) -> None:
    """WarehouseError when a member's decoder is no longer the one that it was built with."""
    path = Path(part.decoder)
    if path.is_file():
        [found] = hash_files([InputFile(path.name, str(path), "raw.decoder")], {})
        if found.hash == part.decoder_hash:
            return
    raise WarehouseError(
        f'the decoder "{path}" of member "{part.member}" changed since it was built',
        "python cli.py build",
    )
