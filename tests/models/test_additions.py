"""Adding is adding a file: a job, a kind of file and a format of records from this folder alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from embed.jobs import JOBS
from tests.support.raw_tree import ACTIVATIONS, PROMPTS, WORDS, query, write
from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.files import sync
from warehouse.layout import Layout
from warehouse.models.library import load_all
from warehouse.models.model import Model
from warehouse.plan.graph import Job, JobContext, JobIdentity
from warehouse.plan.project import Project
from warehouse.run.build import build
from warehouse.run.events import Event
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier
from warehouse.write.kinds import KINDS, Work
from warehouse.write.targets import Exported, find_place, find_sae

ADDITIONS = Path(__file__).parent / "additions"


@dataclass(frozen=True)
class PromptLengths(Job):
    """A job: Python counts what SQL gives it."""

    name: str = "analysis.prompt_lengths"
    reads: tuple[str, ...] = ("staging.prompts",)
    columns: Mapping[str, str] = None  # type: ignore[assignment]
    imports: tuple[str, ...] = ()

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:  # noqa: ARG002
        return JobIdentity(digest(self.name, 1), {})

    def run(self, context: JobContext) -> tuple[str, int]:
        prompts = run(context.connection, "SELECT prompt_id, tokens FROM staging.prompts")
        table = identifier(self.name)
        run(
            context.connection, f"CREATE OR REPLACE TABLE {table} (prompt_id BIGINT, length BIGINT)"
        )
        for prompt, tokens in prompts:
            values = [prompt, len("".join(tokens))]
            run(context.connection, f"INSERT INTO {table} VALUES (?, ?)", values)
        return "", len(prompts)


@dataclass(frozen=True)
class Opening(PromptLengths):
    """A job that opens something for the others, and may fail then; it logs what happens to it."""

    fails: bool = False
    log: list[str] = field(default_factory=list)

    def run(self, context: JobContext) -> tuple[str, int]:
        context.once(
            "thing", lambda: self.log.append("opened"), lambda _: self.log.append("closed")
        )
        if self.fails:
            raise WarehouseError("it fails")
        return super().run(context)


class Csv:
    """A kind of file: a model's rows as comma-separated values."""

    label = ""

    def key(self, model: Model, results: Mapping[str, str], settings: Settings) -> str:  # noqa: ARG002
        return digest("csv", results[model.name])

    def size(self, *_: object) -> int:
        return 0

    def prepare(self, *_: object) -> None:
        pass

    def write(self, work: Work) -> list[Exported]:
        place = find_place(work.model, find_sae(work.connection))
        path = work.directory / place
        path.parent.mkdir(parents=True)
        names = [c.name for c in work.model.columns]
        sql = f"SELECT {', '.join(names)} FROM {work.model.name} ORDER BY {work.model.order}"
        rows = run(work.connection, sql)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([names, *rows])
        sync(path)
        return [Exported(path.stem, work.model.name, path, place, len(rows), path.stat().st_size)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A raw tree with records of the added format, and the project with all three additions."""
    monkeypatch.setitem(KINDS, ".csv", Csv())
    lines = [{"f": f, "p": p, "at": [[f + p, 1.5]]} for f in range(3) for p in range(1 + f)]
    data = write(tmp_path, {ACTIVATIONS: "".join(json.dumps(line) + "\n" for line in lines)})
    jobs = (*JOBS, PromptLengths())
    return Project(data, load_jobs=lambda: jobs, more_models=(ADDITIONS,))


def exported(data: Path) -> Path:
    """The added file, at its place."""
    [(sae_id,)] = query(data, "SELECT sae_id FROM staging.sae")
    return data / "tables" / sae_id.replace("/", "--") / "prompt_use.csv"


WANTED = ("+analysis.prompt_use", "+staging.sae")


def test_a_job_a_kind_of_file_and_a_format_of_records_are_added_from_a_folder_beside(
    project: Project,
) -> None:
    build(project, WANTED)
    length = sum(map(len, WORDS))
    expected = [(0, length, 3), (1, length, 2), (2, length, 1)]
    sql = "FROM analysis.prompt_use ORDER BY prompt_id"
    assert query(project.data, sql) == expected
    dialects = "SELECT DISTINCT dialect FROM staging.activation_records"
    assert query(project.data, dialects) == [("brief",)]
    written = exported(project.data).read_text().splitlines()
    assert written == ["prompt_id,length,records", *(",".join(map(str, row)) for row in expected)]


def test_what_is_added_runs_again_only_where_something_changed(project: Project) -> None:
    build(project, WANTED)
    again = build(project, WANTED)
    assert not again.published
    prompts = [[*WORDS[:9], "longer"]] * 6
    (project.data / PROMPTS).write_text(json.dumps(prompts))
    ran = build(project, WANTED).ran
    assert {"analysis.prompt_lengths", "analysis.prompt_use", "export prompt_use"} <= ran.keys()
    length = len("".join(prompts[0]))
    assert f"0,{length},3" in exported(project.data).read_text()


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_job_opened_is_closed_after_the_last_job_also_one_that_fails(
    project: Project, fails: bool
) -> None:
    job, reads_it = Opening(fails=fails), "analysis.prompt_use"

    def note(event: Event) -> None:
        if event.kind == "start" and event.node == reads_it:
            job.log.append("read")

    ended = pytest.raises(WarehouseError, match="it fails") if fails else nullcontext()
    with ended:
        build(replace(project, load_jobs=lambda: (*JOBS, job)), WANTED, on_event=note)
    assert job.log == ["opened", "closed", *["read"] * (not fails)]


def test_a_folder_of_models_that_means_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "analyses").mkdir()
    (tmp_path / "analyses" / "a.sql").write_text("-- version: 1\n-- description: a\nSELECT 1")
    with pytest.raises(WarehouseError, match='no folder of models is called "analyses"') as caught:
        load_all(tmp_path)
    assert "analysis" in caught.value.hint
