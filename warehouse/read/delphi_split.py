"""One split of a Delphi run's latents cache: its sound entries in order, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from warehouse.read.content import InputFile

FEATURE_FILE = re.compile(r"(?s)(?P<module>.*)_(?:latent|feature)(?P<latent>\d{1,10})\.txt")
SPLIT_NAME = re.compile(r"(\d+)_(\d+)\.safetensors")


NO_TOKENS = "missing field: tokens (Delphi writes the prompts where save_tokens is on)"


class DamageError(Exception):
    """A file is not what it should be; the message says why, for quarantine."""


@dataclass(frozen=True)
class Split:
    """Entries of a split that are sound, sorted by (latent, prompt, position), and its prompts.

    latent, prompt, position: integers (n,); activation: float32 (n,); tokens: integers (prompts,
    ctx_len). `refused`: (reason, places in the file) of the entries that are not.
    """

    latent: np.ndarray
    prompt: np.ndarray
    position: np.ndarray
    activation: np.ndarray
    tokens: np.ndarray
    refused: Sequence[tuple[str, np.ndarray]]
    locations: np.ndarray
    values: np.ndarray


def split_range(path: Path) -> tuple[int, int] | None:
    """(first, last) latent of a split by its name, both inclusive; None for another file."""
    found = SPLIT_NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2])) if found else None


def read_tokens(file: InputFile) -> np.ndarray:
    with Archive(file) as archive:
        if "tokens" not in archive.names:
            raise DamageError(NO_TOKENS)
        return _as_tokens(archive.tensor("tokens"))


def read_split(file: InputFile) -> Split:
    """DamageError says what is wrong with the file as a whole."""
    import numpy as np

    tokens = read_tokens(file)
    with Archive(file) as archive:
        for name in ("locations", "activations"):
            if name not in archive.names:
                raise DamageError(f"missing field: {name}")
        locations, values = archive.tensor("locations"), archive.tensor("activations")
    if locations.ndim != 2 or locations.shape[1] != 3 or locations.dtype.kind not in "iu":
        raise DamageError("wrong type: locations are not rows of (prompt, position, latent)")
    if values.ndim != 1 or values.dtype.kind != "f":
        raise DamageError("wrong type: activations are not a list of numbers")
    if len(locations) != len(values):
        raise DamageError(
            f"lengths that do not fit: {len(locations)} locations, {len(values)} activations"
        )
    first, last = split_range(file.path) or (0, 2**32 - 1)
    prompt, position, latent = (np.ascontiguousarray(locations[:, i]) for i in range(3))
    refused = []
    good = np.ones(len(values), bool)
    for reason, bad in (
        ("unknown prompt id", (prompt < 0) | (prompt >= tokens.shape[0])),
        ("token position outside the prompt", (position < 0) | (position >= tokens.shape[1])),
        ("latent outside the split", (latent < 0) | (latent > last - first)),
        ("value not finite", ~np.isfinite(values)),
        ("value negative", values < 0),
    ):
        if bad.any():
            refused.append((reason, np.flatnonzero(bad & good)))
            good &= ~bad
    kept = np.flatnonzero(good) if refused else None
    order = _order(prompt, position, latent, kept)
    repeats = _repeats(prompt, position, latent, order)
    if len(repeats):
        refused.append(("duplicate (feature, prompt, position)", order[repeats]))
        order = np.delete(order, repeats)
    return Split(
        latent[order].astype(np.int64) + first, prompt[order], position[order],
        values[order].astype(np.float32), tokens, refused, locations, values,
    )  # fmt: skip


def _order(
    prompt: np.ndarray, position: np.ndarray, latent: np.ndarray, kept: np.ndarray | None
) -> np.ndarray:
    """Places of the entries by (latent, prompt, position); a cache is written by prompt already."""
    import numpy as np

    if kept is not None:
        prompt, position, latent = prompt[kept], position[kept], latent[kept]
    order = np.argsort(latent, kind="stable")  # of 16-bit numbers a radix sort
    p, q, own = prompt[order], position[order], latent[order]
    ahead = (own[1:] != own[:-1]) | (p[1:] > p[:-1]) | ((p[1:] == p[:-1]) & (q[1:] >= q[:-1]))
    if not ahead.all():
        order = np.lexsort((position, prompt, latent))
    return order if kept is None else kept[order]


def _repeats(
    prompt: np.ndarray, position: np.ndarray, latent: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Where in `order` an entry has the latent, prompt and position of the one before."""
    import numpy as np

    same = np.ones(max(0, len(order) - 1), bool)
    for column in (position, prompt, latent):
        own = column[order]
        same &= own[1:] == own[:-1]
    return np.flatnonzero(same) + 1


def _as_tokens(tokens: np.ndarray) -> np.ndarray:
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu" or not tokens.shape[1]:
        raise DamageError("wrong type: tokens are not rows of token ids")
    return tokens


def assert_same_tokens(file: InputFile, tokens: np.ndarray, known: dict[str, str]) -> None:
    """Every split of a run repeats the prompts; other prompts are of another run."""
    import hashlib

    import numpy as np

    # int32 and int64 of the same ids are the same prompts.
    content = hashlib.blake2b(np.ascontiguousarray(tokens.astype(np.int64)).data, digest_size=16)
    content.update(str(tokens.shape).encode())
    first, digest = next(iter(known.items()), (file.name, content.hexdigest()))
    if digest != content.hexdigest():
        raise DamageError(f'other prompts than in "{first}"')
    known[first] = digest


class Archive:
    """A safetensors file as NumPy arrays, one tensor at a time; DamageError for whatever is wrong."""

    def __init__(self, file: InputFile) -> None:
        from safetensors import SafetensorError, safe_open

        if file.status == "unreadable":
            raise DamageError(f"unreadable file: {file.note}")
        try:
            self._archive = safe_open(file.path, framework="np")
            self.names = frozenset(self._archive.keys())
        except (OSError, SafetensorError) as error:
            raise DamageError(f"unreadable file: {error}") from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        del self._archive

    def tensor(self, name: str) -> np.ndarray:
        from safetensors import SafetensorError

        try:
            return self._archive.get_tensor(name)
        except (OSError, KeyError, TypeError, SafetensorError) as error:
            raise DamageError(f"unreadable file: {name}: {error}") from None
