"""Removes what is older than is to be kept, a little at a time: the writer is never busy with it for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    import duckdb

    from flowtrail_collector.store.database import Store

_ROWS = 50_000  # per transaction
_BY_START = ("span_rows", "link_rows")
_BY_SAMPLE = ("broker_partition_rows", "broker_position_rows", "broker_member_rows", "broker_topic_rows")


def expire(store: Store, before_ns: int, stop: threading.Event) -> int:
    """Remove spans that started, and broker samples taken, before an instant; return how many spans.

    Ends early when `stop` is set. Raises SourceUnavailable when the store can not be written.
    """
    removed = 0
    while not stop.is_set():
        until = store.read(lambda connection: _slice(connection, before_ns))
        if until is None:
            break
        removed += store.write(lambda connection, until=until: _remove(connection, until))  # type: ignore[misc]
    for table in _BY_SAMPLE:
        if stop.is_set():
            break
        store.write(lambda connection, table=table: _remove_samples(connection, table, before_ns))  # type: ignore[misc]
    return removed


def _slice(connection: duckdb.DuckDBPyConnection, before_ns: int) -> int | None:
    """Return an instant before which there are few enough spans to remove at once; None where nothing is too old."""
    row = connection.execute(
        "SELECT max(start_ns), count(*) FROM "
        "(SELECT start_ns FROM span_rows WHERE start_ns < ? ORDER BY start_ns LIMIT ?)",
        [before_ns, _ROWS],
    ).fetchone()
    if row is None or not row[1]:
        return None
    return before_ns if row[1] < _ROWS else int(row[0]) + 1


def _remove(connection: duckdb.DuckDBPyConnection, until_ns: int) -> int:
    removed = 0
    for table in _BY_START:
        row = connection.execute(f"DELETE FROM {table} WHERE start_ns < ?", [until_ns]).fetchone()
        removed = removed or (int(row[0]) if row else 0)
    return removed


def _remove_samples(connection: duckdb.DuckDBPyConnection, table: str, before_ns: int) -> None:
    connection.execute(f"DELETE FROM {table} WHERE at_ns < ?", [before_ns])
