"""The pane below a flow: all that is known of the selected row, each fact on a line of its own."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.flow_row import place_of, refs_of
from flowtrail_tui.model.parts import Line, Part, fill_line, wrap
from flowtrail_tui.model.verdict import all_findings, headline, part, question_of, records
from flowtrail_tui.model.waterfall import brief, took_ms
from flowtrail_tui.model.words import GRADES

if TYPE_CHECKING:
    from flowtrail_collector.source import Document
    from flowtrail_tui.model.flow_tree import Node

Fact = tuple[str, str, str]
"""Label, text, role."""
_LABEL = 12
_NAMED_EFFECTS = 4
_STAMPS = ("partition", "offset", "attempt", "generation", "member", "service")


def pane(node: Node, width: int) -> list[Line]:
    """Draw what is known of a row."""
    told = {"event": _of_event, "delivery": _of_delivery, "group": _of_group, "more": _of_more}[node.kind](node)
    command = f"flowtrail ask {shlex.quote(question_of(node.event))}"
    facts = [*told, *_headers(node.event), ("next", command, "accent")]
    return [row for fact in facts for row in _rows(fact, width)]


def _rows(fact: Fact, width: int) -> list[Line]:
    label, text, role = fact
    return [
        (*fill_line((Part(" "), Part("" if place else label, "label")), _LABEL + 1), Part(one, role))
        for place, one in enumerate(wrap(text, width - _LABEL - 2))
    ]


def _joined(*pieces: str, by: str = " · ") -> str:
    return by.join(filter(None, pieces))


def _of_event(node: Node) -> list[Fact]:
    event, answer, told = node.event, part(node.event, "published"), headline(node.event)
    found = f.items(answer.get("records"))
    times = [f"at {f.clock(at, digits=3)}Z" for one in found if (at := f.moment(one.get("at"))) is not None]
    acks = [f"ack after {f.duration(ack)}" for one in found if (ack := f.number(one.get("ack_ms"))) is not None]
    by = f"by {f.word(event.get('producer'))}"
    named = f"{node.name} {f.word(event.get('message_id'), '')}".strip()
    said = _joined(f.word(answer.get("answer"), "unknown"), f.word(answer.get("reason"), ""), *times[:1], *acks[:1], by)
    return [
        ("SELECTED", f"{named} · {', '.join(records(event)) or place_of(event)}", "bright"),
        ("published", said, "text"),
        ("verdict", f"{node.word.glyph} {told.word} — {told.sentence}", node.word.role),
        *_findings(event, None),
        _grade(told.grade),
    ]


def _of_delivery(node: Node) -> list[Fact]:
    step, took, latency = node.step, took_ms(node), f.number(node.step.get("latency_ms"))
    at = f"{f.clock(node.begin, digits=3)}Z" if node.begin is not None else "when is not known"
    stamps = [f"{name} {step[name]}" for name in _STAMPS if step.get(name) is not None]
    ended = _joined(
        f"{node.word.glyph} {node.word.text}",
        f.word(step.get("error"), ""),
        f"took {brief(took)}" if took is not None else "",
        f"ended {f.duration(latency)} after its publication began" if latency is not None else "",
    )
    return [
        ("SELECTED", f"delivery of {step.get('place')} to {node.name}", "bright"),
        ("delivered", _joined(at, *stamps, by="  "), "text"),
        ("outcome", ended, node.word.role),
        *_clocks(node),
        *_because(node),
        *_effects(node),
    ]


def _clocks(node: Node) -> list[Fact]:
    """Say where two clocks contradict each other: an estimate that is negative is none."""
    top = node.parent
    if not node.skewed or node.begin is None or top is None or top.begin is None:
        return []
    early = f.duration((top.begin - node.begin) / 1e6)
    said = f"± it seems to begin {early} before its publication: two hosts' clocks disagree, so no wait is drawn"
    return [("clocks", said, "unknown")]


def _of_group(node: Node) -> list[Fact]:
    answer, lag = f.word(node.group.get("answer"), "unknown"), f.whole(node.group.get("lag"))
    said = f"{answer}; no delivery is known"
    if answer == "processed":
        said = "its position passed the record; nobody saw it handled, so when is not known"
    front = f", {lag:,} records in front of it" if lag else ""
    return [
        ("SELECTED", f"{node.name} and {place_of(node.event)}", "bright"),
        ("answer", f"{node.word.glyph} {said}{front}", node.word.role),
        *_because(node),
    ]


def _of_more(node: Node) -> list[Fact]:
    bad = sum(child.bad for child in node.children)
    wrong = f", {bad:,} of them with anomalies" if bad else ""
    return [
        ("SELECTED", f"{len(node.children):,} more {node.name}{wrong}", "bright"),
        ("open", "→ or enter shows them one by one", "dim"),
    ]


def _because(node: Node) -> list[Fact]:
    """Say why: the findings on the group, then the reason of its answer."""
    found = _findings(node.event, node.group.get("group"))
    reason = f.word(node.group.get("reason"), "")
    answer = [("" if found else "because", reason, "text")] if reason else []
    assumed = [("", "the group's name is assumed from the service's", "unknown")] if node.group.get("assumed") else []
    return [*found, *answer, *assumed, _grade(f.word(node.group.get("grade")))]


def _findings(event: Document, group: object) -> list[Fact]:
    found = [one for one in all_findings(event) if (one.get("group") or None) == group]
    return [
        ("" if place else "because", f"{f.word(one.get('kind'))}: {f.word(one.get('summary'), '')}", "text")
        for place, one in enumerate(found)
    ]


def _grade(grade: str) -> Fact:
    return ("evidence", f"{grade}: {GRADES.get(grade, 'unknown')}   E shows the spans", "dim")


def _effects(node: Node) -> list[Fact]:
    caused = [child for child in node.children if child.kind == "event"]
    named = [f"{child.name} {place_of(child.event)}" for child in caused[:_NAMED_EFFECTS]]
    more = f" and {len(caused) - _NAMED_EFFECTS} more" if len(caused) > _NAMED_EFFECTS else ""
    return [("effect", f"published {', '.join(named)}{more}", "text")] if caused else []


def _headers(event: Document) -> list[Fact]:
    """Name the ids that the event carries, and the span that sent it."""
    names = {"id": "message_id", "flow": "correlation_id", "caused by": "causation_id", "key": "key"}
    said = [f"{name} {event[key]}" for name, key in names.items() if event.get(key) is not None]
    trace, _, span = next(iter(refs_of(part(event, "published"))), "").partition("/")
    said += [f"trace {trace}", f"span {span}"] if trace else []
    return [("headers", "  ".join(said), "dim")] if said else []
