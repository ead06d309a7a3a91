"""The shared directories that the field's own tools wrote: unpacked once, or the test is skipped."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.raw_tree import stage

SHARED = Path(__file__).resolve().parents[3] / "shared" / "producers"
Once = Callable[[str, Callable[[Path], None]], Path]
HOOKPOINTS = ("encoder.layer.3", "encoder.layer.3.attention")
# All that is read of a run and of an export, and the statistics; nothing that needs a vector.
OF_RUN = (
    "+staging.files",
    "+staging.activation_examples",
    "+analysis.feature_statistics",
    "+analysis.score_metrics",
    "+analysis.scores_long",
    "+analysis.samples",
    "+analysis.window_overlap",
    "+audits.records_reconcile",
    "+audits.quarantine_share",
)
OF_EXPORT = (
    "+staging.files",
    "+staging.example_groups",
    "+analysis.explanations",
    "+analysis.feature_statistics",
    "+analysis.decoder_neighbours",
    "+analysis.samples",
    "+audits.records_reconcile",
    "+audits.quarantine_share",
    "+audits.sae_id_known",
)


def unpacked(once: Once, name: str) -> Path:
    """The directory of one producer, with its `oracle/` beside."""
    archive = SHARED / f"{name}.tar.gz"
    if not archive.exists():
        pytest.skip(f"../shared/producers/{archive.name} is not here")

    def fill(directory: Path) -> None:
        with tarfile.open(archive) as opened:
            opened.extractall(directory, filter="data")

    return once(name, fill) / name


def copied(source: Path, data: Path, name: str, *without: str) -> Path:
    """A data directory with a copy of a producer's files; `without` names parts that it lacks.

    Links would do but for the time of change that they share: a build beside it would stop.
    """
    shutil.copytree(
        source,
        data / "raw" / name,
        ignore=lambda _, names: [n for n in names if n in (*without, "oracle")],
    )
    return data


def staged_run(once: Once, hookpoint: str) -> Path:
    """The data directory of one hookpoint's run, read once a test run. Read it, never change it."""
    run = unpacked(once, "delphi_run")

    def fill(data: Path) -> None:
        stage(copied(run, data, "run"), f"input.hookpoint={hookpoint}", select=OF_RUN)

    return once(f"staged-{hookpoint}", fill)


def staged_export(once: Once) -> Path:
    """The data directory of the export, likewise."""
    export = unpacked(once, "neuronpedia_export")
    return once(
        "staged-export", lambda data: stage(copied(export, data, "export"), select=OF_EXPORT)
    )
