"""Short operations that are known only when they are over: receive, settle, assign, revoke, close."""

from collections.abc import Sequence

from opentelemetry.context import get_current

from flowtrail_tracer._core.context import local_parent
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CLIENT, AttributeValue, Span


class Operation:
    """One finished operation of a client."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def span(self) -> Span:
        """Return the span."""
        return self._span


def record_operation(
    facts: Facts,
    operation: str,
    name: str,
    destination: str | None,
    start: int,
    attributes: Sequence[tuple[str, AttributeValue]] = (),
    error: str | None = None,
    end: int | None = None,
) -> None:
    """Record an operation that began at `start`, and ended at `end` or now, in nanoseconds since the epoch."""
    if not RUNTIME.enabled:
        return
    fixed = facts.template(CLIENT, operation, name, destination)
    identity = identify(fixed.name, CLIENT, start, local_parent(get_current()))
    finish = max(start, RUNTIME.now() if end is None else end)
    RUNTIME.put(Operation(Span(identity, fixed, start, finish, list(attributes), error)))
