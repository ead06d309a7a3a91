"""What commands do on a collection: the same, member by member, and what failed at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from warehouse.cluster import LOCAL
from warehouse.collection.member import MemberResult, Options, build_member
from warehouse.collection.members import Collection, Member
from warehouse.commands.options import Context
from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from warehouse.plan.project import Project


def for_each(
    context: Context,
    collection: Collection,
    work: Callable[[Member, Project], None],
    headings: bool = True,
) -> None:
    """Do the work for every member under a heading; WarehouseError at the end names those that failed."""
    from warehouse.terminal.collection import show_failure, show_heading
    from warehouse.terminal.program import naming

    failed = []
    for member in collection.members:
        if headings:
            show_heading(member)
        with naming(member.data):
            try:
                work(member, member.project(context.overrides, context.load_jobs))
            except (WarehouseError, OSError) as error:
                show_failure(error)
                failed.append(member.name)
    assert_none_failed(collection, failed)


def assert_none_failed(collection: Collection, failed: Sequence[str]) -> None:
    if failed:
        names = ", ".join(f'"{name}"' for name in failed)
        raise WarehouseError(
            f"{len(failed)} of {len(collection.members)} members failed: {names}",
            "what was published of them stays; the others are done",
        )


def build_members(context: Context, collection: Collection, options: Options, on: str) -> None:
    """Build every member, one after the other or on a cluster, then publish the collection's file."""
    build = _build_here if on == LOCAL else partial(_build_on_cluster, on)
    results = list(build(context, collection, options))
    publish_members(context, collection, options, [r.name for r in results if r.failed])


def _build_here(
    context: Context, collection: Collection, options: Options
) -> Iterator[MemberResult]:
    """Build the members in the order of the file."""
    from warehouse.terminal.collection import show_heading, show_result
    from warehouse.terminal.program import naming
    from warehouse.terminal.progress import progress

    for member in collection.members:
        show_heading(member)
        with naming(member.data):
            with progress(context.json_log, context.verbose) as show:
                result = build_member(member, context.overrides, context.load_jobs, options, show)
            show_result(member.project(context.overrides, context.load_jobs), result)
        yield result


def _build_on_cluster(
    on: str, context: Context, collection: Collection, options: Options
) -> Iterator[MemberResult]:
    """Build the members on the nodes of a cluster; each is shown when it is done."""
    from warehouse.collection.on_ray import build_on_ray
    from warehouse.terminal.collection import show_heading, show_result
    from warehouse.terminal.program import naming

    members = {member.name: member for member in collection.members}
    results = build_on_ray(collection, context.overrides, context.load_jobs, options, on)
    while True:
        with redirect_stdout(sys.stderr):  # Ray says there what becomes of its nodes
            result = next(results, None)
        if result is None:
            return
        member = members[result.name]
        show_heading(member)
        with naming(member.data):
            show_result(member.project(context.overrides, context.load_jobs), result)
        yield result


def publish_members(
    context: Context, collection: Collection, options: Options, failed: Sequence[str]
) -> None:
    """Publish the collection's own file from what its members published, then tell which failed."""
    from warehouse.collection.comparison import comparing
    from warehouse.collection.publish import publish
    from warehouse.terminal.collection import show_failure, show_published

    models = context.without_settings.models
    compare = comparing(collection, models, context.load_pairing)
    try:
        show_published(collection, publish(collection, models, compare, options.wait, options.full))
    except WarehouseError as error:
        if not failed:
            raise
        show_failure(error)
    assert_none_failed(collection, failed)


def report_members(context: Context, collection: Collection, output: Path | None) -> None:
    """Write each member's report into its directory, then the collection's page with links to them."""
    from warehouse.collection.compared import read_comparison
    from warehouse.report import report as reports
    from warehouse.report.collection import write_collection

    target = output or collection.data / "report.html"
    links: dict[str, str] = {}

    def work(member: Member, project: Project) -> None:
        written = reports.write(project)
        click.echo(written)
        links[member.name] = quote(os.path.relpath(written, target.parent))

    project = context.queried
    found = read_comparison(project.layout.warehouse).tables()
    try:
        for_each(context, collection, work)
    finally:
        click.echo(write_collection(found, links, project.models, collection.settings, target))
