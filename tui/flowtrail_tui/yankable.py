"""What `y` offers of a row or an event: its id, its coordinates, the command that asks the same, its JSON."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model.verdict import records
from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from flowtrail_tui.model.flows import FlowRow


@dataclass(frozen=True, slots=True)
class Yankable:
    """One thing to copy: what it is called and its text."""

    name: str
    text: str


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
    return _offer([*texts, ("coordinates", place[0] if place else None)], asked, document)


def of_row(name: str, text: str, document: Any) -> list[Yankable]:
    """Offer any row with a name and a document."""
    return _offer([(name, text)], None, document)


def _offer(texts: list[tuple[str, Any]], question: str | None, document: Any) -> list[Yankable]:
    """Leave out what is missing. Control characters are copied visibly: pasted into a shell they would act."""
    offered = [Yankable(name, safe(str(text))) for name, text in texts if text]
    if question is not None:
        offered.append(Yankable("command", f"flowtrail ask {shlex.quote(safe(question))} --json"))
    return [*offered, Yankable("JSON", json.dumps(document, indent=2, ensure_ascii=True, default=str))]
