"""A node that does not see the data directory: an empty disk is mounted over it there.

python -m tests.cluster.blind     in a namespace of its own; prints what the build says
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import which

from tests.cluster.namespace import run_inside, why_not
from tests.cluster.nodes import LONGEST, Nodes
from tests.run.safety.kills import SIZE, settings_file
from warehouse.sample.sample import write_sample


def build(base: Path) -> str:
    """What a build says whose only worker is on such a node."""
    data = base / "data"
    write_sample(data, **SIZE)
    settings_file(data)
    nodes = Nodes(base, others=0, cpus=0)
    ray = Path(sys.executable).with_name("ray")
    blind = subprocess.Popen(
        [which("unshare"), "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(data), str(ray),
         "start", "--address", nodes.cluster.address, "--num-cpus", "1", "--block", "--disable-usage-stats"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        driver = nodes.start(data)
        assert driver.wait(LONGEST) == 1, nodes.said()
        return nodes.said()
    finally:
        blind.kill()
        nodes.close()


def main() -> None:
    if "--inside" not in sys.argv:
        if reason := why_not():
            sys.exit(reason)
        sys.exit(run_inside(__spec__.name, "--inside", shown=True).returncode)
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        sys.stdout.write(build(Path(place)))


if __name__ == "__main__":
    main()
