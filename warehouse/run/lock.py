"""The lock of a data directory: one build at a time."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import shlex
import shutil
from collections.abc import Iterator

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.run.publish import finish


@contextlib.contextmanager
def locked(layout: Layout, wait: bool) -> Iterator[None]:
    """Hold the data directory's build lock; the system frees a dead holder's by itself.

    Before anything else, what a dead holder had begun to publish is ended.
    """
    layout.work.mkdir(exist_ok=True)
    with layout.lock.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise WarehouseError(
                f'another build holds "{layout.data}": {holder}',
                "wait for it (--wait), or stop it",
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} since {datetime.datetime.now():%Y-%m-%d %H:%M:%S}")
        handle.flush()
        finish(layout)  # what a build that died had begun to publish
        for left in layout.work.iterdir():  # of builds that died
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        for part in layout.vectors.glob("*/.*.tmp"):  # that one of them was writing
            part.unlink(missing_ok=True)
        yield


def assert_no_log(layout: Layout) -> None:
    """WarehouseError when a write-ahead log lies beside the published file.

    It belongs to a DuckDB program that wrote to the file and died, or still has it open. Beside
    another file of that name no program could open it any more.
    """
    log = layout.warehouse.with_name(f"{layout.warehouse.name}.wal")
    if log.exists():
        raise WarehouseError(
            f'"{log}" is the log of a DuckDB program that wrote to the warehouse and died, or still runs',
            f"end that program; if it died, remove the log (what it wrote is lost): rm {shlex.quote(str(log))}",
        )
