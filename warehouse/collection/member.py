"""One member built or planned: plain functions of plain values, wherever they are called.

What they take and give can be pickled, so that another process or another machine can run them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warehouse.collection.members import Member
from warehouse.errors import WarehouseError
from warehouse.plan.graph import Job
from warehouse.run import build as builds
from warehouse.run.events import Event, Report


@dataclass(frozen=True)
class Options:
    """How to build a member: as the options of the command `build`."""

    selectors: Sequence[str] = ()
    full: bool = False
    exports: bool = True
    wait: bool = False


@dataclass(frozen=True)
class MemberResult:
    """What became of a member. `report` is None when it failed; then `message` and `hint` say why."""

    name: str
    report: Report | None
    message: str = ""
    hint: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.report is None


def _ignore(event: Event) -> None:
    """Show no event."""


def build_member(
    member: Member,
    overrides: Sequence[str] = (),
    load_jobs: Callable[[], Sequence[Job]] = tuple,
    options: Options = Options(),
    on_event: Callable[[Event], None] = _ignore,
) -> MemberResult:
    """Build one member as it would be built alone, under the collection's settings.

    A failure is a result, not an exception; what was published of the member stays.
    """
    started = time.monotonic()
    try:
        report = builds.build(
            member.project(overrides, load_jobs),
            options.selectors,
            options.full,
            options.exports,
            options.wait,
            on_event,
        )
    except (WarehouseError, OSError) as error:
        message = error.message if isinstance(error, WarehouseError) else str(error)
        hint = error.hint if isinstance(error, WarehouseError) else ""
        return MemberResult(member.name, None, message, hint, time.monotonic() - started)
    return MemberResult(member.name, report, seconds=time.monotonic() - started)
