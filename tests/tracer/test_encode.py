"""Our OTLP bytes, read back with OpenTelemetry's own schema."""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.span import PRODUCER, Fixed, Identity
from flowtrail_tracer._pipeline.decode import decode_span
from flowtrail_tracer._pipeline.encode import Envelope, encode_attributes, encode_span
from flowtrail_tracer._pipeline.partial import rejected_spans
from flowtrail_tracer._pipeline.wire import varint
from tests.tracer.receiver import attributes, parse

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
number = st.integers(-(2**63), 2**63 - 1)
values = st.one_of(text, number, st.booleans(), st.floats(allow_nan=False))
pairs = st.dictionaries(text.filter(bool), values, max_size=8)


@given(
    fixed=pairs,
    extra=pairs,
    trace_id=st.integers(1, 2**128 - 1).map("{:032x}".format),
    span_id=st.integers(1, 2**64 - 1).map("{:016x}".format),
    parent_id=st.just("") | st.integers(1, 2**64 - 1).map("{:016x}".format),
    start=st.integers(0, 2**64 - 1),
    count=st.integers(1, 2**50),
    dropped=st.integers(0, 2**40),
    error=st.none() | text,
    state=text,
    title=text,
    flags=st.integers(0, 255),
    remote=st.booleans(),
)
def test_every_span_reads_back_as_it_was(
    fixed, extra, trace_id, span_id, parent_id, start, count, dropped, error, state, title, flags, remote
):
    """Ids, times, name, kind, attributes of every type, status, and the count of dropped spans."""
    identity = Identity(trace_id, span_id, parent_id, flags, state, remote)
    template = Fixed(title, PRODUCER, list(fixed.items()))
    own = encode_attributes(list(extra.items()))
    encoded = encode_span(identity, template, start, start, count, dropped, own, error)
    request = parse(Envelope({"service.name": "s", "n": 7}, "scope", "1").wrap([encoded] * 2))
    (resource_spans,) = request.resource_spans
    assert attributes(resource_spans.resource) == {"service.name": "s", "n": 7}
    (scope_spans,) = resource_spans.scope_spans
    assert (scope_spans.scope.name, scope_spans.scope.version) == ("scope", "1")
    first, second = scope_spans.spans
    assert first == second
    assert (first.trace_id.hex(), first.span_id.hex(), first.parent_span_id.hex()) == (trace_id, span_id, parent_id)
    assert (first.name, first.kind, first.trace_state) == (title, PRODUCER, state)
    assert first.start_time_unix_nano == first.end_time_unix_nano == start
    assert first.flags == flags | (0x300 if remote else 0x100)
    assert (first.status.code, first.status.message) == ((0, "") if error is None else (2, error))
    found = [(pair.key, getattr(pair.value, pair.value.WhichOneof("value"))) for pair in first.attributes]
    expected = [*fixed.items(), (names.NUMBER, count), *([(names.DROPPED, dropped)] if dropped else []), *extra.items()]
    expected.sort(key=lambda pair: (pair[0], str(pair[1])))
    found.sort(key=lambda pair: (pair[0], str(pair[1])))
    assert found == expected
    assert [type(value) for _, value in found] == [type(value) for _, value in expected]

    span = decode_span(encoded)
    assert vars(span.identity) == vars(identity)
    assert (span.name, span.kind, span.start, span.end, span.error) == (title, PRODUCER, start, start, error)
    assert span.attributes == {**fixed, names.NUMBER: count, **({names.DROPPED: dropped} if dropped else {}), **extra}


@given(st.integers(0, 2**64 - 1))
def test_varints_are_minimal_and_right(value):
    """Seven bits a byte, lowest first."""
    encoded = varint(value)
    assert sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(encoded)) == value
    assert len(encoded) == max(1, -(-value.bit_length() // 7))


def test_lone_surrogates_do_not_break_a_request():
    """They cannot be written in UTF-8; the rest of the text is kept."""
    own = encode_attributes([("k", "a\ud800b")])
    encoded = encode_span(Identity("1" * 32, "2" * 16), Fixed("n", PRODUCER, []), 1, 2, 1, 0, own)
    request = parse(Envelope({}, "s", "1").wrap([encoded]))
    assert attributes(request.resource_spans[0].scope_spans[0].spans[0])["k"] == "a?b"


@given(st.integers(0, 2**62), text)
def test_partial_success_is_read(rejected, message):
    """The receiver's count of refused spans."""
    answer = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    )
    assert rejected_spans(answer.SerializeToString()) == rejected


@given(st.binary(max_size=50))
def test_any_answer_can_be_read(content):
    """Rubbish reads as something, never as an error."""
    assert rejected_spans(content) >= 0
