"""Publications: what is recorded, what is stamped, and that the host notices nothing."""

import threading
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka import errors as kafka_errors

from flowtrail_tracer import attributes as names
from flowtrail_tracer import flow, trace
from flowtrail_tracer._adapters.kafka_python.producer import make_send
from flowtrail_tracer.testing import recording

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def read_back(make_consumer, topic, count):
    """Return the records of a topic, read by an untraced consumer."""
    consumer = make_consumer(traced=False)
    consumer.assign([TopicPartition(topic, partition) for partition in range(4)])
    return [next(consumer) for _ in range(count)]


def test_a_send_is_one_span_with_its_ack(recorder, make_producer, name):
    """A publication carries place, ids, key, size and what the client is, and ends with the ack."""
    producer = make_producer(client_id="me")
    future = producer.send(name("orders"), key=b"42", value=b"value", partition=2)
    metadata = future.get(timeout=10)
    (span,) = recorder.wait_for(1, "send")
    assert span.name == f"send {name('orders')}"
    assert span.kind == "producer"
    assert span.status == "unset"
    assert span.start <= span.end
    message_id = span.attributes[names.MESSAGE_ID]
    assert uuid.UUID(message_id).version == 7
    expected = {
        names.SYSTEM: "kafka",
        names.OPERATION_TYPE: "send",
        names.OPERATION_NAME: "send",
        names.DESTINATION: name("orders"),
        names.PARTITION: "2",
        names.OFFSET: metadata.offset,
        names.KEY: "42",
        names.BODY_SIZE: 5,
        names.CLIENT_ID: "me",
        names.PUBLISH_OUTCOME: "acked",
        names.PRODUCER_SEQ: 1,
        names.CORRELATION_ID: message_id,
        names.NUMBER: 1,
        names.SERVER_ADDRESS: "127.0.0.1",
    }
    assert {key: span.attributes.get(key) for key in expected} == expected
    assert names.CAUSATION_ID not in span.attributes
    assert isinstance(span.attributes[names.PUBLISH_TIMEOUT], int)
    assert isinstance(span.attributes[names.PRODUCER_EPOCH], str)
    assert names.ERROR_TYPE not in span.attributes


