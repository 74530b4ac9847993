"""`findings`: everything of a window that is wrong, unusual, or explains another answer.

A window of some hundred spans is judged whole. Of a large one the events are picked about which anything could be found
(`suspects`), and what lies around those is judged. Where nearly everything is suspected, everything is judged.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from flowtrail_collector.causes import cause_id
from flowtrail_collector.filters import EVERY_STATE, KINDS
from flowtrail_collector.marks import OPEN, kept
from flowtrail_collector.questions.around import scope_around
from flowtrail_collector.questions.batches import batches, places
from flowtrail_collector.questions.documents import coverage, finding, finding_order, finding_rows, head
from flowtrail_collector.questions.loading import load
from flowtrail_collector.questions.narrow import MOST_NARROW, open_scope, quoted, table_columns
from flowtrail_collector.questions.scope import WideScope, gather
from flowtrail_collector.questions.seeds import Seeds
from flowtrail_collector.questions.suspects import Suspects, suspects
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.marks import Mark
    from flowtrail_collector.questions.documents import Document
    from flowtrail_collector.questions.scope import Row, Scope
    from flowtrail_collector.window import Window

    Judged = tuple[list[Row], float | None]
    Judging = Callable[[duckdb.DuckDBPyConnection, Window, AbstractSet[str] | None], Judged]

MARGIN_NS = 600 * 10**9
"""Spans this long before a window are looked at as well: what the window's events rest on."""
MOST_WHOLE = 10_000
"""Spans up to which to judge all of them costs less than to pick those that matter."""
SPANS_A_SUSPECT = 25
"""How many spans there must be for each suspect: about as many lie around it, and are judged."""
MOST_REMEMBERED = 50_000
"""Findings that are remembered: of some kilobytes each."""

WINDOWED = "windowed"
"""The view of the spans that a window's events rest on."""
GENERAL = frozenset({"telemetry-gap", "clock-skew", "missing-consumer", "unread-destination"})
"""Kinds that are of no event: of instances, hosts, groups and destinations."""
CHAINED = frozenset({"storm", "loop", "content-duplicate", "schema-change"})
"""Kinds that take what hangs together with an event, wherever it stands."""


