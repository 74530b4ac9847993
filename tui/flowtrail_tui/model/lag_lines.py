"""Lag as lines: columns and cells of groups and partitions, what stands above them, charts over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_collector.filters import Pattern
from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.chart import LEAST_HEIGHT, chart
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.lag import SPARK, known_sum
from flowtrail_tui.model.parts import Line, Part, line, line_width, sides
from flowtrail_tui.model.words import lag_status
from flowtrail_tui.safe import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_tui.model.lag import GroupLag, PartitionLag, Watched

_MINUTE_MS = 60_000
MOST_CHART = 12
"""Lines of the chart where there is room for more."""
LEAST_PARTITIONS = 6
"""Lines that a long list of partitions keeps beside the chart: its head, and the worst five."""
GROUP_COLUMNS = (
    Column("GROUP", 8, 22),
    Column("DESTINATION", 8, 26),
    Column("STATUS", 11, 11),
    Column("LAG", 7, 12, right=True),
    Column("TIME LAG", 8, 9, right=True),
    Column("IN/s", 6, 8, from_width=104, right=True),
    Column("OUT/s", 6, 8, from_width=104, right=True),
    Column("ETA", 6, 8, from_width=70, right=True),
    Column("LAG OVER TIME", SPARK, SPARK, from_width=86),
    Column("Δ/min", 6, 9, from_width=114, right=True),
    Column("MEMBERS", 7, 7, from_width=110, right=True),
    Column("", 0, 0, flex=True),
)
PARTITION_COLUMNS = (
    Column("PART", 4, 6, right=True),
    Column("POSITION", 9, 14, right=True),
    Column("END", 9, 14, right=True),
    Column("LAG", 7, 12, right=True),
    Column("TIME LAG", 8, 9, right=True),
    Column("STATUS", 11, 11, from_width=70),
    Column("OUT/s", 6, 8, from_width=88, right=True),
    Column("MEMBER", 8, 20, from_width=108),
    Column("LAST COMMIT", 11, 11, from_width=102, right=True),
    Column("LAG OVER TIME", SPARK, SPARK, from_width=96),
    Column("", 0, 0, flex=True),
)
OFFSET_COLUMNS = (
    Column("PART", 4, 6, right=True),
    Column("LOG START", 9, 14, right=True),
    Column("POSITION", 9, 14, right=True),
    Column("END", 9, 14, right=True),
    Column("LAG", 7, 12, right=True),
    Column("LOST", 5, 10, from_width=70, right=True),
    Column("POSITION BY", 11, 11, from_width=84),
    Column("POSITION AT", 12, 12, from_width=98),
    Column("END IS", 11, 11, from_width=110),
    Column("", 0, 0, flex=True),
)
"""The other face of the partitions: what stands where in the log, and who says so."""


def group_cells(row: GroupLag) -> tuple[Line, ...]:
    """Draw a group's row."""
    status = lag_status(row.status)
    mark = (Part(" assumed", "dim"),) if row.assumed else ()
    return (
        (
            Part(row.group, "bright" if status.role != "ok" else "text", None, _leads("flows", "group", row.group)),
            *mark,
        ),
        line(Part(row.destination, "text", None, _leads("flows", "topic", row.destination))),
        line(Part(f"{status.glyph} {status.text}", status.role)),
        line(_lag(row.lag, row.status, partial=row.partial)),
        line(_time_lag(row.time_lag_ms, row.lag)),
        line(_figure(f.rate(row.rate_in))),
        line(_figure(f.rate(row.rate_out))),
        line(_eta(row.eta_ms, row.lag, row.status)),
        line(Part(f.sparkline(row.history, SPARK), "spark" if status.role == "ok" else status.role)),
        line(_change(row)),
        line(_figure(f.count(row.members))),
        (),
    )


def _leads(view: str, field: str, value: str) -> tuple[str, str]:
    return (view, f"{field}:{Pattern((value,))}")


def _change(row: GroupLag) -> Part:
    """Write by how many records a minute the lag grows or shrinks."""
    if row.rate_in is None or row.rate_out is None:
        return Part(f.UNKNOWN, "unknown")
    change = round((row.rate_in - row.rate_out) * 60)
    return Part("0" if not change else f"{'+' if change > 0 else '−'}{abs(change):,}", "text" if change else "dim")


def partition_cells(row: PartitionLag) -> tuple[Line, ...]:
    """Draw a partition's row."""
    status = lag_status(row.status)
    return (
        line(Part(f"p{row.partition}", "bright" if status.role != "ok" else "text")),
        line(_figure(f.count(row.position))),
        line(_figure(f.count(row.end))),
        line(_lag(row.lag, row.status)),
        line(_time_lag(row.time_lag_ms, row.lag)),
        line(Part(f"{status.glyph} {status.text}", status.role)),
        line(_figure(f.rate(row.rate_out))),
        line(Part(row.member, "dim")),
        line(_ago(row.last_commit_ms)),
        line(Part(f.sparkline(row.history, SPARK), "spark" if status.role == "ok" else status.role)),
        (),
    )


def offset_cells(row: PartitionLag) -> tuple[Line, ...]:
    """Draw a partition's row by what stands where in its log."""
    told = row.document
    lost = f.whole(told.get("lost"))
    bound = f.word(told.get("end_bound"))
    return (
        line(Part(f"p{row.partition}", "bright" if lag_status(row.status).role != "ok" else "text")),
        line(_figure(f.count(f.whole(told.get("log_start"))))),
        line(_figure(f.count(row.position))),
        line(_figure(f.count(row.end))),
        line(_lag(row.lag, row.status)),
        line(Part(f.count(lost), "error" if lost else "unknown" if lost is None else "dim")),
        line(Part(f.word(told.get("position_from")), "dim")),
        line(Part(f.clock(f.moment(told.get("position_at")), digits=3), "dim")),
        line(Part({"exact": "exact", "lower": "at least"}.get(bound, bound), "dim")),
        (),
    )


