"""How much is wrong, counted now and then while nobody looks at the anomalies: the number beside their tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.session import Session

LANE = "attention"
_SECOND = 10**9
_FIRST_NS = 5 * _SECOND
"""So long after the source first answered: what is looked at comes before what is counted."""
_EVERY_NS = 30 * _SECOND
_REST = 20
"""An answer that took long is asked for again after so many times as long: it takes a twentieth of a core at most."""


class Attention:
    """Asks for the number, and tells it."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._due_ns: int | None = None

    def poll(self, session: Session) -> None:
        """Ask where it is due; a file once."""
        now, window = session.now(), session.window()
        if not session.status or window is None or not session.may_ask():
            return
        if self._due_ns is None:
            self._due_ns = now + _FIRST_NS
        if now < self._due_ns:
            return
        source = session.source
        if session.ask(LANE, now, lambda: source.causes(window)["totals"]["attention"]):
            self._due_ns = now + _EVERY_NS if source.live else 2**63 - 1

    def answered(self, answer: Answer, session: Session) -> str | None:
        """Return what is written beside the tab; None where nothing is known, then what was known stands."""
        now = session.now()
        if session.source.live:
            self._due_ns = now + max(_EVERY_NS, _REST * (now - int(answer.about)))
        return None if answer.error is not None else badge(answer.result)


def badge(open_ones: int) -> str:
    """Write how many causes are open and more than information."""
    return f"·{open_ones}" if open_ones else ""
