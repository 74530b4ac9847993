"""Lag as tables: partitions summed per group and destination, the worst one named, samples kept for sparklines."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import Pattern
from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.chart import LEAST_HEIGHT, chart
from flowtrail_tui.model.columns import Column
from flowtrail_tui.model.parts import Line, Part, line
from flowtrail_tui.model.words import LAG_ORDER, lag_status
from flowtrail_tui.safe import clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPARK = 16
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
    Column("MEMBER", 8, 24, from_width=108),
    Column("LAG OVER TIME", SPARK, SPARK, from_width=96),
    Column("", 0, 0, flex=True),
)


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One group on one partition; None is unknown."""

    group: str
    destination: str
    partition: str
    assumed: bool
    position: int | None
    end: int | None
    lag: int | None
    time_lag_ms: float | None
    status: str
    rate_in: float | None
    rate_out: float | None
    eta_ms: float | None
    member: str
    history: tuple[float | None, ...]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GroupLag:
    """One group on one destination: its partitions, worst first, and their sums."""

    group: str
    destination: str
    assumed: bool
    status: str
    lag: int | None
    partial: bool
    time_lag_ms: float | None
    rate_in: float | None
    rate_out: float | None
    eta_ms: float | None
    history: tuple[float | None, ...]
    partitions: tuple[PartitionLag, ...]

    @property
    def identity(self) -> tuple[str, str]:
        """What stays the same from sample to sample."""
        return (self.group, self.destination)

    @property
    def worst(self) -> PartitionLag | None:
        """The partition that holds most of the lag, where there is any."""
        return self.partitions[0] if self.partitions and self.partitions[0].lag else None


class History:
    """The last samples of each partition's lag, for rows that come without a history of their own."""

    def __init__(self, samples: int = SPARK) -> None:
        self._samples = samples
        self._kept: dict[tuple[str, str, str], deque[float | None]] = {}
        self._as_of: object = None

    def add(self, document: dict[str, Any]) -> None:
        """Take the samples of a document, once per `as_of`; forget partitions it does not name."""
        if document.get("as_of") == self._as_of:
            return
        self._as_of = document.get("as_of")
        kept: dict[tuple[str, str, str], deque[float | None]] = {}
        for row in f.items(document.get("rows")):
            key = _key(row)
            kept[key] = self._kept.get(key, deque(maxlen=self._samples))
            kept[key].append(f.number(row.get("lag")))
        self._kept = kept

    def of(self, row: dict[str, Any]) -> tuple[float | None, ...]:
        """Return the samples of a row's partition, oldest first: its own where it brings some."""
        own = row.get("history")
        if isinstance(own, list) and own:
            return tuple(_sample(value) for value in own)
        return tuple(self._kept.get(_key(row), ()))


def _sample(value: object) -> float | None:
    return f.number(value.get("lag") if isinstance(value, dict) else value)


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return (f.word(row.get("group")), f.word(row.get("destination")), f.word(row.get("partition")))


def groups(document: dict[str, Any], history: History) -> tuple[GroupLag, ...]:
    """Sum the rows of `flowtrail.lag/1` per group and destination, worst first."""
    by_group: dict[tuple[str, str], list[PartitionLag]] = {}
    for row in f.items(document.get("rows")):
        partition = _partition(row, history)
        by_group.setdefault((partition.group, partition.destination), []).append(partition)
    return tuple(sorted(map(_sum, by_group.values()), key=_badness))


def _partition(row: dict[str, Any], history: History) -> PartitionLag:
    group, destination, partition = _key(row)
    return PartitionLag(
        group=group,
        destination=destination,
        partition=partition,
        assumed=bool(row.get("assumed")),
        position=f.whole(row.get("position")),
        end=f.whole(row.get("end")),
        lag=f.whole(row.get("lag")),
        time_lag_ms=f.number(row.get("time_lag_ms")),
        status=f.word(row.get("status"), "unknown"),
        rate_in=f.number(row.get("rate_in")),
        rate_out=f.number(row.get("rate_out")),
        eta_ms=f.number(row.get("eta_ms")),
        member=f.word(row.get("member"), f.NOT_APPLICABLE),
        history=history.of(row),
        document=row,
    )


