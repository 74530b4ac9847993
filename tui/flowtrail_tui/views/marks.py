"""Marks that people just made: shown before the source has them, kept one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model import anomalies as model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.model.causes import CauseRow
    from flowtrail_tui.model.marking import Wanted
    from flowtrail_tui.queries import Answer
    from flowtrail_tui.session import Session

LANE = "anomalies-mark"


class Marks:
    """What is on its way to the source."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._wanted: list[Wanted] = []

    @property
    def pending(self) -> bool:
        """True while the source does not have all of it."""
        return bool(self._wanted)

    def want(self, wanted: Wanted, session: Session) -> None:
        """Have one more kept."""
        self._wanted.append(wanted)
        self._ask(session)

    def kept(self, answer: Answer, session: Session) -> str:
        """Take the answer to the first, go on with the next; returns what is to be said where it was refused."""
        first = self._wanted.pop(0)
        self._ask(session)
        return first.refused(str(answer.error)) if answer.error is not None else ""

    def on(self, rows: Sequence[CauseRow], now_ns: int) -> tuple[CauseRow, ...]:
        """Put onto rows what the source does not have yet."""
        shown = tuple(rows)
        for wanted in self._wanted:
            shown = model.marked(shown, {row.id: wanted.mark(row, now_ns) for row in shown if row.id == wanted.cause})
        return shown

    def _ask(self, session: Session) -> None:
        """Ask for the first, unless one is under way."""
        if self._wanted:
            first, source = self._wanted[0], session.source
            session.ask(LANE, first, lambda: source.mark(first.cause, first.state, note=first.note))
