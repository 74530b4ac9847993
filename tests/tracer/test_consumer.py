"""Deliveries, processing, positions: by iteration and by poll."""

import contextlib
from typing import Any

import pytest
from kafka import TopicPartition
from opentelemetry import trace as otel

from flowtrail_tracer import attributes as names
from flowtrail_tracer import process
from flowtrail_tracer.testing import recording

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def fill(producer: Any, topic: str, count: int, **message: Any) -> None:
    """Send `count` messages to partition 0 and wait for their acks."""
    for number in range(count):
        producer.send(topic, value=b"v%d" % number, partition=0, **message)
    producer.flush()


def manual(make_consumer, topic: str, **config: Any) -> Any:
    """Make a consumer with partition 0 assigned by hand."""
    consumer = make_consumer(**config)
    consumer.assign([TopicPartition(topic, 0)])
    return consumer


def poll_some(consumer: Any, count: int) -> list[Any]:
    """Poll until `count` records came."""
    found: list[Any] = []
    for _ in range(100):
        for records in consumer.poll(timeout_ms=500).values():
            found += records
        if len(found) >= count:
            break
    return found


def test_iteration_gives_one_processing_per_message(recorder, make_producer, make_consumer, name):
    """Each is a child of its send, carries the message's identity, and ends when the next is asked for."""
    fill(make_producer(), name("orders"), 3, key=b"42")
    consumer = manual(make_consumer, name("orders"), group_id="payment", client_id="c1")
    for seen, _ in enumerate(consumer, 1):
        if seen == 3:
            break
    consumer.close()
    sends = recorder.spans("send")
    spans = recorder.spans("process")
    assert [span.attributes[names.OFFSET] for span in spans] == [0, 1, 2]
    for sent, span in zip(sends, spans, strict=True):
        assert (span.trace_id, span.parent_span_id) == (sent.trace_id, sent.span_id)
        assert span.name == f"process {name('orders')}"
        assert span.kind == "consumer"
        assert span.status == "unset"
        expected = {
            names.MESSAGE_ID: sent.attributes[names.MESSAGE_ID],
            names.CORRELATION_ID: sent.attributes[names.CORRELATION_ID],
            names.PRODUCER_EPOCH: sent.attributes[names.PRODUCER_EPOCH],
            names.PRODUCER_SEQ: sent.attributes[names.PRODUCER_SEQ],
            names.CONSUMER_GROUP: "payment",
            names.CLIENT_ID: "c1",
            names.PARTITION: "0",
            names.KEY: "42",
            names.BODY_SIZE: 2,
        }
        assert {key: span.attributes.get(key) for key in expected} == expected


def test_iteration_gives_one_receive_for_what_was_handed_out(recorder, make_producer, make_consumer, name):
    """The range ends with the last record that the loop saw, not with what was fetched."""
    fill(make_producer(), name("orders"), 10)
    consumer = manual(make_consumer, name("orders"))
    for record in consumer:
        if record.offset == 6:
            break
    consumer.close()
    spans = recorder.spans("receive")
    assert {span.name for span in spans} == {f"receive {name('orders')}"}
    found = [(span.attributes[names.OFFSET], span.attributes[names.OFFSET_LAST]) for span in spans]
    assert [offset for first, last in found for offset in range(first, last + 1)] == list(range(7))
    assert sum(span.attributes[names.BATCH_COUNT] for span in spans) == 7
    assert not any(names.OFFSET_RUNS in span.attributes for span in spans)
    assert len(spans) <= 2
    assert len(recorder.spans("process")) == 7


def test_poll_gives_one_receive_per_partition_and_process_the_outcome(recorder, make_producer, make_consumer, name):
    """A body that raises makes the processing failed; the exception is the host's own."""
    fill(make_producer(), name("orders"), 3)
    consumer = manual(make_consumer, name("orders"), group_id="payment")
    records = poll_some(consumer, 3)
    mine = ValueError("broken")
    with process(records[0]) as message:
        assert message is records[0]
    with pytest.raises(ValueError, match="broken") as caught, process(records[1]):
        raise mine
    assert caught.value is mine
    first, second = recorder.spans("process")
    assert first.status == "unset"
    assert second.status == "error"
    assert second.status_description == "ValueError: broken"
    assert second.attributes[names.ERROR_TYPE] == "ValueError"
    received = recorder.spans("receive")
    assert sum(span.attributes[names.BATCH_COUNT] for span in received) == 3
    assert received[-1].attributes[names.OFFSET_LAST] == 2