def test_headers_are_stamped_and_the_callers_list_is_left_alone(recorder, make_producer, make_consumer, name):
    """Ours replace those of the same name in any case; others, UTF-8 or not, go through as they are."""
    producer = make_producer()
    headers = [("X", b"\xff\xfe"), ("Message-ID", b"mine"), ("TraceParent", b"rubbish"), ("message-seq", b"old")]
    given = list(headers)
    for _ in range(3):
        producer.send(name("orders"), value=b"v", headers=headers, partition=0)
    producer.flush()
    assert headers == given
    spans = recorder.wait_for(3, "send")
    for number, (record, span) in enumerate(zip(read_back(make_consumer, name("orders"), 3), spans, strict=True), 1):
        found = dict(record.headers)
        assert len(found) == len(record.headers)
        assert found["X"] == b"\xff\xfe"
        assert {key.lower() for key in found} == {"x", "message-id", "traceparent", "message-seq", "correlation-id"}
        assert found["message-id"] == b"mine"
        assert found["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01".encode()
        assert found["message-seq"] == f"{span.attributes[names.PRODUCER_EPOCH]}:{number}".encode()
        assert span.attributes[names.PRODUCER_SEQ] == number
        assert span.attributes[names.MESSAGE_ID] == "mine"


def test_a_flow_gives_the_correlation_id(recorder, make_producer, name):
    """What is sent within a flow carries its id and shares a trace; flows nest and end."""
    producer = make_producer()
    with flow("order-42") as identifier:
        assert identifier == "order-42"
        producer.send(name("orders"), value=b"1")
        producer.send(name("orders"), value=b"2")
        with flow("inner"):
            producer.send(name("orders"), value=b"3")
        with flow() as joined:
            assert joined == "order-42"
    producer.send(name("orders"), value=b"4")
    producer.flush()
    spans = {span.attributes[names.PRODUCER_SEQ]: span for span in recorder.wait_for(4, "send")}
    found = [spans[number].attributes[names.CORRELATION_ID] for number in (1, 2, 3, 4)]
    assert found[:3] == ["order-42", "order-42", "inner"]
    assert found[3] == spans[4].attributes[names.MESSAGE_ID]
    assert spans[1].trace_id == spans[2].trace_id != spans[4].trace_id


def test_a_flow_without_id_begins_one():
    """Without an enclosing flow or message a new id is made, and a decorated function runs in its flow."""
    with recording(), flow() as first, flow("x") as second:
        assert uuid.UUID(first).version == 7
        assert second == "x"

    @flow("decorated")
    def inside() -> str:
        with flow() as joined:
            return joined

    with recording():
        assert inside() == "decorated"


def test_the_applications_own_span_is_the_parent(recorder, make_producer, name):
    """A send inside a span of the application belongs to its trace."""
    from opentelemetry.sdk.trace import TracerProvider

    producer = make_producer()
    with TracerProvider().get_tracer("app").start_as_current_span("request") as outer:
        producer.send(name("orders"), value=b"1").get(timeout=10)
    (span,) = recorder.wait_for(1, "send")
    assert span.trace_id == f"{outer.get_span_context().trace_id:032x}"
    assert span.parent_span_id == f"{outer.get_span_context().span_id:016x}"


def test_a_traceparent_given_by_the_application_is_the_parent(recorder, make_producer, name):
    """An outbox relay forwards a stored trace context: it is continued, not overwritten blindly."""
    producer = make_producer()
    given = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    producer.send(name("orders"), value=b"1", headers=[("traceparent", given)]).get(timeout=10)
    (span,) = recorder.wait_for(1, "send")
    assert (span.trace_id, span.parent_span_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


def test_tombstone_key_hmac_and_digest(make_producer, name):
    """A message without value is a tombstone; keys can be hashed, payloads digested."""
    with recording(key_hmac=b"secret", payload_digest=True) as recorder:
        producer = make_producer()
        producer.send(name("orders"), key=b"42").get(timeout=10)
        producer.send(name("orders"), key=b"42", value=b"v").get(timeout=10)
        first, second = recorder.wait_for(2, "send")
    assert first.attributes[names.TOMBSTONE] is True
    assert names.BODY_SIZE not in first.attributes
    assert first.attributes[names.KEY] == second.attributes[names.KEY] != "42"
    assert len(first.attributes[names.KEY]) == 64
    assert len(second.attributes[names.PAYLOAD_DIGEST]) == 64
    assert names.PAYLOAD_DIGEST not in first.attributes


def test_key_that_is_not_utf8_is_escaped(recorder, make_producer, name):
    """A binary key is no error."""
    make_producer().send(name("orders"), key=b"a\xff", value=b"v").get(timeout=10)
    assert recorder.wait_for(1, "send")[0].attributes[names.KEY] == "a\\xff"


def test_serialized_key_and_size_are_recorded(recorder, make_producer, name):
    """What goes to the broker counts, not what the application passed."""
    producer = make_producer(key_serializer=lambda key: f"k-{key}".encode(), value_serializer=lambda v: v.encode() * 2)
    producer.send(name("orders"), key=7, value="abc").get(timeout=10)
    (span,) = recorder.wait_for(1, "send")
    assert span.attributes[names.KEY] == "k-7"
    assert span.attributes[names.BODY_SIZE] == 6


def test_schema_ids_event_types_and_origins_are_read(recorder, make_producer, name):
    """Headers and the payload's prefix tell what a message is and where a copy came from."""
    producer = make_producer()
    headers = [
        ("event-type", b"OrderPlaced"),
        ("kafka_dlt-original-topic", b"orders"),
        ("kafka_dlt-original-partition", (3).to_bytes(4, "big")),
        ("kafka_dlt-original-offset", (1042).to_bytes(8, "big")),
        ("kafka_dlt-original-consumer-group", b"payment"),
    ]
    producer.send(name("orders-dlt"), value=b"\x00\x00\x00\x00\x07rest", headers=headers).get(timeout=10)
    attributes = recorder.wait_for(1, "send")[0].attributes
    assert attributes[names.SCHEMA_ID] == "7"
    assert attributes[names.EVENT_TYPE] == "OrderPlaced"
    assert attributes[names.ORIGIN_DESTINATION] == "orders"
    assert attributes[names.ORIGIN_PARTITION] == 3
    assert attributes[names.ORIGIN_OFFSET] == 1042
    assert attributes[names.ORIGIN_GROUP] == "payment"


def test_cloudevents_mode(make_producer, make_consumer, name):
    """CloudEvents attributes are stamped; the caller's type and source stand."""
    with recording(cloudevents=True, service="shop") as recorder:
        producer = make_producer()
        producer.send(name("orders"), value=b"1", partition=0, headers=[("ce_type", b"Placed"), ("ce_id", b"7")])
        producer.flush()
        (span,) = recorder.wait_for(1, "send")
        (record,) = read_back(make_consumer, name("orders"), 1)
    found = dict(record.headers)
    assert found["ce_id"] == b"7"
    assert found["ce_type"] == b"Placed"
    assert found["ce_source"] == b"shop"
    assert found["ce_specversion"] == b"1.0"
    assert found["ce_correlationid"] == b"7"
    assert found["traceparent"] == found["ce_traceparent"] == f"00-{span.trace_id}-{span.span_id}-01".encode()
    assert len(found) == len(record.headers)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda p: p.send("t", value=None, key=None), (AssertionError, ValueError)),
        (lambda p: p.send("t", value="text"), (AssertionError, TypeError)),
        (lambda p: p.send("t", value=b"v", headers=(("a", b"b"),)), (AssertionError, TypeError)),
        (lambda p: p.send("t", value=b"v", headers=[("a", 1)]), (AssertionError, TypeError)),
        (lambda p: p.send("t", value=b"x" * 2_000_000).get(timeout=5), kafka_errors.MessageSizeTooLargeError),
        (lambda p: p.send("t", value=b"v", partition=99), (AssertionError, ValueError)),
        (lambda p: p.send(), TypeError),
        (lambda p: p.send("t", b"v", nonsense=1), TypeError),
    ],
)
def test_a_send_that_raises_raises_the_same(recorder, make_producer, name, call, expected):
    """Exception type and message are those of the bare client; the span says failed."""
    errors = []
    for traced in (False, True):
        with pytest.raises(expected) as caught:
            call(make_producer(traced=traced))
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0]) == str(errors[1])
    (span,) = recorder.spans("send")
    assert span.attributes[names.PUBLISH_OUTCOME] == "failed"
    assert span.attributes[names.ERROR_TYPE] == type(errors[0]).__qualname__
    assert span.status == "error"
    assert names.OFFSET not in span.attributes


