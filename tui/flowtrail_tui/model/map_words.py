"""What is said of a step of the map: its pace, its wait, its lag, what was found, and all of it in full sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.model.words import lag_status, severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.model.map import Step

_PER_MINUTE_BELOW = 0.95


def pace(rate: float | None, edge: dict[str, Any] | None = None) -> str:
    """Write how fast: `1,204/s`, `3.0/min`; `≈` before the rate of a position, `?` where nothing tells."""
    about = "≈" if edge is not None and edge.get("rate_from") == "positions" and rate is not None else ""
    if rate is not None and 0 < rate < _PER_MINUTE_BELOW:
        return f"{about}{f.rate(rate * 60)}/min"
    return f"{about}{f.rate(rate)}/s"


def wait(step: Step) -> Part:
    """Write how long records waited, nearly all of them; `≈` by the clocks of two hosts; `–` where nobody waits."""
    edge = step.reads
    if edge is None:
        return Part(f.NOT_APPLICABLE, "dim")
    took = f.number(edge.get("p95_wait_ms"))
    if took is None:
        return Part(f.UNKNOWN, "unknown")
    about = "≈" if edge.get("waits_across_hosts") else ""
    return Part(f"{about}{f.duration(took)}", "unknown" if edge.get("waits_unreliable") else "text")


def lag(step: Step) -> Part:
    """Write the lag; `–` where nobody reads."""
    if step.reads is None:
        return Part(f.NOT_APPLICABLE, "dim")
    amount = f.whole(step.reads.get("lag"))
    role = "unknown" if amount is None else "dim" if amount == 0 else _status_role(step, "text")
    return Part(f.count(amount), role)


def status(step: Step) -> Part:
    """Write the status with its glyph; nothing where nobody reads."""
    if step.reads is None:
        return Part("")
    word = lag_status(step.reads.get("status"))
    return Part(f"{word.glyph} {word.text}", word.role)


def _status_role(step: Step, fine: str) -> str:
    word = lag_status(step.reads.get("status") if step.reads else None)
    return fine if word.role == "ok" else word.role


def findings(step: Step, most: int | None = None) -> Line:
    """Write what was found, gravest first; `most` kinds at the most."""
    if step.found is None:
        return line(Part("…", "dim"))
    parts: list[Part] = []
    for one in step.found[:most]:
        word = severity(one.severity)
        parts += [Part(f"{', ' if parts else ''}{word.glyph} {one.count:,} {one.kind}", word.role)]
    more = len(step.found) - len(step.found[:most])
    return (*parts, Part(f" +{more}", "dim")) if more else tuple(parts)


def name(step: Step) -> Line:
    """Write a node's name, and what a glance must tell of it: dead letters, an assumed group, drawn elsewhere."""
    troubled = step.reads is not None and _status_role(step, "ok") != "ok"
    role = "bright" if step.kind == "service" or troubled else "text"
    parts = [Part("† ", "error")] if step.node.get("dead_letter") else []
    parts.append(Part(step.name, role))
    if step.node.get("assumed"):
        parts.append(Part(" assumed", "dim"))
    if step.elsewhere:
        parts.append(Part(" ↑ above", "dim"))
    if step.folded is not None:
        parts.append(Part(f" ▸ {counted(step.folded, 'node')} folded", "dim"))
    return tuple(parts)


def told(step: Step, all_steps: Sequence[Step], causes: Sequence[dict[str, Any]]) -> list[Line]:
    """Tell a step in full, in four lines: what it is, how much of it there is, how far behind, what was found."""
    before = all_steps[step.parent] if step.parent is not None else None
    start = (Part(before.name, "bright"), Part(" ▸ ", "dim")) if before is not None else ()
    head: Line = (*start, Part(step.name, "bright"), Part(f"   {_kind(step)}", "dim"))
    found = findings(step) or line(Part("nothing found", "dim"))
    if step.found is None:
        found = line(Part("findings are being looked for", "dim"))
    if step.edge is None:
        return [head, line(Part(_leads(step), "dim")), (), found]
    return [head, _amounts(step), _behind(step) if step.reads else _caused(step, all_steps, causes), found]


