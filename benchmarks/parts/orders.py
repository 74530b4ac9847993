"""The spans of a small ordering system, coherent and new in every request, as fast as a core can send them.

`checkout` publishes orders; `billing` and `ledger` read them, `billing` publishes an invoice for each, `mailer` reads
those: two events, five spans of their own and a share of receives and commits a flow. Each lane is a partition of both
topics with an instance of each service. A request is made once with protobuf and then only stamped: ids, offsets,
numbers and times are written into it in place. Nothing here but `billing` failing at one order in fifty goes wrong.

    python benchmarks/parts/orders.py http://HOST:PORT EVENTS_A_SECOND SECONDS FIRST_LANE

Who sends twice to one collector takes other lanes the second time: a lane's offsets begin at 0.
"""

from __future__ import annotations

import http.client
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = 4
FLOWS = 50
"""Flows a request; each has two events."""
SPANS = FLOWS * 5 + 3 * 2
_MARK = b"\xf1\xa1\xc3\x77"
_WORD = b"@@@@@@@@"
_EPOCH_NS = 0x1700_0000_0000_0000
_PLACEHOLDER = 1 << 27
_LATE_NS = 60_000_000
"""So long after the last publication of a request its spans are all there, and sent."""
_HEADERS = {"Content-Type": "application/x-protobuf"}
_KINDS = {"send": 4, "process": 5, "receive": 3, "settle": 3, "assign": 3}


@dataclass
class _Slots:
    """Numbers of a template that rise with every request: `first + step * request`."""

    first: list[int] = field(default_factory=list)
    step: list[int] = field(default_factory=list)

    def put(self, first: int, step: int) -> int:
        """Return what stands for the number until it is stamped."""
        self.first.append(first)
        self.step.append(step)
        return _PLACEHOLDER + len(self.first) - 1


class _Service:
    """One instance of a service within a template: its spans, numbered as it recorded them."""

    def __init__(self, request: ExportTraceServiceRequest, slots: _Slots, name: str, lane: int, began: int) -> None:
        resource = request.resource_spans.add()
        instance = f"{name}-{lane}-{began:x}"
        put(resource.resource, "service.name", name)
        put(resource.resource, "service.instance.id", instance)
        put(resource.resource, "host.name", f"host-{lane}")
        self.scope = resource.scope_spans.add()
        self.scope.scope.name = "flowtrail_tracer"
        self.slots, self.lane, self.group = slots, lane, name
        self.member, self.spans = f"{instance}-member", []

    def span(self, operation: str, destination: str, span_id: bytes, trace: bytes, at: tuple[int, int]) -> object:
        """Add a span; `at` are its start and end, counted from the request's own time."""
        span = self.scope.spans.add(
            trace_id=trace,
            span_id=span_id,
            name=f"{operation} {destination}",
            kind=_KINDS[operation],
            start_time_unix_nano=_EPOCH_NS + at[0],
            end_time_unix_nano=_EPOCH_NS + at[1],
        )
        put(span, "messaging.system", "kafka")
        put(span, "messaging.operation.type", operation)
        put(span, "messaging.destination.name", destination)
        put(span, "messaging.destination.partition.id", str(self.lane))
        if operation != "send":
            put(span, "messaging.consumer.group.name", self.group)
            put(span, "flowtrail.consumer.member", self.member)
            put(span, "flowtrail.consumer.generation", 1)
        self.spans.append(span)
        return span

    def numbered(self, first: int) -> None:
        """Give every span its number, in the order in which they were added."""
        for place, span in enumerate(self.spans):
            put(span, "flowtrail.number", self.slots.put(first + place, len(self.spans)))


def put(into: object, name: str, value: str | int) -> None:
    """Add an attribute to a span or a resource."""
    entry = into.attributes.add()  # type: ignore[attr-defined]
    entry.key = name
    if isinstance(value, int):
        entry.value.int_value = value
    else:
        entry.value.string_value = value


