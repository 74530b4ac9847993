"""Plain SDK mode: spans begin in the application's own TracerProvider, so that its ids and sampling hold."""

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, TraceState, set_span_in_context

from flowtrail_tracer._core.span import CLIENT, CONSUMER, PRODUCER, Identity

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from flowtrail_tracer._core.context import Parent

KINDS = {CLIENT: SpanKind.CLIENT, PRODUCER: SpanKind.PRODUCER, CONSUMER: SpanKind.CONSUMER}


def start_sdk_span(tracer: "Tracer", name: str, kind: int, start: int, parent: "Parent | None") -> Identity:
    """Begin a span of the provider at `start` (nanoseconds); return its identity, the span itself within."""
    context = Context()
    if parent is not None:
        state = TraceState.from_header([parent.trace_state]) if parent.trace_state else None
        above = SpanContext(parent.trace_id, parent.span_id, parent.remote, TraceFlags(parent.flags), state)
        context = set_span_in_context(NonRecordingSpan(above), context)
    span = tracer.start_span(name, context=context, kind=KINDS[kind], start_time=start)
    found = span.get_span_context()
    return Identity(
        found.trace_id,
        found.span_id,
        parent.span_id if parent else 0,
        flags=int(found.trace_flags),
        trace_state=found.trace_state.to_header() if found.trace_state else "",
        remote=parent.remote if parent else False,
        sdk=span,
    )