def _kind(step: Step) -> str:
    kinds = {"service": "service", "group": "group", "destination": "destination"}
    if step.kind == "destination":
        partitions = f.whole(step.node.get("partitions"))
        known = f" with {counted(partitions, 'partition')}" if partitions else ""
        return ("dead letters" if step.node.get("dead_letter") else "destination") + known
    services = [one for one in f.texts(step.node.get("services")) if one != step.name]
    return kinds.get(step.kind, step.kind) + (f" of {', '.join(services)}" if services else "")


def _leads(step: Step) -> str:
    if step.kind == "destination":
        return "nobody who publishes here is traced"
    return f"publishes to {counted(len(step.children), 'destination')}"


def _amounts(step: Step) -> Line:
    edge = step.edge or {}
    noun = "messages read" if step.reads else "events sent"
    parts = [Part(pace(step.rate, edge), "bright")]
    many = f.whole(edge.get("count"))
    parts.append(Part(f" · {f.count(many)} {noun}" if many is not None else " · by its position; not traced", "text"))
    for key, word, role in (("failed", "failed", "error"), ("in_doubt", "in doubt", "warn")):
        amount = f.whole(edge.get(key))
        if amount:
            parts.append(Part(f" · {amount:,} {word}", role))
    if step.reads:
        waited = wait(step)
        parts += [Part(" · p95 wait ", "dim"), waited, Part(_wait_bound(edge), "dim")]
    return tuple(parts)


def _wait_bound(edge: dict[str, Any]) -> str:
    """Say within what bounds a wait by two hosts' clocks is true."""
    if not edge.get("waits_across_hosts"):
        return ""
    bounds = edge.get("wait_range_ms")
    if not isinstance(bounds, list) or len(bounds) != 2:
        return " (two hosts' clocks, which nothing bounds)"
    low, high = (f.duration(f.number(one)) for one in bounds)
    return f" (two hosts' clocks: {low} to {high})"


def _behind(step: Step) -> Line:
    late = f.number((step.reads or {}).get("time_lag_ms"))
    parts = [status(step), Part(" · lag ", "dim"), lag(step)]
    if late:
        parts.append(Part(f" · {f.duration(late)} behind", "text"))
    members = f.whole(step.node.get("members"))
    if members is not None:
        parts.append(Part(f" · {counted(members, 'member')}", "dim"))
    return tuple(parts)


def _caused(step: Step, all_steps: Sequence[Step], causes: Sequence[dict[str, Any]]) -> Line:
    """Say which events this publication is caused by."""
    names = {one.id: one.name for one in all_steps}
    sources = [
        f"{names.get(f.word(cause.get('from')), f.UNKNOWN)} ({pace(f.number(cause.get('rate')))})"
        for cause in causes
        if cause.get("to") == step.id and cause.get("service") in f.texts((step.edge or {}).get("services"))
    ]
    return line(Part(f"caused by {', '.join(sources)}", "dim")) if sources else ()


def summary(document: dict[str, Any]) -> Line:
    """Count what is drawn, and what was found that belongs to no edge of it."""
    kinds = [f.word(node.get("kind")) for node in f.items(document.get("nodes"))]
    said = ", ".join(counted(kinds.count(kind), kind) for kind in ("service", "destination", "group"))
    elsewhere = sum(f.whole(one.get("count")) or 0 for one in f.items(document.get("findings")))
    parts = [Part(said, "dim")]
    if document.get("findings") is None:
        parts.append(Part(" · looking for findings", "dim"))
    elif elsewhere:
        parts.append(Part(f" · {counted(elsewhere, 'finding')} of no edge", "dim"))
    return (*parts, Part(" "))
