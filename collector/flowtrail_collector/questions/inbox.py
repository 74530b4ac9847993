"""`causes`: the findings of a window by cause, with what people said of each: what the anomalies inbox shows.

Grouped here and not where it is shown, so that nobody carries a hundred thousand findings to draw ten rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.causes import by_cause, event_names, span_of
from flowtrail_collector.filters import EVERY_STATE
from flowtrail_collector.marks import MUTED, OPEN, STATES, kept
from flowtrail_collector.questions.findings import findings, judged
from flowtrail_collector.store.lookup import holds
from flowtrail_collector.window import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from flowtrail_collector.causes import Cause, Span
    from flowtrail_collector.filters import Filter
    from flowtrail_collector.marks import Mark
    from flowtrail_collector.questions.findings import Judging
    from flowtrail_collector.window import Window

Document = dict[str, Any]

SCHEMA = "flowtrail.causes/1"
MOST_ROWS = 1_000
"""More causes than these are counted and not told."""
MOST_EVENTS = 20_000
"""Of so many events the flows are looked up; of more, how many flows they are of is not known."""

_BY_ID = f"""
SELECT message_id AS name, min(coalesce(correlation_id, lower(hex(trace_id)))) AS flow
FROM span_rows
WHERE {holds("message_id", "$names::VARCHAR[]")} AND operation IN ('create', 'send', 'process')
GROUP BY message_id
"""
_BY_RECORD = """
SELECT concat_ws(':', destination, "partition", "offset") AS name,
    min(coalesce(correlation_id, lower(hex(trace_id)))) AS flow
FROM span_rows
WHERE concat_ws(':', destination, "partition", "offset") IN (SELECT unnest($names::VARCHAR[]))
    AND operation IN ('create', 'send', 'process') AND message_id IS NULL
GROUP BY name
"""


def inbox(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    filter: Filter,  # noqa: A002 the word of the grammar
    judging: Judging = judged,
) -> Document:
    """Return one row per cause, gravest first, as `flowtrail.causes/1`; muted ones where the filter asks for them."""
    answer = findings(connection, window, filter.without("state"), judging)
    found = answer["findings"]
    marks = kept(connection)
    causes = by_cause(found, _flows(connection, found))
    shown = [cause for cause in causes if _passes(marks.get(cause.id), filter)]
    span = span_of(found, window.since_ns, _end(window, answer))
    return {
        "schema": SCHEMA,
        **{name: answer[name] for name in ("as_of", "coverage", "window")},
        "rows": [_row(cause, marks.get(cause.id), span) for cause in shown[:MOST_ROWS]],
        "totals": _totals(causes, marks, shown),
    }


def _row(cause: Cause, mark: Mark | None, span: Span) -> Document:
    return {**cause.document(span), "mark": None if mark is None else mark.on(cause)}


def _totals(causes: Iterable[Cause], marks: dict[str, Mark], shown: list[Cause]) -> Document:
    """Count what passes the filter whatever its state, and the open ones that want to be looked at."""
    told: Document = {**dict.fromkeys(STATES, 0), "attention": 0, "findings": 0, "shown": len(shown)}
    for cause in causes:
        state = _state(marks.get(cause.id))
        told[state] += 1
        told["attention"] += state == OPEN and cause.findings[0]["severity"] != "info"
        told["findings"] += len(cause.findings)
    return told


def _state(mark: Mark | None) -> str:
    return OPEN if mark is None else mark.state


def _passes(mark: Mark | None, filter: Filter) -> bool:  # noqa: A002
    state = _state(mark)
    if not filter.asks_for("state"):
        return state != MUTED
    return all(term.matches({"states": [state, EVERY_STATE]}) for term in filter.terms if term.field == "state")


def _end(window: Window, answer: Document) -> int:
    """Return where trends end: an open window's at the watermark."""
    return parse_instant(answer["as_of"]) if window.until_ns is None else window.until_ns


def _flows(connection: duckdb.DuckDBPyConnection, found: list[Document]) -> dict[str, str]:
    """Return the flow of each event that a finding names: its correlation id, else its trace."""
    ids = {name for one in found if one["message_ids"] for name in event_names(one)}
    records = {name for one in found if not one["message_ids"] for name in event_names(one)}
    if len(ids) + len(records) > MOST_EVENTS:
        return {}
    told: dict[str, str] = {}
    for sql, names in ((_BY_ID, ids), (_BY_RECORD, records)):
        if names:
            told |= dict(connection.execute(sql, {"names": sorted(names)}).fetchall())
    return told
