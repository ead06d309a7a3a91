"""An installation without the extra `embed`: it looks at a built warehouse, and says what a build needs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import embed.libraries
from embed.jobs import JOBS
from tests.conftest import ROOT
from tests.support.builds import open_project
from warehouse.errors import WarehouseError
from warehouse.run.build import build

EXTRA = {"torch", "sentence-transformers", "scikit-learn", "scipy"}

# Every look at the sample, in one process in which none of the extra's modules can be imported.
LOOK = """
import sys
for name in ("torch", "sentence_transformers", "transformers", "sklearn", "scipy"):
    sys.modules[name] = None  # an import of it fails
import warehouse
from cli import main
data, out = sys.argv[1:]
w = warehouse.open(data)
assert w.feature(8)._repr_html_() and len(w.features(limit=3)) == 3
for command in (
    ["query", "select count(*) from features"], ["features"], ["feature", "8"],
    ["feature", "8", "--html", out + "/card.html"], ["report", "-o", out + "/report.html"],
    ["explore", "--to", out + "/pages", "--limit", "2"], ["sources"], ["history"],
    ["models", "list"], ["--help"],
):
    try:
        main(["--data", data, *command], prog_name="sae-warehouse")
    except SystemExit as ended:
        assert not ended.code, command
"""


def test_it_looks_at_a_built_warehouse(sample: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOOK, str(sample), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {path.name for path in tmp_path.iterdir()} == {"card.html", "report.html", "pages"}


def test_a_build_says_before_any_work_what_it_needs(copy: Path, monkeypatch) -> None:
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(embed.libraries, "version", version)
    before = (copy / "warehouse.duckdb").stat().st_mtime_ns
    with pytest.raises(WarehouseError, match="which this installation lacks") as raised:  # fmt: skip
        build(open_project(copy), full=True)
    assert "[embed]" in raised.value.hint
    assert (copy / "warehouse.duckdb").stat().st_mtime_ns == before


def test_the_extra_holds_what_the_jobs_ask_for_and_nothing_else_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {text.partition(">")[0] for text in project["optional-dependencies"]["embed"]}
    assert names == EXTRA
    assert not EXTRA & {text.partition(">")[0] for text in project["dependencies"]}
    assert {"torch"} == {name for job in JOBS for name in job.imports}
