"""The spans around events: what must be looked at to judge some records, and no more.

Everything that names the events (by message id, by record, by causation, by origin), the traces they were sent in, the
neighbours of their records in the log (an overtaking is seen against neighbours), and every position that the groups
held in those partitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.scope import Scope, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from flowtrail_collector.questions.asked import Reading

NEIGHBOURS = 200
"""Offsets to either side of a record that are looked at for reordering."""
MOST_SEEDS = 5_000
"""Spans that may stand for what was asked; the newest are kept."""
_ROUNDS = 2
"""An event's cause and its effects are one step away each; copies are found in the second."""

Place = tuple[str, int, int]
"""Destination, partition, offset."""


@dataclass(slots=True)
class Seeds:
    """What names the events that were asked about."""

    ids: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    traces: set[bytes] = field(default_factory=set)
    transactions: set[str] = field(default_factory=set)

    def take(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add what spans name."""
        for row in rows:
            self.traces.add(row["trace_id"])
            self.ids.update(value for value in (row["message_id"], row["causation_id"]) if value)
            if row["transaction_id"]:
                self.transactions.add(row["transaction_id"])
            if row["offset"] is not None and row["partition"] is not None and row["offset_last"] is None:
                self.places.add((row["destination"], row["partition"], row["offset"]))
            if row["origin_offset"] is not None and row["origin_partition"] is not None:
                self.places.add((row["origin_destination"], row["origin_partition"], row["origin_offset"]))

    def size(self) -> int:
        """Return how much is named, to see whether a round added anything."""
        return len(self.ids) + len(self.places) + len(self.traces)


_COLUMNS = (
    'trace_id, message_id, causation_id, transaction_id, destination, "partition", "offset", offset_last, '
    "origin_destination, origin_partition, origin_offset"
)


def seeds_of(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Seeds:
    """Return what names the events of a reading; empty where nothing is stored of them."""
    conditions: dict[str, tuple[str, list[Any]]] = {
        "id": ("message_id = ?", [reading.value]),
        "flow": ("correlation_id = ?", [reading.value]),
        "trace": ("trace_id = unhex(?)", [reading.value]),
        "key": ("message_key = ? AND destination = ?", [reading.value, reading.destination]),
        "record": (
            'destination = ? AND "partition" = ? AND "offset" <= ? AND coalesce(offset_last, "offset") >= ?',
            [*(reading.place or (None, None, None)), reading.place and reading.place[2]],
        ),
    }
    condition, parameters = conditions[reading.form]
    seeds = Seeds()
    rows = _spans(connection, f"({condition}) AND operation IS NOT NULL", parameters)
    if reading.place:
        rows = [row for row in rows if row["offset_last"] is None] or rows[:1]
        if rows or _linked(connection, reading.place):
            seeds.places.add(reading.place)
    seeds.take(rows)
    return seeds


def scope_around(connection: duckdb.DuckDBPyConnection, seeds: Seeds) -> Scope:
    """Return the scope of the events that `seeds` name, after following causes, effects, copies and records."""
    before = -1
    for _ in range(_ROUNDS):
        if seeds.size() == before:
            break
        before = seeds.size()
        condition, parameters = _named_by(seeds, neighbours=0)
        seeds.take(_spans(connection, condition, parameters))
    condition, parameters = _named_by(seeds, neighbours=NEIGHBOURS)
    return Scope(connection, condition, parameters)


def _spans(connection: duckdb.DuckDBPyConnection, condition: str, parameters: Any) -> list[dict[str, Any]]:
    return fetch(
        connection,
        f"SELECT {_COLUMNS} FROM span_rows WHERE {condition} ORDER BY start_ns DESC LIMIT {MOST_SEEDS}",
        parameters,
    )


def _linked(connection: duckdb.DuckDBPyConnection, place: Place) -> bool:
    row = connection.execute(
        'SELECT count(*) FROM link_rows WHERE destination = ? AND "partition" = ? AND "offset" = ?',
        place,
    ).fetchone()
    return bool(row and row[0])


def _named_by(seeds: Seeds, *, neighbours: int) -> tuple[str, dict[str, Any]]:
    """Return the condition on spans that lets through whatever `seeds` name; values are bound."""
    parts: list[str] = ["FALSE"]
    values: dict[str, Any] = {}
    if seeds.ids:
        values["ids"] = sorted(seeds.ids)
        parts.append("message_id IN (SELECT unnest($ids))")
        parts.append("causation_id IN (SELECT unnest($ids))")
    if seeds.traces:
        values["traces"] = sorted(seeds.traces)
        parts.append("trace_id IN (SELECT unnest($traces::BLOB[]))")
    if seeds.transactions and neighbours:
        values["transactions"] = sorted(seeds.transactions)
        parts.append("(operation = 'settle' AND transaction_id IN (SELECT unnest($transactions)))")
    for number, (destination, partition, low, high) in enumerate(ranges(seeds.places, neighbours)):
        values |= {f"d{number}": destination, f"p{number}": partition, f"l{number}": low, f"h{number}": high}
        positions = "operation IN ('settle', 'assign', 'revoke') OR " if neighbours else ""
        parts.append(
            f'(destination = $d{number} AND "partition" = $p{number} AND ({positions}'
            f'("offset" <= $h{number} AND coalesce(offset_last, "offset") >= $l{number})))'
        )
        if not neighbours:
            parts.append(
                f"(origin_destination = $d{number} AND origin_partition = $p{number} "
                f"AND origin_offset BETWEEN $l{number} AND $h{number})"
            )
    return f"operation IS NOT NULL AND ({' OR '.join(parts)})", values


def ranges(places: Iterable[Place], neighbours: int) -> list[tuple[str, int, int, int]]:
    """Return ranges of offsets (destination, partition, first, last) that cover the places and their neighbours.

    Ranges that touch are one. Beyond 64 ranges each partition gets a single one: a long condition costs more than the
    rows it spares.
    """
    found: list[tuple[str, int, int, int]] = []
    for destination, partition, offset in sorted(places):
        low, high = max(offset - neighbours, 0), offset + neighbours
        if found and found[-1][:2] == (destination, partition) and low <= found[-1][3] + 1:
            found[-1] = (destination, partition, found[-1][2], max(high, found[-1][3]))
        else:
            found.append((destination, partition, low, high))
    if len(found) <= 64:
        return found
    wide: dict[tuple[str, int], tuple[int, int]] = {}
    for destination, partition, low, high in found:
        first, last = wide.get((destination, partition), (low, high))
        wide[destination, partition] = (min(first, low), max(last, high))
    return [(*partition, low, high) for partition, (low, high) in wide.items()]
