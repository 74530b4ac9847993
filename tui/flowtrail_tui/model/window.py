"""The time range that the screens look at: an age back from now at a live source, from its newest span in a file."""

from __future__ import annotations

from dataclasses import dataclass

from flowtrail_collector.source import Window
from flowtrail_collector.window import parse_age

_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of the time range: its name, and its age in seconds (None: all time)."""

    name: str
    seconds: int | None

    def window(self, reference_ns: int | None) -> Window:
        """Return the window that ends open and begins this age before `reference_ns`; without one, all time."""
        if self.seconds is None or reference_ns is None:
            return Window(None, None)
        return Window(max(0, reference_ns - self.seconds * _SECOND), None)


RANGES = (
    Range("1m", 60),
    Range("5m", 300),
    Range("15m", 900),
    Range("1h", 3600),
    Range("6h", 21_600),
    Range("24h", 86_400),
    Range("7d", 604_800),
    Range("all", None),
)
DEFAULT = RANGES[2]
EVERYTHING = RANGES[-1]


def named(text: str) -> Range:
    """Return the range of a name, one of the list or any other age; `all` for all time. Raises UsageError."""
    known = next((one for one in RANGES if one.name == text), None)
    return known or Range(text, parse_age(text) // _SECOND)
