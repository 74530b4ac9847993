"""How a service runs: until it is told to stop, and through the moments in which its group settles."""

from __future__ import annotations

import signal
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from kafka.errors import InvalidRequestError

if TYPE_CHECKING:
    from kafka import KafkaConsumer

Batch = dict[Any, list[Any]]
"""What `poll` returns: messages by topic and partition."""


class Stopping:
    """True once the process was asked to stop; a service finishes what it has in hand and closes its clients."""

    def __init__(self) -> None:
        self._flag = Flag()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, _signal: int, _frame: object) -> None:
        self._flag.set()

    def __bool__(self) -> bool:
        return self._flag.is_set()

    def wait(self, seconds: float) -> None:
        """Pause, but not longer than until the process is asked to stop."""
        self._flag.wait(seconds)


def poll(consumer: KafkaConsumer, timeout_ms: int = 500) -> Batch:
    """Ask for messages; an unsettled group is asked again.

    While a second member joins, the embedded broker may refuse with INVALID_REQUEST where Kafka itself says
    REBALANCE_IN_PROGRESS, which the client would handle alone.
    """
    try:
        return dict(consumer.poll(timeout_ms=timeout_ms))
    except InvalidRequestError:
        return {}
