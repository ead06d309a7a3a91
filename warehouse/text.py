"""Values from files, made fit to show: text harmless for a terminal and a page, numbers for JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import re
from collections.abc import Mapping

# Control characters (ESC and C1's CSI drive a terminal), what turns or hides text (bidirectional
# formatting, zero-width and invisible characters), line ends, tags.
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """`text` on one line, every character that would act or hide made a visible sign.

    >>> visible("a\\nb\\x1b[31m")
    'a⏎b␛[31m'
    >>> visible("\\u202edoc")
    '\\\\u202edoc'
    """
    return _ODD.sub(_sign, text)


def visible_lines(text: str) -> str:
    """As `visible`, with its line ends left."""
    return "\n".join(map(visible, text.replace("\r\n", "\n").split("\n")))


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x0A:
        return "⏎"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def duration(seconds: float) -> str:
    """A time for reading.

    >>> duration(0.2), duration(59), duration(626), duration(9000)
    ('1 s', '59 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def to_json(value: object) -> str:
    """A value as JSON for programs: data classes as objects, times as ISO 8601, no NaN."""

    def plain(one: object) -> object:
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            return finite({f.name: getattr(one, f.name) for f in dataclasses.fields(one)})
        return one.isoformat() if isinstance(one, datetime.datetime) else str(one)

    return json.dumps(finite(value), default=plain, ensure_ascii=False, indent=2)


def finite(value: object) -> object:
    """A value for JSON, which knows no NaN and no infinity: null stands for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    return [finite(v) for v in value] if isinstance(value, list | tuple) else value
