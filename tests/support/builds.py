"""Projects with the program's own jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embed.jobs import JOBS
from warehouse.plan.project import Project

JOB_NAMES = frozenset(job.name for job in JOBS)
# A second thread makes a build of so few rows no faster, and takes a fifth more processor time
# (the default sample: 4.4 against 5.5 processor seconds); the other core has a worker of its own.
_ONE_THREAD = "threads=1"


def open_project(data: Path, overrides: Sequence[str] = ()) -> Project:
    """The project of a data directory, whose builds take one thread unless `overrides` say how many."""
    return open_as_usual(data, [_ONE_THREAD, *overrides])


def open_as_usual(data: Path, overrides: Sequence[str] = ()) -> Project:
    """The project of a data directory as the command line opens it."""
    return Project(data, overrides, load_jobs=lambda: JOBS)
