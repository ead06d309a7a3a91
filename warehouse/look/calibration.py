"""What a threshold means under an embedding model: its false positives where there is no pattern.

The SQL under `sql/calibration/` runs on the published warehouse, which stays as it is; the tables
that it makes live in memory, in a database called `calibration`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from warehouse import settings_file
from warehouse.database import failing_as, lacking, open_read_only, run
from warehouse.errors import UsageError, nearest
from warehouse.models.model import Model
from warehouse.plan.project import Project
from warehouse.plan.state import published
from warehouse.settings import Settings
from warehouse.sqltext import identifier, literal

THRESHOLDS = (
    "patterns.semantic_threshold",
    "patterns.lexical_threshold",
    "alignment.threshold",
    "matching.threshold",
)
NOW, RATES = "now", {"0.05": "5 %", "0.01": "1 %"}
CHOICES = (NOW, *RATES.values())

# Models whose own SQL runs again under each choice of thresholds: what they make here → the model.
_AGAIN = {
    "calibration.pattern_types": "analysis.pattern_types",
    "calibration.alignment_groups": "analysis.alignment_groups",
}


@dataclass(frozen=True)
class Threshold:
    """A threshold under one choice: its value and the shares of null and real values that pass.

    `null_share_low` and `null_share_high` are the ends of the false-positive rate's 95 % interval:
    a bootstrap over the null's features, see sql/calibration/thresholds.sql.
    """

    value: float | None
    null_share: float | None
    null_share_low: float | None
    null_share_high: float | None
    real_share: float | None


@dataclass(frozen=True)
class Null:
    """A threshold's null distribution, and the threshold by choice (`now`, `5 %`, `1 %`).

    `null_mean_low` and `null_mean_high` are the ends of the mean's 95 % interval, as of a Threshold.
    """

    setting: str
    null_values: int
    null_features: int
    null_mean: float | None
    null_mean_low: float | None
    null_mean_high: float | None
    real_values: int
    choices: Mapping[str, Threshold]


@dataclass(frozen=True)
class Matching:
    """What aligns and matches under one choice; `new_features` would be tried for the first time."""

    groups: int
    aligned_phrases: int
    tried: int
    matched: int
    new_features: int


@dataclass(frozen=True)
class Calibration:
    """Nulls in order of THRESHOLDS; types: (choice, type, type now) → features; matching by choice."""

    model: str
    nulls: tuple[Null, ...]
    types: Mapping[tuple[str, str, str], int]
    matching: Mapping[str, Matching]

    def chosen(self, rate: str, names: Sequence[str] = ()) -> dict[str, float]:
        """Setting → calibrated value, of those that have a null distribution. `rate`: see RATES.

        UsageError: one of `names` is no threshold, or has no null distribution.
        """
        found = {null.setting: null.choices[RATES[rate]].value for null in self.nulls}
        for name in names:
            if name not in found:
                near = nearest(name, list(found))
                raise UsageError(
                    f'--only "{name}" is no threshold',
                    f'did you mean "{near}"?' if near else ", ".join(found),
                )
            if found[name] is None:
                raise UsageError(
                    f'--only "{name}": there is nothing to shuffle',
                    "see the table of python cli.py calibrate",
                )
        return {n: v for n, v in found.items() if v is not None and (n in names or not names)}

    def as_json(self) -> str:
        return json.dumps(
            {
                "model": self.model,
                "thresholds": {
                    null.setting: {
                        "null_values": null.null_values,
                        "null_features": null.null_features,
                        "null_mean": null.null_mean,
                        "null_mean_low": null.null_mean_low,
                        "null_mean_high": null.null_mean_high,
                        "real_values": null.real_values,
                        "choices": {choice: vars(told) for choice, told in null.choices.items()},
                    }
                    for null in self.nulls
                },
                "pattern_types": [
                    {"choice": choice, "pattern_type": now, "type_now": was, "features": features}
                    for (choice, now, was), features in self.types.items()
                ],
                "matching": {choice: vars(told) for choice, told in self.matching.items()},
            },
            indent=2,
        )


def calibrate(project: Project) -> Calibration:
    """Null distributions, calibrated thresholds and what they would change. Changes nothing.

    Thresholds are those of `settings`, all else is as the published build had it. WarehouseError:
    no warehouse, one that lacks what is read, or without two features that have two examples.
    """
    with open_read_only(project.layout.warehouse, unsafe=True) as connection:
        values = _as_built(connection, project.settings)
        moved = "bring the data directory's vectors/ along, or embed again: python cli.py build"
        with (
            lacking("calibrate reads", project.data),
            failing_as("calibrate cannot read the vectors", moved, (duckdb.IOException,)),
        ):
            make_tables(connection, project.models, values)
            return _told(connection, str(values["embedding.model"]))


def write(settings: Settings, chosen: Mapping[str, float]) -> Path:
    """Put the chosen thresholds into DIR/warehouse.toml, all else and its comments untouched."""
    if not chosen:
        raise UsageError("no threshold could be calibrated", "see why: python cli.py calibrate")
    return settings_file.write_settings(settings.data, chosen)


def _as_built(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Settings:
    ours = {
        n: v for n, v in settings.values.items() if n in THRESHOLDS or n.startswith("calibration.")
    }
    built = published(connection).settings(settings.data)
    return Settings(settings.data, {**built.values, **ours})


def make_tables(
    connection: duckdb.DuckDBPyConnection, models: Mapping[str, Model], settings: Settings
) -> None:
    """Run the calibration models on the opened warehouse: `calibration.*`, in memory."""
    run(connection, "ATTACH ':memory:' AS calibration (READ_WRITE)")
    here = {name: m for name, m in models.items() if m.schema == "calibration"}
    reads = {name: m.relations & (here.keys() | _AGAIN.keys()) for name, m in here.items()}
    reads |= {name: {"calibration.thresholds"} for name in _AGAIN}
    for name in TopologicalSorter(reads).static_order():
        sql = (
            here[name].filled(settings.parameters())
            if name in here
            else _under_each_choice(connection, models[_AGAIN[name]], settings)
        )
        run(connection, f"CREATE TABLE {identifier(name)} AS {sql}")


def _under_each_choice(
    connection: duckdb.DuckDBPyConnection, model: Model, settings: Settings
) -> str:
    """The model's own SQL once a choice, with the thresholds of that choice."""
    values: dict[str, dict[str, object]] = {choice: {} for choice in CHOICES}
    for name, choice, value in run(
        connection, "SELECT threshold, choice, value FROM calibration.thresholds"
    ):
        values[choice][name] = settings[name] if value is None else value
    parts = []
    for choice, thresholds in values.items():
        under = Settings(settings.data, {**settings.values, **thresholds})
        parts.append(
            f"SELECT {literal(choice)} AS choice, r.* FROM (\n{model.filled(under.parameters())}\n) r "
            "JOIN staging.embedding_models m ON m.model = r.model AND m.is_default"
        )
    return " UNION ALL ".join(parts)


