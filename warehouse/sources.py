"""Raw files: which there are, what is in them by content, and their bytes as Arrow streams.

SQL parses every record. Python only does what SQL can't: list files, hash them, and hand over
text file by file or line by line, so that one unreadable file or byte never stops the others.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from warehouse.errors import UsageError, WarehouseError
from warehouse.models import digest
from warehouse.settings import Settings

SOURCE_NAME = re.compile(r"(?P<explainer>.+)_e-(?P<scorer>.+)_s")
METHODS = ("fuzz", "detection", "simulation", "embedding")
WEIGHTS = (".npz", ".safetensors")

_BLOCK = 16 << 20  # bytes of a JSON-lines file held at once; a longer line makes it grow
_BOM = b"\xef\xbb\xbf"
_STEP = 1 << 12  # compressed bytes decompressed at a time
_SMALL_FILES = 64  # small files a record batch
# A file written within this time of its last look may have changed again unseen: hash it anew.
_RACY_NS = 2_000_000_000


@dataclass(frozen=True)
class InputFile:
    """One file of the raw tree. `name` is its path relative to the data directory."""

    name: str
    path: Path
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

    def same_stat(self, other: InputFile) -> bool:
        """Whether size and times prove the content unchanged since `other` was hashed."""
        return (
            (self.bytes, self.mtime_ns, self.ctime_ns, self.inode)
            == (other.bytes, other.mtime_ns, other.ctime_ns, other.inode)
            and other.checked_ns - max(other.mtime_ns, other.ctime_ns) > _RACY_NS
            and bool(other.hash)
        )


def discover(settings: Settings) -> list[InputFile]:
    """Every input file of the data directory in name order, not hashed yet.

    WarehouseError when `raw/` is empty, when an input that every build needs is missing, and when
    a directory with explanations or scores is named against `<explainer>_e-<scorer>_s`.
    """
    data = settings.data
    raw = data / "raw"
    if not raw.is_dir() or not any(raw.iterdir()):
        raise WarehouseError(
            f'"{raw}" is {"empty" if raw.is_dir() else "missing"}: there is nothing to read',
            f"copy your raw files there (python cli.py init {data} says where), "
            "or write a sample: python cli.py sample DIR",
        )
    files = [_stat(data, p, "raw.activations") for p in _matches(settings, "input.activations")]
    files += [_stat(data, p, "raw.prompts") for p in _matches(settings, "input.prompts")]
    files.append(_stat(data, _decoder_file(settings), "raw.decoder"))
    for directory in sorted(raw.iterdir(), key=lambda p: p.name):
        if directory.is_dir():
            files += _source_files(data, directory)
    known = {f.path for f in files}
    others = (p for p in _walk(raw) if p not in known)
    files += [replace(_stat(data, p, ""), status="not read", note="not an input") for p in others]
    return sorted(files, key=lambda f: f.name)


def hashed(
    files: Iterable[InputFile], known: Mapping[str, InputFile], trust_times: bool = True
) -> list[InputFile]:
    """The files with their content hashes, those of `known` where size and times are the same."""

    def one(file: InputFile) -> InputFile:
        if file.status == "not read":
            return file
        before = known.get(file.name)
        if trust_times and before and before.input == file.input and file.same_stat(before):
            return replace(file, hash=before.hash, checked_ns=before.checked_ns)
        now = time.time_ns()
        try:
            with file.path.open("rb") as stream:
                value = hashlib.file_digest(stream, _hasher).hexdigest()
        except OSError as error:
            reason = error.strerror or str(error)
            return replace(file, status="unreadable", note=reason, hash=digest("!", reason))
        return replace(file, hash=value, checked_ns=now)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, files, chunksize=256))


def has_changed(file: InputFile) -> bool:
    """Whether the file is another than when it was listed."""
    if file.status == "unreadable":
        return False
    try:
        info = file.path.stat()
    except OSError:
        return True
    now = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    return now != (file.bytes, file.mtime_ns, file.ctime_ns, file.inode)


def content_key(files: Iterable[InputFile]) -> str:
    """What a set of files holds, as one hash."""
    return digest(*(f"{f.name}\t{f.hash}" for f in files))


def lines(files: Sequence[InputFile], counts: dict[str, int]):
    """A pyarrow RecordBatchReader over the lines of JSON-lines files: file, line, text, problem.

    `line` is 1-based; blank lines are no records; `problem` is null for readable text. Plain,
    `.gz` and `.zst` files. `counts` receives the number of records of each file.
    """
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.dictionary(pa.int32(), pa.string())), ("line", pa.int64()),
         ("text", pa.large_string()), ("problem", pa.string())]
    )  # fmt: skip

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            for first, array, problems in _line_arrays(file):
                count = len(array)
                counts[file.name] = counts.get(file.name, 0) + count
                names = pa.DictionaryArray.from_arrays(
                    pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([file.name])
                )
                columns = [names, first, array, problems]
                yield pa.record_batch(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def texts(files: Sequence[InputFile]):
    """A pyarrow RecordBatchReader over whole files: file, source, method, text, problem."""
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("source", pa.string()), ("method", pa.string()),
         ("text", pa.large_string()), ("problem", pa.string())]
    )  # fmt: skip

    def read(file: InputFile) -> tuple[bytes, str | None]:
        if file.status == "unreadable":
            return b"", f"unreadable file: {file.note}"
        try:
            return file.path.read_bytes().removeprefix(_BOM), None
        except OSError as error:
            return b"", f"unreadable file: {error.strerror or error}"

    def batches() -> Iterator[pa.RecordBatch]:
        with ThreadPoolExecutor(2) as pool:
            for start in range(0, len(files), _SMALL_FILES):
                chunk = files[start : start + _SMALL_FILES]
                content = list(pool.map(read, chunk))
                raw = pa.array([text for text, _ in content], pa.large_binary())
                decoded, undecodable = _decoded(raw)
                yield pa.record_batch(
                    [
                        pa.array([f.name for f in chunk]),
                        pa.array([f.source for f in chunk]),
                        pa.array([f.method for f in chunk]),
                        decoded,
                        pa.array(
                            [p or u for (_, p), u in zip(content, undecodable, strict=True)],
                            pa.string(),
                        ),
                    ],
                    schema=schema,
                )

    return pa.RecordBatchReader.from_batches(schema, batches())


def stream(name: str, files: Sequence[InputFile], counts: dict[str, int]):
    """The Arrow stream or table behind a `raw.*` relation."""
    import pyarrow as pa

    if name == "raw.activations":
        return lines(files, counts)
    if name == "raw.sources":
        return pa.table(
            {"source": pa.array(sorted({f.source for f in files if f.source}), pa.string())}
        )
    return texts(files)


def _hasher():
    return hashlib.blake2b(digest_size=16)


def _stat(data: Path, path: Path, input_: str, source: str = "", method: str = "") -> InputFile:
    name = _readable(path.relative_to(data).as_posix())
    try:
        info = path.stat()
    except OSError as error:
        return InputFile(
            name, path, input_, source, method, status="unreadable", note=error.strerror
        )
    return InputFile(
        name, path, input_, source, method,
        info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino,
    )  # fmt: skip


def _readable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 as escapes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _inside(settings: Settings, path: Path, setting: str) -> Path:
    """`path` if it lies in the data directory (or where its `raw` points), else UsageError."""
    real = path.resolve()
    homes = (settings.data.resolve(), (settings.data / "raw").resolve())
    if not any(real.is_relative_to(home) for home in homes):
        raise UsageError(
            f'setting "{setting}": "{path}" lies outside the data directory "{settings.data}"',
            "copy the file into the data directory, or link the whole raw/ directory",
        )
    return path


def _matches(settings: Settings, setting: str) -> list[Path]:
    value = settings[setting]
    patterns = [p for p in ([value] if isinstance(value, str) else value) if p.strip()]
    if not patterns:
        raise UsageError(f'setting "{setting}" names no file', f'--set {setting}="raw/..."')
    found: dict[Path, None] = {}
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UsageError(
                f'setting "{setting}": "{pattern}" must be relative to the data directory, without ".."',
                f'{setting} = "raw/activation_examples/..."',
            )
        literal = settings.data / pattern
        hits = [literal] if literal.is_file() else sorted(settings.data.glob(pattern))
        found.update((_inside(settings, p, setting), None) for p in hits if p.is_file())
    if not found:
        directory = next((p for p in map(settings.data.joinpath, patterns) if p.is_dir()), None)
        if directory:
            raise WarehouseError(f'"{directory}" is a directory, not a file', f'--set {setting}="raw/..." names the file')  # fmt: skip
        raise WarehouseError(
            "no file matches " + " or ".join(f'"{settings.data / p}"' for p in patterns),
            f'copy it there, or name it: --set {setting}="raw/..."',
        )
    return list(found)


def _decoder_file(settings: Settings) -> Path:
    (path,) = _matches(settings, "input.decoder") if _is_file(settings) else (None,)
    if path:
        return path
    directory = settings.data / str(settings["input.decoder"])
    found = (
        sorted(p for p in directory.glob("*") if p.suffix in WEIGHTS) if directory.is_dir() else []
    )
    named = [p for p in found if p.name == "params.npz"] or found
    if len(named) != 1:
        what = "holds several weights files" if named else "holds no .npz or .safetensors file"
        raise WarehouseError(
            f'"{directory}" {what if directory.is_dir() else "does not exist"}: no decoder weights',
            'copy the SAE\'s params.npz there, or name the file: --set input.decoder="raw/sae/FILE"',
        )
    return _inside(settings, named[0], "input.decoder")


def _is_file(settings: Settings) -> bool:
    return (settings.data / str(settings["input.decoder"])).is_file()


def _source_files(data: Path, directory: Path) -> Iterator[InputFile]:
    parts = [d for d in ("explanations", "scores") if (directory / d).is_dir()]
    config = directory / "run_config.json"
    if not parts and not config.exists():
        return
    if not SOURCE_NAME.fullmatch(directory.name):
        raise WarehouseError(
            f'"{directory}" is named against the rule <explainer>_e-<scorer>_s',
            f'rename it, e.g. "llama_e-gpt_s", or move it out of "{directory.parent}"',
        )
    source = _readable(directory.name)
    if config.exists():
        yield _stat(data, config, "raw.run_configs", source)
    if "explanations" in parts:
        for path in _text_files(directory / "explanations"):
            yield _stat(data, path, "raw.explanations", source)
    if "scores" in parts:
        for method in sorted(p for p in (directory / "scores").iterdir() if p.is_dir()):
            known = method.name in METHODS
            for path in _text_files(method):
                file = _stat(
                    data, path, "raw.scores" if known else "", source, _readable(method.name)
                )
                yield file if known else replace(file, status="not read", note="unknown method")


def _walk(directory: Path) -> Iterator[Path]:
    for place, _, names in os.walk(directory):
        yield from (Path(place, name) for name in names)


def _text_files(directory: Path) -> list[Path]:
    """All `.txt` entries, hidden ones too (Delphi before 2025 wrote `.model.layers.5_feature3.txt`).

    A directory of such a name is an unreadable file.
    """
    with os.scandir(directory) as entries:
        return [Path(e.path) for e in entries if e.name.endswith(".txt")]


def _decoded(array) -> tuple:
    """(texts, problems) of a pyarrow binary array.

    Undecodable bytes become escapes, so that nothing of a record is lost.
    """
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


def _blocks(file: InputFile) -> Iterator[bytes]:
    """The file's bytes, decompressed; whatever comes before damage is yielded before it raises."""
    decompress = _decompressor(file.name)
    with file.path.open("rb", buffering=0) as handle:
        while block := handle.read(_BLOCK):
            yield from decompress(block)
    yield from decompress(b"")


