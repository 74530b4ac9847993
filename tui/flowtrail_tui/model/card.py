"""The verdict card: every line is a question, a word, the sentence that supports it, and the grade of its evidence."""

from __future__ import annotations

import shlex
from typing import Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.link import LOW_COVERAGE
from flowtrail_tui.model.parts import Line, Part, clip_line, fill_line, line, line_width, wrap
from flowtrail_tui.model.verdict import all_findings, deliveries, evidence, grade, headline, part, records
from flowtrail_tui.model.words import GRADES, Word, anomaly, severity, verdict

_LABEL = 15
_ANSWER = 16


def card(event: dict[str, Any], document: dict[str, Any], width: int, *, all_evidence: bool = False) -> list[Line]:
    """Draw the card of one event for a pane of `width` cells."""
    width = max(width, 40)
    lines = _box(event, width)
    lines += [(), *_identity(event, width), ()]
    lines += _published(event, width)
    lines += _consumed(event, width)
    lines += _question("Duplicated?", part(event, "duplicated"), grade(event), width)
    lines += _question("Reordered?", part(event, "reordered"), grade(event), width)
    lines += _findings(event, width)
    lines += [(), *_blind(event, document, width)]
    return [*lines, *_evidence(event, document, width, everything=all_evidence)]


def _box(event: dict[str, Any], width: int) -> list[Line]:
    told = headline(event)
    word = verdict(told.word, told.grade)
    inner = width - 6
    head = f"{word.glyph} {word.text.upper()}"
    sentence = wrap(f"{head} — {told.sentence}", inner)
    rest = sentence[0].removeprefix(head)
    body: list[Line] = [
        line(Part(head, f"{word.role}-strong"), Part(rest, "bright"))
        if rest != sentence[0]
        else line(Part(sentence[0], "bright"))
    ]
    body += [line(Part(text, "bright")) for text in sentence[1:]]
    confidence = line(Part(f"evidence {told.grade}: {GRADES.get(told.grade, 'unknown')}", "dim"))
    edge = f"{word.role}-edge" if word.role in ("ok", "warn", "error") else "edge"
    top = Part(" ┌─ VERDICT " + "─" * (width - 14) + "┐ ", edge)
    bottom = Part(" └" + "─" * (width - 4) + "┘ ", edge)
    boxed = [(Part(" │ ", edge), *fill_line(inside, inner), Part(" │ ", edge)) for inside in [*body, confidence]]
    return [line(top), *boxed, line(bottom)]


def _identity(event: dict[str, Any], width: int) -> list[Line]:
    """Name the event: type, key, record, and the ids by which it can be asked again."""
    where = ", ".join(records(event)) or f.word(event.get("destination"), "no record known")
    facts = [("type", event.get("type")), ("key", event.get("key")), ("record", where), ("by", event.get("producer"))]
    ids = [
        ("id", event.get("message_id")),
        ("flow", event.get("correlation_id")),
        ("caused by", event.get("causation_id")),
    ]
    return [row for pairs in (facts, ids) if (row := _pairs(pairs, width))]


def _pairs(pairs: list[tuple[str, Any]], width: int) -> Line:
    out: list[Part] = [Part(" ")]
    for name, value in pairs:
        if value is not None:
            out += [Part(f"{name} ", "dim"), Part(f.word(value), "text"), Part("   ")]
    return clip_line(out, width - 1) if len(out) > 1 else ()


def _row(label: str, word: Word | None, text: str, grade_: str, width: int, *, indent: int = 0) -> list[Line]:
    """Draw one line of the card; what does not fit goes on below its own column."""
    answer = line(Part(f"{word.glyph} {word.text}", word.role)) if word else ()
    column = 1 + _LABEL + _ANSWER
    texts = wrap(text, width - column - 4) if text else [""]
    left = [Part(" " * (1 + indent)), Part(label, "label" if not indent else "bright")]
    first = (*fill_line(left, 1 + _LABEL), *fill_line(answer, _ANSWER), Part(texts[0]))
    graded = (*fill_line(first, width - 3), Part(f" {grade_} ", "grade" if grade_ in ("A", "B") else "unknown"))
    return [graded if grade_ else first, *(line(" " * column, Part(more)) for more in texts[1:])]


def _published(event: dict[str, Any], width: int) -> list[Line]:
    answer = part(event, "published")
    mark = f.word(answer.get("grade"))
    pieces = [f.word(answer.get("reason"), "")]
    for record in f.items(answer.get("records")):
        at = f.moment(record.get("at"))
        acked = f.number(record.get("ack_ms"))
        pieces.append(f"partition {f.word(record.get('partition'))} offset {f.word(record.get('offset'))}")
        pieces += [f"at {f.clock(at, digits=3)}Z"] if at is not None else []
        pieces += [f"acked in {f.duration(acked)}"] if acked is not None else []
    return _row(
        "Published?", verdict(answer.get("answer"), mark), " · ".join(piece for piece in pieces if piece), mark, width
    )


