"""How a group on one partition is doing: rules over what was observed of it in a window, the first that holds wins.

Rules, not thresholds: a lag of a million that shrinks is fine, a lag of ten that nobody reads is not. They are pure
functions of a `Past`; the time is in it. The idea, and one sentence per rule, are Burrow's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_NS = 10 * 10**9
"""So long a group may be silent without anything following from it: about a poll interval or a rebalance."""
TREND_MOMENTS = 16
"""A trend is read from the latest moments, about half of the window."""
LEAST_MOMENTS = 3
"""Fewer moments show no trend."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was known at one time: the group's next offset, the end (last readable offset + 1)."""

    at_ns: int
    position: int
    end: int

    @property
    def lag(self) -> int:
        """Records not yet passed."""
        return max(0, self.end - self.position)


@dataclass(frozen=True, slots=True)
class Past:
    """One group on one partition over a window; `moments` oldest first, the last one is now."""

    as_of_ns: int
    moments: tuple[Moment, ...] = ()
    log_start: int | None = None
    """The broker's word; None where it was not asked."""
    members: int | None = None
    """How many members the broker knows; None where it was not asked."""
    had_members: bool = False
    """Whether it knew any earlier."""
    first_sign_ns: int | None = None
    """The first delivery, or move of the position, within the window."""
    last_sign_ns: int | None = None

    @property
    def now(self) -> Moment:
        """The last moment."""
        return self.moments[-1]

    def latest(self) -> tuple[Moment, ...]:
        """Return the latest so many moments, at most those since the position last moved backward: a new history."""
        latest = self.moments[-TREND_MOMENTS:]
        back = [place for place, (one, next_) in enumerate(pairwise(latest), 1) if next_.position < one.position]
        return latest[back[-1] :] if back else latest

    def behind(self) -> tuple[Moment, ...]:
        """Return those of the latest moments since something was last not unread."""
        latest = self.latest()
        caught_up = [place for place, moment in enumerate(latest) if not moment.lag]
        return latest[caught_up[-1] + 1 :] if caught_up else latest


def is_unknown(past: Past) -> bool:
    """Hold when the position of the group, or the end of the log, is not known."""
    return not past.moments


def is_retention(past: Past) -> bool:
    """Hold when the log start, known from the broker, has passed the position: records went before they were read."""
    return past.log_start is not None and past.log_start > past.now.position


def is_caught_up(past: Past) -> bool:
    """Hold when nothing is unread."""
    return not past.now.lag


def is_stopped(past: Past) -> bool:
    """Hold when nobody reads what is unread: the last member has left, or silence outlasts the activity before it."""
    if past.members:
        return False
    return (past.members == 0 and past.had_members) or _is_silent(past)


def is_stalled(past: Past) -> bool:
    """Hold when something was unread all the time, a member may be there, and the position never moved."""
    return (
        past.now.at_ns - past.moments[0].at_ns >= QUIET_NS
        and len({moment.position for moment in past.moments}) == 1
        and all(moment.lag for moment in past.moments)
    )


def is_brief(past: Past) -> bool:
    """Hold when something is unread now and nothing was a moment ago: the group keeps up."""
    return len(past.behind()) < min(LEAST_MOMENTS, len(past.latest()))


def is_too_new(past: Past) -> bool:
    """Hold when something is unread and there are too few moments to say whether it grows."""
    return len(past.latest()) < LEAST_MOMENTS


def is_draining(past: Past) -> bool:
    """Hold when, of two moments since it was last up to date, the later shows less lag in three cases of four."""
    return _trend(past) <= -0.5 and past.now.lag < max(moment.lag for moment in past.behind())


def is_falling(past: Past) -> bool:
    """Hold when, of two moments since it was last up to date, the later shows more lag in three cases of four."""
    return _trend(past) >= 0.5 and past.now.lag > min(moment.lag for moment in past.behind())


