"""The generated pages: models, commands and settings from the program, questions from a built sample.

    python -m docs.generate     # or: make docs

writes docs/{models,commands,settings,questions}.md. The same sample gives the same pages.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from cli import main
from embed.jobs import JOBS
from embed.latent_pairs import pair_latents
from warehouse import settings as known
from warehouse.collection.comparison import comparing
from warehouse.collection.members import adhoc_collection
from warehouse.collection.parts import make_part
from warehouse.collection.publish import write
from warehouse.commands.setup import SAMPLE_MODEL
from warehouse.database import open_read_only, run
from warehouse.layout import Layout, after_sample
from warehouse.models.library import load_all, macros_used
from warehouse.models.model import Model
from warehouse.models.schemas import SCHEMAS
from warehouse.plan.project import Project
from warehouse.run.build import build
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample
from warehouse.settings_file import toml_literal
from warehouse.terminal.build import kind
from warehouse.terminal.rows import show_query

DOCS = Path(__file__).resolve().parent
GENERATED = "<!-- Generated: make docs. Don't edit. -->"

_DETAILED = ("master", "backend", "analysis", "compare", "collection")


def pages(data: Path) -> dict[str, str]:
    """The pages' texts by file name; `data` is the directory of a built default sample."""
    return {
        "models.md": _page(_models(_types(Layout(data).warehouse) | _collection_types(data))),
        "commands.md": _page(_commands()),
        "settings.md": _page(_settings()),
        "questions.md": _page(_questions(data)),
    }


def _types(warehouse: Path) -> dict[tuple[str, str], str]:
    """(relation, column) → its type in a DuckDB file."""
    sql = "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()"
    with open_read_only(warehouse, unsafe=True) as connection:
        return {(relation, column): type_ for relation, column, type_ in run(connection, sql)}


def _collection_types(data: Path) -> dict[tuple[str, str], str]:
    """The types of what only a collection's file holds: one is made of this directory alone."""
    models = load_all()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        collection = adhoc_collection(place, [data])
        parts = [make_part(m, models, collection.layout.members, False) for m in collection.members]
        warehouse = place / "warehouse.duckdb"
        write(
            collection,
            models,
            parts,
            comparing(collection, models, lambda: pair_latents),
            warehouse,
        )
        found = _types(warehouse)
    beside = {
        f"analysis.{name.partition('.')[2]}": name
        for name, m in models.items()
        if m.schema == "collection"
    }
    return {
        (beside.get(relation, relation), column): type_
        for (relation, column), type_ in found.items()
        if relation in beside or relation.startswith("compare.")
    }


def build_sample(data: Path) -> None:
    """The default sample, built: what `make demo` builds."""
    write_sample(data)
    after_sample(data, {"embedding.model": SAMPLE_MODEL, **SAMPLE_SETTINGS})
    build(Project(data, load_jobs=lambda: JOBS))


def questions() -> list[tuple[str, str]]:
    """(question, SQL below it) of each file, in order."""
    found = []
    for path in sorted((DOCS / "questions").glob("*.sql")):
        comment, _, sql = path.read_text(encoding="utf-8").partition("*/\n")
        found.append((comment.removeprefix("/*").strip(), sql.strip()))
    return found


def _page(blocks: Iterable[str]) -> str:
    return "\n\n".join([GENERATED, *blocks]) + "\n"


def described_schemas() -> dict[str, str]:
    """Folder of `sql/` → what it means, of those that have a section in models.md."""
    return {name: schema.meaning for name, schema in SCHEMAS.items() if schema.meaning}


def _models(types: dict[tuple[str, str], str]) -> Iterator[str]:
    models = load_all()
    yield "# Models"
    yield (
        "A file under `sql/` is a model: `sql/master/features.sql` is `master.features`. "
        "`python cli.py models show NAME` prints its SQL with the settings filled in, "
        "`models lineage NAME` what it is made of."
    )
    for schema, meaning in described_schemas().items():
        here = [m for m in models.values() if m.schema == schema]
        yield f"## {schema}"
        yield meaning
        if schema not in _DETAILED:
            yield _table(
                ("model", "kind", "description"),
                [(f"`{m.name}`", kind(m), m.description) for m in here],
            )
            continue
        for model in here:
            yield from _model(model, types)
    yield "## Made by jobs"
    yield "Python makes these: vectors of texts, nearest decoder rows and their tree, clusters of failures, maps."
    rows = []
    for job in sorted(JOBS, key=lambda job: job.name):
        for column, meaning in job.columns.items():
            rows.append((f"`{job.name}`", f"`{column}`", meaning, ", ".join(job.reads)))
    yield _table(("relation", "column", "description", "reads"), rows)


