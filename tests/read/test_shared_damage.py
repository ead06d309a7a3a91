"""One file of a hundred of each shared directory is damaged: nothing is lost silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.producers import Once, copied, unpacked
from tests.support.raw_tree import stage
from warehouse.errors import WarehouseError

SELECT = (
    "+staging.files",
    "+staging.activation_examples",
    "+analysis.feature_statistics",
    "+analysis.score_metrics",
    "+audits.records_reconcile",
    "+audits.quarantine_share",
)


def damage(path: Path, how: int) -> None:
    """Cut the file in half, flip a byte in its middle, or empty it."""
    content = path.read_bytes()
    middle = len(content) // 2
    path.unlink()
    path.write_bytes(
        [
            content[:middle],
            content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :],
            b"",
        ][how % 3]
        if content
        else b"\xff"
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "options"),
    [("delphi_run", ("input.hookpoint=encoder.layer.3.attention",)), ("neuronpedia_export", ())],
)
def test_a_damaged_file_costs_its_own_records_only(
    once: Once, tmp_path: Path, name: str, options: tuple[str, ...], seed: int
) -> None:
    raw = copied(unpacked(once, name), tmp_path, name) / "raw" / name
    files = sorted(
        p
        for p in raw.rglob("*")
        if p.is_file() and p.name not in ("run_config.json", "source.jsonl", "tokenizer.json")
    )
    hurt = files[seed * 7 :: max(1, len(files) // max(1, len(files) // 100 + 1))][
        : len(files) // 100 + 1
    ]
    for number, path in enumerate(hurt):
        damage(path, seed + number)
    try:
        stage(tmp_path, *options, select=SELECT)
    except WarehouseError as error:
        assert error.hint
    rows = stage(tmp_path, *options, "quarantine.max_share=1", select=SELECT)
    sql = """
        SELECT count(*) FROM staging.files f
        LEFT JOIN (SELECT file, count(*) AS n FROM quarantine.records GROUP BY file) q ON q.file = f.file
        WHERE f.quarantined <> coalesce(q.n, 0) OR f.records < f.quarantined + f.merged + f.outside_scope"""
    assert rows(sql) == [(0,)]
    names = {str(p.relative_to(tmp_path)) for p in hurt}
    bad = {file for (file,) in rows("SELECT DISTINCT file FROM quarantine.records WHERE reason NOT LIKE 'no explanation%'")}  # fmt: skip
    assert bad <= names
