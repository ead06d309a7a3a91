"""Publishing: all files of a build or none, whenever it is stopped, and damage is mended."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from tests.run.safety.kills import SIZE, settings_file
from tests.run.safety.made_up import made_up_model
from tests.support.builds import open_project
from warehouse.errors import WarehouseError
from warehouse.files import sync
from warehouse.layout import Layout
from warehouse.plan.exported import read_record
from warehouse.run.build import build
from warehouse.run.events import Event
from warehouse.run.export import export_published
from warehouse.run.lock import locked
from warehouse.run.publish import publish, unfinished
from warehouse.sample.sample import write_sample
from warehouse.terminal.progress import progress
from warehouse.write.targets import Exported

KEYS = {"master.a": "key", "side.b": "key", "side.none": "key"}


def content(data: Path) -> dict[str, str]:
    """Every published file but the record, the lock and the marker's own."""
    files = (p for p in data.rglob("*") if p.is_file() and ".build" not in p.parts)
    return {p.relative_to(data).as_posix(): p.read_text() for p in files if p.name != "_build.json"}


def staged(layout: Layout, text: str, *names: str) -> list[Exported]:
    """Finished files of a build, not published yet."""
    found = []
    for name in names:
        path = layout.work / text / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        beside = path.with_name(f"{path.name}.metadata.json")
        beside.write_text(text)
        for written in (path, beside):
            sync(written)
        model = "master.a" if name.startswith("master/") else "side.b"
        found.append(Exported(path.stem, model, path, name, 1, len(text), (beside,)))
    return found


def publish_build(layout: Layout, text: str, *names: str) -> list[str]:
    exports = staged(layout, text, *names)
    built = layout.work / text / "warehouse.duckdb"
    built.write_text(text)
    return publish(layout, text, exports, KEYS, list(KEYS), built)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A data directory with a first build's files."""
    layout = Layout(tmp_path / "data")
    layout.work.mkdir(parents=True)
    publish_build(layout, "first", "master/a.parquet", "side/old.json")
    return layout


@contextmanager
def stopping_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stop at this rename or removal, counted from 0."""
    seen: list[str] = []

    def stopped(call: Callable) -> Callable:
        def counted(path: Path, *rest: object, **how: bool) -> object:
            if len(seen) == number:
                raise KeyboardInterrupt
            seen.append(path.name)
            return call(path, *rest, **how)

        return counted

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink"):
            patched.setattr(Path, name, stopped(getattr(Path, name)))
        yield seen


def test_a_publication_stopped_at_any_rename_is_ended_by_the_next_that_locks(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, number, stops = content(layout.data), 0, []
    while True:
        with stopping_at(number, monkeypatch) as seen:
            try:
                publish_build(layout, "second", "master/a.parquet", "side/new.json")
                break
            except KeyboardInterrupt:
                stops.append(seen[-1] if seen else "")
        journaled = layout.journal.exists()
        assert journaled == bool(unfinished(layout))
        if not journaled:
            assert content(layout.data) == before
        with locked(layout, wait=False):
            pass
        expected = dict.fromkeys(("master/a.parquet", "side/new.json"), "second")
        expected |= {f"{name}.metadata.json": "second" for name in expected}
        if journaled:
            assert content(layout.data) == expected | {"warehouse.duckdb": "second"}
            assert not unfinished(layout)
            assert json.loads((layout.master / "_build.json").read_text())["status"] == "complete"
        publish_build(layout, "first", "master/a.parquet", "side/old.json")
        assert content(layout.data) == before
        number += 1
    assert len(stops) > 10
    assert "warehouse.duckdb" in stops


def test_while_files_are_renamed_the_marker_beside_them_says_so(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stopping_at(4, monkeypatch), pytest.raises(KeyboardInterrupt):
        publish_build(layout, "second", "master/a.parquet")
    marker = json.loads((layout.master / "_build.json").read_text())
    assert marker == {"build_id": "second", "status": "publishing"}
    assert unfinished(layout) == "second"
    with layout.lock.open("a") as handle:  # a build that is alive still publishes
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert unfinished(layout) == ""


def test_files_that_no_model_has_any_more_go_unless_somebody_changed_them(layout: Layout) -> None:
    assert publish_build(layout, "second", "master/a.parquet", "side/new.json") == [
        "side/old.json",
        "side/old.json.metadata.json",
    ]
    (layout.data / "side/new.json").write_text("mine")
    assert publish_build(layout, "third", "master/a.parquet") == ["side/new.json.metadata.json"]
    assert (layout.data / "side/new.json").read_text() == "mine"


@pytest.mark.parametrize("damage", ["gone", "empty", "zeros", "longer", "a directory", "a fifo"])
def test_the_record_knows_a_file_that_is_not_as_it_was_published(
    layout: Layout, damage: str
) -> None:
    path = layout.data / "master/a.parquet"
    assert read_record(layout).holds(layout, "master.a", "key")
    assert not read_record(layout).holds(layout, "master.a", "another key")
    text = path.read_text()
    path.unlink()
    if damage == "a directory":
        path.mkdir()
    elif damage == "a fifo":
        os.mkfifo(path)
    elif damage != "gone":
        path.write_text({"empty": "", "zeros": "\0" * len(text), "longer": f"{text} "}[damage])
    assert not read_record(layout).holds(layout, "master.a", "key")


@pytest.mark.parametrize("path", ["/etc/passwd", "../elsewhere", "a/../../b", ""])
def test_a_journal_that_leads_out_of_the_data_directory_is_refused(
    layout: Layout, path: str
) -> None:
    made = {"build_id": "x", "moves": [["warehouse.duckdb", path]], "files": {}, "models": []}
    layout.journal.write_text(json.dumps(made))
    with pytest.raises(WarehouseError, match="outside of the data directory") as refused:
        locked(layout, wait=False).__enter__()
    assert "rm " in refused.value.hint
    assert layout.warehouse.exists()


def test_a_damaged_export_is_written_anew_by_the_next_build(copy: Path, rebuild) -> None:
    parquet = copy / "master/features.parquet"
    sidecar = copy / "master/explanation_alignment.parquet.metadata.json"
    document = copy / "llm_comparison/llm_comparison_stats.json"
    before = {path: path.read_bytes() for path in (sidecar, document)}
    damaged = bytearray(parquet.read_bytes())
    damaged[100:4196] = bytes(4096)
    parquet.write_bytes(damaged)
    sidecar.write_text("")
    document.write_text(document.read_text()[:50])
    report, ran = rebuild(copy)
    assert ran == []
    assert len(duckdb.sql(f"FROM '{parquet}'").fetchall()) == 71
    assert document.read_bytes() == before[document]
    assert json.loads(sidecar.read_text())["build_id"] == report.build_id
    assert not rebuild(copy)[0].published


def test_full_writes_every_export_anew(copy: Path, rebuild) -> None:
    files = [*copy.glob("master/*.parquet"), *copy.glob("scores/*/*.json")]
    before = {path: path.stat().st_ino for path in files}
    rebuild(copy, full=True)
    assert not [path.name for path, inode in before.items() if path.stat().st_ino == inode]


def test_a_former_sae_s_side_files_go_when_the_sae_is_renamed(copy: Path, rebuild) -> None:
    former = {p.parent.name for p in copy.glob("feature_similarity/*/*.json")}
    rebuild(copy, 'sae_id="x/y"')
    assert former != {"x--y"}
    assert [p.name for p in (copy / "feature_similarity").iterdir()] == ["x--y"]


SHELL_THAT_DIES = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE mine AS SELECT 1")
os.kill(os.getpid(), 9)
"""


