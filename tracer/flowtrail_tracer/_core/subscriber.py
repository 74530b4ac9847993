"""One consumer: what it was handed, what it processes, and where its group stands."""

import threading
from typing import TYPE_CHECKING, Final

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.consuming import Membership, Processing
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.ranges import OffsetRange, write_runs
from flowtrail_tracer._core.runtime import RUNTIME

if TYPE_CHECKING:
    from flowtrail_tracer._core.span import AttributeValue

_PATIENCE: Final = 0.05
"""Seconds to wait for the worker (or a signal handler's victim) to let go of a range: the host never waits longer."""

NOBODY: Final = Membership(None, None)

Place = tuple[str, int]


class Subscriber:
    """What is common to consumers of logs with partitions and offsets."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.membership = NOBODY
        self.current: Processing | None = None
        self.poll_start = self.poll_end = 0
        """When the poll began and ended whose records an iteration hands out; 0 where that is not known."""
        self._handed: dict[Place, tuple[int, int]] = {}
        self._open: OffsetRange | None = None
        self._lock = threading.Lock()
        RUNTIME.clients.add(self)

    # --- processing ---

    def end_current(self) -> None:
        """End the processing of the iteration: the loop came back for more, so it is taken as done."""
        processing = self.current
        if processing is not None:
            self.current = None
            processing.source = None
            if not processing.claimed:
                processing.finish(inferred=True)

    # --- deliveries ---

    def handed_out(self, destination: str, partition: int, offset: int) -> None:
        """Note one record handed out by iteration."""
        lock = self._lock
        if not lock.acquire(False) and not lock.acquire(timeout=_PATIENCE):
            return
        try:
            found = self._open
            if found is None or found.partition != partition or found.destination != destination:
                self._record_open()
                now = RUNTIME.now()
                start, end = self.poll_start or now, self.poll_end or now
                found = self._open = OffsetRange(destination, partition, start, end, now)
            if offset == found.last + 1 and found.offsets is None and found.count:
                found.last = offset
                found.count += 1
            else:
                found.add(offset)
        finally:
            lock.release()

    def seal(self, age: int = 0) -> None:
        """Record the open range, if its first record was handed out `age` nanoseconds ago or earlier."""
        found = self._open
        if found is None or RUNTIME.now() - found.since < age or not self._lock.acquire(timeout=_PATIENCE):
            return
        try:
            self._record_open()
        finally:
            self._lock.release()

    def _record_open(self) -> None:
        found, self._open = self._open, None
        if found is not None:
            self.record_receive(found)

    def was_handed(self, place: Place, offset: int) -> bool:
        """Whether the offset lies in what this consumer was handed by polls."""
        first, last = self._handed.get(place, (0, -1))
        return first <= offset <= last

    def record_receive(self, found: OffsetRange) -> None:
        """Record one delivered range; more than one span where its runs are long."""
        place = (found.destination, found.partition)
        first, last = self._handed.get(place, (found.first, found.last))
        self._handed[place] = (min(first, found.first), max(last, found.last))
        if found.offsets is None:
            self._receive(found, found.first, found.last, found.count, None)
            return
        for first, last, count, runs in write_runs(found.offsets):
            self._receive(found, first, last, count, runs)

    def _receive(self, found: OffsetRange, first: int, last: int, count: int, runs: str | None) -> None:
        attributes: list[tuple[str, AttributeValue]] = [
            (names.PARTITION, str(found.partition)),
            (names.OFFSET, first),
            (names.OFFSET_LAST, last),
            (names.BATCH_COUNT, count),
            *self.membership.attributes(),
        ]
        if runs is not None and count != last - first + 1:
            attributes.append((names.OFFSET_RUNS, runs))
        record_operation(self.facts, "receive", "receive", found.destination, found.start, attributes, end=found.end)

    # --- positions ---

    def record_position(
        self,
        operation: str,
        name: str,
        place: Place,
        position: int | None,
        start: int,
        membership: Membership | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Record a settle, assign or revoke; `name` is also the position's reason. A failed one was refused it."""
        attributes: list[tuple[str, AttributeValue]] = [(names.PARTITION, str(place[1]))]
        attributes += (membership or self.membership).attributes()
        described = None
        if error is not None:
            described = f"{type(error).__qualname__}: {error}"[:1000]
            attributes.append((names.ERROR_TYPE, type(error).__qualname__))
        if position is not None:
            attributes.append((names.POSITION, position))
            attributes.append((names.POSITION_REASON, name))
        record_operation(self.facts, operation, name, place[0], start, attributes, described)

    # --- the process's life ---

    def give_up(self) -> None:
        """Record what was handed out; a processing that is open stays so: it began and never ended."""
        self.seal()

    def after_fork(self) -> None:
        """Forget what the parent's consumer has in hand."""
        self._lock = threading.Lock()
        self._open = None
        self._handed.clear()
        self.current = None
