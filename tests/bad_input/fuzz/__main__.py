"""The harnesses; see the package's text for how to run them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["warehouse", "tomllib"]):
    from warehouse import settings
    from warehouse.errors import UsageError, WarehouseError
    from warehouse.models.library import SQL_DIR
    from warehouse.models.model import parse
    from warehouse.settings_file import FILE_NAME, commented_file, load
    from warehouse.sqltext import canonical, literal


def read_settings(data: bytes, directory: Path) -> None:
    """A settings file, and behind its first 0xFE byte overrides: values that check, or UsageError."""
    content, *overrides = data.split(b"\xfe")
    (directory / FILE_NAME).write_bytes(content)
    try:
        read = load(directory, [o.decode(errors="replace") for o in overrides])
    except UsageError as error:
        assert error.message
        return
    for name, value in read.values.items():
        assert settings.BY_NAME[name].check(value) == value
    for value in read.parameters().values():
        literal(value)
    chosen = {name: pair[1] for name, pair in read.changed({}).items()}
    (directory / FILE_NAME).write_text(commented_file(chosen), encoding="utf-8")
    assert load(directory).values == read.values


def read_header(data: bytes, directory: Path) -> None:
    """A model's file: a Model whose text is below its header, or WarehouseError."""
    text = data.decode(errors="replace")
    try:
        model = parse("analysis.fuzzed", directory / "fuzzed.sql", text)
    except WarehouseError as error:
        assert str(directory) in error.message
        return
    assert model.version >= 0
    assert model.sql in text
    assert model.fingerprint == parse(model.name, model.path, text).fingerprint
    form = canonical(model.sql)
    assert canonical(form) == form
    assert model.filled(dict.fromkeys(model.parameters, 0)) is not None


def seeds(harness: Callable) -> list[bytes]:
    if harness is read_settings:
        commented = commented_file()
        plain = commented.replace("\n# ", "\n")
        return [commented.encode(), plain.encode(), b"[models]\na = 'b'\xfethreads=2\xfemodels.x=y"]
    return [path.read_bytes() for path in sorted(SQL_DIR.glob("*/*.sql"))]


HARNESSES = {"settings": read_settings, "header": read_header}


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in HARNESSES:
        sys.exit("python -m tests.bad_input.fuzz settings|header CORPUS [libFuzzer's options]")
    harness, corpus = HARNESSES[sys.argv.pop(1)], Path(sys.argv[1])
    if not corpus.exists():
        corpus.mkdir(parents=True)
        for place, seed in enumerate(seeds(harness)):
            (corpus / f"seed-{place}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as directory:
        atheris.Setup(sys.argv, lambda data: harness(data, Path(directory)))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
