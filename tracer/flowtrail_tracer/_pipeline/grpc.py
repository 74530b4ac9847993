"""OTLP over gRPC, where grpcio is installed."""

import re
from typing import Any
from urllib.parse import urlsplit

from flowtrail_tracer._core.settings import Export
from flowtrail_tracer._pipeline.partial import rejected_spans
from flowtrail_tracer._pipeline.transport import Answer, Verdict
from flowtrail_tracer._pipeline.wire import fields

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_RETRYABLE = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})
_RETRY_INFO = re.compile(rb"google\.rpc\.RetryInfo\x12")


class GrpcTransport:
    """Calls the trace service of one endpoint."""

    def __init__(self, export: Export, version: str) -> None:
        import grpc  # type: ignore[import-untyped, unused-ignore]

        self._grpc = grpc
        parts = urlsplit(export.endpoint if "://" in export.endpoint else f"//{export.endpoint}")
        self._target = parts.netloc or export.endpoint
        self._secure = parts.scheme == "https" or (parts.scheme == "" and not export.insecure)
        self._export = export
        self._agent = f"flowtrail-tracer/{version}"
        self._metadata = tuple((name.lower(), value) for name, value in export.headers.items())
        self._channel: Any = None
        self._call: Any = None

    def _connect(self) -> None:
        grpc = self._grpc
        squeeze = grpc.Compression.Gzip if self._export.gzip else grpc.Compression.NoCompression
        options = [("grpc.primary_user_agent", self._agent), ("grpc.enable_retries", 0)]
        if self._secure:
            credentials = grpc.ssl_channel_credentials(
                root_certificates=_read(self._export.certificate),
                private_key=_read(self._export.client_key),
                certificate_chain=_read(self._export.client_certificate),
            )
            self._channel = grpc.secure_channel(self._target, credentials, options=options, compression=squeeze)
        else:
            self._channel = grpc.insecure_channel(self._target, options=options, compression=squeeze)
        self._call = self._channel.unary_unary(_METHOD)

    def send(self, body: bytes, timeout: float) -> Answer:
        """Call Export with an encoded request."""
        try:
            if self._channel is None:
                self._connect()
            content = self._call(body, timeout=timeout, metadata=self._metadata)
            return Answer(Verdict.DELIVERED, rejected=rejected_spans(content))
        except self._grpc.RpcError as error:
            return _judge(error)
        except Exception as error:  # noqa: BLE001 - a transport never raises: any failure to reach is a retry
            self.close()
            return Answer(Verdict.RETRY, reason=f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Close the channel."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


def _judge(error: Any) -> Answer:
    code = error.code().name
    reason = f"gRPC {code}: {error.details()}"
    wait = _hint(error.trailing_metadata() or ())
    if code in _RETRYABLE or (code == "RESOURCE_EXHAUSTED" and wait is not None):
        return Answer(Verdict.RETRY, wait=wait, reason=reason)
    return Answer(Verdict.REFUSED, reason=reason)


def _hint(trailers: Any) -> float | None:
    """Read the delay of a google.rpc.RetryInfo in the trailers, in seconds."""
    for name, value in trailers:
        if name == "google.rpc.retryinfo-bin":
            return _delay(value)
        if name == "grpc-status-details-bin":
            found = _RETRY_INFO.search(value)
            if found is not None:
                place = found.end()
                return _delay(value[place + 1 : place + 1 + value[place]])
    return None


def _delay(info: bytes) -> float | None:
    """Decode RetryInfo: field 1 is a Duration of seconds (1) and nanoseconds (2)."""
    for number, duration in fields(info):
        if number == 1 and isinstance(duration, bytes):
            parts = {inner: value for inner, value in fields(duration) if isinstance(value, int)}
            return parts.get(1, 0) + parts.get(2, 0) / 1e9
    return None


def _read(path: str | None) -> bytes | None:
    if path is None:
        return None
    with open(path, "rb") as file:  # noqa: PTH123 - a plain read
        return file.read()
