"""Publications: from `send()` to the ack, and what is stamped on the message."""

from collections.abc import Sequence
from operator import length_hint
from typing import TYPE_CHECKING, Final

from opentelemetry.baggage import _BAGGAGE_KEY as BAGGAGE
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.consuming import Processing
from flowtrail_tracer._core.content import key_utf8, payload_digest
from flowtrail_tracer._core.context import (
    current_flow,
    current_processing,
    get_current,
    inject,
    local_parent,
    remote_parent,
    span_context,
    uses_default_propagators,
)
from flowtrail_tracer._core.destinations import takes_copies
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.headers import Known, payload_schema_id, read
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import PRODUCER, AttributeValue, Entry, Fixed, Identity, Numbered, Series
from flowtrail_tracer._pipeline.encode import (
    FLAGS,
    NUMBER,
    encode_attributes,
    encode_dropped,
    encode_fixed,
    encode_span,
    encode_times,
)
from flowtrail_tracer._pipeline.wire import Key, varint

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan

ACKED: Final = "acked"
FAILED: Final = "failed"
IN_DOUBT: Final = "in-doubt"

_KEYS: Final = (bytes, type(None))
"""Types of keys that can be recorded as they are."""

CLOSED: Final = "ProducerClosed"
"""The error type of a publication whose producer was closed, or whose process ended, before the broker answered."""

Pairs = list[tuple[str, bytes]]

_SEQUENCE: Final = Key(names.PRODUCER_SEQ)
_MESSAGE_ID: Final = Key(names.MESSAGE_ID)
_CORRELATION_ID: Final = Key(names.CORRELATION_ID)
_OFFSET: Final = Key(names.OFFSET)
_causation_id = Key(names.CAUSATION_ID).utf8
_KEY: Final = Key(names.KEY)
_BODY_SIZE: Final = Key(names.BODY_SIZE)


class Route:
    """What one producer's publications to one destination share: send numbers, and the constant part of their spans."""

    __slots__ = ("_acked", "_templates", "destination", "left", "publisher")

    _MOST: Final = 1 << 62

    def __init__(self, publisher: "Publisher", destination: str) -> None:
        self.publisher = publisher
        self.destination = destination
        self.left = iter(range(1, self._MOST))
        """The next send number: 1, 2, 3 ...; thread-safe without a lock that a signal handler could meet."""
        self._templates: dict[tuple[object, ...], Fixed] = {}
        self._acked: dict[int | str | None, Acked] = {}

    def is_latest(self, number: int) -> bool:
        """Whether nobody has taken a number after this one."""
        return length_hint(self.left) == self._MOST - 1 - number

    def template(self, outcome: str, partition: int | str | None) -> Fixed:
        """Return what all send spans to a partition with one outcome share."""
        publisher = self.publisher
        key = (outcome, partition, publisher.facts.cluster())
        found = self._templates.get(key)
        if found is None:
            more = (
                (names.PARTITION, None if partition is None else str(partition)),
                (names.PUBLISH_OUTCOME, outcome),
                (names.PRODUCER_EPOCH, publisher.epoch),
                (names.PUBLISH_TIMEOUT, publisher.timeout_ms),
                (names.TRANSACTION_ID, publisher.transaction_id),
            )
            found = publisher.facts.template(PRODUCER, "send", "send", self.destination, more)
            self._templates[key] = found
        return found

    def acked(self, partition: int | str | None, owner: object) -> "Acked":
        """Return the series of what a partition acknowledges."""
        found = self._acked.get(partition)
        if found is None or found.owner is not owner:
            found = self._acked[partition] = Acked(self, partition, owner)
        return found


