"""The spans around events: what must be looked at to judge some records, and no more.

Everything that names the events (by message id, by record, by causation, by origin), the traces they were sent in, the
nearest records of their partitions, whatever overtook them, and the positions that their groups held. The rest of a
partition's history is told by a few spans of each instance: its first and last, its furthest, where its commits turn.
Tests hold the answers to those from every span stored.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing, contextmanager
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions import following
from flowtrail_collector.questions.following import Names
from flowtrail_collector.questions.loading import load
from flowtrail_collector.questions.narrow import MOST_NARROW, open_scope, quoted, table_columns
from flowtrail_collector.questions.overtaking import FURTHEST, Reads, overtaken
from flowtrail_collector.questions.ranges import Ruler, clipped, merged, ranges
from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import WideScope, fetch, gather
from flowtrail_collector.questions.seeds import MOST_SEEDS, Seeds
from flowtrail_collector.store.lookup import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

    from flowtrail_collector.questions.narrow import Loaded
    from flowtrail_collector.questions.ranges import Place, Range
    from flowtrail_collector.questions.scope import Row, Scope

NEIGHBOURS = 2
"""Offsets to either side of a record that are looked at."""
MOST_RULED = 500
"""Sends that declared rules may join to those that are looked at; the nearest in time."""
THIN = 2
"""How many times as many spans SQLite is given of what lies around events: most tell of positions and of how far
members came, and little is built of those. So 2,100 spans take 0.5 s less than in DuckDB, and 4,150 as long."""
FEW_RANGES = 8
"""Ranges up to which to compare every span with each of them costs less than to sort the spans."""
_ERROR = 2
"""The status of a span that failed."""
_FAILED = ("destination", "partition", "service", "instance", "message_id", "start_ns", "end_ns")
"""What is asked of a send that failed."""
_ROUNDS = 2
"""An event's cause and its effects are one step away each; copies are found in the second."""

_READ = (
    "trace_id", "operation", "destination", "partition", "offset", "offset_last", "offset_runs", "batch_count",
    "message_id", "causation_id", "correlation_id", "transaction_id", "message_key", "event_type", "start_ns", "end_ns",
    "status", "number", "service", "instance", "host", "consumer_group", "generation", "position_reason",
    "publish_outcome", "producer_epoch", "producer_seq", "origin_destination", "origin_partition", "origin_offset",
    "payload_digest", "schema_id", "content_type", "event_version",
)  # fmt: skip
"""The columns that gathering reads; the others of many spans never leave the engine."""


@contextmanager
def scope_around(
    connection: duckdb.DuckDBPyConnection,
    seeds: Seeds,
    *,
    whole_chains: bool = True,
    until_ns: int | None = None,
    many: bool = False,
) -> Iterator[Scope]:
    """Offer the scope of the events that `seeds` name, after following causes, effects, copies and records.

    With `whole_chains` also what tells of storms, loops, equal contents and changed schemas, wherever it stands. What
    began after `until_ns` is left out. `many`: thousands of events may be named. It is in the engine that is the faster
    one for what was gathered.
    """
    gatherer = _Gatherer(connection, of_many=many)
    stretches, whole = gatherer.gather_all(seeds, whole_chains=whole_chains)
    if until_ns is not None:
        gatherer.forget_after(until_ns)
    if gatherer.size() > THIN * MOST_NARROW:
        with closing(gatherer.wide(stretches)) as wide:
            wide.cut = not whole
            yield wide
        return
    with open_scope(gatherer.loaded(stretches)) as scope:
        scope.cut = not whole
        yield scope


