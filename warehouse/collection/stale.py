"""Whether a collection's file is of its members' newest builds: read without opening theirs."""

from __future__ import annotations

import contextlib
import json

import duckdb

from warehouse.collection.members import Collection
from warehouse.database import open_read_only, run


def newer_members(collection: Collection) -> list[str]:
    """The members that were built since the collection was published; none before its first time."""
    warehouse = collection.layout.warehouse
    if not warehouse.exists():
        return []
    with open_read_only(warehouse) as connection:
        try:
            known = dict(run(connection, "SELECT member, build_id FROM collection.members"))
        except duckdb.CatalogException:  # another file, of which whoever reads it says more
            return []
    found = []
    for member in collection.members:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            state = json.loads(member.state.read_text(encoding="utf-8"))
            if known.get(member.name) != state["build_id"]:
                found.append(member.name)
    return found
