"""`flowtrail.names/1`: what there is to ask about and to filter by, for whoever types it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.near import beginning_with

if TYPE_CHECKING:
    import duckdb

SCHEMA = "flowtrail.names/1"
MOST = 1000
"""So many names of a kind are given, those of most spans; who has more types on."""
LEAST_BEGUN = 2
"""So many characters must be typed before ids are looked for: fewer begin too many."""

_OF_LEDGER = {"destinations": "destination", "groups": "consumer_group", "services": "service"}
_TYPES = f"""
SELECT event_type FROM span_rows WHERE event_type IS NOT NULL
GROUP BY event_type ORDER BY count(*) DESC, event_type LIMIT {MOST}
"""


def names(connection: duckdb.DuckDBPyConnection, begins: str = "") -> dict[str, Any]:
    """Return the names of destinations, groups, services and event types, each in order.

    `begins`: also message ids, correlation ids and keys that begin so, as they could be asked for.
    """
    begun = begins.strip()
    return {
        "schema": SCHEMA,
        **{kind: _of_ledger(connection, column) for kind, column in _OF_LEDGER.items()},
        "types": sorted(name for (name,) in connection.execute(_TYPES).fetchall()),
        "begins": list(beginning_with(connection, begun)) if len(begun) >= LEAST_BEGUN else [],
    }


def _of_ledger(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    rows = connection.execute(
        f"SELECT {column} FROM ledger_rows WHERE {column} IS NOT NULL AND {column} <> '' "
        f"GROUP BY {column} ORDER BY sum(spans) DESC, {column} LIMIT {MOST}"
    ).fetchall()
    return sorted(name for (name,) in rows)
