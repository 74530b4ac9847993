"""What must be answered about each event: published, consumed per group, duplicated, reordered.

Where a member crashed, verdicts.md lets what rests on absence be `unknown`; such an answer has more than one that is
right. What was seen to happen stays certain.
"""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.simulator.expected import Answers, Expected, Subject
from tests.simulator.facts import Place
from tests.simulator.history import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.simulator.facts import Send, Turn
    from tests.simulator.history import History

DUPLICATES = ("resend", "republish", "redelivery")
REORDERS = ("log-reorder", "delivery-reorder", "completion-reorder", "causal-inversion")
STRENGTH = (
    "processed", "dead-lettered", "retrying", "failed", "in-progress", "unfinished", "received", "pending", "skipped",
    "not-expected", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """What is right about one group and one record."""

    answers: frozenset[str]
    place: Place
    why: str = ""

    @property
    def best(self) -> str:
        return min(self.answers, key=STRENGTH.index)


def line(place: Place, *answers: str, why: str = "") -> Line:
    return Line(frozenset(answers), place, why)


class Answering:
    """The answers about all events of a world."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.copies: dict[Place, list[tuple[Send, Place]]] = {}
        for send in history.facts.sends:
            if send.origin is not None and send.log is not None and history.committed(send):
                for offset in send.appended[:1]:
                    self.copies.setdefault(send.origin, []).append((send, Place(send.log, offset)))

    # --- one record and one group ---

    def line(self, group: str, place: Place) -> Line:
        """Return what is right about a group and a record."""
        found = self._line(group, place)
        if self.history.facts.stepped and (group, place.log) in self.history.facts.sampled:
            # Which was later, a span or the broker's word, the clocks do not tell.
            return Line(found.answers | {"unknown"}, place, found.why)
        return found

    def _dark(self, group: str, place: Place) -> Line:
        """Return what may be said of a group that another instrumentation reports: what was seen, and nothing else."""
        history = self.history
        turns = history.turns[group, place]
        says = {history.says(turn) for turn in turns}
        send, record = history.sender(place), history.record(place)
        if "ok" in says:
            return line(place, "processed")
        if "failed" in says:
            copies = self.copies.get(place, [])
            ends = {"dead-lettered" if copy.log.destination.endswith("dlq") else "retrying" for _, copy in copies}
            again = (
                {"processed"} if any("ok" in map(history.says, history.handed[copy]) for _, copy in copies) else set()
            )
            return line(place, "unknown", *ends, *again)
        if "received" in says:
            return line(place, "unknown", "in-progress" if history.instrumented(group, place.log) else "received")
        if not history.seen_reading(group, place.log.destination) and self._waits(group, place):
            return line(place, "pending", "unknown", why="by the broker's word")
        absent = send is not None and send.dialect is None and not history.committed(send)
        absent = absent or (record is not None and record.removed is not None)
        return line(place, "unknown", *(["not-expected"] if absent else []))

    def _line(self, group: str, place: Place) -> Line:
        history = self.history
        if history.dark(group):
            return self._dark(group, place)
        turns = history.turns[group, place]
        tail = history.in_a_tail(group, place)
        if not turns:
            found = self._not_handed(group, place)
            if history.gone(place):
                return Line(found.answers | {"unknown", "not-expected"}, place, "gone")
            return Line(found.answers | {"unknown"}, place, found.why) if tail else found
        if not history.instrumented(group, place.log):
            return self._uninstrumented(turns, place)
        if any(attempt.ok for turn in turns for attempt in turn.attempts):
            return line(place, "processed")
        last = turns[-1]
        failed_before = any(attempt.ok is False for turn in turns for attempt in turn.attempts)
        if not any(attempt.ended is not None for attempt in last.attempts):
            found = self._open(last, place, failed_before=failed_before)
        else:
            found = self._failed_or_gone(group, last, place)
        return Line(found.answers | {"unknown"}, place, found.why) if tail else found

    def _not_handed(self, group: str, place: Place) -> Line:
        history = self.history
        position, start = history.position(group, place.log), history.start(group, place.log)
        record, send = history.record(place), history.sender(place)
        if position is None or start is None:
            return line(place, "unknown", "pending", "not-expected", why="no position")
        if send is not None and send.transaction is not None and send.transaction.outcome == "aborted":
            return line(place, "not-expected", "pending", *(["unknown"] if send.dialect else []), why="aborted")
        if position <= place.offset:
            if record is not None and record.removed:
                return line(place, "pending", "skipped", "not-expected", "unknown", why=record.removed)
            return line(place, "pending")
        if place.offset < start:
            return line(place, "not-expected", why="before start")
        if record is not None and record.removed == "compacted":
            passed = {"skipped"} if history.moved_over(group, place) else set()
            return line(place, "not-expected", "unknown", *passed, why="compacted")
        if record is not None and record.removed == "retention":
            return line(place, "skipped", "unknown", why="retention")
        return line(place, "skipped", *self._doubts(group, place), why="passed or moved over")

    def _doubts(self, group: str, place: Place) -> list[str]:
        """Return `unknown` where nothing proves that a record was skipped."""
        from tests.simulator.true_losses import may_be_compacted

        send = self.history.sender(place)
        proven = self.history.passed(group, place) or self.history.moved_over(group, place) in ("seek", "reset")
        # Whether another instrumentation's send stands in a transaction that was aborted is not told.
        known = send is not None and send.acked == place.offset and send.dialect is None
        benign = send is not None and may_be_compacted(self.history, place, send)
        if benign and self.history.facts.broker_watched and not self.history.handed[place]:
            return ["unknown", "not-expected"]  # the broker says that the topic is compacted, and nobody ever saw it
        return [] if proven and known and not benign else ["unknown"]

    def _uninstrumented(self, turns: list[Turn], place: Place) -> Line:
        history = self.history
        for turn in turns:
            if history.committed_past(turn):
                return line(place, "processed", *(("unknown", "received") if history.vanished(turn) else ()))
        last = turns[-1]
        position = history.position(last.group, place.log)
        if position is not None and position > place.offset:
            return line(place, "received", "processed", "unknown", why="passed in another ownership")
        if history.vanished(last):
            return line(place, "received", "unknown")
        return line(place, "received")

    def _open(self, turn: Turn, place: Place, *, failed_before: bool) -> Line:
        """Return the answer about a delivery without an end."""
        history = self.history
        again = {"retrying"} if failed_before else set()
        if history.facts.stepped and history.facts.lives[turn.instance].concurrent:
            # That two of its processings overlapped, its clock may not show.
            return line(place, "pending", "unfinished", "in-progress", "unknown", *again, why="clock set")
        if history.vanished(turn):
            truly = {"unfinished"} if turn.attempts or history.went_on(turn) else set()
            return Line(frozenset({"unknown", "pending", "in-progress", *truly, *again}), place, "crashed")
        if history.went_on(turn):
            return line(place, "unfinished")
        left = history.left(turn)
        if left is not None and self._lost_before(turn, left.order):
            answers = {"unfinished", "pending"} if self._next_began_beyond(turn) else {"pending"}
            return Line(frozenset(answers | again), place, "evicted")
        if left is not None and not history.committed_past(turn) and self._next_began_beyond(turn, anyone=True):
            return Line(
                frozenset({"unfinished", "pending", "unknown"} | again), place, "left, and never handed out again"
            )
        if left is not None:
            return Line(
                frozenset({"unfinished"} if history.committed_past(turn) else {"pending", *again}), place, "left"
            )
        if self._lost_before(turn, NEVER):
            answers = {"unfinished", "unknown"} if self._next_began_beyond(turn) else {"pending", "unknown"}
            return Line(frozenset(answers | again | {"in-progress"}), place, "evicted and not back")
        moved = any(
            move.order > turn.handed and move.reason in ("seek", "reset")
            for move in history.moves[turn.group, place.log]
        )
        if moved:
            again = again | {"pending"}
        if history.silent(turn.instance):
            return Line(frozenset({"in-progress", "unknown", *again}), place, "silent")
        return Line(frozenset({"in-progress", *again}), place)

    def _lost_before(self, turn: Turn, order: int) -> bool:
        """Tell whether the partition went to another member before this one let go of it."""
        return any(
            move.reason == "assign" and move.instance != turn.instance and turn.handed < move.order < order
            for move in self.history.moves[turn.group, turn.place.log]
        )

    def _next_began_beyond(self, turn: Turn, *, anyone: bool = False) -> bool:
        following = [
            move
            for move in self.history.moves[turn.group, turn.place.log]
            if move.reason == "assign" and move.order > turn.handed and (anyone or move.instance != turn.instance)
        ]
        return bool(following) and following[0].position > turn.place.offset

    def _failed(self, group: str, last: Turn, place: Place) -> Line:
        """Return the answer about a record whose last attempt failed: its chain goes on on other destinations."""
        chain = self._chain(group, place)
        if chain is not None:
            return Line(chain, place, "chain")
        history = self.history
        ended = max(attempt.ended or 0 for attempt in last.attempts)
        moves = [move for move in history.moves[group, place.log] if move.order > ended]
        back = [move for move in moves if move.reason in ("seek", "reset", "assign") and move.position <= place.offset]
        position = history.position(group, place.log)
        if back and position is not None and position > place.offset:
            return line(place, "failed", "retrying", "unknown", why="moved back to it, and then past it without a try")
        if back:
            return line(place, "retrying")
        left = history.left(last)
        if left is not None and left.position <= place.offset and not history.committed_past(last):
            owners = [move for move in history.moves[group, place.log] if move.reason == "assign"]
            if any(move.order > left.order for move in owners):
                return line(place, "failed", "unknown", "retrying", why="the next owner began beyond")
            return line(place, "retrying")
        if history.vanished(last):
            return line(place, "failed", "retrying", "unknown", why="crashed")
        if self._lost_before(last, NEVER):
            return line(place, "failed", "retrying", "unknown", why="evicted")
        if left is not None and position is not None and position <= place.offset:
            return line(place, "failed", "retrying", why="committed past, and then before it again")
        return line(place, "failed")

    def _failed_or_gone(self, group: str, last: Turn, place: Place) -> Line:
        found = self._failed(group, last, place)
        if "retrying" in found.answers and self.history.gone(place):  # nobody can be handed it again
            return Line(found.answers | {"failed", "unknown"}, place, "gone")
        return found

    def _chain(self, group: str, place: Place) -> frozenset[str] | None:
        """Return what the copies of a record make of a failure; None without copies."""
        copies = [
            (send, copy) for send, copy in self.copies.get(place, []) if send.origin_group in (group, None)
        ]  # fmt: skip
        if not copies:
            return None
        found: set[str] = set()
        for _, copy in copies:
            if copy.log.destination.endswith("dlq"):
                found |= {"dead-lettered"}
                continue
            its = self.line(group, copy)
            if not self.history.instrumented(group, copy.log):
                found.add("retrying")  # nothing but commits tell of it there
            for answer in its.answers:
                found.add(
                    answer
                    if answer in ("processed", "dead-lettered", "failed", "unknown", "unfinished")
                    else "retrying"
                )
        strongest = min(found, key=STRENGTH.index)
        return frozenset({strongest} | (found if len(found) > 1 else set()))

    # --- events ---

    def roots(self) -> Iterable[Subject]:
        """Return the events that are no copies: by their id, or, where no span tells one, by their records."""
        history = self.history
        for (event, destination), sends in history.sends.items():
            if any(send.origin is not None for send in sends):
                continue
            places = self.places(event, destination)
            told = [history.id_told(place) for place in places]
            if any(send.named for send in sends) or any(told):
                if all(told):  # else some of its records bear its name, and others none: nothing says that it is one
                    yield Subject(event, destination)
            else:
                shaky = {record.place for record in history.facts.overwritten}
                yield from (Subject(event, destination, place) for place in places if place not in shaky)

    def places(self, event: str, destination: str) -> list[Place]:
        """Return where an event stands and telemetry says so."""
        return [
            Place(send.log, offset)
            for send in self.history.sends[event, destination]
            if send.log is not None
            for offset in send.appended
            if self.history.named(Place(send.log, offset))
        ]

    def answers(self, findings: list[Expected]) -> dict[Subject, Answers]:
        """Return the answers about every event."""
        return {subject: self._of_event(subject, findings) for subject in self.roots()}

    def _of_event(self, subject: Subject, findings: list[Expected]) -> Answers:
        history = self.history
        event, destination, place = subject
        sends = history.sends[event, destination]
        found = Answers(frozenset(self._published(sends)))
        places = self.places(event, destination) if place is None else [place]
        shaky = any(
            record.send is not None and event in (record.send.event, self._event_at(record.place))
            for record in history.facts.overwritten
        )
        for group in history.groups_of(destination):
            lines = [self.line(group, place) for place in places]
            if shaky or not lines:
                found.consumed[group] = frozenset(STRENGTH)
                continue
            best = min((one.best for one in lines), key=STRENGTH.index)
            right = frozenset(answer for one in lines for answer in one.answers if len(one.answers) > 1) | {best}
            if place is None and any(not history.named(p) for s in sends for p in self._all_places(s)):
                right |= frozenset({"unknown"})
            found.consumed[group] = right
            found.partly[group] = frozenset(answer for one in lines for answer in one.answers)
            if history.dark(group) and all(map(partial(self._waits, group), places)):
                found.partly[group] |= {"pending"}
        found.optional = frozenset(
            group for group in history.groups_of(destination) if not history.seen_reading(group, destination)
        )
        unsure = any("unknown" in right for right in found.consumed.values()) or any(
            history.crashes[group, log] for group, log in list(history.moves) if log.destination == destination
        )
        if history.blurred(destination):
            unsure = True
            found.consumed = {group: right | {"unknown"} for group, right in found.consumed.items()}
            found.published |= {"unknown"} - ({"unknown"} if "yes" in found.published else set())
        dark = any(send.dialect for send in sends) or any(
            history.dark(group) and history.seen_reading(group, destination) for group in history.groups
        )
        found.duplicated = claim(subject, findings, DUPLICATES, unsure=unsure, dark=dark)
        if "yes" not in found.duplicated and len(sends) > 1 and any(map(self._open_still, sends)):
            found.duplicated = frozenset({"unknown"})  # twice, once it is committed
        found.reordered = claim(subject, findings, REORDERS, unsure=unsure, dark=dark)
        found.silent = dark and "yes" not in found.duplicated | found.reordered
        return found

    def _waits(self, group: str, place: Place) -> bool:
        """Tell whether a record lies before a group by the broker's word; nobody may have told more of the group."""
        position = self.history.facts.sampled.get((group, place.log), (0, -1))[1]
        return 0 <= position <= place.offset and not any(map(self.history.says, self.history.turns[group, place]))

    def _event_at(self, place: Place) -> str | None:
        send = self.history.sender(place)
        return send.event if send else None

    def _all_places(self, send: Send) -> list[Place]:
        return [Place(send.log, offset) for offset in send.appended] if send.log is not None else []

    def _open_still(self, send: Send) -> bool:
        return send.transaction is not None and send.transaction.outcome == "open"

    def _published(self, sends: list[Send]) -> set[str]:
        history = self.history
        acked = [send for send in sends if history.outcome(send) == "acked"]
        # That its transaction was aborted, another instrumentation does not tell.
        if any(history.committed(send) or send.dialect for send in acked):
            return {"yes"}
        places = [place for send in sends for place in self._all_places(send)]
        if any(map(history.seen, sends)):
            overwritten = {record.place for record in history.facts.overwritten}
            untold = any(send.dialect for send in sends) and any(place in overwritten for place in places)
            return {"yes", *(("unknown",) if untold else ())}
        handed = any(history.handed[place] for place in places)
        opened = any(map(self._open_still, acked))
        if opened or any(history.outcome(send) == "in-doubt" for send in sends):
            return {"in-doubt", *(("yes",) if handed else ()), *(("unknown",) if any(s.dialect for s in sends) else ())}
        if any(history.outcome(send) == "untold" for send in sends):
            return {"unknown", *(("yes",) if handed else ())}
        if all(send.outcome == "failed" for send in sends):
            shadow = history.shadowed(sends[0].destination) or any(send.dialect for send in sends)
            shadow = shadow or any(map(history.maybe_read, sends))
            return {"no" if not handed else "yes", *(("unknown",) if shadow or handed else ())}
        return {"no"}

    # --- findings that are answers ---

    def findings(self) -> list[Expected]:
        """unfinished, failed, dead-lettered."""
        history = self.history
        found = list(self._still_at_work())
        copies = {copy for copies in self.copies.values() for _, copy in copies}
        shaky = {record.place for record in history.facts.overwritten}
        for group, place in list(history.turns):
            if place in copies or not history.instrumented(group, place.log):
                continue
            record = history.sender(place)
            if record is None:
                continue
            right = self.line(group, place).answers
            elsewhere = [
                self.line(group, other) for other in self.places(record.event, record.destination) if other != place
            ]
            # An answer about the event that rests on absence holds only where nothing is doubtful at its other records.
            elsewhere = [one for one in elsewhere if history.turns[group, one.place] or "unknown" in one.answers]
            found += [
                Expected(
                    kind, frozenset({"error"}), place.log.destination, frozenset({place.offset}), group,
                    frozenset({record.event}), must=right == {kind} and not elsewhere and place not in shaky
                    and not history.dark(group),
                )
                for kind in ("unfinished", "failed", "dead-lettered")
                if kind in right
            ]  # fmt: skip
        return found

    def _still_at_work(self) -> Iterator[Expected]:
        """Records that looked let fall for a while: their member handles concurrently, and nobody could see it yet."""
        for turn in self.history.facts.turns:
            if not self.history.facts.lives[turn.instance].concurrent or self.history.dark(turn.group):
                continue
            end = min((attempt.ended for attempt in turn.attempts if attempt.ended is not None), default=NEVER)
            overtaken = any(
                attempt.ended is not None and turn.handed < attempt.began < end
                for other in self.history.in_group[turn.group, turn.place.log]
                if other.instance == turn.instance and other.place.offset > turn.place.offset
                for attempt in other.attempts
            )
            send = self.history.sender(turn.place)
            if overtaken and send is not None:
                yield Expected(
                    "unfinished", frozenset({"error"}), turn.place.log.destination, frozenset({turn.place.offset}),
                    turn.group, frozenset({send.event}), must=False, why="still at work",
                )  # fmt: skip


def claim(
    subject: Subject, findings: list[Expected], kinds: tuple[str, ...], *, unsure: bool, dark: bool
) -> frozenset[str]:
    """Return yes, no or unknown, as the findings of some kinds that name an event say.

    `dark`: another instrumentation reports its producer or some reader, so there is no `no`.
    """
    event, destination, place = subject
    named = [
        finding for finding in findings
        if finding.kind in kinds and event in finding.events and finding.severities != {"info"}
        and (finding.destination == destination or finding.kind == "causal-inversion")
        and (place is None or place.offset in finding.offsets)
    ]  # fmt: skip
    sure = [
        finding for finding in named
        if finding.must and "info" not in finding.severities and finding.kind != "causal-inversion"
    ]  # fmt: skip
    if sure:
        return frozenset({"yes"})
    if named:
        return frozenset({"yes", "unknown"} if dark else {"yes", "no", "unknown"})
    return frozenset({"unknown"} if dark else {"no", "unknown"} if unsure else {"no"})
