"""How fast texts are embedded: measured at each embedding, and kept beside the vectors for the next."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embed.store import VectorStore
from warehouse.files import write_durably
from warehouse.settings import Settings

_FILE = "pace.json"
_SMALL = 0.1  # a run of a smaller share of the recorded one's characters says less than that


@dataclass
class Pace:
    """One embedding under way. The longest texts of a part come first, so characters tell its end and not texts.

    `at_once`: how many chunks are under way; the pace is known when as many are done.
    """

    texts: int
    characters: int
    at_once: int = 1
    done_texts: int = 0
    _done: int = 0
    _chunks: int = 0
    _started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """The model is loaded: from now on it is texts that take the time."""
        self._started = time.monotonic()

    def add(self, texts: Sequence[str]) -> None:
        self.done_texts += len(texts)
        self._done += sum(map(len, texts))
        self._chunks += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def left(self) -> float | None:
        """Seconds until the last text; None before the pace is known."""
        if self._chunks < self.at_once or not self._done:
            return None
        return self.seconds * (self.characters - self._done) / self._done


@dataclass(frozen=True)
class Paces:
    """What was measured of a store's model, by where it ran and for which texts."""

    store: VectorStore
    settings: Settings
    on: str

    def record(self, purpose: str, pace: Pace) -> None:
        """Keep what was measured, unless far more was measured before."""
        known = self._read()
        before = known.setdefault(self._where, {}).get(purpose, {})
        if pace.characters < _SMALL * before.get("characters", 0):
            return
        measured = {"texts": pace.texts, "characters": pace.characters, "seconds": pace.seconds}
        known[self._where][purpose] = measured
        text = json.dumps(known, indent=2) + "\n"
        path = self.store.directory / _FILE
        write_durably(path, lambda p: p.write_text(text, encoding="utf-8"))

    def foresee(self, purpose: str, texts: int, characters: int | None) -> float | None:
        """Seconds that so many texts would take; None where nothing was measured here."""
        here = self._read().get(self._where, {})
        measured = [here[purpose]] if purpose in here else list(here.values())
        total = {k: sum(m[k] for m in measured) for k in ("texts", "characters", "seconds")}
        if not total["characters"]:
            return None
        if characters is None:
            characters = texts * total["characters"] / total["texts"]
        return characters * total["seconds"] / total["characters"]

    @property
    def _where(self) -> str:
        """The machine and what decides its pace."""
        device, batch = self.settings["embedding.device"], self.settings["embedding.batch_size"]
        return f"{socket.gethostname()} on={self.on} device={device} batch={batch} threads={self.settings['threads']}"

    def _read(self) -> dict[str, dict[str, Mapping[str, float]]]:
        """Empty where nothing was measured, or what lies there is nothing of ours."""
        try:
            known = json.loads((self.store.directory / _FILE).read_text(encoding="utf-8"))
            return {
                where: {purpose: {k: float(m[k]) for k in ("texts", "characters", "seconds")} for purpose, m in some.items()}
                for where, some in known.items()
            }  # fmt: skip
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}
