"""A collection's publish that is killed: all points are tried by `python -m tests.collection.kills`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collection.kills import PUBLISH, Site, try_kill
from tests.run.safety.build_and_die import Server
from tests.run.safety.kills import ROOT, fast_directory


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with fast_directory() as place, Server(ROOT) as server:
        yield Site(Path(place).resolve() / "site", server)


@pytest.mark.parametrize(
    "word", ["link .members/", "rename .members/", PUBLISH, "rmtree .members/"]
)
def test_a_killed_publish_leaves_the_former_or_the_new_file_and_the_next_build_is_right(
    site: Site, word: str
) -> None:
    at = [point for point in site.points if word in point][-1]
    assert try_kill(site, at).new == word.startswith("rmtree")
