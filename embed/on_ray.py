"""Workers on a Ray cluster: actors that load the encoder once and write parts on the shared disk.

Ray decides where they run, starts them anew where they died, and says when one is back. Ours is
what to do: a batch whose worker died is given to whichever worker is free. The driver sends texts
and gets the names of parts; no vector passes through it.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from embed.encoder import Encoder
from embed.model_files import fingerprint, locate
from embed.store import Batch, VectorStore
from embed.workers import Done, Filling
from warehouse import __version__
from warehouse.cluster import HINT, assert_shared, connect, node_name, write_marker
from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.layout import Layout
from warehouse.settings import Settings

_CORES = 4  # of a worker without a GPU, where `threads` does not say it
_ATTEMPTS = 4  # workers that may die of one batch
_VISIBLE_AFTER = (
    90.0  # seconds until a part of another node must be seen here: NFS keeps names for 60
)
_DECIDES = ("torch", "transformers", "sentence-transformers")  # packages that decide a vector


@dataclass(frozen=True)
class Share:
    """How many workers there are, and what Ray gives to each."""

    count: int
    cpus: int
    gpus: int

    @classmethod
    def of(cls, settings: Settings, nodes: Sequence[Mapping[str, float]]) -> Share:
        """One worker per GPU; without GPUs one per few cores. `nodes`: what each of them has.

        UsageError when `embedding.device` names GPUs and there is none.
        """
        device = str(settings["embedding.device"])
        gpus = sum(int(node.get("GPU", 0)) for node in nodes)
        if gpus and (device == "auto" or device.startswith("cuda")):
            return cls(gpus, 0, 1)
        if device.startswith("cuda"):
            raise UsageError(
                f'setting "embedding.device": "{device}", and no node of the cluster has a GPU',
                "start its nodes with --num-gpus, or --set embedding.device=auto",
            )
        cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
        if not cores:
            raise WarehouseError(
                'the Ray cluster has neither a "GPU" nor a "CPU" to give',
                "start its nodes with --num-cpus or --num-gpus",
            )
        cpus = min(int(settings["threads"]) or _CORES, *cores)
        return cls(sum(n // cpus for n in cores), cpus, 0)

    def settings(self, settings: Settings) -> Settings:
        """The settings of one worker: its own device and its own cores."""
        device = "cuda" if self.gpus else str(settings["embedding.device"]).replace("auto", "cpu")
        own = {"embedding.device": device, "threads": self.cpus or settings["threads"]}
        return replace(settings, values={**settings.values, **own})


class Embedder:
    """The actor: one process of a node, with the GPU or the cores that Ray gave to it."""

    def __init__(self, marker: Path, wanted: Mapping[str, str]) -> None:
        self.marker = marker
        self.wanted = wanted
        self.encoders: dict[Path, Encoder] = {}

    def open(self, filling: Filling) -> int:
        """Load the store's encoder; its dimension. WarehouseError names the node."""
        if filling.store.directory not in self.encoders:
            try:
                self._assert_like_driver(filling)
                self.encoders[filling.store.directory] = filling.load(
                    filling.settings, filling.files
                )
            except WarehouseError as error:
                raise WarehouseError(f"node {node_name()}: {error.message}", error.hint) from None
        return self.encoders[filling.store.directory].dimension

    def write(self, filling: Filling, batch: Batch) -> str:
        """Make the batch's part, if it is not there already; the part's name."""
        self.open(filling)
        encoder = self.encoders[filling.store.directory]
        part = filling.store.part_of(batch)
        if not part.exists():  # the worker that made it died before it could say so
            vectors = batch.encode(encoder.encode, lambda texts: None, encoder.count_tokens)
            filling.store.append(batch, vectors)
        return part.name

    def _assert_like_driver(self, filling: Filling) -> None:
        """WarehouseError unless the node shares the disk, the packages and the model's files."""
        assert_shared(self.marker)
        differing = [
            f"{k} {v} instead of {self.wanted[k]}"
            for k, v in _versions().items()
            if v != self.wanted[k]
        ]
        if differing:
            raise WarehouseError(f'"{sys.prefix}" has {", ".join(differing)}', HINT)
        files = locate(filling.model, download=True)
        if fingerprint(filling.settings, files) != filling.store.directory.name:
            raise WarehouseError(
                f'model "{filling.model}" has revision {files.revision} in "{files.path}" '
                f"instead of {filling.files.revision}",
                HINT,
            )


def _versions() -> dict[str, str]:
    """The versions of what decides a vector; a build for another GPU is the same version."""

    def of(package: str) -> str:
        try:
            return version(package).partition("+")[0]
        except PackageNotFoundError:
            return "none"

    python = ".".join(map(str, sys.version_info[:2]))
    return {"python": python, "sae-feature-warehouse": __version__, **{p: of(p) for p in _DECIDES}}


