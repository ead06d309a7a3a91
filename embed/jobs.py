"""The jobs of the graph, each in a file of its own. A new job is one more file, and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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


def jobs_on(on: str, among: int = 1) -> Sequence[Job]:
    """The jobs, of which those that embed texts do it there: "local", "ray", "auto" or an address.

    `among`: how many builds share the workers of a cluster.
    """
    return [replace(job, on=on, among=among) if isinstance(job, TextJob) else job for job in JOBS]
