"""A data directory in one screen."""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.look.status import Status
from warehouse.terminal.console import OUT, harmless, make_table
from warehouse.terminal.values import describe_settings, format_seconds, format_size

_REASONS = 6


def show_status(status: Status) -> None:
    """A line per fact; what changed since the published build last."""
    table = make_table("", "", numbers=())
    table.show_header = False
    for name, text in _facts(status):
        table.add_row(name, harmless(text))
    OUT.print(table)


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    yield "directory", status.data
    if status.build is None:
        yield "build", "none yet"
    else:
        build = status.build
        yield "build", f"{build.build_id}, {build.started:%Y-%m-%d %H:%M} UTC, {format_seconds(build.seconds)} s; {status.builds} recorded"  # fmt: skip
    yield "embedding", ", ".join(status.models)
    sizes = ", ".join(f"{name} {format_size(size)}" for name, size in status.sizes.items())
    yield "size", sizes or "nothing yet"
    if status.build is not None:
        counts = ", ".join(f"{name} {count:,}" for name, count in status.quarantined.items())
        yield "quarantined", counts or "nothing"
        if status.settings:
            yield "settings", describe_settings(status.settings)
    if status.problem:
        yield "changed", f"unknown: {status.problem}"
    elif not status.reasons:
        yield "changed", "nothing: a build has nothing to run"
    for place, (reason, count) in enumerate(list(status.reasons.items())[:_REASONS]):
        yield "" if place else "changed", f"{reason} ({count} node{'' if count == 1 else 's'})"
    if len(status.reasons) > _REASONS:
        yield "", f"{len(status.reasons) - _REASONS} more reasons: python cli.py plan"
