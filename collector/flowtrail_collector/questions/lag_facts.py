"""What telemetry and the broker know of groups and partitions, gathered for the lag question.

SQL (`sql/lag_*.sql`) sums up spans and samples per slice of the window; here they are put together: one `Pair` per
group and partition, with its history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

SLICES = 32
"""So many slices a window is summed up in."""
BEFORE = -1
"""The slice of all that happened before the window."""
_SHARED = ("holes", "lag_eras", "lag_transactional", "lag_sends", "lag_handed", "lag_held")

Row = dict[str, Any]


class Log(NamedTuple):
    """One partition of a destination; `partition` is None in systems without."""

    system: str | None
    cluster: str | None
    destination: str
    partition: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """The time looked at: slices from `from_ns`, nothing after `until_ns`, ages count to `as_of_ns`."""

    from_ns: int
    until_ns: int
    as_of_ns: int
    last_sample_ns: int | None

    @property
    def slice_ns(self) -> int:
        """How long a slice is."""
        return max(1, -(-(self.as_of_ns - self.from_ns + 1) // SLICES))

    def end_of(self, number: int) -> int:
        """Return when a slice ends: the time of what was last seen in it, at the latest now."""
        return min(self.as_of_ns, self.from_ns + (number + 1) * self.slice_ns)


@dataclass(slots=True)
class LogFacts:
    """How far one partition reaches, per slice; `samples` are the broker's."""

    acked: dict[int, int] = field(default_factory=dict)
    began: tuple[int, int] | None = None
    """When the first acked record of the window came, and its offset; None where the log is known from before."""
    seen: dict[int, int] = field(default_factory=dict)
    samples: dict[int, Row] = field(default_factory=dict)

    @property
    def last_sample(self) -> Row | None:
        """The broker's newest word."""
        return self.samples[max(self.samples)] if self.samples else None


@dataclass(frozen=True, slots=True)
class Held:
    """A position of a group, where it is from, and since when it is known."""

    position: int | None
    reason: str
    at_ns: int
    member: str | None = None


@dataclass(slots=True)
class Pair:
    """One group on one partition."""

    group: str
    log: Log
    assumed: bool = True
    told: list[Row] = field(default_factory=list)
    """Positions that members reported, the last of each slice."""
    sampled: list[Row] = field(default_factory=list)
    """Positions that the broker told, the last of each slice."""
    reads: list[Row] = field(default_factory=list)
    """Deliveries, summed up per slice."""

    def held(self) -> Held | None:
        """Return the group's next offset: the last that members reported or the broker told, else from deliveries."""
        told, sampled = self._last_told(), self._last_sampled()
        if told is not None and (sampled is None or told.at_ns > sampled.at_ns):
            return told
        return sampled or self._from_deliveries()

    def _last_told(self) -> Held | None:
        """Order by generation, and by the owner's own numbers within one; only without generations by time."""
        owned = [row for row in self.told if row["generation"] is not None]
        loose = [row for row in self.told if row["generation"] is None]
        best = max(owned, key=lambda row: (row["generation"], row["number"] or -1, row["end_ns"]), default=None)
        late = max(loose, key=lambda row: row["end_ns"], default=None)
        if late is not None and (best is None or late["end_ns"] > best["end_ns"]):
            best = late
        return None if best is None else Held(best["position"], best["reason"], best["end_ns"], best["member"])

    def _last_sampled(self) -> Held | None:
        if not any(row["held"] for row in self.sampled):
            return None
        last = max(self.sampled, key=lambda row: row["at_ns"])
        return Held(last["position"], "broker", last["at_ns"])

    def _from_deliveries(self) -> Held | None:
        reached = [row for row in self.reads if row["reach"] is not None]
        if not reached:
            return None
        furthest = max(reached, key=lambda row: row["reach"])
        return Held(furthest["reach"], "delivered", furthest["at_ns"])

    def positions(self) -> dict[int, int]:
        """Return the position at the end of each slice in which it was told."""
        by_slice: dict[int, tuple[int, int]] = {}
        events = [(row["slice"], row["end_ns"], row["position"]) for row in self.told]
        events += [(row["slice"], row["at_ns"], row["position"]) for row in self.sampled if row["position"] is not None]
        if not events:
            reached = sorted((row for row in self.reads if row["reach"] is not None), key=lambda row: row["slice"])
            furthest = accumulate((row["reach"] for row in reached), max)
            events = [(row["slice"], row["at_ns"], reach) for row, reach in zip(reached, furthest, strict=True)]
        for number, at_ns, position in events:
            by_slice[number] = max(by_slice.get(number, (0, 0)), (at_ns, position))
        return {number: position for number, (_, position) in by_slice.items()}

    def signs(self) -> list[int]:
        """Return when the group was active within the window: deliveries, reported positions, moves of the broker's."""
        times = [row[key] for row in self.reads if row["slice"] != BEFORE for key in ("first_ns", "at_ns")]
        times += [row[key] for row in self.told if row["slice"] != BEFORE for key in ("first_ns", "end_ns")]
        ordered = sorted(self.sampled, key=lambda row: row["at_ns"])
        times += [row["at_ns"] for row in ordered[1:] if row["slice"] != BEFORE]
        return times


