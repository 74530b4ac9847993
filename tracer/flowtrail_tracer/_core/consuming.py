"""Deliveries and processing: what was handed to the application, and what it did with each message."""

from binascii import unhexlify
from collections.abc import Sequence
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
from flowtrail_tracer._core.headers import Known, Plan, Values, payload_schema_id, read, read_sequence, utf8
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CONSUMER, AttributeValue, Fixed, Identity, Numbered, Series
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
_FORM: Final = (
    (0, b"0", b"0"),
    (1, b"0", b"0"),
    (2, b"-", b"t"),
    (35, b"-", b"s"),
    (52, b"-", b"z"),
    (53, b"0", b"0"),
    (54, b"1", b"1"),
)
"""Places in a `traceparent` of version 00, sampled; what stands there; what marks them, some not being digits."""
_ZEROS: Final = bytes(8)
_KEYS: Final = (bytes, type(None))
"""Types of keys that can be recorded as they are."""
_REMOTE: Final = FLAGS[1][1]


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
    outer: Context = Context()
    """The context around it."""
    carried: Sequence[tuple[str, bytes]] = ()
    """Headers that propagators have to read."""
    usual = True
    """Whether what a `Processed` has of a message is all there is, and none of it can fail; if it ends well."""
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
        self.plan, self.values = plan, _ = read(headers, RUNTIME.index)
        self.key = key
        self.size = size
        if type(value) is not bytes or value[:1] == b"\0" or type(key) not in _KEYS or plan.more or not RUNTIME.plain:
            self._note_rare(value)
        if plan.has_baggage or not uses_default_propagators():
            self.carried = headers
            self.usual = False
        outer = get_current()
        if outer:
            self.outer = _without_ended(outer)
        self.start = RUNTIME.now()
        if RUNTIME.tracer is not None:
            self._identity = self._identify()

    def _note_rare(self, value: object) -> None:
        """Note what most messages do not have."""
        self.usual = False
        if value is None:
            self.tombstone = True
        elif type(value) is bytes:
            self.schema = payload_schema_id(value)
        if RUNTIME.settings.payload_digest:
            self.digest = payload_digest(value)

    @property
    def known(self) -> Known:
        """What the message's headers mean."""
        return Known(self.plan, self.values)

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
        inner: dict[str, object] = {_SPAN_KEY: self, PROCESSING: self}
        self.inside = inside = Context({**outer, **inner, FLOW: None} if outer else inner)
        attach(inside)

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
        now, start = RUNTIME.now(), self.start
        if now < start:
            now = start
        self.finished = now
        if error is not None:
            self.error_type = type(error).__qualname__
            self.error = f"{self.error_type}: {error}"[:1000]
        self.inside = None
        if not self.iterated:
            self.source = None
        sink = RUNTIME.sink
        if sink is None:
            return
        if error is not None or self._identity is not None or not self.usual or self.outer:
            sink.put(self)
            return
        facts = self.facts
        series = facts.processed
        if (
            series is None
            or series.plan is not self.plan
            or series.partition != self.partition
            or series.destination != self.destination
            or series.membership is not self.membership
            or series.owner is not sink.owner
        ):
            series = facts.processed = Processed(self, sink.owner)
        sink.add(series, (start, now, self.offset, self.values, self.key, self.size, inferred))

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
        if self.schema is not None and "schema_id" not in known:
            found.append((names.SCHEMA_ID, self.schema))
        if self.digest is not None:
            found.append((names.PAYLOAD_DIGEST, self.digest))
        if self.error_type is not None:
            found.append((names.ERROR_TYPE, self.error_type))
        return found


