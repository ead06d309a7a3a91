"""`collection.toml`: which data directories are members, under which names and settings."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import settings_file
from warehouse.errors import UsageError, nearest
from warehouse.layout import Layout
from warehouse.plan.graph import Job
from warehouse.plan.project import Project
from warehouse.run.publish import STATE
from warehouse.settings import Settings
from warehouse.sqltext import digest

if TYPE_CHECKING:
    import pyarrow as pa

FILE_NAME = "collection.toml"
# (decoder, its rows, the other, its rows, device, largest expansion) → pairs; None: not of one model.
Pairing = Callable[[Path, int, Path, int, str, float], "pa.Table | None"]

_KEYS = ("members", "member", "settings")
_MEMBER_KEYS = ("path", "name", "settings")
# A directory of this kind is a data directory: what a glob takes.
_SIGNS = (settings_file.FILE_NAME, "raw", "warehouse.duckdb")
# A name is a directory's name and a value in SQL.
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f/\\?]{1,100}")
_EXAMPLE = 'members = ["runs/*"]'


@dataclass(frozen=True)
class Member:
    """A data directory of a collection.

    `common`: the collection's settings for all members, under those of the member's own file.
    `own`: settings that the collection gives this member, over its file.
    """

    name: str
    data: Path
    common: Mapping[str, object]
    own: Mapping[str, object]

    @property
    def state(self) -> Path:
        """The file that says which build's its master files are."""
        return self.data / "master" / STATE

    def project(
        self, overrides: Sequence[str] = (), load_jobs: Callable[[], Sequence[Job]] = tuple
    ) -> Project:
        """The member as what every command gets; `overrides` are over all other settings."""
        return Project(self.data, overrides, load_jobs, common=self.common, own=self.own)


@dataclass(frozen=True)
class Collection:
    """What `collection.toml` in `data` says; `settings`: those of all members."""

    data: Path
    members: tuple[Member, ...]
    settings: Settings

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.data)

    @property
    def key(self) -> str:
        """What the collection's own file depends on besides its members' builds."""
        places = [f"{m.name}={m.data.resolve()}" for m in self.members]
        return digest(*places, *(f"{k}={v!r}" for k, v in self.settings.values.items()))


def is_collection(data: Path) -> bool:
    return (data / FILE_NAME).is_file()


def read_collection(data: Path, overrides: Sequence[str] = ()) -> Collection:
    """Read DIR/collection.toml. UsageError names the key, the path or the member that is wrong."""
    path = data / FILE_NAME
    text = settings_file.read_text(path)
    try:
        return _read(data, tomllib.loads(text), text, overrides)
    except (ValueError, RecursionError) as error:
        raise UsageError(f'"{path}" is not valid TOML: {error}', "mend that line") from None


def _read(
    data: Path, document: Mapping[str, object], text: str, overrides: Sequence[str]
) -> Collection:
    path = data / FILE_NAME
    _assert_known(document, _KEYS, f'"{path}"')
    if (data / settings_file.FILE_NAME).exists():
        raise UsageError(
            f'"{data}" holds both a {FILE_NAME} and a {settings_file.FILE_NAME}: it is a collection or a data directory',
            f"put common settings under [settings] in {FILE_NAME}, and move the data directory into one of its own",
        )
    table = _table(document, "settings", f'"{path}"')
    common = settings_file.check_table(
        table, lambda name: f'"{path}"{settings_file.line_of(f"settings.{name}", text)}'
    )
    members = [
        Member(name, place, common, own)
        for name, place, own in (*_listed(data, document), *_tables(data, document))
    ]
    if not members:
        raise UsageError(f'"{path}" names no member', _EXAMPLE)
    _assert_different(f'"{path}"', members)
    settings = settings_file.load(data, overrides, common)
    return Collection(data, tuple(members), settings)


def adhoc_collection(
    data: Path, directories: Iterable[Path], overrides: Sequence[str] = ()
) -> Collection:
    """A collection that no file describes: of these directories, with its own file in `data`."""
    members: list[Member] = []
    for place in directories:
        _assert_member(data, place, f'"{place}"')
        members.append(Member(_name_of(place), place, {}, {}))
    names = Counter(m.name for m in members)
    members = [Member(str(m.data), m.data, {}, {}) if names[m.name] > 1 else m for m in members]
    _assert_different("the directories", members)
    return Collection(data, tuple(members), settings_file.load(data, overrides))


Found = tuple[str, Path, Mapping[str, object]]


