"""What was asked and what came of it: how the question was understood, the events of the answer, what is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.questions.asked import readings
from flowtrail_collector.wording import counted
from flowtrail_tui.evidence import Evidence
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.commands import command, does
from flowtrail_tui.model.completion import strip
from flowtrail_tui.model.parts import Line, Part, clip_line, line, line_width, wrap
from flowtrail_tui.model.verdict import evidence, headline, part, question_of, records
from flowtrail_tui.model.words import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_collector.errors import NothingKnown
    from flowtrail_tui.model.completion import Proposal

EVENT_COLUMNS = (
    Column("TIME", 12, 12, from_width=72),
    Column("VERDICT", 11, 15),
    Column("EVENT", 10, 26),
    Column("RECORD", 12, 28, from_width=96),
    Column("WHAT HAPPENED", 12, 12, flex=True),
)
NEAR_COLUMNS = (Column("KNOWN NEAR IT  (enter asks)", 12, 12, flex=True),)
UNDERSTOOD = {
    "id": "a message id",
    "message": "a message id",
    "flow": "a flow (correlation id)",
    "correlation": "a flow (correlation id)",
    "trace": "a trace id",
    "record": "destination:partition:offset",
    "key": "a key",
}


PLACEHOLDER = "id, flow, trace, destination:partition:offset, key:destination/value; or a command: lag, since 1h, help"
_FORMS = {"id": "message id", "flow": "correlation id", "trace": "trace id", "record": "record", "key": "key"}


def typing(text: str, proposals: Sequence[Proposal], chosen: int | None, width: int) -> Line:
    """Say what can be done with what is typed: how it goes on, and that it is a command where it is one."""
    meant = command(text)
    told: Line = ()
    if meant is not None:
        told = line(Part(f" command: {does(meant)} ", "accent"), Part(f" id:{meant.name} asks for an event ", "dim"))
    if proposals and text:
        return (*told, *strip(proposals, chosen, width - line_width(told)))
    if told:
        return clip_line(told, width)
    enter = (Part(" enter", "key"), Part(" asks   ", "dim"))
    return (
        *enter,
        Part("↑", "key"),
        Part(" earlier questions   ", "dim"),
        Part("tab", "key"),
        Part(" completes", "dim"),
    )


def tried(question: str, taken: str) -> list[str]:
    """Return in which other ways a question was looked up, beside the one that was taken."""
    try:
        known = readings(question)
    except UsageError:
        return []
    return [form for form in dict.fromkeys(one.form for one in known) if form != taken]


def forms(document: dict[str, Any]) -> list[str]:
    """Return every way in which the question can be understood, the one that was taken first."""
    also = document.get("also")
    taken = f.word(document.get("understood_as"))
    return [taken, *(str(one) for one in also if one != taken)] if isinstance(also, list) else [taken]


def near_cells(name: str, _width: int) -> tuple[Line, ...]:
    """Draw something that is known near."""
    return (line(Part(name, "accent")),)


def askable(near: str) -> tuple[str, bool]:
    """Return what to ask for something known near: the text, and whether it is whole or wants an offset."""
    place, found, _ = near.partition(": offsets ")
    if found:
        return f"{place}:", False
    destination = near.removeprefix("destination ")
    return (near, True) if destination == near else (f"{destination}:", False)


def understood(document: dict[str, Any]) -> Line:
    """Say how the question was understood, how else it could be, and how many events it is about."""
    how, *others = forms(document)
    events = len(f.items(document.get("events")))
    return line(
        Part(" understood as ", "dim"),
        Part(UNDERSTOOD.get(how, how), "bright"),
        Part(f"   {counted(events, 'event')}", "dim"),
        *_other_ways(f.word(document.get("asked"), ""), how, others),
        Part(f"   as of {f.clock(f.moment(document.get('as_of')))}Z", "dim"),
    )


def _other_ways(question: str, how: str, others: list[str]) -> Line:
    """Say what else the question may mean: what matched can be chosen, what did not was looked up all the same."""
    if others:
        names = ", ".join(_FORMS.get(one, one) for one in others)
        choose = "app.press('c')"
        also = Part(f" also: {names} ", "pill", choose)
        return line(Part("   "), also, Part("  "), Part("c", "key", choose), Part(" chooses", "dim", choose))
    looked = [_FORMS[one] for one in tried(question, how)]
    return line(Part(f"   also tried: {', '.join(looked)} → 0 other matches", "dim")) if looked else ()


def fields(event: dict[str, Any]) -> dict[str, str]:
    """Return what an event is known by elsewhere: its ids, its first record, the span that proves its publication."""
    published = f.items(part(event, "published").get("records"))
    record = published[0] if published else {}
    proof = next((span for _, span in evidence(event) if "/" in span), "/")
    trace, _, span = proof.partition("/")
    known = {
        "correlation_id": event.get("correlation_id"),
        "message_id": event.get("message_id"),
        "topic": event.get("destination"),
        "partition": record.get("partition"),
        "offset": record.get("offset"),
        "key": event.get("key"),
        "service": event.get("producer"),
        "trace_id": trace,
        "span_id": span,
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}


def named(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return everything that an event's card names, for jumps."""
    cause, kept = event.get("causation_id"), f.items(part(event, "published").get("records"))
    whole = [place for place, record in zip(records(event), kept, strict=True) if record.get("offset") is not None]
    groups = [f.word(row.get("group")) for row in f.items(event.get("consumed")) if row.get("group")]
    return [
        *fields(event).items(),
        *((("message_id", str(cause)),) if cause else ()),
        *(("record", place) for place in whole[1:]),
        *(("group", group) for group in groups),
    ]


def event_cells(event: dict[str, Any]) -> tuple[Line, ...]:
    """Draw an event's row."""
    told = headline(event)
    word = verdict(told.word, told.grade)
    published = f.items(part(event, "published").get("records"))
    at = f.moment(published[0].get("at")) if published else None
    place = records(event)
    return (
        line(Part(f.clock(at, digits=3), "dim")),
        line(Part(f"{word.glyph} {word.text}", word.role)),
        line(Part(f.word(event.get("type") or event.get("destination")), "bright")),
        line(Part(place[0] if place else "(no record)")),
        line(Part(told.sentence)),
    )


def flow_of(event: dict[str, Any]) -> str:
    """Return what to ask for the whole flow of an event."""
    flow = event.get("correlation_id")
    return f"flow:{flow}" if flow else question_of(event)


def evidence_of(event: dict[str, Any]) -> Evidence | None:
    """Return the spans behind every answer about an event."""
    told = headline(event)
    refs = tuple(dict.fromkeys(ref for _, ref in evidence(event)))
    return Evidence(f"{told.word} — {told.sentence}", refs, question_of(event)) if refs else None


def nothing_known(error: NothingKnown, width: int) -> list[Line]:
    """Say that nothing is known of it; what is near stands in a list of its own."""
    texts = wrap(str(error), width - 4)
    return [
        (),
        *(
            line(Part("   " if place else " ? ", "unknown-strong"), Part(text, "bright"))
            for place, text in enumerate(texts)
        ),
    ]


def went_wrong(error: Exception) -> Sequence[Line]:
    """Say why there is no answer."""
    return [
        (),
        line(Part(" ✗ ", "error-strong"), Part(str(error) or type(error).__name__, "error")),
        (),
        line(Part("   r", "key"), Part(" ask again", "dim")),
    ]