class Processed(Series):
    """Processings of one partition as they mostly are: no error, nothing sent from within, headers of one plan."""

    __slots__ = ("destination", "facts", "membership", "partition", "plan")

    def __init__(self, first: Processing, owner: object) -> None:
        super().__init__(owner)
        self.facts = first.facts
        self.membership = first.membership
        self.destination = first.destination
        self.partition = first.partition
        self.plan = first.plan

    def encode(self, entries: Sequence[Numbered], dropped: int) -> list[bytes]:
        """Return these as fields of ScopeSpans."""
        fixed = _template(self.facts, self.membership, self.destination, self.partition)
        shared = fixed.encoded or encode_fixed(fixed)
        secret = RUNTIME.settings.key_hmac
        numbers, offsets, sequences = NUMBER.varints, _OFFSET.varints, _SEQUENCE.varints
        keys = _KEY.texts
        plan = self.plan
        at = plan.at
        numbered = at.get("sequence")
        told = [(at[meaning], texts) for meaning, texts in _TEXTS if meaning in at]
        spans: list[bytes] = []
        epoch: bytes | None = None
        size_of_epoch, of_epoch = 0, b""
        last_size, of_size = -1, b""
        every = [entry[3] for _, _, entry in entries]
        hung = _hung(plan, every)
        if hung is not None:
            own_ids, shared = RUNTIME.ids.span_ids(len(entries)), _REMOTE + shared
        else:
            hung, own_ids = [_identity(plan, values) for values in every], [b""] * len(entries)
        for (number, _, (start, end, offset, values, key, size, inferred)), above, own in zip(
            entries, hung, own_ids, strict=True
        ):
            raw = varint(number)
            parts = [above, own, shared, encode_times(0x39, start, 0x41, end), numbers[len(raw)], raw]
            if offset is not None:
                raw = varint(offset)
                parts += offsets[len(raw)], raw
            for place, texts in told:
                text = values[place]
                if not text.isascii():
                    text = utf8(text)
                if text:
                    parts += texts[len(text)], text
            if numbered is not None:
                text = values[numbered]
                if text[:size_of_epoch] != epoch or not (digits := text[size_of_epoch:]).isdigit() or len(digits) > 18:
                    epoch, digits, of_epoch = _split_sequence(text)
                    size_of_epoch = len(epoch or b"")
                if digits:
                    raw = varint(int(digits))
                    parts += of_epoch, sequences[len(raw)], raw
            if key is not None:
                text = key if secret is None and key.isascii() else key_utf8(key, secret) or b""
                parts += keys[len(text)], text
            if size != last_size:
                last_size = size
                of_size = _BODY_SIZE.integer(size) if size >= 0 else b""
            parts.append(of_size)
            if inferred:
                parts.append(_INFERRED)
            if dropped:
                parts.append(encode_dropped(dropped))
                dropped = 0
            body = b"".join(parts)
            spans.append(b"\x12" + varint(len(body)) + body)
        return spans


def _identity(plan: Plan, values: Values) -> bytes:
    """Return the identity of a processing, hung on the sender's span if these headers name one."""
    return encode_identity(identify("process", CONSUMER, 0, remote_parent(Known(plan, values), ())))


def _hung(plan: Plan, values: Sequence[Values]) -> list[bytes] | None:
    """Return what spans hang on, as fields up to the start of their own ids, if each header is as it nearly always is.

    That is `00-<trace id>-<span id>-01`. All are read at once, a column at a time; None where any has another form.
    """
    place = plan.at.get("traceparent")
    if place is None or "tracestate" in plan.at:
        return None
    above = [each[place] for each in values]
    if set(map(len, above)) != {55}:
        return None
    count, text = len(above), bytearray(b"".join(above))
    for column, byte, mark in _FORM:
        if text[column::55] != byte * count:
            return None
        text[column::55] = mark * count
    try:
        found = unhexlify(text.replace(b"00t", b"0a10").replace(b"s", b"2208").replace(b"z01", b"1208"))
    except ValueError:
        return None
    if len(found) != 30 * count or _ZEROS in found:  # perhaps a trace or a span of zeros: that names none
        return None
    return [found[place : place + 30] for place in range(0, 30 * count, 30)]


def _split_sequence(text: bytes) -> tuple[bytes | None, bytes, bytes]:
    """Return a producer's epoch with its colon, the number's digits, and the epoch's attribute; else no digits."""
    found = read_sequence(utf8(text))
    if found is None:
        return None, b"", b""
    epoch, number = found
    return epoch + b":", b"%d" % number, _epoch(epoch)


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
