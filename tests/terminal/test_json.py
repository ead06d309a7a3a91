"""What programs get as JSON."""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import dataclass
from pathlib import Path

from warehouse.text import to_json


@dataclass(frozen=True)
class Told:
    figures: dict[str, float]
    when: datetime.datetime
    place: Path


def test_no_nan_reaches_json_however_deep_it_lies() -> None:
    told = Told({"a": math.nan, "b": 0.5}, datetime.datetime(2026, 1, 2, 3, 4, 5), Path("x"))
    assert json.loads(to_json([told])) == [
        {"figures": {"a": None, "b": 0.5}, "when": "2026-01-02T03:04:05", "place": "x"}
    ]
