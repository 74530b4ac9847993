"""Questions to the source, each in a thread of its own, at most one per lane; the event loop never waits for one.

The threads are daemons: a question that hangs keeps neither the screen nor the exit waiting. A withdrawn question goes
on in its thread (the source can not be interrupted) and its answer is dropped; a lane takes so many of those, no more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ABANDONED = 4
_THREAD = "ask-"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: a result or an error, and what was asked."""

    lane: str
    about: Any
    result: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class _Lane:
    ticket: int = 0
    running: bool = False
    abandoned: int = 0
    since_ns: int = 0


class Queries:
    """Runs questions; `deliver` is called from the threads and hands an answer over to the event loop."""

    def __init__(self, deliver: Callable[[int, Answer], None]) -> None:
        """Start with no question under way."""
        self._deliver = deliver
        self._lanes: dict[str, _Lane] = {}
        self._here = threading.local()

    def ask(self, lane: str, about: Any, call: Callable[[], Any], now_ns: int = 0) -> bool:
        """Run `call` in a thread unless the lane is busy; tells whether it was taken."""
        state = self._lanes.setdefault(lane, _Lane())
        if state.running or state.abandoned >= MAX_ABANDONED:
            return False
        state.ticket += 1
        state.running = True
        state.since_ns = now_ns
        ticket = state.ticket
        threading.Thread(
            target=self._run, args=(lane, ticket, about, call), name=f"{_THREAD}{lane}", daemon=True
        ).start()
        return True

    def _run(self, lane: str, ticket: int, about: Any, call: Callable[[], Any]) -> None:
        self._here.question = (lane, ticket)
        try:
            answer = Answer(lane, about, result=call())
        except Exception as error:  # noqa: BLE001 (whatever goes wrong is shown in the panel that asked)
            answer = Answer(lane, about, error=error)
        self._deliver(ticket, answer)

    def wanted(self) -> bool:
        """Tell, in the thread of a question, whether somebody still waits for its answer: long ones stop then."""
        lane, ticket = self._here.question
        state = self._lanes[lane]
        return state.running and state.ticket == ticket

    def accept(self, ticket: int, answer: Answer) -> bool:
        """Note on the event loop that an answer came; tells whether it is still wanted."""
        state = self._lanes[answer.lane]
        if ticket != state.ticket or not state.running:
            state.abandoned -= 1
            return False
        state.running = False
        return True

    def withdraw(self, lane: str) -> bool:
        """Give up the lane's question; tells whether there was one."""
        state = self._lanes.get(lane)
        if state is None or not state.running:
            return False
        state.running = False
        state.abandoned += 1
        return True

    @property
    def idle(self) -> bool:
        """True while nobody waits for an answer."""
        return not any(state.running for state in self._lanes.values())

    def busy_since(self, lane: str) -> int | None:
        """Return when the lane's question was asked; None when there is none."""
        state = self._lanes.get(lane)
        return state.since_ns if state is not None and state.running else None
