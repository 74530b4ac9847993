"""`flowtrail.latency/1`: how long events take, from the start of their publication to the end of their processing.

end-to-end latency  per group, one measurement for every record: from the start of the publication that was acked there
                    to the end of the first processing of the group that ended ok, on the record or on a copy of its
                    chain of attempts. A second processing is a duplicate and measured by no one.
convergence         per destination, one measurement for every event: from the start of its first publication to the
                    end of that processing in the last of its expected groups

A message belongs to the window in which its publication began. What is not measured is counted, with the reason, and
without a measurement there is no number: never zero. By the clocks of two hosts a measurement is an estimate: shown as
it was measured, with the range in which the truth lies (`clock_bounds`), and never adjusted.

Everything is summed up by statements of its own (`sql/latency_*.sql`) over a few columns of the spans: to build the
relations that single events are judged by costs several times as much (docs/architecture.md).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.documents import head
from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.questions.status import coverage
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.window import Window

Document = dict[str, Any]
Row = dict[str, Any]
Party = tuple[int, int | None]
"""The numbers of a destination and a group; None for the convergence of the destination."""

SCHEMA = "flowtrail.latency/1"
FIELDS = ("destination", "group", "partition", "system")
PERCENTILES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
MARGIN_NS = 600 * 10**9
"""Spans this long before a window are looked at as well: the sends of what was processed in it."""
_FOREVER_NS = 2**63 - 1
_RELATIONS = (
    "declared",
    "holes",
    "one_cluster",
    "one_group",
    "group_members",
    "committed_positions",
    "clock_deltas",
    "clock_bounds",
)
"""What single events are judged by as well, and rests on the ledgers alone."""
_SPANS = ("latency_sites", "latency_gate", "latency_eras", "latency_numbers", "latency_spans")
_MESSAGES = (
    *("latency_endings", "latency_sends", "latency_ties", "latency_bare", "latency_tries"),
    *("latency_firsts", "latency_readers", "latency_starts", "latency_places", "latency_roles", "latency_copies"),
    "latency_logs",
)
_TIMES = ("latency_pairs", "latency_converged")
"""Each a temporary table made from those before it, so that what does not fit into memory is spilled."""
_VIEWS = frozenset({"latency_spans"})
"""These are read as they are wanted, a few columns at a time."""
_WITHIN = {
    # How transactions end and which destinations hold copies is defined once, over more than is gathered here.
    "latency_endings": (
        "transactions",
        """SELECT trace_id || span_id AS ref, coalesce(instance, 'service ' || service) AS who, number, transaction_id,
            coalesce(number, end_ns) AS ord_end, operation, operation_name, transaction_outcome, status
        FROM latency_seen WHERE transaction_id IS NOT NULL""",
    ),
    "latency_roles": ("roles", "SELECT destination FROM latency_sites"),
}
"""Relations that are read over a few columns of `placed`, which stand beside them."""


def latencies(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> Document:  # noqa: A002
    """Return `rows`, one per group, and `convergence`, one per destination. Raises UsageError for a field they lack."""
    filter.require(FIELDS, "latency")
    document = head(connection, SCHEMA)
    document["coverage"] = coverage(connection)
    document["window"] = {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    _gather(connection, window, filter)
    facts = _Facts(connection, _bounds(window))
    # Which partitions are wanted was said before anything was counted: a row stands for all of them.
    rest = replace(filter, terms=tuple(term for term in filter.terms if term.field != "partition"))
    document["rows"] = [row for row in facts.groups() if rest.matches(row)]
    document["convergence"] = [row for row in facts.destinations() if rest.matches(row)]
    return document


def _gather(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> None:  # noqa: A002
    """Make the temporary tables: what was published and processed, and each beside the other."""
    _look_at(connection, window)
    values = _bounds(window)
    _build(connection, (*_RELATIONS, *_SPANS, *_MESSAGES), values)
    wanted = "CREATE OR REPLACE TEMP TABLE latency_wanted AS SELECT unnest($1::BIGINT[]) AS log"
    connection.execute(wanted, [_wanted(connection, filter)])
    _build(connection, _TIMES, values)


def _build(connection: duckdb.DuckDBPyConnection, names: Sequence[str], values: dict[str, int]) -> None:
    for name in names:
        text = sql_of(name) if name not in _WITHIN else _nested(*_WITHIN[name])
        used = {key: value for key, value in values.items() if f"${key}" in text}
        kind = "VIEW" if name in _VIEWS else "TABLE"
        connection.execute(f'CREATE OR REPLACE TEMP {kind} "{name}" AS\n{text}', used)


def _look_at(connection: duckdb.DuckDBPyConnection, window: Window) -> None:
    """Narrow the spans to the window, with a margin before it, and to all spans of the records that it touches.

    A record may have been sent long before it was processed, or, by a clock that is behind, processed long before it
    was sent. What a group was assigned is looked at whenever it was.
    """
    since, until = _bounds(window).values()
    inside = f"start_ns <= {until}"
    if window.since_ns is not None:
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE latency_touched AS
            SELECT destination, "partition", min("offset") AS low
            FROM span_rows
            WHERE end_ns >= $since AND start_ns <= $until AND "offset" IS NOT NULL AND operation IN ('send', 'process')
            GROUP BY destination, "partition"
            """,
            _bounds(window),
        )
        inside += f"""
            AND (end_ns >= {since - MARGIN_NS} OR operation = 'assign' OR EXISTS (
                SELECT 1 FROM latency_touched AS t
                WHERE t.destination = e.destination AND t."partition" = e."partition"
                    AND coalesce(e.offset_last, e."offset") >= t.low))
        """
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW latency_seen AS SELECT * FROM ({sql_of('latency_seen')}) AS e WHERE {inside}"
    )


