"""A Ray cluster of three nodes in this process's namespace, and builds on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.namespace import ROOT

NODES = 3  # with the head, which is where the driver is
SECONDS = 0.3  # that a part takes to be encoded
LONGEST = 400.0  # seconds that a build may take


@dataclass
class Call:
    """A call of `encode` on some worker."""

    begun: float
    pid: int
    store: str
    keys: tuple[str, ...]
    ended: float | None = None


def calls(noted: Path) -> list[Call]:
    """The calls of `encode`, in the order in which they began."""
    found: dict[tuple[str, str, str], Call] = {}
    done: list[Call] = []
    for line in noted.read_text().splitlines() if noted.exists() else ():
        what, at, pid, store, keys = line.split(" ")
        if what == "begin":
            call = Call(float(at), int(pid), store, tuple(keys.split(",")))
            found[pid, store, keys] = call
            done.append(call)
        else:
            found[pid, store, keys].ended = float(at)
    return done


class Nodes:
    """The cluster. All that it leaves lies in `base`, which has a short path: sockets are there."""

    def __init__(self, base: Path, others: int = NODES - 1, cpus: int = 1) -> None:
        """A head, and so many `others` with so many `cpus` each."""
        os.environ["RAY_TMPDIR"] = str(base)
        from ray.cluster_utils import Cluster

        self.noted, self.talk = base / "asked", base / "talk"
        self.cluster, self.others = Cluster(), []
        self.wanted, self.cpus = others, cpus
        self._add()  # the head
        self.heal()

    def heal(self) -> None:
        """A node for each that was killed."""
        while len(self.others) < self.wanted:
            self.others.append(self._add())
        self.cluster.wait_for_nodes(timeout=LONGEST)

    def _add(self) -> object:
        """A new node; one that died while it started, on a busy machine, is tried again."""
        for _ in range(3):
            try:
                with _patience():
                    return self.cluster.add_node(num_cpus=self.cpus, include_dashboard=False)
            except Exception as error:  # noqa: BLE001 - Ray raises no narrower type
                sys.stderr.write(f"a node did not start: {error}\n")
        raise AssertionError("no node starts here")

    def start(self, data: Path, *options: str) -> subprocess.Popen:
        """A build on the cluster, in a process of its own."""
        with self.talk.open("w") as talk:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.cluster.drive", "--asked", str(self.noted),
                 "--seconds", str(SECONDS), "--", "--data", str(data),
                 "build", *(options or ("--on", self.cluster.address))],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=talk, stderr=talk,
            )  # fmt: skip

    def said(self) -> str:
        """The end of what the last build said."""
        return self.talk.read_text()[-3000:]

    def kill_worker(self) -> bool:
        """Kill one in the middle of a call; False where none is."""
        busy = self._busy()
        return bool(busy) and _kill(busy[-1])

    def kill_node(self) -> bool:
        """Kill a node that has a worker in the middle of a call, but not the head; False: there is none."""
        busy = self._busy()
        for node in self.others:
            raylet = node.all_processes["raylet"][0].process.pid
            if any(_parent(pid) == raylet for pid in busy):
                # All at once, as a power cut does; Ray would end the workers by and by.
                killed = [_kill(pid) for pid in (raylet, *_children(raylet))]
                self.cluster.remove_node(node, allow_graceful=False)
                self.others.remove(node)
                return killed[0]
        return False

    def _busy(self) -> list[int]:
        return [c.pid for c in calls(self.noted) if c.ended is None and _parent(c.pid)]

    def close(self) -> None:
        self.cluster.shutdown()


@contextmanager
def _patience() -> Iterator[None]:
    """Wait longer than Ray's 30 s for a node: on a busy machine it takes them to start."""
    from ray._private import services

    known = services.get_node

    def get_node(*arguments: object) -> object:
        end = time.monotonic() + 60
        while True:
            try:
                return known(*arguments)
            except RuntimeError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    services.get_node = get_node
    try:
        yield
    finally:
        services.get_node = known


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _parent(pid: int) -> int | None:
    """The parent of a process; None where it is gone, or dead and not waited for."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else int(parent)


def _children(pid: int) -> Sequence[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _parent(int(p.name)) == pid]  # fmt: skip


def wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, f"waited {LONGEST:.0f} s for {what}"
        time.sleep(0.04)