def _consumed(event: dict[str, Any], width: int) -> list[Line]:
    groups = f.items(event.get("consumed"))
    if not groups:
        return _row("Consumed?", verdict("unknown"), "no group is known to read this destination", "?", width)
    done = sum(row.get("answer") == "processed" for row in groups)
    expected = sum(row.get("answer") != "not-expected" for row in groups)
    lines: list[Line] = [
        line(*fill_line((Part(" "), Part("Consumed?", "label")), 1 + _LABEL), Part(f"{done} of {expected} groups"))
    ]
    for row in groups:
        mark = f.word(row.get("grade"))
        name = f.word(row.get("group")) + (" (assumed)" if row.get("assumed") else "")
        handed = deliveries(row)
        reason = f.word(row.get("reason"), "")
        text = " → ".join(handed) + (f"   {reason}" if handed and reason else reason)
        lines += _group(name, verdict(row.get("answer"), mark), text, mark, width)
    return lines


def _group(name: str, word: Word, text: str, mark: str, width: int) -> list[Line]:
    """Draw a group's line; a name too long for its column gets a line of its own."""
    if line_width((Part(name),)) <= _LABEL - 3:
        return _row(name, word, text, mark, width, indent=2)
    return [clip_line((Part("   "), Part(name, "bright")), width - 1), *_row("", word, text, mark, width, indent=2)]


def _question(label: str, answer: dict[str, Any], mark: str, width: int) -> list[Line]:
    mark = str(answer.get("grade") or mark) if answer.get("answer") != "unknown" else "?"
    findings = f.items(answer.get("findings"))
    text = "; ".join(_kind(one) for one in findings) or f.word(answer.get("reason"), "")
    return _row(label, anomaly(answer.get("answer"), mark), text, mark, width)


def _kind(finding: dict[str, Any]) -> str:
    reason = finding.get("reason")
    group = finding.get("group")
    return f.word(finding.get("kind")) + (f" in {group}" if group else "") + (f" ({reason})" if reason else "")


def _findings(event: dict[str, Any], width: int) -> list[Line]:
    found = all_findings(event)
    if not found:
        return _row("Findings", None, "none", "", width)
    lines: list[Line] = []
    for index, one in enumerate(found):
        word = severity(one.get("severity"))
        shown = Word(f.word(one.get("kind")), word.glyph, word.role)
        summary = f.word(one.get("summary"), "") or _kind(one)
        cause = f" — cause: {one['reason']}" if one.get("reason") and str(one["reason"]) not in summary else ""
        lines += _finding(shown, "Findings" if not index else "", summary + cause, f.word(one.get("grade")), width)
    return lines


def _finding(word: Word, label: str, text: str, mark: str, width: int) -> list[Line]:
    """Draw a finding; a kind too long for the answers' column pushes its sentence to the next line."""
    if len(word.text) + 3 <= _ANSWER:
        return _row(label, word, text, mark, width)
    first = (*fill_line((Part(" "), Part(label, "label")), 1 + _LABEL), Part(f"{word.glyph} {word.text}", word.role))
    return [first, *_row("", None, text, mark, width)]


def _blind(event: dict[str, Any], document: dict[str, Any], width: int) -> list[Line]:
    """List what can not be seen: every unknown with its reason, assumed groups, missing telemetry."""
    reasons: list[str] = []
    coverage = f.number(document.get("coverage"))
    if coverage is not None and coverage < 1:
        low = ": answers that rest on something not having happened are unknown" if coverage < LOW_COVERAGE else ""
        reasons.append(f"coverage is {f.share(coverage)}{low}")
    for name in ("published", "duplicated", "reordered"):
        answer = part(event, name)
        if answer.get("answer") == "unknown":
            reasons.append(f"{name}: {f.word(answer.get('reason'), 'no evidence either way')}")
    for row in f.items(event.get("consumed")):
        if row.get("answer") == "unknown":
            reasons.append(f"{f.word(row.get('group'))}: {f.word(row.get('reason'), 'nothing known')}")
        if row.get("assumed"):
            reasons.append(f"{f.word(row.get('group'))}: group name assumed from the service's")
    lines: list[Line] = []
    for index, reason in enumerate(reasons or ["nothing that these answers rest on"]):
        role = "unknown" if reasons else "dim"
        label = "What we cannot see" if not index else ""
        lines += [
            (*fill_line((Part(" "), Part(label if not place else "", "label")), 21), Part(text, role))
            for place, text in enumerate(wrap(reason, width - 24))
        ]
    return lines


def _evidence(event: dict[str, Any], document: dict[str, Any], width: int, *, everything: bool) -> list[Line]:
    """Name the spans that prove the answers, and the command that prints the same."""
    rows = evidence(event)
    label = (Part(" "), Part("Evidence", "label"))
    hint = (
        ()
        if everything or not rows
        else (Part("   "), Part(" E ", "key-pill", "app.evidence"), Part(" list them", "dim", "app.evidence"))
    )
    lines: list[Line] = [(*fill_line(label, 21), Part(f"{f.count(len(rows))} spans"), *hint)]
    if everything:
        lines += [
            clip_line((*fill_line((Part("   "), Part(claim, "dim")), 32), Part(span)), width - 1)
            for claim, span in rows
        ]
    lines.append(
        (
            *clip_line(
                (*fill_line((Part(" "), Part("As a command", "label")), 21), Part(command(document), "accent")),
                width - 1,
            ),
        )
    )
    return lines


def command(document: dict[str, Any]) -> str:
    """Write the command that gives the same answer."""
    return f"flowtrail ask {shlex.quote(f.word(document.get('asked')))} --json"
