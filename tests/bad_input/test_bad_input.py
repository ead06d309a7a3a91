"""Every row of `tests.bad_input.matrix`, built: what the user sees, where it went, what else was read."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.bad_input import matrix as bad
from tests.bad_input.matrix import Case, Read, Refused
from tests.conftest import ROOT
from tests.support.builds import open_project
from tests.support.raw_tree import (
    ACTIVATIONS,
    PROMPTS,
    STAGED,
    Rows,
    files,
    put,
    query,
    stage,
    write,
)
from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.models.library import load_all
from warehouse.run.build import build
from warehouse.run.events import Event
from warehouse.settings_file import load


def each(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[c.what[:60] for c in cases])


def cli(data: Path, *arguments: str) -> Result:
    """The command line in this process; an exception that is no exit would be a traceback."""
    done = CliRunner().invoke(main, ["--data", str(data), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def selected(models: Sequence[str]) -> list[str]:
    return ["build", "--no-export", *(a for m in models for a in ("--select", m))]


# ----------------------------------------------------------------- one tree of records and small files


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="module")
def data(once: Once) -> Path:
    """The whole matrix in one data directory: one bad file never stops the others."""

    def fill(data: Path) -> None:
        write(data, bad.matrix_tree())
        for _, _, name, make in bad.UNREADABLE:
            make(data / name)
        pattern = f'input.activations=["{bad.RECORDS}/*.jsonl*"]'
        share = ("--set", pattern, "--set", "quarantine.max_share=1")
        done = cli(data, *share, *selected(STAGED))
        assert done.exit_code == 0, done.stderr

    return once("matrix", fill)


@pytest.fixture(scope="module")
def rows(data: Path) -> Iterator[Rows]:
    with duckdb.connect(str(Layout(data).warehouse), read_only=True) as connection:
        yield lambda sql, parameters=None: run(connection, sql, parameters)


def quarantined(rows: Rows, file: str) -> list[tuple]:
    sql = "SELECT line, reason, raw FROM quarantine.records WHERE file = ? ORDER BY line"
    return rows(sql, [file])


def assert_settled(rows: Rows, case: Case, line: int) -> None:
    """In quarantine at `line` for the reason and with its text as it stood, or not at all."""
    sql = "SELECT records, quarantined, outside_scope, status FROM staging.files WHERE file = ?"
    assert rows(sql, [case.file]) == [(case.records, len(case.reasons), 0, "read")]
    found = quarantined(rows, case.file)
    if not case.reasons:
        assert found == []
        return
    ((number, reason, raw),) = found
    assert fnmatchcase(reason, case.expected)
    assert number == line
    assert raw == case.text.decode(errors="backslashreplace")


@each(bad.LINE_CASES)
def test_an_activation_line_is_read_or_quarantined_and_its_neighbours_are_read(
    rows: Rows, case: Case
) -> None:
    kept = rows(
        "SELECT line, prompt_id, positions, activations, max_activation, max_position "
        "FROM staging.activation_records WHERE file = ? AND feature_id = ? AND status = 'kept' "
        "ORDER BY line",
        [case.file, case.feature],
    )
    good = [(1, 4, [0], [1.5], 1.5, 0), (3, 5, [0], [1.5], 1.5, 0)]
    if isinstance(case.expected, Read):
        good.insert(1, (2, 0, *case.expected.value))
    assert kept == good
    assert_settled(rows, case, line=2)


@each(bad.FILE_CASES)
def test_a_file_of_activation_lines_is_read_as_far_as_it_goes(rows: Rows, case: Case) -> None:
    prompts, reasons = case.expected
    sql = "SELECT prompt_id FROM staging.activation_examples WHERE feature_id = ? ORDER BY 1"
    assert rows(sql, [case.feature]) == [(p,) for p in prompts]
    found = quarantined(rows, case.file)
    assert len(found) == len(reasons)
    assert all(fnmatchcase(f[1], r) for f, r in zip(found, reasons, strict=True))
    sql = "SELECT coalesce(records, 0), quarantined FROM staging.files WHERE file = ?"
    assert rows(sql, [case.file]) == [(case.records, len(reasons))]


@each(bad.WORD_CASES)
def test_an_explanation_file_is_read_or_quarantined(rows: Rows, case: Case) -> None:
    found = rows("SELECT text FROM staging.explanations WHERE feature_id = ?", [case.feature])
    assert found == ([(case.expected.value,)] if isinstance(case.expected, Read) else [])
    assert_settled(rows, case, line=1)


@each(bad.EXAMPLE_CASES)
def test_an_example_is_scored_in_three_states_or_quarantined_and_its_neighbours_are_read(
    rows: Rows, case: Case
) -> None:
    kept = rows(
        "SELECT line, outcome, activating, coalesce(prediction::DOUBLE, value) "
        "FROM staging.scores WHERE feature_id = ? ORDER BY line",
        [case.feature],
    )
    assert [k[0] for k in kept if k[0] != 2] == [1, 3]
    if isinstance(case.expected, Read):
        outcome, activating, value = case.expected.value
        assert kept[1] == (2, outcome, activating, value)
    assert_settled(rows, case, line=2)


@each(bad.SCORE_CASES)
def test_a_score_file_is_read_or_quarantined_as_a_whole(rows: Rows, case: Case) -> None:
    (count,) = rows("SELECT count(*) FROM staging.scores WHERE feature_id = ?", [case.feature])[0]
    assert count == (case.expected.value if isinstance(case.expected, Read) else 0)
    assert_settled(rows, case, line=1)


@each(bad.ITEM_CASES)
def test_an_item_of_the_prompts_is_read_or_quarantined_and_so_are_its_records(
    rows: Rows, case: Case
) -> None:
    place = case.feature
    tokens = rows("SELECT tokens FROM staging.prompts WHERE prompt_id = ?", [place])
    sql = "SELECT reason FROM staging.activation_records WHERE file = ? AND prompt_id = ?"
    (reason,) = rows(sql, [ACTIVATIONS, place])[0]
    found = [f for f in quarantined(rows, PROMPTS) if f[0] == place + 1]
    if isinstance(case.expected, Read):
        assert (tokens, reason, found) == ([(case.expected.value,)], None, [])
    else:
        assert (tokens, reason) == ([], "unknown prompt id")
        assert found == [(place + 1, case.expected, case.text.decode())]


@each(bad.CONFIG_CASES)
def test_a_run_config_is_read_or_quarantined_without_its_text(rows: Rows, case: Case) -> None:
    sql = "SELECT sae_id, explainer_model FROM staging.run_configs WHERE file = ?"
    read = isinstance(case.expected, Read)
    assert rows(sql, [case.file]) == [case.expected.value if read else (None, None)]
    assert quarantined(rows, case.file) == ([] if read else [(1, case.expected, None)])


@pytest.mark.parametrize(
    "file", [u[2] for u in bad.UNREADABLE], ids=[f"{u[0]}, {u[1]}" for u in bad.UNREADABLE]
)
def test_an_unreadable_file_stands_in_the_ledger_and_in_quarantine(rows: Rows, file: str) -> None:
    ledger = rows("SELECT records, quarantined, status FROM staging.files WHERE file = ?", [file])
    assert ledger == [(1, 1, "unreadable")]
    ((_, reason, _),) = quarantined(rows, file)
    assert reason.startswith("unreadable file: ")


def test_the_rows_of_a_method_that_is_not_known_are_kept_as_they_are(rows: Rows) -> None:
    sql = "SELECT method, status, dialect, records, quarantined FROM staging.files WHERE file = ?"
    found = rows(sql, [bad.UNKNOWN_METHOD])
    assert found == [("intervention", "read", "method not interpreted", 1, 0)]
    sql = "SELECT score, total, failed, json_array_length(details) FROM analysis.scores WHERE method = ?"
    assert rows(sql, ["intervention"]) == [(None, 1, None, 1)]


def test_the_ledger_lists_every_file_with_its_size(data: Path, rows: Rows) -> None:
    ledger = dict(rows("SELECT file, bytes FROM staging.files"))
    there = {p.relative_to(data).as_posix(): p for p in (data / "raw").rglob("*") if p.is_file()}
    there = {name: p for name, p in there.items() if p.suffix != ".npz"}  # no job was selected
    unreadable = {name for _, _, name, _ in bad.UNREADABLE}
    assert ledger.keys() == there.keys() | unreadable
    sizes = {name: p.stat().st_size for name, p in there.items() if name not in unreadable}
    assert {name: ledger[name] for name in sizes} == sizes


INPUTS = ["activations", "explanations", "prompts", "run_configs", "scores"]


def test_records_are_read_or_quarantined_and_the_counts_add_up(data: Path, rows: Rows) -> None:
    found = rows(bad.RECONCILED)
    assert [f[0] for f in found] == INPUTS
    assert all(records == wrong + outside + kept for _, records, wrong, outside, kept in found)
    plain = [n for (n,) in rows("SELECT file FROM staging.files WHERE file LIKE '%.jsonl'")]
    lines = (line for n in plain for line in (data / n).read_bytes().split(b"\n"))
    sql = "SELECT sum(records) FROM staging.files WHERE file LIKE '%.jsonl'"
    assert rows(sql) == [(sum(bool(line.strip()) for line in lines),)]


# ------------------------------------------------------------------------ what no build goes without


@pytest.fixture(scope="module")
def published(once: Once) -> Path:
    """The minimal tree with its staging and neighbours published: what a failure must not touch."""
    return once("published", lambda data: stage(write(data), select=(*bad.STAGE, *bad.NEIGHBOURS)))


@pytest.mark.parametrize("row", bad.REFUSED, ids=[f"{r.input}, {r.what}" for r in bad.REFUSED])
def test_a_tree_that_no_build_is_made_of_is_refused_and_what_was_published_stays(
    published: Path, tmp_path: Path, row: Refused
) -> None:
    data = Path(shutil.copytree(published, tmp_path / "data"))
    for name, content in row.changes.items():
        put(data, name, content)
    if row.what == "a directory in the file's place" and row.input == "settings":
        (data / bad.SETTINGS).mkdir()
    row.prepare(data)
    before = Layout(data).warehouse.read_bytes()
    listing = sorted(p.relative_to(data) for p in data.rglob("*"))
    done = cli(data, *row.options, *selected(row.select))
    error, hint = (t.replace("DIR", str(data)) for t in (row.error, row.hint))
    lines = done.stderr.splitlines()
    (told,) = [n for n, line in enumerate(lines) if line.startswith("error: ")]
    assert (done.exit_code, done.stdout) == (row.code, "")
    assert error in lines[told]
    assert hint in lines[-1]
    assert Layout(data).warehouse.read_bytes() == before
    assert sorted(p.relative_to(data) for p in data.rglob("*")) == listing


@pytest.mark.parametrize(("content", "threads"), [r[1:] for r in bad.FINE_SETTINGS], ids=[r[0] for r in bad.FINE_SETTINGS])  # fmt: skip
def test_a_settings_file_that_is_odd_and_fine_is_read(
    tmp_path: Path, content: str | bytes | None, threads: int
) -> None:
    put(tmp_path, bad.SETTINGS, content)
    assert load(tmp_path)["threads"] == threads


@pytest.mark.parametrize("how", ["rewritten", "removed", "replaced"])
def test_a_file_that_changes_while_it_is_read_fails_the_build_and_the_next_reads_it(
    published: Path, tmp_path: Path, how: str
) -> None:
    data = Path(shutil.copytree(published, tmp_path / "data"))
    name = bad.explanation("layers.3_latent1.txt")
    before = Layout(data).warehouse.read_bytes()

    def change(event: Event) -> None:
        if (event.kind, event.node) == ("start", "staging.explanation_records"):
            (data / name).unlink() if how != "rewritten" else None
            (data / name).write_text("other") if how != "removed" else None

    (data / name).write_text("a reason to read it")
    with pytest.raises(WarehouseError) as caught:
        build(open_project(data), ("+staging.explanations",), exports=False, on_event=change)
    assert caught.value.message == f'"{name}" changed while it was read'
    assert Layout(data).warehouse.read_bytes() == before
    rows = stage(data, select=("+staging.explanations",))
    there = rows("SELECT text FROM staging.explanation_records WHERE file = ?", [name])
    assert there == ([] if how == "removed" else [("other",)])


def test_a_line_of_200_mb_is_quarantined_with_its_beginning_and_the_others_are_read(
    published: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(published, tmp_path / "data"))
    good = files()[ACTIVATIONS].encode()
    (data / ACTIVATIONS).write_bytes(
        good + b'{"index": "' + b"7" * 200_000_000 + b'"}\n' + good[:76]
    )
    rows = stage(data, "quarantine.max_share=1", select=("+staging.files",))
    sql = 'SELECT line, reason, raw LIKE \'{"index": "7777%\', len(raw) < 1e6 FROM quarantine.activations ORDER BY line'
    assert rows(sql) == [
        (19, "longer than input.max_record_mb = 64", True, True),
        (20, "duplicate (feature, prompt)", False, True),
    ]
    assert rows("SELECT count(*) FROM staging.activation_examples") == [(18,)]
    (data / ACTIVATIONS).unlink()


# ------------------------------------------------------------------------------------- permissions

# Root reads everything: the child gives that up before it starts (PR_CAPBSET_DROP of
# CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH), and says whether it can still read.
_CHILD = """
import json, sys
from click.testing import CliRunner
from cli import main
results = []
for arguments, file in json.load(sys.stdin):
    try:
        open(file).close()
        readable = True
    except PermissionError:
        readable = False
    done = CliRunner().invoke(main, arguments)
    crash = done.exception is not None and not isinstance(done.exception, SystemExit)
    results.append([readable, crash, done.exit_code, done.stderr])
