"""A consumer that iterates, the plainest there is; it ends when it has handled `count` messages."""

from handling import handle
from kafka import KafkaConsumer
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, trace


def main() -> None:
    """Handle messages; commit each if told so, else leave it to the client."""
    told = arguments()
    configure(service=told["service"])
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
            **told.get("config", {}),
        )
    )
    ended = ending()
    handled = []
    for message in consumer:
        handle(message, told, ended)
        handled.append([message.partition, message.offset])
        if told.get("commit"):
            consumer.commit()
        if len(handled) == told["count"]:
            break
    say(handled=handled)
    consumer.close()
    flush(60)
    say(closed=True)


if __name__ == "__main__":
    main()
