"""The two ways out: our own OTLP, or the application's TracerProvider."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.trace import Status, StatusCode

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.sdk import begin_sdk_span
from flowtrail_tracer._core.span import Numbered, Record, Series, Span
from flowtrail_tracer._pipeline.decode import decode_span
from flowtrail_tracer._pipeline.encode import Envelope
from flowtrail_tracer._pipeline.transport import Answer, Transport, Verdict

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan
    from opentelemetry.trace import Tracer

SCOPE = "flowtrail_tracer"


class OtlpExporter:
    """Encodes batches and hands them to a transport."""

    def __init__(self, transport: Transport, resource: Mapping[str, object], version: str) -> None:
        self._transport = transport
        self._version = version
        self._resource = resource
        self._envelope = Envelope(resource, SCOPE, version)

    def describe(self, record: Record, dropped: int) -> bytes:
        """Return one span of a request."""
        return record.encode(dropped)

    def describe_all(self, series: Series, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Return several spans of a series."""
        return series.encode(entries, dropped)

    def wrap(self, spans: Sequence[bytes]) -> bytes:
        """Return one request."""
        return self._envelope.wrap(spans)

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send an encoded request."""
        return self._transport.send(body, timeout)

    def restart(self, instance_id: str) -> None:
        """Speak, in a forked child, for a new instance over a new connection."""
        self._transport.close()
        self._resource = {**self._resource, names.SERVICE_INSTANCE_ID: instance_id}
        self._envelope = Envelope(self._resource, SCOPE, self._version)

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()


class SdkExporter:
    """Completes spans in the application's provider; batching and export are that provider's."""

    def __init__(self, tracer: "Tracer", instance_id: str) -> None:
        self._tracer = tracer
        self._instance_id = instance_id

    def describe(self, record: Record, dropped: int) -> bytes:
        """Complete the record's span in the provider; nothing is left to send."""
        return self._complete(decode_span(record.encode(dropped)), record.sdk)

    def describe_all(self, series: Series, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Complete spans that were begun before the provider was configured."""
        return [self._complete(decode_span(span), None) for span in series.encode(entries, dropped)]

    def _complete(self, span: Span, begun: "SdkSpan | None") -> bytes:
        sdk = begun or self._begin(span)
        sdk.set_attributes({**span.attributes, names.SERVICE_INSTANCE_ID: self._instance_id})
        if span.error is not None:
            sdk.set_status(Status(StatusCode.ERROR, span.error))
        sdk.end(span.end)
        return b""

    def _begin(self, span: Span) -> "SdkSpan":
        identity, parent = span.identity, None
        if identity.parent_id:
            parent = identity.trace_id, identity.parent_id, identity.flags, identity.trace_state, identity.remote
        return begin_sdk_span(self._tracer, span.name, span.kind, span.start, parent)

    def wrap(self, spans: Sequence[bytes]) -> bytes:  # noqa: ARG002 - the protocol's parameter
        """Nothing is sent from here."""
        return b""

    def send(self, body: bytes, timeout: float) -> Answer:  # noqa: ARG002 - the protocol's parameters
        """Nothing is sent from here."""
        return Answer(Verdict.DELIVERED)

    def restart(self, instance_id: str) -> None:
        """Speak, in a forked child, for a new instance."""
        self._instance_id = instance_id

    def close(self) -> None:
        """Leave the provider to the application."""
