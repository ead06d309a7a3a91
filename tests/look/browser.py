"""Headless Chromium for tests of pages: what it complains about, what it asks for, how it looks.

Driven by selenium and Debian's chromedriver; a test that uses it is skipped where either is missing.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
DRIVER = shutil.which("chromedriver") or ""
needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver on PATH"
)

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
_PATIENCE = 30  # seconds
_SETTLED = "const f = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(f))"


class Page:
    """The page that a browser shows. Each reading of a log tells what came since the last one."""

    def __init__(self, driver: object, address: str) -> None:
        self.driver, self.address = driver, address

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings of the console since it was last asked."""
        entries = self.driver.get_log("browser")
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING")]

    @property
    def requests(self) -> list[str]:
        """What was asked for since it was last asked, the page itself and data: addresses aside."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        urls = [s["request"]["url"] for s in sent]
        # chrome… is what the tab showed before.
        return [u for u in urls if u != self.address and not u.startswith(("data:", "chrome"))]

    def evaluate(self, script: str) -> object:
        """The JSON value of a JavaScript expression in the page."""
        return self.driver.execute_script(f"return {script}")

    def wait(self, script: str) -> object:
        """Wait until a JavaScript expression is true; its value. TimeoutException names it."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, _PATIENCE, 0.05).until(
            lambda _: self.evaluate(script), script
        )

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def type(self, selector: str, text: str) -> None:
        """Put `text` into a field, in place of what it holds."""
        field = self.driver.find_element("css selector", selector)
        field.clear()
        field.send_keys(text)

    def screenshot(self, path: Path, whole: bool = True) -> Path:
        """The page as PNG, beyond the window's height too unless `whole` is false."""
        told = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": whole}
        )
        path.write_bytes(base64.b64decode(told["data"]))
        return path


class Browser:
    """One headless Chromium with one tab."""

    def __init__(self, driver: object) -> None:
        self.driver = driver

    def open(
        self, place: Path | str, width: int = 1280, height: int = 900, dark: bool = False
    ) -> Page:
        """Load a local file or an address in a window of that size and wait until it is drawn."""
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        address = place.resolve().as_uri() if isinstance(place, Path) else place
        self.driver.get(address)
        # Two frames: what a script draws after loading is drawn, and what it asks for is asked.
        self.driver.execute_async_script(_SETTLED)
        return Page(self.driver, address)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A fresh Chromium with a profile of its own, ended and removed afterwards."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            driver.set_page_load_timeout(_PATIENCE)
            driver.set_script_timeout(_PATIENCE)
            yield Browser(driver)
        finally:
            driver.quit()
