"""What is known of a publication of a collection's own file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """What was published of a collection. `changed`: members with new rows; `gone`: with none any more.

    `problems`: member → why its build is not in it, or no longer the newest.
    """

    build_id: str
    changed: Sequence[str]
    gone: Sequence[str]
    problems: Mapping[str, str]
    lacking: Mapping[str, Sequence[str]]
    seconds: float
    published: bool


@dataclass(frozen=True)
class Build:
    """A publication of the collection's own file. `key`: what it was made of.

    `changed`: members with new rows; `gone`: members whose rows are there no more.
    """

    build_id: str
    started: datetime.datetime
    version: str
    engine: str
    key: str
    changed: Sequence[str]
    gone: Sequence[str]
