"""The server: one page on 127.0.0.1, its assets and its answers. It reads, and it answers its own page.

A page of elsewhere must not read a warehouse through the browser: the Host header must name this
machine (so that no foreign name is bound to it), what the browser says was asked by another site is
refused, and the policy lets the page ask for nothing else.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from warehouse.errors import UsageError, WarehouseError
from warehouse.explore import answers
from warehouse.explore.source import Source

HOST = "127.0.0.1"
PORT = 8642
NAMES = (HOST, "localhost")
_ASSETS = Path(__file__).parent / "assets"
_PAGES = Path(__file__).parent.parent / "pages"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def serve(data: Path, port: int | None, begun: Callable[[str], None]) -> None:
    """Serve until Ctrl-C (KeyboardInterrupt). `begun` is told the address once it can be asked.

    Without a port: the usual one, or a free one where that is taken. UsageError: the port is taken;
    WarehouseError: no warehouse is published.
    """
    explorer = Explorer(data)
    with explorer.source.reading():  # what is wrong is told here, not in the browser
        pass
    listening = _listen(port)
    with listening:
        begun(f"http://{HOST}:{listening.getsockname()[1]}/")
        make_server(explorer).run(sockets=[listening])


def make_server(explorer: Explorer) -> uvicorn.Server:
    """A server that says nothing and, told to end, waits a second for its answers."""
    config = uvicorn.Config(
        explorer.app,
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listen(port: int | None) -> socket.socket:
    ways = (PORT, 0) if port is None else (port,)
    for place in ways:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, place))
            listening.listen()
        except OSError:
            listening.close()
        else:
            return listening
    raise UsageError(f"port {port} is taken", "--port 0 takes a free one")


class Explorer:
    """The routes. Each is run on a thread of its own, with a cursor of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.source = data, Source(data)
        files = [*_ASSETS.iterdir(), *(_PAGES / name for name in ("style.css", "card.css"))]
        self.assets = {path.name: path.read_bytes() for path in files}
        self.app = Starlette(
            routes=[
                Route("/", self.page),
                Route("/assets/{name}", self.asset),
                Route("/api/catalog", self.answered(lambda opened, _: answers.catalog(opened))),
                Route("/api/features", self.answered(answers.features)),
                Route("/api/types", self.answered(answers.types)),
                Route("/api/around", self.answered(answers.around)),
                Route("/api/points", self.points),
                Route("/card/{feature:int}", self.card),
                Route("/{name}.csv", self.csv),
            ],
            middleware=[
                Middleware(Guard),
                Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False),
            ],
            exception_handlers={WarehouseError: _told, OSError: _told},
        )

    def page(self, _request: Request) -> Response:
        return Response(self.assets["index.html"], media_type="text/html")

    def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = _KINDS.get(Path(name).suffix, "text/plain")
        found = self.assets.get(name)
        return Response(found or "", 200 if found else 404, media_type=kind)

    def answered(self, answer: Callable[..., dict[str, object]]) -> Callable[[Request], Response]:
        """A route that answers with JSON of what `answer` makes of an open warehouse and the address."""

        def route(request: Request) -> Response:
            with self.source.reading() as opened:
                return JSONResponse(answer(opened, request.query_params.multi_items()))

        return route

    def points(self, request: Request) -> Response:
        with self.source.reading() as opened:
            packed = answers.points(opened, request.query_params.multi_items())
        return Response(packed, media_type="application/octet-stream")

    def card(self, request: Request) -> Response:
        feature = request.path_params["feature"]
        with self.source.reading() as opened:
            return Response(answers.card(opened, self.data, feature), media_type="text/html")

    def csv(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in answers.TABLES:
            return Response("", 404)
        with self.source.reading() as opened:
            text = answers.csv_text(opened, name, request.query_params.multi_items())
        headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response(text, media_type="text/csv", headers=headers)


class Guard:
    """Refuses what another site asked for, and puts the headers on every answer."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        asked = dict(scope["headers"])
        site = asked.get(b"sec-fetch-site", b"none")
        # A link of elsewhere may lead to the page itself, as an address that was sent does.
        led = scope["path"] == "/" and asked.get(b"sec-fetch-mode") == b"navigate"

        async def headed(message: dict) -> None:
            if message["type"] == "http.response.start":
                more = [(k.encode(), v.encode()) for k, v in _HEADERS.items()]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        if site in (b"same-origin", b"none") or led:
            await self.inner(scope, receive, headed)
        else:
            await Response("asked by another site", 403)(scope, receive, headed)


def _told(_request: Request, error: Exception) -> Response:
    """An error as the page shows it: what, and what to do."""
    message = error.message if isinstance(error, WarehouseError) else str(error)
    hint = getattr(error, "hint", "")
    status = 400 if isinstance(error, UsageError) else 500
    text = json.dumps({"error": message, "hint": hint})
    return Response(text, status, media_type="application/json")
