"""Lists as plain lines: a heading, one line per row, and below it what the list does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column, header, lay_out, measure, row
from flowtrail_tui.model.parts import Line, Part, line

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(columns: Sequence[Column], rows: Sequence[Sequence[Line]], width: int) -> list[Line]:
    """Lay rows out in columns: a heading, then one line per row."""
    layout = lay_out(columns, measure(columns, rows), width)
    return [header(layout), *(row(layout, cells) for cells in rows)]


def basis(document: dict[str, Any], *facts: str) -> Line:
    """Say what an answer rests on: how new its data is, and how complete."""
    as_of = f.moment(document.get("as_of"))
    pieces = [
        *(fact for fact in facts if fact),
        f"as of {f.day(as_of)} {f.clock(as_of, digits=3)}Z" if as_of is not None else "nothing received",
        f"coverage {f.share(f.number(document.get('coverage')))}",
    ]
    return line(Part(" · ".join(pieces), "dim"))


def counted(amount: int, noun: str) -> str:
    """Write an amount with its noun: `1 flow`, `2 flows`."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"
