"""What a transport answers, whatever the protocol."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Verdict(Enum):
    """What became of a request."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    """A verdict; `wait` is the receiver's hint in seconds when to come again, `rejected` counts refused spans."""

    verdict: Verdict
    wait: float | None = None
    rejected: int = 0
    reason: str = ""


class Transport(Protocol):
    """Carries one encoded request at a time; used by the worker thread only."""

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send one request and wait for the answer for at most `timeout` seconds; never raises."""

    def close(self) -> None:
        """Let go of the connection."""
