"""The house: which folder may import which, and what the doors of the heavy libraries keep out.

The table of `README.md` ("How it is laid out") is read here, so it says what is true.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

GROUND = "ground"
HEAVY = ("numpy", "pyarrow", "torch", "sentence_transformers", "safetensors")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in (
        ROOT / "cli.py",
        *(ROOT / "warehouse").rglob("*.py"),
        *(ROOT / "embed").rglob("*.py"),
    )
}


def folder(module: str) -> str:
    """The folder of `warehouse`; `embed` and `cli` are one each; files beside folders are the ground."""
    if module == "warehouse.__main__":  # the command line by another name
        return "cli"
    top, *rest = module.removesuffix(".__init__").split(".")
    if top != "warehouse":
        return top
    return rest[0] if rest and f"warehouse.{rest[0]}" not in MODULES else GROUND


def imported(path: Path) -> Iterator[str]:
    """Every module of the program that a file imports, at its top, in a function or for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names = (f"{node.module}.{alias.name}", str(node.module))
                names = (*(f"{name}.__init__" for name in names), *names)
                yield from [name for name in names if name in MODULES][:1]


IMPORTS = {module: set(imported(path)) - {module} for module, path in MODULES.items()}


def allowed() -> dict[str, set[str]]:
    """The table of README.md: folder → the folders that it may import."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## How it is laid out")[2]
    rows = re.findall(r"^\| `([\w/.]+?)/?` \|.*\| ([^|]*) \|$", text, re.MULTILINE)
    return {name.removesuffix(".py"): set(re.findall(r"\w+", below)) for name, below in rows}


def test_each_folder_imports_only_what_the_table_allows() -> None:
    table = allowed()
    assert {folder(module) for module in MODULES} == table.keys()
    wrong = [
        f"{module} imports {other}"
        for module, others in sorted(IMPORTS.items())
        for other in sorted(others)
        if folder(other) != folder(module) and folder(other) not in table[folder(module)]
    ]
    assert not wrong


def test_the_table_allows_nothing_that_no_file_needs() -> None:
    needed: dict[str, set[str]] = {name: set() for name in allowed()}
    for module, others in IMPORTS.items():
        needed[folder(module)] |= {folder(other) for other in others} - {folder(module)}
    assert needed == allowed()


def test_neither_folders_nor_files_import_each_other_in_a_circle() -> None:
    for graph in (allowed(), IMPORTS):
        assert list(TopologicalSorter(graph).static_order())
    assert floors(IMPORTS) <= 12


def floors(graph: Mapping[str, set[str]]) -> int:
    """Files that lie above each other, at the most."""
    height: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        height[name] = 1 + max((height[below] for below in graph[name]), default=0)
    return max(height.values())


def test_no_file_is_over_400_lines_and_no_class_over_200() -> None:
    for module, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, module
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                assert node.end_lineno - node.lineno < 200, f"{module}.{node.name}"


def test_no_line_of_sql_is_over_120_characters() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "sql").rglob("*.sql"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ]
    assert not long


def test_the_figures_of_the_architecture_page_are_true() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = {
        what: (int(now), int(limit or 0))
        for what, now, limit in re.findall(r"^\| (.*?) \| (\d+) \| (\d*) ?\|$", page, re.MULTILINE)
    }
    (floors_now, most_floors) = told["files that import each other in a row, at the most (floors)"]
    assert floors(IMPORTS) <= floors_now <= most_floors == 12
    assert told["lines of the largest file"][1] == 400
    assert told["lines of the largest class"][1] == 200
    assert told["characters of the longest line of SQL"][1] == 120
    assert abs(told["files of Python"][0] - len(MODULES)) <= 10, "write the number anew"


@pytest.mark.parametrize("arguments", [["--help"], ["plan"], ["build"]])
def test_the_command_line_a_plan_and_a_build_without_work_load_nothing_heavy(
    sample: Path, arguments: list[str]
) -> None:
    code = f"""
import sys; sys.argv = ["cli.py", "--data", {str(sample)!r}, *{arguments!r}]
import cli
try: cli.main()
except SystemExit as done: assert not done.code, done.code
assert not [name for name in {HEAVY!r} if name in sys.modules], sys.modules.keys()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "run if changed" not in done.stdout
