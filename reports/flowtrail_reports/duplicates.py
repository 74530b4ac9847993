"""The duplicates report: what was written, handed out or handled more than once, by cause, with both deliveries.

Two things are kept apart. A record handed out again is the normal price of at-least-once delivery (`warning`); the
same record handled twice with success is not (`error`), nor is an event that the client wrote twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.documents import DUPLICATES, EXPLAINED
from flowtrail_reports.facts import coverage, doubt, facts, percentage, provenance
from flowtrail_reports.marked import MARKED, beside, said, said_of, table
from flowtrail_reports.model import Check, Column, Report, Section, Stroke, Table, Timeline, Tone
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import apart_ms, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_reports.documents import Document, Documents

NONE = "–"
CAUSES = (
    Column("severity", "Severity", "severity"),
    Column("what", "What happened"),
    Column("reason", "Cause", missing=NONE),
    Column("group", "Group", missing=NONE),
    Column("destination", "Destination"),
    Column("events", "Events", "number"),
    Column("first_at", "First", "time"),
    Column("last_at", "Last", "time"),
)
EVENTS = (
    Column("message_ids", "Event", "id"),
    Column("place", "Record", "id"),
    Column("group", "Group"),
    Column("reason", "Cause"),
    Column("first", "First time"),
    Column("second", "Second time"),
    Column("gap_ms", "Apart", "milliseconds"),
    Column("grade", "Grade"),
    Column("evidence", "Evidence", "evidence"),
)
COPIES = (
    Column("message_ids", "Event", "id"),
    Column("place", "Records", "id"),
    Column("producer", "Producer"),
    Column("reason", "Cause", missing=NONE),
    Column("first", "First copy"),
    Column("second", "Second copy"),
    Column("gap_ms", "Apart", "milliseconds"),
    Column("grade", "Grade"),
    Column("evidence", "Evidence", "evidence"),
)
FLAT = (
    Column("severity", "Severity", "severity"),
    Column("kind", "Kind"),
    Column("reason", "Cause", missing=NONE),
    Column("group", "Group", missing=NONE),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    Column("offsets", "Offsets"),
    Column("message_ids", "Message ids", "id"),
    Column("count", "Times", "number"),
    Column("first_at", "First", "time"),
    Column("last_at", "Last", "time"),
    Column("gap_ms", "Apart (ms)", "number"),
    Column("first", "First time"),
    Column("second", "Second time"),
    Column("producer", "Producer"),
    Column("grade", "Grade"),
    Column("summary", "In words"),
    Column("evidence", "Evidence", "evidence"),
    MARKED,
)
TWICE, AGAIN, WRITTEN, PUBLISHED = "handled twice", "handed out again", "written twice", "published twice"
TITLES = {
    TWICE: (
        "Handled twice",
        "One group handled the same record more than once, with success. A warning where a crash took telemetry that "
        "could have shown a replay on purpose.",
    ),
    WRITTEN: ("Written twice", "One send stands at several offsets: the client tried again without idempotence."),
    PUBLISHED: ("Published twice", "The application sent the same event again, under the same message id."),
    AGAIN: ("Handed out again", "The price of at-least-once delivery; no harm where handling is idempotent."),
}

MOST_NAMED = 3
"""Groups that the headline names; of more, the number."""


def duplicates_report(documents: Documents) -> Report:
    """Make the report from `flowtrail.findings/1` and the deliveries of the events that it names."""
    answer = documents.findings
    told = [row for row in answer["findings"] if row["kind"] in DUPLICATES and row["severity"] != "info"]
    rows = sorted((_row(finding, documents.events) for finding in told), key=lambda row: row["first_at"])
    causes = _causes(rows)
    headline = _headline(rows, documents)
    return Report(
        name="duplicates",
        title="Duplicates",
        headline=headline,
        tone=_tone(rows, coverage(documents, answer)),
        facts=facts(documents, answer),
        sections=(
            Section("By cause", _explained(answer["findings"]), _timelines(rows), table(CAUSES, causes)),
            *(
                Section(title, note, table=_table(what, rows))
                for what, (title, note) in TITLES.items()
                if any(row["what"] == what for row in rows)
            ),
        ),
        table=Table(FLAT, tuple(rows)),
        document={
            "schema": "flowtrail.report.duplicates/1",
            **provenance(documents, answer),
            "headline": headline,
            "causes": causes,
            "rows": rows,
        },
        checks=tuple(
            Check(
                f"{row['what']}: {row['group'] or row['producer'] or 'a producer'} on {row['destination']}"
                + (f" ({row['reason']})" if row["reason"] else ""),
                beside(counted(row["events"], "event"), row) if row["severity"] == "error" else None,
            )
            for row in causes
        )
        or (Check("no duplicates", None, doubt(documents, answer)),),
    )


def _row(finding: Document, events: dict[str, Document]) -> dict[str, Any]:
    """Lay a finding beside the deliveries, or the records, that it is about."""
    event = next((events[message_id] for message_id in finding["message_ids"] if message_id in events), None)
    times = _deliveries(finding, event) if finding["kind"] == "redelivery" else _records(event)
    place = f"{finding['destination']}:{finding['partition']}:{','.join(map(str, finding['offsets'] or ['?']))}"
    return {
        **{key: finding.get(key) for key in (column.key for column in FLAT)},
        "what": _what(finding),
        "place": place,
        "gap_ms": _gap_ms(finding),
        "first": times[0] if times else None,
        "second": times[1] if len(times) > 1 else None,
        "times": times,
        "marked": said(finding),
        **({"mark": finding["mark"]} if "mark" in finding else {}),
    }


def _table(what: str, rows: Sequence[dict[str, Any]]) -> Table:
    columns = COPIES if what in (WRITTEN, PUBLISHED) else EVENTS
    return table(columns, (row for row in rows if row["what"] == what))


def _what(finding: Document) -> str:
    if finding["kind"] == "redelivery":
        return TWICE if finding["severity"] == "error" or "handled this event" in finding["summary"] else AGAIN
    return WRITTEN if finding["kind"] == "resend" else PUBLISHED


def _deliveries(finding: Document, event: Document | None) -> list[str]:
    groups = (event or {}).get("consumed", [])
    deliveries = [
        delivery
        for line in groups
        if line["group"] == finding["group"]
        for delivery in line["deliveries"]
        if "destination" not in delivery  # of a copy elsewhere
        and delivery["partition"] == finding["partition"]
        and delivery["offset"] in (finding["offsets"] or ())
    ]
    deliveries.sort(key=lambda delivery: delivery["started_at"] or "")
    return [
        " ".join(filter(None, (_clock(one["started_at"]), one["outcome"], one["member"] and f"by {one['member']}")))
        for one in deliveries
    ]


def _records(event: Document | None) -> list[str]:
    records = ((event or {}).get("published") or {}).get("records", [])
    return [f"offset {record['offset']} {_clock(record['at'])}".strip() for record in records]


def _clock(moment: str | None) -> str:
    return moment[11:23] if moment else ""


def _gap_ms(finding: Document) -> float | None:
    if not finding["first_at"] or not finding["last_at"] or finding["kind"] == "resend":
        return None  # when the first copy of a resend was written, its lost answer would have told
    return apart_ms(finding["first_at"], finding["last_at"])


def _causes(rows: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Group rows by what happened, why and where; errors first, then by number."""
    by_cause: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        key = tuple(row[name] for name in ("severity", "what", "kind", "reason", "group", "destination", "producer"))
        by_cause[key].append(row)
    causes = [
        {
            **dict(zip(("severity", "what", "kind", "reason", "group", "destination", "producer"), key, strict=True)),
            "events": _events(members),
            "first_at": min(row["first_at"] for row in members),
            "last_at": max(row["last_at"] for row in members),
            "marked": said_of(members),
        }
        for key, members in by_cause.items()
    ]
    return tuple(sorted(causes, key=lambda cause: (cause["severity"] != "error", -cause["events"])))


