"""Cutting a file's bytes into records: lines of JSON lines, items of a JSON array."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from warehouse.read.content import InputFile
from warehouse.read.decompress import DAMAGE, Bounds, describe_damage, read_blocks

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_BLANK = b" \t\r\n"
HEAD = 1 << 16  # bytes kept of a record that is too long

# What SQL makes a reason of: sql/macros/reading_problem.sql.
TOO_LONG = "too long"
NO_ARRAY = "no array"


class Cut(Protocol):
    """How a file is cut into records; it is handed the file's bytes in order, block by block."""

    skips_blank: bool  # whether a record of white space is none

    def ends(self, content: bytes, start: int) -> tuple[bytes, np.ndarray]:
        """The content, every record's text in it made whole, and the places where records end.

        `content` begins with a record or its rest; the bytes before `start` were seen before.
        """

    def leftover(self, rest: bytes) -> str | None:
        """What the bytes behind the last end are: a record (''), nothing (None), or a problem."""


class Lines:
    """Lines of text."""

    skips_blank = True

    def ends(self, content: bytes, start: int) -> tuple[bytes, np.ndarray]:
        import numpy as np

        return content, np.flatnonzero(np.frombuffer(content, np.uint8)[start:] == 10) + (start + 1)

    def leftover(self, rest: bytes) -> str | None:
        return "" if rest.strip(_BLANK) else None


class Items:
    """Items of a JSON array: what is between its own commas, which become newlines.

    Told by quotes, backslashes and brackets alone: whether an item is JSON is SQL's to judge.
    """

    skips_blank = False
    _ESCAPE = re.compile(rb"\\[\s\S]")

    def __init__(self) -> None:
        self.depth = 0  # of brackets, the array's own included
        self.found = 0  # ends so far
        self.in_string = self.escaped = self.opened = self.closed = False

    def ends(self, content: bytes, start: int) -> tuple[bytes, np.ndarray]:
        import numpy as np

        if not self.depth and not self.closed:
            start = len(content) - len(content.lstrip(_BLANK))
            if content[start : start + 1] == b"[":
                content = content[:start] + b" " + content[start + 1 :]
                self.depth, self.opened = 1, True
            else:
                self.closed = start < len(content)
        if not self.depth:
            return content, np.empty(0, np.int64)
        at = self._separators(content[start:]) + start
        spaced = np.frombuffer(content, np.uint8).copy()
        spaced[at] = ord("\n")
        content = spaced.tobytes()
        if self.closed and not self.found and not content[: at[-1]].strip(_BLANK):
            at = at[:0]  # an empty array
        self.found += len(at)
        return content, at + 1

    def leftover(self, rest: bytes) -> str | None:
        if self.depth:
            return "truncated file"
        if not self.opened:
            return NO_ARRAY
        return "not JSON" if rest.strip(_BLANK) else None

    def _separators(self, new: bytes) -> np.ndarray:
        """Places of the array's commas and of its closing bracket in bytes not seen before."""
        import numpy as np

        symbols = np.frombuffer(self._without_escapes(new), np.uint8)
        in_string = np.bitwise_xor.accumulate(symbols == ord('"')) ^ self.in_string
        self.in_string = bool(in_string[-1]) if len(symbols) else self.in_string
        steps = np.zeros(256, np.int8)
        steps[list(b"[{")], steps[list(b"]}")], steps[ord(",")] = 1, -1, 2
        steps = steps[symbols] * ~in_string
        at = np.flatnonzero(steps)
        comma = steps[at] == 2
        depth = self.depth + np.cumsum(np.where(comma, 0, steps[at]), dtype=np.int64)
        closing = np.flatnonzero(depth == 0)
        if len(closing):
            self.closed = True
            at, comma, depth = (a[: closing[0] + 1] for a in (at, comma, depth))
        self.depth = int(depth[-1]) if len(depth) else self.depth
        return at[(comma & (depth == 1)) | (depth == 0)]

    def _without_escapes(self, new: bytes) -> bytes:
        """The bytes with blanks for every escape; the last block's end may have begun one."""
        if self.escaped and new:
            new, self.escaped = b" " + new[1:], False
        if b"\\" in new:
            new = self._ESCAPE.sub(b"  ", new)
            self.escaped = new.endswith(b"\\")
        return new


