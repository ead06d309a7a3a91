"""Kill builds at points and moments chosen by a seed, and check all that must hold afterwards.

python -m tests.run.safety.kills --count 200 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.run.safety import points
from tests.run.safety.build_and_die import Running, Server
from tests.run.safety.made_up import made_up_model
from tests.run.safety.points import Trail
from tests.support.builds import open_as_usual
from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.run.build import build
from warehouse.run.events import Report
from warehouse.run.publish import STATE, unfinished
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample
from warehouse.settings_file import FILE_NAME, commented_file

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SIZE = {"features": 12, "prompts": 80, "explained": 4}
ANY = "at any moment"
AIMS = (ANY, *points.STAGES, points.BETWEEN)  # the short, delicate one twice
# Seconds after a stage's point in which it can still be inside what the point begins.
DELAYS = {
    points.PREPARING: 0.03,
    points.EMBEDDING: 0.004,
    points.PART: 0.002,
    points.SQL: 0.02,
    points.EXPORT: 0.02,
    points.AFTER: 0.004,
}
SIDECAR = ".metadata.json"
MODELS = "models"

Text = tuple[str, bytes]  # a store and a key in it


# The state before, and what changes.


def settings_file(data: Path, **chosen: object) -> None:
    """Write the data directory's settings: the sample's, `chosen` ones (`__` for the dot) over."""
    values = {"embedding.model": str(_model(data, "model")), "threads": 1, **SAMPLE_SETTINGS}
    values |= {name.replace("__", "."): value for name, value in chosen.items()}
    (data / FILE_NAME).write_text(commented_file(values), encoding="utf-8")


def _nothing(data: Path) -> None:
    """The build that is killed is the directory's first."""


def _other_raw_tree(data: Path) -> None:
    shutil.rmtree(data / "raw")
    write_sample(data, seed=1, **SIZE)


def _explanations_and_scores(data: Path) -> None:
    for path in (data / "raw").glob("*/explanations/*"):
        path.write_text(
            json.dumps("rather " + json.loads(path.read_text()).replace(", ", ", quite "))
        )
    for path in sorted((data / "raw").glob("*/scores/fuzz/*"))[::2]:
        path.write_text(json.dumps(json.loads(path.read_text())[:-10]))


def _settings(data: Path) -> None:
    settings_file(data, windows__embedding_tokens=20, matching__threshold=0.2)


def _model_beside(data: Path) -> None:
    settings_file(data, embedding__beside=[str(_model(data, "beside"))])


def _model(data: Path, name: str) -> Path:
    """Where the made-up model's files lie: a fingerprint is taken of them, no more."""
    path = (data.parent / MODELS).resolve() / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "modules.json").write_text(
        json.dumps([{"name": name, "path": "", "type": "sentence_transformers.models.Transformer"}])
    )
    return path


FIRST = "first build"
CHANGES: Mapping[str, Callable[[Path], None]] = {
    FIRST: _nothing,
    "other raw tree": _other_raw_tree,
    "explanations, scores": _explanations_and_scores,
    "settings": _settings,
    "model beside": _model_beside,
}


def change(data: Path, name: str) -> Path:
    """Make the change of that name in the directory."""
    CHANGES[name](data)
    return data


