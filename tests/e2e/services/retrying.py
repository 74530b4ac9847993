"""One stage of handling: what fails is sent on to where it is to be tried again, or to where dead letters are kept.

A message says how often it fails: `2` fails in the stages 0 and 1. Copies are sent on with key, value and headers. It
says what became of each message and of its copy, until it is to end.
"""

from typing import Any

from handling import RefusedError, note
from kafka import KafkaConsumer, KafkaProducer
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


def try_one(message: Any, producer: Any, told: dict[str, Any]) -> None:
    """Handle a message, or send it on and refuse it."""
    if int(message.value) <= told["stage"]:
        return
    copy = {"key": message.key, "value": message.value, "headers": message.headers}
    standing = producer.send(told["next"], **copy).get(timeout=60)
    name = dict(message.headers)["message-id"].decode()
    say(sent=[{"id": name, "topic": told["next"], "key": None, "offset": standing.offset}])
    raise RefusedError("not yet")


def main() -> None:
    """Handle one stage's messages."""
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
            heartbeat_interval_ms=200,
        )
    )
    ended = ending()
    count = 0
    while not ended.is_set():
        for messages in consumer.poll(200).values():
            for message in messages:
                outcome = "ok"
                try:
                    with process(message):
                        try_one(message, producer, told)
                except RefusedError:
                    outcome = "failed"
                note(message, told, outcome)
                count += 1
            consumer.commit()
            flush(60)
            say(handled=count)
    consumer.close()
    producer.close()
    flush(60)


if __name__ == "__main__":
    main()
