"""The way of a record out of the hot path: a bounded queue and one worker thread.

Nothing here takes a lock that a hook could wait for: `put` appends to a deque, the worker is woken through a
SimpleQueue (safe in signal handlers), and waiting is done by looking at a flag.
"""

import contextlib
import itertools
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from flowtrail_tracer._core.faults import fault, warn_once
from flowtrail_tracer._core.ids import Ids
from flowtrail_tracer._core.runtime import RUNTIME, Numbers
from flowtrail_tracer._core.span import Entry, Numbered, Record, Series
from flowtrail_tracer._pipeline.transport import Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

CAPACITY: Final = 32_768
"""Records held at most; beyond, new ones are dropped and counted."""
_LONG: Final = 8_192
"""Records at which the worker does not wait for its time to come."""
BATCH: Final = 512
"""Spans in one request at most."""
INTERVAL: Final = 0.2
"""Seconds that a record waits at most before it is sent."""
SEAL_AGE: Final = 400_000_000
"""Nanoseconds after which a range that an iteration is still working through is recorded as far as it got."""
_LONGEST_BACKOFF: Final = 5.0
_LONGEST_HINT: Final = 30.0


class Exporter(Protocol):
    """Turns batches into requests and sends them; used by the worker thread only."""

    def describe(self, record: Record, dropped: int) -> bytes:
        """Return one span of a request; `dropped`, unless 0, is how many records were dropped so far."""

    def describe_all(self, series: Series, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Return several spans of a series likewise."""

    def wrap(self, spans: Sequence[bytes]) -> bytes:
        """Return one request of described spans."""

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send one request; never raises."""

    def restart(self, instance_id: str) -> None:
        """Speak for a new instance, after a fork."""

    def close(self) -> None:
        """Let go of what is open."""


class _Marker:
    """Stands in the queue; done once everything before it has been delivered or given up."""

    def __init__(self) -> None:
        self.done = False


class QueueSink:
    """Takes records, numbers them, and delivers them in the background."""

    def __init__(
        self,
        exporter: Exporter,
        ids: Ids,
        *,
        timeout: float = 10.0,
        capacity: int = CAPACITY,
        interval: float = INTERVAL,
        on_start: "Callable[[], None]" = lambda: None,
    ) -> None:
        self._exporter = exporter
        self._ids = ids
        self._timeout = timeout
        self._capacity = capacity
        self._interval = interval
        self._on_start = on_start
        self._numbers = Numbers()
        self._reset()

    def _reset(self) -> None:
        self._queue: deque[Record | Series | _Marker] = deque()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None
        self._closed = False
        self.owner: object = object()
        self._woken = False
        self._taken = 0
        """Records that the worker has taken out; with those below, what of the numbers given is not waiting."""
        self._refused = 0
        self._calm = 0
        """The number up to which nothing is to be done but to append: the worker runs, and there is room."""
        self._next_refusal = itertools.count(1).__next__
        self._next_drop = itertools.count(1).__next__
        self.dropped = 0
        self._reported = 0

    # --- any thread ---

    def put(self, record: Record) -> None:
        """Append one record; where the queue is full it is dropped, counted, and its number stays unused."""
        record.number = number = self._numbers.next()
        waiting = number - self._taken - self._refused
        if waiting > self._capacity or self._closed:
            self._refuse()
            return
        self._queue.append(record)
        if waiting >= _LONG or self._thread is None:
            self._hurry()

    def add(self, series: Series, entry: Entry) -> None:
        """Append a span of a series likewise; it stands in the queue once, however many there are."""
        number = self._numbers.next()
        if number > self._calm and not self._has_room(number):
            return
        series.entries.append((number, None, entry))
        if not series.queued:  # the worker clears this before it looks: what is there by then, it sees
            series.queued = True
            self._queue.append(series)

    def extend(self, series: Series, common: object, entries: Sequence[Entry]) -> None:
        """Append several at once."""
        numbers = self._numbers.several(len(entries))
        found: Iterable[Numbered] = zip(numbers, itertools.repeat(common), entries, strict=False)
        if numbers and numbers[-1] > self._calm:
            found = [one for one in found if self._has_room(one[0])]
        series.entries.extend(found)
        if not series.queued:
            series.queued = True
            self._queue.append(series)

    def _has_room(self, number: int) -> bool:
        """Return whether the span of that number is kept; if so, have the worker come for it where that is needed."""
        waiting = number - self._taken - self._refused
        if waiting > self._capacity or self._closed:
            self._refuse()
            return False
        if waiting >= _LONG or self._thread is None:
            self._hurry()
        else:
            self._be_calm()
        return True

    def _be_calm(self) -> None:
        """Note how far the numbers may go before there is anything to do."""
        self._calm = 0 if self._closed else self._taken + self._refused + min(_LONG - 1, self._capacity)

    def _refuse(self) -> None:
        self._refused = self._next_refusal()
        self.dropped = self._next_drop()

    def _hurry(self) -> None:
        """Wake the worker before its time, once; at the first record, start it."""
        if self._thread is None:
            self._start()
        elif not self._woken:
            self._woken = True
            self._wake.put(None)

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name="flowtrail", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending: no more threads
            thread.start()
            self._thread = thread
            self._on_start()

    def flush(self, timeout: float) -> bool:
        """Wait until what was put so far has left; return False where that took more than `timeout` seconds."""
        if self._thread is None or not self._thread.is_alive():
            return not self._queue
        marker = _Marker()
        self._queue.append(marker)
        self._wake.put(None)
        end = time.monotonic() + timeout
        while not marker.done:
            if time.monotonic() >= end:
                return False
            time.sleep(0.002)
        return True

    def shutdown(self, timeout: float) -> bool:
        """Deliver what was put, within `timeout` seconds, and stop; what remains is lost and shows as a hole."""
        if self._closed:
            return True
        self._deadline = time.monotonic() + timeout
        delivered = self.flush(timeout)
        self._closed = True
        self._calm = 0
        self._wake.put(None)
        return delivered

    def after_fork(self) -> None:
        """Begin anew in a forked child: nothing queued, numbers from 1, another instance."""
        self._reset()
        self._numbers.restart()
        self._exporter.restart(self._ids.instance_id())

    # --- the worker ---

    def _run(self) -> None:
        while not (self._closed and not self._queue):
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=self._interval)
            self._woken = False
            try:
                self._seal()
                while self._queue:
                    self._deliver()
                    if self._closed:
                        break
            except Exception:  # noqa: BLE001 - the worker outlives whatever goes wrong in one round
                self._survive()
            if self._closed:
                break
        self._exporter.close()

    @staticmethod
    def _survive() -> None:
        with contextlib.suppress(Exception):  # in strict mode it is kept, and would end the worker
            fault("worker")

    @staticmethod
    def _seal() -> None:
        for client in list(RUNTIME.clients):
            client.seal(SEAL_AGE)

    def _deliver(self) -> None:
        spans: list[bytes] = []
        marker: _Marker | None = None
        waiting, describe = self._queue, self._exporter.describe
        dropped = self.dropped
        news = dropped if dropped > self._reported else 0
        while waiting and len(spans) < BATCH:
            record = waiting.popleft()
            if type(record) is _Marker:
                marker = record
                break
            if isinstance(record, Series):
                news = self._take(record, spans, news)
                continue
            self._taken += 1
            try:
                spans.append(describe(record, news))  # type: ignore[arg-type]
                news = 0
            except Exception:  # noqa: BLE001 - one record that cannot be described does not hold up the others
                self.dropped = self._next_drop()
                self._survive()
        try:
            if spans:
                self._ship(spans, dropped)
        finally:
            if marker is not None:
                marker.done = True

    def _take(self, series: Series, spans: list[bytes], news: int) -> int:
        """Describe what a series has, as far as the request has room; return what is still to be told."""
        series.queued = False
        more = series.entries
        entries = [more.popleft() for _ in range(min(len(more), BATCH - len(spans)))]
        if more:
            series.queued = True
            self._queue.appendleft(series)
        if not entries:
            return news
        self._taken += len(entries)
        try:
            spans += self._exporter.describe_all(series, entries, news)
        except Exception:  # noqa: BLE001 - likewise
            for _ in entries:
                self.dropped = self._next_drop()
            self._survive()
            return news
        return 0

    def _ship(self, spans: list[bytes], dropped: int) -> None:
        """Send one request until it is taken, refused, or there is no time left; `dropped` is what it reports."""
        body = self._exporter.wrap(spans)
        pause = 0.1
        while True:
            answer = self._exporter.send(body, self._remaining(self._timeout))
            if answer.verdict is Verdict.DELIVERED:
                self._reported = dropped
                if answer.rejected:
                    warn_once("rejected", "the OTLP receiver rejected %d spans", answer.rejected)
                return
            if answer.verdict is Verdict.REFUSED:
                warn_once(f"refused {answer.reason}", "the OTLP receiver refused spans: %s", answer.reason)
                break
            warn_once("unreachable", "spans cannot be delivered yet, retrying: %s", answer.reason)
            hint = answer.wait
            wait = pause * random.uniform(0.5, 1.0) if hint is None else min(hint, _LONGEST_HINT)  # noqa: S311 - jitter
            if not self._sleep(wait):
                break
            pause = min(pause * 2, _LONGEST_BACKOFF)
        for _ in spans:
            self.dropped = self._next_drop()

    def _remaining(self, most: float) -> float:
        deadline = self._deadline
        return most if deadline is None else max(0.05, min(most, deadline - time.monotonic()))

    def _sleep(self, seconds: float) -> bool:
        """Wait before a retry; return False when there is no time left for one."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            deadline = self._deadline
            if deadline is not None:
                if now >= deadline:
                    return False
                end = min(end, now + 0.2)
            time.sleep(min(0.05, max(0.0, end - now)))
        return True
