"""The explorer's page in Chromium: filters, table, scatter, cards, keys, and hostile texts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.look.browser import Browser, Page, chromium, needs_chromium
from tests.look.test_explore import served
from tests.look.test_pages import HOSTILE

pytestmark = needs_chromium
READY = "document.body.dataset.ready"


@pytest.fixture(scope="module")
def address(sample: Path) -> Iterator[str]:
    with served(sample) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as own:
        yield own


def opened(browser: Browser, address: str, *size: int, dark: bool = False) -> Page:
    page = browser.open(address, *size, dark=dark)
    page.wait(READY)
    return page


def features(page: Page) -> list[int]:
    return page.evaluate(
        "[...document.querySelectorAll('#table tbody tr')].map(r => Number(r.dataset.feature))"
    )


def search(page: Page) -> str:
    return page.evaluate("location.search")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the scatter between two places, as shares of its width and height."""
    from selenium.webdriver import ActionChains

    canvas = page.driver.find_element("css selector", "#over")
    wide, high = canvas.size["width"], canvas.size["height"]
    places = [(round((x - 0.5) * wide), round((y - 0.5) * high)) for x, y in (start, end)]
    (ActionChains(page.driver, duration=50).move_to_element_with_offset(canvas, *places[0]).click_and_hold()
     .move_to_element_with_offset(canvas, *places[1]).release().perform())  # fmt: skip


def keys(page: Page, *names: str) -> None:
    from selenium.webdriver import ActionChains

    for name in names:
        ActionChains(page.driver).send_keys(name).perform()


def test_the_page_is_shown_without_a_complaint_and_asks_its_own_server_alone(
    browser, address
) -> None:
    for width, dark in ((1600, False), (1280, True), (420, False)):
        for view in ("", "?feature=8", "?feature=8&beside=12"):
            page = opened(browser, f"{address}{view}", width, 900, dark=dark)
            assert page.complaints == []
            assert all(url.startswith(address) for url in page.requests)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert len(features(page)) == 40
            assert page.evaluate("document.querySelectorAll('#shown .card').length") == view.count(
                "="
            )


def test_what_is_typed_filters_and_the_address_brings_it_back(browser, address) -> None:
    page = opened(browser, address)
    page.type("[name=text]", "jury")
    page.wait("location.search == '?text=jury'")
    page.wait("document.querySelectorAll('#table tbody tr').length < 40")
    found = features(page)
    page.click("#patterns input[value=both]")
    page.wait("location.search == '?text=jury&pattern=both'")
    assert features(opened(browser, f"{address}?text=jury")) == found
    page = opened(browser, f"{address}?text=jury&pattern=both&mean_score.min=0.5")
    assert page.evaluate("document.querySelector('[name=text]').value") == "jury"
    assert page.evaluate("document.querySelector('[name=\"mean_score.min\"]').value") == "0.5"
    page.click("#reset")
    page.wait("document.querySelectorAll('#table tbody tr').length == 40")
    page.driver.back()
    page.wait("document.querySelectorAll('#table tbody tr').length < 40")


def test_a_wrong_condition_is_told_and_mended(browser, address) -> None:
    page = opened(browser, f"{address}?where=mean_scor+%3E+0")
    told = page.evaluate("document.querySelector('#problem').textContent")
    assert "did you mean mean_score" in told
    page.type("[name=where]", "mean_score > 0.85")
    page.wait("document.querySelector('#problem').hidden")
    assert 0 < len(features(page)) < 40


def test_a_column_sorts_and_a_row_opens_its_card_with_the_evidence_in_sight(
    browser, address
) -> None:
    page = opened(browser, address)
    page.driver.find_element("xpath", "//th/button[contains(., 'mean score')]").click()
    page.wait("location.search == '?sort=mean_score'")
    page.wait("document.querySelector('th[aria-sort=ascending]')")
    worst = features(page)[0]
    page.click("#table tbody tr td:nth-child(3)")
    page.wait(f"document.querySelector('#shown h1')?.textContent == 'Feature {worst}'")
    assert f"feature={worst}" in search(page)
    page.wait("document.querySelector('#nth').textContent.startsWith('1 ')")
    assert page.evaluate("document.querySelector('#previous').disabled")
    top = "[...document.querySelectorAll('#shown h2')].filter(h => h.getBoundingClientRect().top < innerHeight).map(h => h.textContent)"
    assert page.evaluate(top)[:2] == ["Explanations", "Top activations"]


