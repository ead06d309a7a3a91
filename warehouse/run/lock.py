"""The lock of a data directory: one build at a time."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import shutil
from collections.abc import Iterator

from warehouse.errors import WarehouseError
from warehouse.project import Layout


@contextlib.contextmanager
def locked(layout: Layout, wait: bool) -> Iterator[None]:
    """Hold the data directory's build lock; the system frees a dead holder's by itself."""
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
        for left in layout.work.iterdir():  # of builds that died
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        yield