@dataclass(frozen=True, slots=True)
class Membership:
    """The broker's word on a group: how many members (None: not asked), whether it had any, who owns this log."""

    count: int | None = None
    had: bool = False
    owner: str | None = None


@dataclass(slots=True)
class Facts:
    """Everything the lag question knows."""

    span: Span
    logs: dict[Log, LogFacts]
    pairs: dict[tuple[str, Log], Pair]
    members: dict[tuple[str, str | None], list[Row]]
    compacted: frozenset[tuple[str | None, str]]
    rounds: dict[str | None, set[int]]
    """The slices in which each cluster was asked."""

    def membership(self, pair: Pair) -> Membership:
        """Return what the broker said last about the group's members."""
        rows = self.members.get((pair.group, pair.log.cluster))
        if not rows:
            return Membership()
        owners = [
            row["member"]
            for row in rows
            if (row["destination"], row["partition"]) == (pair.log.destination, pair.log.partition)
        ]
        names = {row["member"] for row in rows} - {None}
        return Membership(len(names), bool(rows[0]["had_members"]), owners[0] if owners else None)


def gather(connection: duckdb.DuckDBPyConnection, span: Span) -> Facts:
    """Read and put together what is known within the span."""
    values = {
        "until_ns": span.until_ns,
        "as_of_ns": span.as_of_ns,
        "from_ns": span.from_ns,
        "slice_ns": span.slice_ns,
        "slices": SLICES,
    }
    rows = {
        name: run(connection, f"lag_{name}", values)
        for name in ("ends", "reads", "positions", "broker_ends", "broker_positions", "broker_members")
    }
    topics = fetch(
        connection,
        "SELECT cluster_id, destination, arg_max(cleanup_policy, at_ns) LIKE '%compact%' AS compacted "
        "FROM broker_topic_rows WHERE at_ns <= $until_ns GROUP BY cluster_id, destination",
        {"until_ns": span.until_ns},
    )
    site = _Sites(row for name, found in rows.items() if name != "broker_members" for row in found)
    facts = Facts(
        span,
        logs={},
        pairs={},
        members={},
        compacted=frozenset((row["cluster_id"], row["destination"]) for row in topics if row["compacted"]),
        rounds={},
    )
    for row in run(connection, "lag_broker_rounds", values):
        facts.rounds.setdefault(row["cluster_id"], set()).add(row["slice"])
    for row in rows["ends"]:
        log = facts.logs.setdefault(site.log(row), LogFacts())
        log.acked[row["slice"]] = max(log.acked.get(row["slice"], 0), row["reach"])
        first = (row["first_ns"], row["lowest"])
        log.began = first if log.began is None else min(log.began, first)
    for row in rows["broker_ends"]:
        facts.logs.setdefault(site.log(row), LogFacts()).samples[row["slice"]] = row
    named = _Named((*rows["reads"], *rows["positions"]))
    for row in rows["reads"]:
        group, assumed = named.group(row)
        if group is not None:
            _pair(facts, group, site.log(row), assumed=assumed).reads.append(row)
        log = facts.logs.setdefault(site.log(row), LogFacts())
        if row["reach"] is not None:
            log.seen[row["slice"]] = max(log.seen.get(row["slice"], 0), row["reach"])
    for row in rows["positions"]:
        group, assumed = named.group(row)
        if group is not None:
            _pair(facts, group, site.log(row), assumed=assumed).told.append(row)
    for row in rows["broker_positions"]:
        _pair(facts, row["grp"], site.log(row), assumed=False).sampled.append(row)
    for row in rows["broker_members"]:
        facts.members.setdefault((row["grp"], row["cluster_id"]), []).append(row)
    _complete(facts)
    return facts


