"""The HTTP API: the questions under `/api/v1/`, with the same JSON as the command line.

Every question runs in a thread of its own pool with a time limit, and is withdrawn when its asker hangs up: the event
loop that receives spans never waits for one. "Not found" is an error, never null.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable, UsageError
from flowtrail_collector.filters import Filter, parse_filter
from flowtrail_collector.marks import keep, marking
from flowtrail_collector.window import Window, parse_window
from flowtrail_collector.wire import to_wire

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

    from flowtrail_collector.access import Access
    from flowtrail_collector.store import Store

Document = dict[str, Any]
Question = Callable[[Any], Document]

THREADS = 4
WAITING = 32
QUERY_TIMEOUT_S = 60.0
MAX_FLOWS = 10_000
MAX_BODY = 16_384
"""Bytes that the body of a mark may have."""
_HANG_UP_CHECK_S = 0.1
_log = logging.getLogger(__name__)


class Api:
    """The routes of one collector's API, and the threads that answer them."""

    def __init__(
        self,
        store: Store,
        access: Access,
        *,
        running: Callable[[], Document] = dict,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> None:
        """Answer from `store` whom `access` lets ask; `running` adds to `status` what only the process knows."""
        self._store = store
        self._access = access
        self._running = running
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="flowtrail-question")
        self._asked = 0
        self._kept = _Kept()

    def routes(self) -> list[Route]:
        """Return the routes to add to the collector's HTTP application."""
        questions = {
            "ask": self._ask,
            "flows": self._flows,
            "findings": self._findings,
            "causes": self._causes,
            "lag": self._lag,
            "map": self._map,
            "latency": self._latency,
            "order": self._order,
            "losses": self._losses,
            "expected": self._expected,
            "names": self._names,
            "spans": self._spans,
            "status": self._status,
        }
        named = [Route(f"/api/v1/{name}", self._guarded(make), methods=["GET"]) for name, make in questions.items()]
        marks = Route("/api/v1/marks", self._marks, methods=["POST"])
        return [*named, marks, Route("/api/{rest:path}", self._unknown(tuple(questions)), methods=["GET"])]

    def close(self) -> None:
        """Take no more questions; those that run end by themselves or at their time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.ask import ask

        _only(query, "what", "chosen")
        what = query.get("what", "").strip()
        if not what:
            raise UsageError("ask: the parameter 'what' is missing: an id, destination:partition:offset, or key:...")
        return lambda connection: ask(connection, what, query.get("chosen"))

    def _flows(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.flows import flows

        _only(query, "since", "until", "filter", "limit", "after")
        window, parsed = _asked(query)
        limit = _limit(query.get("limit", "200"))
        return lambda connection: flows(connection, window, parsed, limit, query.get("after"))

    def _findings(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.findings import findings

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: findings(connection, window, parsed)

    def _causes(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.inbox import inbox

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: inbox(connection, window, parsed)

    def _lag(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.lag import lag

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: lag(connection, window, parsed)

    def _map(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.map import map_

        _only(query, "since", "until", "filter", "findings")
        window, parsed = _asked(query)
        judged = _yes_or_no("findings", query.get("findings", "yes"))
        return lambda connection: map_(connection, window, parsed, findings=judged)

    def _latency(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.latencies import latencies

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: latencies(connection, window, parsed)

    def _order(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.order import order

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: order(connection, window, parsed)

    def _losses(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.losses import losses

        _only(query, "since", "until", "filter")
        window, parsed = _asked(query)
        return lambda connection: losses(connection, window, parsed)

    def _expected(self, query: QueryParams) -> Question:
        from flowtrail_collector.questions.expected import expected, parse_expectation

        _only(query, "expect")
        more = [parse_expectation(text) for text in query.getlist("expect")]
        return lambda connection: expected(connection, more)

    def _names(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.names import names

        _only(query, "begins")
        return lambda connection: names(connection, query.get("begins", ""))

    def _spans(self, query: QueryParams) -> Question:
        from flowtrail_collector.questions.spans import spans

        _only(query, "ref", "trace")
        refs, traces = query.getlist("ref"), query.getlist("trace")
        if not refs and not traces:
            raise UsageError("spans: name at least one span, ref=<trace id>/<span id>, or one trace, trace=<trace id>")
        return lambda connection: spans(connection, refs, traces)

    def _status(self, query: Mapping[str, str]) -> Question:
        from flowtrail_collector.questions.status import status

        _only(query)

        def question(connection: Any) -> Document:
            stored = self._kept.get(lambda: status(connection, path=str(self._store.path)))
            return {**stored, "live": True, **self._running()}

        return question

    def _guarded(self, make: Callable[[QueryParams], Question]) -> Callable[[Request], Awaitable[Response]]:
        """Turn a maker of questions into an endpoint: access before it, errors as JSON after it."""

        async def endpoint(request: Request) -> Response:
            return await self._told(request, lambda: self._answer(request, make(request.query_params)))

        return endpoint

    async def _marks(self, request: Request) -> Response:
        """Keep what someone says of a cause."""
        return await self._told(request, lambda: self._mark(request))

    async def _mark(self, request: Request) -> Document:
        said = await _body(request)
        wanted = marking(said.get("cause"), said.get("state"), said.get("note"), said.get("by"))
        # Not in the questions' threads: they may all be at work, and someone waits for this with a key just pressed.
        return await asyncio.to_thread(self._store.write, lambda connection: keep(connection, wanted, time.time_ns()))

    async def _told(self, request: Request, answer: Callable[[], Awaitable[Document]]) -> Response:
        """Answer who may ask, with a document or with what is wrong."""
        refusal = self._access.refusal(request.client.host if request.client else None, request.headers)
        if refusal is not None:
            return _json(403, {"error": {"code": "denied", "message": refusal, "near": []}})
        try:
            return _json(200, await answer())
        except FlowtrailError as error:
            return _json(*to_wire(error))
        except Exception:  # noqa: BLE001 nothing may end the connection without an answer
            _log.exception("the question %s failed", request.url.path)
            return _json(*to_wire(FlowtrailError("the collector failed at this question; its log says more")))

    def _unknown(self, known: tuple[str, ...]) -> Callable[[Request], Awaitable[Response]]:
        message = f"no such question; the API answers {', '.join(f'/api/v1/{name}' for name in known)}"

        async def endpoint(request: Request) -> Response:  # noqa: ARG001 the signature of every endpoint
            return _json(404, {"error": {"code": "usage", "message": message, "near": list(known)}})

        return endpoint

    async def _answer(self, request: Request, question: Question) -> Document:
        """Run the question in a thread; withdraw it when the asker hangs up."""
        if self._asked >= THREADS + WAITING:
            raise SourceUnavailable(f"{self._asked} questions are waiting already; ask again in a moment")
        withdrawn = threading.Event()
        asked_at = time.monotonic()
        self._asked += 1
        running = asyncio.get_running_loop().run_in_executor(
            self._threads,
            lambda: self._store.read(
                question,
                timeout_s=max(0.001, self._timeout_s - (time.monotonic() - asked_at)),
                cancel=withdrawn,
            ),
        )
        try:
            while not (await asyncio.wait({running}, timeout=_HANG_UP_CHECK_S))[0]:
                if await request.is_disconnected():
                    withdrawn.set()
            return await running
        finally:
            self._asked -= 1
            withdrawn.set()


async def _body(request: Request) -> Document:
    """Return the JSON object that was sent. Raises UsageError.

    Another content type is refused: a web page may send any text anywhere, but JSON only after the browser has asked.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UsageError("the body is JSON: send it with Content-Type: application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise UsageError(f"the body has more than {MAX_BODY:,} bytes")
    try:
        said = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as wrong:
        raise UsageError(f"the body is not JSON: {wrong}") from None
    if not isinstance(said, dict):
        raise UsageError('the body is an object: {"cause": ..., "state": ..., "note": ..., "by": ...}')
    _only(said, "cause", "state", "note", "by")
    return said


class _Kept:
    """An answer that is kept for twenty times as long as it took: screens ask for the status all the time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: Document = {}
        self._until = 0.0

    def get(self, make: Callable[[], Document]) -> Document:
        """Return the kept answer, or make it anew; one thread makes it while the others wait."""
        with self._lock:
            began = time.monotonic()
            if began >= self._until:
                self._answer = make()
                took = time.monotonic() - began
                self._until = began + took + max(0.2, 20 * took)
            return self._answer


def _asked(query: Mapping[str, str]) -> tuple[Window, Filter]:
    now = time.time_ns()
    parsed = parse_filter(query.get("filter", ""))
    return parsed.window(parse_window(query.get("since"), query.get("until"), now), now), parsed


def _only(query: Mapping[str, str], *known: str) -> None:
    for name in query:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
            raise UsageError(f"unknown parameter {name!r}; {hint}")


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_FLOWS or len(text) > 9:
        raise UsageError(f"limit: expected a number from 1 to {MAX_FLOWS}, not {text!r}")
    return int(text)


def _yes_or_no(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise UsageError(f"{name}: expected yes or no, not {text!r}")
    return text == "yes"


def _json(status: int, document: Document) -> Response:
    body = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status, headers, media_type="application/json")
