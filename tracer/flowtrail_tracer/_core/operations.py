"""Short operations that are known only when they are over: receive, settle, assign, revoke, close."""

from typing import TYPE_CHECKING

from opentelemetry.context import get_current

from flowtrail_tracer._core.context import local_parent
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CLIENT, Attributes, Fixed, Identity
from flowtrail_tracer._pipeline.encode import encode_attributes, encode_span

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan


class Operation:
    """One finished operation of a client."""

    __slots__ = ("_attributes", "_end", "_error", "_fixed", "_identity", "_start", "number")

    def __init__(
        self, identity: Identity, fixed: Fixed, start: int, end: int, attributes: Attributes, error: str | None
    ) -> None:
        self._identity = identity
        self._fixed = fixed
        self._start = start
        self._end = end
        self._attributes = attributes
        self._error = error
        self.number = 0

    @property
    def sdk(self) -> "SdkSpan | None":
        """The span in the application's provider."""
        return self._identity.sdk

    def encode(self, dropped: int) -> bytes:
        """Return the span as OTLP."""
        extra = encode_attributes(self._attributes)
        return encode_span(
            self._identity, self._fixed, self._start, self._end, self.number, dropped, extra, self._error
        )


def record_operation(
    facts: Facts,
    operation: str,
    name: str,
    destination: str | None,
    start: int,
    attributes: Attributes = (),
    error: str | None = None,
    end: int | None = None,
) -> None:
    """Record an operation that began at `start`, and ended at `end` or now, in nanoseconds since the epoch."""
    if not RUNTIME.enabled:
        return
    fixed = facts.template(CLIENT, operation, name, destination)
    identity = identify(fixed.name, CLIENT, start, local_parent(get_current()))
    finish = max(start, RUNTIME.now() if end is None else end)
    RUNTIME.put(Operation(identity, fixed, start, finish, attributes, error))
