"""Read a published warehouse and its exports at every rename, as the programs beside it do.

python -m tests.run.safety.read DIR STOP   until the file STOP is there

Prints each state that follows another one, a line of JSON each, and in the end all that it saw.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

_SETTINGS = ('"sampling.per_quantile"', '"matching.threshold"')


def state(connection: duckdb.DuckDBPyConnection) -> tuple:
    """What the last build's record says, and what the masters hold: pairs that belong together."""
    build_id, *settings = connection.execute(
        "SELECT build_id, "
        + ", ".join(f"json_extract_string(settings, '$.{name}')" for name in _SETTINGS)
        + " FROM _warehouse.builds WHERE finished IS NOT NULL ORDER BY started DESC LIMIT 1"
    ).fetchall()[0]
    records = connection.execute(
        "SELECT count(*) FROM _warehouse.builds WHERE build_id = ? AND finished IS NOT NULL",
        [build_id],
    ).fetchall()[0]
    masters = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'master' ORDER BY ALL"
    ).fetchall()
    sums = [
        connection.execute(
            f"SELECT count(*), sum(hash(t)::HUGEINT) % 1000003 FROM master.{n} t"
        ).fetchall()[0]
        for (n,) in masters
    ]
    return (*settings, *records, len(masters), *(int(value) for row in sums for value in row))


def opened(data: Path) -> duckdb.DuckDBPyConnection:
    warehouse = str(data / "warehouse.duckdb")
    return duckdb.connect(warehouse, read_only=True, config={"threads": 1})


def exports(data: Path) -> list[tuple]:
    """Each parquet read whole: its name, what it was written as, its rows."""
    found = []
    for path in sorted((data / "master").glob("*.parquet")):
        with path.open("rb") as stream:  # one file to the end, whatever is renamed meanwhile
            file = pq.ParquetFile(stream)
            rows = file.read().num_rows
        found.append((path.name, file.metadata.metadata[b"warehouse_key"].decode(), rows))
    return found


def stamp(data: Path) -> tuple[int, ...]:
    """Changes with every rename to a published name."""
    places = (data, data / "master", data / "warehouse.duckdb")
    return tuple(n for found in map(os.stat, places) for n in (found.st_ino, found.st_mtime_ns))


def main() -> None:
    data, stop = map(Path, sys.argv[1:])
    states: set[tuple] = set()
    files: set[tuple] = set()
    rounds, torn, last, read_at = 0, 0, None, None
    while not stop.exists():
        if (now := stamp(data)) == read_at:
            time.sleep(0.001)
            continue
        with opened(data) as connection:
            first = state(connection)
            files.update(exports(data))
            second = state(connection)  # the same file, whatever was published meanwhile
        torn += first != second
        states |= {first, second}
        rounds += 1
        read_at = now
        if second != last:
            sys.stdout.write(json.dumps(second) + "\n")
            sys.stdout.flush()
            last = second
    seen = {"rounds": rounds, "torn": torn, "states": sorted(states), "exports": sorted(files)}
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