class Lane:
    """One partition of both topics, and the members that read it: a template and its stamp."""

    def __init__(self, lane: int, events_a_second: float) -> None:
        """`events_a_second` of this lane alone."""
        self.lane = lane
        self.every_s = 2 * FLOWS / events_a_second
        self.requests = 0
        self._began = time.time_ns()
        self._ids = random.Random(lane)
        self._slots = _Slots()
        self._body, self._first_assignments = self._made()
        self._find()

    def first(self) -> bytes:
        """Return the assignments, before anything is read."""
        return self._first_assignments

    def next(self, now_ns: int) -> bytes:
        """Return the next request, whose last span ends at `now_ns`."""
        body, request = self._body, self.requests
        self.requests += 1
        mark = (self.lane << 24 | request).to_bytes(4, "big")
        body[self._marks] = np.frombuffer(mark, np.uint8)
        body[self._words] = np.frombuffer(mark.hex().encode(), np.uint8)
        begin = now_ns - _LATE_NS - int(self.every_s * 1e9)
        body[self._times] = (self._since + np.uint64(begin)).view(np.uint8).reshape(-1, 8)
        body[self._numbers] = _padded(self._first_values + self._steps * request)
        return body.tobytes()

    def _id(self, size: int) -> bytes:
        return _MARK + self._ids.randbytes(size - 4)

    def _made(self) -> tuple[np.ndarray, bytes]:
        request = ExportTraceServiceRequest()
        names = ("checkout", "billing", "ledger", "mailer")
        services = [_Service(request, self._slots, name, self.lane, self._began) for name in names]
        checkout, billing, ledger, mailer = services
        orders, invoices = self._flows(checkout, billing, ledger, mailer)
        for service, destination, sent in ((billing, "orders", orders), (ledger, "orders", orders)):
            self._polled(service, destination, sent)
        self._polled(mailer, "invoices", invoices)
        checkout.numbered(1)
        for reader in (billing, ledger, mailer):
            reader.numbered(2)
        return np.frombuffer(request.SerializeToString(), np.uint8).copy(), self._assigned()

    def _flows(self, checkout: _Service, billing: _Service, ledger: _Service, mailer: _Service) -> tuple[int, int]:
        spread = int(self.every_s * 1e9 / FLOWS)
        for place in range(FLOWS):
            trace, at, fails = self._id(16), place * spread, place == FLOWS // 2
            order, work, invoice = self._id(8), self._id(8), self._id(8)
            self._sent(checkout, "orders", place, (trace, order, b""), (at, at + 4_000_000))
            self._sent(billing, "invoices", place, (trace, invoice, work), (at + 20_000_000, at + 24_000_000))
            self._processed(billing, "orders", place, (trace, work, order), (at + 10_000_000, at + 25_000_000), fails)
            self._processed(ledger, "orders", place, (trace, self._id(8), order), (at + 8_000_000, at + 12_000_000))
            self._processed(
                mailer, "invoices", place, (trace, self._id(8), invoice), (at + 30_000_000, at + 50_000_000)
            )
        return FLOWS, FLOWS

    def _event(self, span: object, topic: str, place: int) -> None:
        put(span, "messaging.kafka.offset", self._slots.put(place, FLOWS))
        put(span, "messaging.kafka.message.key", f"customer-{place}")
        put(span, "messaging.message.id", f"{topic}-{_WORD.decode()}-{place:02}")
        put(span, "messaging.message.conversation_id", f"order-{_WORD.decode()}-{place:02}")
        put(span, "messaging.message.body.size", 256)
        put(span, "flowtrail.producer.epoch", f"{self._began:x}-{topic}")
        put(span, "flowtrail.producer.seq", self._slots.put(place + 1, FLOWS))
        if topic == "invoices":
            put(span, "flowtrail.causation.id", f"orders-{_WORD.decode()}-{place:02}")

    def _sent(self, by: _Service, topic: str, place: int, ids: tuple[bytes, ...], at: tuple[int, int]) -> None:
        span = by.span("send", topic, ids[1], ids[0], at)
        span.parent_span_id = ids[2]  # type: ignore[attr-defined]
        self._event(span, topic, place)
        put(span, "flowtrail.publish.outcome", "acked")
        put(span, "flowtrail.publish.timeout", 120_000)

    def _processed(
        self, by: _Service, topic: str, place: int, ids: tuple[bytes, ...], at: tuple[int, int], fails: bool = False
    ) -> None:
        span = by.span("process", topic, ids[1], ids[0], at)
        span.parent_span_id = ids[2]  # type: ignore[attr-defined]
        self._event(span, topic, place)
        if fails:
            span.status.code = 2  # type: ignore[attr-defined]
            span.status.message = "card declined"  # type: ignore[attr-defined]

    def _polled(self, by: _Service, topic: str, count: int) -> None:
        last = int(self.every_s * 1e9) + 55_000_000
        span = by.span("receive", topic, self._id(8), self._id(16), (0, 5_000_000))
        by.spans.insert(0, by.spans.pop())  # handed out before it is processed, and numbered so
        put(span, "messaging.kafka.offset", self._slots.put(0, count))
        put(span, "flowtrail.offset.last", self._slots.put(count - 1, count))
        put(span, "messaging.batch.message_count", count)
        span = by.span("settle", topic, self._id(8), self._id(16), (last, last + 1_000_000))
        put(span, "flowtrail.position", self._slots.put(count, count))
        put(span, "flowtrail.position.reason", "commit")

    def _assigned(self) -> bytes:
        request = ExportTraceServiceRequest()
        for name, topic in (("billing", "orders"), ("ledger", "orders"), ("mailer", "invoices")):
            service = _Service(request, _Slots(), name, self.lane, self._began)
            span = service.span("assign", topic, self._ids.randbytes(8), self._ids.randbytes(16), (0, 1000))
            span.start_time_unix_nano = self._began - 10**9  # type: ignore[attr-defined]
            span.end_time_unix_nano = self._began - 10**9 + 1000  # type: ignore[attr-defined]
            put(span, "flowtrail.number", 1)
            put(span, "flowtrail.position", 0)
            put(span, "flowtrail.position.reason", "assign")
        return request.SerializeToString()

    def _find(self) -> None:
        """Find once where a request is stamped."""
        body = self._body.tobytes()
        self._marks = _places(body, _MARK, 0, 4)
        self._words = _places(body, _WORD, 0, 8)
        high = (_EPOCH_NS >> 40).to_bytes(3, "little")
        self._times = _places(body, high, -5, 8)
        self._since = self._body[self._times].copy().view(np.uint64).ravel() - np.uint64(_EPOCH_NS)
        self._first_values, self._steps = np.array(self._slots.first), np.array(self._slots.step)
        numbers = _padded(_PLACEHOLDER + np.arange(len(self._slots.first)))
        self._numbers = np.array([_only(body, b"\x18" + value.tobytes()) + 1 + np.arange(4) for value in numbers])


