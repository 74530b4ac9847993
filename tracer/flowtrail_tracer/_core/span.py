"""What a record of the hot path has to say, and a finished span as plain values."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

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
        self.encoded = b""


Parent = tuple[str, str, int, str, bool]
"""What a span hangs on: trace id, span id, flags, trace state, and whether it is another process's span."""


class Identity:
    """Which span this is and what it belongs to; ids are in hexadecimal, empty means none."""

    sdk: "SdkSpan | None" = None
    """The span in the application's provider, where it goes through that."""

    def __init__(
        self,
        trace_id: str,
        span_id: str,
        parent_id: str = "",
        flags: int = 1,
        trace_state: str = "",
        remote: bool = False,
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.flags = flags
        self.trace_state = trace_state
        self.remote = remote

    def traceparent(self) -> bytes:
        """Return the W3C header that names this span."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags & 0xFF:02x}".encode()


class Span:
    """One finished span. Times are nanoseconds since the epoch; `error` is the status description, None for unset."""

    __slots__ = ("attributes", "end", "error", "identity", "kind", "name", "start")

    def __init__(
        self,
        identity: Identity,
        name: str,
        kind: int,
        start: int,
        end: int,
        attributes: Mapping[str, AttributeValue],
        error: str | None = None,
    ) -> None:
        self.identity = identity
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
        self.attributes = attributes
        self.error = error


class Record(Protocol):
    """What the hot path hands over: enough to make a span of it later, in the worker.

    It describes itself straight as OTLP, so that a span costs one pass and few objects; whoever wants plain values
    reads them back from there (`_pipeline.decode`).
    """

    number: int
    """The span's number within the instance, given when it is put."""

    @property
    def sdk(self) -> "SdkSpan | None":
        """The span in the application's provider, where one was begun."""

    def encode(self, dropped: int) -> bytes:
        """Return the span as a field of ScopeSpans; `dropped`, unless 0, is how many the instance has dropped so far.

        Called once, outside the hot path.
        """


Entry = tuple[Any, ...]
"""What one span of a series has of its own."""

Numbered = tuple[int, Any, Entry]
"""A span of a series: its number within the instance, what it has in common with others put with it, and its own."""


class Series:
    """Spans that share all but a few values; each is a tuple until the worker describes it.

    A tuple of numbers and bytes is made at once, and the garbage collector does not look at it again: a thousand
    objects waiting for the worker would make it walk through the whole application.
    """

    __slots__ = ("entries", "owner", "queued")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        """The sink's `owner` for which it was begun; another one needs another series."""
        self.entries: deque[Numbered] = deque()
        self.queued = False
        """Whether the worker is going to come for what is in `entries`."""

    def encode(self, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Return these as fields of ScopeSpans; `dropped`, as for a record, is told by the first."""
        raise NotImplementedError
