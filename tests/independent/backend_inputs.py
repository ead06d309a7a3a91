"""What the backend's files are recomputed from: records, samples, vectors, neighbours, scores."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.independent import backend_words as bw
from tests.independent import recompute as rc

Scores = dict[tuple[str, int], list[tuple[str, dict[str, float | None]]]]

# NEXT names five of these settings; for the others the names here are a guess, and what counts
# is the number.
DEFAULTS: dict[str, Any] = {
    "tokens.marker": "auto",
    "tokens.special": list(bw.SPECIAL),
    "windows.text": "tokens",
    "display.rank_by": "occurrences",
    "display.min_examples": 2,
    "display.per_quantile": 2,
    "display.semantic_threshold": 0.3,
    "display.lexical_threshold": 0.6,
    "pairs.per_quantile": 4,
    "pairs.positions_per_quantile": 2,
    "pairs.semantic_threshold": 0.3,
    "pairs.char_threshold": 0.7,
    "pairs.word_threshold": 0.8,
    "clustering.max_features": 20_000,
    "clustering.min_cluster_size": 10,
    "clustering.min_samples": 5,
    "clustering.epsilon": 0.2,
}
ORDERS = {  # ours -> the settings file's
    "sources": "explanations.sources",
    "explainers": "explanations.explainers",
    "scorers": "scores.scorers",
}
CHAR_REACH, PAIR_CHAR_REACH, WORD_REACH = 1, 0, 5


def read_settings(data: Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """The settings file of a data directory, `[table] key` as "table.key", and KEY=VALUE over it."""
    place = data / "warehouse.toml"
    tables = tomllib.loads(place.read_text("utf-8")) if place.exists() else {}
    plain: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, dict) and name != "models":
            plain |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            plain[name] = value
    for override in overrides:
        key, _, text = override.partition("=")
        try:
            plain[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            plain[key] = text
    return plain | {ours: plain[theirs] for ours, theirs in ORDERS.items() if theirs in plain}


@dataclass(frozen=True)
class Drawn:
    """One sampled example: its quantile and rank from 1, in sample order."""

    quantile: int
    rank: int
    example: rc.Example
    text: str  # of its embedding window


@dataclass(frozen=True)
class Inputs:
    """All that the files of SPEC-NEXT are computed from; `wanted` None = every feature."""

    raw: Path
    settings: dict[str, Any]
    wanted: set[int] | None
    sources: list[rc.Source]
    names: dict[str, str]
    sae_id: str
    prompts: list[Any]
    marker: str
    examples: dict[int, list[rc.Example]]
    explained: dict[int, list[rc.Explanation]]
    neighbours: dict[int, list[tuple[int, float]]]  # of every explained feature
    samples: dict[int, list[Drawn]]
    vectors: rc.Vectors

    def setting(self, key: str) -> Any:
        """A setting, or its default of SPEC-NEXT.md or SPEC.md."""
        return self.settings[key] if key in self.settings else {**rc.DEFAULTS, **DEFAULTS}[key]

    def is_wanted(self, feature: int) -> bool:
        """Whether a feature's rows are to be compared."""
        return self.wanted is None or feature in self.wanted

    def selected(self, feature: int) -> list[tuple[int, float]]:
        """SPEC 3 'Between features': the nearest neighbours that have samples."""
        with_sample = [(i, s) for i, s in self.neighbours[feature] if self.examples_of(i)]
        return with_sample[: self.setting("interfeature.neighbours")]

    def examples_of(self, feature: int) -> list[rc.Example]:
        """The examples of a feature that have an activation."""
        return [e for e in self.examples.get(feature, []) if e.pairs]

    def similarity(self, feature: int) -> float | None:
        """SPEC 3 'Pairwise activation similarity': the mean, None for fewer than 2 examples."""
        vectors = [self.vectors[drawn.text] for drawn in self.samples.get(feature, [])]
        return rc.pairwise_statistics(vectors)["mean"]

    @cached_property
    def special(self) -> frozenset[str]:
        """The special tokens."""
        return frozenset(self.setting("tokens.special"))

    @cached_property
    def _words(self) -> dict[int, list[bw.Word]]:
        return {}

    def words(self, prompt: int) -> list[bw.Word]:
        """The words of one prompt, built once."""
        if prompt not in self._words:
            self._words[prompt] = bw.words_of(self.prompts[prompt], self.marker, self.special)
        return self._words[prompt]

    def char_ngrams(self, example: rc.Example, reach: int) -> dict[bw.Ngram, list[tuple[int, int]]]:
        """The character n-grams of an example's window."""
        tokens = self.prompts[example.prompt]
        places = bw.window(example.max_position, reach, len(tokens))
        return bw.char_ngrams(tokens, places, self.marker, self.special)

    def word_ngrams(self, example: rc.Example) -> dict[bw.Ngram, list[int]]:
        """The word n-grams of an example's window."""
        length = len(self.prompts[example.prompt])
        places = bw.window(example.max_position, WORD_REACH, length)
        return bw.word_ngrams(self.words(example.prompt), places)


