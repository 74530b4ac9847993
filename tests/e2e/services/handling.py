"""What handlers do with a message: its value says."""

import threading
from typing import Any

from telling import say

from flowtrail_tracer import flush


class RefusedError(Exception):
    """A handler can not handle a message."""


def handle(message: Any, told: dict[str, Any], ended: threading.Event) -> None:
    """Handle one message: `fail` raises; at the offset `hold_at` it waits for the end (or is killed there)."""
    if message.value == b"fail":
        raise RefusedError("not today")
    if message.offset == told.get("hold_at"):
        flush(60)
        say(held=message.offset)
        ended.wait()
