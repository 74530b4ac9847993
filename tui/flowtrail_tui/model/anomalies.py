"""The anomalies inbox: its orders, what is different from the window before, and the pane that tells one cause."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.model import causes
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.causes import GONE, CauseRow, Inbox, Mark
from flowtrail_tui.model.columns import Column, header, lay_out, measure, row
from flowtrail_tui.model.parts import Line, Part, line, sides, wrap
from flowtrail_tui.model.words import GRADES, severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ORDERS: dict[str, tuple[str, Callable[[CauseRow], Any] | None]] = {
    "impact": ("errors first, then by how many events", None),
    "newest": ("what came last", lambda one: -(one.last_ns or 0)),
    "count": ("most findings first", lambda one: -one.count),
    "place": ("by where it happened", lambda one: (one.where, one.kind)),
}
"""Each order with what it is and its key; the source's own order is by impact."""
EXAMPLES = (
    Column("FLOW KEY", 8, 18),
    Column("EVENT", 10, 34),
    Column("FIRST", 12, 12),
    Column("LAST", 12, 12, from_width=70),
    Column("APART", 6, 8, right=True),
    Column("IN WORDS", 10, 10, flex=True, from_width=100),
)
FINDINGS = (
    Column("MESSAGE ID", 10, 18, from_width=90),
    Column("EVENT", 10, 34),
    Column("FIRST", 12, 12),
    Column("LAST", 12, 12, from_width=100),
    Column("APART", 6, 8, right=True, from_width=90),
    Column("", 1, 1),
    Column("WHAT HAPPENED", 14, 14, flex=True),
)
_LABEL = 10


def ordered(rows: Iterable[CauseRow], order: str) -> tuple[CauseRow, ...]:
    """Put rows into one of ORDERS; what is gone stays last."""
    key = ORDERS[order][1]
    return tuple(sorted(rows, key=lambda one: (one.gone, key(one) if key else 0)))


def compared(now: Sequence[CauseRow], before: Sequence[CauseRow]) -> tuple[CauseRow, ...]:
    """Say of each row what is different from the window before, and add what is gone since."""
    earlier = {one.id: one.count for one in before}
    kept = {one.id for one in now}
    told = [replace(one, change=_difference(one.count, earlier.get(one.id))) for one in now]
    gone = [replace(one, change=GONE, count=0, flows=0, trend=()) for one in before if one.id not in kept]
    return (*told, *gone)


def _difference(now: int, before: int | None) -> str:
    if before is None:
        return "new"
    return "=" if now == before else f"{now - before:+,}"


def marked(rows: Iterable[CauseRow], marks: Mapping[str, Mark]) -> tuple[CauseRow, ...]:
    """Put marks on rows that are on their way to the source."""
    return tuple(replace(one, mark=marks[one.id]) if one.id in marks else one for one in rows)


def summary(inbox: Inbox, order: str, *, compares: bool) -> Line:
    """Say how many causes there are of each state, and in which order they stand."""
    told = [
        Part(f"{inbox.totals.get('open', 0):,} open", "text"),
        Part(f" of {f.count(inbox.totals.get('findings', 0))} findings", "dim"),
    ]
    for state, short in (("acknowledged", "ack"), ("muted", "muted")):
        if inbox.totals.get(state):
            told.append(Part(f"  {short} {inbox.totals[state]:,}", "dim"))
    if compares:
        told.append(Part("  against the window before", "accent"))
    told.append(Part(f"  sort {order} ", "dim", "app.sort"))
    return tuple(told)


def pane(one: CauseRow, width: int, height: int) -> list[Line]:
    """Tell one cause: what it met, what follows, by which rule; then its newest findings, as many as there is room."""
    told = [_head(one, width), *_facts(one, width)]
    examples = f.items(one.document.get("examples"))
    room = height - len(told) - 3  # a blank line, the titles, and how many more there are
    if room >= 1 and examples:
        told += [(), *_examples(one, examples, width, room)]
    return told


def _head(one: CauseRow, width: int) -> Line:
    word = severity(one.severity)
    grade = f.word(one.document.get("grade"))
    count = counted(one.count, "finding")
    left = line(
        Part(f" {word.glyph} {one.kind.upper()}  ", f"{word.role}-strong"),
        Part(f"{one.where}  ", "bright"),
        Part(f"{count} · {f.clock(one.first_ns, digits=1)} – {f.clock(one.last_ns, digits=1)}", "dim"),
    )
    return sides(left, line(Part(f"evidence {grade} {GRADES.get(grade, '')} ", "dim")), width)


