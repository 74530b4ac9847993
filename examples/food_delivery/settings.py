"""What every service of the example is told when it starts: where Kafka is, its topics' names, how busy to be."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from food_delivery import embedded

ORDERS = "orders"
"""What customers ordered. Written by `orders`, read by `payment` and `analytics`."""
PAYMENTS = "payments"
"""What was paid. Written by `payment`, read by `restaurant` and `notification`."""
KITCHEN = "kitchen"
"""What the restaurants do with an order. Written by `restaurant`, read by `notification`."""
DEAD_ORDERS = "orders.dlq"
"""Orders that nobody can charge, kept for a person to look at. Written by `payment`."""
TOPICS = (ORDERS, PAYMENTS, KITCHEN, DEAD_ORDERS)


@dataclass(frozen=True)
class Settings:
    """One process's settings, read from its command line."""

    member: str
    """This process among those of its service, `payment-2`."""
    bootstrap_servers: str
    api_version: tuple[int, int] | None
    """Only for flowtrail's embedded broker, which speaks Kafka 2.1."""
    prefix: str
    """In front of every topic and group, so that runs on one broker keep apart."""
    rate: float
    """Orders a second."""
    seconds: float | None
    """How long orders are placed; None: until stopped."""
    seed: int
    faults: Path | None
    """The directory in which injected faults are noted; None: nothing is injected."""

    def topic(self, name: str) -> str:
        """Name a topic as the broker knows it."""
        return self.prefix + name

    def group(self, name: str) -> str:
        """Name a consumer group as the broker knows it."""
        return self.prefix + name

    def client(self) -> dict[str, Any]:
        """Options that producers and consumers share: where the broker is, and who asks."""
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap_servers, "client_id": self.member}
        if self.api_version is not None:
            options["api_version"] = self.api_version
        return options

    def membership(self) -> dict[str, Any]:
        """Options that make a group notice a lost member as soon as brokers allow: the demo is short."""
        if self.api_version is not None:
            return embedded.MEMBERSHIP
        return {"session_timeout_ms": 6000, "heartbeat_interval_ms": 1000}

    @classmethod
    def from_arguments(cls, service: str) -> Settings:
        """Read the command line of `service`."""
        parser = ArgumentParser(prog=f"python -m food_delivery.{service}")
        parser.add_argument("--member", default=f"{service}-1")
        parser.add_argument("--bootstrap-servers", default=os.environ.get("BOOTSTRAP_SERVERS", "localhost:9092"))
        parser.add_argument("--api-version", help="2.1 for flowtrail's embedded broker")
        parser.add_argument("--prefix", default="")
        parser.add_argument("--rate", type=float, default=5.0)
        parser.add_argument("--seconds", type=float)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--faults", type=Path)
        given = parser.parse_args()
        if given.api_version:
            major, minor = given.api_version.split(".")
            given.api_version = (int(major), int(minor))
        return cls(**vars(given))
