"""The spans behind a verdict as plain lines: what each of them proves, who did what where, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import spans
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.text.lists import basis, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPAN = Column("SPAN", 49, 49)
_CLAIM = Column("CLAIM", 5, 40)


def claims(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each claim of a verdict with its evidence, for JSON."""
    found: dict[tuple[str | None, str], list[str]] = {}
    for event in f.items(document.get("events")):
        for ref, own in spans.claims_of({"events": [event]}).items():
            for claim in own:
                found.setdefault((event.get("message_id"), claim), []).append(ref)
    return [{"event": event, "claim": claim, "evidence": refs} for (event, claim), refs in found.items()]


def refs(document: dict[str, Any]) -> list[str]:
    """Return every reference that a verdict names, each once."""
    return list(spans.claims_of(document))


def render(document: dict[str, Any], told: dict[str, Any], width: int) -> list[Line]:
    """Draw a row per span, a claim with several spans in several rows."""
    rows = spans.read(told, spans.claims_of(document))
    missing = sum(not row.stored for row in rows)
    gone = f"{missing:,} no longer stored" if missing else ""
    below = [(), basis(document, counted(len(rows) - missing, "span"), gone, spans.left_out(told))]
    if not rows:
        return [line(Part("no span is named", "dim")), *below]
    columns = (_SPAN, spans.COLUMNS[0], _CLAIM, *spans.COLUMNS[2:])
    return [*table(columns, [cells for row in rows for cells in _cells(row)], width), *below]


def _cells(row: spans.SpanRow) -> list[Sequence[Line]]:
    when, _, *rest = spans.cells(row)
    proves = row.claims or ("",)
    return [(line(Part(row.ref)), when, line(Part(claim, "label")), *rest) for claim in proves]
