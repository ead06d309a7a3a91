"""Where two nested values differ: items paired by all but their decimals."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CHANGED, ADDED, REMOVED = "changed", "added", "removed"
SHORT_LIST, _MANY_ITEMS = 8, 200


@dataclass(frozen=True)
class Change:
    """A place inside a nested value. `kind`: changed, or an item that is added or removed."""

    path: str
    kind: str
    old: object
    new: object


def changes(old: object, new: object, path: str = "") -> list[Change]:
    """Where two values differ. Items of lists of structs are paired by all but their decimals.

    >>> changes([{"scorer": "a", "fuzz": 0.5}], [{"scorer": "a", "fuzz": 0.75}], "scores")
    [Change(path='scores[a].fuzz', kind='changed', old=0.5, new=0.75)]
    """
    if _same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        inner = [changes(old.get(k), new.get(k), f"{path}.{k}") for k in {**old, **new}]
        return [change for found in inner for change in found]
    if isinstance(old, list) and isinstance(new, list):
        if all(isinstance(item, dict) for item in (*old, *new)):
            return _items(old, new, path)
        if all(isinstance(item, int | str) for item in (*old, *new)):
            return _members(old, new, path)
        inner_lists = all(isinstance(item, list) for item in (*old, *new))
        if len(old) == len(new) and (len(old) <= SHORT_LIST or inner_lists):
            inner = [changes(*pair, f"{path}[{i}]") for i, pair in enumerate(zip(old, new, strict=True))]  # fmt: skip
            return [change for found in inner for change in found]
    return [Change(path, CHANGED, old, new)]


def _members(old: Sequence[object], new: Sequence[object], path: str) -> list[Change]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    found = [Change(path, REMOVED, item, None) for item in gone.elements()]
    found += [Change(path, ADDED, None, item) for item in come.elements()]
    return found or [Change(f"{path}, order", CHANGED, old, new)]


def _items(old: Sequence[dict], new: Sequence[dict], path: str) -> list[Change]:
    pairs = _pairs(old, new)
    found: list[Change] = []
    for item in old:
        if id(item) in pairs:
            other = pairs[id(item)]
            found += changes(item, other, f"{path}[{label(item, other)}]")
        else:
            found.append(Change(path, REMOVED, item, None))
    paired = {id(item) for item in pairs.values()}
    found += [Change(path, ADDED, None, item) for item in new if id(item) not in paired]
    if not found:
        orders = ([label(item) for item in side] for side in (old, new))
        found.append(Change(f"{path}, order", CHANGED, *orders))
    return found


def _pairs(old: Sequence[dict], new: Sequence[dict]) -> dict[int, dict]:
    """The new item that each old one became, by the old one's id().

    First those that are alike but for decimals; then those whose names and whole numbers agree;
    then those where all of these but one do, and two at least.
    """
    found: dict[int, dict] = {}
    waiting: dict[str, list[dict]] = {}
    for item in new:
        waiting.setdefault(_identity(item), []).append(item)
    for item in old:
        if others := waiting.get(_identity(item)):
            found[id(item)] = others.pop(0)
    left_new = [item for items in waiting.values() for item in items]
    left_old = [item for item in old if id(item) not in found]
    if max(len(left_old), len(left_new)) > _MANY_ITEMS:
        return found
    for unlike in (0, 1):
        for item in left_old:
            near = (o for o in left_new if id(item) not in found and _differ(item, o, unlike))
            if other := next(near, None):
                found[id(item)] = other
                left_new = [o for o in left_new if o is not other]
    return found


def _differ(old: dict, new: dict, unlike: int) -> bool:
    """Whether two items differ in just so many names and whole numbers, and agree in more."""
    names = [k for k in old if isinstance(old[k], int | str) and k in new]
    agree = sum(old[k] == new[k] for k in names)
    return len(names) - agree == unlike and agree > unlike


def _identity(item: dict) -> str:
    return json.dumps(_without_decimals(item), sort_keys=True, default=str)


def _without_decimals(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_decimals(v) for k, v in value.items() if not isinstance(v, float)}
    if isinstance(value, list):
        return [_without_decimals(v) for v in value]
    return value


def label(item: Mapping[str, object], other: Mapping[str, object] | None = None) -> str:
    """An item's names and whole numbers, those that `other` shares."""
    other = item if other is None else other
    return " ".join(
        str(v) for k, v in item.items() if isinstance(v, int | str) and v == other.get(k)
    )


def _same(old: object, new: object) -> bool:
    nan = isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new)
    return old == new or nan
