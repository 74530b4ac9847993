"""The line above a flow: its name, the word that it is judged by, how large it is, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part, line_width, sides
from flowtrail_tui.model.verdict import all_findings, headline
from flowtrail_tui.model.words import verdict

if TYPE_CHECKING:
    from flowtrail_collector.source import Document
    from flowtrail_tui.model.flow_tree import Flow

MODES = ("waterfall", "sequence", "raw")
_GRADE_FROM_WIDTH = 100
_ROLES = ("error", "warn", "unknown", "wait", "ok")
"""The gravest first: of several events the flow takes that one's word."""


def gravest(flow: Flow) -> tuple[str, str, Document]:
    """Return the word, the grade and the event that a flow is judged by: its gravest."""
    told = [(headline(event), event) for event in flow.events]
    if not told:
        return "unknown", "?", {}
    ranked = min(told, key=lambda one: _ROLES.index(_role(one[0].word, one[0].grade)))
    return ranked[0].word, ranked[0].grade, ranked[1]


def _role(word: str, grade: str) -> str:
    role = verdict(word, grade).role
    return role if role in _ROLES else "unknown"


def verdict_line(flow: Flow, most: int | None = None) -> Line:
    """Write the flow's name, its verdict, and at most so many figures of its size."""
    text, grade, event = gravest(flow)
    word = verdict(text, grade)
    groups = [str(one["group"]) for one in all_findings(event) if one.get("group")]
    place = f" in {groups[0]}" if groups and word.role != "ok" else ""
    return (
        Part(" "),
        Part(flow.name, "bright"),
        Part("  "),
        Part(f"{word.glyph} {word.text.upper()}{place}", f"{word.role}-strong"),
        Part(f"  {' · '.join(size(flow)[:most])}", "dim"),
    )


def head(flow: Flow, mode: str, width: int) -> Line:
    """Draw what a flow is on the left, how it can be shown and the grade of its evidence on the right."""
    grade = gravest(flow)[1]
    graded = (Part(f"   evidence {grade}", "grade"),) if width >= _GRADE_FROM_WIDTH else ()
    right = (*modes(mode, width), *graded, Part(" "))
    for most in (4, 3, 2, 1):  # a figure that does not fit is left out, none is cut
        left = verdict_line(flow, most)
        if line_width(left) + line_width(right) < width:
            break
    return sides(left, right, width)


def modes(current: str, width: int) -> Line:
    """Draw how a flow is shown, and how else it can be."""
    others = [name for name in MODES if name != current] if width >= _GRADE_FROM_WIDTH else []
    names = [
        Part(f" [{name}]", "accent", "app.press('v')") if name == current else Part(f" {name}", "dim", "app.press('v')")
        for name in MODES
        if name == current or name in others
    ]
    return (Part("v", "key", "app.press('v')"), *names)


def size(flow: Flow) -> list[str]:
    """Count events, deliveries and groups, and measure the whole."""
    handed = sum(node.kind == "delivery" for node in flow.nodes)
    groups = {node.name for node in flow.nodes if node.kind in ("delivery", "group")}
    said = [
        counted(len(flow.events), "event"),
        counted(handed, "delivery", "deliveries"),
        counted(len(groups), "group"),
    ]
    if flow.begin is None or flow.end is None:
        return said
    return [f.duration((flow.end - flow.begin) / 1e6), *said]
