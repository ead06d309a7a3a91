"""The shared ground of HTML pages: escaped, self-contained, silent, and hostile text made tame."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.look.browser import chromium, needs_chromium
from warehouse import pages
from warehouse.text import visible

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u200b\u2066",
    "line\nbreak\r\u2028 \x9b31m",
    "{{ 7*7 }} <link rel=stylesheet href=https://example.org/x.css>",
]
TEMPLATE = """{% extends "page.html" %}{% import "parts.html" as parts %}
{% block title %}A page{% endblock %}
{% block main %}{% for text in texts %}<p title="{{ text }}">{{ parts.text(text) }}</p>
{% endfor %}{{ parts.bar(none) }}{{ parts.bar(1.7) }}{{ parts.gauge(0.4, 0.3) }}{% endblock %}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    text = pages.environment().from_string(TEMPLATE).render(texts=HOSTILE)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_page_escapes_what_it_shows_and_forbids_every_request(made: Path) -> None:
    text = made.read_text()
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;/script&gt;" in text
    assert "default-src 'none'" in text
    assert "script-src 'none'" in text


@needs_chromium
def test_a_hostile_page_stands_in_chromium_without_a_complaint_or_a_request(made: Path) -> None:
    with chromium() as browser:
        for width in (1280, 420):
            page = browser.open(made, width, 900, dark=width == 420)
            assert page.complaints == []
            assert page.requests == []
            assert page.evaluate("document.querySelectorAll('main p').length") == len(HOSTILE)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@needs_chromium
def test_the_browser_of_the_tests_does_notice_errors_and_requests(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<link rel=icon href='data:,'><img src=missing.png><script>nothing()</script>")
    with chromium() as browser:
        page = browser.open(bad)
        assert [Path(url).name for url in page.requests] == ["missing.png"]
        assert any("nothing is not defined" in text for text in page.complaints)


@given(st.text())
def test_visible_text_is_one_line_without_a_character_that_acts(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(c < " " or "\x7f" <= c <= "\x9f" or c in "\u202e\u2066\u200f" for c in shown)
    assert visible(shown) == shown
