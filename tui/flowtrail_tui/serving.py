"""The terminal interface in a browser on this machine, by textual-serve: one process of the interface per page.

A page that any website opens in a browser here could speak to a port of this machine: so requests are answered as the
collector's API answers them (`Access`: this machine's own Host and Origin only), and the page loads nothing from
elsewhere.
"""

from __future__ import annotations

import re
import shlex
import socket
import sys
from typing import TYPE_CHECKING, Any

from flowtrail_collector.access import Access, is_loopback
from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT = "localhost:8000"
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[^:\[\]]+):)?(?P<port>\d{1,5})")
_POLICY = "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws: wss:"
_PROGRAM = "import sys; from flowtrail_tui.cli import main; sys.exit(main())"


def address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT` or `PORT`. Raises UsageError for another machine's address."""
    found = _ADDRESS.fullmatch(text.strip())
    host = (found["host"] or "localhost").strip("[]") if found else ""
    if found is None or int(found["port"]) > 65_535:
        raise UsageError(f"--serve {text}: expected HOST:PORT or PORT, such as {DEFAULT}")
    if not is_loopback(host):
        raise UsageError(
            f"--serve {text}: only this machine is served (localhost): whoever opens the page sees every event. "
            "From elsewhere use ssh: ssh -L 8000:localhost:8000 HOST"
        )
    return host, int(found["port"])


def serve(arguments: Sequence[str], where: str, narrate: Callable[[str], None]) -> int:
    """Serve `flowtrail tui` with these arguments until interrupted. Raises UsageError."""
    host, port = address(where)
    try:
        from textual_serve.server import Server
    except ImportError as missing:
        raise UsageError(
            f"--serve needs a package that is not installed ({missing.name}): pip install 'flowtrail[serve]'"
        ) from None
    command = shlex.join([sys.executable, "-c", _PROGRAM, "tui", *arguments])

    class Guarded(Server):
        """Answers this machine's own pages only."""

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(_guard())
            return app

        async def on_startup(self, _app: Any) -> None:
            narrate(f"serving the terminal interface on {self.public_url} (ctrl+c ends it)")

        def initialize_logging(self) -> None:
            """Leave logs alone: they would stand on stdout."""

    port = port or _free(host)
    shown = f"[{host}]" if ":" in host else host
    Guarded(command, host, port, title="flowtrail", public_url=f"http://{shown}:{port}").serve()
    return 0


def _free(host: str) -> int:
    """Return a port that nobody listens on: the page's address is written into it before it is served."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return int(probe.getsockname()[1])


def _guard() -> Any:
    """Make the middleware that refuses other pages' requests, and keeps ours from loading anything from elsewhere."""
    from aiohttp import web

    access = Access()

    @web.middleware
    async def guard(request: Any, handler: Any) -> Any:
        refusal = access.refusal(request.remote, request.headers)
        if refusal is not None:
            return web.Response(status=403, text=refusal)
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY
        return response

    return guard
