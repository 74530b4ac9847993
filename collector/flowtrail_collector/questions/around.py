"""The spans around events: what must be looked at to judge some records, and no more.

Everything that names the events (by message id, by record, by causation, by origin), the traces they were sent in, the
neighbours of their records in the log (an overtaking is seen against neighbours), and every position that the groups
held in those partitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import Scope, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from flowtrail_collector.questions.asked import Reading

NEIGHBOURS = 200
"""Offsets to either side of a record that are looked at for reordering."""
MOST_SEEDS = 5_000
"""Spans that may stand for what was asked; the newest are kept."""
_ROUNDS = 2
"""An event's cause and its effects are one step away each; copies are found in the second."""

_AT = 'destination = $1 AND "partition" = $2'

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
    """Return the scope of the events that `seeds` name, after following causes, effects, copies and records.

    The spans are gathered by one narrow query for each kind of name: a condition on one column is read from that column
    alone, where one condition that joins them all would read every column of every span.
    """
    gatherer = _Gatherer(connection)
    for _ in range(_ROUNDS):
        if not gatherer.gather(seeds):
            break
    gatherer.surround(seeds)
    return Scope.of_table(connection, "gathered")


class _Gatherer:
    """Gathers spans into the temporary table `gathered`; what was asked for once is not asked for again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._asked = Seeds()
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE gathered AS SELECT * FROM ({sql_of('evidence')}) AS e LIMIT 0"
        )

    def gather(self, seeds: Seeds) -> bool:
        """Gather what the seeds name and add what those spans name; False when there was nothing new to ask."""
        ids, traces, places = (
            sorted(seeds.ids - self._asked.ids),
            sorted(seeds.traces - self._asked.traces),
            sorted(seeds.places - self._asked.places),
        )
        if not (ids or traces or places):
            return False
        self._asked.ids |= seeds.ids
        self._asked.traces |= seeds.traces
        self._asked.places |= seeds.places
        before = self._count()
        if ids:
            self._add("message_id IN (SELECT unnest($1::VARCHAR[]))" if len(ids) > 1 else "message_id = $1[1]", [ids])
            self._add(
                "causation_id IN (SELECT unnest($1::VARCHAR[]))" if len(ids) > 1 else "causation_id = $1[1]", [ids]
            )
        if traces:
            self._add(_one_of("trace_id", "BLOB", traces), [traces])
            seeds.traces |= _joined_by_links(self._connection, set(traces))
        for stretch in ranges(places, 0):
            self._add(f"{_AT} AND operation <> 'receive' AND \"offset\" BETWEEN $3 AND $4", stretch)
            self._add("origin_destination = $1 AND origin_partition = $2 AND origin_offset BETWEEN $3 AND $4", stretch)
        seeds.take(fetch(self._connection, f"SELECT {_COLUMNS} FROM gathered OFFSET {before}"))
        return True

    def surround(self, seeds: Seeds) -> None:
        """Gather the neighbours of the records, the receives that cover them, and their groups' positions."""
        for stretch in ranges(seeds.places, NEIGHBOURS):
            self._add(f"{_AT} AND operation <> 'receive' AND \"offset\" BETWEEN $3 AND $4", stretch)
            self._add(
                f'{_AT} AND operation = \'receive\' AND "offset" <= $4 AND coalesce(offset_last, "offset") >= $3',
                stretch,
            )
        for place in sorted({place[:2] for place in seeds.places}):
            self._add(f"{_AT} AND operation IN ('settle', 'assign', 'revoke')", place)
        if seeds.transactions:
            self._add(
                "operation = 'settle' AND transaction_id IN (SELECT unnest($1::VARCHAR[]))",
                [sorted(seeds.transactions)],
            )

    def _add(self, condition: str, parameters: Sequence[Any]) -> None:
        self._connection.execute(
            f"INSERT INTO gathered SELECT * FROM ({sql_of('evidence')}) AS e WHERE {condition}", parameters
        )

    def _count(self) -> int:
        row = self._connection.execute("SELECT count(*) FROM gathered").fetchone()
        return int(row[0]) if row else 0


def _one_of(column: str, kind: str, values: Sequence[Any]) -> str:
    """Return the condition that a column holds one of the values bound as $1; a single one is a plain comparison."""
    return f"{column} = $1[1]" if len(values) == 1 else f"{column} IN (SELECT unnest($1::{kind}[]))"


def _spans(connection: duckdb.DuckDBPyConnection, condition: str, parameters: Any) -> list[dict[str, Any]]:
    return fetch(
        connection,
        f"SELECT {_COLUMNS} FROM span_rows WHERE {condition} ORDER BY start_ns DESC LIMIT {MOST_SEEDS}",
        parameters,
    )


def _joined_by_links(connection: duckdb.DuckDBPyConnection, traces: set[bytes]) -> set[bytes]:
    """Return the traces that links join to these, both ways."""
    if not traces:
        return set()
    rows = connection.execute(
        f"""
        SELECT DISTINCT unnest([trace_id, linked_trace_id]) FROM link_rows
        WHERE trace_id IN (SELECT unnest($traces::BLOB[])) OR linked_trace_id IN (SELECT unnest($traces::BLOB[]))
        LIMIT {MOST_SEEDS}
        """,
        {"traces": sorted(traces)},
    ).fetchall()
    return {trace for (trace,) in rows}


def _linked(connection: duckdb.DuckDBPyConnection, place: Place) -> bool:
    row = connection.execute(
        'SELECT count(*) FROM link_rows WHERE destination = ? AND "partition" = ? AND "offset" = ?',
        place,
    ).fetchone()
    return bool(row and row[0])


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
