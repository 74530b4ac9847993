"""Handling several messages at a time without mixing up any customer's: lanes by key, effects after their causes.

A consumer that handles concurrently owes three things that a plain loop gives for nothing:

- what belongs to one key is handled in order: each key has its lane, and a lane is one thread;
- an effect waits for its cause. Kafka keeps order within a partition, not across topics: the kitchen's answer may be
  fetched before the payment that it answers;
- the committed position never passes a message that is still being handled.
"""

from __future__ import annotations

from collections import defaultdict
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING
from zlib import crc32

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from food_delivery.events import Event, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.consumer.fetcher import ConsumerRecord

    from food_delivery.faults import Faults

ANSWERS = ("OrderAccepted", "MealReady")
"""Events whose cause, a payment, this service reads as well."""
PATIENCE = 10.0
"""Seconds that an effect waits for its cause; then the cause was handled by whoever had this partition before."""


class Lanes:
    """Hands messages to threads, and knows how far each partition is done."""

    def __init__(self, handle: Callable[[ConsumerRecord], None], faults: Faults, count: int = 4) -> None:
        self._handle = handle
        self._faults = faults
        self._lock = Lock()
        self._waiting: dict[str, list[tuple[float, ConsumerRecord, Event]]] = defaultdict(list)
        self._begun: set[str] = set()  # a service that lives longer would keep this in its database
        self._pending: dict[TopicPartition, set[int]] = defaultdict(set)
        self._next: dict[TopicPartition, int] = {}
        self._told: dict[TopicPartition, int] = {}
        self._lanes: list[SimpleQueue[ConsumerRecord | None]] = [SimpleQueue() for _ in range(count)]
        self._threads = [Thread(target=self._work, args=(lane,), daemon=True) for lane in self._lanes]
        for thread in self._threads:
            thread.start()

    def put(self, message: ConsumerRecord) -> None:
        """Take a message from the consumer: it begins as soon as its turn has come."""
        partition = TopicPartition(message.topic, message.partition)
        with self._lock:
            self._pending[partition].add(message.offset)
            self._next[partition] = message.offset + 1
        event = read(message)
        self._waiting[event.order].append((monotonic() + PATIENCE, message, event))
        self._advance(event.order)

    def let_pass(self) -> None:
        """Look again at those that wait: some may have waited long enough."""
        for order in list(self._waiting):
            self._advance(order)

    def finished(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """How far each partition is done, where it has moved: the lowest offset in hand, or the next to come."""
        with self._lock:
            done = {partition: min(self._pending[partition], default=after) for partition, after in self._next.items()}
        moved = {partition: offset for partition, offset in done.items() if self._told.get(partition) != offset}
        self._told.update(moved)
        return {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in moved.items()}

    def close(self) -> None:
        """Finish what has begun; what still waits is left to the next member."""
        for lane in self._lanes:
            lane.put(None)
        for thread in self._threads:
            thread.join()

    def _advance(self, order: str) -> None:
        """Begin this order's messages, as far as their causes allow."""
        waiting = self._waiting[order]
        while (turn := self._next_turn(waiting)) is not None:
            _, message, event = waiting.pop(turn)
            self._begun.add(event.id)
            self._lanes[crc32(message.key) % len(self._lanes)].put(message)
        if not waiting:
            del self._waiting[order]

    def _next_turn(self, waiting: list[tuple[float, ConsumerRecord, Event]]) -> int | None:
        """Choose the first message that may begin, and that overtakes none of its own topic."""
        turn = self._faults.choose([event for _, _, event in waiting])
        if turn is not None:
            return turn
        blocked = set()
        for place, (deadline, message, event) in enumerate(waiting):
            if message.topic not in blocked and self._may_begin(event, deadline):
                return place
            blocked.add(message.topic)
        return None

    def _may_begin(self, event: Event, deadline: float) -> bool:
        if self._faults.holds_back(event):
            return False
        cause = event.because if event.type in ANSWERS else None
        return cause is None or cause in self._begun or monotonic() > deadline

    def _work(self, lane: SimpleQueue[ConsumerRecord | None]) -> None:
        while (message := lane.get()) is not None:
            if self._faults.takes_a_detour(read(message)):
                Thread(target=self._finish, args=(message,), daemon=True).start()
            else:
                self._finish(message)

    def _finish(self, message: ConsumerRecord) -> None:
        self._handle(message)
        with self._lock:
            self._pending[TopicPartition(message.topic, message.partition)].discard(message.offset)