def fast_directory() -> tempfile.TemporaryDirectory:
    """A temporary directory, in memory where there is room."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30
    return tempfile.TemporaryDirectory(dir=memory if roomy else None)


def built(data: Path) -> tuple[Report, list[Text]]:
    """A build in this process: its report and the texts that it encoded."""
    with made_up_model() as asked:
        return build(open_as_usual(data)), asked


def start_build(
    server: Server, data: Path, *options: str, command: Iterable[str] = ("build",)
) -> Running:
    """The command line in a process of its own, with the options of `build_and_die`."""
    watched = ("--watch", str(data), *options)
    return server.start(data.parent, *watched, "--", "--data", str(data), *command)


@dataclass(frozen=True)
class Wanted:
    """What a change's build must come to: a clean build's results, and how it gets there."""

    files: Contents
    trail: Trail  # of an undisturbed build of the change
    texts: frozenset[Text]  # all that must be in the stores in the end


@dataclass(eq=False)
class Site:
    """A data directory that can be put back, and the references of every change, which lie in `made`."""

    base: Path
    made: Path
    before: Contents = field(default_factory=lambda: NOTHING)

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def snapshot(self) -> Path:
        return self.base / "before"

    @classmethod
    def make(cls, base: Path, models: Path, server: Server) -> Site:
        """A published build of the sample, and of each change a clean and a recorded one.

        `models`: where those who share the references find the models too, as a path is a result.
        """
        site = cls(base, base)
        base.mkdir()
        (base / MODELS).symlink_to(models)
        write_sample(site.snapshot, **SIZE)
        settings_file(site.snapshot)
        undisturbed = site._record(FIRST, server)
        site._keep()
        site._want(FIRST, Wanted(site.before, *undisturbed))
        for name in list(CHANGES)[1:]:
            undisturbed = site._record(name, server)
            clean = change(site.restore(FIRST, base / "clean"), name)
            built(clean)
            site._want(name, Wanted(Contents.of(clean), *undisturbed))
        return site

    @classmethod
    def of(cls, made: Path, base: Path) -> Site:
        """A directory at another place, with the references that were made."""
        site = cls(base, made)
        base.mkdir()
        (base / MODELS).symlink_to(made / MODELS)
        shutil.copytree(made / "before", site.data)
        built(site.data)  # so that it knows where it lies
        site._keep()
        return site

    def _keep(self) -> None:
        """What is published is the state before, from now on."""
        self.before = Contents.of(self.data)  # here: its views say where its vectors lie
        shutil.rmtree(self.snapshot, ignore_errors=True)
        self.data.rename(self.snapshot)

    def _record(self, name: str, server: Server) -> tuple[Trail, frozenset[Text]]:
        """The points and the texts of an undisturbed build of the change."""
        data = change(self.restore(name), name)
        trail, ended = die(server, data, points.NEVER, 0)
        assert ended
        return trail, frozenset(embedded(data))

    def _want(self, name: str, wanted: Wanted) -> None:
        (self.base / f"{name}.wanted").write_bytes(pickle.dumps(wanted))

    def restore(self, name: str = "", data: Path | None = None) -> Path:
        """Put the directory back to the state before; before the first build, to its inputs."""
        data = data or self.data
        data.mkdir(exist_ok=True)
        for path in data.iterdir():  # the directory itself stays: a disk may be mounted there
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if name == FIRST:
            self._inputs(data)
            return data
        return Path(shutil.copytree(self.snapshot, data, dirs_exist_ok=True))

    def undo(self) -> None:
        """Put the inputs back, as a user who takes a change back."""
        shutil.rmtree(self.data / "raw")
        self._inputs(self.data)

    def _inputs(self, data: Path) -> None:
        shutil.copytree(self.snapshot / "raw", data / "raw")
        shutil.copyfile(self.snapshot / FILE_NAME, data / FILE_NAME)

    @cache  # noqa: B019 - a site lives as long as its process
    def before_texts(self) -> set[Text]:
        return embedded(self.snapshot)

    @cache  # noqa: B019
    def wanted(self, name: str) -> Wanted:
        return pickle.loads((self.made / f"{name}.wanted").read_bytes())  # noqa: S301 - our own


# What is there, and whether it is whole.


@dataclass(frozen=True)
class Contents:
    """What lies in a data directory besides its inputs, by name."""

    published: Mapping[str, str]  # the hash of each published file
    values: Mapping[str, object]  # what it holds
    parts: Mapping[str, str]  # the hash of each finished part of a vector store

    @classmethod
    def of(cls, data: Path) -> Contents:
        files = published(data)
        values = {name: value(path) for name, path in files.items()}
        return cls(_hashes(files), values, _hashes(parts(data)))


NOTHING = Contents({}, {}, {})


def published(data: Path) -> dict[str, Path]:
    """The warehouse, the exports and whatever else lies where users look."""
    inputs = {"raw", "vectors", ".build", ".history", "truth.json", FILE_NAME}
    places = [place for place in data.iterdir() if place.name not in inputs]
    files = [f for place in places for f in (place.rglob("*") if place.is_dir() else [place])]
    files = [f for f in files if not f.is_dir() and f.name != STATE]
    return {f.relative_to(data).as_posix(): f for f in sorted(files)}


def parts(data: Path) -> dict[str, Path]:
    """The finished parts of the vector stores."""
    return {p.relative_to(data).as_posix(): p for p in data.glob("vectors/*/part-*.parquet")}


def working(data: Path) -> list[str]:
    """Files where builds work that a finished build does not leave."""
    odd = [p for p in data.glob(".build/*") if p.name not in ("lock", "files.json")]
    odd += [p for p in data.glob(".history/*") if p.suffix != ".duckdb" or p.name[0] == "."]
    odd += {*data.glob("vectors/*/*")} - {*parts(data).values(), *data.glob("vectors/*/*.json")}
    return sorted(p.relative_to(data).as_posix() for p in odd)


def _hashes(files: Mapping[str, Path]) -> dict[str, str]:
    return {name: digest(path) for name, path in files.items()}


def digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def value(path: Path) -> object:
    """What a published file holds, read whole, without what tells one build from another."""
    if path.suffix == ".duckdb":
        return results(path)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".npy":
        return np.load(path).tolist()
    found = json.loads(path.read_text(encoding="utf-8"))
    if path.name.endswith(SIDECAR):
        del found["created_at"], found["build_id"], found["settings"]
        del found["processing_statistics"]["file_size_bytes"]
    found.get("metadata", {}).pop("created_at", None)
    found.pop("created_at", None)
    return found


def same(one: object, other: object) -> bool:
    return one.equals(other) if isinstance(one, pa.Table) else one == other


def results(warehouse: Path) -> dict[str, object]:
    """Every master's rows as a hash, as they are there; and what the ledger says of each node."""
    with duckdb.connect(str(warehouse), read_only=True, config={"threads": 1}) as connection:
        names = run(
            connection,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'master' ORDER BY ALL",
        )
        masters = {
            name: run(
                connection,
                f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT) FROM master.{name} t",
            )[0]
            for (name,) in names
        }
        nodes = dict(run(connection, "SELECT node, result FROM _warehouse.nodes ORDER BY ALL"))
        unfinished = run(
            connection, "SELECT count(*) FROM _warehouse.builds WHERE finished IS NULL"
        )
    assert unfinished == [(0,)], "a build that never finished is published"
    return {"masters": masters, "nodes": nodes}


