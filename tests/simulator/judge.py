"""Tells a world's spans to a real store, asks flowtrail, and compares what it says with what is true."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import duckdb

from flowtrail_collector.broker.sample import write
from flowtrail_collector.errors import NothingKnown
from flowtrail_collector.importing import import_files
from flowtrail_collector.questions.ask import ask, verdicts
from flowtrail_collector.questions.documents import finding, finding_rows
from flowtrail_collector.questions.findings import window_scope
from flowtrail_collector.questions.relations import FINDINGS, sql_of
from flowtrail_collector.questions.scope import WideScope
from flowtrail_collector.store import Store
from flowtrail_collector.window import Window
from tests.histories.world import request
from tests.simulator.expected import ERRORS, KINDS, Truth
from tests.simulator.telemetry import REVISED, Telling, tell
from tests.simulator.truth import truth_of
from tests.simulator.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from flowtrail_collector.questions.scope import Scope
    from tests.simulator.expected import Expected
    from tests.simulator.facts import Send
    from tests.simulator.script import Script

EVERYTHING = Window(None, None)
EVENTS = """
SELECT e.*
FROM events AS e
WHERE EXISTS (SELECT 1 FROM sent AS s WHERE s.event = e.event AND s.destination = e.destination)
    OR EXISTS (
        SELECT 1 FROM places AS p
        WHERE p.event = e.event AND p.destination = e.destination AND NOT p.copied)
ORDER BY e.first_ns, e.destination, e.event
"""
TABLES = (
    "span_rows", "link_rows", "resource_rows", "request_rows", "ledger_rows", "number_rows", "clock_rows",
    "broker_partition_rows", "broker_position_rows", "broker_member_rows", "broker_topic_rows",
)  # fmt: skip
UNJUDGED = frozenset({"telemetry-gap", "clock-skew"})
"""Kinds that are told of no world's facts."""


@cache
def built() -> frozenset[str]:
    """Return the kinds of findings that the product knows of."""
    text = " ".join(re.sub(r"--[^\n]*", "", sql_of(name)) for name in FINDINGS)
    return frozenset(kind for kind in KINDS if f"'{kind}'" in text) | (
        frozenset({"failed", "dead-lettered"}) if "findings_failed" in FINDINGS else frozenset()
    )


@dataclass(frozen=True)
class Claim:
    """A finding that flowtrail gave."""

    kind: str
    severity: str
    destination: str | None
    offsets: frozenset[int]
    group: str | None
    events: frozenset[str]
    summary: str


@dataclass(frozen=True)
class Difference:
    """One thing that flowtrail says and that is not so, or does not say and that is so."""

    what: str
    """`false`, `missed`, `severity`, `answer`, `alone` (asked alone, it is answered otherwise) or `broken`."""
    kind: str
    text: str

    @property
    def grave(self) -> bool:
        """False errors are the worst of all."""
        return self.what == "false" and self.kind in ERRORS

    def like(self, other: Difference) -> bool:
        """Tell whether another difference is of the same sort."""
        return (self.what, self.kind) == (other.what, other.kind)


@dataclass
class Counts:
    """How many findings of each kind were true and found, and how many answers to each question were right."""

    injected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    unproven: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, more: Counts) -> None:
        """Add what came out elsewhere."""
        for one in fields(Counts):
            getattr(self, one.name).update(getattr(more, one.name))


@dataclass
class Judgement(Counts):
    """What came out of one world."""

    differences: list[Difference] = field(default_factory=list)


@dataclass
class Said:
    """What flowtrail said of a world."""

    claims: list[Claim]
    events: dict[tuple[str, str], dict[str, Any]]
    """By event id and destination, and by record: destination:partition:offset, and the destination."""
    single: dict[str, Any] | None = None


