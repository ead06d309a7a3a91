"""Lineage down to the raw files, of models and of columns."""

from __future__ import annotations

import json

import pytest

from embed.jobs import JOBS
from warehouse.errors import UsageError
from warehouse.models.library import load_all
from warehouse.plan.lineage import Tracer


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return Tracer(load_all(), JOBS)


def test_every_column_of_every_model_is_traced(tracer: Tracer) -> None:
    for name, columns in tracer.columns.items():
        if name in tracer.graph and tracer.graph[name].kind == "model":
            for column in columns:
                assert tracer.of(f"{name}.{column}").root == f"{name}.{column}"


def test_a_masters_columns_are_those_it_documents(tracer: Tracer) -> None:
    for name, model in tracer.models.items():
        if model.schema == "master":
            documented = [c.name for c in model.columns]
            assert list(tracer.columns[name]) == documented, name


def test_a_score_comes_from_the_score_files_and_not_from_activations(tracer: Tracer) -> None:
    reached = tracer.of("features.scores").parents
    assert "raw.scores.text" in reached
    assert not any(name.startswith("raw.activations") for name in reached)


def test_a_match_rate_needs_vectors_and_so_the_texts(tracer: Tracer) -> None:
    text = tracer.of("master.ex_act_pattern_matching.match_rate").text()
    for part in ("vectors.phrases.vector", "texts.phrases", "raw.explanations.text"):
        assert part in text


def test_a_model_is_traced_to_its_sources(tracer: Tracer) -> None:
    lineage = tracer.of("interfeature_similarity")
    assert lineage.root == "master.interfeature_similarity"
    assert {"raw.activations", "raw.prompts", "raw.decoder"} <= lineage.parents.keys()
    assert "analysis.scores" not in lineage.parents


def test_mermaid_and_json_hold_the_same_edges(tracer: Tracer) -> None:
    lineage = tracer.of("features.decoder_similarity")
    edges = sum(len(parents) for parents in lineage.parents.values())
    assert lineage.mermaid().count("-->") == edges
    assert {k: tuple(v) for k, v in json.loads(lineage.json())["parents"].items()} == dict(
        lineage.parents
    )


def test_an_unknown_model_or_column_names_the_nearest(tracer: Tracer) -> None:
    with pytest.raises(UsageError) as raised:
        tracer.of("features.score")
    assert raised.value.hint == 'did you mean "scores"?'
    with pytest.raises(UsageError) as raised:
        tracer.of("featurs")
    assert raised.value.hint == 'did you mean "features"?'
