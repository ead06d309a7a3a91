"""Build: execute a plan on a copy of the warehouse, audit it, then publish by rename."""

from __future__ import annotations

import contextlib
import datetime
import gc
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from warehouse.errors import DamagedError, WarehouseError
from warehouse.files import sync
from warehouse.plan import forecast, kept, plan
from warehouse.plan.exported import read_record
from warehouse.plan.graph import select
from warehouse.plan.plan import Prepared
from warehouse.plan.project import Project
from warehouse.read.content import hash_files
from warehouse.read.discover import discover
from warehouse.run.events import Event, Report
from warehouse.run.execution import Execution
from warehouse.run.lock import assert_no_log, locked
from warehouse.run.publish import publish
from warehouse.run.remaining import Remaining
from warehouse.write.stale import published_results, stale_exports
from warehouse.write.targets import Exported, exportable


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Look for garbage less often: what tells of a hundred thousand raw files holds no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_few_collections()
def prepare(project: Project, selectors: Sequence[str] = (), full: bool = False) -> Prepared:
    """Read models, files and state, and plan. Changes nothing on disk."""
    selected = select(project.graph, selectors) if selectors else None
    state = project.read_state()
    files = hash_files(discover(project.settings), state.files, trust_times=not full)
    made = plan.make_plan(project, files, state, selected, full)
    return Prepared(project, state, made, read_record(project.layout))


@_few_collections()
def build(
    project: Project,
    selectors: Sequence[str] = (),
    full: bool = False,
    exports: bool = True,
    wait: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
    dry: Callable[[Path], None] | None = None,
) -> Report:
    """Bring the published warehouse and its exports up to date; all of it or nothing.

    With `dry` nothing is published: it gets the finished file, which is gone after it returns.
    A failure (WarehouseError) or an interruption leaves what is published as it was; vectors that
    were finished stay in the store for the next build.
    """
    with locked(project.layout, wait):
        while True:
            try:
                return _build(project, selectors, full, exports and dry is None, on_event, dry)
            except DamagedError as error:  # each time fewer parts are left that could be
                on_event(Event("note", "", f"{error.message}; everything is built anew"))
                full = True


def _build(
    project: Project,
    selectors: Sequence[str],
    full: bool,
    exports: bool,
    on_event: Callable[[Event], None],
    dry: Callable[[Path], None] | None,
) -> Report:
    """Plan and execute, then publish, or show `dry` what would be. Under the lock."""
    started = time.monotonic()
    layout = project.layout
    assert_no_log(layout)
    prepared = prepare(project, selectors, full)
    stale = stale_exports(prepared, published_results(prepared)) if exports else []
    if (
        all(s.action == plan.SKIP for s in prepared.plan.steps)
        and not stale
        and not prepared.storage_change
    ):
        if dry is None:
            kept.prune(layout, prepared.state.build_id, project.settings)
        return Report(prepared.state.build_id, {}, (), {}, time.monotonic() - started, False)
    assert_ready(prepared, fetch=True)
    forecasts = forecast.foresee(prepared)
    for line in forecast.describe(forecasts):
        on_event(Event("note", "", line))
    build_id = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    work = layout.work / build_id
    work.mkdir(parents=True)
    try:
        remaining = Remaining.of(prepared, forecasts, stale if exports else None, on_event)
        execution = Execution(prepared, build_id, work, remaining)
        execution.run(exports)
        published: Sequence[Exported] = ()
        if dry is None:
            published = _publish(execution, work, on_event)
        else:
            dry(work / "warehouse.duckdb")
    except OSError as error:
        raise WarehouseError(
            f"the build could not write: {error}",
            "check disk space and permissions, then build again",
        ) from None
    finally:
        if not layout.journal.exists():  # else its renames are to be ended by who locks next
            shutil.rmtree(work, ignore_errors=True)
    seconds = time.monotonic() - started
    if dry is None:
        on_event(Event("published", str(layout.warehouse), seconds=seconds))
    return Report(
        build_id, execution.ran, published, execution.context.embedded, seconds, dry is None
    )


def assert_ready(prepared: Prepared, fetch: bool) -> None:
    """Before the first node is run: WarehouseError when a job that will run is sure to fail.

    Models that are not on this machine are fetched, with `fetch`.
    """
    for step in prepared.plan.steps:
        if step.kind == "job" and step.action == plan.RUN:
            project = prepared.project
            project.jobs[step.node].assert_ready(project.settings, fetch)


def _publish(execution: Execution, work: Path, on_event: Callable[[Event], None]) -> list[Exported]:
    prepared, built = execution.prepared, work / "warehouse.duckdb"
    project, writer = prepared.project, execution.writer
    layout = project.layout
    exports = writer.files if writer else []
    sync(built)
    # What can fail, fails before anything is published.
    for place in {(layout.data / one.place).parent for one in exports}:
        place.mkdir(parents=True, exist_ok=True)
    assert_no_log(layout)
    kept.keep_published(layout, prepared.state.build_id, project.settings)
    models = list(exportable(project.models).values())
    gone = publish(
        layout, execution.build_id, exports, writer.keys if writer else {}, models, built
    )
    for path in gone:
        on_event(Event("removed", path, "no model has it any more"))
    kept.prune(layout, execution.build_id, project.settings)
    return [replace(one, path=layout.data / one.place) for one in exports if one.beside]
