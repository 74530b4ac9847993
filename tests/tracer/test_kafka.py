"""Against a real Kafka: transactions, rebalances, doubt, and ten thousand messages."""

import sys
import threading
import time
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from flowtrail_tracer import attributes as names
from flowtrail_tracer import trace
from flowtrail_tracer.testing import Recorder

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*unclosed.*socket:ResourceWarning"),
    # kafka-python leaves the sockets of refused connections to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def positions(recorder: Recorder, operation: str) -> list[tuple[str, int | None]]:
    """Return (partition, position) of spans of one operation."""
    return [
        (span.attributes[names.PARTITION], span.attributes.get(names.POSITION)) for span in recorder.spans(operation)
    ]


def test_transactions_are_told_as_they_end(kafka, topic, topic_name, recorder):
    """Acked is not committed: commit and abort are settle spans; offsets sent along hold with the commit."""
    orders, payments = topic("orders"), topic("payments")
    servers = kafka.bootstrap_servers
    producer = trace(KafkaProducer(bootstrap_servers=servers, transactional_id=topic_name("tx")))
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(orders, b"1").get(timeout=10)
    producer.abort_transaction()
    producer.begin_transaction()
    producer.send(orders, b"2")
    producer.commit_transaction()
    consumer = trace(
        KafkaConsumer(
            orders,
            bootstrap_servers=servers,
            group_id=topic_name("g"),
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
            consumer_timeout_ms=10_000,
        )
    )
    record = next(consumer)
    assert record.value == b"2"
    producer.begin_transaction()
    producer.send(payments, b"p")
    group = consumer.group_metadata() if hasattr(consumer, "group_metadata") else topic_name("g")
    from kafka.structs import OffsetAndMetadata

    producer.send_offsets_to_transaction(
        {TopicPartition(orders, 0): OffsetAndMetadata(record.offset + 1, "", -1)}, group
    )
    producer.commit_transaction()
    consumer.close()
    producer.close()
    ends = [
        (span.attributes[names.OPERATION_NAME], span.attributes.get(names.TRANSACTION_OUTCOME))
        for span in recorder.spans("settle")
        if names.TRANSACTION_ID in span.attributes and names.POSITION not in span.attributes
    ]
    assert [end for end in ends if end[1]] == [
        ("abort-transaction", "aborted"),
        ("commit-transaction", "committed"),
        ("commit-transaction", "committed"),
    ]
    sends = recorder.spans("send")
    assert {span.attributes[names.TRANSACTION_ID] for span in sends} == {topic_name("tx")}
    (committed,) = [
        span
        for span in recorder.spans("settle")
        if names.POSITION in span.attributes and span.attributes[names.POSITION_REASON] == "commit"
    ]
    assert committed.attributes[names.POSITION] == record.offset + 1
    assert committed.attributes[names.CONSUMER_GROUP] == topic_name("g")
    (received,) = recorder.spans("receive")
    assert received.attributes[names.OFFSET] == record.offset
    assert sends[0].attributes[names.CLUSTER_ID]
    caused = sends[-1].attributes
    assert caused[names.CAUSATION_ID] == dict(record.headers)["message-id"].decode()


