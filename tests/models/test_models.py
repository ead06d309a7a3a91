"""SQL models: headers, canonical text, parameters, the graph, selection, the lock file."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embed.jobs import JOBS
from tests.support.builds import JOB_NAMES
from tests.support.models import DEFAULTS
from warehouse.errors import UsageError, WarehouseError
from warehouse.models import library
from warehouse.models.library import load_all, macros_used
from warehouse.models.model import Model, parse
from warehouse.models.schemas import SCHEMAS
from warehouse.plan.graph import build_graph, select
from warehouse.read.inputs import INPUTS
from warehouse.sqltext import canonical

MODELS = load_all()
HEAD = "-- version: 1\n-- description: a model\n"


def model(text: str, name: str = "analysis.made_up") -> Model:
    return parse(name, Path("made_up.sql"), text)


def refusal(text: str) -> tuple[str, str]:
    """Message and hint of the WarehouseError that this model file is."""
    with pytest.raises(WarehouseError) as caught:
        model(text)
    return caught.value.message, caught.value.hint


def made_up(**sql: str) -> dict[str, Model]:
    """Models of the schema analysis by name."""
    return {f"analysis.{n}": model(f"{HEAD}{text}", f"analysis.{n}") for n, text in sql.items()}


def test_a_header_is_read_with_its_continuation_lines_and_columns():
    got = model(
        "-- version: 12\n"
        "-- description: One row per feature:\n--   the first, \n--   and the last.\n\n"
        "-- kind: view\n-- key: feature_id, n\n-- order: feature_id\n-- hash: content\n"
        "-- column n UInt8: length: 2, 3 or 4\n"
        "-- column pairs List(Struct(a UInt32, b Float32)):\n--   told below\n"
        "-- column plain: no type\n"
        "\nSELECT 1 -- version: 3\nFROM x;\n"
    )
    assert (got.version, got.kind, got.key, got.hash) == (
        12,
        "view",
        ("feature_id", "n"),
        "content",
    )
    assert got.description == "One row per feature: the first, and the last."
    assert [(c.name, c.type, c.description) for c in got.columns] == [
        ("n", "UInt8", "length: 2, 3 or 4"),
        ("pairs", "List(Struct(a UInt32, b Float32))", "told below"),
        ("plain", "", "no type"),
    ]
    assert got.sql == "SELECT 1 -- version: 3\nFROM x"


def test_a_macro_is_the_statement_that_creates_it_with_its_arguments_bare():
    text = (
        "-- kind: macro\n-- argument n: how many\n-- argument of NULL: of which\n-- column a: x\n"
    )
    got = model(f"{HEAD}{text}SELECT a FROM x WHERE '$n' = $of LIMIT $n + $threads")
    assert got.parameters == {"threads"}
    assert got.filled({"threads": 2}) == (
        'CREATE OR REPLACE MACRO "analysis"."made_up"(n, of := NULL) AS TABLE\n'
        "SELECT a FROM x WHERE '$n' = of LIMIT n + 2"
    )
    other = model(f"{HEAD}{text.replace('NULL', '1')}{got.sql}")
    assert other.fingerprint != got.fingerprint


def test_what_a_header_leaves_out_has_a_default():
    got = model(HEAD + "SELECT 1")
    assert (got.kind, got.key, got.severity, got.columns) == ("table", (), "error", ())


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (f"{HEAD}\n-- knd: view\nSELECT 1", '"made_up.sql", line 4: unknown header key "knd"', 'did you mean "kind"?'),
        (f"{HEAD}--   goes on\n-- colour: red\nSELECT 1", '"made_up.sql", line 4: unknown header key "colour"', "header keys: version, "),
        (f"-- a remark\n{HEAD}SELECT 1", '"made_up.sql", line 1: unknown header key "a remark"', "header keys: version, "),
        (f"{HEAD}-- version: 2\nSELECT 1", '"made_up.sql", line 3: header key "version" occurs twice', "keep one"),
        ("-- description: x\nSELECT 1", '"made_up.sql": no "version" in the header', "-- version: ..."),
        ("-- version: 1\n-- description:\nSELECT 1", '"made_up.sql": no "description" in the header', "-- description: ..."),
        ("-- version: 1.2\n-- description: x\nSELECT 1", '"made_up.sql": version "1.2"', "a whole number: 1, 2, ..."),
        (f"{HEAD}-- kind: index\nSELECT 1", '"made_up.sql": kind "index"', "one of table, view, macro"),
    ],
)  # fmt: skip
def test_a_bad_header_names_the_file_the_line_and_what_is_known(text, message, hint):
    assert refusal(text)[0] == message
    assert refusal(text)[1].startswith(hint)


_CODE = ["SELECT", "$sampling_quantiles", "a", "_b1", ",", "(", ")", "=", "1.5", "é",
         "'--  '", "'it''s  /* x */'", '"a  -- b"', "''", "'$no_parameter'", "'\n '"]  # fmt: skip
_GAPS = [" ", "\n", " \t\n  ", " -- it's $x \"\n", "/* ' -- \n */", " /**/ "]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_CODE), st.sampled_from(_GAPS), st.sampled_from(_GAPS))))
def test_canonical_text_keeps_what_is_quoted_and_nothing_between(parts):
    first = "".join(code + gap for code, gap, _ in parts)
    second = "".join(code + gap for code, _, gap in parts)
    assert canonical(first) == " ".join(code for code, *_ in parts)
    assert canonical(first) == canonical(second) == canonical(canonical(first))
    assert ("sampling_quantiles" in model(HEAD + first).parameters) == ("$sampling" in first)
    assert not {"x", "no_parameter"} & model(HEAD + first).parameters


def test_a_fingerprint_stays_when_comments_and_blank_space_change():
    one = model(HEAD + "-- column n: x\nSELECT 1 AS n, 'a  b' FROM analysis.x")
    other = model(
        "-- version: 1\n-- description: other\n\nSELECT 1 -- one\n AS n,\n'a  b'/**/FROM analysis.x;\n"
    )
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}SELECT 2 AS n, 'a  b'",
        f"{HEAD}SELECT 1 AS n, 'a b'",
        f"{HEAD}SELECT 1 AS m, 'a  b'",
        f"{HEAD}-- kind: view\nSELECT 1 AS n, 'a  b'",
        f"{HEAD}-- column n UInt8: x\nSELECT 1 AS n, 'a  b'",
    ],
)
def test_a_fingerprint_changes_with_what_is_computed(text):
    assert model(text).fingerprint != model(HEAD + "SELECT 1 AS n, 'a  b'").fingerprint


def test_filling_leaves_quoted_dollars_and_runs_as_it_stands():
    text = """SELECT '$a', "$a", $a, $b -- $a\n FROM (SELECT 1 AS "$a")"""
    filled = model(HEAD + text).filled({"a": "it's", "b": [0.5, 2]})
    assert (
        filled == """SELECT '$a', "$a", 'it''s', [0.5::DOUBLE, 2] -- $a\n FROM (SELECT 1 AS "$a")"""
    )
    assert duckdb.execute(filled).fetchall() == [("$a", 1, "it's", [0.5, 2.0])]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_described_and_parses_filled_in(name):
    known = MODELS[name]
    assert known.description
    assert len(duckdb.extract_statements(known.filled(DEFAULTS))) == 1
    if known.schema != "macros":
        assert known.relations or known.parameters


def test_every_relation_that_a_model_reads_is_made_before_it():
    order = list(build_graph(MODELS, JOBS))
    place = {name: at for at, name in enumerate(order)}
    built = {n for n, m in MODELS.items() if SCHEMAS[m.schema].built}
    assert place.keys() == built | JOB_NAMES | INPUTS.keys()
    for card in (m for m in MODELS.values() if m.schema == "cards"):
        assert card.relations <= built | JOB_NAMES, card.name
    for node in build_graph(MODELS, JOBS).values():
        assert all(place[parent] < place[node.name] for parent in node.parents)


def test_audits_and_staging_come_before_jobs_and_the_analysis_after_them():
    names = ("analysis.b", "audits.a", "master.m", "staging.s")
    ready = {name: model(HEAD + "SELECT 1", name) for name in names}
    order = [
        n
        for n in build_graph(ready, [SimpleNamespace(name="vectors.a", reads=())])
        if n not in INPUTS
    ]
    assert order == ["audits.a", "master.m", "staging.s", "vectors.a", "analysis.b"]


def test_a_relation_that_nothing_makes_is_named_with_a_near_one():
    with pytest.raises(WarehouseError) as caught:
        build_graph(made_up(samples="SELECT 1", b="SELECT * FROM analysis.sampels"), [])
    assert (
        caught.value.message == 'model "analysis.b" reads "analysis.sampels", which nothing makes'
    )
    assert caught.value.hint == 'did you mean "analysis.samples"?'


def test_models_that_read_each_other_are_an_error_that_shows_the_circle():
    with pytest.raises(WarehouseError, match=r"in a circle: analysis\.\w → analysis\.\w →"):
        build_graph(made_up(a="FROM analysis.b", b="SELECT * FROM analysis.a"), [])


def test_sql_that_does_not_parse_names_the_model():
    with pytest.raises(WarehouseError, match=r'model "analysis\.a" does not parse'):
        build_graph(made_up(a="SELECT ((1"), [])


def test_reading_sees_through_ctes_subqueries_and_quoted_text():
    sql = """WITH w AS (SELECT * FROM analysis.a) SELECT 'FROM analysis.x', (SELECT 1 FROM texts.b)
    FROM w, raw.c -- JOIN analysis.y
    WHERE EXISTS (FROM vectors.d)"""
    assert model(HEAD + sql).relations == {"analysis.a", "texts.b", "raw.c", "vectors.d"}


def test_a_macro_reaches_a_model_through_other_macros():
    macros = {n: m for n, m in MODELS.items() if m.schema == "macros"}
    used = macros_used(
        model(HEAD + "SELECT token_window(t, 1, 5, 'shift'), 'cosine(a, b)'"), macros
    )
    assert [m.name for m in used] == ["macros.token_window", "macros.window_end", "macros.window_start"]  # fmt: skip


CHAIN = build_graph(
    made_up(a="SELECT 1", b="SELECT * FROM analysis.a", c="SELECT * FROM analysis.b")
    | {"master.b": model(HEAD + "SELECT * FROM analysis.b", "master.b")},
    [],
)


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["analysis.b"], "analysis.b"),
        (["c"], "analysis.c"),
        (["analysis.b+"], "analysis.b analysis.c master.b"),
        (["+analysis.b"], "analysis.a analysis.b"),
        (["+analysis.b+"], "analysis.a analysis.b analysis.c master.b"),
        (["analysis.*"], "analysis.a analysis.b analysis.c"),
        (["+master.*"], "analysis.a analysis.b master.b"),
        (["a", "c"], "analysis.a analysis.c"),
        ([], ""),
    ],
)
def test_selectors_choose_a_model_what_reads_it_and_what_it_reads(selectors, expected):
    assert sorted(select(CHAIN, selectors)) == expected.split()


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("analysis.bb+", 'did you mean "analysis.b"?'),
        ("xyzzy", "python cli.py models list"),
        ("nothing.*", "python cli.py models list"),
    ],
)
def test_an_unknown_selector_is_wrong_use_and_names_a_near_model(selector, hint):
    with pytest.raises(UsageError) as caught:
        select(CHAIN, [selector])
    assert caught.value.message == f'--select "{selector}": no such model'
    assert caught.value.hint == hint


def test_the_lock_file_is_current():
    assert library.check_lock() == f"{len(MODELS)} models agree with models.lock"


def test_a_model_that_changed_under_its_version_fails_and_a_new_version_is_recorded(tmp_path):
    copy = tmp_path / "models.lock"
    library.check_lock(write=True, lock=copy)
    locked = json.loads(copy.read_text())
    locked["analysis.samples"]["fingerprint"] = "0" * 32
    copy.write_text(json.dumps(locked))
    for write in (False, True):
        with pytest.raises(WarehouseError) as caught:
            library.check_lock(write=write, lock=copy)
        assert caught.value.message == 'changed under the same version: "analysis.samples"'
        assert "samples.sql" in caught.value.hint
    assert json.loads(copy.read_text()) == locked

    locked["analysis.samples"]["version"] -= 1
    copy.write_text(json.dumps(locked))
    with pytest.raises(WarehouseError, match=r'models\.lock does not know: "analysis\.samples"'):
        library.check_lock(lock=copy)
    library.check_lock(write=True, lock=copy)
    assert library.check_lock(lock=copy).startswith(f"{len(MODELS)} models agree")


def test_a_lock_file_with_conflict_marks_is_told_in_words(tmp_path: Path) -> None:
    copy = tmp_path / "models.lock"
    copy.write_text("<<<<<<< HEAD\n{}\n")
    with pytest.raises(WarehouseError, match=r'"models\.lock" is not JSON: ') as caught:
        library.check_lock(write=True, lock=copy)
    assert "models check --write" in caught.value.hint
