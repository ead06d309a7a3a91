"""Every model under `sql/` by its name, and `sql/models.lock`: version, fingerprint and what each reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path

from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models.model import Model, parse
from warehouse.models.schemas import SCHEMAS
from warehouse.models.types import typed
from warehouse.settings import Settings

SQL_DIR = Path(__file__).resolve().parent.parent.parent / "sql"
LOCK = SQL_DIR / "models.lock"
_ARGUMENTS = re.compile(r"MACRO \w+\(([^)]*)\)")


@cache
def load_all(*directories: Path) -> dict[str, Model]:
    """Every model under `sql/` and under further `directories`, by name, in name order.

    A directory has the same folders as `sql/`. WarehouseError: a folder that means nothing, a model
    that two directories have.
    """
    models: dict[str, Model] = {}
    for path in _files(directories, "*/*.sql"):
        name = f"{path.parent.name}.{path.stem}"
        if path.parent.name not in SCHEMAS:
            raise WarehouseError(
                f'"{path}": no folder of models is called "{path.parent.name}"',
                f"folders: {', '.join(SCHEMAS)}",
            )
        if name in models:
            raise WarehouseError(f'"{path}" and "{models[name].path}" are one model', "rename one")
        model = parse(name, path, path.read_text(encoding="utf-8"))
        models[name] = replace(model, recorded=_recorded(LOCK).get(name))
    return dict(sorted(models.items())) | _formats(directories)


def _files(directories: Sequence[Path], pattern: str) -> list[Path]:
    """The files of that pattern under `sql/` and the directories, in order of their names."""
    return [path for root in (SQL_DIR, *directories) for path in sorted(root.glob(pattern))]


def _formats(directories: Sequence[Path]) -> dict[str, Model]:
    """The formats, each a macro in a folder of `macros/`, and for each folder the macro that tries them.

    `macros/record_format/sparse.sql` is the macro `record_format_sparse`, null for what is written in
    another format; `record_format`, with the same arguments, is the first of the folder's that is
    not null. So a new format is a new file. Its version is the sum of theirs.
    """
    models = {}
    files = sorted(_files(directories, "macros/*/*.sql"), key=lambda p: (p.parent.name, p.name))
    for folder, paths in groupby(files, key=lambda path: path.parent.name):
        formats = [
            parse(f"macros.{folder}_{path.stem}", path, path.read_text(encoding="utf-8"))
            for path in paths
        ]
        arguments = _ARGUMENTS.search(formats[0].sql)[1]
        calls = ", ".join(f"{m.name.partition('.')[2]}({arguments})" for m in formats)
        models |= {m.name: m for m in formats}
        models[f"macros.{folder}"] = Model(
            f"macros.{folder}",
            formats[0].path.parent,
            f"CREATE OR REPLACE MACRO {folder}({arguments}) AS coalesce({calls})",
            sum(m.version for m in formats),
            f"The first format of sql/macros/{folder}/ that the text is written in",
        )
    return models


@cache
def _recorded(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Of each model that the lock knows, the fingerprint and what SQL of that fingerprint reads."""
    try:
        entries = json.loads(lock.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # `models check` tells of it; the SQL says it all
        return {}
    return {
        name: (entry.get("fingerprint", ""), frozenset(entry["reads"]))
        for name, entry in entries.items()
        if "reads" in entry
    }


def find(name: str, known: Iterable[str]) -> str:
    """The known name meant by `name`: itself, or by its last part, a master first; '' if none is.

    >>> find("features", ["staging.features", "master.features"])
    'master.features'
    """
    names = list(known)
    by_part = [n for n in names if n.partition(".")[2] == name]
    exact = [name] if name in names else []
    master = [f"master.{name}"] if f"master.{name}" in names else []
    return next(iter(exact + master + (by_part if len(by_part) == 1 else [])), "")


def macros_used(model: Model, macros: Mapping[str, Model]) -> list[Model]:
    """The macros a model calls, directly or through other macros, in name order."""
    found: dict[str, Model] = {}
    queue = [model]
    while queue:
        words = queue.pop().words
        for name, macro in macros.items():
            if name not in found and name.partition(".")[2] in words:
                found[name] = macro
                queue.append(macro)
    return [found[name] for name in sorted(found)]


def check_lock(write: bool = False, lock: Path = LOCK) -> str:
    """Compare every model with the lock; with `write`, record new models and versions.

    WarehouseError lists the models whose SQL changed while the version stayed.
    """
    known = load_all()
    locked = _read_lock(lock)
    now = {name: _lock_entry(model) for name, model in known.items()}
    same_version = [
        n
        for n, entry in now.items()
        if n in locked
        and entry["version"] == locked[n]["version"]
        and entry["fingerprint"] != locked[n]["fingerprint"]
    ]
    if same_version:
        raise WarehouseError(
            "changed under the same version: " + ", ".join(f'"{n}"' for n in same_version),
            f'raise "-- version:" in {", ".join(known[n].path.name for n in same_version)}, '
            "then: python cli.py models check --write",
        )
    if write:
        lock.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return f"{len(now)} models recorded in {lock.name}"
    stale = sorted(n for n in now.keys() | locked.keys() if now.get(n) != locked.get(n))
    if stale:
        raise WarehouseError(
            f"{lock.name} does not know: " + ", ".join(f'"{n}"' for n in stale),
            "python cli.py models check --write",
        )
    return f"{len(now)} models agree with {lock.name}"


def _read_lock(lock: Path) -> dict[str, dict[str, object]]:
    try:
        return json.loads(lock.read_text(encoding="utf-8")) if lock.exists() else {}
    except ValueError as error:
        raise WarehouseError(
            f'"{lock.name}" is not JSON: {error}',
            "take one side of a merge conflict, then: python cli.py models check --write",
        ) from None


def _lock_entry(model: Model) -> dict[str, object]:
    reads = [] if model.schema == "macros" else sorted(model.find_relations())
    return {"version": model.version, "fingerprint": model.fingerprint, "reads": reads}


def filled_sql(name: str, known: Mapping[str, Model], settings: Settings) -> str:
    """A model's SQL with its parameters filled in; UsageError for an unknown name."""
    found = find(name, known)
    if not found:
        near = nearest(name, [*known, *(n.partition(".")[2] for n in known)])
        raise UsageError(
            f'there is no model "{name}"',
            f'did you mean "{near}"?' if near else "python cli.py models list",
        )
    model = known[found]
    sql = model.filled(settings.parameters())
    if model.is_typed:
        sql = typed(model, sql)
    return f"/* {model.name}, version {model.version}: {model.description} */\n{sql};"
