"""A Delphi run or a Neuronpedia export as `recompute.Read`, so that the masters follow from it.

The vectors are the published ones, as far as they are published, and a few of them are embedded
again; what is not published (phrases, contexts) is embedded here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.independent import backend_compare as bc
from tests.independent import backend_inputs as bi
from tests.independent import field_delphi as fd
from tests.independent import field_export as fe
from tests.independent import field_scores as fs
from tests.independent import recompute as rc

MAX_RECORDS = 100
METHODS = (*fs.READ, "recall")


def read_scores(run: fd.Run, features: set[int] | None = None) -> fs.Scored:
    """The score files of the hookpoint, of some features or of all."""
    folder = run.home / "scores"
    folders = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        files = run.files("scores", path.name)
        folders[path.name] = {f: p for f, p in files.items() if features is None or f in features}
    return fs.read(folders)


def read_delphi(run: fd.Run, settings: dict[str, Any]) -> rc.Read:
    """INPUTS 2: the one LLM both explains and scores; every record, of which a part is kept."""
    in_scope = rc.parse_scope(rc.setting(settings, "scope.features"))
    most = settings.get("latents.max_records", MAX_RECORDS)
    latents = [f for f in sorted(run.entries) if in_scope(f)]
    examples = {f: run.entries[f].examples(f) for f in latents}

    def scores(features: set[int]) -> dict[tuple[str, int], list[tuple[str, dict[str, Any]]]]:
        found = read_scores(run, features).of_features()
        return {(run.llm, f): [(run.llm, methods)] for f, methods in found.items()}

    return rc.Read(
        {run.llm: run.llm},
        run.sae_id,
        run.prompts,
        examples,
        run.explanations(in_scope),
        lambda wanted, count: bi.decoder_neighbours(run.decoder, wanted, count),
        scores,
        lambda feature: fd.kept_examples(examples[feature], settings, most),
    )


def read_export(export: fe.Export, raw: Path, settings: dict[str, Any]) -> rc.Read:
    """INPUTS 3: explainers by name, no scores."""
    in_scope = rc.parse_scope(rc.setting(settings, "scope.features"))
    source = export.home.relative_to(raw).as_posix()
    explained, _ = export.explanations(source, in_scope)
    names = {e.explainer for group in explained.values() for e in group}
    return rc.Read(
        {name: name for name in names},
        export.sae_id,
        export.prompts,
        {f: examples for f, examples in export.examples.items() if in_scope(f)},
        explained,
        lambda wanted, count: bi.decoder_neighbours(export.decoder, wanted, count),
        lambda features: {},
    )


# ---------------------------------------------------------------------------------------------
# The masters


def some(table: pa.Table, features: list[int] | None) -> pa.Table:
    """The rows of some features, or all."""
    if features is None:
        return table
    wanted = pa.array(features, pa.int64())
    return table.filter(pc.is_in(table["feature_id"].cast(pa.int64()), wanted))


def published(data: Path, read: rc.Read, settings: dict[str, Any]) -> rc.Vectors:
    """Text -> vector, as the embedding masters have them; one text has one vector everywhere."""
    vectors: rc.Vectors = {}

    def put(text: str, vector: list[float]) -> None:
        known = vectors.setdefault(text, np.array(vector, np.float32))
        assert np.array_equal(known, np.array(vector, np.float32)), text

    master = data / "master"
    for row in pq.read_table(master / "explanation_embeddings.parquet").to_pylist():
        put(row["explanation_text"], row["embedding"])
    size = rc.setting(settings, "windows.embedding_tokens")
    for row in pq.read_table(master / "activation_embeddings.parquet").to_pylist():
        examples = {e.prompt: e for e in read.examples[row["feature_id"]]}
        for prompt, vector in zip(row["prompt_ids"], row["embeddings"], strict=True):
            put(rc.embedding_text(examples[prompt], read.prompts[prompt], size, settings), vector)
    return vectors


class Embedder:
    """The published vectors, else the model's; `again` texts of the former are embedded too."""

    def __init__(self, vectors: rc.Vectors, model: rc.Embed, again: int = 16) -> None:
        self.vectors, self.model = vectors, model
        texts = sorted(vectors)
        self.again = texts[:: max(1, len(texts) // again)]

    def __call__(self, texts: list[str]) -> np.ndarray:
        new = [text for text in texts if text not in self.vectors]
        if new:
            rows = np.asarray(self.model(new), np.float32)
            self.vectors.update(zip(new, rows, strict=True))
        return np.array([self.vectors[text] for text in texts])

    def far(self) -> Iterator[str]:
        """Published vectors that the model does not give."""
        for text, row in zip(self.again, self.model(self.again), strict=True):
            if np.abs(row - self.vectors[text]).max() > 1e-5:
                yield f"the vector of {text!r} is another"


def check_masters(
    data: Path,
    read: rc.Read,
    settings: dict[str, Any],
    model: rc.Embed,
    features: list[int] | None = None,
    tolerance: float = 1e-6,
) -> list[bc.Checked]:
    """The eight masters, row by row."""
    embedder = Embedder(published(data, read, settings), model)
    expected = rc.master_rows(read, settings, embedder, features)
    found = []
    for name, rows in expected.items():
        checked = bc.Checked(name, rows=len(rows), values=bc.count_values(rows))
        table = pq.read_table(data / "master" / f"{name}.parquet")
        table = table.drop_columns([c for c in bc.FEATURES if c in table.column_names])
        checked.differences += rc.compare(name, rows, some(table, features), tolerance)
        found.append(checked)
    again = bc.Checked("vectors, embedded again", values=len(embedder.again))
    again.differences += embedder.far()
    return [*found, again]


# ---------------------------------------------------------------------------------------------
# Which features


def chosen(firing: dict[int, int], count: int, seed: int = 0) -> list[int]:
    """Some features: the rarest, the densest, and others at random; 0: all."""
    ordered = sorted(firing, key=lambda feature: (firing[feature], feature))
    if not count or count >= len(ordered):
        return sorted(ordered)
    ends = count // 6
    ends_of = ordered[:ends] + ordered[-ends:] if ends else []
    rest = [feature for feature in ordered if feature not in set(ends_of)]
    return sorted([*ends_of, *random.Random(seed).sample(rest, count - len(ends_of))])


def firing_of_run(run: fd.Run) -> dict[int, int]:
    """Latent -> entries of the cache."""
    width = max(last for _, last, _ in run.splits.values()) + 1
    return {f: len(run.entries.get(f, fd.NOTHING).values) for f in range(width)}


def firing_of_export(export: fe.Export) -> dict[int, int]:
    """Feature -> records with an activation."""
    return {f: sum(bool(e.pairs) for e in export.examples.get(f, [])) for f in export.features}
