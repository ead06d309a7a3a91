"""Kill the publish of a collection at each of its points, and check what is left.

python -m tests.collection.kills

A member was built since the collection was published, so there is a part to make, a file to publish
and a part to remove. A point is what tests/run/safety/points.py says: an fsync, or a change of the
directory, seen just before it happens.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from tests.run.safety.build_and_die import Server
from tests.run.safety.kills import ROOT, SIZE, digest, fast_directory, settings_file
from tests.run.safety.points import NEVER, Trail
from warehouse.database import run
from warehouse.sample.sample import write_sample

PUBLISH = "rename warehouse.duckdb"
MEMBERS = ("one", "two")


@dataclass(frozen=True)
class Outcome:
    """`at`: where it was killed; `new`: whether the file was the new one then."""

    at: str
    new: bool


class Site:
    """A collection that can be put back to where one member has a build that it does not show."""

    def __init__(self, base: Path, server: Server) -> None:
        self.base, self.server = base, server
        self.data, self.snapshot = base / "data", base / "before"
        for seed, name in enumerate(MEMBERS):
            write_sample(self.data / name, seed=seed, **SIZE)
            settings_file(self.data / name)
        (self.data / "collection.toml").write_text(
            f"members = {list(MEMBERS)}\n[settings]\ncompare.replicates = 100\n".replace("'", '"')
        )
        self.build(self.data)
        settings_file(self.data / "two", matching__threshold=0.3)
        self.build(self.data / "two")
        part = next((self.data / ".members").glob("*/*/part.json")).parent
        shutil.copytree(part, part.with_name("20200101T000000-abcdef-00000000"))  # long out of use
        self.before = contents(self.data)
        shutil.copytree(self.data, self.snapshot)
        self.build(self.data)
        self.after = contents(self.data)
        assert self.before != self.after

    def build(self, data: Path, at: str = NEVER) -> int:
        """Build in a process of its own, which is killed at a point; its exit code."""
        options = ("--watch", str(self.data), "--trail", str(self.base / "trail"), "--at", at)
        process = self.server.start(self.base, *options, "--", "--data", str(data), "build")
        _, talk = process.ended()
        assert process.returncode in (0, -signal.SIGKILL), talk[-2000:]
        return process.returncode

    def restore(self) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(self.snapshot, self.data)

    @cached_property
    def points(self) -> list[str]:
        """The points of the collection's publish, in order: what comes after the members' builds."""
        self.restore()
        assert self.build(self.data) == 0
        seen: Counter[str] = Counter()
        named = []
        for label in Trail.read(self.base / "trail").labels:
            named.append(f"{seen[label]} {label}")
            seen[label] += 1
        first = next(i for i, point in enumerate(named) if " .members/" in point)
        return named[first:]


def contents(data: Path) -> Mapping[str, object]:
    """The rows of every relation of a collection's file as hashes, and of which builds they are."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        relations = run(
            connection,
            """SELECT schema_name || '.' || name FROM (
                SELECT schema_name, view_name AS name FROM duckdb_views() WHERE NOT internal
                UNION ALL SELECT schema_name, table_name FROM duckdb_tables())
            WHERE schema_name <> 'collection' ORDER BY ALL""",
        )
        found = {
            name: run(connection, f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {name} t")[0]
            for (name,) in relations
        }
        members = run(
            connection, "SELECT member, build_id, part FROM collection.members ORDER BY 1"
        )
    return {**found, "members": members}


def members(data: Path) -> dict[str, str]:
    """The hash of each file of the members; of their locks nothing."""
    return {
        path.relative_to(data).as_posix(): digest(path)
        for name in MEMBERS
        for path in sorted((data / name).rglob("*"))
        if path.is_file() and ".build" not in path.parts
    }


def working(data: Path) -> list[str]:
    """Where publishes work that a finished publish does not leave."""
    odd = [p for p in (data / ".build").iterdir() if p.name not in ("lock", "files.json")]
    return [str(p) for p in [*odd, *(data / ".members").glob("*/.*")]]


def try_kill(site: Site, at: str) -> Outcome:
    """Kill the publish there, look, and build again. AssertionError: not safe."""
    site.restore()
    untouched = members(site.data)
    assert site.build(site.data, at) == -signal.SIGKILL, f"it never came to {at}"
    found = contents(site.data)
    assert found in (site.before, site.after), "the file is neither the former nor the new"
    begun = site.points.index(at) > site.points.index(f"0 {PUBLISH}")
    assert (found == site.after) == begun, "published at another moment than by its rename"
    assert members(site.data) == untouched, "a member was changed"
    assert site.build(site.data) == 0
    assert contents(site.data) == site.after, "the next build is not right"
    assert members(site.data) == untouched
    assert working(site.data) == []
    return Outcome(at, begun)


def main() -> None:
    failed = 0
    with fast_directory() as place, Server(ROOT) as server:
        site = Site(Path(place).resolve() / "site", server)
        outcomes = []
        for at in site.points:
            try:
                outcomes.append(try_kill(site, at))
            except (AssertionError, OSError, duckdb.Error) as error:
                failed += 1
                sys.stdout.write(f"FAILED {at}: {error}\n")
    new = sum(o.new for o in outcomes)
    sys.stdout.write(
        f"{len(outcomes)} held ({len(outcomes) - new} with the former file, {new} with the new one), {failed} failed\n"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