class Publisher:
    """One producer: its start (epoch), its routes, and what awaits its ack."""

    def __init__(self, facts: Facts, timeout_ms: int | None = None, transaction_id: str | None = None) -> None:
        self.facts = facts
        self.timeout_ms = timeout_ms
        self.transaction_id = transaction_id
        self._begin_epoch()
        self.pending: set[Publication] = set()
        self.batches: set[Batch] = set()
        """What is pending together."""
        self.routes: dict[str, Route] = {}
        RUNTIME.clients.add(self)

    def _begin_epoch(self) -> None:
        self.epoch = RUNTIME.ids.epoch()
        self.epoch_bytes = self.epoch.encode()

    def route(self, destination: str) -> Route:
        """Return the route to a destination."""
        return self.routes.setdefault(destination, Route(self, destination))

    def publication(self, destination: str) -> "Publication":
        """Begin a publication."""
        return Publication(self, destination)

    def give_up(self) -> None:
        """Record every publication without an answer as in doubt."""
        for batch in list(self.batches):
            batch.release()
        for publication in list(self.pending):
            publication.finish(IN_DOUBT, CLOSED, "closed before the broker answered")

    def seal(self, age: int = 0) -> None:
        """Nothing is held back."""

    def after_fork(self) -> None:
        """Begin a new epoch: the parent's publications are the parent's."""
        self.pending.clear()
        while self.batches:
            self.batches.pop().open = False
        self.routes.clear()
        self._begin_epoch()


