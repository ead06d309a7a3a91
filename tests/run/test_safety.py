"""What is published stays whole: killed builds, Ctrl-C, full disks, readers, a second build.

The pieces are in tests/run/safety; its encoder is made up, so a build takes about a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.run.safety import points, read
from tests.run.safety.build_and_die import Running, Server
from tests.run.safety.kills import (
    FIRST,
    MODELS,
    NOTHING,
    ROOT,
    Contents,
    Kill,
    Site,
    built,
    change,
    check_results,
    check_whole,
    fast_directory,
    settings_file,
    start_build,
    try_kill,
    working,
)
from tests.run.safety.points import Trail
from warehouse.layout import Layout

KILLS = 30
READERS = 4
PUBLICATIONS = 4
OTHER = "explanations, scores"  # a cheap change whose build has points in every stage
INTERRUPTED = "interrupted; what was published stays as it was"
HELD = r'error: another build holds ".*": process {} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d'


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(ROOT) as started:
        yield started


@pytest.fixture(scope="session")
def site(once: Callable[[str, Callable[[Path], None]], Path], server: Server) -> Iterator[Site]:
    def make(made: Path) -> None:
        with fast_directory() as place:
            made_here = Site.make(Path(place) / "site", made / MODELS, server)
            shutil.copytree(made_here.snapshot, made / "before")
            for wanted in made_here.base.glob("*.wanted"):
                shutil.copy(wanted, made)

    made = once("safety", make)
    with fast_directory() as place:
        yield Site.of(made, Path(place) / "site")


@contextlib.contextmanager
def stopped(
    site: Site, server: Server, data: Path, what: str, stage: str, *command: str
) -> Iterator[Running]:
    """A build of the change `what` that stands still in the middle of a stage, until SIGCONT."""
    places = site.wanted(what).trail.at(stage)
    options = ("--at", str(places[len(places) // 2]), "--signal", "STOP")
    trail = str(site.base / "stopped.trail")
    process = start_build(server, data, "--trail", trail, *options, command=command or ("build",))
    try:
        assert process.has_stopped(), process.ended()
        yield process
    finally:
        process.kill()


@contextlib.contextmanager
def waiting(site: Site, server: Server, data: Path) -> Iterator[Running]:
    """A build that waits for another one's lock."""
    trail = site.base / "waiting.trail"
    trail.unlink(missing_ok=True)
    process = start_build(server, data, "--trail", str(trail), command=("build", "--wait"))
    try:
        while "write .build/lock" not in Trail.read(trail).labels:
            assert process.is_alive(), process.ended()
            time.sleep(0.05)
        time.sleep(0.3)
        assert process.is_alive(), process.ended()
        yield process
    finally:
        process.kill()


def go_on(process: Running) -> str:
    """Let a stopped process run to its end; what it said on stderr."""
    process.signal(signal.SIGCONT)
    return process.ended()[1]


def untouched(site: Site, data: Path, before: Contents | None = None) -> bool:
    """Whether the published files are the bytes they were, and nothing of the build is left."""
    before = before or site.before
    state = check_whole(data, before, NOTHING, begun=False)
    return state == "as it was" and not [p for p in working(data) if not p.endswith(".tmp")]


# Kills


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_build_leaves_all_whole_and_the_next_one_goes_on(
    site: Site, server: Server, seed: int
) -> None:
    kill = Kill.chosen(seed, site)
    try:
        try_kill(site, server, kill)
    except AssertionError as error:
        error.add_note(f"{kill}\npython -m tests.run.safety.kills --count 1 --seed {seed}")
        raise


# Ctrl-C


def lines(talk: str) -> list[str]:
    return [line for line in talk.splitlines() if line]


@pytest.mark.parametrize(
    ("what", "stage"),
    [
        (FIRST, points.EMBEDDING),
        (FIRST, points.EXPORT),
        (OTHER, points.PREPARING),
        (OTHER, points.EMBEDDING),
        (OTHER, points.PART),
        (OTHER, points.SQL),
        (OTHER, points.EXPORT),
        (OTHER, points.BEFORE),
    ],
)
def test_ctrl_c_ends_a_build_with_one_line_and_leaves_all_as_it_was(
    site: Site, server: Server, what: str, stage: str
) -> None:
    data = change(site.restore(what), what)
    with stopped(site, server, data, what, stage) as process:
        process.signal(signal.SIGINT)
        talk = go_on(process)
    assert process.returncode == 130
    *progress, last = lines(talk)
    assert last == INTERRUPTED
    assert all(re.match(r"to embed with |  (vectors\.|\d+ of )|✓ |= ", line) for line in progress), progress  # fmt: skip
    assert untouched(site, data, NOTHING if what == FIRST else None)


