"""HTML pages: one Jinja2 environment, one base page with one stylesheet, one file per page.

A page is self-contained and its own policy forbids every request. What it shows is hostile text:
the environment escapes it, `visible` takes the teeth out of control and direction characters.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import __version__
from warehouse.files import write_atomically
from warehouse.text import visible, visible_lines

if TYPE_CHECKING:
    from jinja2 import Environment

DASH = "–"


@cache
def environment() -> Environment:
    """The one environment: templates of this package, escaping on, an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("warehouse", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "visible": visible,
        "visible_lines": visible_lines,
        "number": number,
        "count": count,
    }
    made.globals["program_version"] = __version__
    return made


def page(template: str, **values: object) -> str:
    """A whole page as text: `template` (which extends page.html) filled with `values`."""
    return environment().get_template(template).render(**values)


def save(text: str, path: Path) -> None:
    """Write a page; the file appears whole or not at all. UsageError when it cannot be written."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def number(value: float | None, digits: int = 2) -> str:
    """A figure with fixed digits; a dash for null and NaN.

    >>> number(0.5), number(None), number(-0.001)
    ('0.50', '–', '0.00')
    """
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not float(text.replace(",", "")) else text


def count(value: int | None) -> str:
    """A count with thousands separated; a dash for null.

    >>> count(16384)
    '16,384'
    """
    return DASH if value is None else f"{value:,}"
