"""confluent-kafka under its official instrumentation."""

import confluent_kafka
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor

from tests.foreign.clients import telemetry


def main() -> None:
    """Produce, fail to produce, consume one by one, or consume in a batch."""
    asked = telemetry.arguments("produce", "fail", "consume", "consume-batch")
    actions = {"produce": produce, "fail": fail, "consume": consume, "consume-batch": consume_batch}
    with telemetry.exporting():
        ConfluentKafkaInstrumentor().instrument()
        actions[asked.action](asked)


def produce(asked: telemetry.Asked) -> None:
    """Send messages with keys, and print where they went."""
    producer = confluent_kafka.Producer({"bootstrap.servers": asked.bootstrap})
    for number in range(asked.count):
        producer.produce(
            topic=asked.topic,
            value=b"value",
            key=f"key-{number}",
            headers=telemetry.headers(number),
            on_delivery=lambda _, message: telemetry.tell(message.partition(), message.offset()),
        )
        producer.flush(10)


def fail(asked: telemetry.Asked) -> None:
    """Send more than a message may hold."""
    producer = confluent_kafka.Producer({"bootstrap.servers": asked.bootstrap, "message.max.bytes": 1000})
    try:
        producer.produce(topic=asked.topic, value=b"x" * 5000)
    except confluent_kafka.KafkaException as error:
        telemetry.tell(error.args[0].name())
    producer.flush(10)


def _consumer(asked: telemetry.Asked) -> confluent_kafka.Consumer:
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": asked.bootstrap,
            "group.id": asked.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([asked.topic])
    return consumer


def consume(asked: telemetry.Asked) -> None:
    """Poll messages one by one and commit them."""
    consumer = _consumer(asked)
    for _ in range(asked.count):
        message = consumer.poll(15)
        assert message is not None
        telemetry.tell(message.partition(), message.offset())
    consumer.commit(asynchronous=False)
    consumer.close()


def consume_batch(asked: telemetry.Asked) -> None:
    """Consume all messages with one call."""
    consumer = _consumer(asked)
    for message in consumer.consume(asked.count, timeout=15):
        telemetry.tell(message.partition(), message.offset())
    consumer.close()


main()
