"""How a service runs: until it is told to stop, and through the moments in which its group settles."""

from __future__ import annotations

import signal
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from kafka.errors import CommitFailedError, InvalidRequestError

if TYPE_CHECKING:
    from kafka import KafkaConsumer
    from kafka.consumer.fetcher import ConsumerRecord

    from food_delivery.faults import Faults

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
    """Ask for messages. The embedded broker may refuse while a group settles (see `embedded`): then ask again."""
    try:
        return dict(consumer.poll(timeout_ms=timeout_ms))
    except InvalidRequestError:
        return {}


def commit(consumer: KafkaConsumer, done: list[ConsumerRecord], faults: Faults) -> None:
    """Commit what is done. A group that is rebalancing may refuse; a new owner then does it all again."""
    try:
        consumer.commit()
    except CommitFailedError:
        faults.commit_refused(done)
    else:
        faults.committed()
