"""What the anomalies inbox offers to be written to a file: its causes, or the findings of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.exportable import Cell, Export, Exporting

if TYPE_CHECKING:
    from collections.abc import Sequence

Document = dict[str, Any]

CAUSES = (
    *("severity", "kind", "reason", "system", "destination", "partition", "group", "producer", "first_at", "last_at"),
    *("count", "events", "flows", "grade", "happened", "impact", "rule", "cause", "state", "note", "by"),
)
FINDINGS = (
    *("severity", "kind", "reason", "system", "destination", "partition", "offsets", "group", "producer", "instance"),
    *("message_ids", "count", "first_at", "last_at", "grade", "summary"),
)


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
