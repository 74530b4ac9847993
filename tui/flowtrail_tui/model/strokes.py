"""Bars on a time axis: when an event was published, how long it waited, was handled, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrail_tui.model.parts import Line, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_tui.model.flow_tree import Node

LEGEND = (
    ("●", "accent", "publish"),
    ("░", "dim", "queue wait"),
    ("█", "ok", "handling"),
    ("▒", "warn", "redelivery wait"),
    ("✗", "error", "failure"),
    ("◌", "error", "never ended"),
    ("?", "unknown", "passed by position only"),
    ("±", "unknown", "clocks disagree"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """The times between which bars are drawn."""

    begin: int
    end: int

    def cell(self, at: int, cells: int) -> int:
        """Return the cell of a moment; before and beyond the axis for one outside."""
        span = max(1, self.end - self.begin)
        return (2 * (at - self.begin) * (cells - 1) + span) // (2 * span)


def bar(node: Node, scale: Scale, cells: int) -> Line:
    """Draw a node's time: waiting, then handling, then how it ended."""
    if cells < 2:
        return ()
    drawn: dict[int, Part] = {}
    if node.kind == "event":
        _put(drawn, node.begin, node.begin, "●", "accent", scale, cells)
    elif node.kind == "delivery":
        _draw_delivery(drawn, node, scale, cells)
    elif node.kind == "group":
        _draw_group(drawn, node, scale, cells)
    return _runs(drawn, cells)


def _draw_delivery(drawn: dict[int, Part], node: Node, scale: Scale, cells: int) -> None:
    waiting, role = ("▒", "warn") if node.again else ("░", "dim")
    if node.waits_from is not None and node.begin is not None and node.waits_from < node.begin:
        _put(drawn, node.waits_from, node.begin, waiting, role, scale, cells)
    outcome = node.step.get("outcome")
    handled = "ok" if outcome == "ok" and node.word.role == "ok" else node.word.role
    if node.begin is None:
        return
    if outcome == "unfinished" or node.end is None:
        _put(drawn, node.begin, node.begin, "█", handled, scale, cells)
        _mark(drawn, scale.cell(node.begin, cells) + 1, "◌" if outcome == "unfinished" else "~", handled, cells)
    else:
        _put(drawn, node.begin, node.end, "█", handled, scale, cells)
        if outcome == "failed":
            _mark(drawn, scale.cell(node.end, cells), "✗", "error", cells)
    if node.skewed:
        _mark(drawn, max(0, scale.cell(node.begin, cells) - 1), "±", "unknown", cells)


def _draw_group(drawn: dict[int, Part], node: Node, scale: Scale, cells: int) -> None:
    """Draw what is known of a group that was handed nothing: that it waits, or that its position passed."""
    start = node.parent.end if node.parent is not None else None
    if start is None:
        return
    answer = node.group.get("answer")
    if answer == "pending":
        _put(drawn, start, scale.end, "░", "dim", scale, cells)
        _mark(drawn, cells - 1, "…", "wait", cells)
    elif answer in ("processed", "received"):
        _mark(drawn, scale.cell(start, cells) + 1, "?", "unknown", cells)


def _put(
    drawn: dict[int, Part], begin: int | None, end: int | None, glyph: str, role: str, scale: Scale, cells: int
) -> None:
    """Draw from one moment to another; what lies outside the axis is pointed at."""
    if begin is None or end is None:
        return
    first, last = scale.cell(begin, cells), scale.cell(end, cells)
    if last < 0 or first >= cells:
        _mark(drawn, 0 if last < 0 else cells - 1, "‹" if last < 0 else "›", "faint", cells)
        return
    for place in range(max(0, first), min(cells - 1, last) + 1):
        drawn[place] = Part(glyph, role)


def _mark(drawn: dict[int, Part], place: int, glyph: str, role: str, cells: int) -> None:
    if 0 <= place < cells:
        drawn[place] = Part(glyph, role)


def _runs(drawn: dict[int, Part], cells: int) -> Line:
    """Join cells that look alike, so that a row has few parts."""
    out: list[Part] = []
    for place in range(max(drawn, default=-1) + 1 if drawn else 0):
        cell = drawn.get(place, Part(" "))
        if out and out[-1].role == cell.role:
            out[-1] = Part(out[-1].text + cell.text, cell.role)
        else:
            out.append(cell)
    return tuple(out[:cells])


def legend(nodes: Iterable[Node]) -> Line:
    """Explain the glyphs; what no row shows is left out where it is rare."""
    shown = list(nodes)
    rare = {
        "±": any(node.skewed for node in shown),
        "◌": any(node.step.get("outcome") == "unfinished" for node in shown),
    }
    parts: list[Part] = [Part(" ")]
    for glyph, role, meaning in LEGEND:
        if rare.get(glyph, True):
            parts += [Part(glyph, role), Part(f" {meaning}   ", "dim")]
    return tuple(parts)
