"""`flowtrail.status/1`: what a source holds, how complete it is, and who sends to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

SCHEMA = "flowtrail.status/1"

Row = dict[str, Any]


def status(connection: duckdb.DuckDBPyConnection, *, path: str | None = None) -> dict[str, Any]:
    """Return the document of a store; a running collector adds what only it knows."""
    instances = fetch(connection, sql_of("status_instances"))
    telling = {row["service"] for row in fetch(connection, sql_of("status_acks"))}
    stored = fetch(
        connection,
        "SELECT count(*) AS spans, min(start_ns) AS oldest, max(end_ns) AS newest FROM span_rows",
    )[0]
    sampled = fetch(connection, "SELECT max(at_ns) AS at_ns FROM broker_partition_rows")[0]["at_ns"]
    newest = [moment for moment in (stored["newest"], sampled) if moment is not None]
    return {
        "schema": SCHEMA,
        "as_of": rfc3339_or_none(max(newest, default=None)),
        "live": False,
        "coverage": _share(instances),
        "store": {
            "path": path,
            "spans": stored["spans"],
            "oldest": rfc3339_or_none(stored["oldest"]),
            "newest": rfc3339_or_none(stored["newest"]),
            "sampled_at": rfc3339_or_none(sampled),
        },
        "services": [
            _service(name, instances, tells_acks=(name or None) in telling)
            for name in sorted({row["service"] or "" for row in instances})
        ],
    }


def coverage(connection: duckdb.DuckDBPyConnection) -> float | None:
    """Return the share of numbered spans that arrived, 0 to 1; None where no sender numbers its spans."""
    return _share(fetch(connection, sql_of("status_instances")))


def _share(instances: list[Row]) -> float | None:
    numbered = [row for row in instances if row["expected"]]
    expected = sum(row["expected"] for row in numbered)
    return sum(row["received"] for row in numbered) / expected if expected else None


def _service(name: str, instances: list[Row], *, tells_acks: bool) -> Row:
    """Sum up a service: what its instances tell, and what is missing of it."""
    own = [row for row in instances if (row["service"] or "") == name]
    return {
        "service": name or None,
        "instances": len(own),
        "spans": sum(row["spans"] for row in own),
        "numbered": all(row["expected"] is not None for row in own),
        "coverage": _share(own),
        "dropped": sum(row["dropped"] or 0 for row in own),
        "publishes": any(row["publishes"] for row in own),
        "tells_acks": tells_acks,
        "consumes": any(row["consumes"] for row in own),
        "tells_outcomes": any(row["tells_outcomes"] for row in own),
        "tells_positions": any(row["tells_positions"] for row in own),
        "names_groups": any(row["names_groups"] for row in own),
        "last_at": rfc3339_or_none(max(row["last_ns"] for row in own)),
    }
