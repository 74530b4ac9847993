"""The two ways out: our own OTLP, or the application's TracerProvider."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.trace import Status, StatusCode

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.context import Parent
from flowtrail_tracer._core.sdk import start_sdk_span
from flowtrail_tracer._core.span import Span
from flowtrail_tracer._pipeline.encode import Envelope, encode_span
from flowtrail_tracer._pipeline.transport import Answer, Transport, Verdict

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

SCOPE = "flowtrail_tracer"

Numbered = tuple[int, Span]


class OtlpExporter:
    """Encodes batches and hands them to a transport."""

    def __init__(self, transport: Transport, resource: Mapping[str, object], version: str) -> None:
        self._transport = transport
        self._version = version
        self._resource = resource
        self._envelope = Envelope(resource, SCOPE, version)

    def encode(self, batch: Sequence[Numbered], dropped: int) -> bytes:
        """Return one request; the first span carries the count of dropped spans, unless that is 0."""
        spans = [encode_span(number, span) for number, span in batch[1:]]
        return self._envelope.wrap([encode_span(*batch[0], dropped), *spans])

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

    def encode(self, batch: Sequence[Numbered], dropped: int) -> bytes:
        """Complete the spans of a batch; nothing is left to send."""
        for number, span in batch:
            self._complete(number, span, dropped)
            dropped = 0
        return b""

    def _complete(self, number: int, span: Span, dropped: int) -> None:
        identity = span.identity
        sdk = identity.sdk
        if sdk is None:
            parent = None
            if identity.parent_id:
                parent = Parent(
                    identity.trace_id, identity.parent_id, identity.flags, identity.trace_state, remote=identity.remote
                )
            sdk = start_sdk_span(self._tracer, span.fixed.name, span.fixed.kind, span.start, parent).sdk
        if sdk is None:
            return
        attributes = {**dict(span.fixed.attributes), names.NUMBER: number, **dict(span.extra)}
        attributes[names.SERVICE_INSTANCE_ID] = self._instance_id
        if dropped:
            attributes[names.DROPPED] = dropped
        sdk.set_attributes(attributes)
        if span.error is not None:
            sdk.set_status(Status(StatusCode.ERROR, span.error))
        sdk.end(span.end)

    def send(self, body: bytes, timeout: float) -> Answer:  # noqa: ARG002 - the protocol's parameters
        """Nothing is sent from here."""
        return Answer(Verdict.DELIVERED)

    def restart(self, instance_id: str) -> None:
        """Speak, in a forked child, for a new instance."""
        self._instance_id = instance_id

    def close(self) -> None:
        """Leave the provider to the application."""