def embedded(data: Path) -> set[Text]:
    """The texts of all finished parts; reads them whole."""
    found: list[Text] = []
    for part in parts(data).values():
        column = pq.read_table(part)["text_key"].combine_chunks()
        storage = column.storage if isinstance(column, pa.ExtensionArray) else column
        found += [(part.parent.name, key) for key in storage.to_pylist()]
    assert len(found) == len(set(found)), "a text was embedded twice"
    return set(found)


def check_whole(data: Path, before: Contents, after: Contents, begun: bool) -> str:
    """Each published file is as before, or, once publishing began, as after: whole either way."""
    files, now_parts = published(data), _hashes(parts(data))
    now = _hashes(files)
    changed = sorted(n for n in before.published | now if now.get(n) != before.published.get(n))
    assert begun or not changed, f"changed before publishing began: {changed}"
    for name in changed:
        assert name in files, f"{name} is gone"
        assert name in after.values, f"{name} is no file of either build"
        found = value(files[name])
        assert same(found, after.values[name]), f"{name} is neither the old nor the new"
    assert before.parts.items() <= now_parts.items(), "a finished part was touched"
    if not changed:
        return "as it was"
    assert "warehouse.duckdb" in changed, f"published before the warehouse: {changed}"
    old = [
        n for n, v in after.values.items() if n not in changed and not same(before.values.get(n), v)
    ]
    if not old:
        return "all new"
    assert unfinished(Layout(data)), "readers are not told that some files are older"
    marker = json.loads((data / "master" / STATE).read_text(encoding="utf-8"))
    assert marker["status"] == "publishing"
    return "partly new"


