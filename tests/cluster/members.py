"""A collection of three members built here and on a cluster, where a node dies meanwhile.

python -m tests.cluster.members     in a namespace of its own; prints what it saw as JSON
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.cluster.namespace import run_inside, why_not
from tests.cluster.nodes import LONGEST, Nodes, calls, wait
from tests.run.safety.kills import SIZE, Contents, check_results, parts, settings_file
from warehouse.database import run
from warehouse.sample.sample import write_sample

NAMES = ("first", "second", "third")
RESULTS = ("warehouse.duckdb", "master", "vectors", ".build", ".members", ".history")


def make(data: Path) -> None:
    """Three members: two samples of other seeds, and the first with another threshold."""
    for seed, name in enumerate(NAMES):
        member = data / "runs" / name
        write_sample(member, seed=seed % 2, **SIZE)
        settings_file(member, **({"matching__threshold": 0.3} if seed == 2 else {}))
    (data / "collection.toml").write_text('members = ["runs/*"]\n', encoding="utf-8")


def forget(data: Path, inputs: Path) -> None:
    """Put the collection back to its inputs."""
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(inputs, data)


def masters(data: Path) -> dict[str, tuple]:
    """The rows of each master over all members, as sums of hashes."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        names = run(connection, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'master' ORDER BY ALL")  # fmt: skip
        return {
            name: run(connection, f"SELECT count(*), sum(hash(t)::HUGEINT) FROM master.{name} t")[0]
            for (name,) in names
        }


def build(nodes: Nodes, data: Path, *options: str, kill: bool = False) -> int:
    """Build the collection; the nodes that were killed meanwhile."""
    killed = 0
    driver = nodes.start(data, *options)
    try:
        if kill:
            wait(lambda: nodes.kill_node() or driver.poll() is not None, "a node at work")
            killed = 2 - len(nodes.others)
        assert driver.wait(LONGEST) == 0
    except AssertionError as error:
        raise AssertionError(f"{error}\n{nodes.said()}") from None
    finally:
        driver.kill()
    return killed


def compare(base: Path) -> dict[str, object]:
    """Build here, and on the cluster while a node dies; AssertionError: not equal."""
    data, inputs = base / "data", base / "inputs"
    make(data)
    data.rename(inputs)
    nodes = Nodes(base)
    try:
        forget(data, inputs)
        build(nodes, data, "--on", "local")
        wanted = {name: Contents.of(data / "runs" / name) for name in NAMES}
        rows = masters(data)
        assert rows, "the collection publishes no master"
        forget(data, inputs)
        nodes.noted.unlink(missing_ok=True)
        killed = build(nodes, data, kill=True)
        for name in NAMES:
            check_results(data / "runs" / name, wanted[name])
            assert Contents.of(data / "runs" / name).parts == wanted[name].parts
        assert masters(data) == rows
        return {
            "masters": len(rows),
            "killed": killed,
            "workers": len({call.pid for call in calls(nodes.noted)}),
            "parts": sum(len(parts(data / "runs" / name)) for name in NAMES),
        }
    finally:
        nodes.close()


def main(arguments: Sequence[str]) -> None:
    if "--inside" not in arguments:
        if reason := why_not():
            sys.exit(reason)
        sys.exit(run_inside(__spec__.name, "--inside", shown=True).returncode)
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        sys.stdout.write(json.dumps(compare(Path(place))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
