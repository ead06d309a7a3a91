"""What happens in a build, for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.write import targets


@dataclass(frozen=True)
class Whole:
    """How far a build is: nodes and files done of those that may run, and the seconds left.

    `left` is None where nothing of it is known; not `complete`: some nodes' seconds are not known.
    """

    done: int
    total: int
    left: float | None
    complete: bool


@dataclass(frozen=True)
class Event:
    """Something that happened in a build, for whoever shows it.

    kind: start, done, same, progress, warning, note, export, published, removed. `node` is the node
    or file; a note has none, and its `text` is for people. `left`: seconds until a node's end, where
    it tells its progress; `whole`: how far the build is.
    """

    kind: str
    node: str
    text: str = ""
    rows: int | None = None
    seconds: float = 0.0
    done: int = 0
    total: int = 0
    left: float | None = None
    whole: Whole | None = None


@dataclass(frozen=True)
class Report:
    """What a build did. `ran`: node → seconds, in order."""

    build_id: str
    ran: Mapping[str, float]
    exports: Sequence[targets.Exported]
    embedded: Mapping[str, int]
    seconds: float
    published: bool
