"""When each fault happens: drawn from the run's seed, for each member of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from threading import Lock
from time import monotonic


@dataclass(frozen=True)
class Plan:
    """One fault's place in a run, in seconds."""

    member: str
    """Who has it."""
    first: float
    """From the member's first message to the first time."""
    period: float
    """From one time to the next."""
    last: float = 3.0
    """Before the end of a timed run: none is begun later, so that each shows its effect."""


PLANS = {
    "resend": Plan("orders-1", first=4, period=25),
    "poison": Plan("orders-1", first=2, period=20),
    "crash": Plan("payment-1", first=2.5, period=90, last=5),
    "republish": Plan("restaurant-2", first=2, period=25),
    "hang": Plan("restaurant-2", first=1, period=40),
    "leave": Plan("restaurant-1", first=2, period=75, last=5),
    # Both hold a message for up to four seconds, in which the group falls behind: over before the orders end.
    "detour": Plan("notification-1", first=1, period=25, last=6),
    "inversion": Plan("notification-1", first=1.5, period=25, last=6),
    "slow": Plan("analytics-1", first=1, period=60),
}


class Schedule:
    """One member's faults and when they are due."""

    def __init__(self, member: str, seed: int, seconds: float | None, *, replaced: bool) -> None:
        """Draw the times; the faults of a process that replaces an earlier one are a period away."""
        dice = random.Random(f"{seed}/{member}/{replaced}")  # noqa: S311  (accidents are no secrets)
        self._plans = {name: plan for name, plan in PLANS.items() if plan.member == member}
        self._end = None if seconds is None else monotonic() + seconds
        self._due = {
            name: (plan.period if replaced else plan.first) * dice.uniform(1.0, 1.5)
            for name, plan in self._plans.items()
        }
        self._begun: float | None = None
        self._lock = Lock()

    def due(self, name: str) -> bool:
        """Whether this fault should happen now; if so, the next is a period away."""
        plan = self._plans.get(name)
        if plan is None:
            return False
        now = monotonic()
        with self._lock:
            self._begun = self._begun or now
            if now - self._begun < self._due[name] or (self._end is not None and now > self._end - plan.last):
                return False
            self._due[name] = now - self._begun + plan.period
            return True

    def retry(self, name: str) -> None:
        """Make this fault due at once again: it was begun and did not come about."""
        with self._lock:
            self._due[name] = 0.0
