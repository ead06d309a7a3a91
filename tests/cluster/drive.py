"""`cli.py` with a made-up model that takes its time and notes what it is asked, on any worker.

python -m tests.cluster.drive --asked FILE --seconds 0.2 -- --data DIR build --on auto
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import embed.encoder
import embed.jobs
import embed.model_files
import embed.store
from tests.run.safety.made_up import Encoder, key, made_up_model, replaced
from warehouse.settings import Settings

SMALL_PARTS = [(embed.store, "PART_TEXTS", 6)]
_CHANGES = ExitStack()  # never closed: a process with the slow model is made for it


@dataclass
class SlowEncoder(Encoder):
    """The made-up model; a line `begin|end TIME PID STORE KEYS` around each call of `encode`."""

    noted: Path = Path()
    seconds: float = 0.0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        keys = ",".join(key(text).hex() for text in texts)
        self._note("begin", keys)
        time.sleep(self.seconds)
        vectors = super().encode(texts)
        self._note("end", keys)
        return vectors

    def _note(self, what: str, keys: str) -> None:
        line = f"{what} {time.time():.6f} {os.getpid()} {self.store} {keys}\n"
        file = os.open(self.noted, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, line.encode())
        os.close(file)


def load_jobs(
    noted: Path, seconds: float, on: str = "local", among: int = 1
) -> Sequence[embed.jobs.Job]:
    """The program's jobs with the slow model, in whichever process asks for them."""

    def load(settings: Settings, files: embed.model_files.ModelFiles) -> SlowEncoder:
        store = embed.model_files.fingerprint(settings, files)
        return SlowEncoder(store, [], noted=noted, seconds=seconds)

    _CHANGES.enter_context(made_up_model())
    _CHANGES.enter_context(replaced([*SMALL_PARTS, (embed.encoder, "load_encoder", load)]))
    return embed.jobs.jobs_on(on, among)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--asked", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("arguments", nargs="+")
    chosen = parser.parse_args()
    import cli  # the driver's: workers import this module too, and need no command line

    cli.load_jobs = partial(load_jobs, chosen.asked, chosen.seconds)
    cli.main(chosen.arguments, prog_name="cli.py")


if __name__ == "__main__":
    main()
    sys.exit()
