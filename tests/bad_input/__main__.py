"""python -m tests.bad_input: write docs/bad-input.md from the rows of the matrix."""

from __future__ import annotations

from tests.bad_input.matrix import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
