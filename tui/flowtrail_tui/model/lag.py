"""Lag as rows: partitions summed per group and destination, in an order, with what was seen of them over time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowtrail_collector.filters import Pattern
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.words import LAG_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SPARK = 16
"""Samples that are kept of each partition, and cells that draw them."""


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
    last_commit_ms: float | None
    """How long before the newest data the last commit was."""
    history: tuple[float | None, ...]
    document: dict[str, Any]

    @property
    def hot_key(self) -> tuple[str, float] | None:
        """The key that outweighs the others in what came in, and its share of it."""
        told = self.document.get("hot_key")
        told = told if isinstance(told, dict) else {}
        share = f.number(told.get("share"))
        return None if share is None else (f.word(told.get("key")), share)


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
    members: int | None
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
        partition = _partition(row, history, f.moment(document.get("as_of")))
        by_group.setdefault((partition.group, partition.destination), []).append(partition)
    return tuple(sorted(map(_sum, by_group.values()), key=_badness))


def _partition(row: dict[str, Any], history: History, as_of: int | None) -> PartitionLag:
    group, destination, partition = _key(row)
    commit = f.moment(row.get("last_commit_at"))
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
        last_commit_ms=None if commit is None or as_of is None else max(0, as_of - commit) / 1e6,
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
        lag=known_sum(lags),
        partial=None in lags and any(lag is not None for lag in lags),
        time_lag_ms=max((row.time_lag_ms for row in rows if row.time_lag_ms is not None), default=None),
        rate_in=known_sum(row.rate_in for row in rows),
        rate_out=known_sum(row.rate_out for row in rows),
        eta_ms=max((row.eta_ms for row in rows if row.eta_ms is not None), default=None),
        members=_members(rows),
        history=_summed_history(rows),
        partitions=ordered,
    )


def _members(rows: Sequence[PartitionLag]) -> int | None:
    """Count who reads: the broker's word, else the members that partitions name."""
    told = [count for row in rows if (count := f.whole(row.document.get("members"))) is not None]
    named = {row.member for row in rows} - {f.NOT_APPLICABLE}
    return max(told) if told else len(named) or None


def _place(row: PartitionLag) -> tuple[int, int, str]:
    """Order partitions: most lag first, unknown last, then by number."""
    return (-(row.lag if row.lag is not None else -1), f.whole_text(row.partition), row.partition)


def known_sum(values: Iterable[Any]) -> Any:
    """Add what is known; None only where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _summed_history(rows: Sequence[PartitionLag]) -> tuple[float | None, ...]:
    length = max((len(row.history) for row in rows), default=0)
    padded = [(None,) * (length - len(row.history)) + row.history for row in rows]
    return tuple(known_sum(values) for values in zip(*padded, strict=True))


def _rank(status: str) -> int:
    return LAG_ORDER.index(status) if status in LAG_ORDER else LAG_ORDER.index("unknown")


SORTINGS = {
    "worst": "the gravest status first, then the most unread records",
    "lag": "the most unread records first",
    "time lag": "the longest unread first",
    "group": "by name",
    "destination": "by name",
}
"""The orders of groups, and what comes first in each."""


def ordered(rows: Iterable[GroupLag], name: str) -> tuple[GroupLag, ...]:
    """Put groups into one of the orders; what is not known comes last."""
    return tuple(sorted(sorted(rows, key=_badness), key=_ORDERS[name]))


_ORDERS: dict[str, Callable[[GroupLag], Any]] = {
    "worst": lambda row: _badness(row),
    "lag": lambda row: (row.lag is None, -(row.lag or 0)),
    "time lag": lambda row: (row.time_lag_ms is None, -(row.time_lag_ms or 0)),
    "group": lambda row: row.group,
    "destination": lambda row: row.destination,
}


def _badness(row: GroupLag) -> tuple[int, float, str, str]:
    return (_rank(row.status), -(row.lag or 0), row.group, row.destination)


def fields(row: GroupLag, partition: PartitionLag | None) -> dict[str, str]:
    """Return what a group's row is known by elsewhere; of a partition, with the record that it is to read next."""
    found = {"group": row.group, "topic": row.destination}
    if partition is not None:
        position = partition.document.get("position")
        found |= {"partition": str(partition.partition), "offset": "" if position is None else str(position)}
    return found


def anomalies(row: GroupLag) -> str:
    """Write the filter that shows what was found of a group on its destination."""
    return f"group:{Pattern((row.group,))} topic:{Pattern((row.destination,))}"


class Watched:
    """The time lag of each group as it was seen, answer by answer: at even times, unknown where nobody looked."""

    MOST = 600
    POINTS = 60
    GAP_NS = 5 * 10**9

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._seen: deque[tuple[int, dict[tuple[str, str], float | None]]] = deque(maxlen=self.MOST)

    def add(self, as_of_ns: int | None, rows: Iterable[GroupLag]) -> None:
        """Take the time lags of a moment, once."""
        if as_of_ns is not None and (not self._seen or as_of_ns > self._seen[-1][0]):
            self._seen.append((as_of_ns, {row.identity: row.time_lag_ms for row in rows}))

    def of(self, identity: tuple[str, str]) -> tuple[list[float | None], tuple[int, int] | None]:
        """Return a group's values, and the times of the first and the last; None where there are fewer than two."""
        if len(self._seen) < 2:
            return [], None
        first, last = self._seen[0][0], self._seen[-1][0]
        known, values, place = list(self._seen), [], 0
        for point in range(self.POINTS):
            at = first + (last - first) * point // (self.POINTS - 1)
            while place + 1 < len(known) and known[place + 1][0] <= at:
                place += 1
            since, seen = known[place]
            values.append(seen.get(identity) if at - since <= self.GAP_NS else None)
        return values, (first, last)


def rebalances(document: dict[str, Any], group: str) -> tuple[tuple[int, str], ...]:
    """Return when a group rebalanced, and the generation that began then, oldest first."""
    told = ((f.moment(one.get("at")), one) for one in f.items(document.get("rebalances")) if one.get("group") == group)
    return tuple(sorted((at, f"g{f.word(one.get('generation'))}") for at, one in told if at is not None))


def sampled(document: dict[str, Any]) -> tuple[int, int] | None:
    """Return when the first and the last value of the rows' own histories stood; None where they have none."""
    since, as_of = f.moment(document.get("since")), f.moment(document.get("as_of"))
    samples = min((len(row.get("history") or ()) for row in f.items(document.get("rows"))), default=0)
    if since is None or as_of is None or samples < 2:
        return None
    return since + (as_of - since) // samples, as_of