def check_results(data: Path, wanted: Contents, undone: bool = False) -> None:
    """Value for value what a clean build gives, and nothing left over."""
    files = published(data)
    assert sorted(files) == sorted(wanted.values)
    left = working(data)
    if undone:  # known: half a file of a store stays until the store is filled again
        left = [name for name in left if not name.endswith((".parquet.tmp", ".json.tmp"))]
    assert left == [], f"left over: {left}"
    for name, path in files.items():
        if undone and name.endswith(SIDECAR):  # known: may be of the build that was taken back
            continue
        assert same(value(path), wanted.values[name]), f"{name} differs from a clean build's"


def check_history(data: Path, before: Contents) -> None:
    """What was published before is kept, and the published file has no second name."""
    warehouse, kept = data / "warehouse.duckdb", list((data / ".history").glob("*.duckdb"))
    assert not any(path.samefile(warehouse) for path in kept)
    found = {digest(path) for path in [warehouse, *kept]}
    assert not before.published or before.published["warehouse.duckdb"] in found


# One kill.


@dataclass(frozen=True)
class Kill:
    """What to kill: which change's build, at which point, how long after it; and what then."""

    seed: int
    change: str
    aim: str
    at: str
    delay: float
    again: float | None  # the next build is killed as well, after so many seconds
    undo: bool  # the change is taken back before the next build

    @classmethod
    def chosen(cls, seed: int, site: Site) -> Kill:
        """The same kill for the same seed; seeds in a row go through the aims."""
        rng = random.Random(seed)
        aim = AIMS[seed % len(AIMS)]
        name = rng.choice(list(CHANGES))
        trail = site.wanted(name).trail
        places = [points.START] if aim == ANY else trail.at(aim)
        assert places, f"the build of {name} has no point {aim}: did publishing change?"
        at = rng.choice(places)
        longest = trail.seconds[-1] if aim == ANY else rng.choice([0, 1, 1]) * DELAYS.get(aim, 0.0)
        again = rng.uniform(0, trail.seconds[-1]) if rng.random() < 0.15 else None
        undo = name != FIRST and rng.random() < 0.15
        return cls(seed, name, aim, at, rng.uniform(0, longest), again, undo)


@dataclass(frozen=True)
class Outcome:
    """How a kill went."""

    kill: Kill
    died: str  # where the process was
    state: str  # of what is published: as it was, partly new, all new
    reused: int  # texts that the killed build had embedded
    encoded: int  # texts that the next one had to embed
    seconds: float


def die(server: Server, data: Path, at: str, delay: float) -> tuple[Trail, bool]:
    """A build that is killed; the points it passed, and whether it ended before.

    At points.NEVER it is not killed.
    """
    trail = data.parent / "trail"
    options = ("--trail", str(trail), "--at", at, "--delay", f"{delay:.4f}")
    process = start_build(server, data, *options)
    _, talk = process.ended()
    code = process.returncode
    assert code in (0, -signal.SIGKILL), f"exit code {code}: {talk[-2000:]}"
    return Trail.read(trail), code == 0


