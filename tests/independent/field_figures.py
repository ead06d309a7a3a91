"""Own figures and tags from SPEC-INPUTS.md, section 6, alone."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

KEYS = ("feature_id", "sae_id", "llm_explainer", "scorer")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Key = tuple[int, str | None, str | None]


@dataclass
class Own:
    """(name, feature, explainer, scorer) -> value, and the rows that are refused."""

    figures: dict[tuple[str, *Key], float] = field(default_factory=dict)
    tags: dict[tuple[str, *Key], str] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)  # file, row counted from 1


@dataclass(frozen=True)
class Known:
    """What a row may name; of names the short ones too, each with its full one."""

    features: Collection[int]
    explainers: dict[str, str]
    scorers: dict[str, str]
    sae_id: str


def of_csv(text: str | None) -> Any:
    """A CSV field: empty is null; a number or a boolean where it reads as one."""
    if not text:
        return None
    if NUMBER.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def rows_of(path: Path) -> Iterator[dict[str, Any] | None]:
    """The rows; None where a line is no object."""
    if path.suffix == ".parquet":
        yield from pq.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                yield {name: of_csv(value) for name, value in row.items()}
    else:
        for line in path.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            yield row if isinstance(row, dict) else None


def is_figure(values: list[Any]) -> bool:
    """A column is a figure if most of its values are numbers or booleans."""
    there = [value for value in values if value is not None]
    return 2 * sum(isinstance(value, (bool, int, float)) for value in there) > len(there)


def key_of(row: dict[str, Any] | None, known: Known) -> Key | None:
    """What a row is about; None where it names what is not there."""
    if row is None:
        return None
    feature = row.get("feature_id")
    if isinstance(feature, bool) or not isinstance(feature, (int, float)) or feature % 1:
        return None
    if feature not in known.features or row.get("sae_id") not in (None, known.sae_id):
        return None
    names: list[str | None] = []
    for column, full in (("llm_explainer", known.explainers), ("scorer", known.scorers)):
        name = row.get(column)
        if name is not None and name not in full:
            return None
        names.append(None if name is None else full[name])
    return int(feature), names[0], names[1]


def well_typed(value: Any, figure: bool) -> bool:
    """Whether a value fits its column; null does."""
    if value is None:
        return True
    if isinstance(value, str):
        return not figure
    return figure and math.isfinite(value)


def read_figures(folder: Path, known: Known) -> Own:
    """Every file of `raw/figures/`."""
    own = Own()
    for path in sorted(folder.iterdir()):
        rows = list(rows_of(path))
        columns = dict.fromkeys(c for row in rows if row is not None for c in row if c not in KEYS)
        kinds = {c: is_figure([row.get(c) for row in rows if row is not None]) for c in columns}
        seen: set[Key] = set()
        for number, row in enumerate(rows, start=1):
            key = key_of(row, known)
            fits = row is not None and all(well_typed(row.get(c), kinds[c]) for c in columns)
            if key is None or not fits or key in seen:
                own.refused.append((path.name, number))
                continue
            seen.add(key)
            for column, figure in kinds.items():
                value = row.get(column)
                if value is not None:
                    name = f"{path.stem}.{column}"
                    if figure:
                        own.figures[name, *key] = float(value)
                    else:
                        own.tags[name, *key] = value
    return own
