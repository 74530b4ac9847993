"""Runs the README's code as a service: `python service.py BOOTSTRAP BLOCK ...`, the blocks as the README has them.

Around them stands only what a reader supplies: the address of the broker, what the broker can do, where a new group
begins, and `handle`. A loop over a consumer has no end, so `handle` ends it after the first message; blocks that poll
are repeated until they have handled another.
"""

import sys
from typing import Any

from kafka import KafkaConsumer, KafkaProducer


class EnoughError(Exception):
    """Ends the loop over a consumer."""


def main() -> None:
    """Run the blocks one after another, in one module."""
    bootstrap, *blocks = sys.argv[1:]
    for client in (KafkaProducer, KafkaConsumer):
        client.DEFAULT_CONFIG["api_version"] = (2, 1)
    KafkaConsumer.DEFAULT_CONFIG["auto_offset_reset"] = "earliest"
    handled: list[Any] = []
    names: dict[str, Any] = {"__name__": "__main__", "handle": handled.append}
    for block in blocks:
        code = block.replace("localhost:9092", bootstrap)
        if "for message in consumer" in code:
            names["handle"] = lambda message: (handled.append(message), _stop())
            try:
                exec(code, names)  # noqa: S102 the README's code
            except EnoughError:
                names["handle"] = handled.append
        elif "consumer.poll" in code:
            while len(handled) < 2:
                exec(code, names)  # noqa: S102 likewise
        else:
            exec(code, names)  # noqa: S102 likewise
    for name in ("producer", "consumer"):
        if name in names:
            names[name].close()


def _stop() -> None:
    raise EnoughError


if __name__ == "__main__":
    main()
