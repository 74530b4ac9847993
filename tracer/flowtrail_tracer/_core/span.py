"""A finished span as the pipeline takes it: plain values, ready to be encoded or handed to an SDK."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan

AttributeValue = str | int | bool | float
Attributes = Sequence[tuple[str, AttributeValue]]

CLIENT: Final = 3
PRODUCER: Final = 4
CONSUMER: Final = 5


class Fixed:
    """Attributes and name that many spans share; the encoder keeps their bytes here."""

    __slots__ = ("attributes", "encoded", "kind", "name")

    def __init__(self, name: str, kind: int, attributes: Attributes) -> None:
        self.name = name
        self.kind = kind
        self.attributes = tuple(attributes)
        self.encoded: bytes | None = None


class Identity:
    """Which span this is and what it belongs to; ids are integers, 0 means none."""

    __slots__ = ("flags", "parent_id", "remote", "sdk", "span_id", "trace_id", "trace_state")

    def __init__(
        self,
        trace_id: int,
        span_id: int,
        parent_id: int = 0,
        flags: int = 1,
        trace_state: str = "",
        remote: bool = False,
        sdk: "SdkSpan | None" = None,
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.flags = flags
        self.trace_state = trace_state
        self.remote = remote
        self.sdk = sdk


class Span:
    """One finished span. Times are nanoseconds since the epoch; `error` is the status description, None for unset."""

    __slots__ = ("end", "error", "extra", "fixed", "identity", "links", "start")

    def __init__(
        self,
        identity: Identity,
        fixed: Fixed,
        start: int,
        end: int,
        extra: list[tuple[str, AttributeValue]],
        error: str | None = None,
        links: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.identity = identity
        self.fixed = fixed
        self.start = start
        self.end = end
        self.extra = extra
        self.error = error
        self.links = links


class Record(Protocol):
    """What the hot path appends: enough to make a span of it later, in the worker."""

    def span(self) -> Span:
        """Describe the finished operation; called once, outside the hot path."""
