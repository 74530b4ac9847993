"""Findings by cause: one row for what went wrong in one way at one place, however many events it met.

A cause is a kind of finding with its severity, its reason, and its place (group, destination, producer). Its id is a
digest of these and of no time, so that what a person said of it (see `marks`) holds for what comes later as well.
Pure: documents in, documents out, the same whatever the order of the findings.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from flowtrail_collector import cause_words
from flowtrail_collector.window import parse_instant, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Document = dict[str, Any]

SLICES = 16
"""Into so many parts the window is cut to show how a cause went on."""
EXAMPLES = 8
"""So many of its newest findings a cause shows by itself."""
MOST_EVIDENCE = 40
"""So many spans prove a cause by themselves; its findings name them all."""
QUIET_NS = 60 * 10**9
"""After so long without a finding the next one begins another episode."""
ONGOING = frozenset({"telemetry-gap", "clock-skew", "missing-consumer", "unread-destination"})
"""Kinds that tell of a state: one that goes on is not news."""
_SEVERITIES = ("error", "warning", "info")
_GRADES = "ABC?"
_ID_LENGTH = 12


def cause_id(finding: Mapping[str, Any]) -> str:
    """Return the id of a finding's cause."""
    return _digest(_key(finding))


def _key(finding: Mapping[str, Any]) -> tuple[str | None, ...]:
    told = (finding[name] for name in ("kind", "severity", "reason", "system", "destination", "group"))
    return (*told, whose(finding))


def _digest(key: tuple[str | None, ...]) -> str:
    return sha256(json.dumps(key).encode()).hexdigest()[:_ID_LENGTH]


def whose(finding: Mapping[str, Any]) -> str | None:
    """Return the producer that a finding is about; the instance where its service is not known."""
    who: str | None = finding["producer"] or finding["instance"]
    return who


def event_names(finding: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the events of a finding: their ids, else their records."""
    if finding["message_ids"]:
        return tuple(finding["message_ids"])
    return tuple(f"{finding['destination']}:{finding['partition']}:{offset}" for offset in finding["offsets"])


@dataclass(frozen=True, slots=True)
class Span:
    """The time that trends are cut from, in nanoseconds."""

    since_ns: int
    until_ns: int

    def slice(self, moment_ns: int) -> int:
        """Return which slice a moment falls into; what lies outside counts at the nearer end."""
        place = (moment_ns - self.since_ns) * SLICES // max(1, self.until_ns - self.since_ns)
        return min(SLICES - 1, max(0, place))


@dataclass(frozen=True)
class Cause:
    """The findings of one cause, newest first; `flow_of` gives the flow of an event's name, as far as it is known."""

    id: str
    findings: tuple[Document, ...]
    flow_of: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def events(self) -> frozenset[str]:
        """The distinct events, by name."""
        return frozenset(name for finding in self.findings for name in event_names(finding))

    @cached_property
    def flows(self) -> int | None:
        """How many flows they belong to; None where that of one is not known."""
        flows = {self.flow_of.get(name) for name in self.events}
        return None if None in flows or not flows else len(flows)

    @cached_property
    def partitions(self) -> tuple[int, ...]:
        """The partitions it was found on."""
        return tuple(sorted({one["partition"] for one in self.findings if one["partition"] is not None}))

    @cached_property
    def times(self) -> tuple[tuple[int, int], ...]:
        """First and last moment of each finding, in the findings' order."""
        return tuple(map(_times, self.findings))

    @cached_property
    def episodes(self) -> int:
        """In how many stretches it came, with quiet between them."""
        count, end = 0, None
        for first, last in sorted(self.times):
            count += end is None or first > end + QUIET_NS
            end = last if end is None else max(end, last)
        return count

    def after(self, as_of_ns: int) -> int:
        """Count the findings that were not there yet at a watermark; of a state, when it began decides."""
        told = ((first if one["kind"] in ONGOING else last) for one, (first, last) in self._timed())
        return sum(moment > as_of_ns for moment in told)

    def document(self, span: Span) -> Document:
        """Return the row of `flowtrail.causes/1`, without its mark."""
        first = self.findings[0]
        trend = [0] * SLICES
        for _, last in self.times:
            trend[span.slice(last)] += 1
        return {
            "cause": self.id,
            **{name: first[name] for name in ("kind", "severity", "reason", "system", "destination", "group")},
            "partition": self.partitions[0] if len(self.partitions) == 1 else None,
            "partitions": len(self.partitions),
            "producer": whose(first),
            "first_at": rfc3339(min(first for first, _ in self.times)),
            "last_at": rfc3339(max(last for _, last in self.times)),
            "count": len(self.findings),
            "events": len(self.events),
            "flows": self.flows,
            "episodes": self.episodes,
            "trend": trend,
            "grade": max((one["grade"] for one in self.findings), key=_GRADES.index),
            "happened": cause_words.happened(self),
            "impact": cause_words.impact(self),
            "rule": cause_words.RULES[first["kind"]],
            "examples": [self._example(one) for one in self.findings[:EXAMPLES]],
            "evidence": self._evidence(),
        }

    def _timed(self) -> Iterable[tuple[Document, tuple[int, int]]]:
        return zip(self.findings, self.times, strict=True)

    def _example(self, finding: Document) -> Document:
        return {**finding, "flow": next((self.flow_of.get(name) for name in event_names(finding)), None)}

    def _evidence(self) -> list[str]:
        refs = dict.fromkeys(ref for one in self.findings[:MOST_EVIDENCE] for ref in one["evidence"])
        return list(refs)[:MOST_EVIDENCE]


def by_cause(findings: Iterable[Document], flow_of: Mapping[str, str] | None = None) -> list[Cause]:
    """Group findings; gravest first, then by events and by how new they are."""
    members: dict[tuple[str | None, ...], list[Document]] = defaultdict(list)
    for finding in findings:
        members[_key(finding)].append(finding)
    causes = [
        Cause(_digest(key), tuple(sorted(rows, key=_moment, reverse=True)), flow_of or {})
        for key, rows in members.items()
    ]
    return sorted(causes, key=_impact)


def span_of(findings: Sequence[Document], since_ns: int | None, until_ns: int) -> Span:
    """Return what trends are cut from: an open beginning is that of the first finding."""
    begun = min((_times(one)[0] for one in findings), default=until_ns) if since_ns is None else since_ns
    return Span(begun, max(begun, until_ns))


def _impact(cause: Cause) -> tuple[Any, ...]:
    newest = max(last for _, last in cause.times)
    severity = _SEVERITIES.index(cause.findings[0]["severity"])
    return severity, -len(cause.events), -newest, cause.id


def _moment(finding: Document) -> tuple[Any, ...]:
    """Order the findings of a cause by time, as text that sorts alike; then by whatever else tells them apart."""
    first, last = finding["first_at"] or "", finding["last_at"] or ""
    partition = -1 if finding["partition"] is None else finding["partition"]
    place = (partition, finding["offsets"], finding["message_ids"], finding["instance"] or "")
    return (
        last or first,
        first,
        *place,
        finding["count"],
        finding["grade"],
        finding["evidence"],
        finding["summary"] or "",
    )


def _times(finding: Document) -> tuple[int, int]:
    """Return when a finding began and ended; one that tells one moment only has that one."""
    first, last = finding["first_at"], finding["last_at"]
    moments = sorted(parse_instant(at) for at in (first, last) if at is not None) or [0]
    return moments[0], moments[-1]
