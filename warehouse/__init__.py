"""The SAE feature warehouse: raw SAE experiments in, analysis-ready parquet files out.

import warehouse

w = warehouse.open("data")
w.features(where="match_rate > 0.5", limit=5)
w.feature(8)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Warehouse = Any  # warehouse.door.data.Warehouse: the ground imports nothing above it

__version__ = "0.1.0"


def open(data: str | Path | None = None) -> Warehouse:  # noqa: A001
    """Open a data directory to look at it from Python, and to build it.

    Without `data` it is the one that the command line would take: that of $SAE_WAREHOUSE_DATA, else
    the nearest with a warehouse.toml, here or above, else `data`.

    Gives an object with `sql`, `features`, `feature`, `read` and `build`; `help(warehouse.open())`
    lists them. Errors are `warehouse.errors.WarehouseError` and, for wrong use, its `UsageError`.
    """
    from importlib import import_module

    # Like cli.py this hands the jobs in, when it is called: the ground imports nothing above it.
    door = import_module("warehouse.door.data")
    return door.open_data(data, lambda: import_module("embed.jobs").JOBS)
