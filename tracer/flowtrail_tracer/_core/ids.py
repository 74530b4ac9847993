"""Identities and time: random in production, counted and stepped in tests."""

import os
import random
import time
import uuid
from typing import Protocol


class Ids(Protocol):
    """Where identities come from."""

    def trace_id(self) -> int:
        """Return a 128-bit trace id, never zero."""

    def span_id(self) -> int:
        """Return a 64-bit span id, never zero."""

    def message_id(self, now: int) -> str:
        """Return a message id for a message sent at `now` (nanoseconds since the epoch)."""

    def epoch(self) -> str:
        """Return a name for one start of one producer."""

    def instance_id(self) -> str:
        """Return a name for one start of one process."""

    def reseed(self) -> None:
        """Forget what a forked child shares with its parent."""


class RandomIds:
    """Random identities; message ids are UUIDv7 (RFC 9562), so they sort by time."""

    def __init__(self) -> None:
        self._random = random.Random(os.urandom(16))  # noqa: S311 - ids, not secrets
        self._bits = self._random.getrandbits

    def trace_id(self) -> int:
        """Return a random trace id."""
        return self._bits(128) or 1

    def span_id(self) -> int:
        """Return a random span id."""
        return self._bits(64) or 1

    def message_id(self, now: int) -> str:
        """Return a UUIDv7."""
        millis, tail = now // 1_000_000 & 0xFFFFFFFFFFFF, self._bits(74)
        return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031 - half the time of an f-string
            millis >> 16,
            millis & 0xFFFF,
            tail >> 62,
            tail >> 48 & 0x3FFF | 0x8000,
            tail & 0xFFFFFFFFFFFF,
        )

    def epoch(self) -> str:
        """Return 16 hexadecimal digits."""
        return f"{self._bits(64):016x}"

    def instance_id(self) -> str:
        """Return a UUIDv4."""
        return str(uuid.UUID(int=self._bits(128), version=4))

    def reseed(self) -> None:
        """Draw a new seed from the operating system."""
        self._random.seed(os.urandom(16))


class CounterIds:
    """Counted identities for tests: 1, 2, 3 ... for every kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def _next(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def trace_id(self) -> int:
        """Return the next trace id."""
        return self._next("trace")

    def span_id(self) -> int:
        """Return the next span id."""
        return self._next("span")

    def message_id(self, now: int) -> str:  # noqa: ARG002 - the protocol's parameter
        """Return `message-1`, `message-2` ..."""
        return f"message-{self._next('message')}"

    def epoch(self) -> str:
        """Return `epoch-1`, `epoch-2` ..."""
        return f"epoch-{self._next('epoch')}"

    def instance_id(self) -> str:
        """Return `instance-1`, `instance-2` ..."""
        return f"instance-{self._next('instance')}"

    def reseed(self) -> None:
        """Keep counting."""


class SteppingClock:
    """A clock for tests that moves on by `step` nanoseconds at every reading."""

    def __init__(self, start: int = 1_700_000_000_000_000_000, step: int = 1_000_000) -> None:
        self._now = start
        self._step = step

    def __call__(self) -> int:
        """Return nanoseconds since the epoch, later at every call."""
        self._now += self._step
        return self._now


system_clock = time.time_ns
