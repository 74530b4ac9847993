"""What the anomalies inbox offers to be taken elsewhere: to the clipboard, to the evidence, to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.evidence import Evidence
from flowtrail_tui.exportable import Cell, Export, Exporting
from flowtrail_tui.model import anomalies as model
from flowtrail_tui.model import figures as f
from flowtrail_tui.yankable import Yankable, of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.model.causes import CauseRow

Document = dict[str, Any]

CAUSES = (
    *("severity", "kind", "reason", "system", "destination", "partition", "group", "producer", "first_at", "last_at"),
    *("count", "events", "flows", "grade", "happened", "impact", "rule", "cause", "state", "note", "by"),
)
FINDINGS = (
    *("severity", "kind", "reason", "system", "destination", "partition", "offsets", "group", "producer", "instance"),
    *("message_ids", "count", "first_at", "last_at", "grade", "summary"),
)


def yankables(row: CauseRow | None, finding: Document | None) -> list[Yankable]:
    """Offer a finding, else a cause."""
    if finding is not None:
        return of_row("event", model.event_of(finding), finding)
    if row is None:
        return []
    command = Yankable("command", f"flowtrail findings cause:{row.id} --json")
    return [*of_row("what happened", row.happened, row.document), Yankable("cause", row.id), command]


def evidence(row: CauseRow, finding: Document, *, alone: bool) -> Evidence:
    """Offer the spans that prove a finding `alone`, else its cause."""
    title, document = (f.word(finding.get("summary"), row.happened), finding) if alone else (row.happened, row.document)
    return Evidence(title, model.evidence_of(document), model.question_of(finding) or "")


def exporting(name: str, rows: Sequence[Document], document: Document | None) -> Exporting:
    """Offer rows as they are shown; `document` is the answer they came with, None for findings."""
    columns = FINDINGS if document is None else CAUSES
    told: Document = {"schema": "flowtrail.findings/1", "findings": list(rows)}
    whole = told if document is None else {**document, "rows": list(rows)}
    return lambda: Export(name, columns, tuple(_cells(row, columns) for row in rows), whole)


def _cells(row: Document, columns: tuple[str, ...]) -> tuple[Cell, ...]:
    mark = row.get("mark") or {}
    told = {"state": "open", **row, **{name: mark.get(name) for name in ("state", "note", "by") if mark}}
    return tuple(_cell(told.get(name)) for name in columns)


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
