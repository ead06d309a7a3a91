"""The bytes of a raw file, decompressed within bounds, up to where the file is damaged."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import zstandard

from warehouse.read.content import InputFile
from warehouse.settings import Settings

BLOCK = 1 << 20  # bytes read, and of records handed over, at once
BOM = b"\xef\xbb\xbf"
# Compressed bytes decompressed at a time. Small: what a step holds before damage inside it is
# lost, and a step of a decompression bomb grows a thousandfold (gzip), or more (zstd).
_STEP = {".gz": 1 << 12, ".zst": 1 << 8}
_FREE = 64 << 20  # decompressed bytes that are never too many

# What SQL makes a reason of: sql/macros/reading_problem.sql.
EXPANDS = "expands"


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


class ExpandsError(Exception):
    """A compressed file grew past `input.max_expansion`."""


DAMAGE = (OSError, EOFError, zlib.error, zstandard.ZstdError, ExpandsError)


def describe_damage(damage: Exception) -> str:
    if isinstance(damage, ExpandsError):
        return EXPANDS
    kind = "truncated file" if isinstance(damage, EOFError) else "unreadable file"
    return f"{kind}: {getattr(damage, 'strerror', None) or damage}"


def read_blocks(file: InputFile, bounds: Bounds) -> Iterator[bytes]:
    """The file's bytes without a byte order mark, decompressed, some 16 MB at a time.

    Whatever comes before damage is yielded before it raises.
    """
    gathered: list[bytes] = []
    size, mark = 0, BOM

    def block() -> bytes:
        nonlocal mark
        content, mark = b"".join(gathered).removeprefix(mark), b""
        gathered.clear()
        return content

    try:
        for piece in _pieces(file, bounds):
            gathered.append(piece)
            size += len(piece)
            if size >= BLOCK:
                size = 0
                yield block()
    except DAMAGE:
        yield block()
        raise
    yield block()


def _pieces(file: InputFile, bounds: Bounds) -> Iterator[bytes]:
    if file.status == "unreadable":
        raise OSError(0, file.note)
    grown, allowed = 0, max(_FREE, file.bytes * bounds.expansion)
    with file.path.open("rb", buffering=0) as handle:
        if file.path.suffix not in _STEP:
            while content := handle.read(BLOCK):
                yield content
            return
        decompress = _decompressor(file.path.suffix)
        while True:
            content = handle.read(BLOCK)
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
