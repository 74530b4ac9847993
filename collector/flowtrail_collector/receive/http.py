"""OTLP over HTTP: POST /v1/traces, protobuf and JSON.

Errors are google.rpc.Status in the request's own type. What may pass is only ever 503 with a short Retry-After: the
official exporters drop on anything else, at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from flowtrail_collector.errors import FlowtrailError
from flowtrail_collector.receive import answers, otlp_json
from flowtrail_collector.receive.answers import RETRY_AFTER_S, Code, Failure
from flowtrail_collector.receive.compression import MAX_BODY, Body, TooLarge, known
from flowtrail_collector.receive.intake import Outcome

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from flowtrail_collector.receive.intake import Intake

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_TYPES: Final = {PROTOBUF: False, "application/protobuf": False, JSON: True}
BODY_WITHIN_S: Final = 10.0
_PER_SECOND: Final = 1 << 20  # a large body may take a second more per MiB that came: a slow line is no attack
_STORED_WITHIN_S: Final = 60.0
_MAX_ARRIVING: Final = 96 << 20
_log = logging.getLogger(__name__)


class OtlpHttp:
    """The ASGI application for `/v1/traces`; `/v1/metrics` and `/v1/logs` are answered politely and dropped."""

    def __init__(self, intake: Intake, limit: int = MAX_BODY) -> None:
        """Hand bodies of at most `limit` bytes, decompressed, to `intake`."""
        self._intake = intake
        self._limit = limit
        self._arriving = 0  # bytes of all bodies that are being received

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; no exception escapes but the one that ends a lost connection."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        json = _TYPES.get(kind, False)
        request = _Request(self, headers, receive)
        try:
            outcome = await self._answer(scope, kind, request)
            await _send(send, 200, answers.success(outcome, json=json), json=json)
        except asyncio.CancelledError:
            raise
        except _GoneError:
            return
        except Exception as error:  # noqa: BLE001 the sender is always answered
            if not isinstance(error, (Failure, FlowtrailError)):
                _log.exception("an OTLP request failed")
                error = Failure(Code.UNAVAILABLE, "the collector failed at this request; its log says more")
            failure = answers.failure_of(error)
            await request.drain()
            await _send(
                send, failure.code.http, answers.status(failure, json=json), json=json, close=not request.complete
            )
        finally:
            self._arriving -= request.counted

    async def _answer(self, scope: Scope, kind: str, request: _Request) -> Outcome:
        if scope["method"] != "POST":
            raise Failure(Code.METHOD, f"{scope['path']} takes POST, not {scope['method']}")
        if kind not in _TYPES:
            told = f"not {kind!r}" if kind else "and there is none"
            raise Failure(Code.MEDIA_TYPE, f"Content-Type must be {PROTOBUF} or {JSON}, {told}")
        if not known(request.encoding):
            told = f"Content-Encoding {request.encoding!r} is not known; send gzip, deflate, zstd or none"
            raise Failure(Code.MEDIA_TYPE, told)
        body = await request.body(self._limit)
        if scope["path"].rstrip("/") != "/v1/traces":
            return Outcome(message="flowtrail keeps traces only; this was read and dropped")
        if _TYPES[kind]:
            body = await asyncio.to_thread(otlp_json.to_protobuf, body)
        stored = asyncio.wrap_future(self._intake.submit(body))
        try:
            return await asyncio.wait_for(asyncio.shield(stored), _STORED_WITHIN_S)
        except TimeoutError:
            raise Failure(
                Code.UNAVAILABLE, "the store is slow; it may be stored later, sending it again is safe"
            ) from None

    def arrived(self, size: int) -> None:
        """Count bytes of a body; raise Failure when more is arriving than may."""
        if self._arriving and self._arriving + size > _MAX_ARRIVING:
            raise Failure(Code.UNAVAILABLE, "too many large requests at a time; send this again in a moment")
        self._arriving += size


class _GoneError(Exception):
    """The sender hung up."""


class _Request:
    """One request's body, as it arrives."""

    def __init__(self, app: OtlpHttp, headers: dict[bytes, str], receive: Receive) -> None:
        self._app = app
        self._headers = headers
        self._receive = receive
        self._until = time.monotonic() + BODY_WITHIN_S
        self.encoding = headers.get(b"content-encoding", "").strip().lower()
        self.complete = False
        self.counted = 0

    async def body(self, limit: int) -> bytes:
        """Return the whole body, decompressed. Raises Failure, TooLarge or NotCompressed."""
        declared = self._headers.get(b"content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise TooLarge(f"the body is {declared} bytes, the limit is {limit}; send fewer spans at a time")
        body = Body(self.encoding, limit)
        while not self.complete:
            data = await self._next()
            before = body.size
            body.add(data)
            self._count(max(len(data), body.size - before))
        return body.whole()

    async def drain(self) -> None:
        """Read on to the end and throw away, so that the sender gets to read the answer; not for long."""
        if self._headers.get(b"expect", "").lower() == "100-continue" and not self.counted:
            return
        try:
            while not self.complete:
                await self._next()
        except (Failure, _GoneError):
            return

    def _count(self, size: int) -> None:
        self._app.arrived(size)
        self.counted += size

    async def _next(self) -> bytes:
        left = self._until - time.monotonic()
        try:
            message: Message = await asyncio.wait_for(self._receive(), max(left, 0.0))
        except TimeoutError:
            raise Failure(Code.SLOW, f"the body did not come within {BODY_WITHIN_S:g} s") from None
        if message["type"] == "http.disconnect":
            self.complete = True
            raise _GoneError
        data: bytes = message.get("body", b"")
        self._until += len(data) / _PER_SECOND
        self.complete = not message.get("more_body", False)
        return data


async def _send(send: Send, status: int, body: bytes, *, json: bool, close: bool = False) -> None:
    headers = [
        (b"content-type", (JSON if json else PROTOBUF).encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == Code.UNAVAILABLE.http:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    if status == Code.METHOD.http:
        headers.append((b"allow", b"POST"))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
