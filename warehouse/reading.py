"""Raw files as Arrow streams: whole files, lines of JSON lines, items of a JSON array.

SQL parses every record. Python cuts files into records, so that one unreadable file, byte or
record never stops the others, and so that it holds no more than a few records at once.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import zstandard

from warehouse.read import delphi_cache, figures
from warehouse.settings import Settings
from warehouse.sources import InputFile, chunks, source_names

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_BLOCK = 1 << 20  # bytes read, and of records handed over, at once
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
# Compressed bytes decompressed at a time. Small: what a step holds before damage inside it is
# lost, and a step of a decompression bomb grows a thousandfold (gzip), or more (zstd).
_STEP = {".gz": 1 << 12, ".zst": 1 << 8}
_FREE = 64 << 20  # decompressed bytes that are never too many
_FILES = 64  # whole files a record batch, if they are small
_HEAD = 1 << 16  # bytes kept of a record that is too long

# What SQL makes a reason of: sql/macros/reading_problem.sql.
TOO_LONG = "too long"
EXPANDS = "expands"
NO_ARRAY = "no array"


@dataclass(frozen=True)
class Bounds:
    """What may be held of one record, and how much larger than its file decompressed data may be."""

    record: int
    expansion: float

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        return cls(
            int(float(settings["input.max_record_mb"]) * 1e6),
            float(settings["input.max_expansion"]),
        )


def stream(
    name: str, files: Sequence[InputFile], settings: Settings, counts: dict[str, int]
) -> pa.RecordBatchReader | pa.Table:
    """What stands behind a `raw.*` relation; it can be read once.

    `counts` receives the number of records of each file that is cut into records.
    """
    import pyarrow as pa

    bounds = Bounds.of(settings)
    if name == "raw.latents":
        return delphi_cache.latents(files, settings, counts)
    if name == "raw.latent_prompts":
        return delphi_cache.prompts(files)
    if name == "raw.firing_counts":
        return delphi_cache.firing_counts(files, bounds.expansion, counts)
    if name == "raw.figure_tables":
        return figures.tables(files, counts)
    if name == "raw.sparsity":
        return delphi_cache.sparsity(files, counts)
    if name == "raw.sources":
        return pa.table(
            {"source": pa.array(source_names(files), pa.string())}
        )
    if name in _CUTS:
        return records(files, bounds, _CUTS[name], counts)
    return texts(files, bounds)


def records(
    files: Sequence[InputFile], bounds: Bounds, cut: type[Cut], counts: dict[str, int]
) -> pa.RecordBatchReader:
    """A RecordBatchReader over the records of files: file, line, text, problem.

    `line` is the record's 1-based place, null for what concerns the file as a whole; `problem` is
    null for readable text. Bytes that are no UTF-8 stand as escapes in `text`.
    """
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.dictionary(pa.int32(), pa.string())), ("line", pa.int64()),
         ("text", pa.large_string()), ("problem", pa.string())]
    )  # fmt: skip

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            for lines, array, problems in _cut(file, bounds, cut()):
                count = len(array)
                counts[file.name] = counts.get(file.name, 0) + count
                names = pa.DictionaryArray.from_arrays(
                    pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([file.name])
                )
                yield pa.record_batch([names, lines, array, problems], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def texts(files: Sequence[InputFile], bounds: Bounds) -> pa.RecordBatchReader:
    """A RecordBatchReader over whole files: file, source, method, text, problem."""
    import numpy as np
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("source", pa.string()), ("method", pa.string()),
         ("text", pa.large_string()), ("problem", pa.string())]
    )  # fmt: skip

    def read(file: InputFile, memory: memoryview) -> tuple[int, str | None]:
        """How many bytes of `memory` are the file's now, and what is wrong with it."""
        if file.status == "unreadable":
            return 0, f"unreadable file: {file.note}"
        try:
            count = _read_into(file.path, memory)
        except OSError as error:
            return 0, f"unreadable file: {error.strerror or error}"
        if memory[: min(count, 3)] == _BOM:
            count -= 3
            memory[:count] = memory[3 : count + 3]
        return (min(count, _HEAD), TOO_LONG) if count > bounds.record else (count, None)

    def batches() -> Iterator[pa.RecordBatch]:
        for chunk in chunks(files, _FILES, _BLOCK):
            sizes = [min(f.bytes, bounds.record + 1 + len(_BOM)) for f in chunk]
            content = np.empty(sum(sizes), np.uint8)
            memory, ends, problems = memoryview(content), [0], []
            for file, size in zip(chunk, sizes, strict=True):
                count, problem = read(file, memory[ends[-1] : ends[-1] + size])
                ends.append(ends[-1] + count)
                problems.append(problem)
            offsets = pa.py_buffer(np.array(ends, np.int64))
            array = pa.LargeBinaryArray.from_buffers(
                pa.large_binary(), len(chunk), [None, offsets, pa.py_buffer(content)]
            )
            decoded, undecodable = _decoded(array)
            problems = [p or u for p, u in zip(problems, undecodable, strict=True)]
            facts = ([getattr(f, name) for f in chunk] for name in ("name", "source", "method"))
            columns = [*map(pa.array, facts), decoded, pa.array(problems, pa.string())]
            yield pa.record_batch(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _read_into(path: Path, memory: memoryview) -> int:
    """Read a file's beginning into `memory`; how many bytes there are."""
    at, handle = 0, os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while at < len(memory) and (count := os.readv(handle, (memory[at:],))):
            at += count
    finally:
        os.close(handle)
    return at


# ------------------------------------------------------------------------------ cutting a file


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
    """Items of a JSON array: what stands between its own commas, which become newlines.

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


_CUTS: dict[str, type[Cut]] = {
    "raw.activations": Lines,
    "raw.activation_ids": Lines,
    "raw.record_prompts": Lines,
    "raw.export_features": Lines,
    "raw.figure_lines": Lines,
    "raw.export_explanations": Lines,
    "raw.prompts": Items,
    "raw.score_items": Items,
}


def _cut(file: InputFile, bounds: Bounds, cut: Cut) -> Iterator[tuple]:
    """(line numbers, texts, problems) of a file's records, a block of them at a time.

    Damage ends a file: the records before it are whole, what is left of the next has the problem.
    """
    number, rest, too_long, damage = 0, b"", False, None
    blocks = _blocks(file, bounds)
    while True:
        try:
            block = next(blocks, None)
        except _DAMAGE as error:
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
            rest, too_long = rest[:_HEAD], True
    problem = cut.leftover(rest) if damage is None else _problem(damage)
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
        cut = (a.as_py()[:_HEAD] if long else a.as_py() for a, long in zip(array, too_long, strict=True))  # fmt: skip
        array = pa.array(cut, pa.large_binary())
    if skip_blank:
        first, lengths = np.frombuffer(content, np.uint8)[offsets[:-1]], np.diff(offsets)
        blank = (lengths == 1) | ((lengths == 2) & (first == 13))  # the newline, and CRLF
        for i in np.flatnonzero(np.isin(first, (9, 13, 32)) & ~blank & ~too_long):
            blank[i] = not array[int(i)].as_py().strip(_BLANK)
        if blank.any():
            keep = np.flatnonzero(~blank)
            array, numbers, too_long = array.take(pa.array(keep)), numbers[keep], too_long[keep]
    decoded, problems = _decoded(array)
    if too_long.any():
        problems = [TOO_LONG if t else p for t, p in zip(too_long, problems, strict=True)]
    return pa.array(numbers), decoded, pa.array(problems, pa.string())


def _remains(rest: bytes, line: int | None, problem: str) -> tuple:
    """The one record of what is left of a file."""
    import pyarrow as pa

    text = rest.decode(errors="backslashreplace")
    return pa.array([line], pa.int64()), pa.array([text], pa.large_string()), pa.array([problem])


def _decoded(array: pa.LargeBinaryArray) -> tuple[pa.LargeStringArray, list[str | None]]:
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


# ------------------------------------------------------------------------------ bytes of a file


class ExpandsError(Exception):
    """A compressed file grew past `input.max_expansion`."""


_DAMAGE = (OSError, EOFError, zlib.error, zstandard.ZstdError, ExpandsError)


def _problem(damage: Exception) -> str:
    if isinstance(damage, ExpandsError):
        return EXPANDS
    kind = "truncated file" if isinstance(damage, EOFError) else "unreadable file"
    return f"{kind}: {getattr(damage, 'strerror', None) or damage}"


def _blocks(file: InputFile, bounds: Bounds) -> Iterator[bytes]:
    """The file's bytes without a byte order mark, decompressed, some 16 MB at a time.

    Whatever comes before damage is yielded before it raises.
    """
    gathered: list[bytes] = []
    size, mark = 0, _BOM

    def block() -> bytes:
        nonlocal mark
        content, mark = b"".join(gathered).removeprefix(mark), b""
        gathered.clear()
        return content

    try:
        for piece in _pieces(file, bounds):
            gathered.append(piece)
            size += len(piece)
            if size >= _BLOCK:
                size = 0
                yield block()
    except _DAMAGE:
        yield block()
        raise
    yield block()


def _pieces(file: InputFile, bounds: Bounds) -> Iterator[bytes]:
    if file.status == "unreadable":
        raise OSError(0, file.note)
    grown, allowed = 0, max(_FREE, file.bytes * bounds.expansion)
    with file.path.open("rb", buffering=0) as handle:
        if file.path.suffix not in _STEP:
            while content := handle.read(_BLOCK):
                yield content
            return
        decompress = _decompressor(file.path.suffix)
        while True:
            content = handle.read(_BLOCK)
            for piece in decompress(content):
                yield piece
                grown += len(piece)
                if grown > allowed:
                    raise ExpandsError
            if not content:
                return


def _decompressor(suffix: str) -> Callable[[bytes], Iterator[bytes]]:
    """Compressed bytes → bytes, called for each block and with b"" at the end.

    Several members (gzip) or frames (zstd) may follow each other. Raises EOFError when the last
    is not whole.
    """

    def new():
        if suffix == ".gz":
            return zlib.decompressobj(wbits=31)
        return zstandard.ZstdDecompressor().decompressobj()

    member, begun = new(), False

    def decompress(block: bytes) -> Iterator[bytes]:
        nonlocal member, begun
        if not block and begun:
            raise EOFError("it ends in the middle of its compressed data")
        for at in range(0, len(block), _STEP[suffix]):
            step = block[at : at + _STEP[suffix]]
            while step:
                begun = True
                yield member.decompress(step)
                step = member.unused_data if member.eof else b""
                if member.eof:
                    member, begun = new(), False
                    step = step.lstrip(b"\0") if suffix == ".gz" else step

    return decompress