def _bounds(window: Window) -> dict[str, int]:
    return {
        "since": 0 if window.since_ns is None else window.since_ns,
        "until": _FOREVER_NS if window.until_ns is None else window.until_ns,
    }


def _nested(name: str, placed: str) -> str:
    return f"WITH placed AS (\n{placed}\n)\nSELECT * FROM (\n{sql_of(name)}\n) AS named"


def _wanted(connection: duckdb.DuckDBPyConnection, filter: Filter) -> list[int]:  # noqa: A002
    """Return the logs that pass the filter's terms on places."""
    terms = [term for term in filter.terms if term.field in ("destination", "partition", "system")]
    logs = fetch(connection, "SELECT * FROM latency_logs")
    return sorted({row["log"] for row in logs if all(term.matches(row) for term in terms)})


class _Facts:
    """What was counted and measured, by destination and group."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, bounds: dict[str, int]) -> None:
        self._names = {
            row["dest"]: row
            for row in fetch(connection, "SELECT DISTINCT dest, system, destination FROM latency_sites")
        }
        self._readers = {(row["dest"], row["party"]): row for row in fetch(connection, "SELECT * FROM latency_readers")}
        self._ranks: dict[tuple[Party, str], Row] = {
            ((row["dest"], row["party"]), row["what"]): row for row in fetch(connection, sql_of("latency_ranks"))
        }
        self._counts: dict[Party, list[Row]] = defaultdict(list)
        for row in fetch(connection, sql_of("latency_counts")):
            self._counts[row["dest"], row["party"]].append(row)
        self._unread = fetch(connection, sql_of("latency_unread"), bounds)

    def groups(self) -> list[Document]:
        """Return the rows of groups, in order of destination and group."""
        rows = [
            {
                **self._place(party[0]),
                "group": self._readers[party]["grp"],
                "assumed": bool(self._readers[party]["assumed"]),
                **self._measured(party),
                "unmeasured": self._missing(party),
            }
            for party in self._counts
            if party in self._readers
        ]
        return sorted(rows, key=_order)

    def destinations(self) -> list[Document]:
        """Return the rows of destinations, with the groups that were waited for."""
        rows = [
            {
                **self._place(party[0]),
                "groups": sorted(
                    self._readers[one]["grp"] for one in self._counts if one in self._readers and one[0] == party[0]
                ),
                **self._measured(party),
                "unconverged": self._missing(party),
            }
            for party in self._counts
            if party[1] is None
        ]
        for row in self._unread:
            missing = [{"reason": "no group reads it", "events": row["events"]}]
            rows.append({**self._place(row["dest"]), "groups": [], **_nothing(), "unconverged": missing})
        return sorted(rows, key=_order)

    def _place(self, dest: int) -> Document:
        return {"system": self._names[dest]["system"], "destination": self._names[dest]["destination"]}

    def _measured(self, party: Party) -> Document:
        counted = next((row for row in self._counts[party] if row["state"] == "ok"), None)
        if counted is None:
            return _nothing()
        measured = _written(self._ranks[party, "measured"])
        least, most = self._ranks.get((party, "least")), self._ranks.get((party, "most"))
        return {
            "events": counted["events"],
            **measured,
            "range_ms": (
                None
                if least is None or most is None
                else {name: [_written(least)[name], _written(most)[name]] for name in PERCENTILES}
            ),
            "across_hosts": int(counted["across"]),
            "negative": int(counted["negative"]),
            "unreliable": bool(counted["doubtful"]),
            "reason": _why(counted),
        }

    def _missing(self, party: Party) -> list[Document]:
        missing = [
            {"reason": row["state"], "events": row["events"]} for row in self._counts[party] if row["state"] != "ok"
        ]
        return sorted(missing, key=lambda one: (-one["events"], one["reason"]))


def _nothing() -> Document:
    """Return what is said where nothing was measured: no number, which is not zero."""
    return {
        "events": 0,
        **dict.fromkeys(PERCENTILES),
        "range_ms": None,
        "across_hosts": 0,
        "negative": 0,
        "unreliable": False,
        "reason": None,
    }


def _why(counted: Row) -> str | None:
    """Say why measurements are unreliable, the gravest reason first; None where they are not."""
    if counted["negative"]:
        return "some seem to end before they begin: the hosts' clocks disagree"
    if counted["unbounded"]:
        return "nothing bounds how far the hosts' clocks are apart"
    return "the hosts' clocks disagree" if counted["doubtful"] else None


def _written(row: Row) -> Document:
    """Return percentiles in milliseconds."""
    return {
        name: round(row[column] / 1e6, 6)
        for name, column in zip(PERCENTILES, ("p50", "p95", "p99", "furthest"), strict=True)
    }


def _order(row: Document) -> tuple[str, str, str]:
    return row["destination"], row["system"] or "", row.get("group") or ""