def _model(model: Model, types: dict[tuple[str, str], str]) -> Iterator[str]:
    yield f"### {model.name}"
    key = f", a row for each {', '.join(model.key)}" if model.key else ""
    yield f"{_plain(model.description)} *({model.kind}{key})*"
    if model.arguments:
        yield _table(
            ("argument", "default", "description"),
            [(f"`{a.name}`", a.default, a.description) for a in model.arguments],
        )
    yield _table(
        ("column", "type", "description"),
        [
            (f"`{c.name}`", _short(c.type or types.get((model.name, c.name), "")), c.description)
            for c in model.columns
        ],
    )


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield "What `--help` says. Exit codes: 0 fine, 1 the work failed, 2 wrong use or settings, 130 interrupted."
    top = main.make_context("python cli.py", [], resilient_parsing=True, terminal_width=100)
    for path, command, context in _every(main, top):
        yield f"## {path or top.info_name}"
        yield f"```\n{command.get_help(context).rstrip()}\n```"


def _every(
    command: click.Command, context: click.Context, path: str = ""
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.commands[name]
            inside = click.Context(child, context, name, terminal_width=100)
            yield from _every(child, inside, f"{path} {name}".strip())


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield (
        "In `DIR/warehouse.toml`, or for one run `--set section.key=value`. A changed setting runs "
        "the models that read it, and what comes out different."
    )
    models = load_all()
    macros = {name: m for name, m in models.items() if m.schema == "macros"}
    readers: dict[str, list[str]] = {}
    for model in models.values():
        used = model.parameters.union(*(m.parameters for m in macros_used(model, macros)))
        if model.schema not in ("macros", "report"):
            for parameter in used:
                readers.setdefault(parameter, []).append(f"`{model.name}`")
    for section, title in known.SECTIONS.items():
        yield f"## {_plain(title)}"
        rows = []
        for setting in known.SETTINGS:
            owner = setting.name if setting.kind == "names" else setting.name.rpartition(".")[0]
            if owner == section:
                default = toml_literal(setting.default)
                read = ", ".join(readers.get(setting.parameter, []))
                rows.append(
                    (f"`{setting.name}`", f"`{default}`", setting.allowed(), setting.help, read)
                )
        yield _table(("setting", "default", "allowed", "meaning", "models that read it"), rows)


def _questions(data: Path) -> Iterator[str]:
    yield "# Twenty questions"
    yield (
        "Each runs as it stands on the demo (`make demo`): "
        '`python cli.py --data demo query "…"`. '
        "[models.md](models.md) describes every relation and column."
    )
    for place, (question, sql) in enumerate(questions(), 1):
        heading, mark, note = question.partition("?")
        yield f"## {place}. {heading}{mark}"
        if note:
            yield note.strip()
        yield f"```sql\n{sql}\n```"
        yield f"```\n{answer(data, sql)}\n```"


def answer(data: Path, sql: str) -> str:
    """What `query` prints."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        show_query(Project(data), sql, "table", out)
        return "\n".join(line.rstrip() for line in out.read_text(encoding="utf-8").splitlines())


def _short(type_: str) -> str:
    """A type as code, DuckDB's nested ones without their quotes."""
    return f"`{type_.replace(chr(34), '')}`" if type_ else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])


def _plain(text: str) -> str:
    """Text that is no HTML; what is in backticks is left as it is."""
    parts = text.split("`")
    return "`".join(p if place % 2 else p.replace("<", "&lt;") for place, p in enumerate(parts))


def write_pages() -> None:
    """Build the sample and write every page that changed."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "demo"
        build_sample(data)
        for name, text in pages(data).items():
            (DOCS / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    write_pages()
