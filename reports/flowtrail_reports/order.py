"""The order report: where arrival differs from sequence, by how much, and which events would have to move.

Late events are counted as in RFC 4737, where one early event makes many late; beside them stand those that must move:
that one. Numbers from incomplete telemetry are shown and marked: a missing first copy may hide a reordering, or look
like one.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.facts import coverage, doubt, facts, percentage, provenance
from flowtrail_reports.findings import finding_table
from flowtrail_reports.marked import MARKED, beside, said, said_of, table
from flowtrail_reports.model import Check, Column, Report, Section, Stroke, Table, Timeline, Tone
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import earlier, listing, number, time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_reports.documents import Document, Documents

Row = dict[str, Any]

SCOPES = {
    "log": ("in the log", "behind what their producer sent after them"),
    "delivery": ("in delivery", "handed out after later offsets"),
    "completion": ("in completion", "finished after later offsets: handled concurrently"),
}
"""How the headline says it, and what it means."""
SEVERITIES = ("error", "warning", "info")
_COUNTS = (
    Column("events", "Events", "number"),
    Column("reordered", "Late", "number"),
    Column("ratio", "Ratio", "share"),
    Column("moved", "Must move", "number"),
    Column("max_extent", "Extent", "number"),
    Column("max_n", "n", "number"),
    Column("max_late_ms", "Latest by", "milliseconds"),
    Column("discontinuities", "Gaps", "number"),
    Column("skipped_sequence", "Left out", "number"),
)
SUMMARY = (
    Column("severity", "Severity", "severity", missing="–"),
    Column("scope", "Scope"),
    Column("party", "Producer or group"),
    Column("destination", "Destination"),
    *_COUNTS,
    Column("sure", "Sure?"),
)
PARTITIONS = (
    Column("severity", "Severity", "severity", missing="–"),
    Column("scope", "Scope"),
    Column("party", "Producer or group"),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    *_COUNTS,
    Column("coverage", "Coverage", "share"),
    Column("sure", "Sure?"),
    Column("reason", "Because", missing="–"),
)
NAMED = (
    Column("scope", "Scope"),
    Column("party", "Producer or group"),
    Column("place", "Record", "id"),
    Column("message_id", "Event", "id"),
)
LATE = (
    *NAMED,
    Column("sequence", "Number", "number"),
    Column("extent", "Extent", "number"),
    Column("n", "n", "number"),
    Column("late_ms", "Late by", "milliseconds"),
    Column("at", "Arrived", "time"),
    Column("overtaken_place", "First overtaken by", "id"),
)
FLAT = (
    Column("severity", "Severity", "severity"),
    Column("scope", "Scope"),
    Column("system", "System"),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    Column("producer", "Producer"),
    Column("group", "Group"),
    *_COUNTS,
    Column("culprit_offsets", "Must move"),
    Column("culprit_ids", "Must move", "id"),
    Column("errors", "Errors", "number"),
    Column("warnings", "Warnings", "number"),
    Column("coverage", "Coverage", "share"),
    Column("complete", "Complete"),
    Column("reason", "Because"),
    MARKED,
)
MOST_NAMED = 3
"""Producers or groups that the headline names; of more, the number."""
MOST_STROKES = 400
"""Late events in the chart; more can not be told apart."""


def order_report(documents: Documents) -> Report:
    """Make the report from `flowtrail.order/1`."""
    answer = documents.order
    claims = _by_place(answer["findings"])
    rows = tuple(_row(row, claims) for row in answer["rows"])
    inversions = tuple(row for row in answer["findings"] if row["kind"] == "causal-inversion")
    headline = _headline(rows, inversions, documents)
    return Report(
        name="order",
        title="Order",
        headline=headline,
        tone=_tone(rows, inversions, coverage(documents, answer)),
        facts=facts(documents, answer),
        sections=tuple(_sections(rows, inversions)),
        table=Table(FLAT, rows),
        document={
            "schema": "flowtrail.report.order/1",
            **provenance(documents, answer),
            "headline": headline,
            "rows": answer["rows"],
            "findings": answer["findings"],
        },
        checks=(*map(_check, rows), *_inverted(inversions))
        or (Check("order", None, doubt(documents, answer) or "no event arrived"),),
    )


def _by_place(findings: Iterable[Document]) -> dict[tuple[str, ...], list[Row]]:
    """Return the findings that stand behind each row."""
    claims: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for one in findings:
        scope, _, reorder = one["kind"].partition("-")
        if reorder == "reorder":
            claims[_place(scope, one)].append({**one, "marked": said(one)})
    return claims


def _place(scope: str, row: Document) -> tuple[str, ...]:
    return (scope, str(row["destination"]), str(row["partition"]), str(row["producer"] or row["group"]))


def _row(row: Document, claims: dict[tuple[str, ...], list[Row]]) -> Row:
    """Add to a row of the answer what its tables show."""
    found = row["findings"]
    place = f"{row['destination']}:{'?' if row['partition'] is None else row['partition']}"
    return {
        **row,
        "party": (row["producer"] or row["group"] or "?") + (" (assumed)" if row["assumed"] else ""),
        "place": place,
        "severity": next((severity for severity in SEVERITIES if found[severity]), None),
        "errors": found["error"],
        "warnings": found["warning"],
        "culprit_offsets": [one["offset"] for one in row["culprits"]],
        "culprit_ids": [one["message_id"] for one in row["culprits"] if one["message_id"]],
        "sure": "yes" if row["complete"] else "no",
        "marked": said_of(claims.get(_place(row["scope"], row), ())),
    }


def _sections(rows: Sequence[Row], inversions: Sequence[Document]) -> Iterable[Section]:
    late = tuple(_of(row, one) for row in rows for one in row["details"])
    moved = tuple(_of(row, one) for row in rows for one in row["culprits"])
    yield Section("Summary", _explained(rows), _timeline(rows), table(SUMMARY, _summed(rows)))
    if moved:
        note = "The smallest set whose removal restores the order; of several, the one that arrived latest."
        yield Section("Events that must move", _cut(note, moved, _total(rows, "moved")), table=Table(NAMED, moved))
    if late:
        note = (
            "Every event that arrived behind a larger number. Extent: how many arrivals ago it was first overtaken. "
            "n: how many of the arrivals just before it all hold a larger number."
        )
        yield Section("Late events", _cut(note, late, _total(rows, "reordered")), table=Table(LATE, late))
    if inversions:
        note = "A group began an event before the one that caused it."
        yield Section("Effects before causes", note, table=finding_table(inversions))
    yield Section("Partitions", table=table(PARTITIONS, sorted(rows, key=_gravest)))


def _of(row: Row, one: Document) -> Row:
    overtaken = one.get("overtaken_by")
    return {
        **one,
        "scope": row["scope"],
        "party": row["party"],
        "place": f"{row['place']}:{one['offset']}",
        "overtaken_place": None if overtaken is None else f"{row['place']}:{overtaken}",
    }


def _total(rows: Iterable[Row], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def _cut(note: str, named: Sequence[Row], total: int) -> str:
    return note if len(named) >= total else f"{note} {number(len(named))} of {number(total)} are named."


def _summed(rows: Sequence[Row]) -> Iterable[Row]:
    """Sum partitions by scope, producer or group, and destination; the gravest first."""
    by_party: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_party[row["scope"], row["party"], row["destination"]].append(row)
    return sorted((_sum(key, members) for key, members in by_party.items()), key=_gravest)


def _sum(key: tuple[str, str, str], rows: Sequence[Row]) -> Row:
    known = [row for row in rows if row["reordered"] is not None]
    events = _total(known, "events")
    return {
        **dict(zip(("scope", "party", "destination"), key, strict=True)),
        "severity": min((row["severity"] for row in rows if row["severity"]), key=SEVERITIES.index, default=None),
        "events": _total(rows, "events"),
        "reordered": _total(known, "reordered") if known else None,
        "ratio": _total(known, "reordered") / events if events else None,
        **{name: _most(known, name) for name in ("max_extent", "max_n", "max_late_ms")},
        **{name: _total(known, name) if known else None for name in ("moved", "discontinuities", "skipped_sequence")},
        "sure": "yes" if all(row["complete"] for row in rows) else "no",
        "marked": said_of(row for row in rows if row["severity"]),
    }


def _most(rows: Sequence[Row], name: str) -> Any:
    return max((row[name] for row in rows if row[name] is not None), default=None)


def _gravest(row: Row) -> tuple[Any, ...]:
    severity = SEVERITIES.index(row["severity"]) if row["severity"] else len(SEVERITIES)
    return severity, -(row["reordered"] or 0), tuple(SCOPES).index(row["scope"]), row["party"], row["destination"]


def _explained(rows: Sequence[Row]) -> str:
    said = "Late: behind an event with a larger number (RFC 4737), first copies only. A gap is no reordering."
    if any(row["findings"]["info"] for row in rows):
        said += " Across keys it is information: the partition's order binds events of one key."
    if any(not row["complete"] and row["reordered"] is not None for row in rows):
        said += " Where it is not sure, telemetry is missing: the numbers are what was seen, and nothing is claimed."
    return said


def _timeline(rows: Sequence[Row]) -> tuple[Timeline, ...]:
    strokes = [
        Stroke(
            lane=f"{row['scope']}: {row['party']} on {row['destination']}",
            begin=earlier(one["at"], one["late_ms"] or 0),
            end=one["at"],
            tone=_stroke_tone(row),
            label=f"{row['place']}:{one['offset']} {one['message_id'] or ''} arrived {one['extent']} late".strip(),
        )
        for row in rows
        for one in row["details"]
    ]
    strokes.sort(key=lambda stroke: stroke.end)
    return (Timeline("From what overtook them to their arrival", tuple(strokes[:MOST_STROKES])),) if strokes else ()


def _stroke_tone(row: Row) -> Tone:
    if row["severity"] == "error":
        return "error"
    return "warning" if row["complete"] else "unknown"


def _headline(rows: Sequence[Row], inversions: Sequence[Document], documents: Documents) -> str:
    late = [row for row in rows if row["reordered"]]
    if late or inversions:
        said = [_late(late)] if late else []
        if inversions:
            said.append(f"{counted(len(inversions), 'effect')} begun before the cause")
        return f"{'; '.join(said)}."
    if not rows:
        return "No event arrived in this window."
    events = max(sum(row["events"] for row in rows if row["scope"] == scope) for scope in SCOPES)
    if all(row["complete"] for row in rows) and doubt(documents, documents.order) is None:
        return (
            f"All of {counted(events, 'event')} arrived in order." if events > 1 else "The one event arrived in order."
        )
    unsure_rows = [row for row in rows if not row["complete"]]
    why = listing(sorted({row["reason"] for row in unsure_rows})) if unsure_rows else ""
    share = percentage(coverage(documents, documents.order))
    return f"No reordering was seen. Coverage is {share}{f' ({visible(why)})' if why else ''}: some may be hidden."


def _late(late: Sequence[Row]) -> str:
    """Say how many events arrived late, where, and how many would have to move; scopes count by themselves."""
    said = []
    for scope, (where, _) in SCOPES.items():
        members = [row for row in late if row["scope"] == scope]
        if members:
            names = sorted({visible(row["party"]) for row in members})
            who = listing(names) if len(names) <= MOST_NAMED else counted(len(names), _party(scope))
            sure = "" if all(row["complete"] for row in members) else " (not sure)"
            said.append(f"{number(_total(members, 'reordered'))} {where} of {who}{sure}")
    moved = _total(late, "moved")
    total = counted(_total(late, "reordered"), "late arrival")
    return f"{total}: {listing(said)}; {number(moved)} would have to move"


def _party(scope: str) -> str:
    return "producer" if scope == "log" else "group"


def _tone(rows: Sequence[Row], inversions: Sequence[Document], share: float | None) -> Tone:
    severities = {row["severity"] for row in (*rows, *inversions)}
    if "error" in severities:
        return "error"
    if severities & {"warning", "info"}:
        return "warning"
    if not rows or not all(row["complete"] for row in rows):
        return "unknown"
    return "good" if share is not None and share >= 1 else "unknown"


def _check(row: Row) -> Check:
    name = f"{row['scope']}: {row['party']} on {row['place']}"
    wrong = None
    if row["errors"]:
        wrong = (
            f"{row['errors']} of {counted(row['events'], 'event')} {SCOPES[row['scope']][1]}, with the same key; "
            f"{row['moved']} would have to move"
        )
    return Check(name, beside(wrong, row), None if row["complete"] else row["reason"])


def _inverted(inversions: Sequence[Document]) -> Iterable[Check]:
    by_group: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for row in inversions:
        by_group[row["group"] or "?", row["destination"] or "?"].append(row)
    for (group, destination), members in sorted(by_group.items()):
        errors = [row for row in members if row["severity"] == "error"]
        wrong = f"{errors[0]['summary']} ({time(errors[0]['last_at'])})" if errors else None
        more = f"; and {len(errors) - 1} more" if len(errors) > 1 else ""
        marks = {"marked": said_of({"marked": said(row)} for row in errors)}
        yield Check(f"causal-inversion: {group} on {destination}", beside(f"{wrong}{more}" if wrong else None, marks))
