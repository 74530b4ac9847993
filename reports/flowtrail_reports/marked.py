"""What people said of causes, beside the findings of these: acknowledged or muted, by whom, when and why.

A report leaves nothing out for it: what is muted on a screen stands here, and is said to be muted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.causes import cause_id
from flowtrail_reports.model import Column, Table
from flowtrail_reports.writing import time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Document = dict[str, Any]

MARKED = Column("marked", "Marked", missing="–")


def marked(answer: Document) -> Document:
    """Put beside each finding of an answer the mark of its cause, where there is one."""
    marks = {
        cause: mark for cause, mark in (answer.get("marks") or {}).items() if mark["state"] != "open" or mark["note"]
    }
    if not marks:
        return answer
    found = [(one, marks.get(cause_id(one))) for one in answer["findings"]]
    return {**answer, "findings": [one if mark is None else {**one, "mark": mark} for one, mark in found]}


def said(finding: Document) -> str | None:
    """Write the mark beside a finding: `acknowledged by ann, 2026-03-01 12:04:31 UTC: known`."""
    mark = finding.get("mark")
    if mark is None:
        return None
    state = "noted" if mark["state"] == "open" else mark["state"]
    by = f" by {mark['by']}" if mark["by"] else ""
    return f"{state}{by}, {time(mark['at'])} UTC" + (f": {mark['note']}" if mark["note"] else "")


def said_of(rows: Iterable[Document]) -> str | None:
    """Write what was said of several rows; where it was not said of all of them, so."""
    told = [row.get("marked") for row in rows]
    texts = list(dict.fromkeys(text for text in told if text))
    if not texts:
        return None
    marks = sum(text is not None for text in told)
    return ("" if marks == len(told) else f"{marks} of {len(told)}: ") + "; ".join(texts)


def table(columns: Sequence[Column], rows: Iterable[Document]) -> Table:
    """Lay rows out for people, with what was said of them where anything was."""
    told = tuple(rows)
    return Table((*columns, MARKED) if any(row.get("marked") for row in told) else tuple(columns), told)


def beside(wrong: str | None, row: Document) -> str | None:
    """Add what was said of a row to what is wrong with it: it stays wrong."""
    return f"{wrong} ({row['marked']})" if wrong and row.get("marked") else wrong
