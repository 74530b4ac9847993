"""Deliveries and processing: what was handed to the application, and what it did with each message."""

from binascii import unhexlify
from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext
from opentelemetry.trace.propagation import _SPAN_KEY

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.content import key_utf8, payload_digest
from flowtrail_tracer._core.context import (
    FLOW,
    PROCESSING,
    attach,
    current_flow,
    extract,
    get_current,
    local_parent,
    remote_parent,
    span_context,
    uses_default_propagators,
)
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.headers import Known, payload_schema_id, read_sequence, utf8
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CONSUMER, AttributeValue, Entry, Fixed, Identity, Series
from flowtrail_tracer._pipeline.encode import (
    FLAGS,
    NUMBER,
    encode_attributes,
    encode_dropped,
    encode_fixed,
    encode_identity,
    encode_span,
    encode_times,
)
from flowtrail_tracer._pipeline.wire import Key, varint

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan

_OFFSET: Final = Key(names.OFFSET)
_MESSAGE_ID: Final = Key(names.MESSAGE_ID)
_CORRELATION_ID: Final = Key(names.CORRELATION_ID)
_CAUSATION_ID: Final = Key(names.CAUSATION_ID)
_KEY: Final = Key(names.KEY)
_BODY_SIZE: Final = Key(names.BODY_SIZE)
_SEQUENCE: Final = Key(names.PRODUCER_SEQ)
_epoch = Key(names.PRODUCER_EPOCH).utf8
_INFERRED = Key(names.OUTCOME_INFERRED).boolean(True)
_TEXTS: Final = tuple(
    (meaning, key.texts)
    for meaning, key in (
        ("message_id", _MESSAGE_ID),
        ("correlation_id", _CORRELATION_ID),
        ("causation_id", _CAUSATION_ID),
    )
)
_split_parent = Struct("3s32s1s16s3s").unpack
_REMOTE: Final = FLAGS[1][1]
_NO_TRACE: Final = bytes(16)
_NO_SPAN: Final = bytes(8)


class Membership:
    """Who a consumer is in its group at one moment."""

    __slots__ = ("generation", "member", "templates")

    def __init__(self, member: str | None, generation: int | None) -> None:
        self.member = member
        self.generation = generation
        self.templates: dict[tuple[object, ...], Fixed] = {}
        """Templates of process spans under this membership."""

    def attributes(self) -> list[tuple[str, AttributeValue]]:
        """Return member and generation, as far as known."""
        found: list[tuple[str, AttributeValue]] = []
        if self.member:
            found.append((names.MEMBER, self.member))
        if self.generation is not None and self.generation >= 0:
            found.append((names.GENERATION, self.generation))
        return found