def test_ctrl_c_while_waiting_for_another_build(site: Site, server: Server) -> None:
    data = change(site.restore(), OTHER)
    with stopped(site, server, data, OTHER, points.SQL), waiting(site, server, data) as waiter:
        waiter.signal(signal.SIGINT)
        _, talk = waiter.ended()
    assert (waiter.returncode, lines(talk)) == (130, [INTERRUPTED])


# A second build


def test_a_second_build_fails_at_once_and_says_who_builds_since_when(
    site: Site, server: Server
) -> None:
    data = change(site.restore(), OTHER)
    with stopped(site, server, data, OTHER, points.EMBEDDING) as first:
        second = start_build(server, data)
        _, talk = second.ended()
        assert second.returncode == 1
        error, hint = talk.splitlines()[-2:]
        assert re.fullmatch(HELD.format(first.pid), error)
        assert "--wait" in hint
        assert "Traceback" not in talk
        talk = go_on(first)
        assert first.returncode == 0, talk
    check_results(data, site.wanted(OTHER).files)


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_build_that_waits_builds_when_the_first_ended(
    site: Site, server: Server, killed: bool
) -> None:
    data = change(site.restore(), OTHER)
    with (
        stopped(site, server, data, OTHER, points.SQL) as first,
        waiting(site, server, data) as second,
    ):
        if killed:
            first.kill()
        else:
            go_on(first)
        said, talk = second.ended()
    assert second.returncode == 0, talk
    assert ("nothing to do" in said) == (not killed)
    check_results(data, site.wanted(OTHER).files)


def test_the_lock_file_of_a_dead_process_is_no_lock(site: Site) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    data = change(site.restore(), OTHER)
    lock = Layout(data).lock
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(f"process {gone.pid} since 2026-01-01 00:00:00")
    (lock.parent / "20260101T000000-abcdef" / "master").mkdir(parents=True)
    report, _ = built(data)
    assert report.published
    check_results(data, site.wanted(OTHER).files)


# Readers


def test_readers_see_no_error_and_never_half_a_state(site: Site, tmp_path: Path) -> None:
    data, stop = site.restore(), tmp_path / "stop"
    choices = ({}, {"sampling__per_quantile": 3, "matching__threshold": 0.2})
    states, exports = [], set()
    for chosen in choices:  # what each state looks like to one who reads it alone
        settings_file(data, **chosen)
        built(data)
        with read.opened(data) as connection:
            states.append(read.state(connection))
        exports.update(read.exports(data))
    assert states[0] != states[1]
    command = [sys.executable, "-m", "tests.run.safety.read", str(data), str(stop)]
    with contextlib.ExitStack() as stack:
        readers = [
            stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True)
            )
            for _ in range(READERS)
        ]
        stack.callback(stop.touch)
        for reader in readers:
            assert tuple(json.loads(reader.stdout.readline())) == states[1]
        for n in range(PUBLICATIONS):
            settings_file(data, **choices[n % 2])
            report, _ = built(data)
            assert report.published
            for reader in readers:  # each comes to see it
                assert tuple(json.loads(reader.stdout.readline())) == states[n % 2]
        stop.touch()
        for reader in readers:
            said, talk = reader.communicate()
            assert (reader.returncode, talk) == (0, "")
            found = json.loads(said)
            assert found["torn"] == 0
            assert {tuple(state) for state in found["states"]} == set(states)
            assert {tuple(export) for export in found["exports"]} <= exports
            assert found["rounds"] > PUBLICATIONS


# A full disk


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """A file system of 128 MB, in memory, in the place of the site's data directory."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not mount or not unmount:
        pytest.skip("mounting a small disk needs root")
    site.data.mkdir(exist_ok=True)
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(site.data)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield site.data
    finally:
        subprocess.run([unmount, str(site.data)], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left; the file to remove."""
    filler = disk / "filler"
    room = os.statvfs(disk)
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, room.f_bavail * room.f_frsize)
    return filler


@pytest.mark.parametrize(
    ("what", "stage"),
    [
        (FIRST, points.EMBEDDING),
        (FIRST, points.SQL),
        (FIRST, points.EXPORT),
        (OTHER, points.PREPARING),
        (OTHER, points.EMBEDDING),
        (OTHER, points.SQL),
        (OTHER, points.EXPORT),
    ],
)
def test_a_full_disk_fails_the_build_and_nothing_else(
    site: Site, server: Server, small_disk: Path, what: str, stage: str
) -> None:
    data = change(site.restore(what), what)
    with stopped(site, server, data, what, stage) as process:
        filler = fill(small_disk)
        talk = go_on(process)
    error, hint = talk.splitlines()[-2:]
    assert process.returncode == 1, talk
    assert error.startswith("error: ")
    assert "No space left on device" in error or error.endswith(" MB free")
    assert hint.startswith("hint: ")
    assert "Traceback" not in talk
    filler.unlink()
    assert untouched(site, data, NOTHING if what == FIRST else None)
    built(data)
    check_results(data, site.wanted(what).files)
