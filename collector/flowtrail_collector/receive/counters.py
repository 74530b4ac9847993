"""What the collector counts of what it receives, for `status`."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from flowtrail_collector.errors import SourceUnavailable

if TYPE_CHECKING:
    from flowtrail_collector.normalise import Normalised
    from flowtrail_collector.receive.intake import Outcome

_RATE_SECONDS = 5


class Counters:
    """Counts since the start; each number only grows."""

    def __init__(self) -> None:
        self.started_ns = time.time_ns()
        self.requests = 0
        self.repeated_requests = 0
        self.refused = 0  # requests asked to come back: overload, or the store can not be written just now
        self.invalid = 0  # requests that were not OTLP
        self.bytes = 0
        self.received = 0
        self.stored = 0
        self.duplicates = 0
        self.conflicting = 0
        self.rejected = 0
        self.newest_end_ns: int | None = None
        self._lock = threading.Lock()
        self._seconds: deque[tuple[int, int]] = deque()  # second, spans stored in it

    def normalised(self, normalised: Normalised, *, failed: bool) -> None:
        """Note the newest end time of a batch that was committed."""
        spans = normalised.batch.spans
        if not failed and spans.num_rows:
            newest = pc.max(spans["end_ns"]).as_py()
            self.newest_end_ns = max(newest, self.newest_end_ns or newest)

    def answered(self, outcome: Outcome, size: int) -> None:
        """Count a request that was answered with success."""
        with self._lock:
            self.requests += 1
            self.bytes += size
            self.repeated_requests += outcome.repeated
            self.received += outcome.stored + outcome.duplicates + outcome.rejected
            self.stored += outcome.stored
            self.duplicates += outcome.duplicates
            self.conflicting += outcome.conflicting
            self.rejected += outcome.rejected
            now = int(time.monotonic())
            if self._seconds and self._seconds[-1][0] == now:
                now, before = self._seconds.pop()
            else:
                before = 0
            self._seconds.append((now, before + outcome.stored))
            self._forget(now)

    def failed(self, error: BaseException) -> None:
        """Count a request that was answered with an error."""
        with self._lock:
            self.requests += 1
            if isinstance(error, SourceUnavailable):
                self.refused += 1
            else:
                self.invalid += 1

    def per_second(self) -> float:
        """Return the spans stored per second over the last whole seconds."""
        with self._lock:
            now = int(time.monotonic())
            self._forget(now)
            return sum(spans for second, spans in self._seconds if second != now) / _RATE_SECONDS

    def as_document(self) -> dict[str, object]:
        """Return the counts as they stand in `flowtrail.status/1`."""
        return {
            "started_ns": self.started_ns,
            "requests": self.requests,
            "repeated_requests": self.repeated_requests,
            "refused_requests": self.refused,
            "invalid_requests": self.invalid,
            "bytes": self.bytes,
            "received": self.received,
            "stored": self.stored,
            "duplicates": self.duplicates,
            "conflicting": self.conflicting,
            "rejected": self.rejected,
            "newest_end_ns": self.newest_end_ns,
            "spans_per_second": self.per_second(),
        }

    def _forget(self, now: int) -> None:
        while self._seconds and self._seconds[0][0] < now - _RATE_SECONDS:
            self._seconds.popleft()
