"""For tests of applications: what the tracer recorded, as plain objects, without a network.

```python
from flowtrail_tracer.testing import recording

with recording() as recorder:
    producer = trace(KafkaProducer(...))
    producer.send("orders", b"...").get()
(sent,) = recorder.spans("send")
assert sent.attributes["messaging.destination.name"] == "orders"
```
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core import faults
from flowtrail_tracer._core.ids import CounterIds, Ids, RandomIds, SteppingClock, system_clock
from flowtrail_tracer._core.runtime import RUNTIME, Numbers
from flowtrail_tracer._core.settings import HeaderNames, Settings
from flowtrail_tracer._core.span import AttributeValue, Entry, Record, Series, Span
from flowtrail_tracer._pipeline.decode import decode_span

__all__ = ["CounterIds", "RecordedSpan", "Recorder", "SteppingClock", "recording"]

_KINDS = {3: "client", 4: "producer", 5: "consumer"}


@dataclass(frozen=True)
class RecordedSpan:
    """One span as plain values; times in nanoseconds since the epoch, ids in hexadecimal."""

    name: str
    kind: str
    """`producer`, `consumer` or `client`."""
    trace_id: str
    span_id: str
    parent_span_id: str | None
    start: int
    end: int
    attributes: Mapping[str, AttributeValue]
    status: str
    """`unset` or `error`."""
    status_description: str | None
    links: tuple[tuple[str, str], ...] = field(default=())
    """Linked spans as (trace id, span id)."""

    @property
    def operation(self) -> str:
        """The type of operation: `send`, `receive`, `process`, `settle`, `assign`, `revoke`, `close`."""
        return str(self.attributes[names.OPERATION_TYPE])

    @property
    def number(self) -> int:
        """The span's number within this recording."""
        return int(self.attributes[names.NUMBER])


@dataclass(frozen=True)
class _One:
    """One span of a series."""

    number: int
    series: Series
    common: object
    entry: Entry

    def encode(self, dropped: int) -> bytes:
        (span,) = self.series.encode([(self.number, self.common, self.entry)], dropped)
        return span


class Recorder:
    """Keeps what was recorded; usable from any thread."""

    def __init__(self) -> None:
        self.owner: object = object()
        self._numbers = Numbers()
        self._records: list[Record | _One] = []
        self._spans: dict[int, RecordedSpan] = {}

    def put(self, record: Record) -> None:
        """Keep one record."""
        record.number = self._numbers.next()
        self._records.append(record)

    def add(self, series: Series, entry: Entry) -> None:
        """Keep one span of a kind."""
        self.extend(series, None, [entry])

    def extend(self, series: Series, common: object, entries: Sequence[Entry]) -> None:
        """Keep several spans of one kind."""
        numbers = self._numbers.several(len(entries))
        self._records += [_One(number, series, common, entry) for number, entry in zip(numbers, entries, strict=True)]

    def spans(self, operation: str | None = None, *, name: str | None = None) -> list[RecordedSpan]:
        """Return the spans so far in the order of their numbers; of one type of operation, or of one name, if given."""
        for client in list(RUNTIME.clients):
            client.seal()
        found = [self._span(record) for record in list(self._records)]
        return [
            span
            for span in sorted(found, key=lambda span: span.number)
            if (operation is None or span.operation == operation) and (name is None or span.name == name)
        ]

    def wait_for(self, count: int, operation: str | None = None, *, timeout: float = 10.0) -> list[RecordedSpan]:
        """Return the spans once there are `count` of them; raises AssertionError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while len(found := self.spans(operation)) < count:
            if time.monotonic() > end:
                told = [span.name for span in self.spans()]
                raise AssertionError(f"{len(found)} of {count} {operation or ''} spans after {timeout} s; seen: {told}")
            time.sleep(0.01)
        return found

    def clear(self) -> None:
        """Forget the spans so far; numbering goes on."""
        self._records.clear()
        self._spans.clear()

    def flush(self, timeout: float) -> bool:  # noqa: ARG002 - a sink's parameter
        """Nothing is on its way."""
        return True

    def shutdown(self, timeout: float) -> bool:  # noqa: ARG002 - likewise
        """Nothing is on its way."""
        return True

    def after_fork(self) -> None:
        """Begin anew in a forked child."""
        self.clear()
        self.owner = object()
        self._numbers.restart()

    def _span(self, record: "Record | _One") -> RecordedSpan:
        found = self._spans.get(record.number)
        if found is None:
            found = self._spans[record.number] = _plain(decode_span(record.encode(0)))
        return found


def _plain(span: Span) -> RecordedSpan:
    identity = span.identity
    return RecordedSpan(
        name=span.name,
        kind=_KINDS[span.kind],
        trace_id=identity.trace_id,
        span_id=identity.span_id,
        parent_span_id=identity.parent_id or None,
        start=span.start,
        end=span.end,
        attributes=span.attributes,
        status="unset" if span.error is None else "error",
        status_description=span.error,
    )


@contextlib.contextmanager
def recording(
    *,
    service: str = "test",
    ids: Ids | None = None,
    clock: Callable[[], int] | None = None,
    header_names: HeaderNames | None = None,
    cloudevents: bool = False,
    key_hmac: bytes | None = None,
    payload_digest: bool = False,
    raise_faults: bool = True,
) -> Iterator[Recorder]:
    """Record into memory while the with statement lasts; what was configured before holds again afterwards.

    `ids=CounterIds()` and `clock=SteppingClock()` make results repeatable. With `raise_faults`, an error inside the
    tracer, which production swallows, is raised where it happens, and again at the end if it happened in a thread.
    """
    before = (RUNTIME.settings, RUNTIME.sink, RUNTIME.tracer, RUNTIME.ids, RUNTIME.now, RUNTIME.configured)
    recorder = Recorder()
    RUNTIME.ids = ids or RandomIds()
    RUNTIME.now = clock or system_clock
    settings = Settings(
        service=service,
        headers=header_names or HeaderNames(),
        cloudevents=cloudevents,
        key_hmac=key_hmac,
        payload_digest=payload_digest,
    )
    RUNTIME.use(settings, recorder)
    faults.set_strict(raise_faults)
    try:
        yield recorder
        found = faults.caught()
        if found:
            raise found[0]
    finally:
        faults.set_strict(False)
        settings, sink, tracer, RUNTIME.ids, RUNTIME.now, configured = before
        RUNTIME.use(settings, sink, tracer)
        RUNTIME.configured = configured
