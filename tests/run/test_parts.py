"""Models that are made in parts: their ids outgrow the memory, the model does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from warehouse.models.library import load_all
from warehouse.run.relations import Relations

FEATURES = 50_000


def test_a_model_made_in_parts_fits_where_the_same_made_at_once_does_not(tmp_path: Path) -> None:
    model = load_all()["side.feature_similarities"]
    with duckdb.connect(tmp_path / "little.duckdb") as connection:
        connection.execute(
            f"""CREATE SCHEMA staging; CREATE SCHEMA analysis; CREATE SCHEMA side;
            CREATE TABLE staging.sae AS SELECT 'a/b' AS sae_id;
            CREATE TABLE analysis.decoder_neighbours AS
            SELECT f AS feature_id, r AS rank, f + r AS neighbour_id, 1 / r AS cosine_similarity
            FROM range({FEATURES}) f(f), range(1, 11) r(r);
            SET memory_limit = '100MB'; SET threads = 1"""
        )
        relations = Relations(connection, {"neighbours_count": 10})
        with pytest.raises(duckdb.OutOfMemoryException):
            relations.fill_table(replace(model, batch_size=10**9), None)
        relations.fill_table(replace(model, batch_size=2048), None)
        assert relations.count(model.name) == FEATURES + 2  # the head of the file, and its end
