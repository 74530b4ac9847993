"""What the current code belongs to: a flow, and the message being processed.

Both live in OpenTelemetry's context, so they go wherever the application carries that.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from opentelemetry import context as _context
from opentelemetry import propagate
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, create_key
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import (
    SpanContext,
    TraceFlags,
    TraceState,
    format_span_id,
    format_trace_id,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from flowtrail_tracer._core.headers import Known, parse_traceparent
from flowtrail_tracer._core.span import Parent

if TYPE_CHECKING:
    from flowtrail_tracer._core.consuming import Processing

FLOW: Final = create_key("flowtrail-flow")
PROCESSING: Final = create_key("flowtrail-processing")

Pairs = Sequence[tuple[str, bytes]]


get_current: Callable[[], Context]
attach: Callable[[Context], object]
# OpenTelemetry keeps its context in a variable of Python's, unless told otherwise: used directly where it is, since
# every message asks for it several times
_variable = getattr(getattr(_context, "_RUNTIME_CONTEXT", None), "_current_context", None)
if type(_variable) is ContextVar:
    get_current, attach = _variable.get, _variable.set
else:
    get_current, attach = _context.get_current, _context.attach


class Flow:
    """One flow in the current context: its correlation id, and the trace its unparented messages share."""

    __slots__ = ("correlation_id", "trace_id")

    def __init__(self, correlation_id: str, trace_id: str) -> None:
        self.correlation_id = correlation_id
        self.trace_id = trace_id


def current_flow(context: Context) -> Flow | None:
    """Return the flow that encloses the current code, set later than the message being processed."""
    flow = context.get(FLOW)
    return flow if isinstance(flow, Flow) else None


def current_processing(context: Context) -> "Processing | None":
    """Return the processing whose body the current code is."""
    return context.get(PROCESSING)  # type: ignore[return-value]


def span_context(
    trace_id: str, span_id: str, flags: int, trace_state: str = "", *, remote: bool = False
) -> SpanContext:
    """Return a span as OpenTelemetry knows it."""
    state = TraceState.from_header([trace_state]) if trace_state else None
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, TraceFlags(flags), state)


def local_parent(context: Context) -> Parent | None:
    """Return the span that is current in `context`."""
    found = get_current_span(context).get_span_context()
    return _parent(found, remote=found.is_remote) if found.is_valid else None


def remote_parent(known: Known, headers: Pairs) -> Parent | None:
    """Return the sender's span as the headers tell, by the configured propagators."""
    if uses_default_propagators():
        parsed = parse_traceparent(known.text("traceparent"))
        if parsed is None:
            return None
        trace_id, span_id, flags = parsed
        state = known.text("tracestate") if "tracestate" in known else None
        return trace_id, span_id, flags, state or "", True
    found = get_current_span(extract(headers, Context())).get_span_context()
    return _parent(found, remote=True) if found.is_valid else None


def _parent(found: SpanContext, *, remote: bool) -> Parent:
    state = found.trace_state.to_header() if found.trace_state else ""
    return format_trace_id(found.trace_id), format_span_id(found.span_id), int(found.trace_flags), state, remote


class _PairsGetter(Getter[Pairs]):
    """Reads pairs of name and bytes: any case, the last value, nothing that is not UTF-8."""

    def get(self, carrier: Pairs, key: str) -> list[str] | None:
        wanted = key.lower()
        for name, value in reversed(carrier):
            if name.lower() == wanted and isinstance(value, bytes):
                try:
                    return [value.decode()]
                except UnicodeDecodeError:
                    return None
        return None

    def keys(self, carrier: Pairs) -> list[str]:
        return [name for name, _ in carrier]


_getter = _PairsGetter()


def extract(headers: Pairs, context: Context) -> Context:
    """Return `context` with everything the configured propagators find in `headers`."""
    return propagate.extract(headers, context, _getter)


def inject(context: Context) -> dict[str, str]:
    """Return the headers that the configured propagators write for `context`."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    return carrier


_judged: tuple[object, bool] = (None, False)


def uses_default_propagators() -> bool:
    """Whether the configured propagators are OpenTelemetry's default: trace context and baggage."""
    global _judged
    found = propagate.get_global_textmap()
    if _judged[0] is not found:
        parts = getattr(found, "_propagators", None) if type(found) is CompositePropagator else [found]
        default = {TraceContextTextMapPropagator, W3CBaggagePropagator}
        _judged = (found, parts is not None and {type(part) for part in parts} == default)
    return _judged[1]