class Publication:
    """One send operation."""

    # One of these is made for every message: what it does not have stays on the class.
    number = end = 0
    outcome = IN_DOUBT
    message_id: bytes | None = None
    correlation_id = b""
    ids = b""
    """Trace id and span id of a message that begins a trace."""
    traceparent: bytes | None = None
    """The header that says so."""
    sequence = 0
    """The send number within the destination; 0 until it is taken."""
    partition: int | str | None = None
    place = 0
    """Which one it is of the records that the client sends together."""
    offset: int | None = None
    key: object = None
    size = -1
    known: Known | None = None
    usual = False
    """Whether there is nothing about it but what an `Acked` tells."""
    tombstone = False
    digest: str | None = None
    schema: str | None = None
    causation_id: bytes | None = None
    origin: list[tuple[str, AttributeValue]] | None = None
    error_type: str | None = None
    error: str | None = None
    _identity: Identity | None = None

    def __init__(self, publisher: Publisher, destination: str) -> None:
        self.publisher = publisher
        self.route = publisher.routes.get(destination) or publisher.route(destination)
        self.start = RUNTIME.now()
        self.context = get_current()
        publisher.pending.add(self)

    @property
    def identity(self) -> Identity:
        """The span of this publication."""
        found = self._identity
        if found is None:
            first = self.traceparent
            found = self._identify(()) if first is None else Identity(first[3:35].decode(), first[36:52].decode())
            self._identity = found
        return found

    @property
    def sdk(self) -> "SdkSpan | None":
        """The span in the application's provider."""
        return self.identity.sdk

    def contents(self, key: object, value: object) -> None:
        """Note key and payload as they go to the broker; the payload itself is not kept."""
        self.key = key
        if type(value) is bytes:
            self.size = len(value)
            if value[:1] == b"\0":
                self.schema = payload_schema_id(value)
        elif value is None:
            self.tombstone = True
        elif isinstance(value, bytearray | memoryview):
            self.size = len(value)
        if RUNTIME.settings.payload_digest:
            self.digest = payload_digest(value)

    def offer(self, partition: int | str, key: object, value: object, headers: Pairs) -> Pairs:
        """Note what goes to the broker, and return the headers to send: see `contents` and `stamp`.

        What most messages are is dealt with here: no headers of the caller's, the first of a trace, in no flow, offered
        for the first time, with nothing rare about key and payload, and nothing configured that asks for more.
        """
        self.partition = partition
        if (
            headers
            or self.context
            or self.sequence
            or not RUNTIME.plain
            or type(value) is not bytes
            or value[:1] == b"\0"
            or type(key) not in _KEYS
            or not uses_default_propagators()
        ):
            if self.sequence == 0:
                self.contents(key, value)
            return self.stamp(headers)
        self.key = key
        self.size = len(value)
        self.ids, self.traceparent, message_id = RUNTIME.ids.first(self.start)
        self.message_id = self.correlation_id = message_id
        self.sequence = sequence = next(self.route.left)
        self.usual = True
        header = RUNTIME.settings.headers
        return [
            ("traceparent", self.traceparent),
            (header.correlation_id, message_id),
            (header.message_id, message_id),
            (header.message_seq, b"%b:%d" % (self.publisher.epoch_bytes, sequence)),
        ]

    def refused_with(self, headers: Pairs) -> None:
        """Note the caller's headers of a message that is not sent: its names are the application's."""
        if headers:
            self.known = Known(*read(headers, RUNTIME.index))

    def stamp(self, headers: Pairs) -> Pairs:
        """Return a new header list: the caller's, with ours in place of any of the same name.

        The caller's list is not touched. To be called as the record enters the client's log of the partition, so that
        send numbers have the records' order; called again for the same message, ids and time stay, and the number
        where nobody has taken a later one meanwhile.
        """
        if self.message_id is None:
            self._begin(headers)
        route, sequence = self.route, self.sequence
        if sequence == 0 or not route.is_latest(sequence):
            self.sequence = sequence = next(route.left)
        settings = RUNTIME.settings
        found = self._trace_headers()
        if settings.cloudevents:
            found += _cloudevents(self)
        else:
            header, causation_id = settings.headers, self.causation_id
            found += (
                (header.correlation_id, self.correlation_id),
                (header.message_id, self.message_id or b""),
                (header.message_seq, b"%b:%d" % (self.publisher.epoch_bytes, sequence)),
            )
            if causation_id is not None:
                found.append((header.causation_id, causation_id))
        if headers:
            replaced = {name.lower() for name, _ in found}
            return [pair for pair in headers if pair[0].lower() not in replaced] + found
        return found

    def _begin(self, headers: Pairs) -> None:
        """Decide what the message is called and what it belongs to."""
        if not headers and not self.context and RUNTIME.tracer is None:
            self.ids, self.traceparent, self.message_id = RUNTIME.ids.first(self.start)
            self.correlation_id = self.message_id
            return
        if headers:
            self.known = Known(*read(headers, RUNTIME.index))
        self._identity = self._identify(headers)
        self._decide_ids()

    def _identify(self, headers: "Pairs | tuple[()]") -> Identity:
        context = self.context
        processing = current_processing(context)
        parent = local_parent(context)
        if parent is None and processing is None and self.known is not None and "traceparent" in self.known:
            parent = remote_parent(self.known, headers)
        trace_id = ""
        if parent is None:
            flow = current_flow(context)
            trace_id = flow.trace_id if flow is not None else ""
        return identify(f"send {self.route.destination}", PRODUCER, self.start, parent, trace_id)

    def _decide_ids(self) -> None:
        context, known = self.context, self.known
        processing = current_processing(context)
        message_id = correlation_id = causation_id = None
        if known is not None:
            message_id = known.utf8("message_id")
            correlation_id = known.utf8("correlation_id")
            causation_id = known.utf8("causation_id")
        if processing is None:
            self.message_id = message_id or self._new_id()
            flow = current_flow(context)
            inherited = self.message_id if flow is None else flow.correlation_id.encode()
            self.correlation_id = correlation_id or inherited
            self.causation_id = causation_id
            return
        incoming = processing.known
        incoming_id, incoming_correlation = incoming.utf8("message_id"), incoming.utf8("correlation_id")
        copied = message_id is not None and message_id == incoming_id
        if copied and not self._is_attempt(processing.destination):
            message_id, copied = None, False
        self.message_id = message_id or self._new_id()
        if copied:
            self.origin = _origin(processing)
        if correlation_id is None or correlation_id == incoming_correlation:
            flow = current_flow(context)
            inherited = incoming_correlation or incoming_id or self.message_id
            correlation_id = inherited if flow is None else flow.correlation_id.encode()
        self.correlation_id = correlation_id
        incoming_causation = incoming.utf8("causation_id")
        if causation_id is None or causation_id == incoming_causation:
            causation_id = incoming_causation if copied else incoming_id
        self.causation_id = causation_id

    def _new_id(self) -> bytes:
        return RUNTIME.ids.message_id(self.start).encode()

    def _is_attempt(self, incoming_destination: str) -> bool:
        """Whether a copy of the incoming message with its id is the same event again, not a new one."""
        known = self.known
        return (
            takes_copies(self.route.destination)
            or takes_copies(incoming_destination)
            or self.route.destination == incoming_destination
            or (known is not None and "origin_destination" in known)
        )

    def _trace_headers(self) -> Pairs:
        context, first = self.context, self.traceparent
        if uses_default_propagators() and not (context and BAGGAGE in context):
            if first is not None:
                return [("traceparent", first)]
            identity = self.identity
            found = [("traceparent", identity.traceparent())]
            if identity.trace_state:
                found.append(("tracestate", identity.trace_state.encode()))
            return found
        identity = self.identity
        own = span_context(identity.trace_id, identity.span_id, identity.flags, identity.trace_state)
        carrier = inject(set_span_in_context(NonRecordingSpan(own), context))
        return [(name, value.encode()) for name, value in carrier.items()]

    def settle(self) -> bool:
        """Await no answer any more; return False where that was so already."""
        try:
            self.publisher.pending.remove(self)
        except KeyError:
            return False
        return True

    def finish(self, outcome: str, error_type: str | None = None, error: str | None = None) -> None:
        """Record the outcome; only the first call counts."""
        if not self.settle():
            return
        now = RUNTIME.now()
        self.end = max(self.start, now)
        self.outcome = outcome
        if error is not None or error_type is not None:
            self.error_type = error_type
            self.error = error
        sink = RUNTIME.sink
        if sink is not None:
            sink.put(self)

    def encode(self, dropped: int) -> bytes:
        """Return the span as OTLP."""
        if self.sequence == 0:
            self.sequence = next(self.route.left)
        if self.message_id is None:
            self._decide_ids()
        extra = _SEQUENCE.integer(self.sequence) + _MESSAGE_ID.utf8(self.message_id or b"")
        extra += _CORRELATION_ID.utf8(self.correlation_id)
        if self.causation_id is not None:
            extra += _causation_id(self.causation_id)
        if self.offset is not None:
            extra += _OFFSET.integer(self.offset)
        key = key_utf8(self.key, RUNTIME.settings.key_hmac)
        if key is not None:
            extra += _KEY.utf8(key)
        if self.size >= 0:
            extra += _BODY_SIZE.integer(self.size)
        if self.known or self.tombstone or self.error_type or self.schema or self.digest:
            extra += encode_attributes(self._rare())
        error = None if self.outcome == ACKED else self.error
        fixed = self.route.template(self.outcome, self.partition)
        return encode_span(self.identity, fixed, self.start, self.end, self.number, dropped, extra, error)

    def _rare(self) -> list[tuple[str, AttributeValue]]:
        """Return what most messages do not have."""
        known = self.known
        found: list[tuple[str, AttributeValue]] = []
        if self.tombstone:
            found.append((names.TOMBSTONE, True))
        if self.schema is not None and (known is None or "schema_id" not in known):
            found.append((names.SCHEMA_ID, self.schema))
        if self.digest is not None:
            found.append((names.PAYLOAD_DIGEST, self.digest))
        if known is not None:
            found += described(known)
        if self.origin is not None and not any(key == names.ORIGIN_DESTINATION for key, _ in found):
            found += self.origin
        if self.error_type is not None:
            found.append((names.ERROR_TYPE, self.error_type))
        return found


