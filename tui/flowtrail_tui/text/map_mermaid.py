"""The map as a Mermaid flowchart; whatever a name holds is text there, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model import map_words
from flowtrail_tui.model.map import Step, steps
from flowtrail_tui.safe import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHAPES = {"service": ('["', '"]'), "destination": ('[("', '")]'), "group": ('(["', '"])')}
_MEANS_SOMETHING = re.compile(r"[^\w .,/:≈–+-]|_{2,}")
"""Everything that Mermaid or HTML could read as more than a letter; written as entities."""
_BAD, _ODD = "stroke:#d1242f,stroke-width:2px", "stroke:#bf8700,stroke-width:2px"


def flowchart(document: dict[str, Any]) -> str:
    """Return the text of a flowchart from left to right."""
    drawn = steps(document)
    names = {node: f"n{number}" for number, node in enumerate(dict.fromkeys(step.id for step in drawn))}
    lines = ["flowchart LR"]
    lines += [_node(name, drawn, node) for node, name in names.items()]
    lines += [
        f'    {names[drawn[step.parent].id]} -->|"{_text(_told(step))}"| {names[step.id]}'
        for step in drawn
        if step.parent is not None
    ]
    for kind, style in (("bad", _BAD), ("odd", _ODD)):
        marked = [name for node, name in names.items() if mark(drawn, node) == kind]
        if marked:
            lines += [f"    classDef {kind} {style}", f"    class {','.join(marked)} {kind}"]
    return "\n".join(lines) + "\n"


def mark(drawn: Sequence[Step], node: str) -> str:
    """Tell whether something is wrong at a node (`bad`), worth a look (`odd`), or neither."""
    steps_there = [step for step in drawn if step.id == node]
    severities = {one.severity for step in steps_there for one in step.found or ()}
    if "error" in severities or any(map_words.status(step).role == "error" for step in steps_there):
        return "bad"
    return "odd" if "warning" in severities else ""


def caption(drawn: Sequence[Step], node: str) -> str:
    """Say of a node, beside its name, how it keeps up and what was found, along every edge that leads to it."""
    return ", ".join(dict.fromkeys(told for step in drawn if step.id == node for told in _worth_saying(step)))


def _worth_saying(step: Step) -> list[str]:
    status = map_words.status(step)
    told = [status.text] if status.text and status.role != "ok" else []
    if step.reads and f.whole(step.reads.get("lag")):
        told.append(f"lag {map_words.lag(step).text}")
    return told + [f"{one.count:,} {one.kind}" for one in step.found or () if one.severity != "info"]


def _node(name: str, drawn: Sequence[Step], node: str) -> str:
    step = next(step for step in drawn if step.id == node)
    opened, closed = _SHAPES.get(step.kind, _SHAPES["service"])
    told = caption(drawn, node)
    label = _text(step.name) + (f"<br/>{_text(told)}" if told else "")
    return f"    {name}{opened}{label}{closed}"


def _told(step: Step) -> str:
    pace = map_words.pace(step.rate, step.edge)
    waited = map_words.wait(step).text
    return f"{pace}, p95 {waited}" if step.reads and waited != f.UNKNOWN else pace


def _text(text: str) -> str:
    """Write text so that it can be nothing but text: what is neither letter nor harmless becomes an entity."""
    return _MEANS_SOMETHING.sub(lambda found: "".join(f"#{ord(char)};" for char in found[0]), safe(text))
