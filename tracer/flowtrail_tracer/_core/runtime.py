"""What is configured now: one object for the process, replaced piece by piece, read by every hook."""

import itertools
import weakref
from typing import TYPE_CHECKING, Protocol

from flowtrail_tracer._core.headers import Index, build_index
from flowtrail_tracer._core.ids import Ids, RandomIds, system_clock
from flowtrail_tracer._core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.trace import Tracer

    from flowtrail_tracer._core.span import Entry, Record, Series


class Sink(Protocol):
    """Where records go."""

    def put(self, record: "Record") -> None:
        """Take one record; must return at once and never raise."""

    owner: object
    """Whose spans these are: another object after a fork."""

    def add(self, series: "Series", entry: "Entry") -> None:
        """Take one more span of a series; must return at once and never raise."""

    def extend(self, series: "Series", common: object, entries: "Sequence[Entry]") -> None:
        """Take more spans of a series likewise, and what they have in common."""

    def flush(self, timeout: float) -> bool:
        """Deliver what was put so far; return whether that succeeded within `timeout` seconds."""

    def shutdown(self, timeout: float) -> bool:
        """Deliver what was put so far and take nothing more; return whether that succeeded."""

    def after_fork(self) -> None:
        """Forget, in a forked child, what belongs to the parent."""


class Client(Protocol):
    """An instrumented client, as far as the life of the process concerns it."""

    def give_up(self) -> None:
        """Record what is still open as in doubt: the process ends."""

    def seal(self, age: int = 0) -> None:
        """Record what was handed out `age` nanoseconds ago or earlier; called now and then by the worker."""

    def after_fork(self) -> None:
        """Forget, in a forked child, what belongs to the parent."""


class Runtime:
    """The process's tracer: settings, identities, time, and the sink."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.index: Index = build_index(self.settings.headers)
        self.ids: Ids = RandomIds()
        self.now: Callable[[], int] = system_clock
        self.sink: Sink | None = None
        self.tracer: Tracer | None = None
        self.enabled = False
        self.plain = False
        """Whether nothing is configured that a message's usual way through the tracer leaves out."""
        self.configured = False
        self.clients: weakref.WeakSet[Client] = weakref.WeakSet()

    def put(self, record: "Record") -> None:
        """Append one record to the sink, if there is one."""
        sink = self.sink
        if sink is not None:
            sink.put(record)

    def use(self, settings: Settings, sink: Sink | None, tracer: "Tracer | None" = None) -> Sink | None:
        """Replace settings and sink; return the former sink, which the caller shuts down."""
        former = self.sink
        self.settings = settings
        self.index = build_index(settings.headers)
        self.tracer = tracer
        self.sink = sink
        self.enabled = sink is not None
        self.plain = tracer is None and not settings.cloudevents and not settings.payload_digest
        self.configured = True
        return former


class Numbers:
    """Numbers spans 1, 2, 3 ... within one process start; thread-safe without a lock."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start again at 1."""
        self._left = itertools.count(1)
        self.next = self._left.__next__

    def several(self, count: int) -> list[int]:
        """Return the next numbers, which nobody else gets."""
        return list(itertools.islice(self._left, count))


RUNTIME = Runtime()