def test_process_inside_an_iteration_is_one_processing(recorder, make_producer, make_consumer, name):
    """It states the outcome of the iteration's own."""
    fill(make_producer(), name("orders"), 3)
    consumer = manual(make_consumer, name("orders"))
    for record in consumer:
        with contextlib.suppress(KeyError), process(record):
            {0: "fine", 2: "fine"}[record.offset]
        if record.offset == 2:
            break
    consumer.close()
    spans = recorder.spans("process")
    found = [(span.attributes[names.OFFSET], span.status) for span in spans]
    assert found == [(0, "unset"), (1, "error"), (2, "unset")]


def test_process_again_in_one_iteration_is_another_processing(recorder, make_producer, make_consumer, name):
    """A handler that tries again by itself has two outcomes to tell."""
    fill(make_producer(), name("orders"), 1)
    consumer = manual(make_consumer, name("orders"))
    record = next(consumer)
    with pytest.raises(OSError, match="once"), process(record):
        raise OSError("once")
    with process(record):
        pass
    consumer.close()
    assert [span.status for span in recorder.spans("process")] == ["error", "unset"]


def test_messages_of_earlier_polls_can_be_processed(recorder, make_producer, make_consumer, name):
    """Collected over several polls, processed later."""
    fill(make_producer(), name("orders"), 3)
    consumer = manual(make_consumer, name("orders"), max_poll_records=1)
    for record in poll_some(consumer, 3):
        with process(record):
            pass
    assert [span.attributes[names.OFFSET] for span in recorder.spans("process")] == [0, 1, 2]
    assert [span.attributes[names.BATCH_COUNT] for span in recorder.spans("receive")] == [1, 1, 1]


def test_nested_process_of_one_message_is_one_processing(recorder, make_producer, make_consumer, name):
    """The outer one counts."""
    fill(make_producer(), name("orders"), 1)
    record = next(manual(make_consumer, name("orders")))
    with process(record), process(record):
        pass
    assert len(recorder.spans("process")) == 1
    fill(make_producer(), name("polled"), 1)
    (record,) = poll_some(manual(make_consumer, name("polled")), 1)
    with process(record), process(record):
        pass
    assert len(recorder.spans("process")) == 2


def test_process_of_a_message_of_no_traced_client_is_harmless(recorder, make_producer, make_consumer, name):
    """The body runs, nothing is recorded."""
    fill(make_producer(), name("orders"), 1)
    record = next(manual(make_consumer, name("orders"), traced=False))
    with process(record) as message:
        assert message is record
    with process("anything") as text:
        assert text == "anything"
    assert recorder.spans("process") == []


def test_what_the_body_sends_is_caused_by_the_message(recorder, make_producer, make_consumer, name):
    """Correlation is kept, causation is the message's id, the id is new, the trace goes on; headers may be copied."""
    producer = make_producer()
    fill(producer, name("orders"), 2, headers=[("correlation-id", b"order-42"), ("message-id", b"m1")])
    consumer = manual(make_consumer, name("orders"))
    for record in consumer:
        headers = list(record.headers) if record.offset else None
        producer.send(name("payments"), value=b"p", headers=headers, partition=0)
        if record.offset == 1:
            break
    consumer.close()
    producer.flush()
    processed = recorder.spans("process")
    sends = [span for span in recorder.spans("send") if span.attributes[names.DESTINATION] == name("payments")]
    for caused, cause in zip(sends, processed, strict=True):
        assert caused.attributes[names.CORRELATION_ID] == "order-42"
        assert caused.attributes[names.CAUSATION_ID] == "m1"
        assert caused.attributes[names.MESSAGE_ID] != "m1"
        assert (caused.trace_id, caused.parent_span_id) == (cause.trace_id, cause.span_id)


def test_a_copy_on_a_retry_destination_is_the_same_event(recorder, make_producer, make_consumer, name):
    """The id stays, causation is that of the first copy, and the origin is told."""
    producer = make_producer()
    fill(producer, name("orders"), 1, headers=[("message-id", b"m1"), ("causation-id", b"m0")])
    consumer = manual(make_consumer, name("orders"), group_id="payment")
    record = next(consumer)
    producer.send(f"{name('orders')}-retry", value=record.value, headers=list(record.headers)).get(timeout=10)
    (sent,) = [span for span in recorder.spans("send") if span.attributes[names.DESTINATION].endswith("-retry")]
    assert sent.attributes[names.MESSAGE_ID] == "m1"
    assert sent.attributes[names.CAUSATION_ID] == "m0"
    assert sent.attributes[names.ORIGIN_DESTINATION] == name("orders")
    assert sent.attributes[names.ORIGIN_PARTITION] == 0
    assert sent.attributes[names.ORIGIN_OFFSET] == 0
    assert sent.attributes[names.ORIGIN_GROUP] == "payment"


