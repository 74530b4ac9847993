"""Which span an operation gets: a child of what is there, or the first of a trace."""

from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.sdk import start_sdk_span
from flowtrail_tracer._core.span import Identity, Parent


def identify(name: str, kind: int, start: int, parent: Parent | None, trace_id: str = "") -> Identity:
    """Return the identity of a new span; `trace_id` is the trace of a span without parent, empty for a new one."""
    tracer = RUNTIME.tracer
    if tracer is not None:
        return start_sdk_span(tracer, name, kind, start, parent)
    ids = RUNTIME.ids
    if parent is None:
        return Identity(trace_id or ids.trace_id(), ids.span_id())
    above, parent_id, flags, state, remote = parent
    return Identity(above, ids.span_id(), parent_id, flags, state, remote)
