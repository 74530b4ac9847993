"""`findings`: everything of a window that is wrong, unusual, or explains another answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.documents import coverage, finding, finding_rows, head
from flowtrail_collector.questions.scope import Scope
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.questions.scope import Row
    from flowtrail_collector.window import Window

MARGIN_NS = 600 * 10**9
"""Spans this long before a window are looked at as well: what the window's events rest on."""

FIELDS = ("kind", "severity", "topic", "group", "service", "partition", "system", "id")


def findings(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> dict[str, Any]:  # noqa: A002
    """Return the findings that touch the window and pass the filter, as `flowtrail.findings/1`."""
    document = head(connection, "flowtrail.findings/1")
    scope = window_scope(connection, window)
    rows = [finding(row) for row in finding_rows(scope) if _touches(row, window)]
    document["coverage"] = coverage(scope)
    document["window"] = {
        "since": rfc3339_or_none(window.since_ns),
        "until": rfc3339_or_none(window.until_ns),
    }
    document["findings"] = [row for row in rows if filter.matches(row)]
    return document


def window_scope(connection: duckdb.DuckDBPyConnection, window: Window) -> Scope:
    """Return the scope that judges a window's events.

    It holds the window's spans with a margin before, every earlier span of the records that the window touches (a
    record that is handed out again may be old), and what moved a group's position at any time before.
    """
    if window.since_ns is None:
        return Scope(
            connection, "operation IS NOT NULL AND start_ns <= $until", {"until": window.until_ns or 2**63 - 1}
        )
    values = {
        "since": window.since_ns,
        "from": window.since_ns - MARGIN_NS,
        "until": window.until_ns if window.until_ns is not None else 2**63 - 1,
    }
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT destination, "partition", min("offset") AS low
        FROM span_rows
        WHERE end_ns >= $since AND start_ns <= $until AND "offset" IS NOT NULL AND "partition" IS NOT NULL
        GROUP BY destination, "partition"
        """,
        {"since": values["since"], "until": values["until"]},
    )
    return Scope(
        connection,
        """
        operation IS NOT NULL AND start_ns <= $until AND (
            end_ns >= $from
            OR (operation IN ('settle', 'assign', 'revoke') AND coalesce(position_reason, '') <> 'commit')
            OR EXISTS (
                SELECT 1 FROM touched AS t
                WHERE t.destination = e.destination AND t."partition" = e."partition"
                    AND coalesce(e.offset_last, e."offset") >= t.low)
        )
        """,
        values,
    )


def _touches(row: Row, window: Window) -> bool:
    """Tell whether a finding overlaps the window; a telemetry gap does where its instance lived in it."""
    return (window.since_ns is None or row["last_ns"] >= window.since_ns) and (
        window.until_ns is None or row["first_ns"] <= window.until_ns
    )
