"""A Neuronpedia export, read from SPEC-INPUTS.md, sections 1 and 3, alone."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.independent import field_statistics as fs
from tests.independent import recompute as rc

BATCH = re.compile(r"batch-(\d+)\.jsonl(\.gz)?")


@dataclass(frozen=True)
class Group:
    """Why the exporter chose a record: `staging.example_groups`."""

    batch: str
    line: int
    feature: int
    prompt: int
    kind: str  # top or interval
    low: float | None  # of an interval, as is `contains`
    high: float
    contains: float | None
    token: int | None  # None where position 0 qualified, which the exporter cut


@dataclass(frozen=True)
class Export:
    """All of one export."""

    home: Path
    sae_id: str
    prompts: list[list[str]]
    examples: dict[int, list[rc.Example]]  # by prompt id
    groups: list[Group]
    status: dict[str, int]  # kept, merged, quarantined
    features: dict[int, dict[str, Any]]
    texts: list[tuple[int, str, str, str]]  # feature, model, type, text; as they stand
    decoder: np.ndarray

    def explanations(
        self, source: str, in_scope: Callable[[int], bool]
    ) -> tuple[dict[int, list[rc.Explanation]], int]:
        """The explanations in explainer order, and how many were duplicates."""
        types: dict[str, set[str]] = defaultdict(set)
        for _, model, kind, _ in self.texts:
            types[model].add(kind)
        first: dict[tuple[int, str], rc.Explanation] = {}
        duplicates = 0
        for feature, model, kind, text in self.texts:
            if text.strip() in rc.SENTINELS or not in_scope(feature):
                continue
            name = f"{model} ({kind})" if len(types[model]) > 1 else model
            duplicates += (feature, name) in first
            first.setdefault((feature, name), rc.Explanation(feature, name, source, text))
        found: dict[int, list[rc.Explanation]] = defaultdict(list)
        for key in sorted(first):
            found[key[0]].append(first[key])
        return dict(found), duplicates


def lines(folder: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(file name, line, object) of the batches in numeric order."""
    batches = [(int(m[1]), p) for p in folder.iterdir() if (m := BATCH.fullmatch(p.name))]
    for _, path in sorted(batches):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        for number, line in enumerate(content.split(b"\n"), start=1):
            if line.strip():
                yield path.name, number, json.loads(line)


def read_export(raw: Path) -> Export:
    """The export under `raw` and the weights beside it."""
    (source_file,) = raw.rglob("source.jsonl")
    home = source_file.parent
    source = json.loads(source_file.read_text("utf-8").splitlines()[0])
    prompts: dict[tuple[str, ...], int] = {}
    kept: dict[tuple[int, int], tuple[list[float], rc.Example]] = {}
    groups, status = [], Counter()
    for batch, number, item in lines(home / "activations"):
        prompt = prompts.setdefault(tuple(item["tokens"]), len(prompts))
        feature, values = int(item["index"]), item["values"]
        pairs = [(i, float(np.float32(v))) for i, v in enumerate(values) if v > 0]
        known = kept.get((feature, prompt))
        if known is not None and known[0] != values:
            status["quarantined"] += 1
            continue
        status["kept" if known is None else "merged"] += 1
        if known is None:
            top = rc.max_pair(pairs)
            example = rc.Example(feature, prompt, pairs, top and top[1], top and top[0])
            kept[feature, prompt] = (values, example)
        token = item["qualifyingTokenIndex"]
        if item["binMin"] == -1:
            group = ("top", None, item["binMax"], None)
        else:
            group = ("interval", item["binMin"], item["binMax"], item["binContains"])
        groups.append(Group(batch, number, feature, prompt, *group, None if token < 0 else token))
    examples: dict[int, list[rc.Example]] = defaultdict(list)
    for key in sorted(kept):
        examples[key[0]].append(kept[key][1])
    texts = [
        (int(item["index"]), item["explanationModelName"], item["typeName"], item["description"])
        for _, _, item in lines(home / "explanations")
    ]
    (weights,) = raw.rglob("sae_weights.safetensors")
    return Export(
        home,
        f"{source['modelId']}/{source['id']}",
        [list(tokens) for tokens in prompts],
        dict(examples),
        groups,
        dict(status),
        {int(item["index"]): item for _, _, item in lines(home / "features")},
        texts,
        rc.read_safetensors(weights)["W_dec"].astype(np.float32),
    )


def statistics(item: dict[str, Any], groups: list[Group]) -> dict[str, Any]:
    """INPUTS 3 'features' and 5, basis `corpus`: what the export says of a feature."""
    bars = fs.own_bars(item["freq_hist_data_bar_heights"], item["freq_hist_data_bar_values"])
    firing = sum(bar["count"] for bar in bars)
    tops = [group.high for group in groups if group.kind == "top"]
    density = item["frac_nonzero"]
    return {
        "num_tokens": None,
        "firing_count": firing,
        "density": density,
        "is_dead": firing == 0,
        "is_dense": density > fs.DENSE,
        "max_activation": max([*tops, item["maxActApprox"]]),
        "mean_activation": None,
        "histogram": bars,
        "top_logits": logits(item, "pos"),
        "bottom_logits": logits(item, "neg"),
        "top_tokens": [],
        "top_token_share": None,
        "token_entropy": None,
    }


def logits(item: dict[str, Any], side: str) -> list[dict[str, Any]]:
    return [
        {"token": token, "value": value}
        for token, value in zip(item[f"{side}_str"], item[f"{side}_values"], strict=True)
    ]
