"""A feature's card: all that the published warehouse knows of one feature, as one plain structure.

The terminal, the page and JSON show the same `Card`. Each section is one query under `sql/cards/`.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.look.evidence import Example, Judgement, Token
from warehouse.look.firing import Own, Statistics
from warehouse.pages import number

_CAUSES = {
    "missed_ngram": "a missed n-gram",
    "missed_context": "a missed context",
    "noisy_activation": "noisy activation",
}
_METRICS = {
    "intra_feature_sim": "examples alike",
    "score_embedding": "embedding",
    "score_fuzz": "fuzz",
    "score_detection": "detection",
    "explanation_semantic_sim": "explainers alike",
}


@dataclass(frozen=True)
class Build:
    """The published build and those of its settings that decide what a card shows."""

    build_id: str
    finished: datetime.datetime
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Ngram:
    """The mean Jaccard of a feature's windows for one n, and the top n-gram, where there is one.

    `is_selected`: whether this n decides the pattern type.
    """

    n: int
    mean_jaccard: float | None
    ngram: str | None
    count: int | None
    is_selected: bool = False


@dataclass(frozen=True)
class Pattern:
    """What a feature fires on, with the figures that decided it. `reasons`: the same in words."""

    pattern_type: str | None
    mean_similarity: float | None
    std_similarity: float | None
    min_similarity: float | None
    max_similarity: float | None
    semantic_threshold: float
    max_jaccard: float | None
    lexical_threshold: float
    ngrams: Sequence[Ngram]
    selected: Ngram | None
    shared: Sequence[Shared]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Phrase:
    """A phrase of an explanation; `group_id`: the aligned group it belongs to, if any."""

    text: str
    chunk_index: int
    group_id: int | None


@dataclass(frozen=True)
class Segment:
    """A run of an explanation's text, inside a phrase of an aligned group or not."""

    text: str
    group_id: int | None


@dataclass(frozen=True)
class Similarity:
    """How alike another explainer's explanation is."""

    explainer: str
    cosine_similarity: float | None


@dataclass(frozen=True)
class Score:
    """One scorer's scores; null where a method is missing."""

    scorer: str
    fuzz: float | None
    simulation: float | None
    detection: float | None
    embedding: float | None


@dataclass(frozen=True)
class Cause:
    """The cause of failure that an explanation's metrics are nearest to.

    `distances`: cause and distance, the nearest first; `decisive`: metric, value and standard score
    of what speaks most for it.
    """

    cause: str
    distances: Sequence[Mapping[str, object]]
    decisive: Sequence[Mapping[str, object]]

    @property
    def sentence(self) -> str:
        """The same in words."""
        nearest, *others = self.distances
        rest = ", ".join(f"{_CAUSES[d['cause']]} {number(d['distance'])}" for d in others)
        figures = ", ".join(
            f"{_METRICS[m['metric']]} {number(m['value'])} ({m['z']:+.1f} sd)"
            for m in self.decisive
        )
        end = f": {figures}" if figures else ""
        return f"most like {_CAUSES[self.cause]}, at distance {number(nearest['distance'])} ({rest}){end}"


@dataclass(frozen=True)
class Shared:
    """The n-gram that the sampled examples share most. `kind`: words, characters."""

    kind: str
    ngram: str
    examples: int
    occurrences: int
    share: float | None


@dataclass(frozen=True)
class Explanation:
    """One explainer's explanation. `cause`: why it fails, as far as it does."""

    explainer: str
    text: str
    phrases: Sequence[Phrase]
    similarities: Sequence[Similarity]
    scores: Sequence[Score]
    cause: Cause | None

    @property
    def segments(self) -> list[Segment]:
        """The text cut at its phrases, which are in it in order."""
        found, end = [], 0
        for phrase in self.phrases:
            # As a whole word, so that the phrase "a" is not found in the "and" before it.
            before = r"(?<!\w)" if re.match(r"\w", phrase.text) else ""
            after = r"(?!\w)" if re.search(r"\w\Z", phrase.text) else ""
            place = re.compile(before + re.escape(phrase.text) + after).search(self.text, end)
            if place:
                found += [
                    Segment(self.text[end : place.start()], None),
                    Segment(phrase.text, phrase.group_id),
                ]
                end = place.end()
        return [s for s in [*found, Segment(self.text[end:], None)] if s.text]


@dataclass(frozen=True)
class Group:
    """Phrases of several explainers that mean the same."""

    group_id: int
    similarity: float
    explainers: Sequence[str]


