"""Which span an operation gets: a child of what is there, or the first of a trace."""

from flowtrail_tracer._core.context import Parent
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.sdk import start_sdk_span
from flowtrail_tracer._core.span import Identity


def identify(name: str, kind: int, start: int, parent: Parent | None, trace_id: int = 0) -> Identity:
    """Return the identity of a new span; `trace_id` is the trace of a span without parent, 0 for a new one."""
    tracer = RUNTIME.tracer
    if tracer is not None:
        return start_sdk_span(tracer, name, kind, start, parent)
    ids = RUNTIME.ids
    if parent is None:
        return Identity(trace_id or ids.trace_id(), ids.span_id())
    return Identity(
        parent.trace_id,
        ids.span_id(),
        parent.span_id,
        flags=parent.flags,
        trace_state=parent.trace_state,
        remote=parent.remote,
    )