def run(connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, Any], **own: str) -> list[Row]:
    """Run one of the lag queries, with the shared relations it reads in front of it; `own` adds relations as SQL."""
    text = _statement(name, tuple(own.items()))
    return fetch(connection, text, {key: value for key, value in values.items() if f"${key}" in text})


@cache
def _statement(name: str, own: tuple[tuple[str, str], ...]) -> str:
    body = sql_of(name)
    relations = dict(own)
    pending = [body]
    while pending:
        text = pending.pop()
        for shared in _SHARED:
            if f" {shared} " in f"{text} ".replace("\n", " ") and shared not in relations:
                relations[shared] = sql_of(shared)
                pending.append(relations[shared])
    order = [*dict(own), *(shared for shared in _SHARED if shared in relations)]
    heads = ",\n".join(f"{relation} AS (\n{relations[relation]}\n)" for relation in order)
    inner = f"SELECT * FROM (\n{body}\n) AS asked"
    return f"WITH {heads}\n{inner}" if heads else body


def _pair(facts: Facts, group: str, log: Log, *, assumed: bool) -> Pair:
    pair = facts.pairs.setdefault((group, log), Pair(group, log))
    pair.assumed = pair.assumed and assumed
    return pair


def _complete(facts: Facts) -> None:
    """Add the partitions on which a group of their destination was not seen: there its position is unknown."""
    groups: dict[tuple[Any, ...], dict[str, bool]] = {}
    for pair in facts.pairs.values():
        known = groups.setdefault(pair.log[:3], {})
        known[pair.group] = known.get(pair.group, True) and pair.assumed
    for log in [log for log in facts.logs if log.partition is not None]:
        for group, assumed in groups.get(log[:3], {}).items():
            _pair(facts, group, log, assumed=assumed)
    placed = {(pair.group, pair.log[:3]) for pair in facts.pairs.values() if pair.log.partition is not None}
    for key in [key for key in facts.pairs if key[1].partition is None and (key[0], key[1][:3]) in placed]:
        del facts.pairs[key]


class _Sites:
    """Tells of which log a row speaks: a client may not know its cluster, then it is the destination's only one."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._clusters: dict[tuple[str | None, str], set[str]] = {}
        for row in rows:
            if row["cluster_id"] is not None:
                self._clusters.setdefault((row.get("system", "kafka"), row["destination"]), set()).add(
                    row["cluster_id"]
                )

    def log(self, row: Row) -> Log:
        system = row.get("system", "kafka")
        known = self._clusters.get((system, row["destination"]), set())
        cluster = row["cluster_id"] or (next(iter(known)) if len(known) == 1 else None)
        return Log(system, cluster, row["destination"], row["partition"])


class _Named:
    """Tells of which group a row speaks: named, or the one that its service names on the destination, or assumed."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._groups: dict[tuple[str | None, str], set[str]] = {}
        for row in rows:
            if row["consumer_group"] is not None:
                self._groups.setdefault((row["service"], row["destination"]), set()).add(row["consumer_group"])

    def group(self, row: Row) -> tuple[str | None, bool]:
        """Return the group and whether it is only assumed; None where nothing tells."""
        if row["consumer_group"] is not None:
            return row["consumer_group"], False
        known = self._groups.get((row["service"], row["destination"]), set())
        return (next(iter(known)), False) if len(known) == 1 else (row["service"], True)
