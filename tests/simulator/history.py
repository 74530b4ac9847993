"""The facts, looked up: who was handed what, which positions were passed, whom nobody can vouch for."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulator.facts import Place

if TYPE_CHECKING:
    from tests.simulator.facts import Facts, Log, Move, Record, Send, Turn
    from tests.simulator.foreign import Dialect

NEVER = 1 << 60


class History:
    """The facts of a world, by what the definitions ask for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.turns: dict[tuple[str, Place], list[Turn]] = defaultdict(list)
        self.handed: dict[Place, list[Turn]] = defaultdict(list)
        for turn in facts.turns:
            self.turns[turn.group, turn.place].append(turn)
            self.handed[turn.place].append(turn)
        self.moves: dict[tuple[str, Log], list[Move]] = defaultdict(list)
        for move in facts.moves:
            if not move.refused:
                self.moves[move.group, move.log].append(move)
        self.in_group: dict[tuple[str, Log], list[Turn]] = defaultdict(list)
        for turn in facts.turns:
            self.in_group[turn.group, turn.place.log].append(turn)
        self.groups = sorted({move.group for move in facts.moves})
        self.sends: dict[tuple[str, str], list[Send]] = defaultdict(list)
        for send in facts.sends:
            self.sends[send.event, send.destination].append(send)

    # --- records ---

    def record(self, place: Place) -> Record | None:
        return self.facts.records.get(place.log, {}).get(place.offset)

    def sender(self, place: Place) -> Send | None:
        """Return the send that stands at a place; None for a marker."""
        record = self.record(place)
        return record.send if record else None

    def named(self, place: Place) -> bool:
        """Tell whether telemetry says what stands there: an ack, or a processing that is told with its record."""
        send = self.sender(place)
        if send is None:
            return False
        return send.acked == place.offset or any(map(self.tells_event, self.handed[place]))

    def processed_somewhere(self, place: Place) -> bool:
        """Tell whether a processing of it ended: its span bears the names of the event."""
        return any(self.says(turn) in ("ok", "failed") and self.tells_event(turn) for turn in self.handed[place])

    def tells_event(self, turn: Turn) -> bool:
        """Tell whether a handing out is told so that one knows what stands at its record."""
        told = self.says(turn)
        return told is not None and (
            told in ("ok", "failed") if self.dialect(turn.instance) is None else self.tells_place(turn)
        )

    def id_told(self, place: Place) -> bool:
        """Tell whether the id of the event at a place is told: by its ack, or by who handled it."""
        send = self.sender(place)
        if send is None or not send.stamped:
            return False
        return (send.named and send.acked == place.offset) or any(
            # Ours reads the id; others may, or name the send, which bears it.
            self.tells_event(turn)
            and (send.dialect is None or self.dialect(turn.instance) is None or self.facts.captured)
            for turn in self.handed[place]
        )

    def seen(self, send: Send) -> bool:
        """Tell whether some consumer's span says that it was handed the message of a send.

        Ours names the event where its processing ended; others name the send, as their parent or by a link.
        """
        places = [Place(send.log, offset) for offset in send.appended] if send.log is not None else []
        return any(
            self.says(turn) in ("ok", "failed") or (self.says(turn) is not None and self.dialect(turn.instance))
            for place in places
            for turn in self.handed[place]
        )

    # --- other instrumentations ---

    def dialect(self, instance: str) -> Dialect | None:
        """Return what an instance speaks, None where that is ours."""
        return self.facts.lives[instance].dialect

    @cached_property
    def _strangers(self) -> set[str]:
        return {life.group for life in self.facts.lives.values() if life.dialect is not None and life.group}

    def dark(self, group: str) -> bool:
        """Tell whether a group is reported by another instrumentation: nothing follows from its silence."""
        return group in self._strangers

    def says(self, turn: Turn) -> str | None:
        """Return what is told of a handing out: `ok`, `failed`, `received`, or nothing."""
        dialect = self.dialect(turn.instance)
        ended = [attempt for attempt in turn.attempts if attempt.ended is not None]
        if dialect is None:
            return "received" if not ended else "ok" if any(attempt.ok for attempt in ended) else "failed"
        if "early" in dialect.reads:
            return "ok"
        if "process" in dialect.reads and ended:
            return "ok" if not dialect.faults or any(attempt.ok for attempt in ended) else "failed"
        return "received" if {"receive", "poll"} & set(dialect.reads) else None

    def tells_place(self, turn: Turn) -> bool:
        """Tell whether a handing out is told with its record."""
        dialect = self.dialect(turn.instance)
        return dialect is None or (
            dialect.places and ("receive" in dialect.reads or self.says(turn) in ("ok", "failed"))
        )

    def shadowed(self, destination: str) -> bool:
        """Tell whether some reader of a destination may have seen what it did not tell."""
        return any(
            self.crashes[group, log] or (self.dark(group) and self.seen_reading(group, destination))
            for group, log in list(self.moves)
            if log.destination == destination
        )

    def outcome(self, send: Send) -> str:
        """Return what is told of a send: its outcome, or `untold`."""
        dialect = send.dialect
        if dialect is not None and (not dialect.acks if send.outcome == "acked" else dialect.failures == "silent"):
            return "untold"
        return send.outcome

    def blurred(self, destination: str) -> bool:
        """Tell whether nobody can say of which of two topics of one name spans speak: two clocks do not tell."""
        if not any(log.destination == destination and log.incarnation for log in self.facts.records):
            return False
        own = {move.instance for move in self.facts.moves if move.log.destination == destination}
        own |= {send.instance for send in self.facts.sends if send.destination == destination}
        return len({self.facts.lives[instance].host for instance in own}) > 1

    def maybe_read(self, send: Send) -> bool:
        """Tell whether a record that nobody has named, and that may be this send's, was in a reader's hands."""
        return any(
            place.log.destination == send.destination
            and turns
            and not self.named(place)
            # A clock that was set does not tell what was acked before it was sent.
            and not any(
                not self.facts.stepped
                and other.instance == send.instance
                and other.log == place.log
                and other.acked is not None
                and (
                    (other.acked > place.offset and (other.acked_order or NEVER) < send.order)
                    or (other.acked < place.offset and other.order > send.order)
                )
                for other in self.facts.sends
            )
            for place, turns in list(self.handed.items())
        )

    def committed(self, send: Send) -> bool:
        """Tell whether readers are meant to see it."""
        return send.transaction is None or send.transaction.outcome == "committed"

    # --- positions ---

    def position(self, group: str, log: Log) -> int | None:
        """Return the group's next offset: the last of assign, seek, reset, commit, revoke, or what the broker told."""
        moves = self.moves[group, log]
        sampled, position = self.facts.sampled.get((group, log), (-1, 0))
        if not moves:
            return None
        return position if sampled > moves[-1].order else moves[-1].position

    def start(self, group: str, log: Log) -> int | None:
        """Return the lowest of a group's assigned positions and delivered offsets."""
        found = [move.position for move in self.moves[group, log] if move.reason == "assign"]
        found += [turn.place.offset for turn in self.in_group[group, log]]
        return min(found, default=None)

    def passed(self, group: str, place: Place) -> bool:
        """Tell whether a member held a position at or below a record and went beyond it, without a move between."""
        began: int | None = None
        for order, kind, position in self._steps(group, place.log):
            del order
            if kind == "began":
                began = position
            elif kind == "ended":
                began = None
            elif began is not None and began <= place.offset and position > place.offset:
                return True
        return False

    def moved_over(self, group: str, place: Place) -> str | None:
        """Return the reason of the move that carried the position over a record; None without one."""
        before: int | None = None
        for _, kind, position, reason in self._positions(group, place.log):
            if kind == "move" and before is not None and before <= place.offset < position:
                return reason
            before = position
        return None

    def _steps(self, group: str, log: Log) -> list[tuple[int, str, int]]:
        steps = []
        for move in self.moves[group, log]:
            kind = {"assign": "began", "seek": "began", "reset": "began", "revoke": "ended"}.get(move.reason, "reached")
            steps.append((move.order, kind, move.position))
        steps += [(turn.handed, "reached", turn.place.offset + 1) for turn in self.in_group[group, log]]
        return sorted(steps)

    def _positions(self, group: str, log: Log) -> list[tuple[int, str, int, str]]:
        steps = [
            (move.order, "move" if move.reason in ("seek", "reset", "assign") else "at", move.position, move.reason)
            for move in self.moves[group, log]
        ]
        steps += [(turn.handed, "at", turn.place.offset + 1, "handed") for turn in self.in_group[group, log]]
        return sorted(steps)

    # --- members ---

    def next_owner(self, group: str, log: Log, instance: str) -> int:
        """Return when another member was assigned a partition after an instance last owned it."""
        own = [move.order for move in self.moves[group, log] if move.instance == instance and move.reason == "assign"]
        last = max(own, default=NEVER)
        return min(
            (
                move.order
                for move in self.moves[group, log]
                if move.reason == "assign" and move.instance != instance and move.order > last
            ),
            default=NEVER,
        )

    @cached_property
    def crashes(self) -> dict[tuple[str, Log], list[tuple[str, int, int]]]:
        """Crashed owners by group and partition: the instance, when it died, when the next owner came."""
        found: dict[tuple[str, Log], list[tuple[str, int, int]]] = defaultdict(list)
        for group, log in self.moves:
            if self.dark(group):
                continue
            for instance in {move.instance for move in self.moves[group, log]}:
                life = self.facts.lives[instance]
                moves = [move for move in self.moves[group, log] if move.instance == instance]
                following = self.next_owner(group, log, instance)
                vanished = life.how == "crashed" or (following != NEVER and self.last_sign(instance) < following)
                if vanished and moves[-1].reason != "revoke":
                    found[group, log].append((instance, life.ended or self.last_sign(instance), following))
        return found

    def last_sign(self, instance: str) -> int:
        """Return when an instance was last heard of: one that hangs and one that died look the same."""
        signs = [move.order for move in self.facts.moves if move.instance == instance]
        signs += [
            attempt.ended or 0 for turn in self.facts.turns if turn.instance == instance for attempt in turn.attempts
        ]
        signs += [turn.handed for turn in self.facts.turns if turn.instance == instance]
        return max(signs, default=0)

    def in_a_tail(self, group: str, place: Place) -> bool:
        """Tell whether a member that crashed may have been handed a record after its last span.

        Certain are only records that were acked after the next owner's assignment, on the same clock.
        """
        record = self.record(place)
        send = record.send if record else None
        sent_on = self.facts.lives[send.instance].host if send else None
        for _, _, until in self.crashes[group, place.log]:
            owner = next((m.instance for m in self.moves[group, place.log] if m.order == until), None)
            same_clock = owner is not None and self.facts.lives[owner].host == sent_on and not self.facts.stepped
            # When a copy came to be that was not acked, nobody tells.
            if not same_clock or send is None or send.acked != place.offset or (send.acked_order or 0) < until:
                return True
        return False

    def left_hanging(self, group: str, log: Log) -> bool:
        """Tell whether a crashed owner was followed by nobody: it looks alive."""
        return any(until == NEVER for _, _, until in self.crashes[group, log])

    def groups_of(self, destination: str) -> list[str]:
        """Return the groups that own or owned a partition of a destination."""
        return sorted({group for group, log in self.moves if log.destination == destination and self.moves[group, log]})

    def seen_reading(self, group: str, destination: str) -> bool:
        """Tell whether a group was seen delivering or committing on a destination."""
        return any(
            log.destination == destination
            and (
                any(map(self.says, self.in_group[name, log]))
                or (not self.dark(group) and any(move.reason == "commit" for move in self.moves[name, log]))
            )
            for name, log in list(self.moves)
            if name == group
        )

    # --- turns ---

    @cached_property
    def _processing(self) -> set[tuple[str, str]]:
        return {
            (turn.group, turn.place.log.destination) for turn in self.facts.turns if self.says(turn) in ("ok", "failed")
        }

    def instrumented(self, group: str, log: Log) -> bool:
        """Tell whether a processing of a group was ever told of on a destination."""
        return (group, log.destination) in self._processing

    def went_on(self, turn: Turn) -> bool:
        """Tell whether the member went on: it began a later record, or (concurrent) polled again or committed past."""
        later = [
            other
            for other in self.in_group[turn.group, turn.place.log]
            if other.instance == turn.instance
            and other.handed >= turn.handed
            and other is not turn
            and (other.ownership == turn.ownership or self.left(turn) is None)
        ]
        if self.handles_concurrently(turn.instance):
            return any(other.handed > turn.handed for other in later) or self.committed_past(turn)
        return any(
            other.place.offset > turn.place.offset
            and any(attempt.ended is not None and attempt.began > turn.handed for attempt in other.attempts)
            for other in later
        )

    def handles_concurrently(self, instance: str) -> bool:
        """Tell whether two processings of an instance are seen to overlap."""
        spans = sorted(
            (attempt.began, attempt.ended)
            for turn in self.facts.turns
            if turn.instance == instance
            for attempt in turn.attempts
            if attempt.ended is not None
        )
        return any(after[0] < before[1] for before, after in pairwise(spans)) or any(
            other[0] < one[1] and one[0] < other[1] for one in spans for other in spans if one is not other
        )

    def committed_past(self, turn: Turn) -> bool:
        """Tell whether the member committed past a record in the ownership and stretch it was handed it in."""
        return self.commit_past(turn) is not None

    def commit_past(self, turn: Turn) -> Move | None:
        """Return the first commit past a record in the stretch in which it was handed out."""
        for move in self.moves[turn.group, turn.place.log]:
            if move.order <= turn.handed or move.ownership != turn.ownership:
                continue
            if move.reason in ("seek", "reset"):
                return None
            if move.reason == "commit" and move.position > turn.place.offset:
                return move
        return None

    def left(self, turn: Turn) -> Move | None:
        """Return the revocation of the ownership that a record was handed out in."""
        return next(
            (
                move
                for move in self.moves[turn.group, turn.place.log]
                if move.reason == "revoke" and move.instance == turn.instance and move.ownership == turn.ownership
            ),
            None,
        )

    def silent(self, instance: str) -> bool:
        """Tell whether an instance gave no sign for so long that nobody calls it alive."""
        return self.facts.as_of_ns - self.facts.last_sign_ns.get(instance, 0) > 290_000_000_000

    def gone(self, place: Place) -> bool:
        """Tell whether nobody can be handed a record any more: removed, or its topic deleted."""
        record = self.record(place)
        newer = any(
            log.destination == place.log.destination and log.incarnation > place.log.incarnation
            for log in self.facts.records
        )
        return newer or record is None or record.removed is not None

    def vanished(self, turn: Turn) -> bool:
        """Tell whether the member crashed while it owned the partition."""
        return any(instance == turn.instance for instance, _, _ in self.crashes[turn.group, turn.place.log])