def _ago(ms: float | None) -> Part:
    if ms is None:
        return Part(f.UNKNOWN, "unknown")
    return Part(f"{f.duration(ms) if ms >= _MINUTE_MS else f'{ms // 1000:.0f}s'} ago", "dim")


def _figure(text: str) -> Part:
    return Part(text, "unknown" if text == f.UNKNOWN else "text")


def _lag(lag: int | None, status: str, *, partial: bool = False) -> Part:
    if lag is None:
        return Part(f.UNKNOWN, "unknown")
    role = "dim" if lag == 0 else "text" if lag_status(status).role == "ok" else "bright"
    return Part(("≥" if partial else "") + f.count(lag), role)


def _time_lag(ms: float | None, lag: int | None) -> Part:
    if ms is None:
        return Part(f.UNKNOWN, "unknown")
    return Part("0s" if ms == 0 else f"≈{f.duration(ms)}", "dim" if not lag else "text")


def _eta(eta_ms: float | None, lag: int | None, status: str) -> Part:
    """Say when the lag will be gone: nothing to wait for, an estimate, never as things go, or unknown."""
    if lag == 0 or status == "ok":
        return Part(f.NOT_APPLICABLE, "dim")  # of a group that keeps up, nothing is waited for
    if status in ("falling", "stalled", "stopped"):
        return Part("never", "error")  # whatever the rates of the whole window promise
    return Part(f.UNKNOWN, "unknown") if eta_ms is None else Part(f.duration(eta_ms))


def summary(rows: Sequence[GroupLag]) -> Line:
    """Name the total and the worst group with its worst partition."""
    total = known_sum(row.lag for row in rows)
    partial = any(row.lag is None or row.partial for row in rows)
    parts = [Part("total lag ", "dim"), Part(("≥" if partial and total is not None else "") + f.count(total), "bright")]
    worst = max((row for row in rows if row.worst is not None), key=lambda row: row.lag or 0, default=None)
    if worst is not None and worst.worst is not None:
        role = lag_status(worst.status).role
        parts += [
            Part("  worst ", "dim"),
            Part(f"{clip(worst.group, 20)} on {clip(worst.destination, 24)} p{worst.worst.partition}", role),
        ]
    return tuple(parts)


def share_room(room: int, row: GroupLag) -> tuple[int, int]:
    """Share the lines below the groups: partitions, chart; 0 for it where too few are left or nothing is known."""
    if all(value is None for value in row.history):
        return room, 0
    wanted = len(row.partitions) + 2
    left = max(room - wanted, min(LEAST_HEIGHT + 1, room - LEAST_PARTITIONS))
    lines = min(left, MOST_CHART) if left >= LEAST_HEIGHT else 0
    return (min(wanted, room - lines) if lines else room), lines


def over_time(
    row: GroupLag,
    times: tuple[int, int] | None,
    size: tuple[int, int],
    marks: Sequence[tuple[int, str]],
    *,
    dimmed: bool,
) -> list[Line]:
    """Draw a group's lag as a chart; `times` are those of its first and last sample, if they are known."""
    return chart("lag ≥" if row.partial else "lag", row.history, times, size, _role(row, dimmed=dimmed), marks=marks)


def time_over_time(
    row: GroupLag, watched: Watched, size: tuple[int, int], marks: Sequence[tuple[int, str]], *, dimmed: bool
) -> list[Line]:
    """Draw a group's time lag as a chart, as far as it was watched: documents tell that of one moment."""
    values, times = watched.of(row.identity)
    return chart("late", values, times, size, _role(row, dimmed=dimmed), write=f.duration, marks=marks)


def _role(row: GroupLag, *, dimmed: bool) -> str:
    status = lag_status(row.status)
    return "dim" if dimmed else "spark" if status.role == "ok" else status.role


def partitions_head(row: GroupLag, width: int) -> Line:
    """Head the lower pane: what it shows (left), which partition holds most of the lag, and by which key (right)."""
    left = line(
        Part(f" {clip(row.group, 28)}", "bright"),
        Part(" ▸ ", "dim"),
        Part(clip(row.destination, 32), "bright"),
        Part(f"   {counted(len(row.partitions), 'partition')}", "dim"),
    )
    worst = row.worst
    if worst is None:
        reasons = (f.word(one.document.get("reason"), "") for one in row.partitions)
        unknown = next(filter(None, reasons), "lag unknown: no position or no end known")
        return sides(left, line(Part(f"{'nothing unread' if row.lag == 0 else unknown} ", "dim")), width)
    held = f" holds {f.share((worst.lag or 0) / row.lag)} of the lag" if row.lag else ""
    told = [Part(f"p{worst.partition}", lag_status(row.status).role), Part(held)]
    if worst.hot_key is not None:
        key, share = worst.hot_key
        told += [
            Part(" · hot key ", "dim"),
            Part(clip(key, 24), "warn"),
            Part(f" ({f.share(share)} of its input)", "dim"),
        ]
    reason = f.word(worst.document.get("reason"), "")
    if reason and line_width((*left, *told)) + len(reason) + 6 <= width:
        told.append(Part(f" · {reason}", "dim"))
    return sides(left, (*told, Part(" ")), width)
