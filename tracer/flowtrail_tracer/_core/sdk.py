"""Plain SDK mode: spans begin in the application's own TracerProvider, so that its ids and sampling hold."""

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanKind, format_span_id, format_trace_id, set_span_in_context

from flowtrail_tracer._core.context import span_context
from flowtrail_tracer._core.span import CLIENT, CONSUMER, PRODUCER, Identity, Parent

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer


KINDS = {CLIENT: SpanKind.CLIENT, PRODUCER: SpanKind.PRODUCER, CONSUMER: SpanKind.CONSUMER}


def begin_sdk_span(tracer: "Tracer", name: str, kind: int, start: int, parent: Parent | None) -> "Span":
    """Begin a span of the provider at `start` (nanoseconds)."""
    context = Context()
    if parent is not None:
        trace_id, span_id, flags, state, remote = parent
        above = span_context(trace_id, span_id, flags, state, remote=remote)
        context = set_span_in_context(NonRecordingSpan(above), context)
    return tracer.start_span(name, context=context, kind=KINDS[kind], start_time=start)


def start_sdk_span(tracer: "Tracer", name: str, kind: int, start: int, parent: Parent | None) -> Identity:
    """Begin a span of the provider; return its identity, the span itself within."""
    span = begin_sdk_span(tracer, name, kind, start, parent)
    found = span.get_span_context()
    identity = Identity(
        format_trace_id(found.trace_id),
        format_span_id(found.span_id),
        "" if parent is None else parent[1],
        int(found.trace_flags),
        found.trace_state.to_header() if found.trace_state else "",
        parent is not None and parent[4],
    )
    identity.sdk = span
    return identity
