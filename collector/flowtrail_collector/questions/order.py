"""`order`: how far the order of arrival differs from the order of sequence, counted as in RFC 4737, in three scopes.

scope       a line, judged by itself                       sequence         arrival
log         one producer instance's sends to a partition   its send number  the offset, at the end of the send
delivery    one member's sequence of reading a partition   the offset       when it was handed out
completion  the same                                       the offset       when its first attempt ended

Lines are summed per partition and producer or group. What is the first copy, and where a line begins and ends, is said
by `order_log`, `order_delivery` and `order_completion`, on which the findings rest as well; counting them is left to
the engine, and only events that overtook or were overtaken are looked at one by one (`order_lines`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.marks import kept_documents
from flowtrail_collector.questions.documents import coverage, finding, finding_rows, head
from flowtrail_collector.questions.findings import touches, window_scope
from flowtrail_collector.questions.order_lines import measure
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.questions.scope import Row, Scope
    from flowtrail_collector.window import Window

Document = dict[str, Any]
Place = tuple[str, str, str, int, str]
"""Scope, system, destination, partition, and the producer or group."""

SCHEMA = "flowtrail.order/1"
SCOPES = ("log", "delivery", "completion")
KINDS = ("log-reorder", "delivery-reorder", "completion-reorder", "causal-inversion")
"""The findings that speak of order; the first three belong to the scopes, in this order."""
NUMBERS = (
    *("reordered", "ratio", "max_extent", "max_n", "max_late_ms"),
    *("discontinuities", "skipped_sequence", "moved"),
)
"""What is unknown of events that can not be put in order."""
FIELDS = ("destination", "group", "producer", "partition", "system")

_INSIDE = "arrival_ns BETWEEN ? AND ?"
_COUNTED = f"""
SELECT scope, system, destination, "partition", party, count(*) AS events,
    sum(CASE WHEN furthest > sequence THEN 1 ELSE 0 END) AS behind,
    sum(CASE WHEN skipped > 0 THEN 1 ELSE 0 END) AS discontinuities,
    sum(skipped) AS skipped_sequence, max(dark) AS dark