class _Gatherer:
    """Gathers spans by their row numbers; what was asked for once is not asked for again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, of_many: bool = False) -> None:
        self._connection = connection
        self._asked = Seeds()
        self._of_many = of_many
        self._columns = _READ if self._of_many else table_columns("span_rows")
        if self._of_many:
            gather(connection, table_columns("span_rows"), [])
        self._spans: dict[int, Row] = {}
        self._rules = connection.execute(_RULES).fetchall()

    def gather(self, seeds: Seeds) -> bool:
        """Gather what the seeds name and add what those spans name; False when there was nothing new to ask."""
        ids = sorted(seeds.ids - self._asked.ids)
        traces = sorted(seeds.traces - self._asked.traces)
        places = sorted(seeds.places - self._asked.places)
        if not (ids or traces or places):
            return False
        self._asked.ids |= seeds.ids
        self._asked.traces |= seeds.traces
        self._asked.places |= seeds.places
        found: set[int] = set()
        # A condition on one column is read from that column alone; one that joins them all would read every column.
        if ids:
            found |= self.find(_spans_with("message_id", "VARCHAR"), [ids])
            found |= self.find(_spans_with("causation_id", "VARCHAR"), [ids])
        if traces:
            found |= self.find(_spans_with("trace_id", "BLOB") + " AND operation IS NOT NULL", [traces])
            seeds.traces |= _joined_by_links(self._connection, set(traces))
        if places:
            named = ranges(places, 0)
            found |= self.find(query("named" if len(named) <= FEW_RANGES else "named_of_many"), _bound(named))
        new = self.add(found)
        seeds.take(new)
        if self._rules:
            seeds.take(self.add(self._ruled(new)))
        return True

    def gather_all(self, seeds: Seeds, *, whole_chains: bool) -> tuple[list[Range], bool]:
        """Gather everything that judges the events; return the stretches that are whole, and whether every chain is."""
        asked = Names(set(seeds.ids), set(seeds.traces), set(seeds.places))
        for _ in range(_ROUNDS):
            if not self.gather(seeds):
                break
        stretches = self.surround(seeds)
        whole = True
        if whole_chains:
            following.changes(self, asked)
            whole = following.alike(self, asked)
            whole = following.follow(self, asked, self.told()) and whole
        return stretches, whole

    def size(self) -> int:
        """Return how many spans are gathered."""
        return len(self._spans)

    def forget_after(self, until_ns: int) -> None:
        """Let go of spans that began later."""
        self._spans = {number: row for number, row in self._spans.items() if row["start_ns"] <= until_ns}
        if self._of_many:
            self._connection.execute("DELETE FROM gathered WHERE start_ns > ?", [until_ns])

    def told(self) -> Names:
        """Return what was asked for: all that is stored of it is gathered."""
        return Names(set(self._asked.ids), set(self._asked.traces), set(self._asked.places))

    def surround(self, seeds: Seeds) -> list[Range]:
        """Gather what stands around the records, and return how far that reaches.

        It is their neighbours, what overtook them, the positions of their groups, and each instance's extremes.
        """
        if seeds.transactions:
            ended = _spans_with("transaction_id", "VARCHAR") + " AND operation = 'settle'"
            self.add(self.find(ended, [sorted(seeds.transactions)]))
        around = ranges(seeds.places, NEIGHBOURS)
        nameless = self._nameless()
        if not around:
            return nameless
        near, extremes = "near", "extremes"
        if len(around) > FEW_RANGES:
            near, extremes = "near_of_many", "extremes_of_many"
        self.add(self.find(query(near), _bound(around)))
        self._resumed()
        rows = self.rows()
        reads = Reads(rows, seeds.places)
        wider = self._reach(around, reads)
        found: set[int] = set()
        if wider != around:
            found |= self.find(query(near), _bound(wider))
            found |= self.find(query("lowest"), _bound(wider)[:2])
        for name in (extremes, "positions"):
            found |= self.find(query(name), _bound(wider))
        if reads.untold:
            found |= self.find(query("concurrent"), _lists(sorted(reads.untold, key=str)))
        members = {
            (row["service"], row["instance"]) for row in rows
            if row["generation"] is not None and row["instance"] is not None
        }  # fmt: skip
        if len(members) > 1:
            found |= self.find(query("tenure"), _lists(sorted(members)))
        self.add(found)
        self._pass_by(wider, reads, seeds.places)
        return merged([*wider, *nameless])

    def _resumed(self) -> None:
        """Gather what tells of logs created again: sends that were acked beyond before the first one to offset 0."""
        zeros: dict[tuple[str, int], Row] = {}
        for row in self.rows():
            if row["operation"] == "send" and row["offset"] == 0 and row["publish_outcome"] == "acked":
                log = row["destination"], row["partition"]
                if log not in zeros or row["start_ns"] < zeros[log]["start_ns"]:
                    zeros[log] = row
        if zeros:
            told = [(*log, row["instance"], row["host"], row["start_ns"]) for log, row in sorted(zeros.items())]
            last = max(row["start_ns"] for row in zeros.values())
            self.add(self.find(query("resumed"), [*_lists(told), last]))

    def _nameless(self) -> list[Range]:
        """Gather the records that may be those of sends that failed: handed out, and named by nobody."""
        failed = [
            row
            for row in self.rows()
            if row["operation"] == "send" and (row["publish_outcome"] == "failed" or row["status"] == _ERROR)
        ]
        if not failed:
            return []
        stepped = {who for (who,) in self.pairs(sql_of("clock_steps"), [])}
        told = [
            (*(row[name] for name in _FAILED), (row["instance"] or f"service {row['service']}") in stepped)
            for row in failed
        ]
        found = self.pairs(query("nameless"), _lists(told))
        self.add({span for span, *_ in found})
        places = ((destination, partition, at, at) for _, destination, partition, at in found if destination)
        return merged(places)

    def _pass_by(self, around: list[Range], reads: Reads, places: set[Place]) -> None:
        """Gather what shows whether groups that were not handed the records came past them, and what excuses it."""
        members = fetch(
            self._connection,
            "SELECT DISTINCT destination, consumer_group, service, instance FROM ledger_rows "
            "WHERE last_number IS NOT NULL AND destination IN (SELECT unnest($1::VARCHAR[])) "
            "AND operation IN ('receive', 'process', 'settle', 'assign', 'revoke')",
            [sorted({place[0] for place in places})],
        )
        ruler = Ruler(around)
        number_of = {place: ruler.at(place) for place in places}
        left_out = [
            (number_of[place], member)
            for place in sorted(places)
            for member in members
            if member["destination"] == place[0] and not reads.was_handed(place, member)
        ]
        if not left_out:
            return
        numbers = {number for number, _ in left_out}
        rows = self.rows()
        wanted = {(number, row["consumer_group"], row["instance"]) for number, row in left_out}
        moves = _moves(rows)
        stretches = [
            (*around[number], group, instance, first, until)
            for number, group, instance in sorted(wanted, key=str)
            for first, until in pairwise([0, *moves.get((*around[number][:2], group, instance), ()), 2**63 - 1])
        ]
        self.add(self.find(query("passed"), _lists(stretches, width=8)))
        missed = {place for place, number in number_of.items() if number in numbers}
        keys = {
            (row["destination"], row["message_key"])
            for row in rows
            if row["message_key"] is not None and (row["destination"], row["partition"], row["offset"]) in missed
        }
        if keys:
            self.add(self.find(query("keyed"), _lists(sorted(keys))))

    def loaded(self, stretches: list[Range]) -> Loaded:
        """Return what a narrow scope is opened with: the gathered spans, and what is known of their instances."""
        self._add_bare()
        spans = [tuple(row.values()) for row in self._spans.values()]
        if self._of_many:
            spans = self._connection.execute(f"SELECT {quoted(table_columns('span_rows'))} FROM gathered").fetchall()
        return load(self._connection, spans, stretches)

    def wide(self, stretches: list[Range]) -> WideScope:
        """Return the gathered spans as a scope in DuckDB; of long polls what is looked at (see `clipped`)."""
        self._add_bare()
        if not self._of_many:
            gather(self._connection, table_columns("span_rows"), list(self._spans))
        ruler = Ruler(stretches)
        runs = {
            number: clip
            for number, row in self._spans.items()
            if row["operation"] == "receive" and (clip := clipped(row, stretches, ruler)) is not None
        }
        return WideScope.of_gathered(self._connection, runs, stretches)

    def _add_bare(self) -> None:
        """Gather what tells which record a foreign send stands at that names neither its record nor its event."""
        bare = {(row["service"], row["destination"]) for row in self.rows() if _is_bare(row)}
        if bare:
            self.add(self.find(query("bare"), _lists(sorted(bare, key=str))))

    def rows(self) -> list[Row]:
        """Return all that is gathered."""
        return list(self._spans.values())

    def find(self, sql: str, parameters: Sequence[Any]) -> set[int]:
        """Return the row numbers that a query gives."""
        found = self._connection.execute(sql, parameters).fetchall()
        return {number for (number,) in found if number is not None}

    def pairs(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def _ruled(self, rows: list[Row]) -> set[int]:
        """Find the sends that a declared rule may put before or after these."""
        found: set[int] = set()
        for joined_by, types in self._rules:
            column = "message_key" if joined_by == "key" else "correlation_id"
            typed = [row for row in rows if row["event_type"] in types and row["operation"] in {"send", "create"}]
            values = sorted({row[column] for row in typed} - {None})
            if values:
                moment = sum(row["start_ns"] for row in typed) // len(typed)
                found |= self.find(_SENDS_OF_TYPES.format(column=column), [types, values, moment])
        return found

    def add(self, spans: set[int]) -> list[Row]:
        """Read the spans that are not gathered yet, and return those."""
        new = sorted(spans - self._spans.keys())
        if not new:
            return []
        source, number = "span_rows", "rowid"
        if self._of_many:
            gather(self._connection, table_columns("span_rows"), new, more=True)
            source, number = "gathered", "row_number"
        sql = f"SELECT {number}, {quoted(self._columns)} FROM {source} WHERE {number} IN (SELECT unnest($1::BIGINT[]))"
        rows = self._connection.execute(sql, [new]).fetchall()
        read = {row[0]: dict(zip(self._columns, row[1:], strict=True)) for row in rows}
        self._spans.update(read)
        return list(read.values())

    def _reach(self, around: list[Range], reads: Reads) -> list[Range]:
        """Return the ranges, made as wide as what overtook their records reaches."""
        limits = reads.limits(around)
        latest = max((bound for *_, operation, _, _, _, _, bound in limits if operation != "send"), default=0)
        parameters = [*_bound(around), list(range(len(around))), *_lists(limits, width=7), latest]
        wider = list(around)
        reached = (
            self.pairs(query("overtakers"), parameters)
            if len(around) <= FEW_RANGES
            else self.pairs(query("overtakers_of_many"), [*parameters, FURTHEST])
        )
        floors = self._floors(around, limits, {number: first for number, first, _ in reached if first is not None})
        for number, first, last in reached:
            destination, partition, low, high = around[number]
            if first is not None:
                low = max(first - NEIGHBOURS, low - FURTHEST, 0)
            if last is not None:
                high = min(last + NEIGHBOURS, high + FURTHEST)
            wider[number] = (destination, partition, low, high)
        for number, floor in floors.items():
            destination, partition, low, high = wider[number]
            wider[number] = (destination, partition, min(low, max(floor, around[number][2] - FURTHEST)), high)
        return merged(wider)

    def _floors(self, around: list[Range], limits: list[tuple[Any, ...]], first: Mapping[int, int]) -> dict[int, int]:
        """Return by range the offset above which an earlier copy of what was overtaken may stand."""
        late = overtaken(self.rows(), around, limits, first)
        if not late:
            return {}
        # Of one that had nothing acked before: as far down as anything is known of the log, or as is looked at.
        acked = {(number, epoch): floor for number, epoch, floor in self.pairs(query("floor"), _lists(late))}
        floors: dict[int, int] = {}
        for number, _, _, _, epoch, *_ in late:
            floor = acked.get((number, epoch), 0)
            floors[number] = min(floor, floors.get(number, floor))
        return floors


def _is_bare(row: Row) -> bool:
    """Tell whether a span is a foreign send that names neither its record nor its event."""
    named = row["offset"] is not None or row["message_id"] is not None or row["number"] is not None
    return row["operation"] in {"send", "create"} and not named


def _moves(rows: Iterable[Row]) -> dict[tuple[Any, ...], list[int]]:
    """Return the numbers of what set each instance elsewhere in each partition, in their order."""
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        if row["number"] is not None and (row["operation"] == "assign" or row["position_reason"] in {"seek", "reset"}):
            whose = row["destination"], row["partition"], row["consumer_group"], row["instance"]
            found[whose].append(row["number"])
    return {whose: sorted(numbers) for whose, numbers in found.items()}


@cache
def query(name: str) -> str:
    """Return one of the queries that gather, from sql/around_*.sql."""
    return sql_of(f"around_{name}")


def _bound(found: Sequence[Range]) -> list[list[Any]]:
    """Return ranges as the four lists that the queries unnest."""
    return _lists(found, width=4)


def _lists(rows: Sequence[tuple[Any, ...]], width: int = 0) -> list[list[Any]]:
    """Return rows as one list per column, to be bound and unnested."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _spans_with(column: str, kind: str) -> str:
    return f"SELECT rowid FROM span_rows WHERE {holds(column, f'$1::{kind}[]')}"


_RULES = """
SELECT joined_by, list_distinct(flatten(list([effect_type, cause_type]))) FROM declaration_rows WHERE kind = 'cause'
GROUP BY joined_by
"""
_SENDS_OF_TYPES = f"""
SELECT rowid FROM span_rows
WHERE event_type IN (SELECT unnest($1::VARCHAR[])) AND {{column}} IN (SELECT unnest($2::VARCHAR[]))
    AND operation IN ('send', 'create')
ORDER BY abs(start_ns - $3) LIMIT {MOST_RULED}
"""


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
