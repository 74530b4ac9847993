"""From a step of the map to other screens: the filters that show the same edge there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model import figures as f

if TYPE_CHECKING:
    from flowtrail_tui.model.map import Step


def names(step: Step) -> dict[str, str]:
    """Return what a step is known by: its topic, group and service, as far as it has them."""
    found: dict[str, str] = {}
    edge = step.edge or {}
    topic = edge.get("destination") or (step.name if step.kind == "destination" else None)
    services = f.texts(edge.get("services")) or f.texts(step.node.get("services"))
    service = step.name if step.kind == "service" else next(iter(services), None)
    for name, value in (("topic", topic), ("group", edge.get("group")), ("service", service)):
        if value:
            found[name] = str(value)
    return found


def of_step(step: Step) -> str:
    """Return the filter of findings: of a group on a topic, or of a service that publishes there."""
    known = names(step)
    if "group" in known:
        known.pop("service", None)
    return _terms(known)


def of_flows(step: Step) -> str:
    """Return the filter of flows along an edge: a flow's service is the one that it began with, so topics tell."""
    known = names(step)
    if "topic" in known:
        known.pop("service", None)
    return _terms(known)


def of_lag(step: Step) -> str:
    """Return the filter of lag: of the group on its topic, of all that read a topic, of a service as a group."""
    known = names(step)
    service = known.pop("service", None)
    return _terms(known or ({"group": service} if service else {}))


def _terms(known: dict[str, str]) -> str:
    from flowtrail_collector.filters import Pattern  # only when someone goes elsewhere: it costs start-up time

    return " ".join(f"{name}:{Pattern((value,))}" for name, value in known.items())
