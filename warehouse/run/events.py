"""What happens in a build, for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.write import targets


@dataclass(frozen=True)
class Event:
    """Something that happened in a build, for whoever shows it.

    kind: start, done, same, progress, warning, note, export, published, removed. `node` is the node
    or file; a note has none, and its `text` is for people.
    """

    kind: str
    node: str
    text: str = ""
    rows: int | None = None
    seconds: float = 0.0
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Report:
    """What a build did. `ran`: node → seconds, in order."""

    build_id: str
    ran: Mapping[str, float]
    exports: Sequence[targets.Exported]
    embedded: Mapping[str, int]
    seconds: float
    published: bool