def _decompressor(name: str) -> Callable[[bytes], Iterator[bytes]]:
    """Compressed bytes → bytes, called for each block and with b"" at the end.

    Several members (gzip) or frames (zstd) may follow each other. Raises EOFError when the last
    is not whole.
    """
    if name.endswith(".gz"):

        def new():
            return zlib.decompressobj(wbits=31)

    elif name.endswith(".zst"):

        def new():
            return zstandard.ZstdDecompressor().decompressobj()

    else:
        return lambda block: iter([block] if block else [])
    member, begun = new(), False

    def decompress(block: bytes) -> Iterator[bytes]:
        nonlocal member, begun
        if not block and begun:
            raise EOFError("it ends in the middle of its compressed data")
        # Small steps: what a step holds before damage inside it would be lost.
        for at in range(0, len(block), _STEP):
            step = block[at : at + _STEP]
            while step:
                begun = True
                yield member.decompress(step)
                step = member.unused_data if member.eof else b""
                if member.eof:
                    member, begun = new(), False
                    step = step.lstrip(b"\0") if name.endswith(".gz") else step

    return decompress


def _line_arrays(file: InputFile) -> Iterator[tuple]:
    """(line numbers, texts, problems) for blocks of whole, non-blank lines of a file.

    Damage ends a file: the lines before it are whole, what is left of the next has the problem.
    """
    import pyarrow as pa

    number, rest, gathered, size = 0, b"", [], 0
    damage: Exception | None = None
    pieces = _blocks(file)
    while True:
        try:
            piece = next(pieces, None)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            piece, damage = None, error
        if piece is not None:
            gathered.append(piece)
            size += len(piece)
            if size < _BLOCK:
                continue
        content = b"".join([rest, *gathered])
        gathered, size = [], 0
        if number == 0:
            content = content.removeprefix(_BOM)
        if piece is None and damage is None and content:
            content += b"\n"  # the last line may lack its end
        end = content.rfind(b"\n") + 1
        if end:
            count, *arrays = _split(content[:end], number)
            number += count
            yield tuple(arrays)
        rest = content[end:]
        if piece is None:
            break
    if damage is not None:
        kind = "truncated file" if isinstance(damage, EOFError) else "unreadable file"
        text = rest.decode(errors="backslashreplace")
        yield (
            pa.array([number + 1]),
            pa.array([text], pa.large_string()),
            pa.array([f"{kind}: {damage}"]),
        )


def _split(content: bytes, lines_before: int) -> tuple:
    """(lines, numbers, texts, problems) of text that ends in a newline, without copying it."""
    import numpy as np
    import pyarrow as pa

    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == 10) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    array = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    )
    numbers = np.arange(lines_before + 1, lines_before + len(ends) + 1)
    first = np.frombuffer(content, np.uint8)[offsets[:-1]]
    suspects = np.flatnonzero(np.isin(first, (9, 10, 13, 32)))
    blank = [i for i in suspects if not array[i].as_py().strip()]
    if blank:
        keep = np.delete(np.arange(len(ends)), blank)
        array, numbers = array.take(pa.array(keep)), numbers[keep]
    decoded, problems = _decoded(array)
    return len(ends), pa.array(numbers), decoded, pa.array(problems, pa.string())
