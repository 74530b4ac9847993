"""Marks on their way to the source: shown at once, told in the footer, taken back where the source refuses them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowtrail_tui.model.causes import CauseRow, Mark


@dataclass(frozen=True, slots=True)
class Wanted:
    """What someone just said of a cause; a note of None leaves the one there is."""

    cause: str
    state: str
    note: str | None
    about: str
    """The cause as people call it."""
    was: str
    """Its state before."""

    def mark(self, row: CauseRow, now_ns: int) -> Mark:
        """Return the mark as the row shows it until the source has it."""
        before = row.mark or Mark("open", "", "", None, 0)
        note = before.note if self.note is None else self.note
        return replace(before, state=self.state, note=note, by="you", at_ns=now_ns, after=0)

    def said(self) -> str:
        """Say what is kept now, and how it is taken back."""
        if self.note is not None:
            return f"{'noted' if self.note else 'note removed'}: {self.about}"
        undo = {"acknowledged": "A opens it again", "muted": "the filter state:muted shows it, M opens it again"}
        hint = f" ({undo[self.state]})" if self.state in undo else ""
        return f"{'open again' if self.state == 'open' else self.state}: {self.about}{hint}"

    def refused(self, why: str) -> str:
        """Say that the source did not take it."""
        return f"not {'noted' if self.note is not None else self.state}: {why}"


def toggled(row: CauseRow, state: str) -> Wanted:
    """Want a state for a cause; where it has that already, want it open again."""
    return wanted(row, "open" if row.state == state else state)


def wanted(row: CauseRow, state: str, note: str | None = None) -> Wanted:
    """Want a state, and perhaps a note, for a cause."""
    return Wanted(row.id, state, note, f"{row.kind} {row.where}", row.state)
