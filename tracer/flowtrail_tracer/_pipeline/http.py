"""OTLP over HTTP: one kept-alive connection, no dependency."""

import gzip
import http.client
import ssl
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit

from flowtrail_tracer._core.settings import Export
from flowtrail_tracer._pipeline.partial import rejected_spans
from flowtrail_tracer._pipeline.transport import Answer, Verdict

_RETRYABLE = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 307, 308})


class HttpTransport:
    """Posts requests to one endpoint."""

    def __init__(self, export: Export, version: str) -> None:
        parts = urlsplit(export.endpoint)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = _tls(export) if parts.scheme == "https" else None
        self._gzip = export.gzip
        self._headers = {
            "Content-Type": "application/x-protobuf",
            "User-Agent": f"flowtrail-tracer/{version}",
            **export.headers,
        }
        if export.gzip:
            self._headers["Content-Encoding"] = "gzip"
        self._connection: http.client.HTTPConnection | None = None
        self._squeezed: tuple[bytes, bytes] = (b"", b"")

    def send(self, body: bytes, timeout: float) -> Answer:
        """Post one request; a connection that the receiver closed meanwhile is opened again once."""
        reused = self._connection is not None
        try:
            return self._post(self._compressed(body), timeout)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            if not reused:
                return Answer(Verdict.RETRY, reason=_reason(error))
        except Exception as error:  # noqa: BLE001 - a transport never raises: any failure to reach is a retry
            self.close()
            return Answer(Verdict.RETRY, reason=_reason(error))
        try:
            return self._post(self._compressed(body), timeout)
        except Exception as error:  # noqa: BLE001 - likewise
            self.close()
            return Answer(Verdict.RETRY, reason=_reason(error))

    def _compressed(self, body: bytes) -> bytes:
        """Return what goes over the wire; a resend is byte for byte the same."""
        if not self._gzip:
            return body
        if self._squeezed[0] is not body:
            self._squeezed = (body, gzip.compress(body, compresslevel=4, mtime=0))
        return self._squeezed[1]

    def _post(self, body: bytes, timeout: float) -> Answer:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect(timeout)
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        connection.request("POST", self._path, body, self._headers)
        response = connection.getresponse()
        content = response.read(1 << 20)
        if response.will_close or not response.isclosed():
            self.close()
        return _judge(response, content)

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _judge(response: http.client.HTTPResponse, content: bytes) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(Verdict.DELIVERED, rejected=rejected_spans(content))
    reason = f"HTTP {status} {response.reason}"
    if status in _RETRYABLE:
        return Answer(Verdict.RETRY, wait=_retry_after(response.getheader("Retry-After")), reason=reason)
    if status in _REDIRECTS:
        reason += f" to {response.getheader('Location')}: set the endpoint to that address"
    return Answer(Verdict.REFUSED, reason=reason)


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After: seconds, or an HTTP date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (TypeError, ValueError):
        return None


def _tls(export: Export) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=export.certificate)
    if export.client_certificate:
        context.load_cert_chain(export.client_certificate, export.client_key)
    return context


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
