"""`flowtrail.lag/1`: how far each group is behind on each partition, since when, and whether it catches up.

offset lag   last readable offset + 1 - position. With transactions the last stable offset counts; a marker is no lag.
time lag     age of the first readable record not passed, from the end of its send; where that is unknown, the lower
             bound from the first moment it was known to exist. Zero when nothing is unread.
status       rules over the window (`lag_rules`).

The end of a log is the broker's word and what was acked since its last sample; without a broker the furthest offset
that was acked or seen, a lower bound (`end_bound`). Where neither is known the lag is unknown, which is never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.lag_facts import BEFORE, SLICES, Facts, Held, Log, LogFacts, Pair, Span, gather, run
from flowtrail_collector.questions.lag_rules import Moment, Past, eta_ms, hot_key, phase, rate, status
from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import fetch
from flowtrail_collector.window import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    import duckdb

    from flowtrail_collector.filters import Filter
    from flowtrail_collector.window import Window

SCHEMA = "flowtrail.lag/1"
FIELDS = ("group", "destination", "partition", "system", "verdict")
HISTORY = 16
_FOREVER_NS = 2**63 - 1
_WANTED = """
    SELECT unnest($numbers) AS number, unnest($destinations) AS destination, unnest($partitions) AS "partition",
        unnest($clusters::VARCHAR[]) AS cluster_id, unnest($positions) AS "position", unnest($compacted) AS compacted,
        unnest($lasts) AS last_offset
"""

_HOT_WANTED = """
    SELECT unnest($numbers) AS number, unnest($destinations) AS destination, unnest($partitions) AS "partition",
        unnest($clusters::VARCHAR[]) AS cluster_id