class Judge:
    """One store in a folder, emptied before each world."""

    def __init__(self, folder: Path) -> None:
        self._lines = folder / "spans.jsonl"
        self._store = Store.open(folder / "judged.duckdb")
        self._runs = 0

    def close(self) -> None:
        self._store.close()

    def judge(self, script: Script, *, wide: bool = False) -> Judgement:
        """Play a script, tell of it, and compare."""
        return self.judged(*self.played(script), wide=wide)[1]

    def judged(self, world: World, telling: Telling, *, wide: bool = False) -> tuple[Said, Judgement]:
        """Ask about a world and compare."""
        try:
            said = self.asked(world, telling, wide=wide)
        except (ValueError, KeyError, TypeError, IndexError, duckdb.Error, sqlite3.Error) as error:
            told = f"no answer but {type(error).__name__}: {error}"
            return Said([], {}), Judgement([Difference("broken", type(error).__name__, told)])
        return said, compare(truth_of(world.facts), said, telling)

    def played(self, script: Script) -> tuple[World, Telling]:
        """Play a script; no two runs share ids, so a store never takes one for the other."""
        self._runs += 1
        world = World(script, self._runs)
        return world, tell(world)

    def asked(self, world: World, telling: Telling, *, wide: bool = False) -> Said:
        """Return what flowtrail says of a telling."""
        return self.holding(world, telling).read(lambda connection: _say(connection, world, wide=wide))

    def holding(self, world: World, telling: Telling) -> Store:
        """Return the store, in which nothing but this telling stands."""
        self._store.write(_empty)
        self._lines.write_text("".join(json.dumps(request(batch)) + "\n" for batch in telling.batches if batch))
        result = import_files([self._lines], self._store)
        assert not result.damaged, result
        assert not result.rejected, result
        before = None
        for sample in world.samples:
            self._store.write(write(sample, before))
            before = sample
        return self._store


def _place_of(send: Send) -> str:
    """Return what is asked about a message that bears no id."""
    if send.log is None or not send.appended:
        return f"id:{send.event}"
    return f"record:{send.destination}:{send.log.partition}:{send.appended[0]}"


