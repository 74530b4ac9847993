"""The verdict card: every line is a question, a word, the sentence that supports it, and the grade of its evidence."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import Pattern
from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.link import LOW_COVERAGE
from flowtrail_tui.model.parts import Line, Part, clip_line, fill_line, line, line_width, wrap
from flowtrail_tui.model.verdict import all_findings, deliveries, evidence, grade, headline, part, records, weakest
from flowtrail_tui.model.words import GRADES, Word, anomaly, severity, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_LABEL, _MOST_LABEL = 20, 28
_NARROW_ANSWER, _WIDE_ANSWER, _WIDE = 17, 23, 110
_GRADE = 3


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The card's columns: labels, answers, sentences, and the grades at the right edge."""

    width: int
    label: int
    answers: int

    def answer(self, label: str, word: Word | None, text: str, mark: str, *further: str, group: str = "") -> list[Line]:
        """Draw one line; further sentences, and what does not fit, go on below. A group leads to its lag."""
        leads = ("lag", f"group:{Pattern((group,))}") if group else None
        named = line(Part("   " if group else " "), Part(label, "bright" if group else "label", None, leads))
        said: Line = line(Part(f"{word.glyph} {word.text}", word.role)) if word else ()
        above: list[Line] = []
        if line_width(named) >= self.label:
            above, named = [clip_line(named, self.width - 1)], ()
        column = self.label + self.answers
        if line_width(said) >= self.answers:
            above, said = [*above, clip_line((*fill_line(named, self.label), *said), self.width - 1)], ()
            named = ()
        texts = [one for sentence in (text, *further) for one in wrap(sentence, self.width - column - _GRADE - 1)]
        first = (*fill_line(named, self.label), *fill_line(said, self.answers), Part(texts[0]))
        graded = (
            *fill_line(first, self.width - _GRADE),
            Part(f" {mark} ", "grade" if mark in ("A", "B") else "unknown"),
        )
        return [*above, graded if mark else first, *(line(" " * column, Part(more)) for more in texts[1:])]

    def note(self, label: str, texts: Sequence[str], role: str = "text") -> list[Line]:
        """Draw sentences that answer no question, each from a line of its own."""
        wrapped = [one for text in texts for one in wrap(text, self.width - self.label - 1)]
        return [
            (*fill_line((Part(" "), Part("" if place else label, "label")), self.label), Part(text, role))
            for place, text in enumerate(wrapped)
        ]


def card(
    event: dict[str, Any], document: dict[str, Any], width: int, *, all_evidence: bool = False, compact: bool = False
) -> list[Line]:
    """Draw the card of one event for a pane of `width` cells; `compact` leaves no line empty."""
    width = max(width, 40)
    sheet = _Sheet(width, _label_width(event, width), _WIDE_ANSWER if width >= _WIDE else _NARROW_ANSWER)
    lines = [*_box(event, width), (), *_identity(event, width), ()]
    lines += _published(event, sheet) + _consumed(event, sheet)
    lines += _question("Duplicated?", event, "duplicated", sheet) + _question("Reordered?", event, "reordered", sheet)
    lines += [*_findings(event, sheet), ()]
    lines += _blind(event, document, sheet) + _evidence(event, sheet, everything=all_evidence)
    lines += sheet.note("As a command", [command(document, event)], "accent")
    return [one for one in lines if one] if compact else lines


def command(document: dict[str, Any], event: dict[str, Any] | None = None) -> str:
    """Write the command that gives the same answer; of an answer with several events, that gives this one's."""
    asked = f.word(document.get("asked"))
    if event is not None and len(f.items(document.get("events"))) > 1 and event.get("message_id") is not None:
        asked = f"id:{f.word(event.get('message_id'))}"
    return f"flowtrail ask {shlex.quote(asked)} --json"


