"""A service that leaves its farewell to the tracer: it produces or consumes `count` messages and just ends."""

from kafka import KafkaConsumer, KafkaProducer
from telling import arguments, heard, say

from flowtrail_tracer import configure, trace


def main() -> None:
    """Do one thing, wait for a word, close and end."""
    told = arguments()
    configure(service="leaving")
    client = consume(told) if "group" in told else produce(told)
    next(heard())
    client.close()
    say(ending=True)


def produce(told: dict[str, object]) -> KafkaProducer:
    """Send all and say where they stand."""
    producer = trace(KafkaProducer(bootstrap_servers=told["bootstrap"]))
    futures = [producer.send(told["topic"], b"hello") for _ in range(told["count"])]
    say(sent=[future.get(timeout=60).offset for future in futures])
    return producer


def consume(told: dict[str, object]) -> KafkaConsumer:
    """Handle all and say which they were."""
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
        )
    )
    handled = []
    for message in consumer:
        handled.append(message.offset)
        if len(handled) == told["count"]:
            break
    say(handled=handled)
    return consumer


if __name__ == "__main__":
    main()
