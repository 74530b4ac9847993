"""Spans told in series: the same as each told alone, counted alike, and never another instance's."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.producer.record_accumulator import RecordAccumulator

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.consuming import Membership, Processed, Processing
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.publishing import Batch, Publisher
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import Series
from flowtrail_tracer._core.subscriber import NOBODY
from flowtrail_tracer._pipeline.decode import decode_span
from flowtrail_tracer._pipeline.queue import QueueSink
from flowtrail_tracer._pipeline.transport import Answer, Verdict
from flowtrail_tracer.testing import recording

FACTS = Facts("kafka", client_id="c", group="g", cluster=lambda: "cluster")
TRACE = b"0af7651916cd43dd8448eb211c80319c"
OWN = ("traceparent", "tracestate", "correlation-id", "causation-id", "message-id", "message-seq")
values = st.one_of(
    st.binary(max_size=70),
    st.text(max_size=70).map(str.encode),
    st.sampled_from(
        [
            b"00-" + TRACE + b"-b7ad6b7169203331-01",
            b"00-" + TRACE.upper() + b"-b7ad6b7169203331-00",
            b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01",
            b"cc-" + TRACE + b"-b7ad6b7169203331-01-more",
            b"epoch:17",
            b"\xff:17",
            b"epoch:-1",
        ]
    ),
)
OTHERS = ("Message-Id", "event-id", "Traceparent", "application")
usual_headers = st.lists(st.tuples(st.sampled_from(OWN + OTHERS), st.none() | values), max_size=7)


def plain(content: bytes) -> Any:
    """Return a span as values, without its own id, which is drawn anew each time."""
    span = decode_span(content)
    identity = {**vars(span.identity), "span_id": ""}
    if not identity["parent_id"]:
        identity["trace_id"] = ""
    return identity, span.name, span.kind, span.start, span.end, span.attributes, span.error


@given(usual_headers, st.none() | st.binary(max_size=80), st.integers(0, 1 << 40), st.booleans())
def test_a_processing_in_a_series_reads_as_alone(headers, key, offset, inferred):
    """Whatever stands in the headers that are ours, and whatever others there are beside them."""
    with recording() as recorder:
        member = Membership("m", 3)
        processing = Processing(FACTS, member, None, "orders", 2, offset, headers, key, b"v", 1)
        processing.finish(inferred=inferred)
        (told,) = recorder._records
        assert isinstance(told.series, Processed)
        processing.number = 1
        assert plain(told.encode(5)) == plain(processing.encode(5))


@given(st.lists(values, min_size=1, max_size=5))
def test_processings_of_one_plan_hang_where_each_hangs_alone(headers):
    """Also where one of them has no `traceparent` of the usual form, or none at all of its own."""
    with recording() as recorder:
        processings = []
        for value in headers:
            processing = Processing(FACTS, NOBODY, None, "orders", 2, 1, [("traceparent", value)], None, b"v", 1)
            processing.finish()
            processing.number = 1
            processings.append(processing)
        (series,) = {told.series for told in recorder._records}
        together = series.encode([(1, None, told.entry) for told in recorder._records], 0)
        assert [plain(one) for one in together] == [plain(one.encode(0)) for one in processings]


@given(st.none() | st.binary(max_size=80), st.integers(0, 1 << 40), st.booleans(), st.text(max_size=20))
def test_a_publication_in_a_series_reads_as_alone(key, base, hashed, text):
    """Acknowledged with its batch, or taken out of the batch and acknowledged alone."""
    with recording(key_hmac=text.encode() or b"s" if hashed else None) as recorder:
        publisher = Publisher(FACTS)
        seen = []
        for together in (True, False):
            publication = publisher.publication("orders")
            stamped = dict(publication.offer(2, key, b"v", []))
            batch = Batch(publication.route, 2)
            batch.enter(publication, 3)
            assert batch.usual
            assert not publisher.pending
            if together:
                batch.acked(base)
            else:
                (revived,) = batch.release()
                revived.offset = base + revived.place
                revived.finish("acked")
            (span,) = recorder.spans()
            assert f"00-{span.trace_id}-{span.span_id}-01".encode() == stamped["traceparent"]
            assert span.attributes[names.MESSAGE_ID].encode() == stamped["message-id"]
            assert span.attributes[names.OFFSET] == base + 3
            assert span.end >= span.start
            varying = (names.NUMBER, names.MESSAGE_ID, names.CORRELATION_ID, names.PRODUCER_SEQ)
            kept = {name: value for name, value in span.attributes.items() if name not in varying}
            seen.append(replace(span, trace_id="", span_id="", start=0, end=0, attributes=kept))
            recorder.clear()
        assert seen[0] == seen[1]
        batch.acked(base)
        assert not recorder.spans()


def test_what_awaits_its_batch_is_given_up_with_the_producer(recorder):
    """In doubt, each with its own message; and a batch begun before a fork is nobody's in the child."""
    publisher = Publisher(FACTS)

    def enter() -> Batch:
        publication = publisher.publication("orders")
        publication.offer(0, b"k", b"v", [])
        batch = Batch(publication.route, 0)
        batch.enter(publication, 0)
        return batch

    batches = [enter(), enter()]
    publisher.give_up()
    spans = recorder.spans("send")
    assert [span.attributes[names.PUBLISH_OUTCOME] for span in spans] == ["in-doubt"] * 2
    assert sorted(span.attributes[names.PRODUCER_SEQ] for span in spans) == [1, 2]
    assert len({span.attributes[names.MESSAGE_ID] for span in spans}) == 2
    assert not any(batch.open for batch in batches)
    recorder.clear()
    inherited = enter()
    publisher.after_fork()
    inherited.acked(7)
    publisher.give_up()
    assert not inherited.open
    assert not recorder.spans()


