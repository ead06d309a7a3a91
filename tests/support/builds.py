"""Projects with the program's own jobs."""

from __future__ import annotations

from functools import partial

from embed.jobs import JOBS
from warehouse.plan.project import Project

JOB_NAMES = frozenset(job.name for job in JOBS)

# open_project(data, overrides)
open_project = partial(Project, load_jobs=lambda: JOBS)