def judged(connection: duckdb.DuckDBPyConnection, window: Window, kinds: AbstractSet[str] | None) -> Judged:
    """Return the rows of the findings of some kinds (None: of all), gravest and newest first, and the coverage."""
    condition = _looked_at(connection, window)
    spans = _count(connection)
    if spans > MOST_WHOLE:
        picked = suspects(connection, WINDOWED, spans // SPANS_A_SUSPECT)
        if picked is not None:
            return _around(connection, window, condition, picked, kinds)
    with _whole(connection, condition, spans) as scope:
        return finding_rows(scope, kinds), coverage(scope)


def findings(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    filter: Filter,  # noqa: A002 the word of the grammar
    judging: Judging = judged,
) -> dict[str, Any]:
    """Return the findings that touch the window and pass the filter, as `flowtrail.findings/1`.

    `judging` is `judged`, or what remembers its answers.
    """
    document = head(connection, "flowtrail.findings/1")
    rows, covered = judging(connection, window, _kinds(filter))
    document["coverage"] = covered
    document["window"] = {
        "since": rfc3339_or_none(window.since_ns),
        "until": rfc3339_or_none(window.until_ns),
    }
    found = [finding(row) for row in rows if touches(row, window)]
    said = kept(connection)
    document["findings"] = [row for row in found if filter.matches(_marked(row, said, filter))]
    document["marks"] = {cause: mark.document() for cause, mark in sorted(said.items())}
    return document


class Remembering:
    """Judges what it has not judged last: in a file that nobody writes, another filter is no other question."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._last: tuple[Window, AbstractSet[str] | None, Judged] | None = None

    def __call__(self, connection: duckdb.DuckDBPyConnection, window: Window, kinds: AbstractSet[str] | None) -> Judged:
        """See judged; what is asked for may be among other kinds."""
        last = self._last
        if last is not None and last[0] == window and (last[1] is None or (kinds is not None and kinds <= last[1])):
            rows, covered = last[2]
            return [row for row in rows if kinds is None or row["kind"] in kinds], covered
        answer = judged(connection, window, kinds)
        self._last = (window, kinds, answer) if len(answer[0]) <= MOST_REMEMBERED else None
        return answer


def _marked(row: Document, said: Mapping[str, Mark], filter: Filter) -> Document:  # noqa: A002
    """Add to a finding its cause and what was said of that, where the filter asks for it."""
    if not filter.asks_for("cause", "state"):
        return row
    cause = cause_id(row)
    return {**row, "cause": cause, "states": [said[cause].state if cause in said else OPEN, EVERY_STATE]}


def _kinds(filter: Filter) -> frozenset[str] | None:  # noqa: A002 the word of the grammar
    """Return the kinds that the filter lets through, None for all: what only others need is not built."""
    terms = [term for term in filter.terms if term.field == "kind"]
    if not terms:
        return None
    return frozenset(kind for kind in KINDS if all(term.matches({"kind": kind}) for term in terms))


def _around(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    condition: str,
    picked: Suspects,
    kinds: AbstractSet[str] | None,
) -> tuple[list[Row], float | None]:
    """Judge the suspects, each by what lies around it, and what is of no event."""
    wanted = frozenset(KINDS if kinds is None else kinds)
    until_ns = window.until_ns if window.until_ns is not None else 2**63 - 1
    rows: list[Row] = []
    if wanted - GENERAL - CHAINED:
        rows += _of_batches(connection, picked, until_ns, wanted - GENERAL - CHAINED)
    seeds = Seeds(ids=set(picked.chained), places=places(picked.shaped))
    seeds.places |= {place for text in picked.chained if (place := _as_place(text)) is not None}
    if seeds.size() and wanted & CHAINED:
        with scope_around(connection, seeds, until_ns=until_ns, many=True) as scope:
            whole = not scope.cut
            found = finding_rows(scope, wanted & CHAINED) if whole else []
        if not whole:
            # More hangs together than is followed from event to event.
            with _whole(connection, condition, MOST_NARROW + 1) as scope:
                found = finding_rows(scope, wanted & CHAINED)
        rows += found
    with _sampled(connection) as scope:
        found = finding_rows(scope, wanted & GENERAL)
        covered = coverage(scope)
    rows += found
    rows.sort(key=finding_order)
    return rows, covered


def _of_batches(
    connection: duckdb.DuckDBPyConnection, picked: Suspects, until_ns: int, kinds: AbstractSet[str]
) -> list[Row]:
    """Judge the suspects, some thousand at a time; a finding that names events of two batches is given once."""
    found: dict[tuple[Any, ...], Row] = {}
    for seeds in batches(picked.ids, picked.traces, picked.ranges):
        asked = Seeds(set(seeds.ids), set(seeds.places), set(seeds.traces))
        with scope_around(connection, seeds, whole_chains=False, until_ns=until_ns, many=True) as scope:
            for row in finding_rows(scope, kinds):
                if _names(row, asked):
                    found.setdefault(_identity(row), row)
    return list(found.values())


def _identity(row: Row) -> tuple[Any, ...]:
    """Return what tells one finding from another (what an event without a name is called differs between batches)."""
    return (
        *(row[name] for name in _IDENTIFYING),
        tuple(row["offsets"] or ()),
        tuple(row["message_ids"] or ()),
        row["first_ns"],
        row["last_ns"],
    )


@contextmanager
def _sampled(connection: duckdb.DuckDBPyConnection) -> Iterator[Scope]:
    """Offer the scope of what is of no event: the last span of each kind that each instance told of each destination.

    Of destinations at which somebody is missed, every span.
    """
    numbers = {number for (number,) in connection.execute(_SAMPLED).fetchall()}
    with _of_rows(connection, numbers) as scope:
        scope.build("missing", "unread")
        missed = [row["destination"] for row in scope.rows(_MISSED)]
        if not missed:
            yield scope
            return
    more = connection.execute(f"SELECT e.rowid FROM {WINDOWED} AS e WHERE {_AT_DESTINATIONS}", [missed]).fetchall()
    with _of_rows(connection, numbers | {number for (number,) in more}) as scope:
        yield scope


@contextmanager
def _of_rows(connection: duckdb.DuckDBPyConnection, numbers: set[int]) -> Iterator[Scope]:
    """Offer the scope of the spans with these row numbers."""
    if len(numbers) > MOST_NARROW:
        gather(connection, table_columns("span_rows"), sorted(numbers))
        with closing(WideScope.of_gathered(connection, {}, [])) as wide:
            yield wide
        return
    columns = quoted(table_columns("span_rows"))
    sql = f"SELECT {columns} FROM span_rows WHERE rowid IN (SELECT unnest($1::BIGINT[]))"
    with open_scope(load(connection, connection.execute(sql, [sorted(numbers)]).fetchall())) as scope:
        yield scope


@contextmanager
def window_scope(connection: duckdb.DuckDBPyConnection, window: Window) -> Iterator[Scope]:
    """Offer the scope that judges all of a window's events."""
    condition = _looked_at(connection, window)
    with _whole(connection, condition, _count(connection)) as scope:
        yield scope


@contextmanager
def _whole(connection: duckdb.DuckDBPyConnection, condition: str, spans: int) -> Iterator[Scope]:
    if spans > MOST_NARROW:
        with closing(WideScope(connection, condition)) as wide:
            yield wide
        return
    rows = connection.execute(f"SELECT {quoted(table_columns('span_rows'))} FROM {WINDOWED}").fetchall()
    with open_scope(load(connection, rows)) as scope:
        yield scope


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute(f"SELECT count(*) FROM {WINDOWED}").fetchone()
    return int(row[0]) if row else 0


def _looked_at(connection: duckdb.DuckDBPyConnection, window: Window) -> str:
    """Return the condition on the spans `e` that a window's events rest on, and make the view WINDOWED of them.

    It holds the window's spans with a margin before, every earlier span of the records that the window touches (a
    record that is handed out again may be old), and what moved a group's position at any time before.
    """
    until = window.until_ns if window.until_ns is not None else 2**63 - 1
    told = f"(operation IS NOT NULL OR number IS NOT NULL) AND start_ns <= {until:d}"
    if window.since_ns is None:
        connection.execute(_OFFER.format(windowed=WINDOWED, condition=told))
        return told
    since = window.since_ns - MARGIN_NS
    connection.execute(_TOUCHED, {"since": window.since_ns, "until": until})
    # (Asked of every span in every query, whether it is one of the older ones costs more than all the rest.)
    connection.execute(_OLDER.format(told=told, since=since))
    recent = f"{told} AND end_ns >= {since:d}"
    offer = _OFFER if connection.execute("SELECT 1 FROM older LIMIT 1").fetchone() is None else _OFFER_OLDER
    connection.execute(offer.format(windowed=WINDOWED, condition=recent))
    return f"{told} AND (end_ns >= {since:d} OR {_MOVED} OR EXISTS ({_OF_TOUCHED}))"


def touches(row: Row, window: Window) -> bool:
    """Tell whether a finding overlaps the window; a telemetry gap does where its instance lived in it."""
    return (window.since_ns is None or row["last_ns"] >= window.since_ns) and (
        window.until_ns is None or row["first_ns"] <= window.until_ns
    )


def _as_place(text: str) -> tuple[str, int, int] | None:
    """Return the record that stands for an event without an id (see suspects_edges)."""
    match text.rsplit(":", 2):
        case [destination, partition, offset] if partition.isdigit() and offset.isdigit():
            return destination, int(partition), int(offset)
        case _:
            return None


def _names(row: Row, asked: Seeds) -> bool:
    """Tell whether a finding is of one of these events: of their neighbours only a part is known."""
    return (
        any((row["destination"], row["partition"], offset) in asked.places for offset in row["offsets"] or ())
        or not asked.ids.isdisjoint(row["message_ids"] or ())
        or row["event"] in asked.ids
        or any(ref[:16] in asked.traces for ref in row["evidence"] or ())
    )


_IDENTIFYING = ("kind", "severity", "reason", "system", "destination", "partition", "group", "producer", "instance")
_TOUCHED = """
CREATE OR REPLACE TEMP TABLE touched AS
SELECT destination, "partition", min("offset") AS low
FROM span_rows
WHERE end_ns >= $since AND start_ns <= $until AND "offset" IS NOT NULL AND "partition" IS NOT NULL
GROUP BY destination, "partition"
"""
_MOVED = "(operation IN ('settle', 'assign', 'revoke') AND coalesce(position_reason, '') <> 'commit')"
_OF_TOUCHED = """
SELECT 1 FROM touched AS t
WHERE t.destination = e.destination AND t."partition" = e."partition" AND coalesce(e.offset_last, e."offset") >= t.low
"""
_OLDER = f"""
CREATE OR REPLACE TEMP TABLE older AS
SELECT rowid AS number FROM span_rows WHERE {{told}} AND end_ns < {{since:d}} AND {_MOVED}
UNION
SELECT e.rowid
FROM span_rows AS e
JOIN touched AS t ON t.destination = e.destination AND t."partition" = e."partition"
    AND coalesce(e.offset_last, e."offset") >= t.low
WHERE {{told}} AND end_ns < {{since:d}} AND coalesce(e.offset_last, e."offset") >= (SELECT min(low) FROM touched)
"""
_OFFER = "CREATE OR REPLACE TEMP VIEW {windowed} AS SELECT rowid, * FROM span_rows WHERE {condition}"
_OFFER_OLDER = f"{_OFFER} UNION ALL SELECT rowid, * FROM span_rows WHERE rowid IN (SELECT number FROM older)"
_AT_DESTINATIONS = "e.destination IN (SELECT unnest($1::VARCHAR[]))"
_MISSED = "SELECT destination FROM missing UNION SELECT destination FROM unread"
_SAMPLED = """
SELECT DISTINCT number
FROM (
    SELECT unnest([arg_max(e.rowid, e.number), arg_max(e.rowid, e.end_ns)]) AS number
    FROM windowed AS e
    GROUP BY e.service, e.instance, e.destination, e.operation
) AS last
WHERE number IS NOT NULL
"""
