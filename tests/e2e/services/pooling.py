"""A consumer that handles with a pool of threads: one that says `wait` waits until the others are done."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kafka import KafkaConsumer
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


def main() -> None:
    """Handle `count` messages at once, then commit."""
    told = arguments()
    configure(service=told["service"])
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
    handled: list[int] = []
    others_done = threading.Event()

    def work(message: Any) -> None:
        with process(message):
            if message.value == b"wait":
                others_done.wait()
        handled.append(message.offset)
        if len(handled) == told["count"] - 1:
            others_done.set()

    taken = 0
    with ThreadPoolExecutor(4) as pool:
        while taken < told["count"]:
            for messages in consumer.poll(200).values():
                for message in messages:
                    pool.submit(work, message).add_done_callback(lambda done: done.result())
                    taken += 1
    consumer.commit()
    say(handled=sorted(handled[:-1]) + handled[-1:])
    ended.wait()
    consumer.close()
    flush(60)


if __name__ == "__main__":
    main()
