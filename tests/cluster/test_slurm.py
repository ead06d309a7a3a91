"""The Slurm script's body under bash, with the real embedding model and two stand-ins for Slurm."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cluster.namespace import ROOT, inside, why_not
from tests.conftest import MODEL
from tests.run.safety.kills import SIZE, Contents, check_results
from tests.support.builds import open_project
from warehouse.layout import after_sample
from warehouse.run.build import build
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample

pytestmark = [pytest.mark.skipif(bool(why_not()), reason=why_not()), pytest.mark.timeout(900)]
SLURM = {"SLURM_JOB_NODELIST": "127.0.0.1,127.0.0.1,127.0.0.1", "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "1"}  # fmt: skip


def test_the_script_starts_three_nodes_that_embed_as_this_machine_does(tmp_path: Path) -> None:
    data, clean = tmp_path / "data", tmp_path / "clean"
    write_sample(data, **SIZE)
    # A product of matrices by another number of threads may end in other digits.
    after_sample(data, {"embedding.model": MODEL, "threads": 1, **SAMPLE_SETTINGS})
    build(open_project(data))
    wanted = Contents.of(data)
    data.rename(clean)
    write_sample(data, **SIZE)
    after_sample(data, {"embedding.model": MODEL, "threads": 1, **SAMPLE_SETTINGS})

    tools = Path(__file__).parent / "slurm"
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # a short path: Ray's sockets are there
        environment = {"PATH": f"{tools}:{os.environ['PATH']}", "VENV": sys.prefix, "RAY_TMPDIR": place}  # fmt: skip
        done = subprocess.run(
            inside(["bash", "docs/slurm.sh", str(data)]),
            cwd=ROOT, env=os.environ | SLURM | environment, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "texts embedded" in done.stdout
    check_results(data, wanted)
    assert Contents.of(data).parts == wanted.parts
