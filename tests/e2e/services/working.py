"""A consumer that gives each message to a thread and does not look back: it polls on and auto-commits."""

import sys
import threading
from typing import Any

from kafka import KafkaConsumer
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


def work(message: Any) -> None:
    """Handle one message: well; or the thread ends before it does; or it never ends."""
    if message.value == b"dies":
        sys.exit()
    with process(message):
        if message.value == b"hangs":
            threading.Event().wait()


def main() -> None:
    """Take messages until told to end."""
    told = arguments()
    configure(service=told["service"])
    consumer = trace(
        KafkaConsumer(
            told["topic"],
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
            auto_commit_interval_ms=200,
        )
    )
    ended = ending()
    while not ended.is_set():
        for messages in consumer.poll(200).values():
            for message in messages:
                thread = threading.Thread(target=work, args=(message,), daemon=True)
                thread.start()
                thread.join(0.5)
                flush(60)
                say(taken=message.offset)


if __name__ == "__main__":
    main()