def _empty(connection: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")


def _say(connection: duckdb.DuckDBPyConnection, world: World, *, wide: bool) -> Said:
    if wide:
        scope: Scope = WideScope(connection)
        claims, events = _of_scope(scope)
    else:
        with window_scope(connection, EVERYTHING) as narrow:
            claims, events = _of_scope(narrow)
    said = Said([_claim(row) for row in claims], {name: event for event in events for name in _names(event)})
    if world.facts.sends:
        chosen = world.facts.sends[world.script.seed % len(world.facts.sends)]
        try:
            said.single = ask(connection, f"id:{chosen.event}" if chosen.stamped else _place_of(chosen))
        except NothingKnown:
            said.single = None
    return said


def _of_scope(scope: Scope) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    scope.build("events", "published", "consumed", "places")
    events = verdicts(scope, scope.rows(EVENTS))
    return [finding(row) for row in finding_rows(scope)], events


def _names(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return by what an event is found: its id, or, where no span tells one, its records."""
    destination = event["destination"]
    if event["message_id"] is not None:
        return [(event["message_id"], destination)]
    return [
        (f"{destination}:{record['partition']}:{record['offset']}", destination)
        for record in event["published"]["records"]
    ]


def _claim(row: dict[str, Any]) -> Claim:
    return Claim(
        row["kind"], row["severity"], row["destination"], frozenset(row["offsets"]), row["group"],
        frozenset(row["message_ids"]), row["summary"],
    )  # fmt: skip


# --- comparing ---


def compare(truth: Truth, said: Said, telling: Telling) -> Judgement:
    """Return what is right, what is unknown, and what differs."""
    judgement = Judgement()
    _compare_findings(truth, said.claims, telling, judgement)
    known = dict(said.events)
    handed_again = {e for f in truth.findings if f.kind in ("redelivery", "replay") for e in f.events}
    for event in (said.single or {"events": []})["events"]:
        for found in _names(event)[:1]:
            _same_answer(known.get(found), event, judgement)
    for subject, right in truth.answers.items():
        event_id, destination, place = subject
        here = f"{destination}:{place.log.partition}:{place.offset}" if place else event_id
        told = known.get((here, destination))
        name = f"{event_id} on {destination}" + (f" at {place.log.partition}:{place.offset}" if place else "")
        if told is None:
            judgement.unknown["published"] += 1
            if not telling.incomplete:
                judgement.differences.append(Difference("answer", "published", f"nothing is said of {name}"))
            continue
        _one(judgement, "published", name, told["published"]["answer"], right.published, telling)
        lines = {line["group"]: line["answer"] for line in told["consumed"]}
        inferences = {line["group"] for line in told["consumed"] if line["reason"] == "inferred"}
        for group, answers in right.consumed.items():
            if group not in lines:
                if group not in right.optional and not telling.incomplete:
                    judgement.differences.append(
                        Difference("answer", "consumed", f"{name}: no line for {group}, expected {_or(answers)}")
                    )
                continue
            allowed = answers | right.partly.get(group, frozenset()) if telling.incomplete else answers
            # As of a group whose processings nobody traces; what it has not told yet revises that.
            inferred = telling.cut and (group, destination) in telling.bare and group in inferences
            as_yet = frozenset({"processed"}) if inferred else frozenset[str]()
            records = [record["offset"] for record in told["published"]["records"]]
            if any((group, destination, offset) in telling.to_come for offset in records):
                as_yet |= {"skipped"}
            if telling.unheard:
                as_yet |= {"pending"}  # by the broker's word
            _one(judgement, "consumed", f"{name} by {group}", lines[group], allowed, telling, as_yet)
        waiting = frozenset({"unknown"}) if any(map(_not_built, right.consumed.values())) else frozenset()
        # Where nothing arrived of another instrumentation, nobody knows that there is one.
        silent = telling.incomplete and (right.silent or telling.unheard)
        waiting |= frozenset({"no"}) if silent else frozenset()
        again = frozenset({"yes"}) if telling.incomplete and event_id in handed_again else frozenset()
        _one(judgement, "duplicated", name, told["duplicated"]["answer"], right.duplicated | waiting | again, telling)
        _one(judgement, "reordered", name, told["reordered"]["answer"], right.reordered | waiting, telling)
    return judgement


def _same_answer(one: dict[str, Any] | None, other: dict[str, Any], judgement: Judgement) -> None:
    """Hold the answer about one event, gathered around it, to the one from everything stored."""
    if one is None:
        return
    for name in ("published", "duplicated", "reordered"):
        if one[name]["answer"] != other[name]["answer"]:
            text = f"{other['message_id']}: {name} is {other[name]['answer']} asked alone, else {one[name]['answer']}"
            judgement.differences.append(Difference("alone", name, text))
    lines = {line["group"]: line["answer"] for line in one["consumed"]}
    for line in other["consumed"]:
        if lines.get(line["group"]) != line["answer"]:
            text = (
                f"{other['message_id']}: {line['group']} {line['answer']} asked alone, else {lines.get(line['group'])}"
            )
            judgement.differences.append(Difference("alone", "consumed", text))


def _one(
    judgement: Judgement,
    question: str,
    name: str,
    answered: str,
    right: frozenset[str],
    telling: Telling,
    as_yet: frozenset[str] = frozenset(),
) -> None:
    if answered in right:
        judgement.right[question] += 1
    elif answered in _doubtful(question, right, telling) | as_yet:
        judgement.unknown[question] += 1
    else:
        text = f"{name}: {answered}, expected {_or(right)}"
        judgement.differences.append(Difference("answer", question, text))


def _doubtful(question: str, right: frozenset[str], telling: Telling) -> frozenset[str]:
    """Return the answers that are not the truth and not wrong: `unknown`, or what is right as of what has arrived."""
    if telling.incomplete:
        return telling.weaker(question) | {"unknown"}
    return frozenset({"unknown"}) if _not_built(right) else frozenset()


def _not_built(right: frozenset[str]) -> bool:
    """Tell whether an answer waits for a finding that is not built."""
    return bool(right & (frozenset({"skipped"}) - built()))


def _or(answers: frozenset[str]) -> str:
    return " or ".join(sorted(answers))


def _compare_findings(truth: Truth, claims: list[Claim], telling: Telling, judgement: Judgement) -> None:
    claims = [one for claim in claims for one in _singly(claim) if claim.kind not in UNJUDGED]
    left = list(claims)
    for expected in sorted(truth.findings, key=lambda finding: not finding.must):
        if expected.kind in UNJUDGED or (expected.why == "still at work" and not telling.cut):
            continue
        matches = [claim for claim in left if _is(claim, expected)]
        match = min(matches, key=partial(_unlike, expected), default=None)
        if expected.must:
            judgement.injected[expected.kind] += 1
        else:
            judgement.unproven[expected.kind] += 1
        if match is not None:
            left.remove(match)
            if expected.must:
                judgement.found[expected.kind] += 1
            if match.severity not in expected.severities and not telling.incomplete:
                text = f"{_text(match)} is said to be of {match.severity}, expected {_or(expected.severities)}"
                judgement.differences.append(Difference("severity", expected.kind, text))
            elif match.severity == "error" and "error" not in expected.severities:
                text = f"{_text(match)} is said to be an error, expected {_or(expected.severities)}"
                judgement.differences.append(Difference("false", expected.kind, text))
        elif expected.must and not telling.incomplete and expected.kind in built():
            judgement.differences.append(Difference("missed", expected.kind, _told(expected)))
    for claim in left:
        if telling.cut and (claim.kind in REVISED or _is_to_come(claim, telling)):
            continue
        if claim.severity == "error" or not telling.incomplete:
            judgement.differences.append(Difference("false", claim.kind, f"{_text(claim)}: {claim.summary}"))


def _is_to_come(claim: Claim, telling: Telling) -> bool:
    """Tell whether a record was read past, and handed out later by a process that has not told of that yet."""
    return claim.kind in ("skipped", "lost") and any(
        claim.group in (None, group) and claim.destination == destination and offset in claim.offsets
        for group, destination, offset in telling.to_come
    )


def _singly(claim: Claim) -> list[Claim]:
    """Take a replay's range apart: the truth counts records."""
    if claim.kind != "replay":
        return [claim]
    return [
        Claim("replay", claim.severity, claim.destination, frozenset({offset}), claim.group, frozenset(), claim.summary)
        for offset in claim.offsets
    ]


def _is(claim: Claim, expected: Expected) -> bool:
    if (claim.kind, claim.group) != (expected.kind, expected.group):
        return False
    if claim.kind == "causal-inversion":  # cause and effect are named; which of their places is left open
        return expected.events <= claim.events or claim.events < expected.events  # not every event bears a name
    if claim.destination != expected.destination:
        return False
    if claim.kind == "content-duplicate":
        return claim.events == expected.events if expected.must else bool(claim.events & expected.events)
    if claim.kind == "storm":
        return not claim.events or bool(claim.events & expected.events)
    if claim.kind in ("publish-failed", "publish-in-doubt", "republish", "ghost-publish"):
        return bool(claim.events & expected.events) or not claim.events
    if claim.kind == "resend" and not expected.must and claim.events:
        return bool(claim.events & expected.events)
    if claim.kind in ("unread-destination", "loop"):
        return True
    return claim.offsets == expected.offsets and (not claim.events or bool(claim.events & expected.events))


def _unlike(expected: Expected, claim: Claim) -> tuple[bool, bool]:
    """Return what sets a claim apart that may be the one that is expected: partitions are not compared."""
    return not claim.events & expected.events, claim.severity not in expected.severities


def _text(claim: Claim) -> str:
    place = f"{claim.destination}:{_offsets(claim.offsets)}"
    return f"{claim.kind} ({claim.severity}) at {place} {claim.group or ''} {sorted(claim.events)}"


def _told(expected: Expected) -> str:
    severities = _or(expected.severities)
    return (
        f"{expected.kind} ({severities}) at {expected.destination}:{_offsets(expected.offsets)} "
        f"{expected.group or ''} {sorted(expected.events)}"
    )


def _offsets(offsets: frozenset[int]) -> str:
    return ",".join(map(str, sorted(offsets))) or "-"
