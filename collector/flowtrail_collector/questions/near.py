"""What is known close to something unknown, for the person who mistyped or asked too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.questions.asked import Reading

MOST = 5


def near(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[str, ...]:
    """Return up to five things that are known near a reading, as they could be asked for."""
    if reading.place:
        return _near_record(connection, reading.place)
    column = {"flow": "correlation_id", "key": "message_key"}.get(reading.form, "message_id")
    prefix = reading.value[: max(4, len(reading.value) // 2)]
    found = connection.execute(
        f"SELECT DISTINCT {column} FROM span_rows WHERE starts_with({column}, ?) ORDER BY {column} LIMIT {MOST}",
        [prefix],
    ).fetchall()
    return tuple(str(value) for (value,) in found)


def _near_record(connection: duckdb.DuckDBPyConnection, place: tuple[str, int, int]) -> tuple[str, ...]:
    destination, partition, _ = place
    known = connection.execute(
        """
        SELECT "partition", min("offset"), max(coalesce(offset_last, "offset"))
        FROM span_rows WHERE destination = ? AND "offset" IS NOT NULL GROUP BY "partition" ORDER BY "partition"
        """,
        [destination],
    ).fetchall()
    if known:
        here = [row for row in known if row[0] == partition] or known[:MOST]
        return tuple(f"{destination}:{part}: offsets {low} to {high} are known" for part, low, high in here)
    names = connection.execute(
        "SELECT DISTINCT destination FROM span_rows WHERE destination IS NOT NULL ORDER BY destination LIMIT 5"
    ).fetchall()
    return tuple(f"destination {name}" for (name,) in names)