def test_the_message_is_current_in_the_body_only(recorder, make_producer, make_consumer, name):
    """Other instrumentations see the processing's span inside, and what was current before afterwards."""
    fill(make_producer(), name("orders"), 1)
    assert not otel.get_current_span().get_span_context().is_valid
    consumer = manual(make_consumer, name("orders"))
    next(consumer)
    inside = otel.get_current_span().get_span_context()
    consumer.close()
    assert not otel.get_current_span().get_span_context().is_valid
    (span,) = recorder.spans("process")
    assert f"{inside.trace_id:032x}" == span.trace_id
    assert f"{inside.span_id:016x}" == span.span_id


def test_the_span_in_the_body_takes_what_spans_take(recorder, make_producer, make_consumer, name):
    """Code that writes to the current span, shows or ends it finds one that records nothing; the processing goes on."""
    fill(make_producer(), name("orders"), 2)
    consumer = manual(make_consumer, name("orders"))
    next(consumer)
    span = otel.get_current_span()
    assert not span.is_recording()
    assert f"{span.get_span_context().trace_id:#034x}" in repr(span)
    span.set_attribute("a", 1)
    span.update_name("other")
    span.record_exception(ValueError())
    span.end()
    next(consumer)
    (done,) = recorder.spans("process")
    assert (done.name, done.status) == (f"process {name('orders')}", "unset")
    consumer.close()


def test_consumers_in_turn_leave_no_context_behind(recorder, make_producer, make_consumer, name):
    """Whichever is closed first."""
    fill(make_producer(), name("orders"), 2)
    first, second = (manual(make_consumer, name("orders")) for _ in range(2))
    next(first)
    next(second)
    next(first)
    first.close()
    second.close()
    assert not otel.get_current_span().get_span_context().is_valid
    assert len(recorder.spans("process")) == 3


def test_headers_of_others_are_read(recorder, make_producer, make_consumer, name):
    """Any case, other names, attempts, the last value; what is not UTF-8 is no error."""
    producer = make_producer(traced=False)
    headers = [
        ("X-Correlation-Id", b"first"),
        ("X-Correlation-Id", b"last"),
        ("EVENT-ID", b"e1"),
        ("causation-id", b"\xff"),
        ("retry_topic-attempts", b"\x00\x00\x00\x02"),
        ("__TypeId__", b"com.example.Placed"),
    ]
    producer.send(name("orders"), value=b"v", headers=headers, partition=0)
    producer.flush()
    consumer = manual(make_consumer, name("orders"))
    next(consumer)
    consumer.close()
    (span,) = recorder.spans("process")
    assert span.attributes[names.CORRELATION_ID] == "last"
    assert span.attributes[names.MESSAGE_ID] == "e1"
    assert span.attributes[names.DELIVERY_ATTEMPT] == 2
    assert span.attributes[names.EVENT_TYPE] == "com.example.Placed"
    assert names.CAUSATION_ID not in span.attributes
    assert span.parent_span_id is None


def test_commits_and_seeks_are_positions(recorder, make_producer, make_consumer, name):
    """Sync and async commits, seek, seek to the beginning and end: one settle span per partition with its reason."""
    fill(make_producer(), name("orders"), 5)
    consumer = manual(make_consumer, name("orders"), group_id=name("g"), enable_auto_commit=False)
    poll_some(consumer, 5)
    consumer.commit()
    consumer.seek(TopicPartition(name("orders"), 0), 2)
    poll_some(consumer, 3)
    consumer.commit_async()
    consumer.poll(timeout_ms=500)
    consumer.seek_to_beginning()
    poll_some(consumer, 5)
    consumer.seek_to_end(TopicPartition(name("orders"), 0))
    consumer.poll(timeout_ms=500)
    consumer.position(TopicPartition(name("orders"), 0))
    consumer.close()
    found = [
        (span.attributes[names.POSITION_REASON], span.attributes[names.POSITION])
        for span in recorder.spans("settle")
        if names.POSITION in span.attributes
    ]
    assert found == [("reset", 0), ("commit", 5), ("seek", 2), ("commit", 5), ("seek", 0), ("seek", 5)]
    assert {span.attributes[names.CONSUMER_GROUP] for span in recorder.spans("settle")} == {name("g")}


