"""Raw files as Arrow streams: whole files, lines of JSON lines, items of a JSON array.

SQL parses every record. Python cuts files into records, so that one unreadable file, byte or
record never stops the others, and so that it holds no more than a few records at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from warehouse.read.content import InputFile, chunks
from warehouse.read.decompress import BLOCK, BOM, Bounds
from warehouse.read.records import HEAD, TOO_LONG, Cut, cut_file, decode_texts

if TYPE_CHECKING:
    import pyarrow as pa

_FILES = 64  # whole files per record batch, if they are small


def records(
    files: Sequence[InputFile], bounds: Bounds, cut: type[Cut], counts: dict[str, int]
) -> pa.RecordBatchReader:
    """A RecordBatchReader over the records of files: file, line, text, problem.

    `line` is the record's 1-based place, null for what concerns the file as a whole; `problem` is
    null for readable text. Bytes that are no UTF-8 are escaped in `text`.
    """
    import pyarrow as pa

    schema = pa.schema(
        [
            ("file", pa.dictionary(pa.int32(), pa.string())),
            ("line", pa.int64()),
            ("text", pa.large_string()),
            ("problem", pa.string()),
        ]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            for lines, array, problems in cut_file(file, bounds, cut()):
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
            count = _read_into(file.place, memory)
        except OSError as error:
            return 0, f"unreadable file: {error.strerror or error}"
        if memory[: min(count, 3)] == BOM:
            count -= 3
            memory[:count] = memory[3 : count + 3]
        return (min(count, HEAD), TOO_LONG) if count > bounds.record else (count, None)

    def batches() -> Iterator[pa.RecordBatch]:
        for chunk in chunks(files, _FILES, BLOCK):
            sizes = [min(f.bytes, bounds.record + 1 + len(BOM)) for f in chunk]
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
            decoded, undecodable = decode_texts(array)
            problems = [p or u for p, u in zip(problems, undecodable, strict=True)]
            facts = ([getattr(f, name) for f in chunk] for name in ("name", "source", "method"))
            columns = [*map(pa.array, facts), decoded, pa.array(problems, pa.string())]
            yield pa.record_batch(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _read_into(path: str, memory: memoryview) -> int:
    """Read a file's beginning into `memory`; how many bytes there are."""
    at, handle = 0, os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while at < len(memory) and (count := os.readv(handle, (memory[at:],))):
            at += count
    finally:
        os.close(handle)
    return at
