"""Tables in a terminal: whatever its width, the first columns are there and the rest is named."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.support.terminal import shown
from warehouse.terminal.table import fit

MASTER = "SELECT * FROM master.features LIMIT 3"


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize(
    "arguments", [("features", "--limit", "3"), ("query", MASTER)], ids=["features", "query"]
)
def test_a_table_keeps_its_key_and_names_what_does_not_fit(
    sample: Path, width: int, arguments: tuple[str, ...]
) -> None:
    lines = shown(width, "--data", str(sample), *arguments)
    assert max(map(len, lines)) <= width
    ids = [line.split()[0] for line in lines if re.match(r"\s*\d+\s\s", line)]
    assert len(ids) == 3, lines
    (count,) = [int(n) for line in lines for n in re.findall(r"^(\d) of 9 columns;", line)] or [9]
    row = next(line for line in lines if line.startswith(f"{ids[0]} "))
    assert len(re.split(r"\s{2,}", row.strip())) == count
    if count < 9:
        assert f"{count} of 9 columns; --format line or csv for all" in lines


def test_a_short_value_is_whole_where_a_text_is_cut(sample: Path) -> None:
    sql = "SELECT 12345678 AS id, repeat('long ', 40) AS text, 'lexical' AS kind, 0.123456::DOUBLE AS score"
    _, row, *_ = shown(80, "--data", str(sample), "query", sql)
    cells = re.split(r"\s{2,}", row.strip())
    assert (cells[0], *cells[2:]) == ("12345678", "lexical", "0.1235")
    assert cells[1].endswith("…")
    assert len(cells[1]) == 80 - 2 * 3 - len("12345678" + "lexical" + "0.1235")


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("command", ["sources", "history"])
def test_a_table_of_ours_folds_its_texts(sample: Path, width: int, command: str) -> None:
    lines = shown(width, "--data", str(sample), command)
    table = [line for line in lines if not line.startswith("kept for diff")]
    assert max(map(len, table)) <= width
    assert any(line.startswith(("input ", "build ")) for line in table)
    assert not any("…" in line for line in table)


def test_lines_hold_every_column_in_a_narrow_terminal(sample: Path) -> None:
    lines = shown(80, "--data", str(sample), "features", "--limit", "1", "--format", "line")
    names = [line.partition(" = ")[0].strip() for line in lines]
    assert names[0] == "feature_id"
    assert {"explanation_text", "match_rate", "activation_max_jaccard"} <= set(names)


def test_markdown_is_a_table_whatever_a_text_holds(sample: Path) -> None:
    sql = r"SELECT 'a|b' AS x, 'new' || chr(10) || 'line' AS y, 1/3 AS z"
    lines = shown(80, "--data", str(sample), "query", sql, "--format", "markdown")
    assert lines == ["| x | y | z |", "| --- | --- | --- |", r"| a\|b | new⏎line | 0.3333 |"]


@pytest.mark.parametrize("room", range(1, 90))
def test_what_fits_is_never_wider_than_the_room(room: int) -> None:
    widths = fit(["feature_id", "kind", "some_long_name", "text"], [2, 8, 5, 300], room)
    assert sum(widths) + 2 * (len(widths) - 1) <= room
    assert room < 10 or len(widths) == 4 or room < 2 + 8 + 8 + 5 + 16 + 6


def test_a_piped_table_is_as_wide_as_it_needs_to_be(sample: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from cli import main

    done = CliRunner().invoke(main, ["--data", str(sample), "query", MASTER])
    with_rows = done.stdout.splitlines()
    assert "columns;" not in done.stdout
    out = tmp_path / "rows.csv"
    CliRunner().invoke(main, ["--data", str(sample), "query", MASTER, "-o", str(out)])
    with out.open(newline="") as stream:
        assert with_rows[0].split() == next(csv.reader(stream))