def try_kill(site: Site, server: Server, kill: Kill) -> Outcome:
    """Kill a build, look at what is there, build again, and look again. AssertionError: not safe."""
    started = time.monotonic()
    wanted = site.wanted(kill.change)
    before = NOTHING if kill.change == FIRST else site.before
    data = change(site.restore(kill.change), kill.change)

    passed, ended = die(server, data, kill.at, kill.delay)
    died = "it had ended" if ended else passed.stages()[-1]
    state = check_whole(data, before, wanted.files, passed.publishing)
    last = state
    if kill.again is not None:
        more, _ = die(server, data, points.START, kill.again)
        publishing = passed.publishing or more.publishing
        last = check_whole(data, before, wanted.files, publishing)

    # Half a part lies under another name: what is named a part is whole.
    finished, untouched = embedded(data), _hashes(parts(data))
    if kill.undo:
        # Renames that are written down are ended before anything else: then there is a build to undo.
        begun = last != "as it was" or bool(unfinished(Layout(data)))
        site.undo()
        report, asked = built(data)
        assert asked == [], "embedded again what was finished long ago"
        assert report.published == begun
        check_results(data, before, undone=True)
    else:
        _, asked = built(data)
        assert len(asked) == len(set(asked)), "a text was embedded twice"
        assert set(asked) == wanted.texts - finished, "a finished part was not reused"
        check_results(data, wanted.files)
    assert untouched.items() <= _hashes(parts(data)).items(), "a finished part was touched"
    check_history(data, before)
    again, _ = built(data)
    assert not again.published, "the build after it is not the last"
    reused = len(finished - site.before_texts()) if before.published else len(finished)
    return Outcome(kill, died, state, reused, len(asked), time.monotonic() - started)


# The longer run.


@dataclass
class Tally:
    """Outcomes by where the process died."""

    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[tuple[Kill, str]] = field(default_factory=list)

    def table(self) -> str:
        states = ("as it was", "partly new", "all new")
        rows = [("where it died", "kills", *states, "texts reused", "embedded after")]
        stages = [
            s for s in (*points.STAGES, "it had ended") if any(o.died == s for o in self.outcomes)
        ]
        for stage in [*stages, "all"]:
            own = [o for o in self.outcomes if stage in (o.died, "all")]
            count = Counter(o.state for o in own)
            reused, encoded = sum(o.reused for o in own), sum(o.encoded for o in own)
            rows.append(
                (stage, *map(str, [len(own), *(count[s] for s in states), reused, encoded]))
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )

    def by(self, what: Callable[[Outcome], str]) -> str:
        counts = Counter(map(what, self.outcomes))
        return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill builds and check what is left.")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument(
        "--seed", type=int, default=0, help="the first kill's; the next has the next"
    )
    chosen = parser.parse_args()
    started, tally = time.monotonic(), Tally()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(fast_directory()))
        server = stack.enter_context(Server(ROOT))
        site = Site.make(place / "site", place / MODELS, server)
        prepared = time.monotonic() - started
        for seed in range(chosen.seed, chosen.seed + chosen.count):
            kill = Kill.chosen(seed, site)
            try:
                tally.outcomes.append(try_kill(site, server, kill))
            except (AssertionError, WarehouseError, ValueError, OSError, duckdb.Error) as error:
                tally.failures.append((kill, str(error)))
                sys.stdout.write(f"FAILED {kill}\n  {error}\n")
            done = seed - chosen.seed + 1
            if done % 20 == 0 or done == chosen.count:
                sys.stdout.write(f"{done} of {chosen.count}, {time.monotonic() - started:.0f} s\n")
                sys.stdout.flush()
    seconds = time.monotonic() - started
    more = [o for o in tally.outcomes if o.kill.again is not None]
    sys.stdout.write(
        f"\n{tally.table()}\n\n"
        f"changes: {tally.by(lambda o: o.kill.change)}\n"
        f"aimed: {tally.by(lambda o: o.kill.aim)}\n"
        f"killed a second time: {len(more)}; change taken back: {sum(o.kill.undo for o in tally.outcomes)}\n"
        f"{len(tally.outcomes)} held, {len(tally.failures)} failed; "
        f"{seconds:.0f} s ({prepared:.0f} s to prepare)\n"
    )
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
