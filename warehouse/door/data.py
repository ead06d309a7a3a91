"""An opened data directory: SQL, features, cards, relations, builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from warehouse.door.card import FeatureCard
from warehouse.door.table import Table
from warehouse.errors import UsageError, nearest
from warehouse.layout import find_data
from warehouse.look.card_reader import read_card
from warehouse.look.features import select_features
from warehouse.look.query import assert_query, read_arrow
from warehouse.models.library import find
from warehouse.plan.graph import Job
from warehouse.plan.project import Project
from warehouse.run.build import build
from warehouse.run.events import Event, Report
from warehouse.settings_file import toml_literal
from warehouse.sqltext import identifier


@dataclass(frozen=True)
class Warehouse:
    """A data directory, as `warehouse.open` gives it. It keeps no file open between two calls.

    Every method that reads sees the build that is published at that moment, and raises
    WarehouseError where there is none. Errors have a `message` and a `hint`.
    """

    data: Path
    _load_jobs: Callable[[], Sequence[Job]]

    @cached_property
    def _project(self) -> Project:
        return Project(self.data, load_jobs=self._load_jobs)

    def sql(
        self, query: str, parameters: Sequence[object] | Mapping[str, object] | None = None
    ) -> Table:
        """The rows of a query, which only reads: all of them, in memory.

        `parameters` are bound, a sequence to `?`, a mapping to `$name`:
        `w.sql("from features where feature_id = ?", [8])`.

        WarehouseError: the query fails or does more than read; UsageError: it is empty.
        """
        assert_query(self._project, query)
        return Table(read_arrow(self._project, query, parameters))

    def features(
        self, where: str = "", sort: str = "score_rank", limit: int | None = None
    ) -> Table:
        """The features as rows of `analysis.feature_overview`, by default the best explained first.

        `where`: an SQL condition on its columns; `sort`: what follows ORDER BY; `limit`: rows at
        most. `w.features(where="match_rate > 0.5", sort="mean_score", limit=5)`.

        UsageError: a condition or an order that is not one, with near names for an unknown column.
        """
        sql, _, _ = select_features(self._project, where, sort, limit, as_table=False)
        return Table(read_arrow(self._project, sql))

    def feature(self, feature_id: int) -> FeatureCard:
        """The card of one feature, which a notebook shows.

        UsageError for an id that is unknown, with the nearest ones.
        """
        return FeatureCard(read_card(self._project, int(feature_id)), self.data)

    def read(self, name: str) -> Table:
        """A whole relation: "features" (a master), "analysis.score_metrics", "quarantine.scores".

        Columns and types are those of docs/models.md. `activation_embeddings` holds every vector,
        float32: `sql` with a condition reads some of them.

        UsageError: no relation is called so, with the nearest name.
        """
        known = [n for n, m in self._project.models.items() if m.kind in ("table", "view")]
        found = find(name, known)
        if not found:
            near = nearest(name, [*known, *(n.partition(".")[2] for n in known)])
            hint = f'did you mean "{near}"?' if near else "python cli.py models list"
            raise UsageError(f'there is no relation "{name}"', hint)
        return self.sql(f"FROM {identifier(found)}")

    def build(
        self,
        *,
        full: bool = False,
        wait: bool = False,
        on_event: Callable[[Event], None] = lambda event: None,
        **settings: object,
    ) -> Report:
        """Bring the warehouse and its files up to date, as `python cli.py build` does.

        `settings` replace those of warehouse.toml for this build; in their names two underscores
        are a point: `w.build(matching__threshold=0.5)`. `full`: as if nothing had been built;
        `wait`: for another build of this directory to end; `on_event` gets the progress.

        The report says what ran (node → seconds), what was written and how many texts were
        embedded. WarehouseError: the build failed, and what was published is as it was; UsageError:
        a setting is unknown or wrong.
        """
        overrides = [
            f"{name.replace('__', '.')}={toml_literal(value)}" for name, value in settings.items()
        ]
        project = replace(self._project, overrides=overrides)
        return build(project, full=full, wait=wait, on_event=on_event)

    def __repr__(self) -> str:
        return f'warehouse.open("{self.data}")'


def open_data(data: str | Path | None, load_jobs: Callable[[], Sequence[Job]]) -> Warehouse:
    """UsageError when there is no such directory. None: the one that the command line would take."""
    path = find_data() if data is None else Path(data)
    if not path.is_dir():
        raise UsageError(f'data directory "{path}" does not exist', "python cli.py init DIR")
    return Warehouse(path, load_jobs)