def _label_width(event: dict[str, Any], width: int) -> int:
    names = [line_width((Part(_group_name(row)),)) + 4 for row in f.items(event.get("consumed"))]
    return max(_LEAST_LABEL, min(_MOST_LABEL, width // 4, max(names, default=0)))


def _box(event: dict[str, Any], width: int) -> list[Line]:
    """Draw the headline in a box in the colour of the verdict."""
    told = headline(event)
    word = verdict(told.word, told.grade)
    inner = width - 6
    head = f"{word.glyph} {word.text.upper()}"
    strong = Part(head, f"{word.role}-strong")
    sentences = wrap(f"{head} — {told.sentence}", inner)
    body = [
        line(strong, Part(sentences[0][len(head) :], "bright")),
        *(line(Part(one, "bright")) for one in sentences[1:]),
    ]
    body.append(line(Part(f"evidence {told.grade}: {GRADES.get(told.grade, 'unknown')}", "dim")))
    edge = f"{word.role}-edge" if word.role in ("ok", "warn", "error") else "edge"
    top = Part(" ┌─ VERDICT " + "─" * (width - 14) + "┐ ", edge)
    bottom = Part(" └" + "─" * (width - 4) + "┘ ", edge)
    return [line(top), *((Part(" │ ", edge), *fill_line(one, inner), Part(" │ ", edge)) for one in body), line(bottom)]


def _identity(event: dict[str, Any], width: int) -> list[Line]:
    """Name the event: type, key, record, and the ids by which it can be asked again."""
    where = ", ".join(records(event)) or f.word(event.get("destination"), "no record known")
    facts = [("type", event.get("type")), ("key", event.get("key")), ("record", where), ("by", event.get("producer"))]
    ids = [("id", event.get("message_id")), ("flow", event.get("correlation_id")), ("cause", event.get("causation_id"))]
    return [row for pairs in (facts, ids) for row in _pairs(pairs, width, _leads(event))]


def _leads(event: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return where the event's names lead, by what they are called in the card."""
    topic, one = event.get("destination"), f.items(part(event, "published").get("records"))
    leads = {
        "id": ("ask", f"id:{event.get('message_id')}"),
        "flow": ("ask", f"flow:{event.get('correlation_id')}"),
        "cause": ("ask", f"id:{event.get('causation_id')}"),
    }
    if topic and event.get("key") is not None:
        leads["key"] = ("ask", f"key:{topic}/{event['key']}")
    if len(one) == 1 and one[0].get("offset") is not None:
        leads["record"] = ("ask", f"record:{records(event)[0]}")
    return leads


def _pairs(pairs: list[tuple[str, Any]], width: int, leads: dict[str, tuple[str, str]]) -> list[Line]:
    """Lay names and values out in as many lines as they take; a click on a value leads to what it names."""
    lines: list[Line] = []
    current: Line = (Part(" "),)
    for name, value in pairs:
        if value is None:
            continue
        pair = line(Part(f"{name} ", "dim"), Part(f.word(value), "text", None, leads.get(name)), Part("   "))
        if len(current) > 1 and line_width(current) + line_width(pair) > width:
            lines.append(current)
            current = (Part(" "),)
        current = clip_line((*current, *pair), width - 1)
    return [*lines, current] if len(current) > 1 else lines


def _published(event: dict[str, Any], sheet: _Sheet) -> list[Line]:
    answer = part(event, "published")
    mark = f.word(answer.get("grade"))
    found = f.items(answer.get("records"))
    places = records(event) if len(found) > 1 else [""] * len(found)  # a single one stands above already
    pieces = [f.word(answer.get("reason"), "")]
    for place, record in zip(places, found, strict=True):
        at, acked = f.moment(record.get("at")), f.number(record.get("ack_ms"))
        stamps = [place, f"at {f.clock(at, digits=3)}Z" if at is not None else ""]
        stamps.append(f"ack after {f.duration(acked)}" if acked is not None else "")
        pieces.append(" ".join(filter(None, stamps)))
    text = " · ".join(filter(None, pieces))
    return sheet.answer("Published?", verdict(answer.get("answer"), mark), text, mark)


def _consumed(event: dict[str, Any], sheet: _Sheet) -> list[Line]:
    groups = f.items(event.get("consumed"))
    if not groups:
        return sheet.answer("Consumed?", verdict("unknown"), "no group is known to read this destination", "?")
    done = sum(row.get("answer") == "processed" for row in groups)
    expected = sum(row.get("answer") != "not-expected" for row in groups)
    lines = sheet.note("Consumed?", [f"{done} of {expected} {'group' if expected == 1 else 'groups'}"])
    for row in groups:
        mark = f.word(row.get("grade"))
        text, *further = [*deliveries(row), *filter(None, [f.word(row.get("reason"), "")])] or [""]
        word, group = verdict(row.get("answer"), mark), f.word(row.get("group"))
        lines += sheet.answer(_group_name(row), word, text, mark, *further, group=group)
    return lines


def _group_name(row: dict[str, Any]) -> str:
    return f.word(row.get("group")) + (" (assumed)" if row.get("assumed") else "")


def _question(label: str, event: dict[str, Any], name: str, sheet: _Sheet) -> list[Line]:
    """Draw the answer to duplicated or reordered; where it brings no grade, its findings' or the event's counts."""
    answer = part(event, name)
    findings = f.items(answer.get("findings"))
    mark = str(answer.get("grade") or weakest(findings) or grade(event)) if answer.get("answer") != "unknown" else "?"
    text = "; ".join(_kind(one) for one in findings) or f.word(answer.get("reason"), "")
    return sheet.answer(label, anomaly(answer.get("answer"), mark), text, mark)


def _kind(finding: dict[str, Any]) -> str:
    reason, group = finding.get("reason"), finding.get("group")
    return f.word(finding.get("kind")) + (f" in {group}" if group else "") + (f" ({reason})" if reason else "")


def _findings(event: dict[str, Any], sheet: _Sheet) -> list[Line]:
    lines: list[Line] = []
    for one in all_findings(event):
        word = severity(one.get("severity"))
        summary = f.word(one.get("summary"), "") or _kind(one)
        reason = f.word(one.get("reason"), "")
        cause = f" — cause: {reason}" if reason and reason not in summary else ""
        shown = Word(f.word(one.get("kind")), word.glyph, word.role)
        lines += sheet.answer("" if lines else "Findings", shown, summary + cause, f.word(one.get("grade")))
    return lines or sheet.note("Findings", ["none"], "dim")


def _blind(event: dict[str, Any], document: dict[str, Any], sheet: _Sheet) -> list[Line]:
    """List what can not be seen: missing telemetry, every unknown with its reason, assumed groups."""
    reasons: list[str] = []
    coverage = f.number(document.get("coverage"))
    if coverage is not None and coverage < 1:
        low = ": what rests on something not having happened is unknown" if coverage < LOW_COVERAGE else ""
        reasons.append(f"coverage is {f.share(coverage)}{low}")
    for name in ("published", "duplicated", "reordered"):
        answer = part(event, name)
        if answer.get("answer") == "unknown":
            reasons.append(f"{name}: {f.word(answer.get('reason'), 'no evidence either way')}")
    for row in f.items(event.get("consumed")):
        if row.get("answer") == "unknown":
            reasons.append(f"{f.word(row.get('group'))}: {f.word(row.get('reason'), 'nothing known')}")
        if row.get("assumed"):
            reasons.append(f"{f.word(row.get('group'))}: the group's name is assumed from the service's")
    if not reasons:
        return sheet.note("What we cannot see", ["nothing that these answers rest on"], "dim")
    return sheet.note("What we cannot see", reasons, "unknown")


def _evidence(event: dict[str, Any], sheet: _Sheet, *, everything: bool) -> list[Line]:
    """Name the spans that prove the answers."""
    rows = evidence(event)
    spans = counted(len(rows), "span")
    if everything:
        listed = [(*fill_line((Part("   "), Part(claim, "dim")), sheet.label + 8), Part(span)) for claim, span in rows]
        return [*sheet.note("Evidence", [spans]), *(clip_line(one, sheet.width - 1) for one in listed)]
    hint = (Part("   "), Part("E", "key", "app.evidence"), Part(" lists them", "dim", "app.evidence")) if rows else ()
    return [(*sheet.note("Evidence", [spans])[0], *hint)]
