"""What a destination's name says about it."""

import functools
import re

_RETRY_OR_DEAD = re.compile(r"[._-](?:retry(?:-\d+)?|dlq|dlt|dead-letters?)$", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def takes_copies(name: str) -> bool:
    """Whether the name is that of a retry or dead-letter destination: its messages are copies, not new events.

    Known by the ending `retry`, `retry-N`, `dlq`, `dlt`, `dead-letter` or `dead-letters` after `.`, `-` or `_`.
    """
    return _RETRY_OR_DEAD.search(name) is not None
