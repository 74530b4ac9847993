"""Identities and time: random in production, counted and stepped in tests."""

import os
import random
import time
import uuid
from base64 import urlsafe_b64encode
from binascii import hexlify
from struct import Struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TRACE: Final = "0" * 32
NO_SPAN: Final = "0" * 16
_AHEAD: Final = 64
"""Identities made ahead of their use."""
_ZEROS: Final = bytes(8)
_ids = Struct("24s10x").iter_unpack
"""Splits random bytes into trace ids with span ids, and what else a message needs."""
_parts = Struct("32s16s4s4s12s").iter_unpack
"""Splits the same in hexadecimal digits: trace id, span id, and the parts of a UUIDv7 that are not its time."""
_VERSION: Final = bytes(0x70 | byte & 0x0F for byte in range(256))
_VARIANT: Final = bytes(0x80 | byte & 0x3F for byte in range(256))
"""What bytes become where a UUIDv7 tells version and variant."""


class Ids(Protocol):
    """Where identities come from; trace and span ids are in hexadecimal, as headers carry them."""

    def trace_id(self) -> str:
        """Return a 128-bit trace id, never zero."""

    def span_id(self) -> str:
        """Return a 64-bit span id, never zero."""

    def span_ids(self, count: int) -> list[bytes]:
        """Return that many span ids, 8 bytes each."""

    def message_id(self, now: int) -> str:
        """Return a message id for a message sent at `now` (nanoseconds since the epoch)."""

    def first(self, now: int) -> tuple[bytes, bytes, bytes]:
        """Return what a message needs that begins a trace.

        That is trace id and span id as 24 bytes, its `traceparent`, and its message id.
        """

    def epoch(self) -> str:
        """Return a name for one start of one producer."""

    def instance_id(self) -> str:
        """Return a name for one start of one process."""

    def reseed(self) -> None:
        """Forget what a forked child shares with its parent."""


class RandomIds:
    """Random identities; message ids are UUIDv7 (RFC 9562), so they sort by time.

    They are made by the dozen, ahead of their use: in a send, one by one, they would cost more than all else in it.
    Taking the next of a list is atomic, so that threads need no lock; of two that run out, one's dozen is forgotten.
    """

    def __init__(self) -> None:
        self._random = random.Random(os.urandom(16))  # noqa: S311 - ids, not secrets
        self._draw = self._random.randbytes
        self._forget()

    def _forget(self) -> None:
        self._spans: Iterator[str] = iter(())
        self._firsts: Iterator[tuple[bytes, bytes, bytes]] = iter(())
        self._head = (0, 0, b"")

    def trace_id(self) -> str:
        """Return a random trace id."""
        digits = self._draw(16).hex()
        return digits if digits != NO_TRACE else self.trace_id()

    def span_id(self) -> str:
        """Return a random span id."""
        return next(self._spans, None) or self._more_spans()

    def _more_spans(self) -> str:
        digits = self._draw(8 * _AHEAD).hex()
        made = [digits[place : place + 16] for place in range(0, len(digits), 16)]
        self._spans = spans = iter([one for one in made if one != NO_SPAN])
        return next(spans)

    def span_ids(self, count: int) -> list[bytes]:
        """Return random span ids."""
        drawn = self._draw(8 * count)
        found = [drawn[place : place + 8] for place in range(0, 8 * count, 8)]
        return self.span_ids(count) if _ZEROS in found else found

    def message_id(self, now: int) -> str:
        """Return a UUIDv7."""
        digits = self._draw(9).hex()
        return f"{self._time(now).decode()}7{digits[:3]}-8{digits[3:6]}-{digits[6:]}"

    def first(self, now: int) -> tuple[bytes, bytes, bytes]:
        """Return ids, `traceparent` and a UUIDv7."""
        ids, traceparent, tail = next(self._firsts, None) or self._more_firsts()
        since, until, head = self._head
        return ids, traceparent, (head if since <= now < until else self._time(now)) + tail

    def _more_firsts(self) -> tuple[bytes, bytes, bytes]:
        drawn = bytearray(self._draw(34 * _AHEAD))
        if _ZEROS in drawn:  # one of the ids may be zero
            return self._more_firsts()
        drawn[24::34] = drawn[24::34].translate(_VERSION)
        drawn[26::34] = drawn[26::34].translate(_VARIANT)
        join = b"-".join
        firsts = iter(
            [
                (ids, join((b"00", trace_id, span_id, b"01")), join((one, two, three)))
                for (ids,), (trace_id, span_id, one, two, three) in zip(
                    _ids(drawn), _parts(hexlify(drawn)), strict=True
                )
            ]
        )
        self._firsts = firsts
        return next(firsts)

    def _time(self, now: int) -> bytes:
        """Return the first digits of a UUIDv7, which are the millisecond's; they are kept while it lasts."""
        millis = now // 1_000_000
        high = f"{millis & 0xFFFFFFFFFFFF:012x}"
        head = f"{high[:8]}-{high[8:]}-".encode()
        self._head = (millis * 1_000_000, (millis + 1) * 1_000_000, head)
        return head

    def epoch(self) -> str:
        """Return 64 random bits in base 64: every message carries them."""
        return urlsafe_b64encode(self._draw(8)).decode().rstrip("=")

    def instance_id(self) -> str:
        """Return a UUIDv4."""
        return str(uuid.UUID(bytes=self._draw(16), version=4))

    def reseed(self) -> None:
        """Draw a new seed from the operating system."""
        self._random.seed(os.urandom(16))
        self._forget()


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

    def span_ids(self, count: int) -> list[bytes]:
        """Return the next span ids."""
        return [bytes.fromhex(self.span_id()) for _ in range(count)]

    def message_id(self, now: int) -> str:  # noqa: ARG002 - the protocol's parameter
        """Return `message-1`, `message-2` ..."""
        return f"message-{self._next('message')}"

    def first(self, now: int) -> tuple[bytes, bytes, bytes]:
        """Return the next of each."""
        trace_id, span_id = self.trace_id(), self.span_id()
        return bytes.fromhex(trace_id + span_id), f"00-{trace_id}-{span_id}-01".encode(), self.message_id(now).encode()

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
