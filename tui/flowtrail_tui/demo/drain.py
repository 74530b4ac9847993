"""Waits until the system has come to rest: every group has committed all that its topics hold."""

from __future__ import annotations

from contextlib import ExitStack
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from flowtrail_tui.demo.services import READERS

if TYPE_CHECKING:
    from flowtrail_tui.demo.broker import Broker

TIMEOUT = 90.0
PATIENCE = 2
"""Looks in a row that must find nothing unread and nothing new: a message in hand may cause another."""
INTERVAL = 0.5


def drain(broker: Broker, timeout: float = TIMEOUT) -> dict[str, int]:
    """Wait until nothing is unread. Returns what is left by group after `timeout` seconds; empty when all is done.

    Asks the broker, never flowtrail: what flowtrail says of the run must not decide how long the run takes.
    """
    deadline = monotonic() + timeout
    calm, before = 0, -1
    with ExitStack() as open_clients:
        clients = {group: open_clients.enter_context(_client(broker, group)) for group in READERS}
        while True:
            left, written = {}, 0
            for group, client in clients.items():
                partitions = _partitions(client, [broker.prefix + topic for topic in READERS[group]])
                ends = client.end_offsets(partitions)
                unread = sum(end - (client.committed(partition) or 0) for partition, end in ends.items())
                written += sum(ends.values())
                if unread:
                    left[group] = unread
            calm = calm + 1 if not left and written == before else 0
            before = written
            if calm >= PATIENCE or monotonic() > deadline:
                return left
            sleep(INTERVAL)


def _client(broker: Broker, group: str) -> Any:
    """Make a consumer that never joins its group: it only asks what the group has committed."""
    from kafka import KafkaConsumer

    return KafkaConsumer(**broker.client(), group_id=broker.prefix + group, enable_auto_commit=False)


def _partitions(client: Any, topics: list[str]) -> list[Any]:
    from kafka import TopicPartition

    return [TopicPartition(topic, number) for topic in topics for number in client.partitions_for_topic(topic) or ()]