"""
MOST_HOT = 5
"""So many partitions are looked at for a hot key."""

Row = dict[str, Any]


def lag(connection: duckdb.DuckDBPyConnection, window: Window, filter: Filter) -> dict[str, Any]:  # noqa: A002
    """Return the document: one row per group, destination and partition. Raises UsageError for a field it lacks."""
    filter.require(FIELDS, "lag")
    span = _span(connection, window)
    rows: list[Row] = []
    rebalances: list[Row] = []
    if span is not None:
        facts = gather(connection, span)
        known = [_Reading(facts, pair) for pair in facts.pairs.values()]
        _date(connection, facts, [one for one in known if one.lag])
        rows = [row for row in map(_Reading.row, known) if filter.matches(row)]
        rebalances = _rebalances(connection, span, {row["group"] for row in rows})
        _name_hot_keys(connection, span, rows)
    rows.sort(key=lambda row: (row["group"], row["destination"], -1 if row["partition"] is None else row["partition"]))
    return {
        "schema": SCHEMA,
        "as_of": None if span is None else rfc3339(span.as_of_ns),
        "sampled_at": None if span is None else rfc3339_or_none(span.last_sample_ns),
        "since": None if span is None else rfc3339(span.from_ns),
        "coverage": _coverage(connection),
        "rows": rows,
        "rebalances": rebalances,
    }


class _Reading:
    """One group on one partition, read from the facts."""

    def __init__(self, facts: Facts, pair: Pair) -> None:
        self.pair = pair
        self.span = facts.span
        self.log_facts = facts.logs.get(pair.log, LogFacts())
        self.compacted = (pair.log.cluster, pair.log.destination) in facts.compacted
        self.members = facts.membership(pair)
        self.rounds = facts.rounds.get(pair.log.cluster, set())
        self.first_sent_ns: int | None = None
        self.known_ns: int | None = None
        self.exact = False
        self.held: Held | None = pair.held()
        self.moments = self._moments(producers_told=_producers_told(facts, pair.log))

    @property
    def end(self) -> int | None:
        """Last readable offset + 1; None where it is not known."""
        return self.moments[-1].end if self.moments else None

    @property
    def position(self) -> int | None:
        """The group's next offset; None where it is not known."""
        return self.held.position if self.held else None

    @property
    def lag(self) -> int | None:
        """Records not passed; what retention removed down to nothing is no longer there to be read."""
        if not self.moments:
            return 0 if self._is_empty() else None
        start = self._log_start()
        return 0 if start is not None and start >= self.moments[-1].end else self.moments[-1].lag

    def row(self) -> Row:
        """Return the row of the document."""
        past = self._past()
        word, reason = ("ok", "nothing to read") if self._is_empty() else status(past)
        if word == "unknown" and not self.moments:
            reason = self._why_unknown()
        rate_in, rate_out = self._rates(past, word)
        start = self._log_start()
        return {
            "group": self.pair.group,
            "assumed": self.pair.assumed,
            "system": self.pair.log.system,
            "cluster_id": self.pair.log.cluster,
            "destination": self.pair.log.destination,
            "partition": self.pair.log.partition,
            "position": self.position,
            "end": self._reach(SLICES - 1) if self.end is None else self.end,
            "lag": self.lag,
            "time_lag_ms": self._time_lag_ms(),
            "status": word,
            "reason": reason,
            "rate_in": rate_in,
            "rate_out": rate_out,
            "eta_ms": eta_ms(word, self.lag, rate_in, rate_out),
            "end_bound": "exact" if self.log_facts.samples else "lower",
            "time_lag_bound": "exact" if self.exact or not self.lag else "lower",
            "position_from": self.held.reason if self.held else None,
            "position_at": rfc3339(self.held.at_ns) if self.held else None,
            "last_commit_at": rfc3339_or_none(self._last_commit_ns()),
            "log_start": start,
            "lost": max(0, start - self.position) if start is not None and self.position is not None else None,
            "member": self.members.owner or (self.held.member if self.held else None),
            "members": self.members.count,
            "history": self._history(),
            "hot_key": None,
            "grade": self._grade(),
        }

    def _moments(self, *, producers_told: bool) -> tuple[Moment, ...]:
        """Return what was known at the end of each slice in which something was; the last is now."""
        if self.held is None or self.held.position is None:
            return ()
        positions = {**self.pair.positions(), SLICES - 1: self.held.position}
        observed = {*positions, *self.log_facts.acked, *self.log_facts.seen, *self.log_facts.samples} - {BEFORE}
        if self.log_facts.samples:
            first = min(self.log_facts.samples)
            observed |= {number for number in self.rounds if number >= first}
        moments: list[Moment] = []
        position = positions.get(BEFORE)
        for number in range(SLICES):
            position = positions.get(number, position)
            reach = self._reach(number)
            if number in observed and position is not None and reach is not None:
                moments.append(Moment(self.span.end_of(number), position, max(reach, position)))
        nothing_told = not self.log_facts.samples and not producers_told
        return () if nothing_told and moments and not moments[-1].lag else tuple(moments)

    def _reach(self, number: int) -> int | None:
        """Return the end of the log as known at the end of a slice; None where nothing tells it."""
        acked = _until(self.log_facts.acked, number)
        samples = [place for place in self.log_facts.samples if place <= number]
        if samples:
            sample = self.log_facts.samples[max(samples)]
            readable: int | None = sample["readable_end"]
            transaction_open = sample["stable_end"] != sample["end_offset"]
            return readable if readable is None or transaction_open else max(readable, acked or 0)
        known = [end for end in (acked, _until(self.log_facts.seen, number)) if end is not None]
        if not known and self.held is not None:
            known = [position for place, position in self.pair.positions().items() if place <= number]
        return max(known, default=None)

    def _log_start(self) -> int | None:
        sample = self.log_facts.last_sample
        return sample["log_start"] if sample else None

    @property
    def first_readable(self) -> int:
        """Where the group would read next: its position, or the log start where that has passed it."""
        return max(self.position or 0, self._log_start() or 0)

    def _is_empty(self) -> bool:
        """Tell whether the broker says that there is nothing to read, whatever the position."""
        sample = self.log_facts.last_sample
        if sample is None or self.position is not None or sample["log_start"] is None:
            return False
        reach = self._reach(SLICES - 1)
        return reach is not None and sample["log_start"] >= reach

    def _past(self) -> Past:
        signs = self.pair.signs()
        return Past(
            as_of_ns=self.span.as_of_ns,
            moments=self.moments,
            log_start=self._log_start(),
            members=self.members.count,
            had_members=self.members.had,
            first_sign_ns=min(signs, default=None),
            last_sign_ns=max(signs, default=None),
        )

    def _time_lag_ms(self) -> float | None:
        if self.lag is None:
            return None
        if self.lag == 0:
            return 0.0
        since = self.first_sent_ns if self.exact else self.known_ns
        return None if since is None else max(0, self.span.as_of_ns - since) / 1e6

    def _rates(self, past: Past, word: str) -> tuple[float | None, float | None]:
        """Return what comes in and goes out per second, over the moments that the status rests on."""
        if len(past.moments) > 1:
            moments = phase(past, word)
            ends = tuple((moment.at_ns, moment.end) for moment in moments)
            positions = tuple((moment.at_ns, moment.position) for moment in moments)
        else:  # nothing happened since the window began
            ends, positions = self._points("end"), self._points("position")
        return rate(ends, self.span.as_of_ns), rate(positions, self.span.as_of_ns)

    def _points(self, name: str) -> tuple[tuple[int, int], ...]:
        """Return where the end or the position stood, from the window's start (where known) to now."""
        places = self.pair.positions()
        known = [
            (place, places.get(place) if name == "position" else self._reach(place)) for place in range(BEFORE, SLICES)
        ]
        return tuple((self.span.end_of(place), value) for place, value in known if value is not None)

    def _history(self) -> list[int | None]:
        """Return the lag at even times of the window, oldest first; None where it is not known."""
        step = SLICES // HISTORY
        lags: list[int | None] = []
        for number in range(step - 1, SLICES, step):
            end_ns = self.span.end_of(number)
            known = [moment.lag for moment in self.moments if moment.at_ns <= end_ns]
            lags.append(known[-1] if known else None)
        return lags

    def _last_commit_ns(self) -> int | None:
        commits = [row["end_ns"] for row in self.pair.told if row["reason"] == "commit"]
        commits += [row["at_ns"] for row in self.pair.sampled if row["position"] is not None]
        return max(commits, default=None)

    def _grade(self) -> str:
        if self.lag is None:
            return "?"
        observed = self.log_facts.samples and self.held is not None and self.held.reason != "delivered"
        return "A" if observed or self._is_empty() else "B"

    def _why_unknown(self) -> str:
        if self.pair.log.partition is None:
            return "no position in this system" if self.pair.log.system != "kafka" else "no partition known"
        if self.held is None or self.held.position is None:
            return "no position known"
        return "end of the log not known: no broker watched, no producer instrumented"