def draw(examples: list[rc.Example], prompts: list[Any], settings: dict[str, Any]) -> list[Drawn]:
    """SPEC 3 'Quantile sampling' with ranks and the texts of the embedding windows."""
    sample, _ = rc.sample_feature(
        examples,
        rc.setting(settings, "sampling.quantiles"),
        rc.setting(settings, "sampling.per_quantile"),
    )
    ranks: Counter[int] = Counter()
    size = rc.setting(settings, "windows.embedding_tokens")
    drawn = []
    for quantile, example in sample:
        ranks[quantile] += 1
        text = rc.embedding_text(example, prompts[example.prompt], size, settings)
        drawn.append(Drawn(quantile, ranks[quantile], example, text))
    return drawn


def decoder_neighbours(
    decoder: np.ndarray, features: list[int], count: int, block: int = 512
) -> dict[int, list[tuple[int, float]]]:
    """SPEC 3 'Decoder neighbours' as `recompute` has it, some hundred features at a time."""
    rows = decoder.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1)
    rows = np.divide(rows, norms[:, None], out=np.zeros_like(rows), where=norms[:, None] > 0)
    result = {}
    for start in range(0, len(features), block):
        ids = features[start : start + block]
        sims = (rows[ids] @ rows.T).astype(np.float32)
        for feature, line in zip(ids, sims, strict=True):
            line[feature] = -np.inf
            keep = min(count, len(line) - 1)
            if keep < 1:
                result[feature] = []
                continue
            least = np.partition(line, -keep)[-keep]
            candidates = np.flatnonzero(line >= least)  # all that tie with the last one
            order = candidates[np.lexsort((candidates, -line[candidates]))][:keep]
            result[feature] = [(int(i), float(line[i])) for i in order]
    return result


def gather(
    raw: Path, settings: dict[str, Any], embed: rc.Embed, features: Iterable[int] | None = None
) -> Inputs:
    """Read a raw tree and embed what the wanted features' rows need (None: every feature's)."""
    raw = Path(raw)
    sources = rc.read_sources(raw)
    prompts = rc.read_prompts(raw)
    settings = rc.with_marker(settings, prompts)
    in_scope = rc.parse_scope(rc.setting(settings, "scope.features"))
    examples = rc.read_examples(raw, prompts, in_scope)
    explained = rc.read_explanations(raw, sources, settings)
    decoder = rc.read_decoder(raw, max([*examples, *explained], default=-1))
    count = rc.setting(settings, "neighbours.count")
    inputs = Inputs(
        raw=raw,
        settings=settings,
        wanted=None if features is None else set(features),
        sources=sources,
        names=rc.full_names(sources, settings),
        sae_id=rc.sae_id_of(sources, settings),
        prompts=prompts,
        marker=settings["tokens.marker"],
        examples=examples,
        explained=explained,
        neighbours=decoder_neighbours(decoder, list(explained), count),
        samples={},
        vectors={},
    )
    own = [f for f in {*examples, *explained} if inputs.is_wanted(f)]
    theirs = {i for f in own if f in explained for i, _ in inputs.selected(f)}
    for feature in sorted({*own, *theirs}):
        inputs.samples[feature] = draw(examples.get(feature, []), prompts, settings)
    texts = [e.text for f in own for e in explained.get(f, [])]
    most = inputs.setting("pairs.per_quantile")
    for feature, sample in inputs.samples.items():
        whole = inputs.is_wanted(feature)
        texts += [drawn.text for drawn in sample if whole or drawn.rank <= most]
    rc.add_vectors(inputs.vectors, texts, embed)
    return inputs


def near(value: float | None, threshold: float, reach: float = 1e-5) -> bool:
    """Whether float noise may put a value on the other side of a threshold."""
    return value is not None and abs(value - threshold) <= reach
