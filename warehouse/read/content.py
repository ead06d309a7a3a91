"""What raw files hold, by hash: a file whose size and times are as they were is not read again."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from warehouse.sqltext import digest

_FILES, _BYTES = 256, 16 << 20  # what a thread hashes in one go
_THREADS = 8  # more than cores: a file that is not in the page cache is waited for
_BLOCK = 1 << 20  # bytes read at once

# A file written within this time of its last look may have changed again unseen: hash it anew.
_RACY_NS = 2_000_000_000


class InputFile(NamedTuple):  # of which there are tens of thousands
    """One file of the raw tree. `name` is its path relative to the data directory, `place` its path.

    A `place` is text: to make paths of twenty thousand takes longer than to look at the files.
    """

    name: str
    place: str
    input: str  # the `raw.*` relation that it feeds; '' when it is not read
    source: str = ""
    method: str = ""
    bytes: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    checked_ns: int = 0
    hash: str = ""
    status: str = "read"  # read, not read, unreadable
    note: str = ""

    @property
    def path(self) -> Path:
        return Path(self.place)

    def same_stat(self, other: InputFile) -> bool:
        """Whether size and times prove the content unchanged since `other` was hashed."""
        return (
            (self.bytes, self.mtime_ns, self.ctime_ns, self.inode)
            == (other.bytes, other.mtime_ns, other.ctime_ns, other.inode)
            and other.checked_ns - max(other.mtime_ns, other.ctime_ns) > _RACY_NS
            and bool(other.hash)
        )


def stat_file(
    data: Path, path: str | Path, input_: str, source: str = "", method: str = ""
) -> InputFile:
    """The file as it lies there, not hashed; its name is relative to the directory `data`."""
    place = str(path)
    name = readable(place.removeprefix(f"{data}/"))
    try:
        info = os.stat(place)  # noqa: PTH116
    except OSError as error:
        return InputFile(
            name, place, input_, source, method, status="unreadable", note=error.strerror
        )
    if not stat.S_ISREG(info.st_mode):  # opening a pipe would wait for ever
        note = "a directory" if stat.S_ISDIR(info.st_mode) else "no regular file"
        return InputFile(name, place, input_, source, method, status="unreadable", note=note)
    return InputFile(
        name, place, input_, source, method,
        info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino,
    )  # fmt: skip


def readable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 as escapes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def hash_files(
    files: Iterable[InputFile], known: Mapping[str, InputFile], trust_times: bool = True
) -> list[InputFile]:
    """The files with their content hashes, those of `known` where size and times are the same."""

    def unchanged(file: InputFile) -> InputFile | None:
        if file.status == "not read":
            return file
        if file.status == "unreadable":
            return file._replace(hash=digest("!", file.note))
        before = known.get(file.name)
        if trust_times and before and before.input == file.input and file.same_stat(before):
            return file._replace(hash=before.hash, checked_ns=before.checked_ns)
        return None

    files = list(files)
    found = [unchanged(file) for file in files]
    unknown = [f for f, done in zip(files, found, strict=True) if not done]
    with ThreadPoolExecutor(_THREADS) as pool:
        read = chain.from_iterable(pool.map(_hash_chunk, chunks(unknown, _FILES, _BYTES)))
        return [file or next(read) for file in found]


def _hash_chunk(files: Iterable[InputFile]) -> list[InputFile]:
    """Read through one piece of memory: fresh memory for each file would cost more than BLAKE2."""
    block = memoryview(bytearray(_BLOCK))

    def one(file: InputFile) -> InputFile:
        now = time.time_ns()
        hasher = hashlib.blake2b(digest_size=16)
        try:
            for count in _blocks(file.place, block):
                hasher.update(block[:count])
        except OSError as error:
            reason = error.strerror or str(error)
            return file._replace(status="unreadable", note=reason, hash=digest("!", reason))
        return file._replace(hash=hasher.hexdigest(), checked_ns=now)

    return [one(file) for file in files]


def _blocks(path: str, memory: memoryview) -> Iterator[int]:
    """Read a file piece by piece into the same memory; how many bytes it holds each time.

    Of tens of thousands of small files, `Path.open` and its objects take most of the time.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while count := os.readv(handle, (memory,)):
            yield count
    finally:
        os.close(handle)


def chunks(files: Iterable[InputFile], count: int, size: int) -> Iterator[list[InputFile]]:
    """Runs of at most `count` files and, but for a single larger one, `size` bytes."""
    chunk: list[InputFile] = []
    held = 0
    for file in files:
        if chunk and (len(chunk) == count or held + file.bytes > size):
            yield chunk
            chunk, held = [], 0
        chunk.append(file)
        held += file.bytes
    if chunk:
        yield chunk


def has_changed(file: InputFile) -> bool:
    """Whether the file is another than when it was listed."""
    if file.status == "unreadable":
        return False
    try:
        info = os.stat(file.place)  # noqa: PTH116
    except OSError:
        return True
    now = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    return now != (file.bytes, file.mtime_ns, file.ctime_ns, file.inode)


def content_key(files: Iterable[InputFile]) -> str:
    """What a set of files holds, as one hash."""
    return digest(*(f"{f.name}\t{f.hash}" for f in files))
