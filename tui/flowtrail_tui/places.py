"""Where a person was: the places behind and ahead of the one that is shown, as a browser keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST = 100
"""Places that are remembered to go back to."""


@dataclass(frozen=True, slots=True)
class Place:
    """A view and what it is about: a question, a filter. `deeper` where it was opened from a row of another."""

    name: str
    about: Any = None
    deeper: bool = False


@dataclass(slots=True)
class Places:
    """The way taken. What a view is about may change while it is shown: whoever leaves says what it was last."""

    now: Place
    behind: list[Place] = field(default_factory=list)
    ahead: list[Place] = field(default_factory=list)

    def go(self, to: Place, *, left: Any) -> None:
        """Go to a place; `left` is what the one that is left was about. What lay ahead is forgotten."""
        self.behind = [*self.behind[-MOST:], Place(self.now.name, left, self.now.deeper)]
        self.ahead = []
        self.now = to

    def back(self, *, left: Any) -> Place | None:
        """Go to the place before; None where there is none."""
        return self._turn(self.behind, self.ahead, left)

    def forward(self, *, left: Any) -> Place | None:
        """Go to the place that was left by going back; None where there is none."""
        return self._turn(self.ahead, self.behind, left)

    def _turn(self, wanted: list[Place], other: list[Place], left: Any) -> Place | None:
        if not wanted:
            return None
        other.append(Place(self.now.name, left, self.now.deeper))
        self.now = wanted.pop()
        return self.now
