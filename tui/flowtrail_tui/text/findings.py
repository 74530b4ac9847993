"""`flowtrail.findings/1` as plain lines: worst first, and how many of each kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.model.words import severity
from flowtrail_tui.text.lists import basis, counted, table

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    Column("SEVERITY", 8, 9),
    Column("KIND", 8, 28),
    Column("WHERE", 10, 48),
    Column("WHEN", 13, 13, from_width=100),
    Column("COUNT", 5, 9, right=True, from_width=90),
    Column("", 1, 1),
    Column("WHAT HAPPENED", 20, 20, flex=True),
)
_ORDER = {"error": 0, "warning": 1, "info": 2}
OFFSETS_NAMED = 3


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the findings of a document."""
    found = sorted(f.items(document.get("findings")), key=_place)
    if not found:
        return [basis(document, "no finding in this window")]
    tally = Counter(str(one.get("severity")) for one in found)
    sums = ", ".join(
        counted(tally[name], name) if name != "info" else f"{tally[name]:,} info" for name in _ORDER if tally[name]
    )
    return [*table(COLUMNS, [_cells(one) for one in found], width), (), basis(document, sums)]


def _place(finding: dict[str, Any]) -> tuple[int, str, str]:
    return (
        _ORDER.get(str(finding.get("severity")), 3),
        str(finding.get("kind")),
        str(finding.get("first_at") or ""),
    )


def _cells(finding: dict[str, Any]) -> Sequence[Line]:
    word = severity(finding.get("severity"))
    kind, reason = f.word(finding.get("kind")), finding.get("reason")
    first = f.moment(finding.get("first_at"))
    return (
        line(Part(f"{word.glyph} {word.text}", word.role)),
        line(Part(kind, "bright"), Part(f" {reason}" if reason else "", "dim")),
        line(Part(where(finding))),
        line(Part(f"{f.clock(first, digits=3)}Z" if first is not None else f.UNKNOWN, "dim")),
        line(Part(f.count(f.number(finding.get("count"))))),
        line(Part(f.word(finding.get("grade")), "dim")),
        line(Part(f.word(finding.get("summary"), ""))),
    )


def where(finding: dict[str, Any]) -> str:
    """Write a finding's place as far as it has one: `payment ← orders:3:1042`."""
    destination, partition = finding.get("destination"), finding.get("partition")
    place = ":".join(str(one) for one in (destination, partition) if one is not None)
    offsets = finding.get("offsets")
    if place and isinstance(offsets, list) and offsets:
        rest = f" +{len(offsets) - OFFSETS_NAMED:,}" if len(offsets) > OFFSETS_NAMED else ""
        place += ":" + ",".join(map(str, offsets[:OFFSETS_NAMED])) + rest
    group = finding.get("group")
    if group:
        return f"{group} ← {place}" if place else str(group)
    producer = finding.get("producer") or finding.get("instance")
    return f"{producer} → {place}" if producer and place else str(place or producer or f.NOT_APPLICABLE)
