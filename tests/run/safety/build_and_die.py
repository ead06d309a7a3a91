"""`cli.py` with the made-up model, which signals itself at a point of its build.

python -m tests.run.safety.build_and_die --watch DIR --trail FILE --at "0 start analysis.samples" -- --data DIR build
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cli import main as command_line
from tests.run.safety.made_up import made_up_model
from tests.run.safety.points import NEVER, Points

SERVE = "--serve"
_LONGEST = 120.0  # seconds that a build may take


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watch", type=Path, help="the data directory whose changes are points")
    parser.add_argument("--trail", type=Path, help="the points that were passed are written here")
    parser.add_argument("--at", default=NEVER, help="the point: how often it was passed, its label")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds after it")
    parser.add_argument("--signal", default="KILL", choices=("KILL", "INT", "STOP"))
    parser.add_argument("arguments", nargs="+")
    chosen = parser.parse_args(arguments)
    with made_up_model():
        if chosen.trail:
            number = signal.Signals[f"SIG{chosen.signal}"]
            points = Points(chosen.watch, chosen.trail, chosen.at, chosen.delay, number)
            points.install()
        command_line(chosen.arguments, prog_name="cli.py")


def serve() -> None:
    """Fork a process for each line of stdin, a list of arguments; print how it ended."""
    # What every build imports and parses first: half of the time of a small one.
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401

    from embed.jobs import JOBS
    from warehouse.models import library
    from warehouse.plan.graph import build_graph
    from warehouse.run import build  # noqa: F401
    from warehouse.terminal import build as shown  # noqa: F401

    build_graph(library.load_all(), JOBS)
    for line in sys.stdin:
        output, *arguments = json.loads(line)
        pid = os.fork()
        if not pid:
            _run_and_exit(output, arguments)
        end = time.monotonic() + _LONGEST
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGABRT)
            time.sleep(0.005)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended[1])}\n")
        sys.stdout.flush()


def _run_and_exit(output: str, arguments: Sequence[str]) -> None:
    code = 70
    try:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        null = os.open(os.devnull, os.O_RDONLY)
        for number, replaced in ((null, 0), (file, 1), (file, 2)):
            os.dup2(number, replaced)
        main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - the last thing that this process does
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Server:
    """A process that starts builds in less time than a new interpreter takes."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, SERVE],
            cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def run(self, output: Path, *arguments: str) -> int:
        """The exit code (negative: the signal) of `main(arguments)`; it writes into `output`."""
        self._process.stdin.write(json.dumps([str(output), *arguments]) + "\n")
        return int(self._process.stdout.readline())

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


if __name__ == "__main__":
    serve() if sys.argv[1:] == [SERVE] else main(sys.argv[1:])
