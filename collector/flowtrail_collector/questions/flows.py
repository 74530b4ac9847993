"""`flows`: the flows of a window, newest first, each with its verdict.

Only as many flows are judged as a page shows: the newest spans of the window say which flows they are, and the scope is
what lies around those. A filter that few flows pass reads on, page by page, until the page is full or the window ends.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.questions.around import scope_around
from flowtrail_collector.questions.ask import DUPLICATES, REORDERS
from flowtrail_collector.questions.documents import coverage, finding_rows, head
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.questions.seeds import Seeds
from flowtrail_collector.store.lookup import holds
from flowtrail_collector.window import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.questions.scope import Row, Scope
    from flowtrail_collector.window import Window

Document = dict[str, Any]

SPANS_A_STEP = 500
"""Spans that one step back in time looks at: with what stands around them, a narrow scope is at its best."""
LEAST_FLOWS = 25
"""A step that goes on after others judges at least so many flows: to judge one costs little less."""
LOOK_BACK_NS = 60 * 10**9
"""So far before a step its flows' beginnings are looked for."""
STEPS = 25
"""Steps that one request may take before it hands back a page that is not full, with `next` to go on."""

_GRADES = {1: "A", 2: "B", 3: "C", 4: "?"}


def flows(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    filter: Filter,  # noqa: A002 the word of the grammar
    limit: int,
    after: str | None,
) -> Document:
    """Return up to `limit` flows that began in the window and pass the filter, as `flowtrail.flows/1`, newest first.

    `after` is the `next` of an earlier answer. Raises UsageError for a cursor that is none.
    """
    document = head(connection, "flowtrail.flows/1")
    cursor, shown = _cursor(after)
    rows: list[Document] = []
    seen: set[str] = set()
    covered: float | None = None
    low = window.since_ns if window.since_ns is not None else 0
    high = min(cursor, window.until_ns) if window.until_ns is not None else cursor
    exhausted = False
    for _ in range(STEPS):
        spans = _newest(connection, low, high)
        exhausted = len(spans) < SPANS_A_STEP
        if not spans:
            break
        edge = spans[-1]["start_ns"]
        begun_here = spans
        if not exhausted:
            edge, begun_here = _begun_after(connection, spans, edge, max(limit - len(rows), LEAST_FLOWS))
        lines: list[Document] = []
        if begun_here:
            with scope_around(connection, _seeds(begun_here), whole_chains=False) as scope:
                covered = _lower(covered, coverage(scope))
                lines = _lines(scope)
        for line in lines:
            begun = line["started_ns"]
            if line["flow"] in seen or begun < low or begun > high or (begun <= edge and not exhausted):
                continue
            if begun == cursor and line["flow"] <= shown:
                continue
            seen.add(line["flow"])
            if filter.matches(line):
                rows.append(line)
        high = edge if edge < high else high - 1
        if exhausted or len(rows) >= limit:
            break
    rows.sort(key=lambda line: (-line["started_ns"], line["flow"]))
    more = len(rows) > limit or not exhausted
    page = rows[:limit]
    document["coverage"] = covered
    document["window"] = {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    document["total"] = len(page)
    document["next"] = (_behind(page[-1]) if len(rows) > limit else str(high)) if more else None
    document["rows"] = [{key: value for key, value in line.items() if key != "started_ns"} for line in page]
    return document


def _behind(line: Document) -> str:
    """Return the cursor to what stands behind a row: other flows may have begun in the very same nanosecond."""
    return f"{line['started_ns']}:{line['flow']}"


def _cursor(after: str | None) -> tuple[int, str]:
    """Return the latest beginning that a cursor lets through, and up to which flow those that began then were shown."""
    if after is None:
        return 2**63 - 1, ""
    moment, _, flow = after.partition(":")
    if not moment.isdecimal():
        raise UsageError(f"{after!r} is no cursor: expected the `next` of an earlier answer")
    return min(int(moment), 2**63 - 1), flow


def _newest(connection: duckdb.DuckDBPyConnection, low: int, high: int) -> list[Row]:
    return fetch(
        connection,
        f"""
        SELECT start_ns, trace_id, correlation_id, message_id, causation_id, transaction_id, destination, "partition",
            "offset", offset_last, origin_destination, origin_partition, origin_offset
        FROM span_rows
        WHERE start_ns BETWEEN ? AND ? AND operation IN ('send', 'create', 'process', 'receive')
        ORDER BY start_ns DESC, trace_id, span_id
        LIMIT {SPANS_A_STEP}
        """,
        [low, high],
    )


def _begun_after(
    connection: duckdb.DuckDBPyConnection, spans: list[Row], edge: int, wanted: int
) -> tuple[int, list[Row]]:
    """Return the spans of the newest flows, about as many as are wanted, and the moment after which all those began.

    To judge a flow is what is dear. Those that began before this step are shown by a later one, and so are those beyond
    the wanted ones.
    """
    traces = list({span["trace_id"] for span in spans if span["correlation_id"]})
    before = fetch(
        connection,
        f"""
        SELECT DISTINCT trace_id, correlation_id FROM span_rows
        WHERE start_ns BETWEEN $1 AND $2 AND correlation_id IS NOT NULL AND {holds("trace_id", "$3::BLOB[]")}
        """,
        [edge - LOOK_BACK_NS, edge, traces],
    )
    known = {_flow_of(row) for row in before}
    begun = {_flow_of(span): span["start_ns"] for span in spans if _flow_of(span) not in known}  # the oldest is last
    newest = sorted(begun.values(), reverse=True)
    if len(newest) > wanted and newest[wanted] < newest[0]:
        edge = newest[wanted]
    return edge, [span for span in spans if begun.get(_flow_of(span), edge) > edge]


def _flow_of(span: Row) -> tuple[bytes, str | None]:
    return span["trace_id"], span["correlation_id"]


def _seeds(spans: list[Row]) -> Seeds:
    seeds = Seeds()
    seeds.take(row for row in spans if row["offset_last"] is None or row["message_id"])
    return seeds


def _lines(scope: Scope) -> list[Document]:
    scope.build("flow_lines")
    events_of: dict[tuple[str, str], str] = {}
    rows = scope.rows("SELECT * FROM flow_lines ORDER BY first_ns DESC, flow")
    for row in scope.rows("SELECT event, destination, flow FROM events"):
        events_of[row["event"], row["destination"]] = row["flow"]
    grave = _findings_of(scope, events_of)
    return [_line(row, grave.get(row["flow"], [])) for row in rows]


def _findings_of(scope: Scope, flow_of: dict[tuple[str, str], str]) -> dict[str, list[Row]]:
    """Return each flow's findings; a finding belongs to the flow of the event it names."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in finding_rows(scope):
        flow = flow_of.get((row["event"], row["destination"])) if row["event"] else None
        if flow is not None:
            found[flow].append(row)
    return found


def _line(row: Row, findings: list[Row]) -> Document:
    verdict, why, doubt = row["verdict"], row["why"], row["doubt"]
    grave = [finding for finding in findings if finding["severity"] != "info"]
    if row["weight"] > 20:
        for word, kinds in (("duplicated", DUPLICATES), ("reordered", REORDERS)):
            named = [finding for finding in grave if finding["kind"] in kinds]
            if named:
                verdict, why, doubt = word, named[0]["summary"], 1
                break
    return {
        "flow": row["flow"],
        "flow_kind": row["flow_kind"],
        "verdict": verdict,
        "started_at": rfc3339(row["first_ns"]),
        "last_at": rfc3339(row["last_ns"]),
        "events": int(row["events"]),
        "deliveries": int(row["deliveries"]),
        "hops_done": int(row["hops_done"]),
        "hops_expected": int(row["events"]),
        "groups_done": int(row["groups_done"]),
        "groups_expected": int(row["groups_expected"]),
        "end_to_end_ms": None if row["end_to_end_ns"] is None else round(row["end_to_end_ns"] / 1e6, 3),
        "root": {
            "message_id": row["message_id"],
            "type": row["event_type"],
            "system": row["system"],
            "destination": row["destination"],
            "partition": row["partition"],
            "offset": row["offset"],
            "key": row["message_key"],
            "producer": row["producer"],
        },
        "why": why,
        "grade": _GRADES[doubt],
        "findings": sorted({finding["kind"] for finding in findings}),
        "destinations": list(row["destinations"]),
        "groups": list(row["groups"]),
        "key": row["message_key"],
        "producer": row["producer"],
        "started_ns": row["first_ns"],
    }


def _lower(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