@dataclass(eq=False)
class RayWorkers:
    """The actors of one build. They end with `close`, or with the process that holds this object."""

    ray: ModuleType
    share: Share
    marker: Path  # the directory by which a node shows that it sees the data directory
    actors: list[object] = field(default_factory=list)

    @classmethod
    def start(cls, on: str, settings: Settings, layout: Layout, among: int = 1) -> RayWorkers:
        """Ask the cluster for workers, for one of `among` builds; they come when there is room."""
        ray = connect(on)
        share = Share.of(settings, [n["Resources"] for n in ray.nodes() if n["Alive"]])
        marker = write_marker(layout.work)
        embedder = ray.remote(Embedder).options(
            num_cpus=share.cpus, num_gpus=share.gpus, max_restarts=-1
        )
        workers = cls(ray, share, marker)
        workers.actors += [
            embedder.remote(marker, _versions()) for _ in range(max(share.count // among, 1))
        ]
        return workers

    @property
    def at_once(self) -> int:
        return len(self.actors)

    def fill(
        self, filling: Filling, batches: Iterable[Batch], begin: Callable[[], None], done: Done
    ) -> None:
        """Make a part of every batch, each by one worker; in whichever order they are free."""
        store = VectorStore(filling.store.directory.absolute())
        sent = replace(filling, settings=self.share.settings(filling.settings), store=store)
        _Fill(self, filling, self.ray.put(sent), iter(batches), begin, done).run()

    def close(self) -> None:
        """End the actors: Ray gives their cores to the builds that wait for them.

        This object may live on in a reference cycle of an idle process, and its actors with it.
        """
        while self.actors:
            self.ray.kill(self.actors.pop())
        shutil.rmtree(self.marker, ignore_errors=True)


@dataclass(eq=False)
class _Fill:
    """The parts of one store under way: each worker has at most one call that is not answered."""

    workers: RayWorkers
    filling: Filling
    sent: object  # the filling, as Ray holds it
    batches: Iterable[Batch]
    begin: Callable[[], None]
    done: Done
    calls: dict[object, tuple[object, Batch | None]] = field(default_factory=dict)
    free: deque[object] = field(default_factory=deque)
    again: list[Batch] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)

    def run(self) -> None:
        for actor in self.workers.actors:
            self._open(actor)
        while self._give() or any(batch for _, batch in self.calls.values()):
            [call], _ = self.workers.ray.wait(list(self.calls), num_returns=1)
            self._answered(call)
        _await_parts(self.filling.store, self.names)

    def _open(self, actor: object) -> None:
        """Ask a worker to load the encoder. Ray asks again whenever it has started it anew."""
        call = actor.open.options(max_task_retries=-1).remote(self.sent)
        self.calls[call] = (actor, None)

    def _give(self) -> bool:
        """Give batches to free workers; whether any batch is left for one that is not free yet."""
        while batch := self.again.pop() if self.again else next(self.batches, None):
            if not self.free:
                self.again.append(batch)
                return True
            actor = self.free.popleft()
            self.calls[actor.write.remote(self.sent, batch)] = (actor, batch)
        return False

    def _answered(self, call: object) -> None:
        actor, batch = self.calls.pop(call)
        try:
            answer = self.workers.ray.get(call)
        except self.workers.ray.exceptions.RayActorError as error:
            self._died(actor, batch, error)
            return
        except self.workers.ray.exceptions.RayTaskError as error:
            raise _explained(error) from None
        if batch is None:
            self.filling.describe(answer)
            if not self.names:
                self.begin()
        else:
            self.names.add(answer)
            self.done(batch.texts)
        self.free.append(actor)

    def _died(self, actor: object, batch: Batch | None, error: Exception) -> None:
        """Keep the batch for another worker; the one that died is asked to open again."""
        if batch is None:
            raise WarehouseError(f"a worker of the cluster could not start: {_reason(error)}", HINT)
        self.attempts[batch.keys[0]] += 1
        if self.attempts[batch.keys[0]] == _ATTEMPTS:
            raise WarehouseError(
                f"{_ATTEMPTS} workers died of the same {len(batch.texts)} texts: {_reason(error)}",
                "a smaller batch takes less memory: --set embedding.batch_size=16",
            )
        self.again.append(batch)
        self._open(actor)


def _explained(error: Exception) -> WarehouseError:
    """What a worker raised, as an error of ours."""
    if isinstance(error.cause, WarehouseError):
        return WarehouseError(error.cause.message, error.cause.hint)
    return WarehouseError(
        f"a worker failed: {_reason(error.cause)}",
        "its log is below Ray's session directory, in logs/",
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _await_parts(store: VectorStore, names: set[str]) -> None:
    """Wait until this node sees the parts: a network file system may show new names late."""
    end = time.monotonic() + _VISIBLE_AFTER
    while hidden := names - {part.name for part in store.parts()}:
        if time.monotonic() > end:
            raise WarehouseError(
                f'"{store.directory / min(hidden)}" was written by another node and is not seen here',
                "the file system must show new files to all nodes; " + HINT,
            )
        time.sleep(0.2)
