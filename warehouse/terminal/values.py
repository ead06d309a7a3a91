"""Values for reading: numbers short, nested ones as JSON, texts cut to a width."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from warehouse.text import visible

# Longer vectors are told by their length.
SHORT_LIST = 8


def is_vector(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, float) for v in value)


def format_count(count: int | None) -> str:
    """A node's rows; "" of a view that no build counts."""
    return "" if count is None else f"{count:,}"


def describe_settings(changed: Mapping[str, tuple[object, object]]) -> str:
    """Settings that changed, control characters made visible."""
    return visible(
        ", ".join(f"{n} {plain(old)} → {plain(new)}" for n, (old, new) in changed.items())
    )


def format_key(key: Sequence[object], width: int | None = None) -> str:
    """A row's key for reading: of a model's name the last part, nothing for a null."""
    parts = [str(part).rpartition("/")[2] for part in key if part is not None]
    return " · ".join(cut(part, width) for part in parts)


def plain(value: object, width: int | None = None) -> str:
    """A value for reading: numbers short, nested ones as JSON, cut to a width."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return digits(value) if width else f"{value:.7g}"
    if is_vector(value) and len(value) > SHORT_LIST:
        return f"{len(value)} numbers"
    if isinstance(value, list | dict):
        return cut(json.dumps(_rounded(value), ensure_ascii=False, default=str), width)
    return cut(" ".join(str(value).split()) if width else str(value), width)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value


def cut(text: str, width: int | None) -> str:
    return text if not width or len(text) <= width else text[: width - 1] + "…"


def digits(value: float) -> str:
    """A number to 4 digits, a large one whole.

    >>> digits(0.123456), digits(123456.7), digits(2.0), digits(1e30)
    ('0.1235', '123457', '2', '1e+30')
    """
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def format_number(value: float | None) -> str:
    return "" if value is None else digits(value)


def format_seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def format_size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.2f} GB"
