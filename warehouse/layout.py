"""A data directory: where it is, where things lie in it, and how a new one begins."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.settings_file import FILE_NAME, commented_file

ENVIRONMENT = "SAE_WAREHOUSE_DATA"


def find_data() -> Path:
    """The data directory where none is named: of the environment, else the nearest, else `data`.

    The nearest: the first of the working directory and those above it that is one, or has one
    called `data`. One is known by its settings file or its collection.toml; the search ends at a
    directory that is another user's, whose settings are nobody's to obey.
    """
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    here = Path.cwd()
    for above in (here, *here.parents):
        if above.stat().st_uid != os.getuid():
            break
        for found in (above, above / "data"):
            if any((found / name).is_file() for name in ("warehouse.toml", "collection.toml")):
                return Path(os.path.relpath(found))
        if above == here and (above / "data").is_dir():
            break
    return Path("data")


@dataclass(frozen=True)
class Layout:
    """The rooms of one data directory. UsageError when DuckDB can't work below its path."""

    data: Path

    def __post_init__(self) -> None:
        path = str(self.data.absolute())
        readable = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        if readable != path:
            raise UsageError(f'data directory "{readable}": the path is not UTF-8', "rename it")
        for character in "?\\":  # DuckDB takes them for options and for "/"
            if character in path:
                raise UsageError(
                    f'data directory "{path}": DuckDB cannot write below a "{character}"',
                    "rename it",
                )

    @property
    def warehouse(self) -> Path:
        """The published DuckDB file."""
        return self.data / "warehouse.duckdb"

    @property
    def master(self) -> Path:
        """The exported master parquets."""
        return self.data / "master"

    @property
    def vectors(self) -> Path:
        """The vector store: one directory per model fingerprint."""
        return self.data / "vectors"

    @property
    def members(self) -> Path:
        """Of a collection: the rows of its members, one directory per build of a member."""
        return self.data / ".members"

    @property
    def projections(self) -> Path:
        """Finished maps, one parquet for what was projected and how: none is computed twice."""
        return self.data / "projections"

    @property
    def history(self) -> Path:
        """Results of earlier builds, kept for `diff`: `<build id>.duckdb`."""
        return self.data / ".history"

    @property
    def work(self) -> Path:
        """Builds in progress; whatever is left here by a dead build is swept by the next."""
        return self.data / ".build"

    @property
    def journal(self) -> Path:
        """What a build that publishes will rename, while it does."""
        return self.work / "publishing.json"

    @property
    def published_files(self) -> Path:
        """The record of the files that were published, as they were then."""
        return self.work / "files.json"

    @property
    def lock(self) -> Path:
        return self.work / "lock"


_PLACES = """\
{settings}   the settings; every default is shown

Put the raw files here:
  raw/activation_examples/activations.jsonl   one JSON object a line (.gz and .zst too)
  raw/activation_examples/prompts.json        a JSON array of arrays of token strings
  raw/sae/params.npz                          the decoder, W_dec (or a .safetensors file)
  raw/<explainer>_e-<scorer>_s/               one directory per run, as Delphi writes it:
      run_config.json, explanations/*_latent<ID>.txt, scores/<method>/*_latent<ID>.txt
or a whole Delphi run or Neuronpedia export, as it lies, anywhere below raw/ (docs/inputs.md)

then: python cli.py --data {quoted} build"""


def init(directory: Path) -> str:
    """Make the directory, `raw/` and the settings file; says where raw files go.

    UsageError when a settings file is there already: nothing is overwritten.
    """
    path = directory / FILE_NAME
    if path.exists():
        raise UsageError(
            f'"{path}" exists already', f"edit it, or remove it: rm {shlex.quote(str(path))}"
        )
    for place in ("activation_examples", "sae"):
        (directory / "raw" / place).mkdir(parents=True, exist_ok=True)
    path.write_text(commented_file(), encoding="utf-8")
    return _PLACES.format(settings=path, quoted=shlex.quote(str(directory)))


def after_sample(directory: Path, chosen: Mapping[str, object]) -> str:
    """Write the sample's settings beside its raw tree (an existing file is kept)."""
    path = directory / FILE_NAME
    if not path.exists():
        path.write_text(commented_file(chosen), encoding="utf-8")
    return f"sample written to {directory}; next: python cli.py --data {shlex.quote(str(directory))} build"
