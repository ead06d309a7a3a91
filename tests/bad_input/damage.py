"""A raw tree with 1 % of its files damaged at random, built, and reconciled to the last record.

    python -m tests.bad_input.damage DATA OUT --seed 1 [--share 0.01] [--staged]

DATA is a built data directory and stays as it is. OUT gets its raw tree, damaged, and a build of
it. Every record of every file must be where `tests.bad_input.plain_reader` says: kept with its value, or in
quarantine; files that were not damaged must read as they do in DATA. Prompts and weights are left
alone: without them there is nothing to build, and the build says so. The file of activation
records is one file, so 1 % of its lines are damaged instead.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.bad_input import plain_reader as plain
from tests.support.builds import open_project
from tests.support.raw_tree import STAGED
from warehouse.database import run
from warehouse.layout import Layout
from warehouse.run.build import build
from warehouse.settings_file import FILE_NAME
from warehouse.sqltext import literal

Way = Callable[[bytes, random.Random], bytes]


def _anywhere(content: bytes, dice: random.Random) -> int:
    return dice.randrange(len(content) + 1)


def _truncated(content: bytes, dice: random.Random) -> bytes:
    return content[: _anywhere(content, dice)]


def _zeroed(content: bytes, dice: random.Random) -> bytes:
    at = _anywhere(content, dice)
    hole = content[at : at + dice.randint(1, 64)]
    return content[:at] + b"\0" * len(hole) + content[at + len(hole) :]


def _not_utf8(content: bytes, dice: random.Random) -> bytes:
    at = _anywhere(content, dice)
    return content[:at] + dice.choice([b"\xff", b"\xc3", b"\xed\xa0\x80"]) + content[at:]


def _flipped(content: bytes, dice: random.Random) -> bytes:
    flipped = bytearray(content)
    for _ in range(min(len(content), dice.randint(1, 3))):
        flipped[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    return bytes(flipped)


def _repeated(content: bytes, dice: random.Random) -> bytes:
    """A piece is there twice, as where an interrupted writer went on."""
    begin, end = sorted((_anywhere(content, dice), _anywhere(content, dice)))
    return content[:end] + content[begin:]


WAYS: dict[str, Way | None] = {
    "truncated": _truncated,
    "zero bytes": _zeroed,
    "not UTF-8": _not_utf8,
    "a BOM": lambda content, dice: plain.BOM + content,
    "brackets swapped": lambda content, dice: content.translate(bytes.maketrans(b"[]{}", b"{}[]")),
    "emptied": lambda content, dice: b"",
    "a directory": None,
    "gzip": lambda content, dice: gzip.compress(content, mtime=0),
    "flipped bits": _flipped,
    "a piece twice": _repeated,
}
# A line cannot become a directory; it is duplicated instead.
LINE_WAYS: dict[str, Way] = {
    **{name: way for name, way in WAYS.items() if way},
    "duplicated": lambda line, dice: line + b"\n" + line,
}


@dataclass
class Damage:
    """What was done: file → way, and the ways of the damaged lines of the activation records."""

    seed: int
    files: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


@dataclass
class Reconciled:
    """How the build of a damaged tree compares. `differences` must be empty."""

    damage: Damage
    inputs: list[tuple[str, int, int, int, int, int]]  # input, files, records, kept, bad, before
    compared: int
    differences: list[str]
    seconds: float


def damage(source: Path, target: Path, seed: int, share: float) -> Damage:
    """Copy the raw tree of `source` to `target` and damage `share` of its files and lines."""
    shutil.copytree(source / "raw", target / "raw")
    if (source / FILE_NAME).exists():
        shutil.copy(source / FILE_NAME, target / FILE_NAME)
    dice, done = random.Random(seed), Damage(seed)
    with duckdb.connect(str(Layout(source).warehouse), read_only=True) as connection:
        names = [
            name for (name,) in run(connection, "SELECT file FROM staging.files WHERE input IN ('explanations', 'scores', 'run_configs') ORDER BY file")
        ]  # fmt: skip
    ways = list(WAYS)
    for place, name in enumerate(dice.sample(names, max(len(ways), round(share * len(names))))):
        done.files[name] = ways[place % len(ways)]
        _damage_file(target / name, WAYS[done.files[name]], dice)
    path = _activations(target)
    lines = path.read_bytes().split(b"\n")
    largest = max(map(_largest_id, lines))
    for place in dice.sample(range(len(lines)), max(len(LINE_WAYS), round(share * len(lines)))):
        way = list(LINE_WAYS)[len(done.lines) % len(LINE_WAYS)]
        damaged = LINE_WAYS[way](lines[place], dice)
        while _largest_id(damaged) > largest:
            damaged = LINE_WAYS[way](lines[place], dice)
        lines[place] = damaged
        done.lines.append(way)
    path.write_bytes(b"\n".join(lines))
    return done


def _damage_file(path: Path, way: Way | None, dice: random.Random) -> None:
    content = path.read_bytes()
    if way is None:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(way(content, dice))


def _largest_id(lines: bytes) -> int:
    """The largest feature id in JSON lines: a flipped digit that names a feature the decoder lacks
    would rightly fail the whole build, so such a flip is drawn again."""
    return max(map(int, re.findall(rb'"index":\s*"?(\d+)', lines)), default=0)


def _activations(data: Path) -> Path:
    (path,) = (data / "raw" / "activation_examples").glob("activations.jsonl")
    return path


def reconcile(source: Path, target: Path, done: Damage, staged: bool, share: float) -> Reconciled:
    """Build `target` and hold every record against the plain reader and against `source`."""
    began = time.monotonic()
    overrides = [f"quarantine.max_share={min(1.0, 6 * share)}"]
    build(open_project(target, overrides), STAGED if staged else (), exports=not staged)
    seconds = time.monotonic() - began
    differences: list[str] = []
    compared = 0
    with duckdb.connect(str(Layout(target).warehouse), read_only=True) as connection:
        run(connection, f"ATTACH {literal(str(Layout(source).warehouse))} AS old (READ_ONLY)")
        for place, wanted, found in _records(connection, target, done):
            compared += 1
            if wanted != found:
                differences.append(f"{place}: {found!r}, expected {wanted!r}"[:300])
        for sql in (_UNDAMAGED_LEDGER, _UNDAMAGED_RECORDS, _UNDAMAGED_SCORES, _BALANCE):
            differences += [repr(row)[:300] for row in run(connection, sql, [list(done.files)])]
        inputs = run(connection, _INPUTS)
    return Reconciled(done, inputs, compared, differences, seconds)


# Files that were not damaged: the same line of the ledger, the same rows, the same scores.
_LEDGER = "SELECT file, input, bytes, hash, records, quarantined, outside_scope, status FROM {}staging.files WHERE NOT list_contains($1, file) AND input NOT IN ('activations', 'other', 'decoder')"
_UNDAMAGED_LEDGER = f"""
    (({_LEDGER.format("")}) EXCEPT ({_LEDGER.format("old.")}))
    UNION ALL (({_LEDGER.format("old.")}) EXCEPT ({_LEDGER.format("")}))"""
_ROWS = """
    SELECT file, count(*) AS n, bit_xor(hash(r)) AS h FROM {0}staging.score_records r WHERE NOT list_contains($1, file) GROUP BY file
    UNION ALL
    SELECT file, count(*) AS n, bit_xor(hash(r)) AS h FROM {0}staging.explanation_records r WHERE NOT list_contains($1, file) GROUP BY file"""
_UNDAMAGED_RECORDS = f"""
    (({_ROWS.format("")}) EXCEPT ({_ROWS.format("old.")}))
    UNION ALL (({_ROWS.format("old.")}) EXCEPT ({_ROWS.format("")}))"""
_SCORES = "SELECT s.* FROM {0}analysis.scores s JOIN {0}staging.score_files f ON (f.source, f.method, f.feature_id) = (s.source, s.method, s.feature_id) WHERE NOT list_contains($1, f.file)"
_UNDAMAGED_SCORES = f"""
    (({_SCORES.format("")}) EXCEPT ({_SCORES.format("old.")}))
    UNION ALL (({_SCORES.format("old.")}) EXCEPT ({_SCORES.format("")}))"""
# Every file: what was read is what was kept and what was quarantined.
_KEPT = """
    SELECT file FROM staging.activation_records WHERE status = 'kept'
    UNION ALL SELECT file FROM staging.score_records WHERE status = 'kept'
    UNION ALL SELECT file FROM staging.explanation_records WHERE status = 'kept'
    UNION ALL SELECT file FROM staging.prompt_records WHERE reason IS NULL
    UNION ALL SELECT file FROM staging.run_configs WHERE reason IS NULL"""
_BALANCE = f"""
    SELECT f.file, f.records, f.quarantined, coalesce(k.n, 0)
    FROM staging.files f LEFT JOIN (SELECT file, count(*) AS n FROM ({_KEPT}) GROUP BY file) k ON k.file = f.file
    WHERE f.input NOT IN ('decoder', 'other') AND f.records <> f.quarantined + coalesce(k.n, 0) AND $1 IS NOT NULL"""
_INPUTS = """
    SELECT input, count(*), sum(records), sum(records - quarantined), sum(quarantined),
        (SELECT sum(records) FROM old.staging.files o WHERE o.input = f.input)
    FROM staging.files f WHERE input NOT IN ('decoder', 'other') GROUP BY input ORDER BY input"""


def _records(connection: duckdb.DuckDBPyConnection, data: Path, done: Damage):
    """(place, expected fate, found fate) of every record of damaged files and all activations."""
    lengths = dict(run(connection, "SELECT prompt_id, num_tokens FROM staging.prompts"))
    path = _activations(data)
    rows = run(
        connection,
        "SELECT line, status, feature_id, prompt_id, positions, activations FROM staging.activation_records",
    )
    found = {line: tuple(kept) if status == "kept" else None for line, status, *kept in rows}
    yield from _pairs(path.name, plain.activation_lines(path.read_bytes(), lengths), found)
    readers = {
        "explanations": ("SELECT 1, status, text FROM staging.explanation_records WHERE file = ?", lambda c, m: plain.explanation(c)),
        "scores": ("SELECT line, status, outcome FROM staging.score_records WHERE file = ?", plain.score_examples),
        "run_config.json": ("SELECT 1, CASE WHEN reason IS NULL THEN 'kept' END, true FROM staging.run_configs WHERE file = ?", lambda c, m: plain.run_config(c)),
    }  # fmt: skip
    for name in done.files:
        _, _, kind, *rest = name.split("/")
        sql, read = readers[kind]
        rows = run(connection, sql, [name])
        found = {line: value if status == "kept" else None for line, status, value in rows}
        file = data / name
        wanted = plain.WHOLE if file.is_dir() else read(file.read_bytes(), rest[0] if rest else "")
        yield from _pairs(name, wanted, found)


def _pairs(name: str, wanted: plain.Fates, found: plain.Fates):
    for place in sorted(wanted.keys() | found.keys()):
        missing = "no such record"
        yield f"{name}:{place}", wanted.get(place, missing), found.get(place, missing)


def told(result: Reconciled) -> str:
    """The figures as text."""
    ways = Counter(result.damage.files.values())
    lines = [
        f"seed {result.damage.seed}: {len(result.damage.files)} files and "
        f"{len(result.damage.lines)} activation lines damaged in {len(WAYS)} ways "
        f"({', '.join(f'{name} {count}' for name, count in ways.items())}); built in {result.seconds:.0f} s",
        f"{'input':<14}{'files':>8}{'records':>12}{'kept':>12}{'quarantined':>13}{'undamaged tree':>16}",
    ]
    lines += [
        f"{i[0]:<14}{i[1]:>8,}{i[2]:>12,}{i[3]:>12,}{i[4]:>13,}{i[5]:>16,}" for i in result.inputs
    ]
    lines.append(
        f"{result.compared:,} records of damaged files and all activation lines compared one by one,"
        f" the other files with the undamaged tree: {len(result.differences)} differences"
    )
    return "\n".join(lines + result.differences[:20])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--staged", action="store_true", help="staging and scores only: no model")
    chosen = parser.parse_args(arguments)
    done = damage(chosen.data, chosen.out, chosen.seed, chosen.share)
    if (chosen.data / "vectors").is_dir() and not chosen.staged:
        shutil.copytree(chosen.data / "vectors", chosen.out / "vectors")
    (chosen.out / "damage.json").write_text(json.dumps(vars(done), indent=1))
    result = reconcile(chosen.data, chosen.out, done, chosen.staged, chosen.share)
    sys.stdout.write(told(result) + "\n")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