FROM order_arrivals
WHERE {_INSIDE}
GROUP BY scope, system, destination, "partition", party
"""
_DISORDERED = f"""
SELECT DISTINCT scope, system, destination, "partition", party, log
FROM order_arrivals
WHERE furthest > sequence AND {_INSIDE}
ORDER BY scope, system, destination, "partition", party, log
"""
_UNJUDGED = f"""
SELECT scope, system, destination, "partition", party, reason, count(*) AS events
FROM order_unjudged
WHERE {_INSIDE}
GROUP BY scope, system, destination, "partition", party, reason
"""
_HIDDEN = """
SELECT DISTINCT r.system, r.destination, r."partition", h.grp
FROM hidden AS h
JOIN records AS r ON r.log = h.log AND r."offset" = h."offset"
"""
_SHARES = "SELECT *, round(received * 1.0 / nullif(expected, 0), 4) AS share FROM order_coverage"


def order(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> Document:  # noqa: A002
    """Return the rows of those first copies that arrived in the window, as `flowtrail.order/1`.

    With them the findings that speak of order. Raises UsageError for a field that rows of order lack.
    """
    filter.require(FIELDS, "order")
    document = head(connection, SCHEMA)
    with window_scope(connection, window) as scope:
        found = [row for row in finding_rows(scope, KINDS) if touches(row, window)]
        rows = _rows(scope, window, found, filter)
        document["coverage"] = coverage(scope)
    document["window"] = {"since": rfc3339_or_none(window.since_ns), "until": rfc3339_or_none(window.until_ns)}
    document["rows"] = rows
    document["findings"] = [one for one in map(finding, found) if filter.matches(one)]
    document["marks"] = kept_documents(connection)
    return document


def _rows(scope: Scope, window: Window, found: list[Row], filter: Filter) -> list[Document]:  # noqa: A002
    scope.build("order_arrivals", "order_unjudged", "order_coverage", "readers", "records", "hidden")
    since, until = window.since_ns or 0, 2**63 - 1 if window.until_ns is None else window.until_ns
    marks = _Marks(scope, found)
    rows: dict[Place, Document] = {}
    for row in scope.rows(_COUNTED, [since, until]):
        rows[_place(row)] = _counted(row)
    for row in scope.rows(_UNJUDGED, [since, until]):
        if _place(row) in rows:
            rows[_place(row)] |= {"complete": False, "reason": f"some of {row['reason']}"}
        else:
            rows[_place(row)] = _unjudged(row)
    kept = {place: row for place, row in rows.items() if filter.matches(row)}
    for row in scope.rows(_DISORDERED, [since, until]):
        if _place(row) in kept:
            measure(scope, row, kept[_place(row)], since, until)
    for place, row in kept.items():
        marks.put(place, row)
    return [kept[place] for place in sorted(kept, key=lambda place: (SCOPES.index(place[0]), *place[1:]))]


def _place(row: Row) -> Place:
    partition = -1 if row["partition"] is None else row["partition"]
    return row["scope"], row["system"] or "", row["destination"], partition, row["party"] or ""


def _named(row: Row) -> Document:
    """Return what a row is about."""
    sends = row["scope"] == "log"
    return {
        "scope": row["scope"],
        "system": row["system"],
        "destination": row["destination"],
        "partition": row["partition"],
        "producer": row["party"] if sends else None,
        "group": None if sends else row["party"],
    }


def _counted(row: Row) -> Document:
    events, reordered = int(row["events"]), int(row["behind"])
    return {
        **_named(row),
        "events": events,
        "reordered": reordered,
        "ratio": reordered / events,
        "max_extent": 0,
        "max_n": 0,
        "max_late_ms": None if reordered else 0.0,
        "discontinuities": int(row["discontinuities"]),
        "skipped_sequence": int(row["skipped_sequence"]),
        "moved": 0,
        "culprits": [],
        "details": [],
        "complete": not row["dark"],
        "reason": "telemetry gap" if row["dark"] else None,
    }


def _unjudged(row: Row) -> Document:
    """Return a row of which nothing can be counted but its events."""
    return {
        **_named(row),
        "events": int(row["events"]),
        **dict.fromkeys(NUMBERS),
        "culprits": [],
        "details": [],
        "complete": False,
        "reason": row["reason"],
    }


class _Marks:
    """What is said of a row besides its numbers: how complete its telemetry is, and which findings stand behind it."""

    def __init__(self, scope: Scope, found: list[Row]) -> None:
        self._shares = {
            (row["side"], row["system"] or "", row["destination"], row["party"] or ""): row["share"]
            for row in scope.rows(_SHARES)
        }
        self._groups = {
            (row["system"] or "", row["destination"], row["grp"]): row for row in scope.rows("SELECT * FROM readers")
        }
        hidden = [
            (row["system"] or "", row["destination"], row["partition"], row["grp"]) for row in scope.rows(_HIDDEN)
        ]
        self._hidden = {*hidden, *((*place, None) for *place, _ in hidden)}
        """Partitions of which some group, or None: any group, may have done something that we did not see."""
        self._claims: dict[Place, dict[str, int]] = {}
        for row in found:
            if row["kind"] in KINDS[: len(SCOPES)]:
                place = {"scope": SCOPES[KINDS.index(row["kind"])], "party": row["producer"] or row["group"]}
                claims = self._claims.setdefault(_place({**row, **place}), {})
                claims[row["severity"]] = claims.get(row["severity"], 0) + row["count"]

    def put(self, place: Place, row: Document) -> None:
        """Add the marks to a row."""
        name, system, destination, partition, party = place
        row["assumed"] = False
        if name == "log":
            row["coverage"] = self._shares.get(("log", system, destination, party))
            # A consumer may be the only one to tell of an earlier copy.
            gap = (system, destination, partition, None) in self._hidden
            self._doubt(row, "the telemetry of its readers has gaps", when=gap)
        else:
            group = self._groups.get((system, destination, party), {})
            row["coverage"] = self._shares.get(("read", system, destination, party))
            row["assumed"] = bool(group.get("assumed", False))
            missing = "telemetry gap" if group.get("numbered") else "its members do not number their spans"
            missing = "sampled" if group.get("sampled") else missing
            self._doubt(row, missing, when=(system, destination, partition, party) in self._hidden)
        claims = self._claims.get(place, {})
        row["findings"] = {severity: claims.get(severity, 0) for severity in ("error", "warning", "info")}
        if name == "log" and row["reordered"]:
            copies = "an earlier copy may stand at an offset that nobody named"
            self._doubt(row, copies, when=sum(claims.values()) < row["reordered"])

    def _doubt(self, row: Document, reason: str, *, when: bool) -> None:
        if when and row["complete"]:
            row["complete"], row["reason"] = False, reason
