"""Headless Chromium for tests of pages: what it complains about, what it asks for, how it looks.

Speaks Chromium's DevTools protocol over one web socket; a test that uses it is skipped where no
Chromium is installed.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import websocket

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on PATH")

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
_PATIENCE = 30  # seconds


@dataclass
class Page:
    """A loaded page: console errors and warnings, requests beside the page itself."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def evaluate(self, script: str) -> object:
        """The JSON value of a JavaScript expression in the page."""
        told = self.browser.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def screenshot(self, path: Path) -> Path:
        """The whole page, beyond the window's height too, as PNG."""
        told = self.browser.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))
        return path


class Browser:
    """One headless Chromium with one tab."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self.socket, self.number = socket, 0
        self.page = Page(self)
        self.loaded = False

    def ask(self, method: str, **parameters: object) -> dict:
        """Send a command, take in what happens meanwhile, return its result."""
        self.number += 1
        number = self.number
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = self.take()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    def take(self) -> dict:
        """The next message, an event noted on the page."""
        message = json.loads(self.socket.recv())
        event, told = message.get("method", ""), message.get("params", {})
        if event == "Network.requestWillBeSent":
            self.page.requests.append(told["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.page.complaints.append(json.dumps(told["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.page.complaints.append(json.dumps(told["args"]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.page.complaints.append(told["entry"]["text"])
        elif event == "Page.javascriptDialogOpening":
            self.page.complaints.append(f"dialog: {told['message']}")
            answer = {"method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            self.socket.send(json.dumps({"id": 0, **answer}))
        elif event == "Page.loadEventFired":
            self.loaded = True
        return message

    def open(self, path: Path, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Load a local file in a window of that size and wait until it stands."""
        self.page, self.loaded = Page(self), False
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        address = path.resolve().as_uri()
        self.ask("Page.navigate", url=address)
        while not self.loaded:
            self.take()
        # Two frames: what a script draws after loading is drawn, and what it asks for is asked.
        self.ask(
            "Runtime.evaluate", awaitPromise=True,
            expression="new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))",
        )  # fmt: skip
        asked = self.page.requests
        self.page.requests = [u for u in asked if u != address and not u.startswith("data:")]
        return self.page


@contextmanager
def chromium() -> Iterator[Browser]:
    """A fresh Chromium with a profile of its own, ended and removed afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            browser = Browser(_connect(Path(profile) / "DevToolsActivePort", process))
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.ask(f"{domain}.enable")
            yield browser
            browser.socket.close()
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _connect(told: Path, process: subprocess.Popen) -> websocket.WebSocket:
    """A socket to the first tab, once Chromium has written down its port."""
    from urllib.request import urlopen

    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        port = told.read_text().partition("\n")[0] if told.exists() else ""
        if port:
            with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            if tabs:
                return websocket.create_connection(
                    tabs[0]["webSocketDebuggerUrl"], timeout=_PATIENCE, suppress_origin=True
                )
        time.sleep(0.05)
    raise RuntimeError(f"chromium did not start (exit code {process.poll()})")