class Processing(NonRecordingSpan):
    """One message in the application's hands, from being handed out to its end; current while it lasts.

    It stands in OpenTelemetry's context itself, as the span of what the body does.
    """

    # What is not set stays on the class: one of these is made for every message, most of it never differs.
    number = 0
    finished = 0
    ended = False
    claimed = False
    """Whether a `with process(message)` states the outcome."""
    iterated = False
    """Whether it began by iteration, which ends it at the latest."""
    error: str | None = None
    error_type: str | None = None
    inferred: bool = False
    tombstone = False
    inside: Context | None = None
    digest: str | None = None
    schema: str | None = None
    _identity: Identity | None = None

    def __init__(
        self,
        facts: Facts,
        membership: Membership,
        source: object,
        destination: str,
        partition: int | str | None,
        offset: int | None,
        headers: Sequence[tuple[str, bytes]],
        key: object,
        value: object,
        size: int,
    ) -> None:
        self.facts = facts
        self.membership = membership
        self.source = source
        self.destination = destination
        self.partition = partition
        self.offset = offset
        # read at once, so that the headers themselves need not be kept until the worker comes: mostly nobody else does
        self.known = known = Known(headers, RUNTIME.index)
        self.carried = headers if known.others or not uses_default_propagators() else ()
        """Headers that propagators may have to read."""
        self.key = key
        self.size = size
        if value is None:
            self.tombstone = True
        elif type(value) is bytes and value[:1] == b"\0":
            self.schema = payload_schema_id(value)
        if RUNTIME.settings.payload_digest:
            self.digest = payload_digest(value)
        self.start = RUNTIME.now()
        outer = get_current()
        self.outer = outer and _without_ended(outer)
        if RUNTIME.tracer is not None:
            self._identity = self._identify()

    @property
    def identity(self) -> Identity:
        """The span of this processing: a child of the message's sender, where its headers name one."""
        found = self._identity
        if found is None:
            found = self._identity = self._identify()
        return found

    @property
    def sdk(self) -> "SdkSpan | None":
        """The span in the application's provider."""
        return self.identity.sdk

    @property
    def _context(self) -> SpanContext:  # type: ignore[override]
        """What OpenTelemetry knows of a span that it does not record."""
        identity = self.identity
        return span_context(identity.trace_id, identity.span_id, identity.flags, identity.trace_state)

    def _identify(self) -> Identity:
        parent = remote_parent(self.known, self.carried) or local_parent(self.outer)
        flow = current_flow(self.outer) if parent is None else None
        title = f"process {self.destination}"
        return identify(title, CONSUMER, self.start, parent, "" if flow is None else flow.trace_id)

    def enter(self) -> None:
        """Make the message current: what is sent from now on is caused by it."""
        outer, carried = self.outer, self.carried
        if carried and (not uses_default_propagators() or _has_baggage(carried)):
            outer = extract(carried, outer)
        mine: dict[str, object] = {_SPAN_KEY: self, PROCESSING: self}
        inner = Context({**outer, **mine, FLOW: None} if outer else mine)
        self.inside = inner
        attach(inner)

    def finish(self, error: BaseException | None = None, *, inferred: bool = False) -> None:
        """Record the end; only the first call counts. `inferred`: nobody stated it, the loop came back for more.

        What was current before is current again, unless the application has set something else since.
        """
        if self.ended:
            return
        self.ended = True
        if self.inside is not None and get_current() is self.inside:
            outer = self.outer
            attach(outer and _without_ended(outer))
        self.inferred = inferred
        now = RUNTIME.now()
        self.finished = max(self.start, now)
        if error is not None:
            self.error_type = type(error).__qualname__
            self.error = f"{self.error_type}: {error}"[:1000]
        self.inside = None
        if not self.iterated:
            self.source = None
        sink = RUNTIME.sink
        if sink is None:
            return
        if error is not None or self._identity is not None or not self._is_usual():
            sink.put(self)
            return
        facts = self.facts
        series = facts.processed
        if (
            series is None
            or series.partition != self.partition
            or series.destination != self.destination
            or series.membership is not self.membership
            or series.owner is not sink.owner
        ):
            series = facts.processed = Processed(self, sink.owner)
        sink.add(series, ((self.start, self.finished, self.offset, self.known.found, self.key, self.size, inferred),))

    def _is_usual(self) -> bool:
        """Whether what a `Processed` has of a message is all there is, and none of it can fail."""
        key = self.key
        return not (self.carried or self.outer or self.schema or self.digest or self.tombstone or self.known.more) and (
            type(key) is bytes or key is None
        )

    def encode(self, dropped: int) -> bytes:
        """Return the span as OTLP."""
        known = self.known
        extra = b"" if self.offset is None else _OFFSET.integer(self.offset)
        for meaning, texts in _TEXTS:
            text = known.utf8(meaning)
            if text is not None:
                extra += texts[len(text)] + text
        key = key_utf8(self.key, RUNTIME.settings.key_hmac)
        if key is not None:
            extra += _KEY.utf8(key)
        if self.size >= 0 and not self.tombstone:
            extra += _BODY_SIZE.integer(self.size)
        sequence = known.sequence()
        if sequence is not None:
            extra += _epoch(sequence[0]) + _SEQUENCE.integer(sequence[1])
        if self.inferred:
            extra += _INFERRED
        if known.more or self.tombstone or self.error_type or self.schema or self.digest:
            extra += encode_attributes(self._rare(known))
        fixed = _template(self.facts, self.membership, self.destination, self.partition)
        identity = self.identity
        return encode_span(identity, fixed, self.start, self.finished, self.number, dropped, extra, self.error)

    def _rare(self, known: Known) -> list[tuple[str, AttributeValue]]:
        """Return what most messages do not have."""
        found: list[tuple[str, AttributeValue]] = []
        if self.tombstone:
            found.append((names.TOMBSTONE, True))
        if known.more:
            attempt = known.attempt()
            if attempt is not None:
                found.append((names.DELIVERY_ATTEMPT, attempt))
            found += described(known)
        if self.schema is not None and "schema_id" not in known.found:
            found.append((names.SCHEMA_ID, self.schema))
        if self.digest is not None:
            found.append((names.PAYLOAD_DIGEST, self.digest))
        if self.error_type is not None:
            found.append((names.ERROR_TYPE, self.error_type))
        return found


