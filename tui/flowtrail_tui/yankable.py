"""What `y` offers of a row or an event: its id, its coordinates, the command that asks the same, its JSON, a ticket."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model.card import card
from flowtrail_tui.model.verdict import headline, records
from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from flowtrail_tui.model.flows import FlowRow
    from flowtrail_tui.session import Session


_TICKET_WIDTH = 110
_TICKS = re.compile("`+|$")  # an empty run too, so that there is always one


@dataclass(frozen=True, slots=True)
class Yankable:
    """One thing to copy: what it is called and its text."""

    name: str
    text: str


def of_list(command: str, session: Session, filter_text: str) -> Yankable:
    """Offer the command that writes what a list shows: its filter and its time range, at its source."""
    words = ["flowtrail", *command.split(), *([filter_text] if filter_text else [])]
    words += ["--since", session.range.name, "--source", session.source.name, "--json"]
    return Yankable("command, list", shlex.join(map(safe, words)))


def of_flow(row: FlowRow) -> list[Yankable]:
    """Offer a flow."""
    root = row.document.get("root")
    root = root if isinstance(root, dict) else {}
    return _offer(
        [("flow id", row.flow), ("message id", root.get("message_id")), ("coordinates", row.record)],
        row.question,
        row.document,
    )


def of_event(event: dict[str, Any], asked: str, document: dict[str, Any]) -> list[Yankable]:
    """Offer an event; the JSON is the whole answer, evidence included."""
    place = records(event)
    texts = [("message id", event.get("message_id")), ("flow id", event.get("correlation_id"))]
    offered = _offer([*texts, ("coordinates", place[0] if place else None)], asked, document)
    return [*offered, Yankable("ticket (Markdown)", ticket(event, document))]


def of_row(name: str, text: str, document: Any) -> list[Yankable]:
    """Offer any row with a name and a document."""
    return _offer([(name, text)], None, document)


def ticket(event: dict[str, Any], document: dict[str, Any]) -> str:
    """Write the verdict with all its evidence as Markdown: the card as it stands on screen, below its headline."""
    from flowtrail_tui.text.paint import Paint

    told = headline(event)
    body = Paint(on=False).lines(card(event, document, _TICKET_WIDTH, all_evidence=True)).strip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(body)))
    head = f"**{safe(told.word)}** (evidence {told.grade}, as of {safe(str(document.get('as_of')))})"
    return f"{head}\n\n{fence}text\n{body}\n{fence}\n"


def of_evidence(ref: str, span: Any, question: str) -> list[Yankable]:
    """Offer a span, by its ids, and the command that lists it beside what else proves the claim."""
    trace, _, own = ref.partition("/")
    offered = _offer([("span", ref), ("trace id", trace), ("span id", own)], question or None, span)
    return [
        Yankable(one.name, one.text.removesuffix("--json") + "--evidence") if one.name == "command" else one
        for one in offered
    ]


def _offer(texts: list[tuple[str, Any]], question: str | None, document: Any) -> list[Yankable]:
    """Leave out what is missing. Control characters are copied visibly: pasted into a shell they would act."""
    offered = [Yankable(name, safe(str(text))) for name, text in texts if text]
    if question is not None:
        offered.append(Yankable("command", f"flowtrail ask {shlex.quote(safe(question))} --json"))
    return [*offered, Yankable("JSON", json.dumps(document, indent=2, ensure_ascii=True, default=str))]
