"""Where questions are asked: a running collector or a store file, behind one protocol.

Every face (command line, screens, reports) talks to a `Source` and to nothing else. All methods block; screens call
them from worker threads. Results are the JSON documents of the contract as plain dicts, the same over HTTP and from
a file. Errors are those of `errors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """A time range in nanoseconds since the epoch; `None` leaves that side open."""

    since_ns: int | None
    until_ns: int | None


class Source(Protocol):
    """What can be asked of a collector or a store."""

    name: str
    """What a person calls it: the URL or the file's path."""
    live: bool
    """True for a running collector, False for a file (replay)."""

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        """`flowtrail.ask/1`: the verdict on one event or flow. Raises NothingKnown, UsageError."""
        ...

    def flows(self, window: Window, filter_text: str = "", *, limit: int = 200, after: str | None = None) -> Document:
        """`flowtrail.flows/1`: flows of the window, newest first; `after` is a document's `next`."""
        ...

    def findings(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.findings/1`: every finding of the window."""
        ...

    def lag(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.lag/1`: one row per group, destination and partition."""
        ...

    def status(self) -> Document:
        """`flowtrail.status/1`: what is stored, received and watched, and how complete it is."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...