def test_an_exception_of_a_serializer_is_the_hosts_own(recorder, make_producer):
    """The very same exception object comes out."""
    mine = RuntimeError("mine")

    def serialize(value: object) -> bytes:
        raise mine

    with pytest.raises(RuntimeError) as caught:
        make_producer(value_serializer=serialize).send("t", value=b"v")
    assert caught.value is mine
    assert recorder.spans("send")[0].attributes[names.PUBLISH_OUTCOME] == "failed"


def test_trace_returns_the_same_object_and_twice_is_once(recorder, make_producer, name):
    """Type and identity stay; tracing again changes nothing."""
    bare = make_producer(traced=False)
    traced = trace(trace(bare))
    assert traced is bare
    assert type(traced) is KafkaProducer
    assert isinstance(traced, KafkaProducer)
    traced.send(name("orders"), value=b"1").get(timeout=10)
    assert len(recorder.wait_for(1, "send")) == 1


def test_the_future_is_the_clients_own(recorder, make_producer, name):
    """Callbacks of the application run as before, with the same values."""
    seen = []
    future = make_producer().send(name("orders"), value=b"1")
    assert type(future).__name__ == "FutureRecordMetadata"
    future.add_callback(seen.append)
    metadata = future.get(timeout=10)
    assert seen == [metadata]
    assert future.value is metadata


