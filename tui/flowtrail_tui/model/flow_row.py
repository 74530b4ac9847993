"""What a row of a flow leads to: its event's verdict, the evidence of its claim, other tools, a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import Pattern
from flowtrail_tui.evidence import Evidence
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.asked import fields
from flowtrail_tui.model.verdict import all_findings, part, question_of, records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_collector.source import Document
    from flowtrail_tui.model.flow_tree import Flow, Node

EXPORTED = (
    "at", "step", "event", "type", "destination", "partition", "offset", "who", "member", "attempt", "outcome",
    "took_ms", "caused_by",
)  # fmt: skip


def place_of(event: Document) -> str:
    """Name an event's record, else its destination."""
    return next(iter(records(event)), f.word(event.get("destination")))


def refs_of(claim: Document) -> list[str]:
    """Return the references of an answer or finding."""
    refs = claim.get("evidence")
    return [str(one) for one in refs] if isinstance(refs, list) else []


def evidence_of(node: Node) -> Evidence | None:
    """Return the spans behind the claim of a row: its group's answer, else that it was published."""
    of_group = node.kind in ("delivery", "group")
    claim = node.group if of_group else part(node.event, "published")
    refs = dict.fromkeys([*refs_of(claim), *_of_findings(node.event, node.group.get("group") if of_group else None)])
    what = node.name if of_group else "published"
    title = f"{what}: {f.word(claim.get('answer'), 'unknown')} · {place_of(node.event)}"
    return Evidence(title, tuple(refs), question_of(node.event)) if refs else None


def _of_findings(event: Document, group: object) -> Iterable[str]:
    return (ref for one in all_findings(event) if one.get("group") == group for ref in refs_of(one))


def anomalies_of(node: Node) -> str:
    """Return a filter that shows what is wrong where a row stands."""
    terms = [("topic", node.event.get("destination"))]
    if node.kind in ("delivery", "group"):
        terms.append(("group", node.group.get("group")))
    return " ".join(f"{key}:{Pattern((str(value),))}" for key, value in terms if value)


def openables(node: Node) -> dict[str, str]:
    """Return what a row is known by elsewhere: its event's names, and of a delivery its own place and service."""
    own = {"group": node.group.get("group"), "service": node.step.get("service"), "topic": node.step.get("destination")}
    own |= {name: node.step.get(name) for name in ("partition", "offset")}
    return fields(node.event) | {name: str(value) for name, value in own.items() if value not in (None, "")}


def table(flow: Flow) -> tuple[tuple[Any, ...], ...]:
    """Return a row per step, for a file."""
    return tuple(_exported(node) for node in flow.nodes if node.kind in ("event", "delivery"))


def _exported(node: Node) -> tuple[Any, ...]:
    event = node.event
    own = {"step": "published", "event": event.get("message_id"), "type": event.get("type"), **node.step}
    own |= {"destination": own.get("destination", event.get("destination")), "caused_by": event.get("causation_id")}
    return tuple(own.get(name) for name in EXPORTED)
