"""One event of `flowtrail.ask/1` told in one word and one sentence; used where the document brings none of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.flows import record_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_GRAVE = ("unfinished", "dead-lettered", "failed", "skipped", "missing")
_UNDECIDED = ("retrying", "pending", "in-progress", "received", "unknown")
"""Answers of groups, gravest first: the order in which `flows` judges, so that both screens say the same word."""
_OUTCOMES = {"ok": "ok", "failed": "failed", "unfinished": "never ended"}
_GRADE_ORDER = "ABC?"


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict of an event."""

    word: str
    sentence: str
    grade: str


def part(event: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one answer of an event (`published`, `duplicated`, ...), empty where it is not given."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def headline(event: dict[str, Any]) -> Headline:
    """Give the event's word, sentence and grade: its own, else drawn from its answers, worst first."""
    own = event.get("verdict")
    own_word = own.get("verdict") if isinstance(own, dict) else own
    text = str(own_word) if own_word else _word(event)
    sentence = event.get("summary") or _sentence(event)
    return Headline(text, str(sentence), str(event.get("grade") or grade(event)))


def _word(event: dict[str, Any]) -> str:
    published = part(event, "published").get("answer", "unknown")
    answers = [str(group.get("answer")) for group in f.items(event.get("consumed"))]
    grave = [word for word in _GRAVE if word in answers]
    undecided = [word for word in _UNDECIDED if word in answers]
    found = [
        *(["not-published"] if published == "no" else []),
        *grave,
        *(["duplicated"] if part(event, "duplicated").get("answer") == "yes" else []),
        *(["reordered"] if part(event, "reordered").get("answer") == "yes" else []),
        *(["in-doubt"] if published == "in-doubt" else []),
        *undecided,
    ]
    if found:
        return found[0]
    return "ok" if published == "yes" or "processed" in answers else "unknown"


def grade(event: dict[str, Any]) -> str:
    """Return the weakest grade of the answers that the verdict rests on."""
    return weakest([part(event, "published"), *f.items(event.get("consumed"))]) or "?"


def weakest(answers: Iterable[dict[str, Any]]) -> str:
    """Return the weakest grade among answers or findings; nothing where none has one."""
    known = [str(one["grade"]) if str(one["grade"]) in _GRADE_ORDER else "?" for one in answers if one.get("grade")]
    return max(known, key=_GRADE_ORDER.index, default="")


def _sentence(event: dict[str, Any]) -> str:
    """Say what happened, group by group where something is wrong."""
    published = part(event, "published")
    answer = published.get("answer", "unknown")
    start = {"yes": "published", "no": "not published", "in-doubt": "publication in doubt"}.get(
        answer, "publication unknown"
    )
    groups = f.items(event.get("consumed"))
    done = [row for row in groups if row.get("answer") == "processed"]
    read = f"processed by {len(done)} of {counted(len(groups), 'group')}" if groups else "no group known to read it"
    sentences = [f"{start}, {read}"]
    sentences += [
        f"{f.word(row.get('group'))}: {told(row)}"
        for row in groups
        if row.get("answer") not in ("processed", "not-expected")
    ]
    sentences += [str(finding["summary"]) for finding in f.items(event.get("findings")) if finding.get("summary")][:2]
    return "; ".join(sentences)


def told(row: dict[str, Any]) -> str:
    """Write an answer with its reason, if it has one."""
    reason = row.get("reason")
    return f.word(row.get("answer"), "unknown") + (f" ({reason})" if reason else "")


def deliveries(row: dict[str, Any]) -> list[str]:
    """Write each delivery of a group: when, by whom, how it ended."""
    return [_delivery(one) for one in f.items(row.get("deliveries"))]


def _delivery(one: dict[str, Any]) -> str:
    start = f.moment(one.get("started_at"))
    end = f.moment(one.get("ended_at"))
    outcome = _OUTCOMES.get(str(one.get("outcome")), f.word(one.get("outcome"), "outcome not seen"))
    if one.get("error"):
        outcome += f" {one['error']}"
    pieces = [f.clock(start, digits=3) if start is not None else "", f.word(one.get("member"), ""), outcome]
    if start is not None and end is not None:
        pieces.append(f.duration((end - start) / 1e6))
    if one.get("destination"):
        pieces.append(f"on {one['destination']}")
    attempt = f.whole(one.get("attempt"))
    if attempt is not None and attempt > 1:
        pieces.append(f"attempt {attempt}")
    return " ".join(piece for piece in pieces if piece)


def records(event: dict[str, Any]) -> list[str]:
    """Write each record of the event: `orders:3:1042`."""
    destination = event.get("destination")
    found = f.items(part(event, "published").get("records"))
    return [record_name({"destination": destination, **record}) for record in found]


def question_of(event: dict[str, Any]) -> str:
    """Return what to ask for one event's verdict."""
    if event.get("message_id"):
        return f"id:{event['message_id']}"
    place = records(event)
    return f"record:{place[0]}" if place else f.word(event.get("correlation_id"), "")


def evidence(event: dict[str, Any]) -> list[tuple[str, str]]:
    """List every piece of evidence with the claim it stands for."""
    rows: list[tuple[str, str]] = [("published", str(one)) for one in _list(part(event, "published").get("evidence"))]
    for group in f.items(event.get("consumed")):
        rows += [(f"consumed by {f.word(group.get('group'))}", str(one)) for one in _list(group.get("evidence"))]
    for finding in all_findings(event):
        rows += [(f.word(finding.get("kind")), str(one)) for one in _list(finding.get("evidence"))]
    return list(dict.fromkeys(rows))


def all_findings(event: dict[str, Any]) -> list[dict[str, Any]]:
    """List the event's findings, each once, errors first."""
    own = f.items(event.get("findings"))
    nested: Iterable[dict[str, Any]] = (
        one for name in ("duplicated", "reordered") for one in f.items(part(event, name).get("findings"))
    )
    found = [*own, *(one for one in nested if one not in own)]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda one: order.get(str(one.get("severity")), 3))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