def _padded(values: np.ndarray) -> np.ndarray:
    """Write numbers as varints of four bytes, small ones padded: a template keeps its length."""
    digits = values[:, None] >> np.array([0, 7, 14, 21]) & 0x7F
    return (digits | np.array([0x80, 0x80, 0x80, 0])).astype(np.uint8)


def _places(body: bytes, wanted: bytes, shift: int, size: int) -> np.ndarray:
    found, place = [], body.find(wanted)
    while place >= 0:
        found.append(place + shift)
        place = body.find(wanted, place + 1)
    return np.array(found)[:, None] + np.arange(size)


def _only(body: bytes, wanted: bytes) -> int:
    place = body.index(wanted)
    if body.find(wanted, place + 1) >= 0:
        raise RuntimeError("a placeholder stands twice in the template")
    return place


def send(url: str, events: float, seconds: float, first: int) -> None:
    """Send for a while, each lane when it is due, or as soon as the collector took the request before."""
    lanes = [Lane(first + number, events / LANES) for number in range(LANES)]
    begin = time.monotonic() + 0.2

    def work(lane: Lane) -> None:
        post = poster(url)
        post(lane.first())
        offset = lane.every_s * (lane.lane - first) / LANES
        while (due := begin + offset + lane.requests * lane.every_s) < begin + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > begin + seconds:
                break
            post(lane.next(time.time_ns()))

    threads = [threading.Thread(target=work, args=(lane,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def poster(url: str) -> Callable[[bytes], None]:
    """Return what posts a request on a connection of its own, again while the collector is full."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def post(body: bytes) -> None:
        while True:
            connection.request("POST", "/v1/traces", body, _HEADERS)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                return
            if response.status != 503:
                raise RuntimeError(f"{response.status}: {answer!r}")
            time.sleep(0.1)

    return post


if __name__ == "__main__":
    send(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
