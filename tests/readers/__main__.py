"""python -m tests.readers: read the files with every reader and write docs/readers.md.

python -m tests.readers            # or: make readers
python -m tests.readers install    # only the environments that `make test` reads with
"""

from __future__ import annotations

import datetime
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import click

from tests.readers import files
from tests.readers.compare import Verdict, together, verdict
from tests.readers.readers import (
    BY_ID,
    OPENERS,
    READERS,
    ROOT,
    TESTED,
    NotInstalledError,
    Reader,
    install,
    read,
)
from tests.support.builds import open_project
from warehouse.commands.setup import SAMPLE_MODEL
from warehouse.layout import after_sample
from warehouse.run.build import build
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample

PAGE = ROOT / "docs" / "readers.md"
_MADE_UP = "made-up rows"
_SHOWN = 3  # differences in a note
_FEATURES = 100  # of the sample: activation_examples then has more than one row group

_PAGE = """<!-- Generated: make readers. Don't edit. -->
# Who reads the files

Measured on {day} by `make readers` ({versions}). Each reader runs in an environment of its own and reads the eight master files of a sample of {features} features, the vectors in every form of `export.embeddings`, and files of {rows:,} made-up rows that have nulls, empty lists and extreme numbers at every place of the types of six masters. Each file is read whole, and the rows of one feature are read by the reader's own filter. Every value, also inside of lists and structs, is compared with what DuckDB reads: the same column names in the same order, the same nulls, every digit of every float. pandas has NaN where a number is null; here that counts as the null.

- **ok**: every value is the same. A number behind it names a note: what the reader cannot tell apart.
- **cannot**: the reader refuses the file, with an error.
- **differs**: the reader gives another value and no error. `make readers` then ends with status 1.

{table}

{notes}
"""


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(BY_ID)),
    metavar="READER",
    help="Read with this one, such as polars-1.33.1; the page is left alone.",
)
@click.pass_context
def main(context: click.Context, only: tuple[str, ...]) -> None:
    """Read a sample's files with every reader, compare each value with DuckDB's, write the page.

    Ends with status 1 when a reader gives another value than DuckDB.

    \b
    Example:
      python -m tests.readers --only polars-0.20.31
    """
    if context.invoked_subcommand:
        return
    chosen = [BY_ID[id_] for id_ in only] or list(READERS)
    found = []
    with tempfile.TemporaryDirectory(prefix="readers-") as scratch:
        for measured in measure(chosen, Path(scratch)):
            found.append(measured)
            for line in measured.told():
                click.echo(line)
    if not only:
        PAGE.write_text(page(found), encoding="utf-8")
    sys.exit(any(v.differences for measured in found for v in measured.verdicts.values()))


@dataclass(frozen=True)
class Measured:
    """A reader's verdict on each file, or why its environment is missing."""

    reader: Reader
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    missing: str = ""

    def cell(self, name: str, notes: dict[str, int]) -> str:
        """A cell of the table; what it has to say becomes one of the numbered notes."""
        word, texts = self._said(name)
        if not texts:
            return word
        shown = [*texts[:_SHOWN], *([f"{len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else [])]
        note = " ".join(f"{text[0].upper()}{text[1:].removesuffix('.')}." for text in shown)
        return f"{word} ({notes.setdefault(note, len(notes) + 1)})"

    def _said(self, name: str) -> tuple[str, tuple[str, ...]]:
        if self.missing:
            return "not measured", (self.missing,)
        found = self.verdicts[name]
        if found.error:
            return "cannot", (_one_line(found.error), *filter(None, (self.reader.advice,)))
        if found.differences:
            return "**differs**", found.differences
        return "ok", found.losses

    def told(self) -> Iterator[str]:
        """Lines for the terminal."""
        for name in self.verdicts or ("every file",):
            word, texts = self._said(name)
            yield f"{self.reader.title}, {name}: {' '.join((word, *texts))}"


@main.command(name="install")
def install_tested() -> None:
    """Make the environments of the readers that the tests read with, where they are not there."""
    for reader in (*TESTED, *OPENERS):
        try:
            install(reader)
        except NotInstalledError as error:
            raise click.ClickException(f"{reader.title}: {error}") from error


def measure(readers: Sequence[Reader], scratch: Path) -> Iterator[Measured]:
    """Read and compare a sample's files with each reader in turn."""
    data = scratch / "data"
    write_sample(data, features=_FEATURES)
    after_sample(data, {"embedding.model": SAMPLE_MODEL, **SAMPLE_SETTINGS})
    build(open_project(data))
    jobs = files.jobs(data, scratch)
    if errors := read(None, jobs, scratch / "truth"):
        raise RuntimeError(f"DuckDB cannot read what was written: {errors}")
    for reader in readers:
        try:
            install(reader)
        except NotInstalledError as error:
            yield Measured(reader, missing=str(error))
            continue
        errors = read(reader, jobs, scratch / reader.id)
        found = {
            job.name: verdict(
                job.name, scratch / "truth", scratch / reader.id, errors, reader.losses
            )
            for job in jobs
        }
        made = {name: found.pop(name) for name in list(found) if name.startswith(files.MADE_UP)}
        yield Measured(reader, {**found, _MADE_UP: together(made)})


def page(found: Sequence[Measured]) -> str:
    """The page: a table of readers and files, then the notes that its cells name."""
    notes: dict[str, int] = {}
    names = next(m.verdicts for m in found if m.verdicts)
    rows = [["reader", *(f"`{name}`" for name in names)], ["---"] * (len(names) + 1)]
    for measured in found:
        cells = [measured.cell(name, notes) for name in names]
        rows.append([measured.reader.title, *cells])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    told = "\n".join(f"{number}. {text}" for text, number in notes.items())
    versions = f"Python {platform.python_version()}, DuckDB {version('duckdb')}"
    return _PAGE.format(
        day=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", versions=versions, table=table,
        notes=told, features=_FEATURES, rows=files.ROWS,
    )  # fmt: skip


def _one_line(error: str) -> str:
    """An error's first line that says something, without what would break a table."""
    return " ".join(error.split())[:300].replace("|", "\\|")


if __name__ == "__main__":
    main()
