"""The flow report: the story of a flow or an event: what was published, who was handed it when, what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_reports.facts import coverage, facts, provenance
from flowtrail_reports.findings import finding_table
from flowtrail_reports.model import Check, Column, Report, Section, Stroke, Table, Timeline, Tone
from flowtrail_reports.steps import story
from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_reports.documents import Document, Documents

Row = dict[str, Any]

BAD = ("failed", "unfinished", "skipped", "dead-lettered", "missing")
"""Answers that say that a group did not handle the event."""
EVENTS = (
    Column("started_at", "Published", "time"),
    Column("type", "Type", missing="–"),
    Column("message_id", "Event", "id"),
    Column("key", "Key", "id", missing="–"),
    Column("destination", "Destination"),
    Column("producer", "Producer"),
    Column("published", "Published?"),
    Column("consumed", "Consumed?"),
    Column("duplicated", "Duplicated?"),
    Column("reordered", "Reordered?"),
)
GROUPS = (
    Column("event", "Event", "id"),
    Column("destination", "Destination"),
    Column("group", "Group"),
    Column("answer", "Answer"),
    Column("reason", "Because", missing="–"),
    Column("deliveries", "Deliveries", "number"),
    Column("grade", "Grade"),
    Column("evidence", "Evidence", "evidence"),
)
STEPS = (
    Column("at", "When", "time"),
    Column("step", "What"),
    Column("event", "Event", "id"),
    Column("place", "Record", "id"),
    Column("who", "Who"),
    Column("member", "Member", "id", missing="–"),
    Column("attempt", "Attempt", "number", missing="–"),
    Column("outcome", "Outcome"),
    Column("took_ms", "Took", "milliseconds"),
    Column("latency_ms", "Since published", "milliseconds", missing="–"),
)
FLAT = (
    Column("at", "When", "time"),
    Column("ended_at", "Ended", "time"),
    Column("step", "What"),
    Column("message_id", "Event", "id"),
    Column("correlation_id", "Flow", "id"),
    Column("causation_id", "Caused by", "id"),
    Column("type", "Type"),
    Column("key", "Key", "id"),
    Column("system", "System"),
    Column("destination", "Destination"),
    Column("partition", "Partition", "number"),
    Column("offset", "Offset", "number"),
    Column("who", "Who"),
    Column("member", "Member", "id"),
    Column("attempt", "Attempt", "number"),
    Column("outcome", "Outcome"),
    Column("took_ms", "Took", "milliseconds"),
    Column("latency_ms", "Since published", "milliseconds"),
)


def flow_report(documents: Documents) -> Report:
    """Make the report from `flowtrail.ask/1`."""
    answer = documents.answer
    events = answer["events"]
    steps = sorted((step for event in events for step in story(event)), key=lambda step: step["at"] or "~")
    findings = list(_findings(events))
    return Report(
        name="flow",
        title="Flow",
        headline=_headline(events, findings),
        tone=_tone(events, findings, coverage(documents, answer)),
        facts=(("Asked", f"{visible(answer['asked'])} ({answer.get('understood_as')})"), *facts(documents, answer)),
        sections=tuple(_sections(events, steps, findings)),
        table=Table(FLAT, tuple(steps)),
        document={
            "schema": "flowtrail.report.flow/1",
            **provenance(documents, answer),
            "asked": answer["asked"],
            "understood_as": answer.get("understood_as"),
            "headline": _headline(events, findings),
            "events": events,
            "steps": steps,
        },
        checks=tuple(map(_check, events)) or (Check("flow", None, "nothing is known of it"),),
    )


def _sections(events: Sequence[Document], steps: Sequence[Row], findings: Sequence[Document]) -> Iterable[Section]:
    yield Section("Events", charts=_timeline(steps), table=Table(EVENTS, tuple(map(_event, events))))
    if findings:
        yield Section("Findings", table=finding_table(findings))
    groups = tuple(
        {
            **line,
            "event": event["message_id"],
            "destination": event["destination"],
            "group": line["group"] + (" (assumed)" if line.get("assumed") else ""),
            "deliveries": len(line["deliveries"]),
        }
        for event in events
        for line in event["consumed"]
    )
    yield Section("Who consumed it", "One line per event and group.", table=Table(GROUPS, groups))
    yield Section("Step by step", "Times of different hosts are their own clocks'.", table=Table(STEPS, tuple(steps)))
    proofs = tuple({"event": event["message_id"], **event["published"]} for event in events)
    columns = tuple(column for column in GROUPS if column.key in ("event", "answer", "reason", "grade", "evidence"))
    yield Section("What proves the publications", table=Table(columns, proofs))


def _event(event: Document) -> Row:
    consumed = event["consumed"]
    done = sum(1 for line in consumed if line["answer"] == "processed")
    others = sorted({line["answer"] for line in consumed if line["answer"] != "processed"})
    published = event["published"]
    return {
        **event,
        "started_at": min((record["at"] for record in published["records"] if record["at"]), default=None),
        "published": f"{published['answer']} ({published['reason']})",
        "consumed": (f"{done} of {len(consumed)}" + (f": {', '.join(others)}" if others else "")) if consumed else "–",
        "duplicated": event["duplicated"]["answer"],
        "reordered": event["reordered"]["answer"],
    }


def _findings(events: Sequence[Document]) -> Iterable[Document]:
    """Return every finding once: one may name several events of the flow."""
    seen = set()
    for event in events:
        for finding in event["findings"]:
            key = (finding["kind"], finding["group"], finding["destination"], *finding["evidence"])
            if key not in seen:
                seen.add(key)
                yield finding


def _headline(events: Sequence[Document], findings: Sequence[Document]) -> str:
    if len(events) == 1:
        said = events[0].get("summary") or "one event."
        return visible(said[:1].upper() + said[1:])
    grave = [finding for finding in findings if finding["severity"] != "info"]
    lines = [line for event in events for line in event["consumed"]]
    done = sum(1 for line in lines if line["answer"] == "processed")
    published = sum(1 for event in events if event["published"]["answer"] == "yes")
    said = f"{counted(len(events), 'event')}, {published} published"
    if lines:
        said += f"; {done} of {counted(len(lines), 'processing')} done"
    if grave:
        return f"{said}; {counted(len(grave), 'finding')}: {visible(grave[0]['summary'])}" + (
            f", and {len(grave) - 1} more." if len(grave) > 1 else "."
        )
    return f"{said}; nothing went wrong that we can see."


def _tone(events: Sequence[Document], findings: Sequence[Document], share: float | None) -> Tone:
    severities = {finding["severity"] for finding in findings}
    answers = {line["answer"] for event in events for line in event["consumed"]}
    if "error" in severities or answers & set(BAD):
        return "error"
    if "warning" in severities:
        return "warning"
    unsure = answers & {"unknown"} or any(event["published"]["answer"] != "yes" for event in events)
    return "good" if events and not unsure and share is not None and share >= 1 else "unknown"


def _timeline(steps: Sequence[Row]) -> tuple[Timeline, ...]:
    strokes = tuple(
        Stroke(
            lane=f"{step['who'] or '?'} {'→' if step['step'] == 'published' else '←'} {step['destination']}",
            begin=step["at"],
            end=step["ended_at"] or step["at"],
            tone=_step_tone(step),
            label=f"{step['step']} {step['event'] or step['place']} {step['outcome'] or ''}".strip(),
        )
        for step in steps
        if step["at"]
    )
    return (Timeline("From publication to processing", strokes),) if strokes else ()


def _step_tone(step: Row) -> Tone:
    if step["outcome"] in ("failed", "unfinished"):
        return "error"
    if step["step"] == "published":
        return "good" if step["outcome"] in ("acked", "seen") else "warning"
    return "good" if step["outcome"] == "ok" else "unknown"


def _check(event: Document) -> Check:
    """Return one check for an event: what errors say of it, or what is not known."""
    name = f"{event['type'] or 'event'} {event['message_id'] or ''} on {event['destination']}".replace("  ", " ")
    wrong = [finding["summary"] for finding in event["findings"] if finding["severity"] == "error"]
    lines = [event["published"], *event["consumed"]]
    unknown = sorted({line["reason"] or "unknown" for line in lines if line["answer"] == "unknown"})
    return Check(name, "; ".join(wrong) or None, f"not known: {', '.join(unknown)}" if unknown else None)
