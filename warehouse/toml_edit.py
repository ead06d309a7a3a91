"""Numbers put into a settings file: comments, order and all else stay as a person wrote them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import tomlkit

from warehouse.files import whole
from warehouse.settings import FILE_NAME, commented_file


def write(data: Path, chosen: Mapping[str, float]) -> Path:
    """Set numbers in DIR/warehouse.toml, by one rename; without a file a commented one is made."""
    path = (data / FILE_NAME).resolve()
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            text = edited(stream.read(), chosen)
    else:
        text = commented_file(chosen)

    def fill(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if path.exists():
            shutil.copymode(path, temporary)

    whole(path, fill, "check its permissions, or put the numbers there by hand")
    return path


def edited(text: str, chosen: Mapping[str, float]) -> str:
    """The text of a valid settings file with each number where it stands, or added.

    >>> edited("[matching]\\nthreshold = 0.6  # smallest\\n", {"matching.threshold": 0.5})
    '[matching]\\nthreshold = 0.5  # smallest\\n'
    """
    mark = text[: text.startswith("\ufeff")]
    document = tomlkit.parse(text.removeprefix(mark))
    for name, value in chosen.items():
        section, _, key = name.partition(".")
        document.setdefault(section, tomlkit.table())[key] = value
    return mark + document.as_string()
