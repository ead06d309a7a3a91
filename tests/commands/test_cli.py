"""The command line as a user meets it: examples that run, formats that read back, no torch."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
import polars as pl
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from cli import main
from tests.conftest import ROOT

AWKWARD = """SELECT 1 AS a, NULL AS b, 'it''s "x", é' AS c, [1, NULL] AS d, {'k': 0.5::FLOAT} AS e,
    '5cc175b9-c0f1-b6a8-31c3-99e269772661'::UUID AS f, DATE '2026-01-02' AS g, 'line\nbreak' AS h"""


def run(data: Path, *arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(main, ["--data", str(data), *arguments], input=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
        else:
            found.append((*path, name))
    return found


def examples(path: tuple[str, ...]) -> list[str]:
    text = CliRunner().invoke(main, [*path, "--help"]).output
    return re.findall(r"^\s+python cli\.py (.+)$", text.partition("Example:")[2], re.MULTILINE)


def assert_serves(line: str, folder: Path) -> None:
    """Run an example that serves until Ctrl-C in a process of its own, fetch its page, end it."""
    command = [sys.executable, str(ROOT / "cli.py"), *shlex.split(line)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0, line


def test_a_terminal_of_80_columns_holds_what_each_command_is_for():
    names = {name for name, *below in commands() if below}
    for group in (main, *(main.commands[name] for name in names)):
        _, *lines = CliRunner().invoke(group, ["--help"], terminal_width=80).output.splitlines()
        assert [line for line in lines if line.endswith("...")] == []


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_the_help_of_every_command_ends_in_an_example_that_runs(
    path: tuple[str, ...], sample: Path, tmp_path: Path, monkeypatch
) -> None:
    found = examples(path)
    assert found, "no example"
    shutil.copytree(sample, tmp_path / "demo")
    if path == ("sample",):
        shutil.rmtree(tmp_path / "demo")
    if path == ("compare",):
        shutil.copytree(sample, tmp_path / "other")
    monkeypatch.chdir(tmp_path)
    for line in found:
        if path == ("explore",) and "--to" not in line:
            assert_serves(line, tmp_path)
            continue
        result = CliRunner().invoke(main, shlex.split(line))
        # With one embedding model there is nothing to compare, and the program says so.
        if path == ("compare-models",):
            assert "one embedding model" in result.stderr
            continue
        assert result.exit_code == 0, f"{line}\n{result.output}"


def test_query_reads_sql_from_stdin(sample: Path) -> None:
    out = run(
        sample, "query", "-", "--format", "csv", stdin="select count(*) as n from master.features"
    )
    assert out == "n\n71\n"


def test_csv_json_and_json_lines_hold_awkward_values(sample: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(run(sample, "query", AWKWARD, "--format", "csv")))
    assert row["c"] == 'it\'s "x", é'
    assert row["h"] == "line\nbreak"
    assert json.loads(row["d"]) == [1, None]
    (record,) = json.loads(run(sample, "query", AWKWARD, "--format", "json"))
    assert json.loads(run(sample, "query", AWKWARD, "--format", "jsonl")) == record
    assert record["b"] is None
    assert record["e"] == {"k": 0.5}
    assert record["g"] == "2026-01-02"


def test_parquet_output_is_read_by_polars(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    run(sample, "query", "from master.ex_act_pattern_matching", "-o", str(path))
    assert pl.read_parquet(path).height == 24
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_query_leaves_no_file(sample: Path, tmp_path: Path) -> None:
    arguments = ["--data", str(sample), "query", "from nothing", "-o", str(tmp_path / "x.csv")]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_nested_value_is_one_readable_cell(sample: Path) -> None:
    sql = """SELECT [{'ngram': 'the', 'of': ['a, b', NULL]}, {'ngram': '', 'of': []}] AS a,
        range(20)::FLOAT[] AS vector, 'line\nbreak' AS b, repeat('x', 100) AS c, 0.123456789::DOUBLE AS d"""
    row = run(sample, "query", sql).splitlines()[1]
    assert [cell.strip() for cell in re.split(r" {2,}", row.strip())] == [
        '[{ngram: the, of: ["a, b", null]}, {ngram: "", of: []}]',
        "[0, 1, 2, … 20 numbers]",
        "line⏎break",
        "x" * 79 + "…",
        "0.1235",
    ]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1,\n  explanation_txt\nFROM master.features", ['error: the query failed: Referenced column "explanation_txt" not found in FROM clause!', "LINE 2:   explanation_txt", "          ^^^^^^^^^^^^^^^", 'hint: did you mean "explanation_text", "explanation_method", "semantic_similarity", "feature_id", "llm_explainer"?']),
        ("FROM scores_lng", ["error: the query failed: Table with name scores_lng does not exist!", "LINE 1: FROM scores_lng", "             ^^^^^^^^^^", 'hint: did you mean "analysis.scores_long"?']),
        ("FROM mastr.features", ['error: the query failed: Table with name "mastr.features" does not exist because schema "mastr" does not exist.', "LINE 1: FROM mastr.features", "             ^^^^^^^^^^^^^^", 'hint: did you mean "master.features"?']),
        ("SELCT 1", ['error: the query failed: syntax error at or near "SELCT"', "LINE 1: SELCT 1", "        ^^^^^", "hint: the relations: python cli.py models --data DATA list"]),
    ],
)  # fmt: skip
def test_a_failed_query_marks_its_line_and_names_what_is_near(sample, sql, told) -> None:
    result = CliRunner().invoke(main, ["--data", str(sample), "query", sql])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.replace(str(sample), "DATA").splitlines() == told


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("models show master.f", ["master.features"]),
        ("models lineage pairs_l", ["analysis.pairs_long"]),
        ("build --select +master.explanation_a", ["+master.explanation_alignment"]),
        ("plan --select scores_l", ["analysis.scores_long"]),
        ("--set matching.th", ["matching.threshold="]),
        ("export explanation_e", ["explanation_embeddings"]),
    ],
)
def test_a_shell_completes_models_settings_and_exports(line: str, expected: list[str]) -> None:
    words = line.split()
    completer = ShellComplete(main, {}, "sae-warehouse", "_SAE_WAREHOUSE_COMPLETE")
    assert [c.value for c in completer.get_completions(words[:-1], words[-1])] == expected


def test_export_writes_the_named_masters_elsewhere(copy: Path, tmp_path: Path) -> None:
    run(copy, "export", "features", "explanation_alignment", "--to", str(tmp_path / "out"))
    assert {p.name for p in (tmp_path / "out").glob("*.parquet")} == {
        "features.parquet",
        "explanation_alignment.parquet",
    }


def test_a_models_filled_in_sql_runs_as_it_is_printed(sample: Path) -> None:
    sql = run(sample, "models", "show", "analysis.samples")
    assert "$" not in sql
    rows = json.loads(run(sample, "query", sql.rstrip().rstrip(";"), "--format", "json"))
    assert len(rows) == 651


def test_plan_history_models_and_build_tell_programs_the_same_as_json(copy: Path) -> None:
    told = json.loads(run(copy, "--set", "matching.threshold=0.3", "plan", "--json"))
    assert told["directory"] == str(copy)
    todo = {step["node"] for step in told["steps"] if step["action"] == "run"}
    assert "analysis.phrase_results" in todo
    built = json.loads(run(copy, "--set", "matching.threshold=0.3", "build", "--json"))
    assert built["published"] is True
    assert todo <= built["ran"].keys()
    assert [e["name"] for e in built["exports"]] == ["ex_act_pattern_matching"]
    newest, former = json.loads(run(copy, "history", "--json"))["builds"][:2]
    assert newest["build_id"] == built["build_id"]
    assert newest["started"] > former["started"]
    wanted = [former["settings"]["matching.threshold"], 0.3]
    assert newest["changed"]["matching.threshold"] == wanted
    details = json.loads(run(copy, "history", "show", "latest", "--json"))
    ran = {n["node"] for n in details["nodes"]}
    assert ran == built["ran"].keys() - {"export ex_act_pattern_matching"}
    known = {m["name"]: m for m in json.loads(run(copy, "models", "list", "--json"))}
    assert "feature_id" in [c["name"] for c in known["master.features"]["columns"]]


def test_json_log_is_one_json_object_a_line_on_stderr(copy: Path) -> None:
    arguments = ["--data", str(copy), "--json-log", "--set", "matching.threshold=0.3", "build"]
    result = CliRunner().invoke(main, arguments)
    events = [json.loads(line) for line in result.stderr.splitlines()]
    assert {"note", "done", "export", "published"} <= {e["kind"] for e in events}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--data", "DATA", "plan"],
        ["--data", "DATA", "models", "list"],
        ["--data", "DATA", "feature", "8"],
    ],
)
def test_paths_that_do_not_embed_import_no_torch(sample: Path, arguments: list[str]) -> None:
    arguments = [str(sample) if a == "DATA" else a for a in arguments]
    code = f"""
import sys; sys.argv = ["cli.py", *{arguments!r}]
import cli
try: cli.main()
except SystemExit as done: assert not done.code, done.code
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
