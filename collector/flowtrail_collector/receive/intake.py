"""Between the receivers and the store: bodies in, outcomes out, the more at a time the busier it is.

One thread decodes and normalises what is waiting while the writer commits what came before. Decoded columns take
several times the bytes they came in, so what waits, waits as bodies; when too many wait, senders are put off.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable
from flowtrail_collector.normalise import Problems, normalise
from flowtrail_collector.receive.counters import Counters
from flowtrail_collector.receive.decode import NotOtlp, check, columns

if TYPE_CHECKING:
    from flowtrail_collector.normalise import Normalised
    from flowtrail_collector.store import Store, Stored

MAX_WAITING_BYTES = 48 << 20
_GROUP_BYTES = 6 << 20  # decoded and normalised at once; some 8,000 spans
_AHEAD = 2  # groups handed to the writer and not committed
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request's spans."""

    stored: int = 0
    duplicates: int = 0
    conflicting: int = 0
    rejected: int = 0
    message: str = ""
    """What the sender is told; empty where all is well."""
    rejections: tuple[tuple[str, int], ...] = ()
    """Why spans were rejected, and how many for each reason."""
    notices: tuple[str, ...] = ()
    """What was wrong with spans that were stored nevertheless."""
    repeated: bool = False
    """The same request was stored before; its spans are not counted again."""


class Overloaded(SourceUnavailable):
    """More is waiting than may wait; the sender is to try again in a moment."""


@dataclass(slots=True)
class _Request:
    body: bytes
    digest: bytes
    done: Future[Outcome]


class Intake:
    """Takes OTLP requests as protobuf bytes; thread-safe."""

    def __init__(self, store: Store, counters: Counters | None = None, max_waiting: int = MAX_WAITING_BYTES) -> None:
        """Put what comes into `store`; refuse while more than `max_waiting` bytes wait."""
        self.counters = counters or Counters()
        self._store = store
        self._max_waiting = max_waiting
        self._waiting: deque[_Request] = deque()
        self._waiting_bytes = 0  # and in work: until answered
        self._unanswered: dict[bytes, Future[Outcome]] = {}
        self._ahead = 0
        self._news = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="flowtrail-intake", daemon=True)
        self._thread.start()

    def submit(self, body: bytes) -> Future[Outcome]:
        """Store the spans of an ExportTraceServiceRequest; the future ends when they are committed.

        It raises NotOtlp (the sender's fault), Overloaded or SourceUnavailable (to be tried again).
        """
        digest = hashlib.sha256(body).digest()[:16]
        done: Future[Outcome] = Future()
        with self._news:
            if self._closing:
                raise SourceUnavailable("the collector is stopping; send to it again when it is back")
            same = self._unanswered.get(digest)
            if same is not None:
                return same
            if self._waiting_bytes and self._waiting_bytes + len(body) > self._max_waiting:
                self.counters.refused += 1
                raise Overloaded("the collector is behind with its work; send this again in a moment")
            self._waiting_bytes += len(body)
            self._unanswered[digest] = done
            self._waiting.append(_Request(body, digest, done))
            self._news.notify_all()
        return done

    def close(self) -> None:
        """Take no more; return when all that was taken is answered."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while requests := self._take():
            try:
                self._work(requests)
            except Exception as error:  # noqa: BLE001 the thread outlives whatever one body holds
                _log.exception("a group of requests failed")
                for request in requests:
                    self._answer(request, FlowtrailError(f"this request can not be stored: {error}"))
        with self._news:
            self._news.wait_for(lambda: not self._unanswered)

    def _take(self) -> list[_Request]:
        """Return the requests to work on next; none when closing and all is done."""
        with self._news:
            self._news.wait_for(
                lambda: (self._waiting and self._ahead < _AHEAD) or (self._closing and not self._waiting)
            )
            taken: list[_Request] = []
            size = 0
            while self._waiting and (not taken or size + len(self._waiting[0].body) <= _GROUP_BYTES):
                request = self._waiting.popleft()
                size += len(request.body)
                taken.append(request)
            return taken

    def _work(self, requests: list[_Request]) -> None:
        kept: list[_Request] = []
        for request in requests:
            if self._store.seen(request.digest):
                self._answer(request, Outcome(repeated=True))
                continue
            try:
                check(request.body)
            except NotOtlp as error:
                self._answer(request, error)
                continue
            kept.append(request)
        for group, normalised in self._normalised(kept):
            self._hand_over(group, normalised)

    def _normalised(self, requests: list[_Request]) -> list[tuple[list[_Request], Normalised]]:
        """Normalise requests together, or one by one where one of them can not be."""
        if not requests:
            return []
        try:
            return [(requests, normalise(columns([request.body for request in requests])))]
        except Exception as error:  # noqa: BLE001 found out below whose it is
            if len(requests) == 1:
                _log.exception("a request could not be normalised")
                self._answer(requests[0], FlowtrailError(f"this request can not be normalised: {error}"))
                return []
        return [single for request in requests for single in self._normalised([request])]

    def _hand_over(self, requests: list[_Request], normalised: Normalised) -> None:
        def committed(stored: Future[list[Stored]]) -> None:
            with self._news:
                self._ahead -= 1
            error = stored.exception()
            self.counters.normalised(normalised, failed=error is not None)
            for place, request in enumerate(requests):
                problems = normalised.problems[place]
                self._answer(request, error or _outcome(stored.result()[place], problems))

        with self._news:
            self._ahead += 1
        try:
            done = self._store.append(normalised.batch, [request.digest for request in requests], normalised.rows)
        except SourceUnavailable as error:
            done = Future()
            done.set_exception(error)
        done.add_done_callback(committed)

    def _answer(self, request: _Request, answer: Outcome | BaseException) -> None:
        with self._news:
            self._unanswered.pop(request.digest, None)
            self._waiting_bytes -= len(request.body)
            self._news.notify_all()
        if isinstance(answer, BaseException):
            self.counters.failed(answer)
            request.done.set_exception(answer)
        else:
            self.counters.answered(answer, len(request.body))
            request.done.set_result(answer)


def _outcome(stored: Stored, problems: Problems) -> Outcome:
    return Outcome(
        stored.stored,
        stored.duplicates,
        stored.conflicting,
        problems.count,
        problems.message(),
        tuple(problems.rejected.items()),
        problems.notices(),
    )
