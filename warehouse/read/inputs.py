"""The inputs: every raw relation with its columns, whose files feed it, and how it is read.

A new raw file is a row of `INPUTS` here, a finder in `discover` or `directories`, and its SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.read import delphi_cache, figures, firing_counts, stream
from warehouse.read.content import InputFile, content_key
from warehouse.read.decompress import Bounds
from warehouse.read.records import Items, Lines
from warehouse.settings import Settings
from warehouse.sqltext import digest

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Opening:
    """What a relation is opened with.

    `counts` receives the number of records of each file that is cut into records; `summary` is the
    SQL that sums up what is too much to hand over.
    """

    settings: Settings
    counts: dict[str, int]
    summary: delphi_cache.Summary

    @property
    def bounds(self) -> Bounds:
        return Bounds.of(self.settings)


Reader = Callable[[Sequence[InputFile], Opening], "pa.RecordBatchReader | pa.Table"]


@dataclass(frozen=True)
class Input:
    """A relation of the schema `raw`: it exists while a build reads files, and only then.

    `read` is None for what a job reads and not SQL. `files`: the inputs whose files it reads, where
    they are not its own; `unless`: the input whose files make it empty. `settings` decide what it
    gives, so whoever reads it depends on them. `key` says what it holds, as a hash.
    """

    columns: tuple[str, ...]
    read: Reader | None
    files: tuple[str, ...] = ()
    unless: str = ""
    settings: tuple[str, ...] = ()
    key: Callable[[Sequence[InputFile]], str] = content_key

    @property
    def opens_files(self) -> bool:
        """Whether it reads what is in files: such a file must not change meanwhile."""
        return self.key is content_key


def _cut(how: type[Lines] | type[Items], *files: str, unless: str = "") -> Input:
    """An input whose files are cut into records; `files` of another input are counted there."""

    def read(found: Sequence[InputFile], opening: Opening) -> pa.RecordBatchReader:
        counts = {} if files else opening.counts
        return stream.records(found, opening.bounds, how, counts)

    return Input(("file", "line", "text", "problem"), read, files, unless)


def _whole() -> Input:
    """An input whose files are one record each."""
    columns = ("file", "source", "method", "text", "problem")
    return Input(columns, lambda files, opening: stream.texts(files, opening.bounds))


def _counted(columns: tuple[str, ...], read: Callable[..., pa.RecordBatchReader]) -> Input:
    """An input that a reader of its own makes rows of."""
    return Input(columns, lambda files, opening: read(files, opening.counts))


_EVERY = "*"


def _names_key(files: Sequence[InputFile]) -> str:
    return digest(*source_names(files))


def _names(files: Sequence[InputFile], opening: Opening) -> pa.Table:  # noqa: ARG001
    import pyarrow as pa

    return pa.table({"source": pa.array(source_names(files), pa.string())})


def _file_names_key(files: Sequence[InputFile]) -> str:
    return digest(*(f.name for f in files))


def _file_names(files: Sequence[InputFile], opening: Opening) -> pa.Table:  # noqa: ARG001
    import pyarrow as pa

    return pa.table({"file": pa.array([f.name for f in files], pa.string())})


INPUTS: Mapping[str, Input] = {
    "raw.activations": _cut(Lines),  # lines of the activation records
    "raw.activation_ids": _cut(Lines),  # v1 batches read beside v2 ones
    # The records, which hold the prompts where there is no file of them.
    "raw.record_prompts": _cut(Lines, "raw.activations", unless="raw.prompts"),
    "raw.prompts": _cut(Items),  # items of the prompts' array
    "raw.explanations": _whole(),
    "raw.scores": _whole(),
    "raw.score_items": _cut(Items, "raw.scores"),  # the same files, item by item
    "raw.run_configs": _whole(),
    "raw.latents": Input(  # a row per latent of a Delphi run's latents cache
        delphi_cache.COLUMNS,
        lambda files, opening: delphi_cache.latents(files, opening.summary, opening.counts),
        files=("raw.latents", "raw.run_configs"),
        settings=delphi_cache.SETTINGS,
    ),
    "raw.latent_prompts": Input(  # the prompts of the cache
        delphi_cache.PROMPT_COLUMNS,
        lambda files, opening: delphi_cache.prompts(files),
        files=("raw.latents", "raw.tokenizer"),
    ),
    "raw.latent_entries": Input(  # the entries of its latents that have scores
        delphi_cache.ENTRY_COLUMNS,
        lambda files, opening: delphi_cache.entries(files),
        files=("raw.latents", "raw.scores"),
    ),
    "raw.tokenizer": Input(("file",), _file_names, key=_file_names_key),  # which there is
    "raw.firing_counts": Input(
        firing_counts.FIRING_COLUMNS,
        lambda files, opening: firing_counts.firing_counts(
            files, opening.bounds.expansion, opening.counts
        ),
    ),
    "raw.sparsity": _counted(firing_counts.SPARSITY_COLUMNS, firing_counts.sparsity),
    "raw.exports": _whole(),  # source.jsonl of a Neuronpedia export
    "raw.saebench": _whole(),  # results of SAEBench's autointerp
    "raw.export_features": _cut(Lines),
    "raw.export_explanations": _cut(Lines),
    "raw.figure_lines": _cut(Lines),  # own figures, JSON lines
    "raw.figure_tables": _counted(("file", "line", "text", "problem"), figures.tables),
    # Names of the source directories: each file may name one.
    "raw.sources": Input(("source",), _names, (_EVERY,), key=_names_key),
    "raw.decoder": Input(("weights",), None),
}


def feeding(relation: str, files: Iterable[InputFile]) -> list[InputFile]:
    """The files behind a `raw.*` relation."""
    files, fed = list(files), INPUTS[relation]
    if fed.unless and any(f.input == fed.unless for f in files):
        return []
    wanted = fed.files or (relation,)
    return files if _EVERY in wanted else [f for f in files if f.input in wanted]


def source_names(files: Iterable[InputFile]) -> list[str]:
    """The runs that files belong to; exports and SAEBench's results tell their own."""
    own = ("raw.export", "raw.saebench")
    return sorted({f.source for f in files if f.source and not f.input.startswith(own)})


def source_keys(files: Sequence[InputFile]) -> dict[str, str]:
    """What every `raw.*` relation holds, as a hash."""
    return {name: fed.key(feeding(name, files)) for name, fed in INPUTS.items()}