class Batch:
    """Publications of one partition that the broker answers together.

    Those that have nothing rare are kept as tuples: not objects that wait, each with its own, for an answer that is
    nearly always the same.
    """

    __slots__ = ("open", "others", "partition", "route", "usual")

    def __init__(self, route: Route, partition: int | str | None) -> None:
        self.route = route
        self.partition = partition
        self.open = True
        """Whether an answer is awaited: for what comes later another one has to be begun."""
        self.usual: list[Entry] = []
        self.others: list[Publication] = []
        route.publisher.batches.add(self)

    def enter(self, publication: Publication, place: int) -> None:
        """Take a publication that has become the batch's record number `place`."""
        if not publication.usual:
            publication.place = place
            self.others.append(publication)
            return
        try:
            publication.publisher.pending.remove(publication)
        except KeyError:  # given up meanwhile
            return
        self.usual.append((
            publication.start, publication.ids, publication.message_id, publication.sequence, place, publication.key,
            publication.size,
        ))  # fmt: skip

    def acked(self, base: int) -> None:
        """Record that the broker has acknowledged all of them; `base` is the first record's offset."""
        if not self._settle():
            return
        sink, now = RUNTIME.sink, RUNTIME.now()
        if self.usual and sink is not None:
            series = self.route.acked(self.partition, sink.owner)
            sink.extend(series, (now, base), self.usual)
        for publication in self.others:
            publication.offset = base + publication.place
            publication.finish(ACKED)

    def release(self) -> list[Publication]:
        """Let each publication await its own answer from now on; return them."""
        if not self._settle():
            return []
        return [*(self._revived(one) for one in self.usual), *self.others]

    def _settle(self) -> bool:
        """Await no answer any more; return False where that was so already."""
        self.open = False
        try:
            self.route.publisher.batches.remove(self)
        except KeyError:
            return False
        return True

    def _revived(self, one: Entry) -> Publication:
        route = self.route
        found = route.publisher.publication(route.destination)
        found.start, found.ids, found.message_id, found.sequence, found.place, found.key, found.size = one
        found.correlation_id = found.message_id or b""
        found.partition = self.partition
        digits = found.ids.hex()
        found.traceparent = f"00-{digits[:32]}-{digits[32:]}-01".encode()
        return found


