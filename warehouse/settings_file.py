"""The settings file of a data directory: read, written with comments, changed number by number."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import tomlkit

from warehouse.errors import UsageError, nearest
from warehouse.files import write_atomically
from warehouse.settings import BY_NAME, SECTIONS, SETTINGS, Settings, parse_ranges

FILE_NAME = "warehouse.toml"
SECTION_NAMES = frozenset(SECTIONS) - {""}
_SHOWN = 120  # characters of a wrong value in a message


def load(
    data: Path,
    overrides: Iterable[str] = (),
    common: Mapping[str, object] | None = None,
    own: Mapping[str, object] | None = None,
) -> Settings:
    """Read DIR/warehouse.toml (absent: all defaults), apply `--set key=value` overrides.

    A collection gives settings to the file: `common` ones hold where it is silent, `own` ones hold
    whatever it says.
    Raises UsageError: no such directory, TOML syntax, unknown key (with the line and the nearest
    known key), wrong type or range (with what is allowed).
    """
    if not data.is_dir():
        quoted = shlex.quote(str(data))
        raise UsageError(
            f'data directory "{data}" does not exist',
            f"name another with --data, or make it: python cli.py init {quoted}",
        )
    path = data / FILE_NAME
    values = {s.name: s.default for s in SETTINGS} | dict(common or {})
    text = read_text(path)
    try:
        document = tomllib.loads(text)
        values |= check_table(document, lambda name: f'"{path}"{line_of(name, text)}')
    except (ValueError, RecursionError) as error:  # TOML's errors, and a number of 5,000 digits
        raise UsageError(f'"{path}" is not valid TOML: {error}', "mend that line") from None
    values |= dict(own or {})
    for override in overrides:
        name, equals, raw = override.partition("=")
        if not equals:
            raise UsageError(f'--set "{override}" has no "="', "--set matching.threshold=0.5")
        name = name.strip()
        short = name.removeprefix("models.")
        if short != name:
            if not short:
                raise UsageError(f'--set "{override}" names no model', "--set models.llama=NAME")
            if not raw.strip():
                raise UsageError(f'--set "{override}" gives no name', "--set models.llama=NAME")
            full = {short: _override_value("sae_id", raw.strip())}
            values["models"] = {
                **values["models"],
                **_checked("models", full, f'--set "{override}"'),
            }
            continue
        values[name] = _checked(name, _override_value(name, raw.strip()), f'--set "{override}"')
    settings = Settings(data, values)
    parse_ranges(str(values["scope.features"]))
    return settings


def commented_file(chosen: Mapping[str, object] | None = None) -> str:
    """The text of a settings file: every setting with its default and meaning, `chosen` ones set."""
    chosen = chosen or {}
    lines = ["# Settings of this data directory. A line that starts with # shows a default."]
    for section, title in SECTIONS.items():
        lines += ["", f"# {title}"]
        if section:
            lines.append(f"[{section}]")
        for setting in SETTINGS:
            if setting.kind == "names":
                if section == setting.name:
                    names = chosen.get(setting.name) or {}
                    lines += [f"{toml_literal(k)} = {toml_literal(v)}" for k, v in names.items()]
                    lines += [] if names else ['# llama = "meta-llama/Llama-3.1-70B-Instruct"']
                continue
            owner, _, key = setting.name.rpartition(".")
            if owner == section:
                mark = "" if setting.name in chosen else "# "
                value = chosen.get(setting.name, setting.default)
                lines.append(f"{mark}{key} = {toml_literal(value)}  # {setting.help}")
    return "\n".join(lines) + "\n"


def check_table(table: Mapping[str, object], where: Callable[[str], str]) -> dict[str, object]:
    """The settings of a parsed table, by name; `where` says of a name where it is.

    UsageError: an unknown setting, or a value that it cannot have.
    """
    return {name: _checked(name, value, where(name)) for name, value in _flatten(table)}


def read_text(path: Path) -> str:
    """The text of a TOML file, '' where there is none."""
    if not path.exists():
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f'"{path}" is not UTF-8 text', "save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f'"{path}" cannot be read: {error.strerror}', "") from None


def _flatten(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    """(setting's name, value) of a parsed settings file."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in BY_NAME:
            yield from _flatten(value, f"{name}.")
        else:
            yield name, value


def _checked(name: str, value: object, where: str) -> object:
    if name not in BY_NAME:
        near = nearest(name, list(BY_NAME))
        raise UsageError(
            f'{where}: unknown setting "{name}"',
            f'did you mean "{near}"?' if near else "known settings: " + ", ".join(BY_NAME),
        )
    setting = BY_NAME[name]
    try:
        return setting.check(value)
    except ValueError:
        raise UsageError(
            f'{where}: setting "{name}" is {_told(value)}', f"it must be {setting.allowed()}"
        ) from None


def _told(value: object) -> str:
    """A value as it is written, a long one in part."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python prints
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _override_value(name: str, raw: str) -> object:
    """A `--set` value: TOML where it parses, else the bare string; one string is a list of one."""
    kind = BY_NAME[name].kind if name in BY_NAME else ""
    if kind == "str" and not raw.startswith(('"', "'")):
        return raw
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except (ValueError, RecursionError):
        value = raw
    return [value] if kind == "strings" and isinstance(value, str) else value


def line_of(name: str, text: str) -> str:
    """', line N' of the line that assigns `name` (as a key, in an inline table, as a section)."""
    owner, _, key = name.rpartition(".")
    assigns = re.compile(rf"(?:^|[\s{{,.\"'])[\"']?{re.escape(key)}[\"']?\s*=")
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+([^\]]+)\]", line)
        if header:
            section = header[1].strip().replace('"', "").replace("'", "")
            if section == name:
                return f", line {number}"
        elif assigns.search(line):
            before = line[: assigns.search(line).start() + 1].replace('"', "").replace("'", "")
            inline = re.match(
                r"\s*([\w.\-]+)\s*(?:=\s*\{|\.)", before + ("." if owner in before else "")
            )
            parts = [section, inline[1] if inline and owner else ""]
            if ".".join(filter(None, parts)).rstrip(".") == owner:
                return f", line {number}"
    return ""


def toml_literal(value: object) -> str:
    """A TOML literal; JSON's strings, numbers and lists are TOML's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_settings(data: Path, chosen: Mapping[str, object]) -> Path:
    """Set values in DIR/warehouse.toml, by one rename; without a file a commented one is made."""
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

    write_atomically(path, fill, "check its permissions, or put them there by hand")
    return path


def edited(text: str, chosen: Mapping[str, object]) -> str:
    """The text of a valid settings file with each value in its place, or added.

    >>> edited("[matching]\\nthreshold = 0.6  # smallest\\n", {"matching.threshold": 0.5})
    '[matching]\\nthreshold = 0.5  # smallest\\n'
    """
    mark = text[: text.startswith("\ufeff")]
    document = tomlkit.parse(text.removeprefix(mark))
    for name, value in chosen.items():
        section, _, key = name.rpartition(".")
        place = document.setdefault(section, tomlkit.table()) if section else document
        place[key] = value
    return mark + document.as_string()