def _listed(data: Path, document: Mapping[str, object]) -> Iterator[Found]:
    """What `members` lists: paths and globs."""
    where = f'"{data / FILE_NAME}"'
    listed = document.get("members", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise UsageError(f'{where}: "members" is not a list of paths', _EXAMPLE)
    for pattern in listed:
        if has_magic(pattern) and not (data / pattern).is_dir():
            for place in _matches(data, pattern, where):
                yield _name_of(place), place, {}
        else:
            place = data / pattern
            _assert_member(data, place, f'{where}: member "{pattern}"')
            yield _name_of(place), place, {}


def _matches(data: Path, pattern: str, where: str) -> list[Path]:
    """The data directories below the collection that match, in order of their names."""
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise UsageError(
            f'{where}: "{pattern}" leads out of the collection',
            'a glob stays inside; outside of it name each directory: members = ["../other/run"]',
        )
    found = sorted(
        place
        for place in data.glob(pattern)
        if not place.name.startswith(".") and any((place / sign).exists() for sign in _SIGNS)
    )
    for place in found:
        if not place.resolve().is_relative_to(data.resolve()):
            raise UsageError(
                f'{where}: "{pattern}" matches "{place}", a link that leads out of the collection',
                f'name it: members = ["{place.relative_to(data)}"]',
            )
        _assert_member(data, place, f'{where}: "{pattern}" matches "{place}"')
    if not found:
        raise UsageError(
            f'{where}: "{pattern}" matches no data directory',
            f"a data directory holds {', '.join(_SIGNS[:-1])} or {_SIGNS[-1]}",
        )
    return found


def _tables(data: Path, document: Mapping[str, object]) -> Iterator[Found]:
    """What the tables `[[member]]` say."""
    file = data / FILE_NAME
    tables = document.get("member", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise UsageError(f'"{file}": "member" is no list of tables', '[[member]]\npath = "run-1"')
    for number, table in enumerate(tables, 1):
        where = f'"{file}", [[member]] {number}'
        _assert_known(table, _MEMBER_KEYS, where)
        path, name = table.get("path"), table.get("name")
        if not isinstance(path, str) or not path:
            raise UsageError(f'{where} has no "path"', 'path = "run-1"')
        if has_magic(path) and not (data / path).is_dir():
            raise UsageError(f'{where}: "{path}" is a glob', f'members = ["{path}"]')
        if name is not None and (not isinstance(name, str) or not _is_name(name)):
            raise UsageError(f"{where}: name = {name!r}", 'a name without "/": name = "layer-30"')
        _assert_member(data, data / path, f'{where}, "{path}"')
        settings = _table(table, "settings", where)
        own = settings_file.check_table(settings, lambda _, where=where: where)
        yield name or _name_of(data / path), data / path, own


def _assert_member(data: Path, place: Path, where: str) -> None:
    if not place.is_dir():
        raise UsageError(f"{where}: there is no such directory", "mend the path, or remove it")
    if place.resolve() == data.resolve():
        raise UsageError(f"{where} is the collection itself", "name the directories of its members")
    if is_collection(place):
        raise UsageError(
            f"{where} is a collection itself",
            f'name its members: members = ["{shlex.quote(str(place))}/..."]',
        )
    Layout(place)  # says what DuckDB can't work below


def _assert_different(where: str, members: Sequence[Member]) -> None:
    """UsageError when two members are one directory or have one name."""
    places: dict[Path, Member] = {}
    names: dict[str, Member] = {}
    for member in members:
        if places.setdefault(member.data.resolve(), member) is not member:
            raise UsageError(f'{where}: "{member.data}" is a member twice', "name it once")
        twin = names.setdefault(member.name.casefold(), member)  # directories are named by it
        if twin is not member:
            raise UsageError(
                f'{where}: "{twin.data}" and "{member.data}" are both named "{member.name}"',
                f'give one another name: [[member]] path = "{member.data.name}", name = "…"',
            )


def _assert_known(table: Mapping[str, object], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            near = nearest(key, keys)
            hint = f'did you mean "{near}"?' if near else f"known keys: {', '.join(keys)}"
            if key.partition(".")[0] in settings_file.SECTION_NAMES and not near:
                hint = f"a setting goes under settings: settings.{key} = …"
            raise UsageError(f'{where}: unknown key "{key}"', hint)


def _table(holder: Mapping[str, object], key: str, where: str) -> Mapping[str, object]:
    table = holder.get(key, {})
    if not isinstance(table, dict):
        raise UsageError(f'{where}: "{key}" is no table', f"[{key}]\nmatching.threshold = 0.5")
    return table


def _name_of(place: Path) -> str:
    name = place.name if place.name not in ("", "..") else place.resolve().name
    if not _is_name(name):
        raise UsageError(f'"{place}" cannot be a member\'s name', '[[member]] path = …, name = "…"')
    return name


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not name.startswith(".") and name == name.strip()
