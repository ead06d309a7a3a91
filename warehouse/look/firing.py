"""What a card says of how often a feature fires, and of a user's own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Statistics:
    """How often and how strongly the feature fires; `basis`: corpus, or sample (its records alone).

    `density` is null where it is not known, and for a sample always. Tokens are {token, count, mean,
    max}, logits {token, value}.
    """

    basis: str
    num_tokens: int | None
    firing_count: int | None
    density: float | None
    is_dead: bool | None
    is_dense: bool | None
    max_activation: float | None
    mean_activation: float | None
    top_tokens: Sequence[Mapping[str, object]]
    top_token_share: float | None
    token_entropy: float | None
    top_logits: Sequence[Mapping[str, object]]
    bottom_logits: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Own:
    """A figure or a tag of a user's own files."""

    name: str
    explainer: str | None
    scorer: str | None
    value: str
