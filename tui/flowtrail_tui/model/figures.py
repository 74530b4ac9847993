"""Figures as people read them: clocks, durations, counts, shares, sparklines. Unknown is `?`, never 0."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = "?"
NOT_APPLICABLE = "–"
BLOCKS = "▁▂▃▄▅▆▇█"


def moment(text: object) -> int | None:
    """Return the nanoseconds of an RFC 3339 instant in a document; None where it holds none."""
    if not isinstance(text, str):
        return None
    try:
        return parse_instant(text)
    except UsageError:
        return None


def number(value: object) -> float | None:
    """Return a finite number of a document; None for anything else."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if isfinite(found) else None


def whole(value: object) -> int | None:
    """Return a whole number of a document; None for anything else."""
    found = number(value)
    return None if found is None else int(found)


def whole_text(text: str) -> int:
    """Return the number that a text of digits stands for, for sorting; others come last."""
    return int(text) if text.isdecimal() and len(text) < 20 else 10**20


def word(value: object, missing: str = UNKNOWN) -> str:
    """Return a text of a document as it stands (not yet safe); `missing` for null and nothing."""
    return missing if value is None or value == "" else str(value)


def items(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list in a document; none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the texts of a list in a document; none for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def clock(ns: int | None, *, digits: int = 0) -> str:
    """Write the time of day in UTC: `12:04:30` or, with digits, `12:04:30.912`."""
    if ns is None:
        return UNKNOWN
    seconds, rest = divmod(ns, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
    return f"{text}.{rest:09d}"[: 9 + digits] if digits else text


def day(ns: int) -> str:
    """Write the date in UTC."""
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d")


def duration(ms: float | None) -> str:
    """Write a duration in milliseconds: `0.4ms`, `412ms`, `1.92s`, `3m 12s`, `41m`, `2h 05m`, `3d 04h`."""
    if ms is None:
        return UNKNOWN
    if ms < 0:
        return "-" + duration(-ms)
    if ms < 1000:
        return f"{ms:.0f}ms" if ms >= 10 or ms == int(ms) else f"{ms:.1f}ms"
    if ms < 59_995:
        return f"{ms / 1000:.2f}s" if ms < 9_995 else f"{ms / 1000:.1f}s"
    seconds = round(ms / 1000)
    for size, small, unit, below in ((86_400, 3600, "d", "h"), (3600, 60, "h", "m"), (60, 1, "m", "s")):
        if seconds >= size:
            return f"{seconds // size}{unit} {seconds % size // small:02d}{below}"
    return f"{seconds}s"


def age(ns: int | None, now_ns: int) -> str:
    """Write how long ago a moment was: `2s ago`."""
    return UNKNOWN if ns is None else f"{duration(max(0, (now_ns - ns) // 10**9 * 1000))} ago"


def count(value: float | None) -> str:
    """Write a number with thousands apart: `9,842`."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def rate(value: float | None) -> str:
    """Write a rate per second: `1,204`, small ones with a digit."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f}" if 0 < abs(value) < 10 else f"{value:,.0f}"


def share(value: float | None) -> str:
    """Write a share in per cent, rounded down: nothing but all is 100%."""
    return UNKNOWN if value is None else f"{int(max(0.0, min(value, 1.0)) * 100)}%"


def sparkline(values: Sequence[float | None], cells: int) -> str:
    """Draw the last `cells` values as blocks between their least and greatest; unknown ones as a dot."""
    shown = list(values)[-cells:]
    known = [value for value in shown if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    span = high - low
    blocks = [
        "·" if value is None else BLOCKS[int((value - low) / span * 7 + 0.5) if span else (0 if value <= 0 else 3)]
        for value in shown
    ]
    return "".join(blocks).rjust(cells, "·" if shown else " ")