def _span(connection: duckdb.DuckDBPyConnection, window: Window) -> Span | None:
    """Return the time to look at: no earlier than anything known in the window, up to the newest of what is known."""
    until_ns = _FOREVER_NS if window.until_ns is None else window.until_ns
    since_ns = -_FOREVER_NS if window.since_ns is None else window.since_ns
    found = fetch(connection, sql_of("lag_range"), {"until_ns": until_ns, "since_ns": since_ns})[0]
    newest = [found[name] for name in ("last_span_ns", "last_sample_ns") if found[name] is not None]
    if not newest:
        return None
    first = [found[name] for name in ("first_span_ns", "first_sample_ns") if found[name] is not None]
    return Span(min(first, default=max(newest)), until_ns, max(newest), found["last_sample_ns"])


def _date(connection: duckdb.DuckDBPyConnection, facts: Facts, readings: list[_Reading]) -> None:
    """Find since when each of these groups has something unread."""
    wanted = {number: one for number, one in enumerate(readings) if one.pair.log.partition is not None}
    if not wanted:
        return
    values = {
        "until_ns": facts.span.until_ns,
        "as_of_ns": facts.span.as_of_ns,
        "numbers": list(wanted),
        "destinations": [one.pair.log.destination for one in wanted.values()],
        "partitions": [one.pair.log.partition for one in wanted.values()],
        "clusters": [one.pair.log.cluster for one in wanted.values()],
        "positions": [one.first_readable for one in wanted.values()],
        "least": min(one.first_readable for one in wanted.values()),
        "compacted": [one.compacted for one in wanted.values()],
        "lasts": [(one.end or 0) - 1 for one in wanted.values()],
    }
    for row in run(connection, "lag_unread", values, lag_wanted=_WANTED):
        one = wanted[row["number"]]
        one.exact = row["first_sent"] == one.first_readable and not one.compacted
        one.first_sent_ns, one.known_ns = row["first_sent_ns"], row["known_ns"]
    for row in run(connection, "lag_broker_known", values, lag_wanted=_WANTED):
        one = wanted[row["number"]]
        one.known_ns = row["known_ns"] if one.known_ns is None else min(one.known_ns, row["known_ns"])


def _rebalances(connection: duckdb.DuckDBPyConnection, span: Span, groups: set[str]) -> list[Row]:
    """Return when the members of these groups were assigned partitions anew, oldest first."""
    told = fetch(connection, sql_of("lag_rebalances"), {"from_ns": span.from_ns, "until_ns": span.until_ns})
    return [
        {"group": row["grp"], "generation": row["generation"], "at": rfc3339(row["at_ns"])}
        for row in told
        if row["grp"] in groups
    ]


def _name_hot_keys(connection: duckdb.DuckDBPyConnection, span: Span, rows: list[Row]) -> None:
    """Name the key that outweighs the others in the partition that is furthest behind, of each group and destination.

    Only of the `MOST_HOT` with most unread records: to count keys is to read what came in.
    """
    worst: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row["lag"] and row["partition"] is not None:
            place = (row["group"], row["destination"])
            worst[place] = max(worst.get(place, row), row, key=lambda one: one["lag"])
    wanted = dict(enumerate(sorted(worst.values(), key=lambda row: -row["lag"])[:MOST_HOT]))
    if not wanted:
        return
    values = {
        "from_ns": span.from_ns,
        "until_ns": span.until_ns,
        "numbers": list(wanted),
        "destinations": [row["destination"] for row in wanted.values()],
        "partitions": [row["partition"] for row in wanted.values()],
        "clusters": [row["cluster_id"] for row in wanted.values()],
    }
    for found in run(connection, "lag_hot_keys", values, lag_wanted=_HOT_WANTED):
        wanted[found["number"]]["hot_key"] = hot_key(found["message_key"], found["most"], found["records"])


def _producers_told(facts: Facts, log: Log) -> bool:
    """Tell whether the destination's producers report their acks: then a partition without any is known to be empty."""
    return any(other[:3] == log[:3] and known.acked for other, known in facts.logs.items())


def _until(values: dict[int, int], number: int) -> int | None:
    """Return the greatest value up to a slice."""
    return max((value for place, value in values.items() if place <= number), default=None)


def _coverage(connection: duckdb.DuckDBPyConnection) -> float | None:
    from flowtrail_collector.questions.status import coverage

    return coverage(connection)
