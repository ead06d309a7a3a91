"""Flat views over the nested masters, the grouping of features, and comments any shell can read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.database import run
from warehouse.models.library import load_all

MODELS = load_all()
LONG = {
    name: m for name, m in MODELS.items() if name.startswith("analysis.") and name.endswith("_long")
}

# A view, the columns compared, and the same rows unnested from the master by hand.
SAME_ROWS = [
    ("scores_long", "feature_id, llm_explainer, scorer, score", """
        FROM (SELECT feature_id, llm_explainer, s.scorer, unnest([s.fuzz, s.detection, s.simulation, s.embedding]) AS score
            FROM (SELECT feature_id, llm_explainer, unnest(scores) AS s FROM master.features)) WHERE score IS NOT NULL"""),
    ("explanation_pairs_long", "*", """
        SELECT feature_id, llm_explainer, s.explainer, s.cosine_similarity
        FROM (SELECT feature_id, llm_explainer, unnest(semantic_similarity) AS s FROM master.features)"""),
    ("neighbours_long", "feature_id, rank, neighbour_id, cosine_similarity", """
        SELECT feature_id, rank, s.feature_id, s.cosine_similarity FROM (
            SELECT DISTINCT feature_id, unnest(decoder_similarity) AS s, generate_subscripts(decoder_similarity, 1) AS rank
            FROM master.features)"""),
    ("activations_long", "*", """
        SELECT feature_id, prompt_id, a.token_position, prompt_tokens[a.token_position + 1], a.activation_value
        FROM (SELECT *, unnest(activation_pairs) AS a FROM master.activation_examples)"""),
    ("embeddings_long", "feature_id, sample_order, prompt_id, embedding", """
        SELECT feature_id, generate_subscripts(prompt_ids, 1), unnest(prompt_ids), unnest(embeddings)
        FROM master.activation_embeddings"""),
    ("ngrams_long", "feature_id, mean_jaccard", """
        SELECT feature_id, unnest(ngram_jaccard_similarity)
        FROM master.activation_example_similarity WHERE num_total_activations > 0"""),
    ("ngrams_long WHERE ngram IS NOT NULL", "feature_id, ngram_size, ngram, count, num_windows", """
        SELECT feature_id, t.ngram_size, t.ngram, t.count, len(t.occurrences)
        FROM (SELECT feature_id, unnest(top_common_ngrams) AS t FROM master.activation_example_similarity)"""),
    ("occurrences_long", "* EXCLUDE (occurrence)", """
        SELECT feature_id, ngram_size, ngram, o.prompt_id, unnest(o.positions) FROM (
            SELECT feature_id, t.ngram_size, t.ngram, unnest(t.occurrences) AS o
            FROM (SELECT feature_id, unnest(top_common_ngrams) AS t FROM master.activation_example_similarity))"""),
    ("pairs_long", "* EXCLUDE (decoder_similarity)", """
        SELECT p.main_feature_id, p.main_prompt_id, p.main_quantile, p.selected_feature_id, p.selected_prompt_id,
            p.selected_quantile, p.semantic_similarity
        FROM (SELECT unnest(similarity_pairs) AS p FROM master.interfeature_similarity)"""),
    ("neighbours_long WHERE is_compared AND feature_id IN (SELECT feature_id FROM analysis.explanations)", "feature_id, neighbour_id, cosine_similarity", """
        SELECT feature_id, s.feature_id, s.decoder_similarity
        FROM (SELECT feature_id, unnest(selected_features) AS s FROM master.interfeature_similarity)"""),
    ("neighbour_ngrams_long", "* EXCLUDE (neighbour_id)", """
        SELECT feature_id, g.ngram_size, g.jaccard_score, g.ngram, g.count
        FROM (SELECT feature_id, unnest(ngram_analysis) AS g FROM master.interfeature_similarity)"""),
    ("phrases_long WHERE aligned_group_id IS NOT NULL", "* EXCLUDE (feature_id), feature_id", """
        SELECT p.explainer_name, p.chunk_index, p.text, g.aligned_group_id, g.similarity_score, feature_id FROM (
            SELECT feature_id, g, unnest(g.phrases) AS p
            FROM (SELECT feature_id, unnest(aligned_groups) AS g FROM master.explanation_alignment))"""),
    ("matches_long", "* EXCLUDE (pattern_type)", """
        SELECT feature_id, m.explainer_name, m.phrase_text, m.phrase_chunk_index, m.semantic_similarity, m.match_type
        FROM (SELECT feature_id, unnest(matches) AS m FROM master.ex_act_pattern_matching)"""),
    ("mismatches_long", "* EXCLUDE (pattern_type)", """
        SELECT feature_id, m.mismatch_type, m.item_type, m.item_text, m.explainer_name, m.semantic_similarity
        FROM (SELECT feature_id, unnest(mismatches) AS m FROM master.ex_act_pattern_matching)"""),
]  # fmt: skip


@pytest.mark.parametrize(("view", "columns", "nested"), SAME_ROWS, ids=[v for v, *_ in SAME_ROWS])
def test_a_long_view_holds_what_the_master_nests(connection, view, columns, nested) -> None:
    flat = run(connection, f"SELECT {columns} FROM analysis.{view}")
    expected = run(connection, nested)
    if view == "neighbours_long":  # the master holds those of explained features only
        explained = {row[0] for row in expected}
        flat = [row for row in flat if row[0] in explained]
    assert len(flat) > 0
    assert sorted(map(repr, flat)) == sorted(map(repr, expected))


@pytest.mark.parametrize("name", LONG)
def test_every_column_of_a_long_view_is_described_where_any_shell_shows_it(
    connection, name
) -> None:
    told = run(connection, "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name || '.' || table_name = ? ORDER BY column_index", [name])  # fmt: skip
    assert told == [(c.name, c.description) for c in LONG[name].columns]
    assert all(description for _, description in told)


@pytest.mark.parametrize("name", LONG)
def test_the_key_of_a_long_view_is_unique(connection, name) -> None:
    key = ", ".join(LONG[name].key)
    assert run(connection, f"SELECT {key} FROM {name} GROUP BY {key} HAVING count(*) > 1") == []


# ------------------------------------------------------------------------------- feature groups


def grouped(connection: duckdb.DuckDBPyConnection, arguments: str) -> list[dict]:
    found = connection.sql(f"FROM analysis.feature_groups({arguments})")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.6, 0.75, 1.0]), max_size=4))
def test_n_thresholds_make_n_and_one_groups_that_part_the_features(connection, thresholds) -> None:
    groups = grouped(connection, f"{thresholds}, 'match_rate'")
    bounds = sorted(set(thresholds))
    assert [(g["low"], g["high"]) for g in groups] == list(
        zip([None, *bounds], [*bounds, None], strict=True)
    )
    rates = dict(
        run(connection, "SELECT feature_id, match_rate FROM master.ex_act_pattern_matching")
    )
    assert sorted(f for g in groups for f in g["feature_ids"]) == sorted(rates)
    for g in groups:
        assert g["num_features"] == g["num_rows"] == len(g["feature_ids"])
        for f in g["feature_ids"]:
            assert (g["low"] or 0) <= round(rates[f], 6) < (g["high"] or 2)


def test_scores_are_grouped_by_feature_and_explainer_and_means_over_scorers(connection) -> None:
    rows = run(
        connection,
        "SELECT feature_id, llm_explainer, avg(score) FROM analysis.scores_long WHERE method = 'fuzz' GROUP BY ALL",
    )
    low, high = grouped(connection, "[0.85], 'fuzz'")
    assert high["feature_ids"] == sorted({f for f, _, value in rows if value >= 0.85})
    assert (low["num_rows"], high["num_rows"]) == (
        sum(value < 0.85 for *_, value in rows),
        sum(value >= 0.85 for *_, value in rows),
    )


def test_an_explainer_and_a_scorer_are_chosen_by_short_or_full_name(connection) -> None:
    full = run(connection, "SELECT scorer FROM staging.scorers WHERE scorer_short = 'gwen'")[0][0]
    short = grouped(connection, "[0.8], 'fuzz', explainer := 'llama', scorer := 'gwen'")
    assert short == grouped(connection, f"[0.8], 'fuzz', explainer := 'llama', scorer := '{full}'")
    expected = run(
        connection,
        """SELECT f.feature_id FROM (SELECT feature_id, llm_explainer, unnest(scores) AS s FROM master.features) f
        WHERE llm_explainer LIKE '%Llama%' AND s.scorer LIKE 'Qwen%' AND s.fuzz >= 0.8 ORDER BY 1""",
    )
    assert [(f,) for f in short[1]["feature_ids"]] == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("[0.5], 'fuzzy'", 'no figure "fuzzy": analysis.figures_long describes them'),
        ("[0.5], 'fuzz', scorer := 'x'", 'no scorer "x": staging.scorers names them'),
        ("[0.5], 'fuzz', explainer := 'x'", 'no explainer "x": staging.explainers names them'),
    ],
)
def test_a_figure_or_a_name_that_is_not_there_is_an_error(connection, arguments, message) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=message.replace(".", r"\.")):
        grouped(connection, arguments)


def test_every_figure_can_be_grouped(connection) -> None:
    for (figure,) in run(connection, "SELECT DISTINCT figure FROM analysis.figures_long"):
        assert sum(g["num_rows"] for g in grouped(connection, f"[0.5], '{figure}'")) > 0


def test_any_shell_that_opens_the_file_can_group(sample: Path, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(sample / "warehouse.duckdb"), read_only=True) as opened:
        assert len(grouped(opened, "[0.8, 0.9], 'detection'")) == 3
        told = run(
            opened,
            "SELECT parameters, comment FROM duckdb_functions() WHERE function_name = 'feature_groups'",
        )
    assert told[0][0] == ["thresholds", "figure", "explainer", "scorer"]
    assert told[0][1].startswith("Features grouped by thresholds")


def test_show_tables_names_the_masters_and_the_overview(connection) -> None:
    masters = {name.partition(".")[2] for name in MODELS if name.startswith("master.")}
    shown = {name for (name,) in run(connection, "SHOW TABLES")}
    assert shown == masters | {"feature_overview"}
    for name in masters:
        assert run(connection, f"SELECT count(*) FROM {name}") == run(
            connection, f"SELECT count(*) FROM master.{name}"
        )
    [(said,)] = run(
        connection,
        "SELECT comment FROM duckdb_views() WHERE schema_name = 'main' AND view_name = 'features'",
    )
    assert said == MODELS["master.features"].description
