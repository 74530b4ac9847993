"""`findings`: everything of a window that is wrong, unusual, or explains another answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import KINDS
from flowtrail_collector.questions.documents import coverage, finding, finding_rows, head
from flowtrail_collector.questions.loading import load
from flowtrail_collector.questions.narrow import open_scope, quoted, table_columns
from flowtrail_collector.questions.scope import WideScope
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.questions.scope import Row, Scope
    from flowtrail_collector.window import Window

MARGIN_NS = 600 * 10**9
"""Spans this long before a window are looked at as well: what the window's events rest on."""
MOST_NARROW = 1_500
"""Spans up to which SQLite is faster than DuckDB; see docs/architecture.md."""

FIELDS = ("kind", "severity", "topic", "group", "service", "partition", "system", "id")


def findings(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> dict[str, Any]:  # noqa: A002
    """Return the findings that touch the window and pass the filter, as `flowtrail.findings/1`."""
    document = head(connection, "flowtrail.findings/1")
    with window_scope(connection, window) as scope:
        rows = [finding(row) for row in finding_rows(scope, _kinds(filter)) if touches(row, window)]
        document["coverage"] = coverage(scope)
    document["window"] = {
        "since": rfc3339_or_none(window.since_ns),
        "until": rfc3339_or_none(window.until_ns),
    }
    document["findings"] = [row for row in rows if filter.matches(row)]
    return document


def _kinds(filter: Filter) -> frozenset[str] | None:  # noqa: A002 the word of the grammar
    """Return the kinds that the filter lets through, None for all: what only others need is not built."""
    terms = [term for term in filter.terms if term.field == "kind"]
    if not terms:
        return None
    return frozenset(kind for kind in KINDS if all(term.matches({"kind": kind}) for term in terms))


@contextmanager
def window_scope(connection: duckdb.DuckDBPyConnection, window: Window) -> Iterator[Scope]:
    """Offer the scope that judges a window's events: a narrow one if it is small.

    It holds the window's spans with a margin before, every earlier span of the records that the window touches (a
    record that is handed out again may be old), and what moved a group's position at any time before.
    """
    condition, values = _looked_at(connection, window)
    few = connection.execute(
        f"SELECT {quoted(table_columns('span_rows'))} FROM span_rows AS e WHERE {condition} LIMIT {MOST_NARROW + 1}",
        values,
    ).fetchall()
    if len(few) > MOST_NARROW:
        yield WideScope(connection, condition, values)
        return
    with open_scope(load(connection, few)) as scope:
        yield scope


def _looked_at(connection: duckdb.DuckDBPyConnection, window: Window) -> tuple[str, dict[str, int]]:
    """Return the condition on the spans `e` that a window's events rest on, and the values to bind."""
    until = window.until_ns if window.until_ns is not None else 2**63 - 1
    if window.since_ns is None:
        return "operation IS NOT NULL AND start_ns <= $until", {"until": until}
    values = {"since": window.since_ns, "from": window.since_ns - MARGIN_NS, "until": until}
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
    del values["since"]
    return (
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


def touches(row: Row, window: Window) -> bool:
    """Tell whether a finding overlaps the window; a telemetry gap does where its instance lived in it."""
    return (window.since_ns is None or row["last_ns"] >= window.since_ns) and (
        window.until_ns is None or row["first_ns"] <= window.until_ns
    )
