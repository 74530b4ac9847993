"""A consumer that reads `count` messages by iteration, seeks back once, and reads them again."""

from kafka import KafkaConsumer, TopicPartition
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, trace


def main() -> None:
    """Handle everything, and everything from `back_to` on once more."""
    told = arguments()
    configure(service=told["service"])
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
        )
    )
    ended = ending()
    handled = []
    for message in consumer:
        handled.append(message.offset)
        if len(handled) == told["count"]:
            consumer.seek(TopicPartition(told["topic"], message.partition), told["back_to"])
        if len(handled) == 2 * told["count"] - told["back_to"]:
            break
    say(handled=handled)
    ended.wait()
    consumer.close()
    flush(60)


if __name__ == "__main__":
    main()
