"""`flowtrail.ask/1` as plain lines: one verdict card per event, and below it what the answers rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.card import card
from flowtrail_tui.model.parts import Part, line
from flowtrail_tui.text.lists import basis, counted

if TYPE_CHECKING:
    from flowtrail_tui.model.parts import Line

CARD_WIDTH = 120
"""A card is read, not scanned: wider lines would not help."""


def render(document: dict[str, Any], width: int) -> list[Line]:
    """Draw the answer: how the question was understood, a card per event."""
    events = f.items(document.get("events"))
    lines: list[Line] = [
        line(
            Part(f" {f.word(document.get('asked'))}", "bright"),
            Part(f"   understood as {f.word(document.get('understood_as'))}", "dim"),
            Part(f"   {counted(len(events), 'event')}" if len(events) != 1 else "", "dim"),
        ),
    ]
    for event in events:
        lines += [(), *card(event, document, min(width, CARD_WIDTH))]
    return [*lines, (), (Part(" "), *basis(document))]
