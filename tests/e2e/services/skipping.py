"""A consumer that handles `count` messages one by one, then seeks or commits to an offset if told so, and goes on.

It says what it handled after every poll that brought something, until it is to end.
"""

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


def main() -> None:
    """Handle messages; move once."""
    told = arguments()
    configure(service=told["service"])
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            enable_auto_commit=False,
            max_poll_records=1,
            auto_offset_reset=told.get("reset", "earliest"),
        )
    )
    place = TopicPartition(told["topic"], 0)
    ended = ending()
    handled: list[int] = []
    while not ended.is_set():
        for messages in consumer.poll(200).values():
            for message in messages:
                with process(message):
                    handled.append(message.offset)
            consumer.commit()
            if len(handled) == told.get("count"):
                if "seek" in told:
                    consumer.seek(place, told["seek"])
                if "commit" in told:
                    consumer.commit({place: OffsetAndMetadata(told["commit"], "", -1)})
                    ended.set()
            say(handled=handled)
        if not handled and consumer.assignment() and consumer.position(place) is not None:
            say(assigned=consumer.position(place))
    consumer.close()
    flush(60)


if __name__ == "__main__":
    main()
