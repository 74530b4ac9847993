"""The events of the system: one envelope in JSON, written the same way by every service."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from kafka import KafkaProducer
    from kafka.consumer.fetcher import ConsumerRecord


@dataclass(frozen=True)
class Event:
    """Something that happened to one order."""

    type: str
    """`OrderPlaced`, `PaymentTaken`, `OrderAccepted`, `MealReady`."""
    order: str
    because: str | None = None
    """The id of the event that this one answers."""
    details: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def key(self) -> bytes:
        """All events of one order share a key, so each topic keeps them in one partition and in order."""
        return self.order.encode()


def publish(producer: KafkaProducer, topic: str, event: Event) -> None:
    """Send an event under its own id; a traced producer adds the rest (trace, flow, cause, sequence)."""
    headers = [("message-id", event.id.encode()), ("event-type", event.type.encode())]
    producer.send(topic, key=event.key, value=json.dumps(asdict(event)).encode(), headers=headers)


def read(message: ConsumerRecord) -> Event:
    """Read the event that a message carries."""
    return Event(**json.loads(message.value))
