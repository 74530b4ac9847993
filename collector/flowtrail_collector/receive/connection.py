"""HTTP connections that do not let themselves be held open: headers must come in time and be of bounded size."""

from __future__ import annotations

import asyncio  # noqa: TC003 in a signature of uvicorn
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle

HEADERS_WITHIN_S = 10.0
MAX_HEADERS = 64 << 10


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, closed when a request's headers take longer than 10 s or are larger than 64 KiB.

    uvicorn itself waits for them for ever: its only timer is for connections that are idle after an answer.
    """

    _timer: TimerHandle | None = None
    _header_bytes: int | None = 0  # None: the headers are complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before the headers are complete."""
        if self._header_bytes is not None:
            self._header_bytes += min(len(data), MAX_HEADERS + 1)
        super().data_received(data)
        if self._header_bytes is not None and self._header_bytes > MAX_HEADERS:
            self._refuse()

    def on_message_begin(self) -> None:
        """Wait for the headers of a further request."""
        super().on_message_begin()
        if self._timer is None:
            self._await_headers()

    def on_headers_complete(self) -> Any:
        """Let the request's handler have its own time limit."""
        self._headers_came()
        return super().on_headers_complete()

    def _await_headers(self) -> None:
        self._header_bytes = 0
        self._timer = self.loop.call_later(HEADERS_WITHIN_S, self._refuse)

    def _headers_came(self) -> None:
        self._header_bytes = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.send_400_response("The request's headers did not come within 10 s, or are larger than 64 KiB.")
