"""`flowtrail.causes/1` as plain lines: the anomalies inbox, each cause with the id by which it is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import causes as model
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.text.lists import basis, counted, table

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (Column("CAUSE", 12, 12), *model.COLUMNS)


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the causes of a document, gravest first."""
    inbox = model.read_inbox(document)
    totals = inbox.totals
    states = [f"{totals[state]:,} {state}" for state in ("open", "acknowledged", "muted") if totals.get(state)]
    if not inbox.rows:
        return [basis(document, "no cause in this window passes the filter", *states)]
    more = totals.get("shown", 0) - len(inbox.rows)
    facts = [counted(totals.get("findings", 0), "finding"), *states, f"{more:,} more causes" if more > 0 else ""]
    marks = [_marked(row, row.mark) for row in inbox.rows if row.mark is not None]
    lines = [*table(COLUMNS, [_cells(row) for row in inbox.rows], width), ()]
    return [*lines, *marks, *([()] if marks else []), basis(document, *facts)]


def _cells(row: model.CauseRow) -> Sequence[Line]:
    return (line(Part(row.id, "dim")), *model.cells(row))


def _marked(row: model.CauseRow, mark: model.Mark) -> Line:
    return line(Part(row.id, "dim"), f"  {model.said(mark)}")


def marked(document: dict[str, Any]) -> Line:
    """Say what is kept of a cause now."""
    by, note = f.word(document.get("by"), ""), f.word(document.get("note"), "")
    who = f" by {by}" if by else ""
    return line(f"{f.word(document.get('cause'))} is {f.word(document.get('state'))}{who}{f': {note}' if note else ''}")
