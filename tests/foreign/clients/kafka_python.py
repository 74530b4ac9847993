"""kafka-python under its official instrumentation."""

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from opentelemetry.instrumentation.kafka import KafkaInstrumentor

from tests.foreign.clients import telemetry


def main() -> None:
    """Produce, fail to produce, or consume by iteration."""
    asked = telemetry.arguments("produce", "fail", "consume")
    with telemetry.exporting():
        KafkaInstrumentor().instrument()
        {"produce": produce, "fail": fail, "consume": consume}[asked.action](asked)


def produce(asked: telemetry.Asked) -> None:
    """Send messages with keys, and print where they went."""
    producer = KafkaProducer(bootstrap_servers=asked.bootstrap)
    for number in range(asked.count):
        sent = producer.send(asked.topic, b"value", key=b"key-%d" % number, headers=telemetry.headers(number)).get(10)
        telemetry.tell(sent.partition, sent.offset)
    producer.close()


def fail(asked: telemetry.Asked) -> None:
    """Send to a topic that does not exist."""
    producer = KafkaProducer(bootstrap_servers=asked.bootstrap, max_block_ms=1000)
    try:
        producer.send(f"{asked.topic}-missing", b"value").get(10)
    except KafkaError as error:
        telemetry.tell(type(error).__name__)
    producer.close()


def consume(asked: telemetry.Asked) -> None:
    """Read messages by iteration and commit them."""
    consumer = KafkaConsumer(
        asked.topic,
        bootstrap_servers=asked.bootstrap,
        group_id=asked.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=15_000,
    )
    for _, record in zip(range(asked.count), consumer, strict=False):
        telemetry.tell(record.partition, record.offset)
    consumer.commit()
    consumer.close()


main()
