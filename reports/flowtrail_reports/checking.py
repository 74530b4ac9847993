"""Assertions on a system, for CI: each passed, failed or inconclusive, with what shows it.

    document = check(source, window, "", Wanted(no=("redelivery",), lags=(parse_lag("10s"),)))

Nothing passes on no data: that nothing was found says something only where nothing could hide, so an assertion that
something did *not* happen is inconclusive where no event is known, or where telemetry has gaps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowtrail_collector.errors import UsageError
from flowtrail_collector.filters import Filter, parse_filter
from flowtrail_collector.window import parse_age, parse_instant
from flowtrail_collector.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrail_collector.source import Source
    from flowtrail_collector.window import Window

Document = dict[str, Any]
Outcome = Literal["passed", "failed", "inconclusive"]
Pair = tuple[str, str]
"""A destination and a group."""

ONLY_INFO = frozenset({"replay", "content-duplicate", "telemetry-gap", "clock-skew"})
"""Kinds that are never more than information; information of other kinds explains, and fails nothing."""
_OF_FLOWS = frozenset({"destination", "group", "producer", "key", "flow"})
"""Fields of the filter that a row of `flows` has as well."""
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class LagLimit:
    """How far a group may be behind: by time or by records."""

    text: str
    milliseconds: float | None = None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asserted; nothing named: no finding of severity error, and every declared group was seen."""

    no: tuple[str, ...] = ()
    lags: tuple[LagLimit, ...] = ()
    expected: tuple[Pair, ...] = ()

    @property
    def default(self) -> bool:
        """Whether nothing is named."""
        return not (self.no or self.lags or self.expected)


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion with its outcome."""

    name: str
    outcome: Outcome
    said: str
    """One sentence: why."""
    details: tuple[str, ...] = ()
    """What shows it, a line each."""
    evidence: tuple[Document, ...] = ()
    """The rows that show it, as the answers have them."""


def parse_lag(text: str) -> LagLimit:
    """Read how far a group may be behind: `10s` or `500`. Raises UsageError."""
    if re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return LagLimit(text, records=int(text))
    try:
        return LagLimit(text, milliseconds=parse_age(text) / 1e6)
    except UsageError:
        raise UsageError(f"expected a time such as 10s or a number of records such as 500, not {text!r}") from None


def check(source: Source, window: Window, filter_text: str, wanted: Wanted) -> Document:
    """Return `flowtrail.check/1`. Raises the source's errors."""
    asked = _Asked(source, window, parse_filter(filter_text))
    assertions = list(_assertions(asked, wanted))
    return {
        "schema": "flowtrail.check/1",
        "as_of": asked.findings["as_of"],
        "source": source.name,
        "window": asked.findings["window"],
        "filter": filter_text or None,
        "coverage": asked.findings["coverage"],
        "outcome": worst(assertion.outcome for assertion in assertions),
        "assertions": [
            {
                "name": assertion.name,
                "outcome": assertion.outcome,
                "reason": assertion.said,
                "details": list(assertion.details),
                "evidence": list(assertion.evidence),
            }
            for assertion in assertions
        ],
    }


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return what holds for all together: one that failed fails all, one that is inconclusive lets none pass."""
    found = set(outcomes)
    return "failed" if "failed" in found else "inconclusive" if "inconclusive" in found or not found else "passed"


class _Asked:
    """What the source answers, each asked once."""

    def __init__(self, source: Source, window: Window, filter: Filter) -> None:  # noqa: A002 the word of the grammar
        self._source = source
        self._window = window
        self._filter = filter
        # The findings of the whole window, so that a filter does not hide that telemetry is missing.
        self.findings = source.findings(window, str(Filter((), filter.since, filter.until)))
        self.gaps = tuple(self._gaps())

    def found(self, kinds: Iterable[str]) -> list[Document]:
        """Return the findings of some kinds that pass the filter and that count."""
        wanted = set(kinds)
        return [
            row
            for row in self.findings["findings"]
            if row["kind"] in wanted
            and (row["severity"] != "info" or row["kind"] in ONLY_INFO)
            and self._filter.matches(row)
        ]

    def errors(self) -> list[Document]:
        """Return the findings of severity error that pass the filter."""
        return [row for row in self.findings["findings"] if row["severity"] == "error" and self._filter.matches(row)]

    def lag(self) -> list[Document]:
        """Return how far each group is behind, of those that pass the filter."""
        rows: list[Document] = self._source.lag(self._window, str(self._filter))["rows"]
        return rows

    def expected(self, pairs: Sequence[Pair]) -> list[Document]:
        """Return of each pair whether the group was seen; without pairs, of each that is declared."""
        rows: list[Document] = self._source.expected(pairs)["rows"]
        if pairs:
            return [row for row in rows if (row["destination"], row["group"]) in pairs]
        only = self._only({"destination", "group"})
        return [row for row in rows if row["declared"] and only.matches(row)]

    def _only(self, fields: Iterable[str]) -> Filter:
        return Filter(
            tuple(term for term in self._filter.terms if term.field in fields), self._filter.since, self._filter.until
        )

    def _gaps(self) -> Iterable[str]:
        """Say why nothing can be concluded from what was not found."""
        if not self._anything():
            yield "no event is known in this window"
            return
        covered = self.findings["coverage"]
        if covered is None:
            yield "coverage is unknown: no service numbers its spans"
        elif covered < 1:
            yield f"coverage is {covered:.2%}: what is missing may hide it"
        elif any(row["kind"] == "telemetry-gap" for row in self.findings["findings"]):
            yield "telemetry is missing: see the finding telemetry-gap"
        since = self.findings["window"]["since"]
        from_ns = 0 if since is None else parse_instant(since)
        for service in self._source.status()["services"]:
            tells = service["publishes"] or service["consumes"]
            if (
                covered is not None
                and tells
                and not service["numbered"]
                and parse_instant(service["last_at"]) >= from_ns
            ):
                name = service["service"] or "a service without a name"
                yield f"{name} does not number its spans: what it did not report is unknown"

    def _anything(self) -> bool:
        """Tell whether an event that passes the filter is known in the window."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = self._source.flows(self._window, str(self._only(_OF_FLOWS)), limit=1, after=after)
            if page["rows"]:
                return True
            after = page["next"]
            if after is None:
                break
        return False


