"""The pages: generated ones are current, and what the others name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import DOCS, answer, described_schemas, pages, questions
from tests.support.builds import JOB_NAMES
from warehouse.collection.comparison import LATENT_PAIRS
from warehouse.database import run
from warehouse.models.library import load_all
from warehouse.settings import BY_NAME

ROOT = DOCS.parent
MODELS = load_all()
# A collection's file and what it holds that no model makes.
COLLECTION = {LATENT_PAIRS, "collection.members", "collection.builds", "collection.toml"}
PAGES = ("models.md", "commands.md", "settings.md", "questions.md")


@pytest.fixture(scope="module")
def made(sample: Path) -> dict[str, str]:
    return pages(sample)


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(made: dict[str, str], name: str) -> None:
    assert made.keys() == set(PAGES)
    assert {m.schema for m in MODELS.values()} == described_schemas().keys()
    written = (DOCS / name).read_text(encoding="utf-8").splitlines()
    assert made[name].splitlines() == written, f"docs/{name} is stale: make docs"


def test_there_are_twenty_questions_each_asked_and_answered(sample: Path) -> None:
    assert len(questions()) == 20
    for question, sql in questions():
        assert "?" in question
        assert not re.search(r"^0 rows", answer(sample, sql), re.MULTILINE), question


@pytest.mark.parametrize(("question", "sql"), questions(), ids=[q[:40] for q, _ in questions()])
def test_no_rounded_figure_sits_on_an_edge(sample: Path, question: str, sql: str) -> None:
    """So that another machine's last digits leave the page as it is."""
    told = answer(sample, sql)
    for shift in ("0.00001", "-0.00001"):
        assert answer(sample, sql.replace("round(", f"0 + round({shift} + ")) == told, question


@pytest.mark.parametrize(
    "name",
    [n for n, m in MODELS.items() if m.schema in ("master", "analysis") and m.kind != "macro"],
)
def test_the_header_describes_every_column_and_no_other(connection, name: str) -> None:
    columns = [row[0] for row in run(connection, f"DESCRIBE {name}")]
    assert sorted(c.name for c in MODELS[name].columns) == sorted(columns)
    assert all(c.description for c in MODELS[name].columns)


@pytest.mark.parametrize(
    "path", sorted([ROOT / "README.md", *DOCS.glob("*.md")]), ids=lambda p: p.name
)
def test_models_settings_and_links_that_a_page_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = MODELS.keys() | JOB_NAMES | BY_NAME.keys() | COLLECTION
    first = "|".join(sorted({name.partition(".")[0] for name in known if "." in name} - {"models"}))
    for name in re.findall(rf"`((?:{first})\.\w+)(?: = [^`]*)?`", text):
        assert name in known or (ROOT / name).exists(), name
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        written_by_bench = link.endswith("benchmarks.md")
        assert written_by_bench or (path.parent / link).exists(), link
