"""The losses report: what was published and consumed, what was lost on the way, what is not known, and why.

Lost is what a finding proves. What is pending, in doubt or unknown is none of it: it stands beside, with its reason.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.facts import coverage, doubt, facts, percentage, provenance
from flowtrail_reports.findings import FLAT, finding_row, finding_table
from flowtrail_reports.marked import beside, said_of, table
from flowtrail_reports.model import Bars, Check, Column, Part, Report, Section, Table, Tone
from flowtrail_reports.visible import visible
from flowtrail_reports.writing import listing, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_reports.documents import Document, Documents

Row = dict[str, Any]

KINDS = {
    "lost": ("Lost", "Acked, and some reader went past it, and nobody was ever handed it.", "lost"),
    "skipped": ("Skipped", "A group went past it without being handed it.", "skipped"),
    "publish-failed": ("Not published", "Every attempt to send it failed, and nobody saw it.", "not published"),
    "ghost-publish": (
        "Published against the client's word",
        "The client was told that it failed, and it was consumed all the same: whoever sends it again sends it twice.",
        "published although the client was told of a failure",
    ),
    "unfinished": (
        "Never finished",
        "A group began it, or was handed it, went on, and never ended it: a silent failure.",
        "never finished",
    ),
    "failed": ("Failed", "The last attempt failed, and nothing shows another.", "failed"),
    "dead-lettered": ("Dead-lettered", "Failed, and a copy stands on a dead-letter destination.", "dead-lettered"),
    "publish-in-doubt": (
        "Publication in doubt",
        "Neither an ack nor a definite failure is known, and the client has given up waiting.",
        "in doubt whether published",
    ),
}
"""Title, meaning, and how the headline says it; gravest first."""
ANSWERS: dict[str, tuple[str, Tone]] = {
    "yes": ("published", "good"),
    "no": ("not published", "error"),
    "processed": ("processed", "good"),
    "skipped": ("skipped", "error"),
    "failed": ("failed", "error"),
    "unfinished": ("never finished", "error"),
    "dead-lettered": ("dead-lettered", "error"),
    "missing": ("missing", "error"),
    "in-doubt": ("in doubt", "warning"),
    "pending": ("pending", "warning"),
    "retrying": ("retrying", "warning"),
    "in-progress": ("in progress", "warning"),
    "received": ("received", "warning"),
    "not-expected": ("not expected", "unknown"),
    "unknown": ("unknown", "unknown"),
}
"""How an answer is shown in the chart, and how it is meant."""
DESTINATIONS = (
    Column("destination", "Destination"),
    Column("events", "Events", "number"),
    Column("yes", "Published", "number"),
    Column("no", "Not published", "number"),
    Column("in-doubt", "In doubt", "number"),
    Column("unknown", "Unknown", "number"),
    Column("lost", "Lost", "number"),
)
GROUPS = (
    Column("group", "Group"),
    Column("destination", "Destination"),
    Column("events", "Events", "number"),
    Column("processed", "Processed", "number"),
    Column("dead-lettered", "Dead-lettered", "number"),
    Column("failed", "Failed", "number"),
    Column("unfinished", "Never finished", "number"),
    Column("skipped", "Skipped", "number"),
    Column("under way", "Under way", "number"),
    Column("not-expected", "Not expected", "number"),
    Column("unknown", "Unknown", "number"),
)
MOST_NAMED = 3
"""Groups or producers that the headline names; of more, none."""
UNDER_WAY = ("pending", "retrying", "in-progress", "received")
CAUSES = (
    Column("severity", "Severity", "severity"),
    Column("kind", "What happened"),
    Column("reason", "Cause", missing="–"),
    Column("who", "Group or producer", missing="–"),
    Column("destination", "Destination"),
    Column("events", "Events", "number"),
    Column("first_at", "First", "time"),
    Column("last_at", "Last", "time"),
)
UNKNOWN = (
    Column("destination", "Destination"),
    Column("about", "About"),
    Column("answer", "Answer"),
    Column("reason", "Because"),
    Column("events", "Events", "number"),
)


def losses_report(documents: Documents) -> Report:
    """Make the report from `flowtrail.losses/1`."""
    answer = documents.losses
    found = sorted((finding_row(one) for one in answer["findings"] if one["kind"] in KINDS), key=_order)
    unknown = tuple(_unknown(answer["rows"]))
    causes = tuple(_causes(found))
    headline = _headline(found, unknown, documents)
    return Report(
        name="losses",
        title="Losses",
        headline=headline,
        tone=_tone(found, unknown, answer["rows"], coverage(documents, answer)),
        facts=facts(documents, answer),
        sections=tuple(_sections(answer["rows"], found, causes, unknown)),
        table=Table(FLAT, tuple(found)),
        document={
            "schema": "flowtrail.report.losses/1",
            **provenance(documents, answer),
            "headline": headline,
            "rows": answer["rows"],
            "causes": causes,
            "unknown": unknown,
            "findings": answer["findings"],
        },
        checks=tuple(_checks(answer["rows"], causes))
        or (Check("losses", None, doubt(documents, answer) or "no event is known"),),
    )


def _sections(
    rows: Sequence[Document], found: Sequence[Row], causes: Sequence[Row], unknown: Sequence[Row]
) -> Iterable[Section]:
    destinations = tuple(_flat(row) for row in rows if row["group"] is None)
    groups = tuple(_flat(row) for row in rows if row["group"] is not None)
    yield Section("Published", "Each event once per destination.", table=Table(DESTINATIONS, destinations))
    note = "What became of each event in each group; those that were not published are left out."
    yield Section("Consumed", note, _bars(groups), Table(GROUPS, groups))
    if causes:
        yield Section("By cause", table=table(CAUSES, causes))
    for kind, (title, note, _) in KINDS.items():
        members = [row for row in found if row["kind"] == kind]
        if members:
            yield Section(title, note, table=finding_table(members))
    if unknown:
        note = "Nothing is claimed of these: what is missing to know more is named."
        yield Section("Not known, and why", note, table=Table(UNKNOWN, tuple(unknown)))


def _flat(row: Document) -> Row:
    answers = row["answers"]
    group = None if row["group"] is None else row["group"] + (" (assumed)" if row["assumed"] else "")
    return {
        **{name: answers.get(name, 0) for name in ANSWERS},
        "destination": row["destination"],
        "group": group,
        "events": row["events"],
        "under way": sum(answers.get(name, 0) for name in UNDER_WAY),
        "lost": row["findings"].get("lost", 0),
    }


def _bars(groups: Sequence[Row]) -> tuple[Bars, ...]:
    told = {name: shown for name, shown in ANSWERS.items() if any(row[name] for row in groups)}
    bars = tuple(
        (
            f"{row['group']} on {row['destination']}",
            tuple(Part(label, row[name], tone) for name, (label, tone) in told.items()),
        )
        for row in groups
    )
    return (Bars("Events by what became of them in each group", "events", bars),) if bars else ()


def _causes(found: Sequence[Row]) -> Iterable[Row]:
    by_cause: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    names = ("severity", "kind", "reason", "who", "destination")
    for row in found:
        by_cause[tuple(row[name] for name in names)].append(row)
    causes = [
        {
            **dict(zip(names, key, strict=True)),
            "events": _events(members),
            "first_at": min((row["first_at"] for row in members if row["first_at"]), default=None),
            "last_at": max((row["last_at"] for row in members if row["last_at"]), default=None),
            "marked": said_of(members),
        }
        for key, members in by_cause.items()
    ]
    return sorted(causes, key=lambda cause: (*_order(cause)[:2], -cause["events"]))


def _order(row: Row) -> tuple[Any, ...]:
    kinds = tuple(KINDS)
    return ("error", "warning", "info").index(row["severity"]), kinds.index(row["kind"]), row["first_at"] or ""


def _events(rows: Iterable[Row]) -> int:
    """Count events: those with an id once each, others by their record."""
    return len({tuple(row["message_ids"]) or row["place"] for row in rows})


def _unknown(rows: Sequence[Document]) -> Iterable[Row]:
    for row in rows:
        for one in row["unknown"]:
            about = "published?" if row["group"] is None else f"consumed by {row['group']}?"
            yield {"destination": row["destination"], "about": about, **one}


def _headline(found: Sequence[Row], unknown: Sequence[Row], documents: Documents) -> str:
    said = []
    for kind, (_, _, words) in KINDS.items():
        members = [row for row in found if row["kind"] == kind and row["severity"] != "info"]
        if members:
            who = sorted({visible(row["who"]) for row in members if row["who"]})
            whose = f" ({listing(who)})" if 0 < len(who) <= MOST_NAMED else ""
            said.append(f"{number(_events(members))} {words}{whose}")
    doubtful = sum(row["events"] for row in unknown)
    are = "is" if doubtful == 1 else "are"
    open_ = f" {counted(doubtful, 'answer')} {are} unknown or in doubt." if doubtful else ""
    if said:
        return f"{'; '.join(said)}.{open_}"
    if not any(row["events"] for row in documents.losses["rows"]):
        return "No event is known in this window."
    share = coverage(documents, documents.losses)
    if share is not None and share >= 1:
        return f"No loss was seen, and all telemetry arrived.{open_}"
    return f"No loss was seen. Coverage is {percentage(share)}: some may be hidden.{open_}"


def _tone(found: Sequence[Row], unknown: Sequence[Row], rows: Sequence[Document], share: float | None) -> Tone:
    severities = {row["severity"] for row in found}
    if "error" in severities:
        return "error"
    if "warning" in severities:
        return "warning"
    complete = share is not None and share >= 1
    return "good" if complete and rows and not unknown else "unknown"


def _checks(rows: Sequence[Document], causes: Sequence[Row]) -> Iterable[Check]:
    """Return one check for every cause, and one for every destination and group without any."""
    for cause in causes:
        why = f" ({cause['reason']})" if cause["reason"] else ""
        wrong = counted(cause["events"], "event") if cause["severity"] == "error" else None
        yield Check(f"{cause['kind']}: {cause['who'] or '?'} on {cause['destination']}{why}", beside(wrong, cause))
    for row in rows:
        if not row["findings"]:
            name = "published" if row["group"] is None else f"consumed by {row['group']}"
            reasons = sorted({one["reason"] or one["answer"] for one in row["unknown"]})
            yield Check(f"{name}: {row['destination']}", None, f"not known: {listing(reasons)}" if reasons else None)