def cut_file(file: InputFile, bounds: Bounds, cut: Cut) -> Iterator[tuple]:
    """(line numbers, texts, problems) of a file's records, a block of them at a time.

    Damage ends a file: the records before it are whole, what is left of the next has the problem.
    """
    number, rest, too_long, damage = 0, b"", False, None
    blocks = read_blocks(file, bounds)
    while True:
        try:
            block = next(blocks, None)
        except DAMAGE as error:
            block, damage = None, error
        if block is None:
            break
        content, ends = cut.ends(rest + block, len(rest))
        if len(ends):
            yield _arrays(content, ends, number, too_long, bounds, cut.skips_blank)
            number, too_long, rest = number + len(ends), False, content[ends[-1] :]
        else:
            rest = content
        if too_long or len(rest) > bounds.record:
            rest, too_long = rest[:HEAD], True
    problem = cut.leftover(rest) if damage is None else describe_damage(damage)
    if problem == "":
        yield _arrays(rest + b"\n", [len(rest) + 1], number, too_long, bounds, cut.skips_blank)
    elif problem is not None:
        yield _remains(rest, number + 1 if cut.skips_blank else None, problem)


def _arrays(
    content: bytes,
    ends: np.ndarray,
    before: int,
    first_is_too_long: bool,
    bounds: Bounds,
    skip_blank: bool,
) -> tuple:
    """(numbers, texts, problems) of the records that end at `ends`, without copying them."""
    import numpy as np
    import pyarrow as pa

    offsets = np.concatenate([[0], ends]).astype(np.int64)
    array = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    )
    numbers = np.arange(before + 1, before + len(ends) + 1)
    too_long = np.diff(offsets) > bounds.record + 1
    too_long[0] |= first_is_too_long
    if too_long.any():
        cut = (
            a.as_py()[:HEAD] if long else a.as_py() for a, long in zip(array, too_long, strict=True)
        )
        array = pa.array(cut, pa.large_binary())
    if skip_blank:
        first, lengths = np.frombuffer(content, np.uint8)[offsets[:-1]], np.diff(offsets)
        blank = (lengths == 1) | ((lengths == 2) & (first == 13))  # the newline, and CRLF
        for i in np.flatnonzero(np.isin(first, (9, 13, 32)) & ~blank & ~too_long):
            blank[i] = not array[int(i)].as_py().strip(_BLANK)
        if blank.any():
            keep = np.flatnonzero(~blank)
            array, numbers, too_long = array.take(pa.array(keep)), numbers[keep], too_long[keep]
    decoded, problems = decode_texts(array)
    if too_long.any():
        problems = [TOO_LONG if t else p for t, p in zip(too_long, problems, strict=True)]
    return pa.array(numbers), decoded, pa.array(problems, pa.string())


def _remains(rest: bytes, line: int | None, problem: str) -> tuple:
    """The one record of what is left of a file."""
    import pyarrow as pa

    text = rest.decode(errors="backslashreplace")
    return pa.array([line], pa.int64()), pa.array([text], pa.large_string()), pa.array([problem])


def decode_texts(array: pa.LargeBinaryArray) -> tuple[pa.LargeStringArray, list[str | None]]:
    """(texts, problems) of bytes. Undecodable ones become escapes: nothing of a record is lost."""
    import pyarrow as pa

    try:
        return array.cast(pa.large_string()), [None] * len(array)
    except pa.ArrowInvalid:
        texts_, problems = [], []
        for content in array.to_pylist():
            try:
                texts_.append(content.decode())
                problems.append(None)
            except UnicodeDecodeError:
                texts_.append(content.decode(errors="backslashreplace"))
                problems.append("not UTF-8")
        return pa.array(texts_, pa.large_string()), problems
