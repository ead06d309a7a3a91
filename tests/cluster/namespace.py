"""Commands in a network namespace that has only loopback: a Ray cluster there is nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Its processes are of a namespace too, and end with the first of them: no raylet is left behind.
_UNSHARE = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
_UNSHARE += [] if os.geteuid() == 0 else ["--map-root-user"]


def why_not() -> str:
    """Why no cluster can be started here; empty where one can."""
    if find_spec("ray") is None:
        return "Ray is not installed: make cluster-test"
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "unshare (util-linux) or ip (iproute2) is not here"
    tried = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True)
    return f"no network namespace: {tried.stderr.strip()}" if tried.returncode else ""


def run_inside(
    module: str, *arguments: str, shown: bool = False, timeout: float | None = None
) -> subprocess.CompletedProcess:
    """`python -m MODULE ARGUMENTS` in a namespace of its own; its output as text, or `shown`."""
    wanted = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        inside(wanted), cwd=ROOT, capture_output=not shown, text=True, timeout=timeout
    )


def inside(wanted: Sequence[str]) -> list[str]:
    """The command that runs another one in a namespace of its own."""
    return [*_UNSHARE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *wanted]