def test_holes_are_written_as_runs(kafka, topic, topic_name, recorder):
    """Markers of transactions are offsets that nobody is handed."""
    orders = topic("orders")
    producer = trace(KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=topic_name("tx")))
    producer.init_transactions()
    for _ in range(3):
        producer.begin_transaction()
        producer.send(orders, b"1")
        producer.send(orders, b"2")
        producer.commit_transaction()
    producer.close()
    consumer = trace(KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"))
    consumer.assign([TopicPartition(orders, 0)])
    count = 0
    while count < 6:
        count += sum(map(len, consumer.poll(timeout_ms=1000).values()))
    consumer.close()
    (span,) = recorder.spans("receive")
    assert span.attributes[names.OFFSET_RUNS] == "0-1,3-4,6-7"
    assert span.attributes[names.BATCH_COUNT] == 6
    assert span.attributes[names.OFFSET_LAST] == 7


def test_a_rebalance_revokes_and_assigns_with_generations(kafka, topic, topic_name, recorder):
    """A second member takes over half; positions are the group's."""
    orders = topic("orders", partitions=2)
    producer = trace(KafkaProducer(bootstrap_servers=kafka.bootstrap_servers))
    for partition in (0, 1):
        for _ in range(3):
            producer.send(orders, b"v", partition=partition)
    producer.flush()

    def consumer() -> Any:
        return trace(
            KafkaConsumer(
                orders,
                bootstrap_servers=kafka.bootstrap_servers,
                group_id=topic_name("g"),
                auto_offset_reset="earliest",
                enable_auto_commit=True,
                heartbeat_interval_ms=300,
                session_timeout_ms=6000,
            )
        )

    first = consumer()
    seen = 0
    while seen < 6:
        seen += sum(map(len, first.poll(timeout_ms=500).values()))
    second = consumer()
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            first.poll(timeout_ms=100)

    thread = threading.Thread(target=go_on)
    thread.start()
    end = time.monotonic() + 30
    while not second.assignment() and time.monotonic() < end:
        second.poll(timeout_ms=200)
    for _ in range(5):
        second.poll(timeout_ms=200)
    stop.set()
    thread.join()
    second.close()
    first.close()
    producer.close()
    assigned = recorder.spans("assign")
    generations = {span.attributes[names.GENERATION] for span in assigned}
    assert len(generations) >= 2
    assert len({span.attributes[names.MEMBER] for span in assigned}) == 2
    later = [span for span in assigned if span.attributes[names.GENERATION] == max(generations)]
    taken = [span for span in assigned if span.attributes[names.MEMBER] != assigned[0].attributes[names.MEMBER]]
    assert taken
    assert {span.attributes.get(names.POSITION) for span in taken} == {3}
    assert later
    revoked = recorder.spans("revoke")
    assert len(revoked) == len(assigned)
    assert all(span.attributes[names.MEMBER] for span in revoked)
    order = [span.operation for span in recorder.spans() if span.operation in ("assign", "revoke", "close")]
    assert order[-1] == "close"


def test_a_stopped_broker_leaves_publications_in_doubt(private_kafka, topic_name, recorder):
    """A timeout is in doubt, never failed."""
    broker = private_kafka()
    orders = broker.create_topic(topic_name("orders"), 1, None)
    config: dict[str, Any] = {"request_timeout_ms": 2000}
    if "delivery_timeout_ms" in KafkaProducer.DEFAULT_CONFIG:
        config["delivery_timeout_ms"] = 3000
    producer = trace(KafkaProducer(bootstrap_servers=broker.bootstrap_servers, **config))
    producer.send(orders, b"1").get(timeout=10)
    broker.stop()
    future = producer.send(orders, b"2")
    with pytest.raises(Exception):  # noqa: B017, PT011 - which error depends on the client's version
        future.get(timeout=60)
    producer.close(timeout=2)
    acked, doubtful = recorder.spans("send")
    assert acked.attributes[names.PUBLISH_OUTCOME] == "acked"
    assert doubtful.attributes[names.PUBLISH_OUTCOME] == "in-doubt"
    assert doubtful.attributes[names.ERROR_TYPE]
    assert names.OFFSET not in doubtful.attributes


def test_threads_take_send_numbers_in_the_order_of_the_log(kafka, topic, recorder):
    """What two threads send to one partition at once is numbered as it is appended: that is no reordering."""
    orders = topic("orders", partitions=2)
    producer = trace(KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, linger_ms=5, batch_size=2000))

    def work() -> None:
        for number in range(500):
            producer.send(orders, b"v", key=b"one", partition=number % 2)

    threads = [threading.Thread(target=work) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    producer.close()
    sent = recorder.spans("send")
    assert len(sent) == 4000
    for partition in ("0", "1"):
        log = sorted(
            (span.attributes[names.OFFSET], span.attributes[names.PRODUCER_SEQ])
            for span in sent
            if span.attributes[names.PARTITION] == partition
        )
        numbers = [number for _, number in log]
        assert numbers == sorted(numbers)
        assert len(set(numbers)) == 2000


def test_ten_thousand_messages_none_missing_none_doubled(kafka, topic, recorder):
    """Every send has its ack, every record its processing, numbers have no hole."""
    orders = topic("orders", partitions=3)
    producer = trace(KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, linger_ms=5))
    for number in range(10_000):
        producer.send(orders, b"%d" % number, partition=number % 3)
    producer.close()
    consumer = trace(KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"))
    consumer.assign([TopicPartition(orders, partition) for partition in range(3)])
    for count, _ in enumerate(consumer, 1):
        if count == 10_000:
            break
    consumer.close()
    sent = {(span.attributes[names.PARTITION], span.attributes[names.OFFSET]) for span in recorder.spans("send")}
    processed = [(s.attributes[names.PARTITION], s.attributes[names.OFFSET]) for s in recorder.spans("process")]
    assert len(sent) == len(processed) == 10_000
    assert sorted(s.attributes[names.PRODUCER_SEQ] for s in recorder.spans("send")) == list(range(1, 10_001))
    assert set(processed) == sent
    received = recorder.spans("receive")
    assert sum(span.attributes[names.BATCH_COUNT] for span in received) == 10_000
    numbers = [span.number for span in recorder.spans()]
    assert numbers == list(range(1, len(numbers) + 1))
