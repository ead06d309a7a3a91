"""What a card shows first: tokens with their activations, in sampled examples and in judged ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Token:
    """A token of an example's window. `ngram`: [start, end) of its characters in the n-gram."""

    text: str
    activation: float | None
    ngram: Sequence[tuple[int, int]]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text cut where the n-gram begins and ends: (text, whether inside)."""
        inside = {i for start, end in self.ngram for i in range(start, end)}
        cuts = [i for i in range(1, len(self.text)) if (i in inside) != (i - 1 in inside)]
        return [
            (self.text[a:b], a in inside) for a, b in pairwise([0, *cuts, len(self.text)]) if a < b
        ]


@dataclass(frozen=True)
class Example:
    """A sampled example: the window of tokens around its largest activation."""

    quantile: int
    rank: int
    prompt_id: int
    max_activation: float
    max_position: int
    num_tokens: int
    first_position: int
    tokens: Sequence[Token]


@dataclass(frozen=True)
class WrongExample:
    """An example that a scorer judged wrong. `distance`: Delphi's quantile of an activating one.

    `probability`: the scorer's P(activating), where recorded; `tokens`: none without the raw file.
    """

    file: str
    line: int
    activating: bool | None
    distance: float | None
    probability: float | None
    tokens: Sequence[Token]

    @property
    def told(self) -> str:
        """What was wrong, in words."""
        if not self.activating:
            return "false alarm"
        return "missed" if self.distance is None else f"missed, distance {self.distance:g}"

    @property
    def max_activation(self) -> float:
        """What shading is relative to."""
        return max((t.activation or 0 for t in self.tokens), default=0.0)


@dataclass(frozen=True)
class Judgement:
    """How one scorer judged the examples of one explainer's explanation; `wrong`: at most 20."""

    explainer: str
    scorer: str
    method: str
    right: int
    missed: int
    false_alarms: int
    failed: int
    wrong: Sequence[WrongExample]
