"""Versions: `sql/models.lock` maps each model to its version, its SQL's fingerprint, what it reads."""

from __future__ import annotations

import json
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.models import LOCK_NAME, SQL_DIR, Model, load_all

LOCK = SQL_DIR / LOCK_NAME


def check(write: bool = False, lock: Path = LOCK) -> str:
    """Compare every model with the lock; with `write`, record new models and versions.

    WarehouseError lists the models whose SQL changed while the version stayed.
    """
    known = load_all()
    locked = _read(lock)
    now = {name: _entry(model) for name, model in known.items()}
    same_version = [
        n for n, entry in now.items()
        if n in locked and entry["version"] == locked[n]["version"]
        and entry["fingerprint"] != locked[n]["fingerprint"]
    ]  # fmt: skip
    if same_version:
        raise WarehouseError(
            "changed under the same version: " + ", ".join(f'"{n}"' for n in same_version),
            f'raise "-- version:" in {", ".join(known[n].path.name for n in same_version)}, '
            "then: python cli.py models check --write",
        )
    if write:
        lock.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return f"{len(now)} models recorded in {lock.name}"
    stale = sorted(n for n in now.keys() | locked.keys() if now.get(n) != locked.get(n))
    if stale:
        raise WarehouseError(
            f"{lock.name} does not know: " + ", ".join(f'"{n}"' for n in stale),
            "python cli.py models check --write",
        )
    return f"{len(now)} models agree with {lock.name}"


def _read(lock: Path) -> dict[str, dict[str, object]]:
    try:
        return json.loads(lock.read_text(encoding="utf-8")) if lock.exists() else {}
    except ValueError as error:
        raise WarehouseError(
            f'"{lock.name}" is not JSON: {error}',
            "take one side of a merge conflict, then: python cli.py models check --write",
        ) from None


def _entry(model: Model) -> dict[str, object]:
    reads = [] if model.schema == "macros" else sorted(model.find_relations())
    return {"version": model.version, "fingerprint": model.fingerprint, "reads": reads}
