"""The members of a collection, each built by a task of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from warehouse.cluster import HINT, connect, node_name
from warehouse.collection.member import MemberResult, Options, build_member
from warehouse.collection.members import FILE_NAME, Collection, Member
from warehouse.errors import WarehouseError, first_line
from warehouse.plan.graph import Job


def build_on_ray(
    collection: Collection,
    overrides: Sequence[str],
    load_jobs: Callable[..., Sequence[Job]],
    options: Options,
    on: str,
) -> Iterator[MemberResult]:
    """Build the members on the cluster; their results as they come.

    A task takes as many cores as `threads` says, else a whole node: DuckDB takes what it finds. Ray
    starts the task of a node that died on another one, where the build goes on from what is on disk.
    """
    ray = connect(on)
    cores = [int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]]
    cores = [n for n in cores if n] or [1]
    task = ray.remote(_build).options(
        num_cpus=min(int(collection.settings["threads"]) or min(cores), max(cores)), max_retries=3
    )
    file = (collection.data / FILE_NAME).absolute()
    arguments = (
        file,
        file.read_bytes(),
        overrides,
        partial(load_jobs, among=len(collection.members)),
        replace(options, wait=True),  # for the lock of a task that has just died
    )
    calls = {
        task.remote(replace(member, data=member.data.absolute()), *arguments): member
        for member in collection.members
    }
    try:
        while calls:
            [call], _ = ray.wait(list(calls), num_returns=1)
            member = calls.pop(call)
            try:
                yield ray.get(call)
            except ray.exceptions.RayError as error:
                yield MemberResult(member.name, None, f"its task failed: {first_line(error)}", HINT)
    finally:
        for call in calls:
            ray.cancel(call, force=True)


def _build(
    member: Member,
    file: Path,
    content: bytes,
    overrides: Sequence[str],
    load_jobs: Callable[[], Sequence[Job]],
    options: Options,
) -> MemberResult:
    """On a node of the cluster: build the member, if the node sees what the driver sees."""
    try:
        if file.read_bytes() != content:
            raise WarehouseError(f'"{file}" is another file than the driver\'s', HINT)
        if not member.data.is_dir():
            raise WarehouseError(f'the member\'s directory "{member.data}" is not here', HINT)
    except (WarehouseError, OSError) as error:
        said = f'"{file}" cannot be read: {error.strerror}' if isinstance(error, OSError) else error.message  # fmt: skip
        return MemberResult(member.name, None, f"node {node_name()}: {said}", HINT)
    return build_member(member, overrides, load_jobs, options)
