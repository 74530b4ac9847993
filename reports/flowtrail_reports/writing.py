"""How values are written for people: numbers, durations, times, lists of ids."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowtrail_reports.model import Column, Kind


def write(value: Any, column: Column) -> str:
    """Write one cell's value."""
    if value is None:
        return column.missing
    return _WRITERS.get(column.kind, plain)(value)


def plain(value: Any) -> str:
    """Write text, and lists as their members."""
    if isinstance(value, (list, tuple)):
        return ", ".join(visible(str(member)) for member in value)
    return visible(str(value))


def number(value: float) -> str:
    """Write a number with separators of thousands; one that is measured with three digits, so that columns line up."""
    if isinstance(value, int) or not value:
        return f"{int(value):,}"
    return f"{value:,.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


def milliseconds(value: float) -> str:
    """Write a duration in the unit that suits it."""
    for limit, unit, size in ((1_000, "ms", 1), (60_000, "s", 1_000), (3_600_000, "min", 60_000)):
        if abs(value) < limit:
            return f"{value / size:.3g} {unit}"
    return f"{value / 3_600_000:.1f} h"


def share(value: float) -> str:
    """Write a part of a whole in percent; never 0 or 100 % for what is only close to it."""
    if value in (0, 1):
        return f"{value * 100:.0f} %"
    return f"{min(max(value * 100, 0.01), 99.99):.3g} %" if value < 0.99 else f"{min(value * 100, 99.99):.2f} %"


def time(value: str) -> str:
    """Write an instant to the millisecond, in UTC, with its date."""
    day, _, rest = value.rstrip("Z").partition("T")
    clock, _, fraction = rest.partition(".")
    return visible(f"{day} {clock}.{fraction[:3].ljust(3, '0')}")


def earlier(value: str, by_ms: float) -> str:
    """Return the instant so many milliseconds before another, as RFC 3339."""
    return (datetime.fromisoformat(value) - timedelta(milliseconds=by_ms)).isoformat()


def apart_ms(begin: str, end: str) -> float:
    """Return the milliseconds from one instant to another."""
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() * 1000, 3)


def listing(names: Sequence[str]) -> str:
    """Write `a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    "number": number,
    "share": share,
    "milliseconds": milliseconds,
    "time": time,
}