def _events(rows: Sequence[dict[str, Any]]) -> int:
    """Count events: those with an id once each, others by their record."""
    return len({tuple(row["message_ids"]) or row["place"] for row in rows})


def _headline(rows: Sequence[dict[str, Any]], documents: Documents) -> str:
    if not rows:
        share = coverage(documents, documents.findings)
        if share is not None and share >= 1:
            return "No event was duplicated."
        return f"No duplicate was seen. Coverage is {percentage(share)}: some may be hidden."
    said = []
    for what in (TWICE, WRITTEN, PUBLISHED, AGAIN):
        members = [row for row in rows if row["what"] == what]
        if members:
            by = sorted({visible(row["group"]) for row in members if row["group"]})
            who = [f"{len(by)} groups"] if len(by) > MOST_NAMED else by
            said.append(f"{_events(members)} {what}" + (f" by {listing(who)}" if who else ""))
    total = _events(rows)
    return f"{counted(total, 'event')} {'was' if total == 1 else 'were'} duplicated: {'; '.join(said)}."


def _tone(rows: Sequence[dict[str, Any]], share: float | None) -> Tone:
    if rows:
        return "error" if any(row["severity"] == "error" for row in rows) else "warning"
    return "good" if share is not None and share >= 1 else "unknown"


def _explained(findings: Sequence[Document]) -> str:
    retries = sum(1 for finding in findings if finding["kind"] == "redelivery" and finding["severity"] == "info")
    others = Counter(finding["kind"] for finding in findings if finding["kind"] in EXPLAINED)
    told = [counted(retries, "retry", "retries")] * bool(retries)
    told += [counted(others[kind], kind) for kind in EXPLAINED if others[kind]]
    return f"Not counted, because they explain themselves: {listing(told)}." if told else ""


def _timelines(rows: Sequence[dict[str, Any]]) -> tuple[Timeline, ...]:
    strokes = tuple(
        Stroke(
            lane=f"{row['what']}: {row['group'] or row['producer'] or '?'} on {row['destination']}",
            begin=row["first_at"],
            end=row["last_at"],
            tone="error" if row["severity"] == "error" else "warning",
            label=row["summary"],
        )
        for row in rows
        if row["first_at"] and row["last_at"]
    )
    return (Timeline("From the first time to the last", strokes),) if strokes else ()
