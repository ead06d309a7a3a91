"""Models that are made in parts: their ids outgrow the memory, the model does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.support.models import DEFAULTS, MODELS
from warehouse.run.relations import Relations

FEATURES = 50_000

NEIGHBOURS = f"""
    CREATE TABLE analysis.decoder_neighbours AS
    SELECT f AS feature_id, r AS rank, f + r AS neighbour_id, 1 / r AS cosine_similarity
    FROM range({FEATURES}) f(f), range(1, 11) r(r)
"""
EXAMPLES = f"""
    CREATE TABLE staging.features AS
    SELECT f AS feature_id, 20 AS num_examples, 20 AS num_active FROM range({FEATURES}) f(f);
    CREATE TABLE staging.default_model AS SELECT 'a model' AS model;
    CREATE TABLE analysis.samples AS
    SELECT feature_id, r AS sample_order, feature_id + r AS prompt_id FROM staging.features, range(1, 21) r(r);
    CREATE TABLE analysis.activation_similarity AS
    SELECT
        'a model' AS model, feature_id,
        0.5 AS mean_similarity, 0.1 AS std_similarity, 0.3 AS min_similarity, 0.7 AS max_similarity
    FROM staging.features;
    CREATE TABLE analysis.activation_quantiles AS SELECT feature_id, [1.0, 2.0] AS boundaries FROM staging.features;
    CREATE TABLE analysis.ngram_jaccard AS
    SELECT feature_id, n, 0.1 AS mean_jaccard FROM staging.features, range(2, 5) n(n);
    CREATE TABLE analysis.top_ngrams AS
    SELECT
        feature_id, n, 'an n-gram' AS ngram, 14 AS count,
        [{{'prompt_id': feature_id + r, 'positions': [r]}} for r in range(14)] AS occurrences
    FROM staging.features, range(2, 5) n(n)
"""


@pytest.mark.parametrize(
    ("name", "tables", "rows"),
    [
        (
            "side.feature_similarities",
            NEIGHBOURS,
            FEATURES + 2,
        ),  # the head of the file, and its end
        ("master.activation_example_similarity", EXAMPLES, FEATURES),
    ],
)
def test_a_model_made_in_parts_fits_where_the_same_made_at_once_does_not(
    tmp_path: Path, name: str, tables: str, rows: int
) -> None:
    model = MODELS[name]
    with duckdb.connect(tmp_path / "little.duckdb") as connection:
        schemas = "CREATE SCHEMA staging; CREATE SCHEMA analysis; CREATE SCHEMA side; CREATE SCHEMA master"
        connection.execute(
            f"{schemas}; CREATE TABLE staging.sae AS SELECT 'a/b' AS sae_id; {tables}"
        )
        connection.execute("SET memory_limit = '100MB'; SET threads = 1")
        relations = Relations(connection, DEFAULTS)
        with pytest.raises(duckdb.OutOfMemoryException):
            relations.fill_table(replace(model, batch_size=10**9), None)
        relations.fill_table(replace(model, batch_size=2048), None)
        assert relations.count(model.name) == rows
