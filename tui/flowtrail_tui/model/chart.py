"""A figure over time as a chart of text: columns of blocks over an axis with times, a scale at the left."""

from __future__ import annotations

from math import ceil, log10
from typing import TYPE_CHECKING

from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAST_HEIGHT = 6
"""Four lines of columns, the axis and its times: below that a sparkline says as much."""
LEAST_WIDTH = 40
SCALE = 12
"""Cells at the left: the scale's figures, and what is drawn."""
_STEPS = (1, 2, 2.5, 5, 10)
_MINUTE = 60 * 10**9
_DAY = 1440 * _MINUTE


def chart(
    what: str,
    values: Sequence[float | None],
    times: tuple[int, int] | None,
    size: tuple[int, int],
    role: str,
    *,
    write: Callable[[float], str] | None = None,
    marks: Sequence[tuple[int, str]] = (),
) -> list[Line]:
    """Draw values at even times, oldest first; an unknown one is a dot on the axis.

    `times` are those of the first and the last value, `size` is width and height in cells, `write` writes a figure of
    the scale, `marks` are moments and their labels, oldest first. Without room, or anything known, there is no line.
    """
    pointed = _marks(marks, times, size[0] - SCALE - 2) if size[1] > LEAST_HEIGHT else ""
    width, height = size[0] - SCALE - 2, size[1] - 2 - bool(pointed)
    known = [value for value in values if value is not None]
    if width + SCALE + 2 < LEAST_WIDTH or size[1] < LEAST_HEIGHT or not known:
        return []
    top = ceiling(max(known))
    columns = [_at(values, place / (width - 1)) for place in range(width)]
    levels = [0 if value is None else round(value / top * height * 8) for value in columns]
    ticks = _ticks(width, 5 if times is None else min(5, width // (len(_label(times[0], times)) + 4)))
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        marked = row == height - 1 or (row + 1) * 2 == height
        name = f" {what}" if row == height - 1 else ""
        figure = (write or short)(top * (row + 1) / height) if marked else ""
        bars = "".join(_block(level - row * 8) for level in levels)
        lines.append((*_scale(name, figure, "┤" if marked else "│"), Part(bars, role)))
    axis = "".join("·" if value is None else "┴" if place in ticks[1:] else "─" for place, value in enumerate(columns))
    lines.append((*_scale("", "0", "┼"), Part(axis, "faint")))
    lines.append((Part(" " * (SCALE + 1) + _names(ticks, times, width), "dim"),))
    if pointed:
        lines.append((Part(" rebalances".ljust(SCALE + 2), "dim"), Part(pointed, "warn")))
    return lines


def _marks(marks: Sequence[tuple[int, str]], times: tuple[int, int] | None, width: int) -> str:
    """Point at moments; where labels do not fit, the later one keeps its own, and all are pointed at."""
    if times is None or times[1] <= times[0]:
        return ""
    cells = [" "] * width
    free = width
    for at, label in reversed(marks):
        place = round((at - times[0]) / (times[1] - times[0]) * (width - 1))
        if not -(width // 12) <= place < width:  # a window begins a sample before the first one stands
            continue
        place = max(0, place)
        cells[place] = "▲"
        if place + 1 + len(label) < free:
            cells[place + 1 : place + 1 + len(label)] = label
        free = min(free, place)
    return "".join(cells[:width]).rstrip()


def ceiling(value: float) -> float:
    """Return the next round figure at or above a value, for the top of a scale; at least 1."""
    if value <= 1:
        return 1.0
    size: float = 10.0 ** (ceil(log10(value)) - 1)
    return next(step * size for step in _STEPS if step * size >= value)


def short(value: float) -> str:
    """Write a figure of a scale: `0.5`, `40`, `2.5k`, `200k`, `1M`."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _at(values: Sequence[float | None], share: float) -> float | None:
    """Return the value at a share of the way from the first to the last; between two known ones it is on the way."""
    place = share * (len(values) - 1)
    before = min(int(place), len(values) - 1)
    after = min(before + 1, len(values) - 1)
    first, second = values[before], values[after]
    if first is None or second is None:
        return first if place - before < 0.5 else second
    return first + (second - first) * (place - before)


def _block(eighths: int) -> str:
    return " " if eighths <= 0 else f.BLOCKS[min(eighths, 8) - 1]


def _scale(name: str, figure: str, mark: str) -> Line:
    return (Part(name, "dim"), Part(f"{figure:>{SCALE - len(name)}} ", "dim"), Part(mark, "faint"))


def _ticks(width: int, count: int) -> list[int]:
    return [round(place * (width - 1) / (count - 1)) for place in range(count)] if count > 1 else [width - 1]


def _names(ticks: Sequence[int], times: tuple[int, int] | None, width: int) -> str:
    """Write the times under their ticks; the first begins at its own, the last ends there."""
    if times is None:
        return ""
    text = ""
    for tick in ticks:
        name = _label(times[0] + (times[1] - times[0]) * tick // (width - 1), times)
        start = min(max(tick - len(name) // 2, 0), width - len(name))
        text = text.ljust(start) + name
    return text


def _label(ns: int, times: tuple[int, int]) -> str:
    """Write a time as precisely as the chart is wide."""
    span = times[1] - times[0]
    if span < 10 * _MINUTE:
        return f.clock(ns)
    return f.clock(ns)[:5] if span < _DAY else f"{f.day(ns)[5:]} {f.clock(ns)[:5]}"
