"""Findings as a table: what happened to which event, where, and the spans that prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_reports.marked import MARKED, said, table
from flowtrail_reports.model import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_reports.documents import Document
    from flowtrail_reports.model import Table

NONE = "–"
COLUMNS = (
    Column("severity", "Severity", "severity"),
    Column("message_ids", "Event", "id"),
    Column("place", "Record", "id"),
    Column("who", "Who"),
    Column("reason", "Cause", missing=NONE),
    Column("first_at", "First", "time"),
    Column("last_at", "Last", "time"),
    Column("grade", "Grade"),
    Column("evidence", "Evidence", "evidence"),
)
FLAT = (
    Column("severity", "Severity", "severity"),
    Column("kind", "Kind"),
    Column("reason", "Cause", missing=NONE),
    Column("system", "System"),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    Column("offsets", "Offsets"),
    Column("group", "Group", missing=NONE),
    Column("producer", "Producer", missing=NONE),
    Column("message_ids", "Message ids", "id"),
    Column("count", "Times", "number"),
    Column("first_at", "First", "time"),
    Column("last_at", "Last", "time"),
    Column("grade", "Grade"),
    Column("summary", "In words"),
    Column("evidence", "Evidence", "evidence"),
    MARKED,
)


def finding_table(findings: Iterable[Document]) -> Table:
    """Lay findings out for people."""
    return table(COLUMNS, map(finding_row, findings))


def finding_row(finding: Document) -> dict[str, Any]:
    """Add to a finding what a table of findings shows: its place, whose it is, what was said of its cause."""
    who = finding["group"] or finding["producer"]
    return {**finding, "place": place(finding), "who": who, "marked": said(finding)}


def place(finding: Document) -> str:
    """Name where a finding stands, as far as it has a place."""
    if finding["partition"] is None:
        return finding["destination"] or "?"
    offsets = ",".join(map(str, finding["offsets"][:5])) + (",…" if len(finding["offsets"]) > 5 else "")
    return f"{finding['destination']}:{finding['partition']}" + (f":{offsets}" if offsets else "")
