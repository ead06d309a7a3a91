"""The Slurm script's body under bash, with two stand-ins for Slurm and the made-up model."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cluster.drive import SMALL_PARTS
from tests.cluster.namespace import ROOT, inside, why_not
from tests.run.safety.kills import SIZE, Contents, check_results, settings_file
from tests.run.safety.made_up import made_up_model, replaced
from tests.support.builds import open_project
from warehouse.run.build import build
from warehouse.sample.sample import write_sample

pytestmark = [pytest.mark.skipif(bool(why_not()), reason=why_not()), pytest.mark.timeout(900)]
SLURM = {"SLURM_JOB_NODELIST": "127.0.0.1,127.0.0.1,127.0.0.1", "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "1"}  # fmt: skip
CLI = """import sys
from tests.cluster.drive import main
sys.argv[1:1] = ["--asked", "asked", "--"]
main()
"""


def test_the_script_starts_three_nodes_that_embed_as_this_machine_does(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def inputs() -> None:
        write_sample(data, **SIZE)
        settings_file(data)

    inputs()
    with made_up_model(), replaced(SMALL_PARTS):
        build(open_project(data))
    wanted = Contents.of(data)
    data.rename(tmp_path / "built here")
    inputs()

    (tmp_path / "cli.py").write_text(CLI)
    tools = Path(__file__).parent / "slurm"
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # a short path: Ray's sockets are there
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": place,  # the cluster's token is there
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": place,
            "VENV": sys.prefix,
        }
        done = subprocess.run(
            inside(["bash", str(ROOT / "docs" / "slurm.sh"), str(data)]),
            cwd=tmp_path, env=os.environ | SLURM | environment, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "texts embedded" in done.stdout
    check_results(data, wanted)
    assert Contents.of(data).parts == wanted.parts
