"""The HTTP API seen from the other end: a running collector as a `Source`."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
from dataclasses import dataclass
from http.client import BadStatusLine, HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable, UsageError
from flowtrail_collector.references import limited
from flowtrail_collector.window import Window, rfc3339
from flowtrail_collector.wire import from_wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOKEN_VARIABLE = "FLOWTRAIL_API_TOKEN"  # noqa: S105 the variable's name, not a token
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 65.0  # somewhat above the server's own limit, so that its answer says what took too long
PATIENCE_S = 5.0  # a question that takes longer is waited for only if something there still answers at all
PROBE_TIMEOUT_S = 1.0
_STATUS_SCHEMA = "flowtrail.status/"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: bytes | None


class HttpSource:
    """A running collector, asked over HTTP; threads may share it, connections are kept and reused."""

    live = True

    def __init__(self, url: str, token: str | None = None) -> None:
        """Name the collector; nothing is sent yet. `token` defaults to $FLOWTRAIL_API_TOKEN. Raises UsageError."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as wrong:
            raise UsageError(f"{url!r} is no collector's URL: {wrong}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no collector's URL: expected http://HOST:PORT")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, port or (443 if self._secure else 80)
        self._base = parts.path.rstrip("/")
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self._base}"
        self._token = token if token is not None else os.environ.get(TOKEN_VARIABLE)
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[HttpSource], tuple[str, str | None]]:
        """Tell another process whom to ask: connections are not handed over."""
        return type(self), (self.name, self._token)

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        """See Source."""
        return self._get("ask", {"what": what, "chosen": chosen})

    def flows(self, window: Window, filter_text: str = "", *, limit: int = 200, after: str | None = None) -> Document:
        """See Source."""
        return self._get("flows", {**_range(window, filter_text), "limit": str(limit), "after": after})

    def findings(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("findings", _range(window, filter_text))

    def causes(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("causes", _range(window, filter_text))

    def mark(self, cause: str, state: str, *, note: str | None = None, by: str | None = None) -> Document:
        """See Source."""
        from flowtrail_collector.marks import user_name

        said = {"cause": cause, "state": state, "by": user_name() if by is None else by}
        return self._asked("POST", "marks", json.dumps(said if note is None else said | {"note": note}).encode())

    def lag(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("lag", _range(window, filter_text))

    def map(self, window: Window, filter_text: str = "", *, findings: bool = True) -> Document:
        """See Source."""
        return self._get("map", {**_range(window, filter_text), "findings": None if findings else "no"})

    def latency(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("latency", _range(window, filter_text))

    def order(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("order", _range(window, filter_text))

    def losses(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        return self._get("losses", _range(window, filter_text))

    def expected(self, more: Sequence[tuple[str, str]] = ()) -> Document:
        """See Source."""
        return self._get("expected", {"expect": [f"{destination}={group}" for destination, group in more]})

    def names(self, begins: str = "") -> Document:
        """See Source."""
        return self._get("names", {"begins": begins or None})

    def spans(self, refs: Sequence[str], *, traces: Sequence[str] = ()) -> Document:
        """See Source."""
        named, refs_left = limited(refs)
        whole, traces_left = limited(traces)
        document = self._get("spans", {"ref": named, "trace": whole})
        document["left_out"] = {**document.get("left_out", {}), "refs": refs_left, "traces": traces_left}
        return document

    def status(self) -> Document:
        """See Source."""
        return self._get("status", {})

    def probe(self, timeout_s: float) -> None:
        """Raise SourceUnavailable unless a flowtrail collector answers in time."""
        document = self._get("status", {}, timeout_s)
        if not str(document.get("schema", "")).startswith(_STATUS_SCHEMA):
            raise self._foreign("its status is not flowtrail's")

    def close(self) -> None:
        """See Source."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _get(
        self, question: str, parameters: Mapping[str, str | Sequence[str] | None], timeout_s: float = READ_TIMEOUT_S
    ) -> Document:
        query = [
            (name, value.encode("utf-8", "replace"))
            for name, values in parameters.items()
            for value in ([values] if isinstance(values, str) else values or ())
        ]
        return self._asked("GET", question + (f"?{urlencode(query)}" if query else ""), None, timeout_s)

    def _asked(self, method: str, what: str, body: bytes | None = None, timeout_s: float = READ_TIMEOUT_S) -> Document:
        try:
            status, answer = self._exchange(_Request(method, f"{self._base}/api/v1/{what}", body), timeout_s)
        except (OSError, HTTPException) as failure:
            tried = f"{method} {self.name}/api/v1/{what.partition('?')[0]}"
            raise SourceUnavailable(
                f"no collector answers at {self.name} ({_why(failure)}); tried {tried}. "
                "Start one with `flowtrail collect`, or name another source with --source",
            ) from failure
        return self._document(status, answer)

    def _document(self, status: int, body: bytes) -> Document:
        try:
            document = json.loads(body)
        except ValueError:
            raise self._foreign(f"HTTP {status}, not JSON") from None
        error = from_wire(document)
        if error is not None:
            raise error
        if status != 200 or not isinstance(document, dict) or "schema" not in document:
            raise self._foreign(f"HTTP {status}")
        return document

    def _foreign(self, detail: str) -> FlowtrailError:
        cause = OSError(f"what answers there is not a flowtrail collector: {detail}")
        error = SourceUnavailable(f"what answers at {self.name} is not a flowtrail collector ({detail})")
        error.__cause__ = cause
        return error

    def _exchange(self, request: _Request, timeout_s: float) -> tuple[int, bytes]:
        """Send one request; on a kept connection that the server has closed meanwhile, once more on a new one.

        That may be done: a question changes nothing, and to mark a cause twice says the same.
        """
        headers = {"Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._send(connection, request, headers, timeout_s)
            except TimeoutError:
                raise
            except (OSError, HTTPException):
                pass
        return self._send(self._connect(timeout_s), request, headers, timeout_s)

    def _connect(self, timeout_s: float) -> HTTPConnection:
        kind = HTTPSConnection if self._secure else HTTPConnection
        connection = kind(self._host, self._port, timeout=min(CONNECT_TIMEOUT_S, timeout_s))
        connection.connect()
        return connection

    def _send(
        self,
        connection: HTTPConnection,
        request: _Request,
        headers: dict[str, str],
        timeout_s: float,
    ) -> tuple[int, bytes]:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout_s)
            connection.request(request.method, request.path, request.body, headers)
            self._await_sign(connection, timeout_s)
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
        return response.status, body

    def _await_sign(self, connection: HTTPConnection, timeout_s: float) -> None:
        """Wait for the first byte, but not long for one that nobody will send. Raises OSError."""
        if timeout_s <= PATIENCE_S or connection.sock is None or _readable(connection.sock, PATIENCE_S):
            return
        other = self._connect(PATIENCE_S)
        try:  # a path that is answered without asking the store, however busy that is
            other.request("GET", f"{self._base}/api/v1/")
            other.getresponse()
        finally:
            other.close()


def _readable(connected: socket.socket, timeout_s: float) -> bool:
    return bool(select.select([connected], [], [], timeout_s)[0])


def _range(window: Window, filter_text: str) -> dict[str, str | None]:
    return {
        "since": "all" if window.since_ns is None else rfc3339(window.since_ns),
        "until": None if window.until_ns is None else rfc3339(window.until_ns),
        "filter": filter_text or None,
    }


def _why(failure: Exception) -> str:
    if isinstance(failure, ConnectionRefusedError):
        return "connection refused"
    if isinstance(failure, TimeoutError):
        return "no answer in time"
    if isinstance(failure, BadStatusLine):
        return "what answers there does not speak HTTP"
    if isinstance(failure, socket.gaierror):
        return "the name is not known"
    return str(failure) or type(failure).__name__
