"""The embedding model, loaded: texts → vectors. Only `load_encoder` imports torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from embed.model_files import HINT_LOCAL, ModelFiles, assert_safe
from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.settings import Settings

if TYPE_CHECKING:
    import numpy as np


class Encoder(Protocol):
    """A loaded embedding model. A new backend is a class of this form and a line in `load_encoder`."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """What each text costs to encode: texts of like cost share a batch."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), dimension), a row for each text in its order."""


def load_encoder(settings: Settings, files: ModelFiles) -> Encoder:
    """Load a model's weights onto the devices of the settings."""
    return SentenceEncoder.load(settings, files)


@dataclass(frozen=True)
class SentenceEncoder:
    """A loaded model of sentence-transformers. `pool`: its processes, with several devices."""

    model: object
    batch_size: int
    prompt: str
    normalize: bool
    pool: object | None = None

    @classmethod
    def load(cls, settings: Settings, files: ModelFiles) -> SentenceEncoder:
        """Load the weights (safetensors only, never pickled or remote code) onto the devices."""
        assert_safe(files)
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
            raise WarehouseError(
                f'model "{files.name}" in "{files.path}" cannot be loaded: {first_line(error)}',
                "it must be a sentence-transformers model with safetensors weights; " + HINT_LOCAL,
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
        """float32 (len(texts), dimension). Texts that are next to each other share a batch: the least
        padding where they are of like length."""
        import numpy as np

        step = len(texts) if self.pool else self.batch_size  # a pool cuts its own batches
        some = range(0, len(texts), max(step, 1))
        vectors = np.concatenate([self._encode(list(texts[at : at + step])) for at in some])
        if bad := int((~np.isfinite(vectors).all(axis=1)).sum()):
            raise WarehouseError(
                f"{bad:,} of {len(vectors):,} vectors hold what is no number: the model's activations "
                "are too large for its precision, or its weights are damaged",
                "--set embedding.precision=float32, or bfloat16",
            )
        return vectors

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
