"""What happens in a build, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Something that happened in a build, for whoever shows it.

    kind: start, done, same, progress, warning, export, published. `node` is the node or file.
    """

    kind: str
    node: str
    text: str = ""
    rows: int | None = None
    seconds: float = 0.0
    done: int = 0
    total: int = 0
