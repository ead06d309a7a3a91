"""Numbers put into a settings file: comments, order and all else stay as a person wrote them."""

from __future__ import annotations

import re
import secrets
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.settings import BY_NAME, FILE_NAME, commented_file, flatten


def write(data: Path, chosen: Mapping[str, float]) -> Path:
    """Set numbers in DIR/warehouse.toml, by one rename; without a file a commented one is made.

    UsageError: the file is written in a way that this can't edit; it says what to write by hand.
    """
    path = (data / FILE_NAME).resolve()
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            text = edited(stream.read(), chosen)
    else:
        text = commented_file(chosen)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def edited(text: str, chosen: Mapping[str, float]) -> str:
    """The text with each number where it stands, in place of its commented default, or added.

    >>> edited("[matching]\\n# threshold = 0.6  # smallest\\n", {"matching.threshold": 0.5})
    '[matching]\\nthreshold = 0.5  # smallest\\n'
    """
    mark = text[: text.startswith("\ufeff")]
    lines = text.removeprefix(mark).splitlines(keepends=True)
    wanted = dict(flatten(tomllib.loads("".join(lines)))) | dict(chosen)
    for name, value in chosen.items():
        _set(lines, name, value)
    result = "".join(lines)
    try:
        right = dict(flatten(tomllib.loads(result))) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        told = "; ".join(f"{name} = {value}" for name, value in chosen.items())
        raise UsageError(f'"{FILE_NAME}" is written in a way that cannot be edited', f"write yourself: {told}")  # fmt: skip
    return mark + result


def _set(lines: list[str], name: str, value: float) -> None:
    """Change, uncomment or add the line that assigns `name`."""
    section, _, key = name.rpartition(".")
    plain = rf"[\"']?{re.escape(key)}[\"']?\s*=\s*"
    dotted = rf"[\"']?{re.escape(section)}[\"']?\s*\.\s*{plain}"
    inline = rf"[\"']?{re.escape(section)}[\"']?\s*=\s*\{{(?:[^#]*[\s,{{])?{plain}"
    here, heading, default = "", None, None
    for place, line in enumerate(lines):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            here = header[1].strip().strip("\"'")
            heading = place if here == section else heading
        for pattern, owner in ((plain, section), (dotted, ""), (inline, "")):
            found = re.match(rf"(\s*{pattern})[^\s,}}#]+", line)
            if found and here == owner:
                lines[place] = f"{found[1]}{value}{line[found.end() :]}"
                return
        if here == section and re.match(rf"\s*#\s*{plain}", line):
            default = place
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if default is not None:
        lines[default] = re.sub(rf"#\s*({plain})[^\s#]+", rf"\g<1>{value}", lines[default], count=1)
    elif heading is not None:
        _finish(lines, heading, end)
        lines.insert(heading + 1, f"{key} = {value}{end}")
    else:
        if lines:
            _finish(lines, -1, end)
        lines += [f"[{section}]{end}", f"{key} = {value}  # {BY_NAME[name].help}{end}"]


def _finish(lines: list[str], place: int, end: str) -> None:
    if not lines[place].endswith("\n"):
        lines[place] += end