def test_subclasses_and_wrappers_go_on_working(recorder, make_producer, name):
    """What a subclass sends is recorded as it goes out; a wrapper in front changes nothing."""

    class Prefixing(KafkaProducer):
        def send(self, topic: str, value: Any = None, **rest: Any) -> Any:
            return super().send(f"p-{topic}", value=value, **rest)

    class Wrapper:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def publish(self, topic: str) -> Any:
            return self.inner.send(topic, value=b"w")

    producer = make_producer(Prefixing)
    assert type(producer) is Prefixing
    Wrapper(producer).publish(name("orders")).get(timeout=10)
    (span,) = recorder.wait_for(1, "send")
    assert span.attributes[names.DESTINATION] == f"p-{name('orders')}"


def test_other_producers_stay_untraced(recorder, make_producer, name):
    """Only what was given to trace() is recorded."""
    make_producer()
    make_producer(traced=False).send(name("orders"), value=b"1").get(timeout=10)
    assert recorder.spans("send") == []


@pytest.mark.parametrize("thing", [object(), KafkaProducer, None, "producer"])
def test_trace_of_anything_else_is_a_type_error(thing):
    """The message names what is supported."""
    with pytest.raises(TypeError, match=r"KafkaProducer.*KafkaConsumer"):
        trace(thing)


def test_what_has_no_answer_at_close_is_in_doubt(recorder, make_producer, mock_broker):
    """A close before the ack leaves the publication open, and says so; the last span is the close."""
    producer = make_producer(linger_ms=60_000)
    publisher = producer.__dict__["_flowtrail"]
    producer.partitions_for("doubt")
    from flowtrail_tracer._adapters.kafka_python.producer import KafkaPublication

    KafkaPublication(publisher, "doubt")
    producer.close(timeout=5)
    (span,) = recorder.spans("send")
    assert span.attributes[names.PUBLISH_OUTCOME] == "in-doubt"
    last = recorder.spans()[-1]
    assert last.attributes[names.OPERATION_NAME] == "close"


def test_numbers_have_no_holes_and_threads_share_them(recorder, make_producer, name):
    """Concurrent sends get numbers 1..n, each once; send numbers per destination likewise."""
    producer = make_producer()

    def work() -> None:
        for _ in range(50):
            producer.send(name("orders"), value=b"1", partition=0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    producer.flush()
    spans = recorder.wait_for(200, "send")
    assert sorted(span.number for span in spans) == list(range(1, 201))
    assert sorted(span.attributes[names.PRODUCER_SEQ] for span in spans) == list(range(1, 201))
    assert len({span.span_id for span in spans}) == 200
    assert len({span.attributes[names.OFFSET] for span in spans}) == 200


def test_acks_zero_is_in_doubt(recorder, make_producer, name):
    """Nobody answered: that is no ack, and no failure."""
    config = {"acks": 0}
    if "enable_idempotence" in KafkaProducer.DEFAULT_CONFIG:
        config["enable_idempotence"] = False
    producer = make_producer(**config)
    producer.send(name("orders"), value=b"1")
    producer.flush()
    (span,) = recorder.wait_for(1, "send")
    assert span.attributes[names.PUBLISH_OUTCOME] == "in-doubt"
    assert names.OFFSET not in span.attributes


def test_somebodys_wrapper_of_send_is_called_as_the_application_calls():
    """Positions stay positions and names stay names: a wrapper may look for its arguments in either."""
    seen = []

    def wrapper(self, *args, **kwargs):
        seen.append((args, kwargs))
        return "future"

    send = make_send(wrapper, lambda _: None)
    client = SimpleNamespace()
    assert send(client, "orders", b"v", headers=None) == "future"
    assert send(client, topic="orders", value=b"v") == "future"
    assert seen == [(("orders", b"v"), {"headers": None}), ((), {"topic": "orders", "value": b"v"})]
