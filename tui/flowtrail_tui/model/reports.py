"""Reports as lists: which there are, in which formats, what is being made and how far it is, what was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line, sides, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.files import Written
    from flowtrail_tui.reporting import Found, Order

REPORT_COLUMNS = (Column("REPORT", 10, 10), Column("WHAT IT TELLS", 12, 12, flex=True))
FORMAT_COLUMNS = (Column("FORMAT", 11, 11), Column("FOR", 8, 8, from_width=30, flex=True))
FILE_COLUMNS = (
    Column("MADE", 11, 14),
    Column("SIZE", 7, 8, right=True),
    Column("", 3, 3),
    Column("FILE", 16, 16, flex=True),
)
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
_MARKS = {
    WAITING: ("…", "wait"),
    RUNNING: ("▸", "accent"),
    DONE: ("✓", "ok"),
    FAILED: ("✗", "error"),
    CANCELLED: ("–", "dim"),
}
_BAR = 12
_UNITS = ("B", "KiB", "MiB", "GiB")
_DAY_NS = 86_400 * 10**9


@dataclass(slots=True)
class Job:
    """A report that was asked for in this sitting. Its thread adds steps, the screen reads them."""

    order: Order
    command: str
    state: str = WAITING
    steps: list[tuple[str, int]] = field(default_factory=list)
    """What it was at, and since when: `asking about the events: 12 of 48` takes the place of `... 11 of 48`."""
    ended_ns: int = 0
    files: tuple[Written, ...] = ()
    error: str = ""

    def step(self, text: str, now_ns: int) -> None:
        """Note what is done now."""
        name = text.partition(":")[0]
        if self.steps and self.steps[-1][0].partition(":")[0] == name:
            self.steps[-1] = (text, self.steps[-1][1])
        else:
            self.steps.append((text, now_ns))

    def took_ms(self, now_ns: int) -> float:
        """Return how long it has been going on, or took."""
        began = self.steps[0][1] if self.steps else now_ns
        return max(0, (self.ended_ns or now_ns) - began) // 10**6


def report_cells(row: tuple[str, str]) -> tuple[Line, ...]:
    """Draw a report's row."""
    return line(Part(row[0], "bright")), line(Part(row[1], "dim"))


def format_cells(row: tuple[str, str], chosen: Sequence[str]) -> tuple[Line, ...]:
    """Draw a format's row with its mark."""
    on = row[0] in chosen
    mark = Part("[x] " if on else "[ ] ", "ok" if on else "dim")
    return (mark, Part(row[0], "bright" if on else "text")), line(Part(row[1], "dim"))


def file_cells(row: Found, now_ns: int, fresh: Sequence[object]) -> tuple[Line, ...]:
    """Draw a file's row; `fresh` are the paths of those made in this sitting."""
    at = f.clock(row.at_ns) if now_ns - row.at_ns < _DAY_NS else f"{f.day(row.at_ns)[5:]} {f.clock(row.at_ns)[:5]}"
    new = row.path in fresh
    return (
        line(Part(at, "dim")),
        line(Part(size(row.size))),
        line(Part("new" if new else "", "ok")),
        line(Part(row.path.name, "bright" if new else "text")),
    )


def size(count: int) -> str:
    """Write how large a file is: `312 B`, `4.8 MiB`."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            break
        amount /= 1024
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


def title(order: Order) -> str:
    """Name a report that was asked for: `flow of ord-1 as html, csv`."""
    about = f" of {order.what}" if order.what is not None else ""
    return f"{order.report}{about} as {', '.join(order.formats)}"


def progress(jobs: Sequence[Job], now_ns: int, size: tuple[int, int]) -> list[Line]:
    """Draw what is being made, or what came of the last one, and what waits; `size` is width and height."""
    width, height = size
    waiting = [job for job in jobs if job.state == WAITING]
    shown = next((job for job in jobs if job.state == RUNNING), None)
    shown = shown or next((job for job in reversed(jobs) if job.state not in (WAITING, RUNNING)), None)
    if shown is None:
        return [line(Part(" enter", "key"), Part(" makes the report under the cursor", "dim"))]
    lines = [_head(shown, now_ns, width)]
    room = height - 1 - bool(waiting)
    body = _outcome(shown, width) if shown.state != RUNNING else _steps(shown, now_ns)[-room:]
    lines += body[:room]
    if waiting:
        names = ", ".join(title(job.order) for job in waiting)
        lines.append(line(Part(" … ", "wait"), Part(f"{counted(len(waiting), 'report')} after it: ", "dim"), names))
    return lines


def _head(job: Job, now_ns: int, width: int) -> Line:
    glyph, role = _MARKS[job.state]
    left = line(Part(f" {glyph} ", role), Part(job.state, role), Part(f"  {title(job.order)}", "bright"))
    took = Part(f"{f.duration(job.took_ms(now_ns))} ", "dim")
    if job.state != RUNNING:
        return sides(left, line(took), width)
    return sides(
        left, line(Part(_moving(job.took_ms(now_ns)), "accent"), " ", took, Part("esc", "key"), _CANCELS), width
    )


_CANCELS = Part(" cancels ", "dim")


def _moving(ms: float) -> str:
    """Draw a bar that moves while it is not known how much is left."""
    place = int(ms // 250) % (2 * (_BAR - 3))
    place = place if place <= _BAR - 3 else 2 * (_BAR - 3) - place
    return "─" * place + "■■■" + "─" * (_BAR - 3 - place)


def _steps(job: Job, now_ns: int) -> list[Line]:
    ends = [began for _, began in job.steps[1:]] + [now_ns]
    lines: list[Line] = []
    for place, ((text, began), end) in enumerate(zip(job.steps, ends, strict=True)):
        last = place == len(job.steps) - 1
        mark = Part("   ▸ " if last else "   ✓ ", "accent" if last else "ok")
        took = Part(f"  {f.duration(max(0, end - began) // 10**6)}", "dim")
        lines.append(line(mark, Part(text, "text" if last else "dim"), took))
    return lines


def _outcome(job: Job, width: int) -> list[Line]:
    if job.state == FAILED:
        told = [line(Part(f"   {text}", "error")) for text in wrap(job.error, width - 5)]
        return [*told, line(Part("   enter", "key"), Part(" tries again", "dim"))]
    if job.state == CANCELLED:
        return [line(Part("   Nothing was written.", "dim"))]
    return [
        line(Part(f"   {one.path.name}", "text"), Part(f"  {size(one.size)}", "dim"), _elsewhere(one))
        for one in job.files
    ]


def _elsewhere(one: Written) -> Part:
    """Say where a file went that could not go where it was meant to."""
    return Part("" if one.refused is None else f"  in {one.path.parent}: {one.refused} can not be written", "warn")
