"""The jobs of the graph, each in a file of its own. A new job is one more file, and one line here."""

from __future__ import annotations

from embed.decoder_neighbours import DecoderNeighbours
from embed.decoder_tree import DecoderTree
from embed.failure_clusters import FailureClusters
from embed.maps import EXPLANATION_MAP, FEATURE_MAP
from embed.texts import TextJob
from warehouse.plan.graph import Job

JOBS: tuple[Job, ...] = (
    TextJob("windows"),
    TextJob("explanations"),
    TextJob("phrases"),
    TextJob("ngram_contexts", own_texts=True),
    TextJob("semantic_contexts", own_texts=True),
    DecoderNeighbours(),
    DecoderTree(),
    FailureClusters(),
    FEATURE_MAP,
    EXPLANATION_MAP,
)
