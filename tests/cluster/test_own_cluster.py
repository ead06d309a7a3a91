"""Clusters that start for one build: by the Slurm script, and by `--on ray` alone.

The script's body runs under bash with two stand-ins for Slurm; the model is the made-up one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cluster.drive import SMALL_PARTS
from tests.cluster.namespace import ROOT, inside, why_not
from tests.run.safety.kills import SIZE, Contents, check_results, settings_file
from tests.run.safety.made_up import made_up_model, replaced
from tests.support.builds import open_as_usual
from warehouse.run.build import build
from warehouse.sample.sample import write_sample

pytestmark = [pytest.mark.skipif(bool(why_not()), reason=why_not()), pytest.mark.timeout(900)]
SLURM = {"SLURM_JOB_NODELIST": "127.0.0.1,127.0.0.1,127.0.0.1", "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "1"}  # fmt: skip
CLI = """import sys
del sys.path[0]  # or this file would be "cli"
from tests.cluster.drive import main
sys.argv[1:1] = ["--asked", "asked", "--"]
main()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Raw files and settings of a small sample."""
    (tmp_path / "cli.py").write_text(CLI)
    return _inputs(tmp_path / "data")


def _inputs(data: Path) -> Path:
    write_sample(data, **SIZE)
    settings_file(data)
    return data


@pytest.fixture
def built_here(tmp_path: Path) -> Contents:
    """What a build without Ray makes of the same files, under the same path."""
    data = _inputs(tmp_path / "data")
    with made_up_model(), replaced(SMALL_PARTS):
        build(open_as_usual(data))
    wanted = Contents.of(data)
    data.rename(tmp_path / "built here")
    return wanted


@pytest.fixture
def home() -> Iterator[Mapping[str, str]]:
    """Where Ray's sockets and its token lie: a short path."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        yield {"HOME": place, "RAY_TMPDIR": place, "PYTHONPATH": str(ROOT)}


def _run(words: list[str], data: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        inside(words), cwd=data.parent, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "texts embedded" in done.stdout


def test_the_script_starts_three_nodes_that_embed_as_this_machine_does(
    built_here: Contents, data: Path, home: Mapping[str, str]
) -> None:
    slurm = SLURM | {
        "PATH": f"{Path(__file__).parent / 'slurm'}:{os.environ['PATH']}",
        "VENV": sys.prefix,
    }
    _run(["bash", str(ROOT / "docs" / "slurm.sh"), str(data)], data, home | slurm)
    check_results(data, built_here)
    assert Contents.of(data).parts == built_here.parts


def test_where_no_cluster_runs_a_build_on_ray_starts_one_that_ends_with_it(
    built_here: Contents, data: Path, home: Mapping[str, str]
) -> None:
    words = [sys.executable, "cli.py", "--data", str(data), "build", "--on", "ray"]
    _run(words, data, home)
    assert (Path(home["RAY_TMPDIR"]) / "ray").is_dir()  # Ray ran, and here
    check_results(data, built_here)
    assert Contents.of(data).parts == built_here.parts
