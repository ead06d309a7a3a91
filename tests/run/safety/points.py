"""The points of a build: the moments that can be told apart, numbered, and a signal at one.

A point is a build event, a chunk given to the encoder, a parquet that begins to be written, an fsync,
or a change of the data directory (a file opened for writing, a directory made or removed, a rename),
seen just before it happens. Files are written beside the nodes, so the same build passes
the same points, but not in the same order: a point is named by its label and how often that came before.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import embed.store
import warehouse.run.build
import warehouse.run.execution
import warehouse.write.parquet
from tests.run.safety.made_up import Encoder
from warehouse.run.events import Event

BEGIN = "begin"
START = f"0 {BEGIN}"
NEVER = "never"
_BUILD_ID = re.compile(r"(\.build|\.history)/\d{8}T\d{6}-[0-9a-f]{6}")
_UNIQUE = re.compile(r"\.[0-9a-f]{8}\.tmp$")  # a working file's name is another one in each build
_PUBLISH = "rename warehouse.duckdb"
_PUBLISHED = "remove .build/publishing.json"

# Where a build can be, in order; SQL and exports alternate.
PREPARING = "before the first model"
EMBEDDING = "embedding"
PART = "writing a part"
SQL = "SQL"
EXPORT = "export"
BEFORE = "before the renames"
BETWEEN = "between the renames"
AFTER = "after the renames"
STAGES = (PREPARING, EMBEDDING, PART, SQL, EXPORT, BEFORE, BETWEEN, AFTER)


@dataclass
class Points:
    """Writes the trail of this process; at the point named `at`, after `delay`, signals it.

    STOP leaves it to the parent to let it go on.
    """

    data: Path
    trail: Path
    at: str = NEVER
    delay: float = 0.0
    signal: int = signal.SIGKILL

    def install(self) -> None:
        """Start counting. There is no way back: a process is watched to its end."""
        self._data = str(self.data.resolve()) + os.sep
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._trail = os.open(self.trail, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        made, encode = Event, Encoder.encode

        def event(kind: str, node: str, *rest: object, **named: object) -> Event:
            self.passed(f"{kind} {self._relative(node)}")
            return made(kind, node, *rest, **named)

        def encode_chunk(encoder: Encoder, texts: Sequence[str]) -> object:
            self.passed(f"encode {len(texts)}")
            return encode(encoder, texts)

        self._watch(embed.store, "_write_part", "copy embed.store")
        self._watch(warehouse.write.parquet, "_write_batches", "copy warehouse.write.parquet")
        self._watch(os, "fsync", "fsync")
        for module in (warehouse.run.build, warehouse.run.execution):
            module.Event = event
        Encoder.encode = encode_chunk
        self.passed(BEGIN)
        sys.addaudithook(self._audit)

    def _watch(self, module: ModuleType, name: str, label: str) -> None:
        """Pass a point before each call of a module's function."""
        function = getattr(module, name)

        def watched(*arguments: object) -> object:
            self.passed(label)
            return function(*arguments)

        setattr(module, name, watched)

    def passed(self, label: str) -> None:
        """The build is at the next point."""
        line = f"{time.monotonic() - self._started:.4f}\t{label}\n"
        os.write(self._trail, line.encode())
        with self._lock:
            here = f"{self._seen[label]} {label}"
            self._seen[label] += 1
        if here != self.at:
            return
        if not self.delay:
            os.kill(os.getpid(), self.signal)
            return
        timer = threading.Timer(self.delay, os.kill, (os.getpid(), self.signal))
        timer.daemon = True
        timer.start()

    def _audit(self, event: str, arguments: tuple) -> None:
        if event in ("os.rename", "os.link"):
            path, word = arguments[1], event.partition(".")[2]
        elif event == "open":
            path, word = arguments[0], "write"
            if not isinstance(arguments[1], str) or not set(arguments[1]) & set("wax+"):
                return
        elif event in ("os.mkdir", "os.remove", "shutil.rmtree"):
            path, word = arguments[0], event.partition(".")[2]
        else:
            return
        if isinstance(path, str | os.PathLike) and str(path).startswith(self._data):
            self.passed(f"{word} {self._relative(str(path))}")

    def _relative(self, path: str) -> str:
        return _UNIQUE.sub(".*.tmp", _BUILD_ID.sub(r"\1/*", path.removeprefix(self._data)))


@dataclass(frozen=True)
class Trail:
    """The points that a process passed: label and seconds since the first, in order."""

    labels: tuple[str, ...]
    seconds: tuple[float, ...]

    @classmethod
    def read(cls, path: Path) -> Trail:
        # A line is one write: also a killed process leaves whole ones.
        lines = path.read_text().splitlines() if path.exists() else []
        pairs = [line.split("\t", 1) for line in lines]
        return cls(tuple(label for _, label in pairs), tuple(float(s) for s, _ in pairs))

    def stages(self) -> list[str]:
        """For each point, where the build is from then on."""
        found, stage, started, published = [], PREPARING, False, False
        for label in self.labels:
            word, _, name = label.partition(" ")
            started |= word in ("start", "same")
            if label == _PUBLISH:
                stage, published = BEFORE, True
            elif published:
                stage = AFTER if stage == AFTER or label.startswith(_PUBLISHED) else BETWEEN
            elif not started:
                stage = PREPARING
            elif name.startswith(".history"):
                stage = BEFORE
            elif label == "copy embed.store":
                stage = PART
            elif name.startswith("vectors/"):
                stage = PART if word == "rename" else EMBEDDING
            elif word in ("encode", "progress"):
                stage = EMBEDDING
            elif word in ("copy", "export") or name.startswith(".build/*/export"):
                stage = EXPORT
            else:
                stage = SQL
            found.append(stage)
        return found

    def at(self, stage: str) -> list[str]:
        """The names of a stage's points."""
        found, seen = [], Counter()
        for label, its_stage in zip(self.labels, self.stages(), strict=True):
            if its_stage == stage:
                found.append(f"{seen[label]} {label}")
            seen[label] += 1
        return found

    @property
    def publishing(self) -> bool:
        """Whether the first rename of what is published was next, or done."""
        return _PUBLISH in self.labels