def _facts(one: CauseRow, width: int) -> list[Line]:
    newest = next(iter(f.items(one.document.get("examples"))), {}).get("summary")
    facts = [("what", one.happened, 2), ("newest", newest, 2)]
    facts += [("impact", one.document.get("impact"), 1), ("rule", one.document.get("rule"), 2)]
    if one.mark is not None and (one.state != "open" or one.mark.note):
        facts.append(("mark", causes.said(one.mark), 1))
    lines: list[Line] = []
    for name, text, most in facts:
        for place, piece in enumerate(wrap(f.word(text, "–"), width - _LABEL - 2)[:most]):
            lines.append(line(Part(f"   {'' if place else name}".ljust(_LABEL), "label"), Part(piece)))
    return lines


def _examples(one: CauseRow, examples: list[dict[str, Any]], width: int, room: int) -> list[Line]:
    shown = [_example(finding) for finding in examples[:room]]
    layout = lay_out(EXAMPLES, measure(EXAMPLES, shown), width - 4)
    more = one.count - len(shown)
    rest = [line(Part("   "), Part(f"… {more:,} more ", "dim"), Part("enter", "key", "app.choose"))] if more > 0 else []
    return [(Part("   "), *header(layout)), *((Part("   "), *row(layout, cells)) for cells in shown), *rest]


def _example(finding: dict[str, Any]) -> tuple[Line, ...]:
    first, last = f.moment(finding.get("first_at")), f.moment(finding.get("last_at"))
    apart = None if first is None or last is None else _apart_ms(last - first)
    return (
        line(Part(f.word(finding.get("flow"), f.NOT_APPLICABLE), "bright")),
        line(Part(event_of(finding))),
        line(Part(f.clock(first, digits=3), "dim")),
        line(Part(f.clock(last, digits=3), "dim")),
        line(Part(f.duration(apart) if apart else f.NOT_APPLICABLE, "dim")),
        line(Part(_deed(finding), "dim")),
    )


def _deed(finding: dict[str, Any]) -> str:
    """Say what happened without who it happened to: the line above names that."""
    said, who = f.word(finding.get("summary"), ""), finding.get("group") or finding.get("producer")
    return said.removeprefix(f"{who} ") if who else said


def _apart_ms(apart_ns: int) -> float:
    """Return milliseconds, from a second on as the findings' sentences round them: down to hundredths of a second."""
    return apart_ns // 10**7 * 10 if apart_ns >= 10**9 else apart_ns / 1e6


def finding_cells(finding: dict[str, Any]) -> tuple[Line, ...]:
    """Draw one finding of a cause, one line per column of FINDINGS."""
    _, *cells, words = _example(finding)
    ids = finding.get("message_ids")
    name = str(ids[0]) if isinstance(ids, list) and ids else f.NOT_APPLICABLE
    grade = line(Part(f.word(finding.get("grade")), "dim"))
    return (line(Part(name, "dim")), *cells, grade, tuple(Part(part.text) for part in words))


def event_of(finding: dict[str, Any]) -> str:
    """Name the event of a finding: its record, else its id."""
    offsets, ids = finding.get("offsets"), finding.get("message_ids")
    if isinstance(offsets, list) and offsets and finding.get("partition") is not None:
        more = f" +{len(offsets) - 1:,}" if len(offsets) > 1 else ""
        return f"{f.word(finding.get('destination'))}:{finding['partition']}:{offsets[0]}{more}"
    if isinstance(ids, list) and ids:
        return str(ids[0])
    return f.word(finding.get("destination") or finding.get("instance") or finding.get("producer"), f.NOT_APPLICABLE)


def question_of(finding: dict[str, Any]) -> str | None:
    """Return what to ask for the verdict on a finding's event; None where it is of no event."""
    offsets, ids = finding.get("offsets"), finding.get("message_ids")
    if isinstance(ids, list) and ids:
        return f"id:{ids[0]}"
    if isinstance(offsets, list) and offsets and finding.get("partition") is not None:
        return f"record:{f.word(finding.get('destination'))}:{finding['partition']}:{offsets[0]}"
    return None


def evidence_of(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the spans that prove a cause or a finding."""
    refs = document.get("evidence")
    return tuple(map(str, refs)) if isinstance(refs, list) else ()


def fields_of(finding: dict[str, Any]) -> dict[str, str]:
    """Return what a finding's event is known by elsewhere, for templates."""
    ids, offsets = finding.get("message_ids") or [None], finding.get("offsets") or [None]
    trace = next(iter(evidence_of(finding)), "").partition("/")
    told = {
        "topic": finding.get("destination"),
        "partition": finding.get("partition"),
        "offset": offsets[0],
        "group": finding.get("group"),
        "service": finding.get("producer"),
        "message_id": ids[0],
        "correlation_id": finding.get("flow"),
        "trace_id": trace[0],
        "span_id": trace[2],
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}
