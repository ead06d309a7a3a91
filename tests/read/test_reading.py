"""Files cut into records: whatever is in them, wherever a block ends, within the bounds."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.raw_tree import (
    ACTIVATIONS,
    PROMPTS,
    explanation,
    files,
    record,
    score,
    stage,
    write,
)
from warehouse.read import decompress, records, stream
from warehouse.read.content import InputFile
from warehouse.read.decompress import Bounds
from warehouse.read.records import Items, Lines

WIDE = Bounds(record=1 << 20, expansion=1000)


def cut(path: Path, how: type, bounds: Bounds = WIDE) -> list[tuple]:
    """(line, text, problem) of every record of a file."""
    file = InputFile(path.name, str(path), "", bytes=path.stat().st_size)
    table = stream.records([file], bounds, how, {}).read_all()
    return [(r["line"], r["text"], r["problem"]) for r in table.to_pylist()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cut") / "file"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(['"', "\\", "],[", ","]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.lists(values), st.integers(1, 40), st.sampled_from([None, 2]), st.booleans())
def test_the_items_of_an_array_come_out_as_they_went_in(place, items, block, indent, ascii_only):
    place.write_text(json.dumps(items, indent=indent, ensure_ascii=ascii_only), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompress, "BLOCK", block)
        found = cut(place, Items)
    assert [json.loads(text) for _, text, _ in found] == items
    assert [(line, problem) for line, _, problem in found] == [
        (n, None) for n in range(1, len(items) + 1)
    ]


@settings(max_examples=100)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"))), st.integers(3, 40))
def test_lines_come_out_as_they_went_in_and_blank_ones_are_none(place, lines, block):
    place.write_bytes("\n".join(lines).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompress, "BLOCK", block)
        found = cut(place, Lines)
    content = [
        line.encode().removeprefix(b"\xef\xbb\xbf" if n == 0 else b"")
        for n, line in enumerate(lines)
    ]
    expected = [
        (n, line.decode(), None) for n, line in enumerate(content, 1) if line.strip(b" \t\r")
    ]
    assert [(n, text.removesuffix("\n"), problem) for n, text, problem in found] == expected


@pytest.mark.parametrize("block", [50, 1 << 20])
@pytest.mark.parametrize("how", [Lines, Items])
def test_a_record_past_the_bound_is_told_and_the_others_are_read(tmp_path, monkeypatch, how, block):
    monkeypatch.setattr(decompress, "BLOCK", block)
    monkeypatch.setattr(records, "HEAD", 20)
    items = ['["a"]', '["' + "x" * 996 + '"]', '["' + "y" * 997 + '"]', '["b"]']
    path = tmp_path / "file"
    path.write_text("[" + ",".join(items) + "]" if how is Items else "\n".join(items))
    found = cut(path, how, Bounds(1000, 1000))
    assert [(n, text.strip(), problem) for n, text, problem in found] == [
        (1, '["a"]', None),
        (2, items[1], None),
        (3, items[2][:20], "too long"),
        (4, '["b"]', None),
    ]


def test_long_records_stand_in_quarantine_with_their_beginning_and_how_to_read_them(tmp_path):
    long, word = "x" * 2000, explanation("layers.3_latent1.txt")
    fuzz = score("fuzz", "layers.3_latent1.txt")
    changes = {
        ACTIVATIONS: files()[ACTIVATIONS] + record(9, 0, []).replace("}", f', "x": "{long}"}}'),
        PROMPTS: [*files()[PROMPTS], [long]],
        word: long,
        fuzz: [{"text": long}],
    }
    data = write(tmp_path, changes)
    bound = "input.max_record_mb=0.0015"
    rows = stage(data, bound, "quarantine.max_share=1")
    reason = "longer than input.max_record_mb = 0.0015"
    sql = "SELECT file, line, reason, len(raw) FROM quarantine.records ORDER BY file"
    assert [r[:3] for r in rows(sql)] == [
        (ACTIVATIONS, 19, reason),
        (PROMPTS, 7, reason),
        (word, 1, reason),
        (fuzz, 1, reason),
    ]
    rows = stage(data)
    assert rows("SELECT count(*) FROM quarantine.records WHERE reason LIKE 'longer%'") == [(0,)]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_file_that_grows_past_the_bound_is_read_no_further(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(decompress, "_FREE", 100_000)
    plain = files()[ACTIVATIONS].encode() + b"\n" * 20_000_000
    small = gzip.compress(plain) if ending == ".gz" else pa.compress(plain, "zstd", asbytes=True)
    data = write(tmp_path, {ACTIVATIONS: None, ACTIVATIONS + ending: small})
    options = ("quarantine.max_share=1", "input.max_expansion=50")
    rows = stage(data, *options)
    assert (
        rows("SELECT line, reason FROM quarantine.activations")[-1][1]
        == "truncated file: it grows more than input.max_expansion = 50 times"
    )
    assert rows("SELECT count(*) FROM staging.activation_examples") == [(18,)]
    rows = stage(data, options[0], "input.max_expansion=1e6")
    assert rows("SELECT count(*) FROM quarantine.activations") == [(0,)]


def test_a_pipe_in_a_files_place_is_not_waited_for(tmp_path):
    name = explanation("layers.3_latent7.txt")
    data = write(tmp_path)
    os.mkfifo(data / name)
    rows = stage(data, "quarantine.max_share=1")
    assert rows("SELECT file, reason FROM quarantine.records") == [
        (name, "unreadable file: no regular file")
    ]
