"""Plans and builds with the program's own jobs: as `warehouse` names them, without the jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from embed.jobs import JOBS
from warehouse.commands import history
from warehouse.run import build as builds
from warehouse.settings import Settings

JOB_NAMES = frozenset(job.name for job in JOBS)


def _with_jobs(function: Callable) -> Callable:
    @wraps(function)
    def run(settings: Settings, *arguments: object, **options: object) -> object:
        return function(settings, JOBS, *arguments, **options)

    return run


prepare = _with_jobs(builds.prepare)
build = _with_jobs(builds.build)
preview = _with_jobs(history.preview)