class Acked(Series):
    """Publications as they mostly are: acknowledged, in nobody's trace, with no headers but ours."""

    __slots__ = ("_partition", "_route")

    def __init__(self, route: Route, partition: int | str | None, owner: object) -> None:
        super().__init__(owner)
        self._route = route
        self._partition = partition

    def encode(self, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Return these as fields of ScopeSpans."""
        fixed = self._route.template(ACKED, self._partition)
        shared = (fixed.encoded or encode_fixed(fixed)) + FLAGS[0][1]
        secret = RUNTIME.settings.key_hmac
        numbers, sequences, offsets = NUMBER.varints, _SEQUENCE.varints, _OFFSET.varints
        message_ids, correlation_ids, keys = _MESSAGE_ID.texts, _CORRELATION_ID.texts, _KEY.texts
        last_size, of_size = -1, b""
        spans = []
        for number, (end, base), (start, ids, message_id, sequence, place, key, size) in entries:
            first, second, third, length = varint(number), varint(sequence), varint(base + place), len(message_id)
            if end < start:
                end = start
            parts = [
                b"\x0a\x10", ids[:16], b"\x12\x08", ids[16:], shared, encode_times(0x39, start, 0x41, end),
                numbers[len(first)], first, sequences[len(second)], second, offsets[len(third)], third,
                message_ids[length], message_id, correlation_ids[length], message_id,
            ]  # fmt: skip
            if key is not None:
                text = key if secret is None and key.isascii() else key_utf8(key, secret) or b""
                parts += keys[len(text)], text
            if size != last_size:
                last_size = size
                of_size = _BODY_SIZE.integer(size) if size >= 0 else b""
            parts.append(of_size)
            if dropped:
                parts.append(encode_dropped(dropped))
                dropped = 0
            body = b"".join(parts)
            spans.append(b"\x12" + varint(len(body)) + body)
        return spans


def _cloudevents(publication: Publication) -> Pairs:
    """Stamp CloudEvents attributes with the correlation extension; type, source and version of the caller stand."""
    known = publication.known
    event_type = known.text("event_type") if known is not None else None
    source = known.text("event_source") if known is not None else None
    found = [
        ("ce_specversion", b"1.0"),
        ("ce_id", publication.message_id or b""),
        ("ce_source", (source or RUNTIME.settings.service or "unknown_service").encode()),
        ("ce_type", (event_type or publication.route.destination).encode()),
        ("ce_correlationid", publication.correlation_id),
        ("ce_sequence", f"{publication.publisher.epoch}:{publication.sequence}".encode()),
        ("ce_traceparent", publication.identity.traceparent()),
    ]
    if publication.causation_id is not None:
        found.append(("ce_causationid", publication.causation_id))
    return found


def _origin(processing: Processing) -> list[tuple[str, AttributeValue]]:
    found: list[tuple[str, AttributeValue]] = [(names.ORIGIN_DESTINATION, processing.destination)]
    if processing.partition is not None:
        found.append((names.ORIGIN_PARTITION, processing.partition))
    if processing.offset is not None:
        found.append((names.ORIGIN_OFFSET, processing.offset))
    if processing.facts.group is not None:
        found.append((names.ORIGIN_GROUP, processing.facts.group))
    return found
