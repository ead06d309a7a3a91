"""Kills on a real cluster of three nodes: the results are a local build's, and nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.cluster.kills import DRIVER, NODE, NOTHING, WORKER
from tests.cluster.namespace import run_inside, why_not

pytestmark = [pytest.mark.skipif(bool(why_not()), reason=why_not()), pytest.mark.timeout(1800)]
CASES = (NOTHING, WORKER, NODE, DRIVER)


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, Mapping[str, object]]:
    """What is killed → how the build went; one cluster for all of them."""
    only = [word for what in CASES for word in ("--only", what)]
    done = run_inside("tests.cluster.kills", "--inside", "--count", str(len(CASES)), *only)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return {row["kill"]["what"]: row for row in rows}


@pytest.mark.parametrize("what", CASES)
def test_a_build_ends_as_a_local_one_and_embeds_no_finished_part_twice(
    outcomes: Mapping[str, Mapping[str, object]], what: str
) -> None:
    # Each run has compared every master and every part with a local build's, value for value.
    row = outcomes[what]
    assert row["twice"] == 0
    assert row["reused"] == row["finished"]
    assert row["builds"] == (2 if what == DRIVER else 1)


def test_members_built_on_a_cluster_are_those_built_here_even_when_a_node_dies() -> None:
    done = run_inside("tests.cluster.members", "--inside")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["masters"] == 8
    assert seen["killed"] == 1


def test_a_node_that_does_not_see_the_data_directory_is_named_with_the_path() -> None:
    done = run_inside("tests.cluster.blind", "--inside")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert 'error: node "' in done.stdout
    assert '/data" of the driver is not here: No such file or directory' in done.stdout
    assert "hint: mount it under the same path on every node" in done.stdout
