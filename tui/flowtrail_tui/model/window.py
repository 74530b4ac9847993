"""The time range that the screens look at: back from now (in a file, from its newest span), or a piece of the past."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowtrail_collector.errors import UsageError
from flowtrail_collector.source import Window
from flowtrail_collector.window import parse_age, parse_instant, parse_moment, rfc3339
from flowtrail_tui.model import figures as f

_SECOND = 10**9
_DAY = 86_400 * _SECOND
_AROUND_NS = 60 * _SECOND
"""What happened at an instant is looked for so long before it and after it."""
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?Z?")
MOMENT = "an age (90s, 2h), a time of the day (12:04:30) or an instant (2026-03-01T12:04:30Z)"


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of the time range: its name, and its age in seconds (None: all time).

    `until_ns` makes it a piece of the past, which goes on no further; `since_ns` a beginning that does not move.
    """

    name: str
    seconds: int | None
    since_ns: int | None = None
    until_ns: int | None = None

    def window(self, reference_ns: int | None) -> Window:
        """Return the window; one that is not of the past ends open and begins this age before `reference_ns`."""
        if self.since_ns is not None or self.until_ns is not None:
            return Window(self.since_ns, self.until_ns)
        if self.seconds is None or reference_ns is None:
            return Window(None, None)
        return Window(max(0, reference_ns - self.seconds * _SECOND), None)

    @property
    def past(self) -> bool:
        """True where it ends in the past: nothing new comes into it."""
        return self.until_ns is not None

    def shown(self, now_ns: int) -> str:
        """Write it for the status bar: `15m`, `since 11:49`, `11:49-12:04`, with the day where it is another."""
        if self.until_ns is None:
            return self.name if self.since_ns is None else f"since {_clock(self.since_ns, now_ns)}"
        if self.since_ns is None:
            return f"until {_clock(self.until_ns, now_ns)}"
        return f"{_clock(self.since_ns, now_ns)}-{_clock(self.until_ns, now_ns, day=False)}"

    @property
    def text(self) -> str:
        """Write it so that `read` returns it again."""
        if self.since_ns is None and self.until_ns is None:
            return self.name
        ends = (self.since_ns, self.until_ns)
        return "/".join([self.name, *("" if one is None else rfc3339(one) for one in ends)])


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
    """Return the range of a name: one of the list, any other age, `all`. Raises UsageError."""
    known = next((one for one in RANGES if one.name == text), None)
    return known or Range(text, parse_age(text) // _SECOND)


def read(text: str) -> Range:
    """Return the range that `Range.text` wrote; the default for what it did not write."""
    name, *ends = text.split("/")
    try:
        known = named(name)
        since, until = (parse_instant(end) if end else None for end in ends) if len(ends) == 2 else (None, None)
    except UsageError:
        return DEFAULT
    return Range(known.name, known.seconds, since, until)


def moment(text: str, now_ns: int) -> int:
    """Return the moment that a person typed; a time of the day is the last such one. Raises UsageError."""
    word = text.strip()
    if _TIME_OF_DAY.fullmatch(word):
        day = rfc3339(now_ns)[:10]
        hour, _, rest = word.removesuffix("Z").partition(":")
        at = parse_instant(f"{day}T{hour:0>2}:{rest}Z")
        return at if at <= now_ns else at - _DAY
    try:
        found = parse_moment(word, now_ns)
    except UsageError:
        raise UsageError(f"{word!r} is no moment: expected {MOMENT}") from None
    if found is None:
        raise UsageError(f"expected {MOMENT}")
    return found


def until(end_ns: int, chosen: Range) -> Range:
    """Return the range of the same length that ends at a moment."""
    since = None if chosen.seconds is None else max(0, end_ns - chosen.seconds * _SECOND)
    return Range(chosen.name, chosen.seconds, since, end_ns)


def around(at_ns: int, chosen: Range) -> Range:
    """Return what lies around an instant; leaving the past leads back to the length chosen before."""
    return Range(chosen.name, chosen.seconds, max(0, at_ns - _AROUND_NS), at_ns + _AROUND_NS)


def since(begin_ns: int, chosen: Range) -> Range:
    """Return the range that begins at a moment and ends open."""
    return Range(chosen.name, chosen.seconds, begin_ns, None)


def present(chosen: Range) -> Range:
    """Return the range of the same length that ends now."""
    return Range(chosen.name, chosen.seconds)


def _clock(moment_ns: int, now_ns: int, *, day: bool = True) -> str:
    """Write hours and minutes, with seconds where they are not full, and with the day where it is not today."""
    digits = f.clock(moment_ns)
    short = digits.removesuffix(":00")
    date = rfc3339(moment_ns)[5:10]
    return f"{date} {short}" if day and date != rfc3339(now_ns)[5:10] else short
