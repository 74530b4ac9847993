"""Identities and time: random in production, counted and stepped in tests."""

import os
import random
import time
import uuid
from base64 import urlsafe_b64encode
from typing import Final, Protocol

NO_TRACE: Final = "0" * 32
NO_SPAN: Final = "0" * 16


class Ids(Protocol):
    """Where identities come from; trace and span ids are in hexadecimal, as headers carry them."""

    def trace_id(self) -> str:
        """Return a 128-bit trace id, never zero."""

    def span_id(self) -> str:
        """Return a 64-bit span id, never zero."""

    def message_id(self, now: int) -> str:
        """Return a message id for a message sent at `now` (nanoseconds since the epoch)."""

    def first(self, now: int) -> tuple[str, str, str]:
        """Return trace id, span id and message id of a message that begins a trace: all three at once."""

    def epoch(self) -> str:
        """Return a name for one start of one producer."""

    def instance_id(self) -> str:
        """Return a name for one start of one process."""

    def reseed(self) -> None:
        """Forget what a forked child shares with its parent."""


class RandomIds:
    """Random identities; message ids are UUIDv7 (RFC 9562), so they sort by time.

    All digits of a message's ids come from one draw: formatting numbers one by one costs more than all else in a send.
    """

    def __init__(self) -> None:
        self._random = random.Random(os.urandom(16))  # noqa: S311 - ids, not secrets
        self._draw = self._random.randbytes
        self._time = (-1, "")

    def trace_id(self) -> str:
        """Return a random trace id."""
        digits = self._draw(16).hex()
        return digits if digits != NO_TRACE else self.trace_id()

    def span_id(self) -> str:
        """Return a random span id."""
        digits = self._draw(8).hex()
        return digits if digits != NO_SPAN else self.span_id()

    def message_id(self, now: int) -> str:
        """Return a UUIDv7."""
        return self._uuid7(now, self._draw(9).hex())

    def first(self, now: int) -> tuple[str, str, str]:
        """Return trace id, span id and message id of a message that begins a trace."""
        digits = self._draw(33).hex()
        trace_id, span_id = digits[:32], digits[32:48]
        if trace_id == NO_TRACE or span_id == NO_SPAN:
            return self.first(now)
        return trace_id, span_id, self._uuid7(now, digits[48:])

    def _uuid7(self, now: int, tail: str) -> str:
        """Return a UUIDv7 of a time and 18 random digits; its first digits are kept while the millisecond lasts."""
        millis = now // 1_000_000
        known, head = self._time
        if known != millis:
            high = "%012x" % (millis & 0xFFFFFFFFFFFF)
            head = f"{high[:8]}-{high[8:]}-7"
            self._time = (millis, head)
        return f"{head}{tail[:3]}-8{tail[3:6]}-{tail[6:]}"

    def epoch(self) -> str:
        """Return 64 random bits in base 64: every message carries them."""
        return urlsafe_b64encode(self._draw(8)).decode().rstrip("=")

    def instance_id(self) -> str:
        """Return a UUIDv4."""
        return str(uuid.UUID(bytes=self._draw(16), version=4))

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

    def trace_id(self) -> str:
        """Return the next trace id."""
        return f"{self._next('trace'):032x}"

    def span_id(self) -> str:
        """Return the next span id."""
        return f"{self._next('span'):016x}"

    def message_id(self, now: int) -> str:  # noqa: ARG002 - the protocol's parameter
        """Return `message-1`, `message-2` ..."""
        return f"message-{self._next('message')}"

    def first(self, now: int) -> tuple[str, str, str]:
        """Return the next of each."""
        return self.trace_id(), self.span_id(), self.message_id(now)

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