class Processed(Series):
    """Processings of one partition as they mostly are: no error, nothing sent from within, no headers but ours."""

    __slots__ = ("destination", "facts", "membership", "partition")

    def __init__(self, first: Processing, owner: object) -> None:
        super().__init__(owner)
        self.facts = first.facts
        self.membership = first.membership
        self.destination = first.destination
        self.partition = first.partition

    def encode(self, entries: Sequence[tuple[int, Entry]], dropped: int) -> list[bytes]:
        """Return these as fields of ScopeSpans."""
        fixed = _template(self.facts, self.membership, self.destination, self.partition)
        shared = fixed.encoded or encode_fixed(fixed)
        secret = RUNTIME.settings.key_hmac
        numbers, offsets, sequences, sizes = NUMBER.varints, _OFFSET.varints, _SEQUENCE.varints, _BODY_SIZE.varints
        keys = _KEY.texts
        spans, epoch, of_epoch = [], b"", b""
        for number, (start, end, offset, found, key, size, inferred) in entries:
            raw = varint(number)
            parts = [_hung(found), shared, encode_times(0x39, start, 0x41, end), numbers[len(raw)], raw]
            if offset is not None:
                raw = varint(offset)
                parts += offsets[len(raw)], raw
            for meaning, texts in _TEXTS:
                text = found.get(meaning)
                if text is not None and (text := utf8(text)) is not None:
                    parts += texts[len(text)], text
            text = found.get("sequence")
            sequence = None if text is None else read_sequence(utf8(text))
            if sequence is not None:
                if sequence[0] != epoch:
                    epoch = sequence[0]
                    of_epoch = _epoch(epoch)
                raw = varint(sequence[1])
                parts += of_epoch, sequences[len(raw)], raw
            if key is not None:
                text = key_utf8(key, secret) or b""
                parts += keys[len(text)], text
            if size >= 0:
                raw = varint(size)
                parts += sizes[len(raw)], raw
            if inferred:
                parts.append(_INFERRED)
            if dropped:
                parts.append(encode_dropped(dropped))
                dropped = 0
            body = b"".join(parts)
            spans.append(b"\x12" + varint(len(body)) + body)
        return spans


def _hung(found: dict[str, bytes]) -> bytes:
    """Return the identity of a processing, hung on the sender's span if these headers name one."""
    above = found.get("traceparent")
    if above is not None and len(above) == 55 and "tracestate" not in found:
        version, trace_id, dash, parent_id, flags = _split_parent(above)
        if version == b"00-" and dash == b"-" and flags == b"-01":  # as it nearly always is
            try:
                trace_id, parent_id = unhexlify(trace_id), unhexlify(parent_id)
            except ValueError:
                return _hung_otherwise(found)
            if trace_id != _NO_TRACE and parent_id != _NO_SPAN:
                own = bytes.fromhex(RUNTIME.ids.span_id())
                return b"\x0a\x10%b\x12\x08%b\x22\x08%b%b" % (trace_id, own, parent_id, _REMOTE)
    return _hung_otherwise(found)


def _hung_otherwise(found: dict[str, bytes]) -> bytes:
    parent = remote_parent(Known(found.items(), RUNTIME.index), ())
    return encode_identity(identify("process", CONSUMER, 0, parent))


def _template(facts: Facts, membership: Membership, destination: str, partition: int | str | None) -> Fixed:
    """Return what the processings of a partition share."""
    key = (destination, partition, facts.cluster(), facts)
    found = membership.templates.get(key)
    if found is None:
        more = ((names.PARTITION, None if partition is None else str(partition)), *membership.attributes())
        found = membership.templates[key] = facts.template(CONSUMER, "process", "process", destination, more)
    return found


def _without_ended(context: Context) -> Context:
    """Return the context below those of processings that are over: two consumers in turn may leave them behind."""
    while context:
        span = context.get(_SPAN_KEY)
        if type(span) is not Processing or not span.ended:
            break
        context = span.outer
    return context


def _has_baggage(headers: Sequence[tuple[str, bytes]]) -> bool:
    for name, _ in headers:  # noqa: SIM110 - a generator costs more than the loop
        if len(name) == 7 and name.lower() == "baggage":
            return True
    return False