json.dump(results, sys.stdout)
"""


def _give_up_reading_everything() -> None:
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


@pytest.fixture(scope="module")
def denied(published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple]:
    """input → (data directory, whether it crashed, exit code, stderr), all from one child."""
    jobs, places = [], []
    for number, (_, name, *_) in enumerate(bad.DENIED):
        data = tmp_path_factory.mktemp("denied") / str(number)
        shutil.copytree(published, data)
        if name == bad.SETTINGS:
            put(data, name, "threads = 1")
        (data / name).chmod(0)
        os.utime(data / name, (0, 0))  # not the file that was read before
        arguments = ["--data", str(data), "--set", "quarantine.max_share=" + ("0" if name == ACTIVATIONS else "1")]  # fmt: skip
        models = bad.NEIGHBOURS if name == bad.WEIGHTS else bad.STAGE
        jobs.append(([*arguments, *selected(models)], str(data / name)))
        places.append(data)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], input=json.dumps(jobs), cwd=ROOT, capture_output=True,
        text=True, check=True, preexec_fn=_give_up_reading_everything,
    )  # fmt: skip
    results = json.loads(done.stdout)
    if any(readable for readable, *_ in results):
        pytest.skip("this user reads every file, and cannot give that up")
    return {
        row[0]: (data, *r[1:]) for row, data, r in zip(bad.DENIED, places, results, strict=True)
    }


@pytest.mark.parametrize(
    ("input_", "name", "code", "words"), bad.DENIED, ids=[d[0] for d in bad.DENIED]
)
def test_a_file_that_may_not_be_read_is_told_and_the_others_are_read(
    denied: dict[str, tuple], published: Path, input_: str, name: str, code: int, words: str
) -> None:
    data, crashed, exit_code, stderr = denied[input_]
    assert not crashed
    assert exit_code == code, stderr
    if code:
        assert (
            words.replace("DIR", str(data)) in stderr.splitlines()[-2 if "hint: " in stderr else -1]
        )
        before = Layout(published).warehouse.read_bytes()
        assert Layout(data).warehouse.read_bytes() == before
        return
    sql = "SELECT file, reason FROM quarantine.records"
    assert query(data, sql) == [(name, words)]
    sql = "SELECT count(*) FROM staging.files WHERE status = 'read' AND input <> 'decoder'"
    assert query(data, sql)[0][0] == query(published, sql)[0][0] - 1


# ---------------------------------------------------------------------------- odd, but nothing is wrong


@pytest.fixture(scope="module")
def odd(once: Once) -> tuple[Path, str]:
    """Everything that is odd and valid, in a directory of an odd name, built and exported: it and stderr."""

    def fill(directory: Path) -> None:
        done = cli(write(directory / bad.ODD_NAME, bad.odd_tree()), "build")
        assert done.exit_code == 0, done.stderr
        (directory / "stderr").write_text(done.stderr)

    directory = once("odd", fill)
    return directory / bad.ODD_NAME, (directory / "stderr").read_text()


def test_an_odd_tree_builds_exports_and_loses_nothing(odd: tuple[Path, str]) -> None:
    data, _ = odd
    assert query(data, "SELECT count(*) FROM quarantine.records") == [(1,)]
    counted = query(data, bad.RECONCILED)
    assert all(r == wrong + kept for name, r, wrong, _, kept in counted if name != "decoder")
    exported = {
        p.stem: pl.read_parquet(p, glob=False).height for p in (data / "master").glob("*.parquet")
    }
    assert len(exported) == 8 + 3  # the masters, and what the backend reads
    for name, height in exported.items():
        relation = next(n for n in (f"master.{name}", f"backend.{name}") if n in load_all())
        assert query(data, f"SELECT count(*) FROM {relation}") == [(height,)]


@pytest.mark.parametrize("row", bad.ODD, ids=[f"{r[0]}, {r[1]}"[:60] for r in bad.ODD])
def test_what_is_odd_and_valid_is_read_as_it_is(odd: tuple[Path, str], row: tuple) -> None:
    data, stderr = odd
    _, _, says, sql, value, _ = row
    assert query(data, sql) == [value]
    assert says in stderr


def test_the_page_of_bad_input_is_current() -> None:
    assert len(list(bad.page_rows())) >= 60
    assert {row[0] for row in bad.page_rows()} == set(bad.INPUTS)
    assert bad.PAGE.read_text(encoding="utf-8") == bad.page(), "python -m tests.bad_input"