def test_a_log_of_a_shell_that_died_is_refused_before_any_work(copy: Path, rebuild) -> None:
    warehouse = copy / "warehouse.duckdb"
    subprocess.run([sys.executable, "-c", SHELL_THAT_DIES, str(warehouse)], check=False)
    log = copy / "warehouse.duckdb.wal"
    assert log.exists()
    with pytest.raises(WarehouseError, match=r"warehouse\.duckdb\.wal") as refused:
        rebuild(copy, "matching.threshold=0.5")
    command = refused.value.hint.rpartition(": ")[2]
    subprocess.run(command, shell=True, check=True)  # noqa: S602 - the hint, as it is pasted
    assert rebuild(copy, "matching.threshold=0.5")[0].published
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM master.features").fetchall() == [(71,)]


@pytest.fixture(scope="module")
def made_up(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The data directory of a small sample, built with a made-up model. Read it, never change it."""

    def fill(directory: Path) -> None:
        data = directory / "data"
        write_sample(data, **SIZE)
        settings_file(data)
        with made_up_model():
            build(open_project(data))

    return once("publish", fill) / "data"


@pytest.mark.parametrize("damage", ["a flipped bit", "cut short", "not parquet"])
@pytest.mark.parametrize("full", [False, True])
def test_a_damaged_part_of_the_vector_store_is_set_aside_and_embedded_anew(
    made_up: Path, tmp_path: Path, damage: str, full: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(shutil.copytree(made_up, tmp_path / "data"))
    part = max(data.glob("vectors/*/part-*.parquet"), key=lambda path: path.stat().st_size)
    content = bytearray(part.read_bytes())
    if damage == "a flipped bit":
        content[len(content) // 2] ^= 16
    part.write_bytes({"cut short": content[:-100], "not parquet": b"no"}.get(damage, content))
    # Another window length needs texts that the store lacks: their job looks at every part.
    changed = () if full else ("windows.embedding_tokens=31",)
    events: list[Event] = []
    with made_up_model():
        report = build(open_project(data, changed), full=full, on_event=events.append)
    assert part.with_name(f"damaged-{part.name}").exists()
    notes = [event.text for event in events if event.kind == "note" and part.name in event.text]
    with progress(json_log=False, verbose=False) as show:
        show(Event("note", "", notes[0]))
    assert part.name in capsys.readouterr().err.replace("\n", "")
    assert sum(report.embedded.values()) > 0
    with made_up_model():
        build(open_project(data))
    assert vectors(data) == vectors(made_up)


def vectors(data: Path) -> list[tuple]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.sql(
            "SELECT feature_id, prompt_ids, embeddings FROM master.activation_embeddings ORDER BY 1"
        ).fetchall()


def test_an_export_removes_what_a_killed_one_left_in_its_directory(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, target = Path(shutil.copytree(sample, tmp_path / "data")), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(
            "warehouse.run.export.shutil.rmtree", lambda *_, **__: None
        )  # as a kill does
        export_published(open_project(data), ["explanation_alignment"], target)
    assert list(target.glob(".export-*"))
    export_published(open_project(data), ["explanation_alignment"], target)
    assert not list(target.glob(".*"))
