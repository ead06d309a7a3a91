"""A Delphi run and its latents cache, read from SPEC-INPUTS.md, sections 1 and 2, alone.

"INPUTS 2 'Cache'" means: SPEC-INPUTS.md, section 2, the item that begins with that word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.independent import recompute as rc


@dataclass(frozen=True)
class Entries:
    """All entries of one latent in the order of the cache: by prompt, then by position."""

    prompts: np.ndarray
    positions: np.ndarray
    values: np.ndarray  # float64, of float16

    def examples(self, latent: int) -> list[rc.Example]:
        """INPUTS 2 'Record': one per prompt, with all its pairs."""
        starts = np.flatnonzero(np.diff(self.prompts, prepend=-1))
        found = []
        for start, stop in zip(starts, [*starts[1:], len(self.prompts)], strict=True):
            values = self.values[start:stop].tolist()
            pairs = list(zip(self.positions[start:stop].tolist(), values, strict=True))
            position, largest = rc.max_pair(pairs)
            found.append(rc.Example(latent, int(self.prompts[start]), pairs, largest, position))
        return found


NOTHING = Entries(*(np.zeros(0, dtype) for dtype in (int, int, float)))


@dataclass(frozen=True)
class Run:
    """One hookpoint of a run."""

    home: Path  # results/NAME
    hookpoint: str
    config: dict[str, Any]
    tokens: np.ndarray  # prompts, ctx_len: token ids
    strings: dict[int, str]  # token id -> string
    entries: dict[int, Entries]
    splits: dict[str, tuple[int, int, int]]  # file name -> first latent, last latent, entries
    counted: dict[int, int]  # latent -> Delphi's own firing count
    decoder: np.ndarray

    @property
    def llm(self) -> str:
        """INPUTS 2 'Source': the one model that explains and scores."""
        return self.config["explainer_model"]

    @property
    def sae_id(self) -> str:
        return f"{self.config['sparse_model']}/{self.hookpoint}"

    @cached_property
    def prompts(self) -> list[list[str]]:
        """A prompt is a row of `tokens`; its strings."""
        return [[self.strings[token] for token in row] for row in self.tokens.tolist()]

    def files(self, *parts: str) -> dict[int, Path]:
        """INPUTS 1: the files that are named exactly `<hookpoint>_latent<ID>.txt`."""
        before = self.hookpoint.replace("/", "--") + "_latent"
        folder = self.home.joinpath(*parts)
        found = {}
        for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            rest = path.stem.removeprefix(before)
            if path.stem.startswith(before) and rest.isdecimal():
                found[int(rest)] = path
        return found

    def explanations(self, in_scope: Callable[[int], bool]) -> dict[int, list[rc.Explanation]]:
        """The explanations by feature; a sentinel is none."""
        found = {}
        for latent, path in sorted(self.files("explanations").items()):
            text = rc.read_explanation(path)
            if text is not None and in_scope(latent):
                found[latent] = [rc.Explanation(latent, self.llm, self.home.name, text)]
        return found


def in_numbers_order(folder: Path) -> list[Path]:
    """INPUTS 2 'Cache': `<start>_<end>.safetensors` by their numbers, not as text."""
    return sorted(folder.glob("*_*.safetensors"), key=lambda p: int(p.stem.split("_")[0]))


def by_latent(locations: np.ndarray, values: np.ndarray, first: int) -> dict[int, Entries]:
    """The entries of one split, told apart by latent, in the order in which they stand."""
    latents = locations[:, 2].astype(np.int64) + first
    order = np.argsort(latents, kind="stable")
    ids, starts = np.unique(latents[order], return_index=True)
    prompts = locations[order, 0].astype(np.int64)
    positions = locations[order, 1].astype(np.int64)
    ordered = values[order].astype(np.float64)
    found = {}
    for latent, start, stop in zip(ids, starts, [*starts[1:], len(order)], strict=True):
        mine = slice(start, stop)
        found[int(latent)] = Entries(prompts[mine], positions[mine], ordered[mine])
    return found


def token_strings(ids: Iterable[int], tokenizer: Path) -> dict[int, str]:
    """INPUTS 2 'Cache': the tokenizer's decode of single ids."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(tokenizer))
    return {i: loaded.decode([i], skip_special_tokens=False) for i in ids}


def read_run(raw: Path, hookpoint: str | None = None) -> Run:
    """The run under `raw`, its weights and its tokenizer, wherever they lie; None: its only hookpoint."""
    import torch
    from safetensors.numpy import load_file

    (config_file,) = raw.rglob("run_config.json")
    home = config_file.parent
    config = json.loads(config_file.read_text("utf-8"))
    hookpoint = hookpoint or config["hookpoints"][0]
    entries: dict[int, Entries] = {}
    splits, tokens = {}, None
    for path in in_numbers_order(home / "latents" / hookpoint):
        first, last = map(int, path.stem.split("_"))
        split = load_file(path)
        splits[path.name] = (first, last, len(split["activations"]))
        entries |= by_latent(split["locations"], split["activations"], first)
        tokens = split["tokens"] if tokens is None else tokens
    counted = {}
    counts_file = home / "log" / "hookpoint_firing_counts.pt"
    if counts_file.exists():
        counts = torch.load(counts_file, weights_only=True)[hookpoint]
        counted = dict(enumerate(counts.tolist()))
    (weights,) = (
        p for p in raw.rglob("sae.safetensors") if str(p.parent).endswith(f"/{hookpoint}")
    )
    (tokenizer,) = raw.rglob("tokenizer.json")
    return Run(
        home,
        hookpoint,
        config,
        tokens,
        token_strings(np.unique(tokens).tolist(), tokenizer),
        entries,
        splits,
        counted,
        rc.read_safetensors(weights)["W_dec"].astype(np.float32),
    )


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def kept_examples(
    examples: list[rc.Example], settings: dict[str, Any], most: int
) -> list[rc.Example]:
    """INPUTS 2 'Record', kept: the sampled ones, and of the others the first `most` by md5."""
    quantiles, each = (
        rc.setting(settings, f"sampling.{key}") for key in ("quantiles", "per_quantile")
    )
    sampled = {e.prompt for _, e in rc.sample_feature(examples, quantiles, each)[0]}
    others = [e for e in examples if e.prompt not in sampled]
    others.sort(key=lambda e: md5(f"{e.feature}-{e.prompt}"))
    return sorted(
        [e for e in examples if e.prompt in sampled] + others[:most], key=lambda e: e.prompt
    )