def _told(connection: duckdb.DuckDBPyConnection, model: str) -> Calibration:
    shares = run(
        connection,
        "SELECT threshold, choice, value, null_share, null_share_low, null_share_high, real_share FROM calibration.thresholds",
    )
    facts = run(
        connection,
        "SELECT threshold, null_values, null_features, null_mean, null_mean_low, null_mean_high, real_values FROM calibration.thresholds WHERE choice = 'now'",
    )
    choices: dict[str, dict[str, Threshold]] = {name: {} for name in THRESHOLDS}
    for name, choice, value, *null_shares, real_share in sorted(
        shares, key=lambda row: CHOICES.index(row[1])
    ):
        choices[name][choice] = Threshold(
            value, *null_shares, real_share if value is not None else None
        )
    by_name = {name: Null(name, *null, choices[name]) for name, *null in facts}
    nulls = [by_name[name] for name in THRESHOLDS]
    types = run(
        connection,
        "SELECT choice, pattern_type, type_now, features FROM calibration.type_changes ORDER BY ALL",
    )
    matching = run(
        connection,
        "SELECT choice, groups, aligned_phrases, tried, matched, new_features FROM calibration.match_changes",
    )
    return Calibration(
        model,
        tuple(nulls),
        {tuple(row[:3]): row[3] for row in types},
        {row[0]: Matching(*row[1:]) for row in matching},
    )