@pytest.mark.skipif(not hasattr(RecordAccumulator, "split_and_reenqueue"), reason="this kafka-python splits no batch")
def test_a_batch_that_is_split_is_acked_in_its_parts(recorder, make_producer, name):
    """Each record gets the offset of the batch that it went with at last."""
    producer = make_producer(linger_ms=60_000)
    topic = name("orders")
    producer.partitions_for(topic)
    futures = [producer.send(topic, value=b"%d" % n, key=b"k", partition=0) for n in range(4)]
    accumulator = producer._accumulator
    (batch,) = next(iter(accumulator._batches.values()))
    batch.records.close()
    next(iter(accumulator._batches.values())).clear()
    accumulator.split_and_reenqueue(batch)
    accumulator._incomplete.remove(batch)
    parts = list(next(iter(accumulator._batches.values())))
    assert len(parts) == 2
    next(iter(accumulator._batches.values())).clear()
    for part, base in zip(parts, (100, 200), strict=True):
        part.done(base_offset=base, timestamp_ms=-1)
        accumulator._incomplete.remove(part)
    spans = recorder.wait_for(4, "send")
    assert [future.value.offset for future in futures] == [100, 101, 200, 201]
    assert sorted(span.attributes[names.OFFSET] for span in spans) == [100, 101, 200, 201]
    assert {span.attributes[names.PUBLISH_OUTCOME] for span in spans} == {"acked"}


class Told(Series):
    """A series whose spans are their numbers."""

    def encode(self, entries: Any, dropped: int) -> list[bytes]:
        """Return number and news of each; entries of None fail."""
        assert all(entry != (None,) for _, _, entry in entries)
        return [b"%d/%d " % (number, dropped if place == 0 else 0) for place, (number, _, _) in enumerate(entries)]


class Kept:
    """An exporter that keeps what it is to send."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def describe(self, record: Any, dropped: int) -> bytes:
        """Likewise of a record."""
        return b"%d/%d " % (record.number, dropped)

    def describe_all(self, series: Series, entries: Any, dropped: int) -> list[bytes]:
        """As the series says."""
        return series.encode(entries, dropped)

    def wrap(self, spans: Any) -> bytes:
        """Join."""
        return b"".join(spans)

    def send(self, body: bytes, timeout: float) -> Answer:
        """Keep."""
        self.sent.append(body)
        return Answer(Verdict.DELIVERED)

    def restart(self, instance_id: str) -> None:
        """Nothing is bound to an instance."""

    def close(self) -> None:
        """Nothing is open."""


def test_a_series_is_numbered_and_bounded_like_single_records():
    """Beyond the capacity entries are dropped and counted, one by one; what has been sent makes room again."""
    exporter = Kept()
    sink = QueueSink(exporter, RUNTIME.ids, capacity=4, interval=60)
    series = Told(sink.owner)
    sink.put(SimpleNamespace(number=0))
    sink.extend(series, None, [(1,), (2,), (3,), (4,), (5,)])
    sink.add(series, (6,))
    assert sink.dropped == 3
    assert sink.flush(10)
    sink.add(series, (7,))
    assert sink.shutdown(10)
    assert b"".join(exporter.sent).split() == [b"1/3", b"2/0", b"3/0", b"4/0", b"8/0"]


def test_a_long_series_goes_in_requests_of_the_usual_size():
    """Two requests for 600 spans, in order, none twice; what cannot be described is dropped and counted."""
    exporter = Kept()
    sink = QueueSink(exporter, RUNTIME.ids, interval=60)
    series = Told(sink.owner)
    sink.extend(series, None, [(n,) for n in range(600)])
    assert sink.flush(10)
    assert [len(body.split()) for body in exporter.sent] == [512, 88]
    assert [int(one.split(b"/")[0]) for body in exporter.sent for one in body.split()] == list(range(1, 601))
    sink.extend(series, None, [(None,), (1,)])
    assert sink.shutdown(10)
    assert sink.dropped == 2


def test_another_instance_has_series_of_its_own():
    """Numbers of before a fork, or of a former configuration, never appear after it."""
    sink = QueueSink(Kept(), RUNTIME.ids, interval=60)
    before = sink.owner
    sink.after_fork()
    assert sink.owner is not before
    with recording() as first:
        publisher = Publisher(FACTS)
        route = publisher.route("orders")
        series = route.acked(0, first.owner)
        assert route.acked(0, first.owner) is series
        first.after_fork()
        assert route.acked(0, first.owner) is not series