def test_a_failed_commit_tells_what_was_refused(recorder, make_producer, make_consumer, name):
    """It is a settle span with its error and the position that the group did not take."""
    from kafka.structs import OffsetAndMetadata

    fill(make_producer(), name("orders"), 1)
    consumer = make_consumer(name("orders"), group_id=name("g"), enable_auto_commit=False)
    poll_some(consumer, 1)
    coordinator = consumer._coordinator
    coordinator._generation.generation_id, kept = 999, coordinator._generation.generation_id
    fields = len(OffsetAndMetadata._fields)
    with pytest.raises(Exception):  # noqa: B017, PT011 - which error depends on the client's version
        consumer.commit(
            {
                TopicPartition(name("orders"), 0): OffsetAndMetadata(1, "", -1)
                if fields == 3
                else OffsetAndMetadata(1, "")
            }
        )
    coordinator._generation.generation_id = kept
    failed = [span for span in recorder.spans("settle") if span.status == "error"]
    assert failed
    assert failed[0].attributes[names.POSITION] == 1
    assert names.ERROR_TYPE in failed[0].attributes


def test_group_consumers_tell_assignments_and_close_in_order(recorder, make_producer, make_consumer, name):
    """Assign before receive, revoke and close at the end, all with member and generation; auto-commit on close."""
    fill(make_producer(), name("orders"), 2)
    consumer = make_consumer(name("orders"), group_id=name("g"))
    poll_some(consumer, 2)
    consumer.close()
    spans = recorder.spans()
    operations = [span.operation for span in spans if span.operation != "send"]
    assert operations.index("assign") < operations.index("receive") < operations.index("revoke")
    assert operations[-1] == "close"
    assigned, revoked = recorder.spans("assign"), recorder.spans("revoke")
    assert {span.attributes[names.PARTITION] for span in assigned} == {"0", "1", "2", "3"}
    assert len(assigned) == len(revoked) == 4
    for span in [*assigned, *revoked, *recorder.spans("receive")]:
        assert span.attributes[names.MEMBER]
        assert span.attributes[names.GENERATION] >= 1
    commits = recorder.spans(name=f"commit {name('orders')}")
    committed = [span for span in commits if span.attributes[names.PARTITION] == "0"]
    assert committed[-1].attributes[names.POSITION] == 2
    (last,) = [span for span in revoked if span.attributes[names.PARTITION] == "0"]
    assert last.attributes[names.POSITION] == 2


def test_a_tombstone_is_processed_as_one(recorder, make_producer, make_consumer, name):
    """A message without value has no size."""
    make_producer().send(name("orders"), key=b"k", partition=0).get(timeout=10)
    consumer = manual(make_consumer, name("orders"))
    next(consumer)
    consumer.close()
    (span,) = recorder.spans("process")
    assert span.attributes[names.TOMBSTONE] is True
    assert names.BODY_SIZE not in span.attributes


def test_polling_without_records_is_no_span(recorder, make_consumer, make_producer, name):
    """Nothing was handed out."""
    make_producer().partitions_for(name("orders"))
    manual(make_consumer, name("orders")).poll(timeout_ms=200)
    assert recorder.spans("receive") == []


def test_iteration_ends_as_before(recorder, make_producer, make_consumer, name):
    """StopIteration after the consumer's timeout, and the last processing is ended."""
    fill(make_producer(), name("orders"), 2)
    consumer = manual(make_consumer, name("orders"), consumer_timeout_ms=1500)
    assert [record.offset for record in consumer] == [0, 1]
    assert len(recorder.spans("process")) == 2
    consumer.close()
    with pytest.raises(StopIteration):
        next(consumer)


def test_two_groups_in_one_process_are_told_apart(recorder, make_producer, make_consumer, name):
    """The consumer that the thread polled last is the one that processes."""
    fill(make_producer(), name("orders"), 1)
    for group in ("a", "b"):
        consumer = manual(make_consumer, name("orders"), group_id=group)
        (record,) = poll_some(consumer, 1)
        with process(record):
            pass
    assert [span.attributes[names.CONSUMER_GROUP] for span in recorder.spans("process")] == ["a", "b"]


def test_nothing_is_recorded_while_disabled(make_producer, make_consumer, name, monkeypatch):
    """OTEL_SDK_DISABLED leaves messages unstamped and clients alone."""
    from flowtrail_tracer import configure

    with recording() as recorder:
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        configure(service="off")
        producer = make_producer()
        fill(producer, name("orders"), 1)
        record = next(manual(make_consumer, name("orders")))
        with process(record):
            pass
        assert list(record.headers) == []
        assert recorder.spans() == []
