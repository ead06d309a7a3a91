"""`cli.py` with the made-up model, which signals itself at a point of its build.

python -m tests.run.safety.build_and_die --watch DIR --trail FILE --at "0 start analysis.samples" -- --data DIR build
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cli import main as command_line
from embed.jobs import JOBS
from tests.run.safety.made_up import made_up_model
from tests.run.safety.points import NEVER, Points
from warehouse.models.library import load_all
from warehouse.plan.graph import build_graph

SERVE = "--serve"
_LONGEST = 240.0  # seconds that a build may take on a busy machine
# What every build imports: half of the time of a small one.
_MODULES = (
    "pyarrow.compute",
    "pyarrow.parquet",
    "scipy.cluster.hierarchy",
    "warehouse.collection",
    "warehouse.run.build",
    "warehouse.terminal.build",
)


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
    """Start processes and wait for them, as each line of stdin asks; answer with one line."""
    for name in _MODULES:
        importlib.import_module(name)
    build_graph(load_all(), JOBS)
    for line in sys.stdin:
        word, *asked = json.loads(line)
        if word == "start":
            answer = os.fork()
            if not answer:
                _run(*asked)
        elif word == "alive":
            answer = int(os.waitid(os.P_PID, *asked, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None)
        else:
            answer = _wait(*asked, os.WUNTRACED if word == "stopped" else 0)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _run(said: str, talk: str, *arguments: str) -> NoReturn:
    """The forked process: runs and ends as an interpreter of its own does."""
    null = os.open(os.devnull, os.O_RDONLY)
    outputs = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in (said, talk)]
    for number, replaced in enumerate((null, *outputs)):
        os.dup2(replaced, number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    main(arguments)
    sys.exit()


def _wait(pid: int, options: int) -> int:
    """The wait status of a process that ended, or stopped if the options say so."""
    end = time.monotonic() + _LONGEST
    while not (ended := os.waitpid(pid, options | os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(pid, signal.SIGABRT)
        time.sleep(0.005)
    return ended[1]


class Server:
    """A process that starts builds in less time than a new interpreter takes."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, SERVE],
            cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self._count = 0

    def ask(self, word: str, *arguments: object) -> int:
        self._process.stdin.write(json.dumps([word, *arguments]) + "\n")
        return int(self._process.stdout.readline())

    def start(self, outputs: Path, *arguments: str) -> Running:
        """A process that runs `main(arguments)`; what it writes lies in the directory `outputs`."""
        self._count += 1
        files = [outputs / f"{self._count}.{name}" for name in ("said", "talk")]
        return Running(self, self.ask("start", *map(str, files), *arguments), *files)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@dataclass(eq=False)
class Running:
    """A process that a server started. `returncode`: None until it ended; negative: the signal."""

    server: Server
    pid: int
    said: Path
    talk: Path
    returncode: int | None = None

    def has_stopped(self) -> bool:
        """Wait until it stands still or ends; whether it stands still."""
        status = self.server.ask("stopped", self.pid)
        if not os.WIFSTOPPED(status):
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode is None

    def is_alive(self) -> bool:
        return self.returncode is None and bool(self.server.ask("alive", self.pid))

    def ended(self) -> tuple[str, str]:
        """Wait for its end; what it wrote on stdout and on stderr."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(self.server.ask("wait", self.pid))
        return self.said.read_text(), self.talk.read_text()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, if it did not end yet."""
        if self.returncode is None:
            self.signal(signal.SIGKILL)
            self.ended()


if __name__ == "__main__":
    serve() if sys.argv[1:] == [SERVE] else main(sys.argv[1:])
