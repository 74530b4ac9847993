"""A small OTLP/HTTP receiver for tests: keeps requests, and answers as told."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Callable


class Receiver:
    """Listens on a port, by default a free one; `answers` are (status, headers, body) of the next requests."""

    def __init__(self, port: int = 0) -> None:
        self.bodies: list[bytes] = []
        self.accepted: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answers: list[tuple[int, dict[str, str], bytes] | Callable[[Any], None]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
                receiver.paths.append(self.path)
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.bodies.append(body)
                answer = receiver.answers.pop(0) if receiver.answers else (200, {}, b"")
                if not isinstance(answer, tuple):
                    answer(self)
                    return
                status, headers, content = answer
                if status == 200:
                    receiver.accepted.append(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def resources(self) -> list[dict[str, Any]]:
        """Return the resource attributes of every accepted request."""
        return [attributes(one.resource) for body in self.accepted for one in parse(body).resource_spans]

    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        """Return (instance id, attributes with the span's name as `name`) of every accepted span."""
        found = []
        for body in self.accepted:
            for one in parse(body).resource_spans:
                instance = attributes(one.resource)["service.instance.id"]
                for scope in one.scope_spans:
                    found += [(instance, {"name": span.name, **attributes(span)}) for span in scope.spans]
        return found


def parse(body: bytes) -> ExportTraceServiceRequest:
    """Parse a request with OpenTelemetry's own schema."""
    return ExportTraceServiceRequest.FromString(body)


def attributes(holder: Any) -> dict[str, Any]:
    """Return the attributes of a span or resource as a dictionary."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in holder.attributes}
