"""aiokafka under its official instrumentation."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor

from tests.foreign.clients import telemetry


def main() -> None:
    """Produce, fail to produce, consume one by one, or consume in a batch."""
    asked = telemetry.arguments("produce", "fail", "consume", "consume-batch")
    actions = {"produce": produce, "fail": fail, "consume": consume, "consume-batch": consume_batch}
    with telemetry.exporting():
        AIOKafkaInstrumentor().instrument()
        asyncio.run(actions[asked.action](asked))


async def produce(asked: telemetry.Asked) -> None:
    """Send messages with keys, and print where they went."""
    async with AIOKafkaProducer(bootstrap_servers=asked.bootstrap) as producer:
        for number in range(asked.count):
            sent = await producer.send_and_wait(
                asked.topic, b"value", key=b"key-%d" % number, headers=telemetry.headers(number)
            )
            telemetry.tell(sent.partition, sent.offset)


async def fail(asked: telemetry.Asked) -> None:
    """Send more than a message may hold."""
    async with AIOKafkaProducer(bootstrap_servers=asked.bootstrap, max_request_size=1000) as producer:
        try:
            await producer.send_and_wait(asked.topic, b"x" * 5000)
        except KafkaError as error:
            telemetry.tell(type(error).__name__)


def _consumer(asked: telemetry.Asked) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        asked.topic,
        bootstrap_servers=asked.bootstrap,
        group_id=asked.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )


async def consume(asked: telemetry.Asked) -> None:
    """Read messages one by one and commit them."""
    async with _consumer(asked) as consumer:
        for _ in range(asked.count):
            record = await consumer.getone()
            telemetry.tell(record.partition, record.offset)
        await consumer.commit()


async def consume_batch(asked: telemetry.Asked) -> None:
    """Read all messages with as few calls as the broker's answers allow."""
    seen = 0
    async with _consumer(asked) as consumer:
        while seen < asked.count:
            for records in (await consumer.getmany(timeout_ms=15_000)).values():
                seen += len(records)
                for record in records:
                    telemetry.tell(record.partition, record.offset)


main()
