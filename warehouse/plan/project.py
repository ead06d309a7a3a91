"""A data directory, opened once: what every command gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from warehouse import settings_file
from warehouse.layout import Layout
from warehouse.models.library import load_all
from warehouse.models.model import Model
from warehouse.plan.graph import Job, Node, build_graph
from warehouse.plan.state import State, read_state
from warehouse.settings import Settings


@dataclass(frozen=True)
class Project:
    """A data directory with its settings, its models and its jobs; each is read when it is asked for.

    `overrides`: `KEY=VALUE` texts that replace settings. `load_jobs` gives the jobs that a build can
    run. `more_models`: directories of models beside those of `sql/`, with the same folders. `common`
    and `own`: settings that a collection gives its member, see `settings_file.load`.
    """

    data: Path
    overrides: Sequence[str] = ()
    load_jobs: Callable[[], Sequence[Job]] = tuple
    more_models: tuple[Path, ...] = ()
    common: Mapping[str, object] = field(default_factory=dict)
    own: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def settings(self) -> Settings:
        """The settings file's values under the overrides. UsageError as of `settings_file.load`."""
        return settings_file.load(self.data, self.overrides, self.common, self.own)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.data)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        return load_all(*self.more_models)

    @property
    def macros(self) -> Mapping[str, Model]:
        return {name: m for name, m in self.models.items() if m.schema == "macros"}

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        return {job.name: job for job in self.load_jobs()}

    @cached_property
    def graph(self) -> Mapping[str, Node]:
        return build_graph(self.models, self.jobs.values())

    def read_state(self) -> State:
        """What the published warehouse says of itself now: another build may change it."""
        return read_state(self.layout.warehouse)