def _assertions(asked: _Asked, wanted: Wanted) -> Iterable[Assertion]:
    if wanted.default:
        yield _absence("no finding of severity error", asked.errors(), asked.gaps)
        yield from map(_expectation, asked.expected(()))
    for kind in dict.fromkeys(wanted.no):
        yield _absence(f"no {kind}", asked.found((kind,)), asked.gaps)
    for limit in dict.fromkeys(wanted.lags):
        yield _behind(limit, asked.lag(), asked.gaps)
    if wanted.expected:
        yield from map(_expectation, asked.expected(tuple(dict.fromkeys(wanted.expected))))


def _absence(name: str, found: list[Document], gaps: Sequence[str]) -> Assertion:
    """Assert that nothing was found."""
    if found:
        details = tuple(_finding(row) for row in found)
        return Assertion(name, "failed", counted(len(found), "finding"), details, tuple(found))
    if gaps:
        return Assertion(name, "inconclusive", f"nothing was found, but {gaps[0]}", tuple(gaps[1:]))
    return Assertion(name, "passed", "nothing was found, and telemetry is complete")


def _finding(row: Document) -> str:
    """Write a finding in one line: what, where, what happened, what proves it."""
    place = ":".join(str(row[name]) for name in ("destination", "partition") if row[name] is not None)
    offsets = ",".join(map(str, row["offsets"][:3])) + (",…" if len(row["offsets"]) > 3 else "")
    place = f"{place}:{offsets}" if place and offsets else place
    where = " ← ".join(part for part in (row["group"] or row["producer"], place) if part)
    proof = f" [{', '.join(row['evidence'][:3])}{', …' if len(row['evidence']) > 3 else ''}]" if row["evidence"] else ""
    return f"{row['severity']} {row['kind']} {where}: {row['summary']}{proof}"


def _behind(limit: LagLimit, rows: list[Document], gaps: Sequence[str]) -> Assertion:
    """Assert that no group is further behind than the limit on any partition."""
    name = f"no group is behind by more than {limit.text}"
    if not rows:
        return Assertion(name, "inconclusive", "no group was seen in this window")
    over = [row for row in rows if _over(limit, row)]
    if over:
        said = f"{counted(len(over), 'partition')} of {len(rows):,} further behind"
        return Assertion(name, "failed", said, tuple(_lag(row) for row in over), tuple(over))
    unsure = [row for row in rows if not _known(limit, row, gaps)]
    if unsure:
        said = f"of {counted(len(unsure), 'partition')} it is not known for certain how far behind the group is"
        return Assertion(name, "inconclusive", said, tuple(_lag(row) for row in unsure), tuple(unsure))
    furthest = max(rows, key=lambda row: row["lag"] if limit.milliseconds is None else row["time_lag_ms"])
    return Assertion(name, "passed", f"furthest is {_lag(furthest)}")


def _over(limit: LagLimit, row: Document) -> bool:
    """Tell whether a group is certainly further behind: lower bounds count."""
    if limit.milliseconds is not None:
        return row["time_lag_ms"] is not None and row["time_lag_ms"] > limit.milliseconds
    return row["lag"] is not None and limit.records is not None and row["lag"] > limit.records


def _known(limit: LagLimit, row: Document, gaps: Sequence[str]) -> bool:
    """Tell whether it is certain that a group is not further behind.

    Where the broker does not tell the end, what producers told is the end only if nothing of it is missing.
    """
    if row["lag"] is None or (gaps and row["end_bound"] != "exact"):
        return False
    return limit.milliseconds is None or (row["time_lag_ms"] is not None and row["time_lag_bound"] == "exact")


def _lag(row: Document) -> str:
    """Write how far a group is behind in one line."""
    partition = "" if row["partition"] is None else f":{row['partition']}"
    records = "an unknown number of records" if row["lag"] is None else counted(row["lag"], "record")
    age = "" if row["time_lag_ms"] is None else f", {row['time_lag_ms'] / 1e3:,.3g} s"
    why = f" ({row['reason']})" if row.get("reason") else ""
    return f"{row['group']} ← {row['destination']}{partition}: {records}{age}, {row['status']}{why}"


def _expectation(row: Document) -> Assertion:
    """Assert that a group was seen at a destination."""
    destination, group = row["destination"], row["group"]
    name = f"{destination} is read by {group}"
    near = f"; did you mean {row['near'][0]!r}?" if row["near"] else ""
    if row["answer"] == "seen":
        return Assertion(name, "passed", f"{group} was seen there, last at {row['last_at']}", (), (row,))
    if row["answer"] == "missing":
        return Assertion(name, "failed", f"nothing at all of {group} was seen at {destination}{near}", (), (row,))
    if row["reason"] == "no such destination":
        return Assertion(name, "inconclusive", f"nothing is known of {destination}{near}", (), (row,))
    said = f"nothing of {group} was seen at {destination}, but telemetry has gaps that may hide it{near}"
    return Assertion(name, "inconclusive", said, (), (row,))