def is_level(past: Past) -> bool:  # noqa: ARG001 what is left when no other rule holds
    """Hold otherwise: the lag neither grows nor shrinks, the group reads as fast as records come."""
    return True


RULES: tuple[tuple[Callable[[Past], bool], str, str], ...] = (
    (is_unknown, "unknown", "position or end not known"),
    (is_retention, "retention", "records were removed before they were read"),
    (is_caught_up, "ok", "nothing unread"),
    (is_stopped, "stopped", "nobody reads"),
    (is_stalled, "stalled", "the position does not move"),
    (is_brief, "ok", "unread only since a moment ago"),
    (is_too_new, "unknown", "too little history"),
    (is_draining, "draining", "the lag shrinks"),
    (is_falling, "falling", "the lag grows"),
    (is_level, "ok", "reads as fast as records come"),
)
"""In this order: each with the status it gives and the reason in words."""


def status(past: Past) -> tuple[str, str]:
    """Return the status and its reason: the first rule that holds."""
    return next((word, reason) for rule, word, reason in RULES if rule(past))


def _is_silent(past: Past) -> bool:
    """Tell whether the group gave no sign for longer than it was active, or none at all in what was observed."""
    if past.last_sign_ns is None or past.first_sign_ns is None:
        return past.as_of_ns - past.moments[0].at_ns > QUIET_NS
    active = past.last_sign_ns - past.first_sign_ns
    return past.as_of_ns - past.last_sign_ns > max(QUIET_NS, active)


def _trend(past: Past) -> float:
    """Return from -1 (the lag always shrinks) to 1 (always grows): Kendall's count of rises less falls in all pairs."""
    lags = [moment.lag for moment in past.behind()]
    pairs = list(combinations(lags, 2))
    return sum((later > earlier) - (later < earlier) for earlier, later in pairs) / len(pairs) if pairs else 0.0


def phase(past: Past, word: str) -> tuple[Moment, ...]:
    """Return the moments whose rates go with a status: those that its rule looked at, from where it began to hold.

    Draining counts from the most lag, falling from the least, stopped from the last move: so of what drains more goes
    out than comes in, of what falls less, and of what stopped nothing.
    """
    if word in ("draining", "falling"):
        extreme = max if word == "draining" else min
        behind = past.behind()
        turned_at = extreme(moment.lag for moment in behind)
        return behind[max(place for place, moment in enumerate(behind) if moment.lag == turned_at) :]
    latest = past.latest()
    if word != "stopped":
        return latest
    unmoved = [moment for moment in latest if moment.position == past.now.position]
    return tuple(unmoved) if len(unmoved) > 1 else latest


def rate(points: tuple[tuple[int, int], ...], as_of_ns: int) -> float | None:
    """Return how far an offset moved, per second, from `(at_ns, offset)` to now; None when too little is known.

    Never below 0: an end that is known less well than before is no record taken back.
    """
    if not points or as_of_ns <= points[0][0] or (len(points) == 1 and as_of_ns - points[0][0] < QUIET_NS):
        return None
    return max(0, points[-1][1] - points[0][1]) * 1e9 / (as_of_ns - points[0][0])


HOT_SHARE = 0.2
HOT_LEAST = 10


def hot_key(key: str | None, most: int | None, records: int) -> dict[str, Any] | None:
    """Name a partition's hot key: at least ten records of the window, and a fifth of all that came in, have it."""
    if key is None or most is None or most < HOT_LEAST or most < HOT_SHARE * records:
        return None
    return {"key": key, "share": most / records, "records": most}


def eta_ms(word: str, lag: int | None, rate_in: float | None, rate_out: float | None) -> float | None:
    """Return when nothing will be unread if both rates last; None of what does not drain, or when a rate is unknown."""
    if word != "draining" or lag is None or rate_in is None or rate_out is None or rate_out <= rate_in:
        return None
    return lag / (rate_out - rate_in) * 1000
