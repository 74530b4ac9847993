"""What names the events that a question looks at: ids, records, traces, transactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.narrow import quoted
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.store.lookup import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from flowtrail_collector.questions.asked import Reading
    from flowtrail_collector.questions.ranges import Place

MOST_SEEDS = 5_000
"""Spans that may stand for what was asked; the newest are kept."""
_NAMING = (
    "trace_id",
    "message_id",
    "causation_id",
    "transaction_id",
    "destination",
    "partition",
    "offset",
    "offset_last",
    "origin_destination",
    "origin_partition",
    "origin_offset",
)
"""The columns by which a span names events."""


@dataclass(slots=True)
class Seeds:
    """What names the events that were asked about."""

    ids: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    traces: set[bytes] = field(default_factory=set)
    transactions: set[str] = field(default_factory=set)

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add what spans name."""
        for row in rows:
            self.traces.add(row["trace_id"])
            self.ids.update(value for value in (row["message_id"], row["causation_id"]) if value)
            if row["transaction_id"]:
                self.transactions.add(row["transaction_id"])
            self.places.update(place for place in (place_of(row), origin_of(row)) if place is not None)

    def size(self) -> int:
        """Return how much is named, to see whether a round added anything."""
        return len(self.ids) + len(self.places) + len(self.traces)


def seeds_of(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Seeds:
    """Return what names the events of a reading; empty where nothing is stored of them."""
    conditions: dict[str, tuple[str, list[Any]]] = {
        "id": (holds("message_id", "[$1]"), [reading.value]),
        "flow": ("correlation_id = ?", [reading.value]),
        "trace": (holds("trace_id", "[unhex($1)]"), [reading.value]),
        "key": ("message_key = ? AND destination = ?", [reading.value, reading.destination]),
        "record": (
            'destination = ? AND "partition" = ? AND "offset" <= ? AND coalesce(offset_last, "offset") >= ?',
            [*(reading.place or (None, None, None)), reading.place and reading.place[2]],
        ),
    }
    condition, parameters = conditions[reading.form]
    seeds = Seeds()
    rows = fetch(
        connection,
        f"SELECT {quoted(_NAMING)} FROM span_rows WHERE ({condition}) AND operation IS NOT NULL "
        f"ORDER BY start_ns DESC LIMIT {MOST_SEEDS}",
        parameters,
    )
    if reading.place:
        rows = [row for row in rows if row["offset_last"] is None] or rows[:1]
        if rows or _linked(connection, reading.place):
            seeds.places.add(reading.place)
    seeds.take(rows)
    return seeds


def _linked(connection: duckdb.DuckDBPyConnection, place: Place) -> bool:
    row = connection.execute(
        'SELECT count(*) FROM link_rows WHERE destination = ? AND "partition" = ? AND "offset" = ?',
        place,
    ).fetchone()
    return bool(row and row[0])


def place_of(row: Mapping[str, Any]) -> Place | None:
    """Return the record that a span speaks of; None where it names none, or a range."""
    if row["offset"] is None or row["partition"] is None or row["offset_last"] is not None:
        return None
    return row["destination"], row["partition"], row["offset"]


def origin_of(row: Mapping[str, Any]) -> Place | None:
    """Return the record of which a span's record is a copy."""
    if row["origin_offset"] is None or row["origin_partition"] is None or row["origin_destination"] is None:
        return None
    return row["origin_destination"], row["origin_partition"], row["origin_offset"]
