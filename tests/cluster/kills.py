"""Kill workers, nodes and drivers of builds on a real cluster of three nodes, and check what is left.

python -m tests.cluster.kills --count 20 --seed 1

Every build must end as a local one does, value for value; no part that was finished is embedded a
second time.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.drive import SMALL_PARTS
from tests.cluster.namespace import run_inside, why_not
from tests.cluster.nodes import LONGEST, NODES, SECONDS, Call, Nodes, calls, wait
from tests.run.safety.kills import SIZE, Contents, check_results, parts, settings_file
from tests.run.safety.made_up import made_up_model, replaced
from tests.support.builds import open_as_usual
from warehouse.run.build import build
from warehouse.sample.sample import write_sample
from warehouse.settings_file import FILE_NAME

NOTHING, WORKER, NODE, DRIVER = "nothing", "a worker", "a node", "the driver"
WHAT = (WORKER, NODE, DRIVER)


@dataclass(frozen=True)
class Kill:
    """What is killed: after so many parts are finished, and so many seconds more."""

    what: str
    parts: int
    delay: float

    @classmethod
    def chosen(cls, seed: int, all_parts: int) -> Kill:
        rng = random.Random(seed)
        what = WHAT[seed % len(WHAT)]
        return cls(what, rng.randrange(all_parts - NODES), rng.uniform(0, 1.5 * SECONDS))


@dataclass(frozen=True)
class Outcome:
    """How it went: `finished` parts at the kill, `reused` by the build that ended; texts of `begun`
    calls that no `end` followed; `twice`: texts of finished parts that were embedded again."""

    kill: Kill
    code: int  # of the build that was disturbed
    builds: int  # that it took
    finished: int
    reused: int
    parts: int
    broken: int
    twice: int
    seconds: float


class Site:
    """A cluster, a data directory that can be put back, and what a local build makes of it."""

    def __init__(self, base: Path) -> None:
        self.data, self.inputs = base / "data", base / "inputs"
        write_sample(self.inputs, **SIZE)
        settings_file(self.inputs)
        with made_up_model(), replaced(SMALL_PARTS):
            build(open_as_usual(self._restored()))
        self.wanted = Contents.of(self.data)
        self.nodes = Nodes(base)

    def restore(self) -> None:
        """Put the directory back to its inputs, and the cluster to its nodes."""
        self._restored()
        self.nodes.noted.unlink(missing_ok=True)
        self.nodes.heal()

    def _restored(self) -> Path:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir()
        shutil.copytree(self.inputs / "raw", self.data / "raw")
        shutil.copyfile(self.inputs / FILE_NAME, self.data / FILE_NAME)
        return self.data

    def kill(self, what: str, driver: subprocess.Popen) -> bool:
        """Kill it with SIGKILL; False where it is not there yet."""
        if what == WORKER:
            return self.nodes.kill_worker()
        if what == NODE:
            return self.nodes.kill_node()
        driver.kill()
        return True


def try_kill(site: Site, kill: Kill) -> Outcome:
    """Disturb a build on the cluster and see it, or the next one, to its end. AssertionError: wrong."""
    started = time.monotonic()
    site.restore()
    driver = site.nodes.start(site.data)
    try:
        if kill.what != NOTHING:
            due = lambda: len(parts(site.data)) >= kill.parts or driver.poll() is not None  # noqa: E731
            wait(due, f"{kill.parts} parts")
            time.sleep(kill.delay)
            hit = lambda: site.kill(kill.what, driver) or driver.poll() is not None  # noqa: E731
            wait(hit, f"{kill.what} to kill")
        finished = {name: path.stat().st_ino for name, path in parts(site.data).items()}
        code = driver.wait(LONGEST)
    finally:
        driver.kill()
    builds = 1
    if kill.what == DRIVER:
        again = site.nodes.start(site.data)
        assert again.wait(LONGEST) == 0, site.nodes.said()
        builds = 2
    assert code == (-signal.SIGKILL if kill.what == DRIVER else 0), site.nodes.said()
    check_results(site.data, site.wanted)
    now = parts(site.data)
    assert Contents.of(site.data).parts == site.wanted.parts, "other parts than a local build's"
    reused = sum(now[name].stat().st_ino == inode for name, inode in finished.items())
    assert reused == len(finished), "a finished part was written again"
    asked = calls(site.nodes.noted)
    return Outcome(
        kill, code, builds, len(finished), reused, len(now),
        broken=sum(len(c.keys) for c in asked if c.ended is None),
        twice=embedded_twice(site, asked), seconds=time.monotonic() - started,
    )  # fmt: skip


def embedded_twice(site: Site, asked: list[Call]) -> int:
    """Texts of finished parts that a call begun later was asked for."""
    import pyarrow.parquet as pq

    ready: dict[tuple[str, str], float] = {}
    for path in parts(site.data).values():
        column = pq.read_table(path)["text_key"].combine_chunks()
        keys = column.storage if hasattr(column, "storage") else column
        for key in keys.to_pylist():
            key = key.hex if hasattr(key, "int") else key.hex()
            ready[path.parent.name, key] = path.stat().st_ctime
    count = 0
    for call in asked:
        for key in call.keys:
            assert (call.store, key) in ready, "a text was embedded and is in no part"
            count += call.begun > ready[call.store, key]
    return count


def table(outcomes: list[Outcome]) -> str:
    """One row per kind of kill."""
    rows = [("killed", "times", "ended by itself", "next build", "parts finished", "reused", "texts lost", "embedded twice", "s")]  # fmt: skip
    for what in (*dict.fromkeys(o.kill.what for o in outcomes), "all"):
        own = [o for o in outcomes if what in (o.kill.what, "all")]
        by = Counter(o.builds for o in own)
        numbers = (len(own), by[1], by[2], sum(o.finished for o in own), sum(o.reused for o in own), sum(o.broken for o in own), sum(o.twice for o in own), round(sum(o.seconds for o in own) / len(own)))  # fmt: skip
        rows.append((what, *map(str, numbers)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows)


@contextmanager
def site() -> Iterator[Site]:
    """A cluster and its directory; both are gone afterwards."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        made = Site(Path(place))
        try:
            yield made
        finally:
            made.nodes.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill parts of a cluster during builds.")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=(NOTHING, *WHAT), action="append")
    parser.add_argument("--inside", action="store_true", help="of a namespace: set by itself")
    chosen = parser.parse_args()
    if not chosen.inside:
        if reason := why_not():
            sys.exit(reason)
        sys.exit(run_inside(__spec__.name, *sys.argv[1:], "--inside", shown=True).returncode)
    outcomes, failed = [], 0
    with site() as made:
        for seed in range(chosen.seed, chosen.seed + chosen.count):
            kill = Kill.chosen(seed, len(made.wanted.parts))
            if chosen.only:
                kill = Kill(chosen.only[seed % len(chosen.only)], kill.parts, kill.delay)
            try:
                outcomes.append(try_kill(made, kill))
                said = json.dumps(asdict(outcomes[-1]))
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                failed += 1
                said = f"FAILED {kill}: {error}"
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
    if outcomes:
        sys.stdout.write(f"\n{table(outcomes)}\n\n{len(outcomes)} held, {failed} failed\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
