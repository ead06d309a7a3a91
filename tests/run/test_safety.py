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
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.safety import points, read
from tests.run.safety.build_and_die import Server
from tests.run.safety.kills import (
    FIRST,
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
OTHER = "other raw tree"
INTERRUPTED = "interrupted; what was published stands as it was"
HELD = r'error: another build holds ".*": process {} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d'


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(ROOT) as started:
        yield started


@pytest.fixture(scope="session")
def site(server: Server) -> Iterator[Site]:
    with fast_directory() as place:
        yield Site.make(Path(place) / "site", server)


@contextlib.contextmanager
def stopped(
    site: Site, data: Path, what: str, stage: str, *command: str
) -> Iterator[subprocess.Popen]:
    """A build of the change `what` that stands still in the middle of a stage, until SIGCONT."""
    places = site.wanted(what).trail.at(stage)
    options = ("--at", str(places[len(places) // 2]), "--signal", "STOP")
    trail = str(site.base / "stopped.trail")
    process = start_build(data, "--trail", trail, *options, command=command or ("build",))
    try:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), process.communicate()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextlib.contextmanager
def waiting(site: Site, data: Path) -> Iterator[subprocess.Popen]:
    """A build that waits for another one's lock."""
    trail = site.base / "waiting.trail"
    trail.unlink(missing_ok=True)
    process = start_build(data, "--trail", str(trail), command=("build", "--wait"))
    try:
        while "write .build/lock" not in Trail.read(trail).labels:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        time.sleep(0.3)
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def go_on(process: subprocess.Popen) -> str:
    """Let a stopped process run to its end; what it said on stderr."""
    process.send_signal(signal.SIGCONT)
    return process.communicate(timeout=120)[1]


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
    site: Site, what: str, stage: str
) -> None:
    data = change(site.restore(what), what)
    with stopped(site, data, what, stage) as process:
        process.send_signal(signal.SIGINT)
        talk = go_on(process)
    assert process.returncode == 130
    *progress, last = lines(talk)
    assert last == INTERRUPTED
    assert all(re.match(r"  vectors\.|✓ |= ", line) for line in progress), progress
    assert untouched(site, data, NOTHING if what == FIRST else None)


def test_ctrl_c_while_waiting_for_another_build(site: Site) -> None:
    data = change(site.restore(), OTHER)
    with stopped(site, data, OTHER, points.SQL), waiting(site, data) as waiter:
        waiter.send_signal(signal.SIGINT)
        _, talk = waiter.communicate()
    assert (waiter.returncode, lines(talk)) == (130, [INTERRUPTED])


# A second build


def test_a_second_build_fails_at_once_and_says_who_builds_since_when(site: Site) -> None:
    data = change(site.restore(), OTHER)
    with stopped(site, data, OTHER, points.EMBEDDING) as first:
        second = start_build(data)
        _, talk = second.communicate()
        assert second.returncode == 1
        error, hint = talk.splitlines()[-2:]
        assert re.fullmatch(HELD.format(first.pid), error)
        assert "--wait" in hint
        assert "Traceback" not in talk
        talk = go_on(first)
        assert first.returncode == 0, talk
    check_results(data, site.wanted(OTHER).files)


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_build_that_waits_builds_when_the_first_ended(site: Site, killed: bool) -> None:
    data = change(site.restore(), OTHER)
    with stopped(site, data, OTHER, points.SQL) as first, waiting(site, data) as second:
        if killed:
            first.kill()
        else:
            go_on(first)
        said, talk = second.communicate()
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
    states, exports = set(), set()
    for chosen in reversed(choices):  # what each state looks like to one who reads it alone
        settings_file(data, **chosen)
        built(data)
        with read.opened(data) as connection:
            states.add(read.state(connection))
        exports.update(read.exports(data))
    assert len(states) == len(choices)
    readers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.run.safety.read", str(data), str(stop)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    for n in range(6):
        settings_file(data, **choices[(n + 1) % 2])
        report, _ = built(data)
        assert report.published
    stop.touch()
    rounds, seen = 0, set()
    for reader in readers:
        said, talk = reader.communicate()
        assert (reader.returncode, talk) == (0, "")
        found = json.loads(said)
        assert found["torn"] == 0
        assert {tuple(state) for state in found["states"]} <= states
        assert {tuple(export) for export in found["exports"]} <= exports
        rounds += found["rounds"]
        seen |= {tuple(state) for state in found["states"]}
    assert rounds > 6 * READERS
    assert seen == states


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 MB, in memory."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not mount or not unmount:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run([unmount, str(place)], check=True)


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
    site: Site, small_disk: Path, what: str, stage: str
) -> None:
    data, before = site.restore(what, small_disk / "data"), NOTHING
    if what != FIRST:
        built(data)  # so that it knows where it lies
        before = Contents.of(data)
    change(data, what)
    with stopped(site, data, what, stage) as process:
        filler = fill(small_disk)
        talk = go_on(process)
    error, hint = talk.splitlines()[-2:]
    assert process.returncode == 1, talk
    assert error.startswith("error: ")
    assert "No space left on device" in error or error.endswith(" MB free")
    assert hint.startswith("hint: ")
    assert "Traceback" not in talk
    assert untouched(site, data, before)
    filler.unlink()
    built(data)
    check_results(data, site.wanted(what).files)
