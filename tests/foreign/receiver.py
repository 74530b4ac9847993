"""A tiny OTLP/HTTP receiver that keeps what arrives, to see what instrumentations really send."""

import gzip
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.foreign.services import spans_of


class Receiver:
    """Listens on a free port of the loopback for the time of a `with` block and keeps every request, decoded.

    With `forward`, the endpoint of a collector, it stands in between: the collector's answers are its own.
    """

    def __init__(self, forward: str | None = None) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        keep = self.requests.append

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = (
                    (200, b"") if forward is None else _pass_on(f"{forward}{self.path}", body, self.headers)
                )
                if self.path == "/v1/traces" and status == 200:
                    zipped = self.headers.get("Content-Encoding") == "gzip"
                    keep(ExportTraceServiceRequest.FromString(gzip.decompress(body) if zipped else body))
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """What to set OTEL_EXPORTER_OTLP_ENDPOINT to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> list[Span]:
        """All spans so far."""
        return spans_of(list(self.requests))

    def await_spans(self, enough: Callable[[list[Span]], bool], seconds: float = 20.0) -> list[Span]:
        """Wait until the spans are enough and return them; after `seconds`, return what there is."""
        deadline = time.monotonic() + seconds
        while not enough(self.spans()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.spans()


def _pass_on(url: str, body: bytes, headers: Message) -> tuple[int, bytes]:
    """Send a request on and return what was answered."""
    kept = {name: headers[name] for name in ("Content-Type", "Content-Encoding") if name in headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, kept), timeout=30) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()
