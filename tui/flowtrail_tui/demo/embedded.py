"""The demo's embedded broker: librdkafka's in-process cluster, in a process of its own.

It speaks the protocol of Kafka 2.1: topics come into being when they are first asked for, with four partitions; there
is no admin interface and nothing survives the process.

Usage: python -m flowtrail_tui.demo.child flowtrail_tui.demo.embedded TOPIC ...
Prints `bootstrap_servers HOST:PORT` on standard output once it can be used.
"""

from __future__ import annotations

import signal
import sys
from threading import Event

API_VERSION = "2.1"
"""What clients must take the broker for: they can not find out by asking."""
ANNOUNCEMENT = "bootstrap_servers "


def main() -> None:
    """Serve until told to stop."""
    from confluent_kafka import Producer

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # The cluster lives as long as the client that carries it.
    carrier = Producer({"bootstrap.servers": "embedded", "test.mock.num.brokers": 1, "log_level": 0})
    brokers = carrier.list_topics(timeout=10).brokers.values()
    for topic in sys.argv[1:]:
        carrier.list_topics(topic, timeout=10)
    print(ANNOUNCEMENT + ",".join(f"{broker.host}:{broker.port}" for broker in brokers), flush=True)  # noqa: T201
    while not stop.wait(1.0):
        carrier.poll(0)


if __name__ == "__main__":
    main()