@dataclass(frozen=True)
class Neighbour:
    """A decoder neighbour. `example_similarity`: mean over pairs of windows, where compared."""

    feature_id: int
    similarity: float
    example_similarity: float | None
    pattern_type: str | None
    num_active: int
    explanation: str | None


@dataclass(frozen=True)
class Match:
    """What matching tried. `outcome`: match, explanation_only, activation_only."""

    outcome: str
    item_type: str
    text: str
    explainer: str | None
    similarity: float
    match_type: str | None

    @property
    def told(self) -> str:
        """What came of it, in words."""
        if self.outcome == "match":
            return f"matches ({self.match_type})"
        if self.outcome == "explanation_only":
            return "only in the explanation"
        return f"only in the activations: {self.item_type.replace('_', ' ')}"


@dataclass(frozen=True)
class Card:
    """One feature. Figures that need explanations are null without; lists may be empty."""

    feature_id: int
    sae_id: str | None
    build: Build
    mean_score: float | None
    score_rank: int | None
    num_scored: int
    num_examples: int
    num_active: int
    num_sampled: int
    quantile_boundaries: Sequence[float]
    match_rate: float | None
    num_matches: int | None
    num_mismatches: int | None
    num_aligned_phrases: int | None
    pattern: Pattern
    explanations: Sequence[Explanation]
    groups: Sequence[Group]
    examples: Sequence[Example]
    neighbours: Sequence[Neighbour]
    matches: Sequence[Match]
    statistics: Sequence[Statistics]
    own: Sequence[Own]
    judgements: Sequence[Judgement]
    short_names: Mapping[str, str]

    def short(self, model: str) -> str:
        """The short name of a model, as directories have it; else its last part."""
        return self.short_names.get(model) or model.rpartition("/")[2]

    @property
    def max_activation(self) -> float:
        """The largest activation shown: what shading is relative to."""
        return max((e.max_activation for e in self.examples), default=0.0)

    @property
    def spaced(self) -> bool:
        """Whether tokens carry their own spaces; else they are shown apart."""
        return any(t.text[:1] in " ▁Ġ" for e in self.examples for t in e.tokens if t.text)

    def shade(self, token: Token, full: float | None = None) -> float:
        """How strongly a token is shaded, 0 to 1, relative to `full` (default: the largest shown)."""
        full = self.max_activation if full is None else full
        if not token.activation or full <= 0:
            return 0.0
        return min(1.0, max(0.0, token.activation / full))

    @property
    def wrong_examples(self) -> int:
        """How often judges were wrong, over all explainers, scorers and methods."""
        return sum(j.missed + j.false_alarms for j in self.judgements)

    @property
    def pairs(self) -> list[tuple[str, str, float | None]]:
        """Each two explainers once, with the similarity of their explanations."""
        order = {e.explainer: place for place, e in enumerate(self.explanations)}
        return [
            (e.explainer, other.explainer, other.cosine_similarity)
            for e in self.explanations
            for other in e.similarities
            if order[e.explainer] < order.get(other.explainer, -1)
        ]

    def quantile_range(self, quantile: int) -> str:
        """A quantile's name with the activations it spans."""
        edges = [number(edge, 1) for edge in self.quantile_boundaries]
        if not edges:
            return f"example {quantile} by ascending activation"
        if quantile == 1:
            return f"quantile 1: up to {edges[0]}"
        if quantile > len(edges):
            return f"quantile {quantile}: above {edges[-1]}"
        return f"quantile {quantile}: {edges[quantile - 2]} to {edges[quantile - 1]}"

    @property
    def untried(self) -> str:
        """Why matching tried nothing, in words; '' when it tried something."""
        if self.matches:
            return ""
        if not self.explanations:
            return "it has no explanation"
        if not self.groups:
            return "its explainers agree on no phrase"
        if self.pattern.pattern_type == "none":
            return "its pattern type is none"
        return "no n-gram occurs often enough"

    @property
    def absent(self) -> list[str]:
        """What a card may have and this one has not, one sentence each."""
        told = []
        if not any(e.scores for e in self.explanations):
            told.append("Not scored")
        if not self.num_examples:
            told.append("No activation examples")
        if not self.matches:
            told.append(f"Matching tried nothing: {self.untried}")
        if not self.neighbours:
            told.append("No decoder neighbours")
        return told

    def json(self) -> str:
        """The structure as JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2, default=str)
