"""A consumer whose handler fails; it sends the message on to a dead-letter topic, headers and all, if it has one."""

from handling import RefusedError, handle
from kafka import KafkaConsumer, KafkaProducer
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


def main() -> None:
    """Handle one message."""
    told = arguments()
    configure(service=told["service"])
    producer = trace(KafkaProducer(bootstrap_servers=told["bootstrap"]))
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
    )
    ended = ending()
    message = next(consumer)
    try:
        with process(message):
            try:
                handle(message, told, ended)
            except RefusedError:
                if told["dead_letters"]:
                    copy = {"key": message.key, "value": message.value, "headers": message.headers}
                    producer.send(told["dead_letters"], **copy).get(timeout=60)
                raise
    except RefusedError:
        consumer.commit()
    say(handled=[message.offset])
    ended.wait()
    consumer.close()
    producer.close()
    flush(60)


if __name__ == "__main__":
    main()