def _sum(rows: list[PartitionLag]) -> GroupLag:
    """Sum a group's partitions: lag and rates are sums, status, time lag and end are those of the worst partition.

    So a group may be called stalled while its rates look well: a sum of statuses would hide the one partition that is.
    """
    ordered = tuple(sorted(rows, key=_place))
    lags = [row.lag for row in rows]
    return GroupLag(
        group=rows[0].group,
        destination=rows[0].destination,
        assumed=any(row.assumed for row in rows),
        status=min((row.status for row in rows), key=_rank),
        lag=_known_sum(lags),
        partial=None in lags and any(lag is not None for lag in lags),
        time_lag_ms=max((row.time_lag_ms for row in rows if row.time_lag_ms is not None), default=None),
        rate_in=_known_sum(row.rate_in for row in rows),
        rate_out=_known_sum(row.rate_out for row in rows),
        eta_ms=max((row.eta_ms for row in rows if row.eta_ms is not None), default=None),
        history=_summed_history(rows),
        partitions=ordered,
    )


def _place(row: PartitionLag) -> tuple[int, int, str]:
    """Order partitions: most lag first, unknown last, then by number."""
    return (-(row.lag if row.lag is not None else -1), f.whole_text(row.partition), row.partition)


def _known_sum(values: Iterable[Any]) -> Any:
    """Add what is known; None only where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _summed_history(rows: Sequence[PartitionLag]) -> tuple[float | None, ...]:
    length = max((len(row.history) for row in rows), default=0)
    padded = [(None,) * (length - len(row.history)) + row.history for row in rows]
    return tuple(_known_sum(values) for values in zip(*padded, strict=True))


def _rank(status: str) -> int:
    return LAG_ORDER.index(status) if status in LAG_ORDER else LAG_ORDER.index("unknown")


def _badness(row: GroupLag) -> tuple[int, float, str, str]:
    return (_rank(row.status), -(row.lag or 0), row.group, row.destination)


def fields(row: GroupLag, partition: PartitionLag | None) -> dict[str, str]:
    """Return what a group's row is known by elsewhere; of a partition, with the record that it is to read next."""
    found = {"group": row.group, "topic": row.destination}
    if partition is not None:
        position = partition.document.get("position")
        found |= {"partition": str(partition.partition), "offset": "" if position is None else str(position)}
    return found


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
        (),
    )


def _leads(view: str, field: str, value: str) -> tuple[str, str]:
    return (view, f"{field}:{Pattern((value,))}")


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
        line(Part(f.sparkline(row.history, SPARK), "spark" if status.role == "ok" else status.role)),
        (),
    )


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
    total = _known_sum(row.lag for row in rows)
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


def over_time(row: GroupLag, times: tuple[int, int] | None, size: tuple[int, int], *, dimmed: bool) -> list[Line]:
    """Draw a group's lag as a chart; `times` are those of its first and last sample, if they are known."""
    status = lag_status(row.status)
    role = "dim" if dimmed else "spark" if status.role == "ok" else status.role
    return chart("lag ≥" if row.partial else "lag", row.history, times, size, role)


def sampled(document: dict[str, Any]) -> tuple[int, int] | None:
    """Return when the first and the last value of the rows' own histories stood; None where they have none."""
    since, as_of = f.moment(document.get("since")), f.moment(document.get("as_of"))
    samples = min((len(row.get("history") or ()) for row in f.items(document.get("rows"))), default=0)
    if since is None or as_of is None or samples < 2:
        return None
    return since + (as_of - since) // samples, as_of


def partitions_head(row: GroupLag) -> tuple[Line, Line]:
    """Head the lower pane: what it shows (left), and which partition holds most of the lag (right)."""
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
        return left, line(Part(f"{'nothing unread' if row.lag == 0 else unknown} ", "dim"))
    held = f" holds {f.share((worst.lag or 0) / row.lag)} of the lag" if row.lag else ""
    reason = f.word(worst.document.get("reason"), "")
    told = Part(f" · {reason} " if reason else " ", "dim")
    return left, line(Part(f"p{worst.partition}", lag_status(row.status).role), Part(held), told)
