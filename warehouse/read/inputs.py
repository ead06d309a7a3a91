"""The raw relations, their columns, and which files feed each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from warehouse.read.content import InputFile, content_key
from warehouse.sqltext import digest

# Columns of what is cut into records, and of what is read as whole files.
_RECORDS = ("file", "line", "text", "problem")
_FILES = ("file", "source", "method", "text", "problem")

# Inputs as relations of the schema `raw`: they exist while a build reads files, and only then.
SOURCES: dict[str, tuple[str, ...]] = {
    "raw.activations": _RECORDS,  # lines of the activation records
    "raw.activation_ids": _RECORDS,  # v1 batches read beside v2 ones
    "raw.record_prompts": _RECORDS,  # the records, if they hold the prompts
    "raw.prompts": _RECORDS,  # items of the prompts' array
    "raw.explanations": _FILES,
    "raw.scores": _FILES,
    "raw.score_items": _RECORDS,  # the same files, item by item
    "raw.run_configs": _FILES,
    "raw.sources": ("source",),  # names of the source directories
    "raw.decoder": ("weights",),  # weights: read by a job, not by SQL
}

# Relations that read the files of another one their own way.
_SAME_FILES = {"raw.score_items": "raw.scores", "raw.record_prompts": "raw.activations"}


def feeding(relation: str, files: Iterable[InputFile]) -> list[InputFile]:
    """The files behind a `raw.*` relation."""
    files = list(files)
    if relation == "raw.record_prompts" and any(f.input == "raw.prompts" for f in files):
        return []
    return [f for f in files if f.input == _SAME_FILES.get(relation, relation)]


def source_keys(files: Sequence[InputFile]) -> dict[str, str]:
    """Content key of every `raw.*` source."""
    keys = {name: content_key(feeding(name, files)) for name in SOURCES}
    keys["raw.sources"] = digest(*sorted({f.source for f in files if f.source}))
    return keys
