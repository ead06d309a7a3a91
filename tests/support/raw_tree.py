"""A minimal valid data directory, any file of it replaceable, and a build of its staging alone.

data = write(tmp_path, {PROMPTS: "not JSON", CONFIG: None})   # one file other, one left out
rows = stage(data, "quarantine.max_share=1")
rows("SELECT * FROM quarantine.records")
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np

from tests.support.builds import open_project
from warehouse.database import run
from warehouse.layout import Layout
from warehouse.run.build import build

# The paths are the ledger's names too: relative to the data directory.
ACTIVATIONS = "raw/activation_examples/activations.jsonl"
PROMPTS = "raw/activation_examples/prompts.json"
WEIGHTS = "raw/sae/params.npz"
SOURCES = ("llama_e-llama_s", "llama_e-gwen_s", "gwen_e-llama_s")
SOURCE = SOURCES[0]
CONFIG = f"raw/{SOURCE}/run_config.json"

FEATURES, PROMPT_COUNT, TOKENS, DIMENSION = 3, 6, 10, 8
WORDS = ("sand", "salt", "wind", "rope", "fern", "coal", "mist", "bark", "clay", "dawn")

# No model that needs a vector: everything that is read, and the scores.
STAGED = (
    "+staging.files",
    "+staging.activation_examples",
    "+staging.explanations",
    "+analysis.scores",
    "+analysis.score_metrics",
)

Content = bytes | str | list | dict | None  # text and bytes as they are, the others as JSON
Rows = Callable[..., list[tuple]]


def explanation(name: str, source: str = SOURCE) -> str:
    """The path of an explanation file."""
    return f"raw/{source}/explanations/{name}"


def score(method: str, name: str, source: str = SOURCE) -> str:
    """The path of a score file."""
    return f"raw/{source}/scores/{method}/{name}"


def record(feature: object, prompt: object, pairs: object) -> str:
    """A line of the activation records."""
    return json.dumps({"index": feature, "dataSetPromptId": prompt, "sparseValues": pairs})


def judged(correct: bool, activating: bool = True) -> dict[str, object]:
    """An example of a fuzz or detection file."""
    return {
        "str_tokens": ["sand", "salt"],
        "activations": [1.5 * activating, 0],
        "distance": 2 if activating else -1.0,
        "activating": activating,
        "prediction": activating == correct,
        "probability": None,
        "correct": correct,
    }


def weights(features: int = FEATURES, dimension: int = DIMENSION, key: str = "W_dec") -> bytes:
    """The bytes of a weights file."""
    rows = np.random.default_rng(0).standard_normal((features, dimension), np.float32)
    stream = io.BytesIO()
    np.savez(stream, **{key: rows, "b_enc": np.zeros(features), "b_dec": np.zeros(dimension)})
    return stream.getvalue()


def files() -> dict[str, Content]:
    """The minimal tree: path → content."""
    shift = [WORDS[p:] + WORDS[:p] for p in range(PROMPT_COUNT)]
    lines = [
        record(str(feature), prompt, [[feature + prompt, 1.5 + prompt], [9, 0.25]])
        for feature in range(FEATURES)
        for prompt in range(PROMPT_COUNT)
    ]
    tree: dict[str, Content] = {
        ACTIVATIONS: "\n".join(lines) + "\n",
        PROMPTS: [list(tokens) for tokens in shift],
        WEIGHTS: weights(),
    }
    for source in SOURCES:
        explainer, _, scorer = source.removesuffix("_s").partition("_e-")
        tree[f"raw/{source}/run_config.json"] = {
            "sparse_model": "some/sae",
            "hookpoints": ["layer_3/width_3"],
            "explainer_model": f"models/{scorer}",
            "explainer": "default" if explainer == scorer else "none",
        }
        for feature in range(FEATURES):
            name = f"layers.3_latent{feature}.txt"
            text = f"words of {WORDS[feature]}, and {WORDS[feature + 1]}"
            tree[explanation(name, source)] = json.dumps(text)
            for method in ("fuzz", "detection"):
                examples = [judged(i > feature, i % 2 == 0) for i in range(6)]
                tree[score(method, name, source)] = examples
    return tree


def write(root: Path, changes: Mapping[str, Content] | None = None) -> Path:
    """Write the minimal tree into `root`, with `changes` over it; None leaves a file out."""
    for name, content in (files() | dict(changes or {})).items():
        put(root, name, content)
    return root


def put(root: Path, name: str, content: Content) -> None:
    """Write one file; None removes it."""
    path = root / name
    if content is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        text = content if isinstance(content, str) else json.dumps(content)
        content = text.encode()
    path.write_bytes(content)


def stage(data: Path, *overrides: str, select: Sequence[str] = STAGED) -> Rows:
    """Build the staging part only; the result answers SQL on the published file."""
    build(open_project(data, overrides), selectors=select, exports=False)
    return lambda sql, parameters=None: query(data, sql, parameters)


def query(data: Path, sql: str, parameters: object = None) -> list[tuple]:
    """Rows of the published warehouse."""
    with duckdb.connect(str(Layout(data).warehouse), read_only=True) as connection:
        return run(connection, sql, parameters)
