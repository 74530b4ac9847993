"""What handlers do with a message: its value says."""

from typing import Any

from telling import Ending, say

from flowtrail_tracer import flush


class RefusedError(Exception):
    """A handler can not handle a message."""


def handle(message: Any, told: dict[str, Any], ended: Ending) -> None:
    """Handle one message: `fail` raises; at the offset `hold_at` it waits to be told to go on (or is killed there)."""
    if message.value == b"fail":
        raise RefusedError("not today")
    if message.offset == told.get("hold_at"):
        flush(60)
        say(held=message.offset)
        ended.released.wait()


def note(message: Any, told: dict[str, Any], outcome: str) -> None:
    """Say what became of one message: the truth that flowtrail's word is held to."""
    say(
        noted={
            "id": dict(message.headers).get("message-id", b"").decode(),
            "group": told["group"],
            "topic": message.topic,
            "partition": message.partition,
            "offset": message.offset,
            "outcome": outcome,
        }
    )