def test_keys_move_through_rows_and_cards(browser, address) -> None:
    page = opened(browser, f"{address}?sort=feature_id")
    keys(page, "j", "j", "\ue007")  # Enter
    page.wait("document.querySelector('#shown h1')?.textContent == 'Feature 1'")
    page.wait("document.querySelector('#next').dataset.feature == '2'")
    keys(page, "]")
    page.wait("document.querySelector('#shown h1')?.textContent == 'Feature 2'")
    keys(page, "p")
    page.wait("location.search.includes('beside=2')")
    page.wait("document.querySelector('#next').dataset.feature == '3'")
    keys(page, "]")
    page.wait("document.querySelectorAll('#shown .card').length == 2")
    keys(page, "\ue00c")  # Escape
    page.wait("document.querySelector('#cards').hidden")
    keys(page, "/")
    assert page.evaluate("document.activeElement.name") == "text"


def test_a_neighbour_is_one_click_away(browser, address) -> None:
    page = opened(browser, f"{address}?feature=8")
    near = page.evaluate("document.querySelector('#shown .chips a').dataset.feature")
    page.click("#shown .chips a")
    page.wait(f"document.querySelector('#shown h1').textContent == 'Feature {near}'")
    page.driver.back()
    page.wait("document.querySelector('#shown h1').textContent == 'Feature 8'")


def test_a_brush_is_a_filter(browser, address) -> None:
    page = opened(browser, address)
    drag(page, (0.6, 0.05), (0.95, 0.6))
    page.wait("location.search.includes('activation_semantic_sim.min')")
    page.wait("document.querySelectorAll('#table tbody tr').length < 40")
    kinds = page.evaluate(
        "[...document.querySelectorAll('#table tbody tr td:nth-child(2)')].map(c => c.textContent)"
    )
    assert "both" in kinds
    assert not {"lexical", "none"} & set(kinds)
    page.click("#unbrush")
    page.wait("document.querySelectorAll('#table tbody tr').length == 40")


def test_dragging_a_threshold_says_how_many_features_change_type(browser, address) -> None:
    page = opened(browser, f"{address}?semantic=0.5")
    page.wait("document.querySelector('#changes').textContent.includes('no feature changes')")
    box = page.evaluate(
        "(({width}) => width)(document.querySelector('#over').getBoundingClientRect())"
    )
    ends = page.evaluate("[Number(document.querySelector('[name=semantic]').value)]")
    assert ends == [0.5]
    # The scatter's own scale: the line is where the label says; it is found by trying.
    for share in (place / box for place in range(60, int(box), 6)):
        drag(page, (share, 0.5), (0.97, 0.5))
        if "semantic=0.5&" not in f"{search(page)}&":
            break
    if "activation_semantic_sim.min" in search(page):
        pytest.fail("the line was not where it is drawn")
    page.wait("document.querySelector('#changes').textContent.includes('would change type')")
    assert "→" in page.evaluate("document.querySelector('#changes').textContent")


def test_hostile_texts_are_texts(sample: Path, browser, tmp_path: Path) -> None:
    shutil.copy(sample / "warehouse.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        every = " ".join(HOSTILE) + "x" * 5000
        connection.execute(
            "UPDATE analysis.feature_overview SET explanation_text = ?, sae_id = ?, selected_ngram = ?, llm_explainers = [?]",
            [every] * 4,
        )
        connection.execute(
            "UPDATE staging.prompt_records SET tokens = list_transform(tokens, lambda t: ?)",
            [HOSTILE[0] + "y" * 3000],
        )
        connection.execute("UPDATE master.features SET explanation_text = ?", [every])
    with served(tmp_path) as address:
        for width in (1280, 420):
            page = opened(browser, f"{address}?feature=8&columns=sae_id,selected_ngram,explanation_text,llm_explainers", width)  # fmt: skip
            assert page.complaints == []
            assert all(url.startswith(address) for url in page.requests)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.scripts.length") == 1
            assert (
                page.evaluate("document.querySelectorAll('main img, main svg, main link').length")
                == 0
            )
            text = page.evaluate("document.body.textContent")
            assert "<img src=x onerror=alert(1)>" in text
            assert not {"\x1b", "\u202e", "\u200b"} & set(text)
