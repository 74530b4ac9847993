"""`losses`: what was published and consumed per destination and group, and what was not, or is not known, and why.

Events are counted by the answers of `published` and `consumed`; beside them stand the findings that speak of loss. An
event belongs to the window in which the first is known of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.marks import kept_documents
from flowtrail_collector.questions.documents import coverage, finding, finding_rows, head
from flowtrail_collector.questions.findings import touches, window_scope
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.questions.scope import Row, Scope
    from flowtrail_collector.window import Window

Document = dict[str, Any]
Place = tuple[str, str, str]
"""System, destination, and the group; empty for what concerns the destination as a whole."""

SCHEMA = "flowtrail.losses/1"
KINDS = (
    *("lost", "skipped", "publish-failed", "publish-in-doubt", "ghost-publish"),
    *("unfinished", "failed", "dead-lettered"),
)
"""The findings that speak of loss, gravest first."""
FIELDS = ("destination", "group", "system")
NOT_PUBLISHED = "not published"
"""The reason that `consumed` gives for what no group could have had."""

_PUBLISHED = """
SELECT e.system, p.destination, p.answer, p.reason, count(*) AS events
FROM published AS p
JOIN events AS e ON e.event = p.event AND e.destination = p.destination
WHERE e.first_ns BETWEEN ? AND ?
GROUP BY e.system, p.destination, p.answer, p.reason
"""
_CONSUMED = """
SELECT e.system, c.destination, c.grp, c.assumed, c.answer, c.reason, count(*) AS events
FROM consumed AS c
JOIN events AS e ON e.event = c.event AND e.destination = c.destination
WHERE e.first_ns BETWEEN ? AND ?
GROUP BY e.system, c.destination, c.grp, c.assumed, c.answer, c.reason
"""


def losses(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> Document:  # noqa: A002
    """Return one row per destination and one per group that reads it, as `flowtrail.losses/1`.

    Raises UsageError for a field that these rows lack.
    """
    filter.require(FIELDS, "losses")
    document = head(connection, SCHEMA)
    with window_scope(connection, window) as scope:
        found = [row for row in finding_rows(scope, KINDS) if touches(row, window)]
        rows = _rows(scope, window)
        document["coverage"] = coverage(scope)
    _count(rows, found)
    document["window"] = {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    document["rows"] = [row for row in rows.values() if filter.matches(row)]
    document["findings"] = [one for one in map(finding, found) if filter.matches(one)]
    document["marks"] = kept_documents(connection)
    return document


def _rows(scope: Scope, window: Window) -> dict[Place, Document]:
    scope.build("published", "consumed", "events")
    inside = [window.since_ns or 0, 2**63 - 1 if window.until_ns is None else window.until_ns]
    rows: dict[Place, Document] = {}
    for told in [*scope.rows(_PUBLISHED, inside), *scope.rows(_CONSUMED, inside)]:
        row = rows.setdefault(_place(told, told.get("grp")), _row(told))
        events = int(told["events"])
        if told["reason"] == NOT_PUBLISHED:
            continue
        row["events"] += events
        row["answers"][told["answer"]] = row["answers"].get(told["answer"], 0) + events
        if told["answer"] in ("unknown", "in-doubt"):
            row["unknown"].append({"answer": told["answer"], "reason": told["reason"], "events": events})
    for row in rows.values():
        row["unknown"].sort(key=lambda one: (-one["events"], one["reason"] or ""))
    return {place: rows[place] for place in sorted(rows)}


def _row(told: Row) -> Document:
    return {
        "system": told["system"],
        "destination": told["destination"],
        "group": told.get("grp"),
        "assumed": bool(told.get("assumed", False)),
        "events": 0,
        "answers": {},
        "unknown": [],
        "findings": {},
    }


def _place(row: Row, group: str | None) -> Place:
    return row["system"] or "", row["destination"] or "", group or ""


def _count(rows: dict[Place, Document], found: list[Row]) -> None:
    """Add the findings to the rows that they concern, by kind; a row has them even where it counts no event."""
    for one in found:
        row = rows.setdefault(_place(one, one["group"]), _row({**one, "grp": one["group"]}))
        row["findings"][one["kind"]] = row["findings"].get(one["kind"], 0) + 1
