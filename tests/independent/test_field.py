"""The shared Delphi run and the shared export, recomputed from SPEC-INPUTS.md alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.conftest import MODEL
from tests.independent import field, field_check
from tests.independent import field_delphi as fd
from tests.independent import field_export as fe
from tests.independent.backend_compare import Checked
from tests.independent.check import embedder
from tests.support.builds import open_project
from tests.support.producers import HOOKPOINTS, Once, copied, staged_export, staged_run, unpacked
from warehouse.run.build import build

FEATURES = 60


def agree(found: Iterable[Checked]) -> None:
    """No difference, and something was compared everywhere."""
    found = list(found)
    lines = [line for checked in found if checked.differences for line in checked.lines()]
    assert not lines, "\n".join(lines)
    assert all(checked.values for checked in found), [c.name for c in found if not c.values]


@pytest.fixture(scope="module", params=HOOKPOINTS)
def run(request: pytest.FixtureRequest, once: Once) -> fd.Run:
    return fd.read_run(staged_run(once, request.param) / "raw", request.param)


@pytest.fixture(scope="module")
def export(once: Once) -> fe.Export:
    return fe.read_export(staged_export(once) / "raw")


def test_a_runs_records_statistics_and_scores_are_recomputed(once: Once, run: fd.Run) -> None:
    tables = field_check.Tables(staged_run(once, run.hookpoint))
    latents = field.chosen(field.firing_of_run(run), FEATURES)
    agree(field_check.check_run(tables, run, latents))


def test_an_exports_records_statistics_and_explanations_are_recomputed(
    once: Once, export: fe.Export
) -> None:
    tables = field_check.Tables(staged_export(once))
    features = field.chosen(field.firing_of_export(export), FEATURES)
    agree(field_check.check_export(tables, export, features))


def some_with_neighbours(
    explained: Iterable[int], neighbours: Callable, width: int, count: int = 5
) -> list[int]:
    """Some explained features, each with its two nearest, and as many others."""
    pick = random.Random(13)
    own = pick.sample(sorted(explained), count)
    near = {i for nearest in neighbours(own, 2).values() for i, _ in nearest}
    return sorted({*own, *near, *pick.sample(range(width), count)})


def built(data: Path, features: list[int], *overrides: str) -> dict[str, object]:
    """Build all of some features; the settings as the recomputation has them."""
    scope = ",".join(map(str, features))
    options = [f"embedding.model={MODEL}", f"scope.features={scope}", *overrides]
    build(open_project(data, options))
    return {"scope.features": scope}


def test_the_masters_of_a_run_are_recomputed(once: Once, run: fd.Run, tmp_path: Path) -> None:
    data = copied(unpacked(once, "delphi_run"), tmp_path, "run")
    nearest = field.read_delphi(run, {"scope.features": "0"}).neighbours
    explained = run.explanations(lambda feature: True)
    features = some_with_neighbours(explained, nearest, len(run.decoder))
    settings = built(data, features, f"input.hookpoint={run.hookpoint}")
    agree(field.check_masters(data, field.read_delphi(run, settings), settings, embedder(MODEL)))


def test_the_masters_of_an_export_are_recomputed(
    once: Once, export: fe.Export, tmp_path: Path
) -> None:
    data = copied(unpacked(once, "neuronpedia_export"), tmp_path, "export")
    raw = staged_export(once) / "raw"
    whole = field.read_export(export, raw, {})
    both = [f for f, explanations in whole.explained.items() if len(explanations) == 2]
    features = some_with_neighbours(both, whole.neighbours, len(export.decoder))
    settings = built(data, features)
    read = field.read_export(export, raw, settings)
    agree(field.check_masters(data, read, settings, embedder(MODEL)))
