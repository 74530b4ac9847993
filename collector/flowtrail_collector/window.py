"""Time as people write it: ages, instants and windows in, RFC 3339 out.

Inside flowtrail a moment is an integer of nanoseconds since the epoch. A moment is written as an age (`15m`, back from
a reference), an instant (RFC 3339, up to nanoseconds, UTC where no zone is given), `now`, or `all`: no bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from flowtrail_collector.errors import UsageError

DEFAULT_SINCE = "15m"
EXPECTED = "an age such as 15m, 2h or 1d, an instant such as 2026-03-01T12:00:00Z, 'now' or 'all'"

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
}
_AGE_PART = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?(ns|us|ms|s|m|h|d|w)")
_AGE = re.compile(rf"(?:{_AGE_PART.pattern})+")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_NS = 2**63 - 1  # the year 2262; a store holds nothing later


@dataclass(frozen=True, slots=True)
class Window:
    """A time range in nanoseconds since the epoch, both ends included; `None` leaves that side open."""

    since_ns: int | None
    until_ns: int | None


def parse_age(text: str) -> int:
    """Return the nanoseconds of an age: `500ms`, `90s`, `1h30m`, `1.5d`. Raises UsageError."""
    if not _AGE.fullmatch(text.strip()):
        raise UsageError(f"{text!r} is no age: expected a number and a unit (ms, s, m, h, d, w), such as 15m or 1h30m")
    total = 0
    for whole, fraction, unit in _AGE_PART.findall(text):
        total += int(whole) * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    return total


def parse_instant(text: str) -> int:
    """Return the nanoseconds since the epoch of an RFC 3339 instant; without a zone it is UTC. Raises UsageError."""
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no instant: expected RFC 3339, such as 2026-03-01T12:00:00.123456789Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=_zone(zone),
        )
    except ValueError as wrong:
        raise UsageError(f"{text!r} is no instant: {wrong}") from None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def parse_moment(text: str, now_ns: int) -> int | None:
    """Return the moment that `text` names, in nanoseconds; an age counts back from `now_ns`; None for `all`."""
    word = text.strip()
    if word.lower() == "all":
        return None
    if word.lower() == "now":
        return now_ns
    if _AGE.fullmatch(word):
        return max(0, now_ns - parse_age(word))
    if _INSTANT.fullmatch(word):
        return max(0, min(parse_instant(word), _LAST_NS))
    raise UsageError(f"{text!r} is no moment: expected {EXPECTED}{_remedy(word)}")


def parse_window(since: str | None, until: str | None, now_ns: int) -> Window:
    """Return the window from `since` (default 15m) to `until` (default open), ages counted back from `now_ns`.

    Raises UsageError, naming the option, when one can not be understood or the window would end before it begins.
    """
    since_ns = _option("since", DEFAULT_SINCE if since is None else since, now_ns)
    until_ns = None if until is None else _option("until", until, now_ns)
    if since_ns is not None and until_ns is not None and since_ns > until_ns:
        raise UsageError(
            f"the window ends before it begins: since {since or DEFAULT_SINCE} is {rfc3339(since_ns)}, "
            f"until {until} is {rfc3339(until_ns)}",
        )
    return Window(since_ns, until_ns)


def rfc3339(moment_ns: int) -> str:
    """Write a moment as RFC 3339 in UTC with nanoseconds: `2026-03-01T12:00:00.123456789Z`."""
    seconds, rest = divmod(moment_ns, 10**9)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}.{rest:09d}Z"


def rfc3339_or_none(moment_ns: int | None) -> str | None:
    """Write a moment as `rfc3339` does; None stays None."""
    return None if moment_ns is None else rfc3339(moment_ns)


def _option(name: str, text: str, now_ns: int) -> int | None:
    try:
        return parse_moment(text, now_ns)
    except UsageError as wrong:
        raise UsageError(f"{name}: {wrong}") from None


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _remedy(word: str) -> str:
    """Name the likeliest slip."""
    if word.isdecimal():
        return f"; did you mean {word}m?"
    if word[:1] in "+-" and _AGE.fullmatch(word[1:]):
        return f"; write {word[1:]}, ages count back"
    return ""
