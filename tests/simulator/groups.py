"""Groups of consumers: who owns what, what they were handed, what they did with it, and what they committed."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.histories.world import MS
from tests.simulator.facts import Attempt, Life, Move, Place, Turn
from tests.simulator.foreign import Stranger
from tests.simulator.producers import said_of

if TYPE_CHECKING:
    from tests.histories.world import Service
    from tests.simulator.facts import Log
    from tests.simulator.foreign import Context
    from tests.simulator.producers import Producer
    from tests.simulator.world import Dice, World

SEALED_AFTER_MS = 400
"""How long the tracer waits for more of a range that iteration hands out one by one."""


@dataclass
class Hold:
    """One partition in a member's hands."""

    position: int
    """The next offset to fetch."""
    committed: int
    ownership: int
    sequence: int


@dataclass
class InHand:
    """A processing under way."""

    turn: Turn
    attempt: Attempt
    began: tuple[float, float]
    membership: tuple[str, int | None]
    context: Context | None = None
    """Of a foreign instrumentation: its span."""


@dataclass
class Range:
    """A receive that iteration has not told of yet."""

    log: Log
    offsets: list[int]
    began: tuple[float, float]
    ended_ms: float


class Member:
    """One process in a group."""

    def __init__(self, world: World, group: Group, wire: Service, *, concurrent: bool, iterates: bool) -> None:
        from tests.simulator.producers import Producer

        self.group = group
        self.wire = wire
        self.concurrent = concurrent
        self.iterates = iterates
        self.sender: Producer = Producer(world, wire)
        self.life: Life = world.facts.lives[wire.instance]
        self.life.concurrent = concurrent
        self.holds: dict[Log, Hold] = {}
        self.queue: list[Turn] = []
        self.hand: list[InHand] = []
        self.evicted = False
        self.range: Range | None = None

    @property
    def alive(self) -> bool:
        return self.life.how == "alive"


@dataclass
class Group:
    """A consumer group."""

    name: str
    service: str
    topics: tuple[str, ...]
    latest: bool = False
    instrumented: bool = True
    cooperative: bool = False
    """What stays with its member is neither revoked nor assigned again."""
    manual: bool = False
    """A member assigns all partitions to itself: no generations, nothing to rebalance."""
    members: list[Member] = field(default_factory=list)
    generation: int = 0
    committed: dict[Log, int] = field(default_factory=dict)
    set_from_outside: set[Log] = field(default_factory=set)

    @property
    def living(self) -> list[Member]:
        return [member for member in self.members if member.alive]

    @property
    def present(self) -> list[Member]:
        """The living members that the coordinator knows."""
        return [member for member in self.living if not member.evicted]


class Groups:
    """All groups of a world, and their steps."""

    def __init__(self, world: World) -> None:
        self.world = world
        payments = ("orders", "orders-retry") if world.has("retry-topics") else ("orders",)
        self.all = [Group("payment", "payment", payments, latest=world.has("latest"))]
        self.all.append(Group("audit", "audit", ("orders", "payments"), instrumented=not world.has("uninstrumented")))
        for group in self.all:
            group.cooperative = world.has("cooperative")
            group.manual = world.has("manual") and group.name == "audit"
        self._ownerships = 0
        self._sequences = 0

    def of_destination(self, destination: str) -> list[Group]:
        return [group for group in self.all if destination in group.topics]

    # --- membership ---

    def join(self, group: Group, dice: Dice) -> Member:
        """Start a member: the group is rebalanced."""
        host = ("alpha", "beta")[dice.below(2)]
        member = self._start(group, "alpha" if group.manual else host, dice)
        self._rebalance(group)
        return member

    def _start(self, group: Group, host: str, dice: Dice) -> Member:
        generation = None if group.manual else group.generation
        wire = self.world.process(group.service, host, group=group.name, generation=generation)
        concurrent = self.world.has("concurrent") and dice.chance(0.5)
        iterates = self.world.has("iterate") and not concurrent and dice.chance(0.5)
        member = Member(self.world, group, wire, concurrent=concurrent, iterates=iterates)
        group.members.append(member)
        return member

    def _rebalance(self, group: Group) -> None:
        """Revoke everything (eager), then assign in the next generation."""
        present = group.present
        logs = [log for topic in group.topics for log in self.world.logs(topic)]
        owners = {
            log: present[(place + group.generation + 1) % len(present)] for place, log in enumerate(logs) if present
        }
        if group.cooperative and not group.manual:
            self._rebalance_some(group, owners)
            return
        if not self.world.has("kept-member"):
            for member in {owner for log, owner in owners.items() if log in owner.holds}:
                self._finish_all(member)
        for member in present:
            self._let_go(member)
        group.generation += 1
        self.world.pass_ms(5)
        for log, owner in owners.items():
            self._own(owner, log)

    def _rebalance_some(self, group: Group, owners: dict[Log, Member]) -> None:
        """Revoke what goes to another member, in the next generation, and assign it in the one after (cooperative)."""
        for member in group.present:
            self._seal(member)
        group.generation += 1
        for member in group.present:
            member.wire.generation = group.generation
        for member in group.present:
            self._let_go(member, [log for log in member.holds if owners.get(log) is not member])
        group.generation += 1
        self.world.pass_ms(5)
        for member in group.present:
            member.wire.generation = group.generation
        for log, owner in owners.items():
            if log not in owner.holds:
                self._own(owner, log)

    def _finish_all(self, member: Member) -> None:
        """Handle all that is in a member's hands, and commit."""
        while member.queue:
            self._end(member, self._begin(member, member.queue.pop(0)), ok=True)
        for held in list(member.hand):
            self._end(member, held, ok=True)
        self._commit(member)

    def _let_go(self, member: Member, logs: list[Log] | None = None) -> None:
        """Give up partitions, all or some: a sequential member ends what is under way, what waits there is let fall."""
        logs = list(member.holds) if logs is None else logs
        if not member.concurrent:
            for held in [held for held in member.hand if held.turn.place.log in logs or not member.holds]:
                self._end(member, held, ok=True)
        self._seal(member)
        member.queue = [turn for turn in member.queue if turn.place.log in member.holds.keys() - set(logs)]
        for log in logs:
            hold = member.holds.pop(log)
            self._move(member, log, "revoke", hold.committed, hold.ownership)

    def _own(self, member: Member, log: Log) -> None:
        group, broker = member.group, self.world.brokers[log]
        member.wire.generation = None if group.manual else group.generation
        committed = group.committed.get(log)
        reset = committed is None
        position = (broker.end if group.latest else broker.start) if committed is None else committed
        self._ownerships += 1
        self._sequences += 1
        member.holds[log] = Hold(position, position, self._ownerships, self._sequences)
        outside = log in group.set_from_outside
        group.set_from_outside.discard(log)
        self._move(member, log, "assign", position, self._ownerships, outside=outside)
        if reset:
            self._move(member, log, "reset", position, self._ownerships)

    def _move(
        self,
        member: Member,
        log: Log,
        reason: str,
        position: int,
        ownership: int,
        *,
        refused: bool = False,
        outside: bool = False,
        generation: int | None = None,
    ) -> None:
        self.world.facts.moves.append(
            Move(
                member.group.name, log, member.wire.instance, reason, position, self.world.order(), ownership,
                refused=refused, outside=outside,
            )
        )  # fmt: skip
        # A commit that was refused tells what it tried, by most clients.
        told = not refused or self.world.facts.moves[-1].order % 4 > 0
        self.world.pass_ms(1)
        member.wire.moved(
            reason,
            log.destination,
            log.partition,
            position if told else None,
            error="CommitFailedError" if refused else None,
            start=self._stamped(member)["start"],
        )

    def _stamped(self, member: Member, began: tuple[float, float] | None = None) -> dict[str, Any]:
        stamp = self.world.stamp(member.wire, began)
        # What tells no end of its own ends one tick of the wire's clock after the true time.
        self.world.wire.ms = self.world.now - 1
        return stamp

    def close(self, member: Member) -> None:
        """Leave in order."""
        for held in list(member.hand):
            self._end(member, held, ok=True)
        self._let_go(member)
        member.life.ended, member.life.how = self.world.order(), "closed"
        member.wire.span("close", "close", None, member.wire._membership(), **self.world.stamp(member.wire))

    def everybody_leaves(self, group: Group) -> None:
        """Close every member, in order."""
        for member in group.living:
            self.close(member)

    def everybody(self) -> None:
        for group in self.all:
            self.everybody_leaves(group)

    def forget(self, group: Group, destination: str) -> None:
        """The topic is gone, and what was committed there with it."""
        for log in list(group.committed):
            if log.destination == destination:
                del group.committed[log]

    # --- being handed records ---

    def _hand(self, member: Member, log: Log, offsets: list[int], *, later: bool = False) -> None:
        """Hand out records of one poll."""
        hold = member.holds[log]
        began = self.world.beginning(member.wire)
        order = self.world.order()
        for offset in offsets:
            turn = Turn(
                member.group.name, Place(log, offset), member.wire.instance, member.group.generation, order,
                hold.ownership, hold.sequence,
            )  # fmt: skip
            self.world.facts.turns.append(turn)
            if member.group.instrumented:
                member.queue.append(turn)
        hold.position = max(hold.position, offsets[-1] + 1)
        self.world.pass_ms(2)
        found = Range(log, offsets, began, self.world.now)
        if member.iterates and not later:
            member.range = found
        else:
            self._tell(member, found)

    def _seal(self, member: Member) -> None:
        if member.range is not None:
            found, member.range = member.range, None
            self._tell(member, found)

    def seal_all(self) -> None:
        """Tell of every range that has been open for longer than the tracer waits."""
        for group in self.all:
            for member in group.living:
                if member.range is not None and self.world.now - member.range.began[0] > SEALED_AFTER_MS:
                    self._seal(member)

    def _tell(self, member: Member, found: Range) -> None:
        """Tell of a range, its holes as runs."""
        if isinstance(member.wire, Stranger):
            self._tell_singly(member.wire, found)
            return
        first, last = found.offsets[0], found.offsets[-1]
        runs: list[list[int]] = []
        for offset in found.offsets:
            if runs and runs[-1][-1] == offset - 1:
                runs[-1].append(offset)
            else:
                runs.append([offset])
        text = ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
        stamp = self._stamped(member, found.began)
        stamp["end"] = max(stamp["start"], stamp["end"] - int((self.world.now - found.ended_ms) * MS))
        member.wire.receive(
            found.log.destination,
            found.log.partition,
            first,
            last,
            count=len(found.offsets),
            runs=text if len(runs) > 1 else None,
            **stamp,
        )

    def _tell_singly(self, wire: Stranger, found: Range) -> None:
        """Tell of a poll as another instrumentation does."""
        stamp = self.world.stamp(wire, found.began)
        end = max(stamp["start"], stamp["end"] - int((self.world.now - found.ended_ms) * MS))
        records = self.world.brokers[found.log].records
        messages = [
            (send.wire, found.log.partition, offset)
            for offset in found.offsets
            if (send := records[offset].send) is not None and send.wire is not None
        ]
        wire.read(messages, stamp["start"], end)

    # --- processing ---

    def _begin(self, member: Member, turn: Turn) -> InHand:
        attempt = Attempt(self.world.order(), host=member.life.host)
        turn.attempts.append(attempt)
        held = InHand(
            turn,
            attempt,
            self.world.beginning(member.wire),
            (member.wire.member, None if member.group.manual else turn.generation),
        )
        record = self.world.brokers[turn.place.log].records[turn.place.offset]
        if isinstance(member.wire, Stranger) and record.send is not None and record.send.wire is not None:
            held.context = member.wire.context(record.send.wire)
        member.hand.append(held)
        self.world.pass_ms(2)
        return held

    def _end(self, member: Member, held: InHand, *, ok: bool) -> None:
        """End a processing and tell of it."""
        member.hand.remove(held)
        turn, attempt = held.turn, held.attempt
        record = self.world.brokers[turn.place.log].records[turn.place.offset]
        assert record.send is not None
        attempt.ended, attempt.ok = self.world.order(), ok
        self.world.pass_ms(1)
        sent = record.send.wire
        assert sent is not None
        attributes: dict[str, object] = {"flowtrail.consumer.generation": held.membership[1]}
        attributes |= said_of(record.send)
        if record.send.origin is not None:
            attributes |= {
                "flowtrail.origin.destination": record.send.origin.log.destination,
                "flowtrail.origin.partition": record.send.origin.log.partition,
                "flowtrail.origin.offset": record.send.origin.offset,
                "flowtrail.origin.group": record.send.origin_group,
            }
        foreign: dict[str, Any] = {"context": held.context} if held.context else {}
        member.wire.process(
            sent,
            partition=turn.place.log.partition,
            offset=turn.place.offset,
            error=None if ok else "ValueError",
            attributes=attributes,
            **foreign,
            **self._stamped(member, held.began),
        )

    def _pick(self, dice: Dice, members: list[Member]) -> Member | None:
        return members[dice.below(len(members))] if members else None

    def _member(self, dice: Dice) -> Member | None:
        return self._pick(dice, [member for group in self.all for member in group.present])

    # --- steps ---

    def step_join(self, dice: Dice) -> None:
        for group in self.all:
            if not group.present:
                self.join(group, dice)

    def step_poll(self, dice: Dice) -> None:
        member = self._member(dice)
        if member is not None:
            self._poll(member, dice)

    def _poll(self, member: Member, dice: Dice) -> bool:
        """Be handed some records of one partition; a member that handles one after the other polls when it is done."""
        if not member.concurrent and (member.queue or member.hand):
            return False
        self._seal(member)
        self._out_of_range(member)
        ready = {
            log: found
            for log, hold in member.holds.items()
            if (found := self.world.brokers[log].readable(hold.position))
        }
        if not ready:
            return False
        log = list(ready)[dice.below(len(ready))]
        self._hand(member, log, ready[log][: 1 + dice.below(5)])
        return True

    def _out_of_range(self, member: Member) -> None:
        """Let the reset policy choose where the log no longer reaches back to the position."""
        for log, hold in member.holds.items():
            broker = self.world.brokers[log]
            if hold.position < broker.start:
                hold.position = broker.end if member.group.latest else broker.start
                self._sequences += 1
                hold.sequence = self._sequences
                self._move(member, log, "reset", hold.position, hold.ownership)

    def step_work(self, dice: Dice) -> None:
        """Begin or end a processing."""
        busy = [member for group in self.all for member in group.present if member.queue or member.hand]
        member = self._pick(dice, busy)
        if member is None:
            return
        if member.concurrent:
            if member.queue and (not member.hand or dice.chance(0.5)):
                self._begin(member, member.queue.pop(0))
            elif member.hand:
                self._finish(member, member.hand[dice.below(len(member.hand))], dice)
        elif member.hand:
            self._finish(member, member.hand[0], dice)
        elif dice.chance(0.6):
            self._finish(member, self._begin(member, member.queue.pop(0)), dice)
        else:
            self._begin(member, member.queue.pop(0))

    def _finish(self, member: Member, held: InHand, dice: Dice) -> None:
        if self.world.has("silent") and dice.chance(0.12):
            held.turn.dropped = True
            member.hand.remove(held)
            return
        if self.world.has("handler-fails") and dice.chance(0.25):
            self._fail(member, held, dice)
            return
        self._end_well(member, held, dice)

    def _end_well(self, member: Member, held: InHand, dice: Dice) -> None:
        record = self.world.brokers[held.turn.place.log].records[held.turn.place.offset]
        if (
            self.world.has("causes")
            and member.group.name == "payment"
            and record.send is not None
            and held.turn.place.log.destination == "orders"
            and dice.chance(0.6)
        ):
            log = self.world.producers.log_of("payments", record.send.key, dice)
            self.world.producers.send(
                member.sender, log, key=record.send.key, cause=record.send.event, within=held.context
            )
        self._end(member, held, ok=True)

    def _fail(self, member: Member, held: InHand, dice: Dice) -> None:
        """A handler that raises: handled again at once, sent to a retry or dead-letter topic, or left at that."""
        turn = held.turn
        if self.world.has("retry-topics") and member.group.name == "payment" and dice.chance(0.7):
            self._pass_on(member, held, dice)
            return
        self._end(member, held, ok=False)
        if self.world.has("retry-in-place") and dice.chance(0.5):
            self._end(member, self._begin(member, turn), ok=dice.chance(0.6))
        elif self.world.has("seek") and not member.concurrent and turn.place.log in member.holds and dice.chance(0.4):
            self._seek(member, turn.place.log, turn.place.offset)

    def _pass_on(self, member: Member, held: InHand, dice: Dice) -> None:
        record = self.world.brokers[held.turn.place.log].records[held.turn.place.offset]
        assert record.send is not None
        to_retry = held.turn.place.log.destination == "orders" and dice.chance(0.7)
        log = self.world.logs("orders-retry" if to_retry else "orders-dlq")[0]
        self.world.producers.send(
            member.sender,
            log,
            key=record.send.key,
            event=record.send.event,
            origin=held.turn.place,
            origin_group=member.group.name,
            within=held.context,
        )
        self._end(member, held, ok=False)

    def step_commit(self, dice: Dice) -> None:
        """Commit what is done of each partition, or (auto-commit, a hasty handler) what was fetched."""
        member = self._member(dice)
        if member is not None:
            self._commit(member, early=self.world.has("early-commit") and dice.chance(0.4))

    def _commit(self, member: Member, *, early: bool = False, refused: bool = False) -> None:
        self._seal(member)
        for log, hold in member.holds.items():
            waiting = [turn.place.offset for turn in member.queue if turn.place.log == log]
            waiting += [held.turn.place.offset for held in member.hand if held.turn.place.log == log]
            position = hold.position if early else min([*waiting, hold.position])
            if position == hold.committed:
                continue
            self._move(member, log, "commit", position, hold.ownership, refused=refused)
            if not refused:
                hold.committed = position
                member.group.committed[log] = position

    def step_refused_commit(self, dice: Dice) -> None:
        member = self._member(dice)
        if member is not None:
            self._commit(member, refused=True)

    def step_seek(self, dice: Dice) -> None:
        """The application moves its position, back or forward."""
        member = self._member(dice)
        if member is None or not member.holds or member.hand:
            return
        log = list(member.holds)[dice.below(len(member.holds))]
        broker = self.world.brokers[log]
        if dice.chance(0.75):
            position = broker.start + dice.below(max(member.holds[log].position - broker.start, 1))
        else:
            position = min(member.holds[log].position + 1 + dice.below(3), broker.stable_end)
        self._seek(member, log, position)

    def _seek(self, member: Member, log: Log, position: int) -> None:
        self._seal(member)
        hold = member.holds[log]
        hold.position = position
        self._sequences += 1
        hold.sequence = self._sequences
        member.queue = [turn for turn in member.queue if turn.place.log != log]
        self._move(member, log, "seek", position, hold.ownership)

    def step_leap(self, dice: Dice) -> None:
        """A faulty wrapper: a record is fetched and never handed to the application."""
        member = self._member(dice)
        if member is None or (not member.concurrent and (member.queue or member.hand)):
            return
        self._seal(member)
        for log, hold in member.holds.items():
            ready = self.world.brokers[log].readable(hold.position)
            if len(ready) > 1 and hold.position >= self.world.brokers[log].start:
                self._hand(member, log, ready[1:3], later=True)
                return

    def step_odd_poll(self, dice: Dice) -> None:
        """A faulty wrapper: the second half of what was fetched is handed out before the first."""
        member = self._member(dice)
        if member is None or (not member.concurrent and (member.queue or member.hand)):
            return
        self._seal(member)
        for log, hold in member.holds.items():
            ready = self.world.brokers[log].readable(hold.position)[:4]
            if len(ready) > 1 and hold.position >= self.world.brokers[log].start:
                half = len(ready) // 2
                self._hand(member, log, ready[half:], later=True)
                self._hand(member, log, ready[:half], later=True)
                return

    def step_rebalance(self, dice: Dice) -> None:
        """A member comes, or leaves in order."""
        group = self.all[dice.below(len(self.all))]
        present = group.present
        if group.manual:
            self._replace(present[0], dice) if present else self.join(group, dice)
        elif len(present) > 1 and dice.chance(0.5):
            self.close(present[dice.below(len(present))])
            self._rebalance(group)
        else:
            self.join(group, dice)

    def step_restart(self, dice: Dice) -> None:
        """A member leaves in order and another one takes its place."""
        member = self._member(dice)
        if member is not None and self.world.has("static"):
            self._replace(member, dice)
        elif member is not None:
            self.close(member)
            self.join(member.group, dice)

    def _replace(self, member: Member, dice: Dice) -> None:
        """Another process takes over as the same static member: the same partitions in the same generation."""
        logs = list(member.holds)
        self.close(member)
        self.world.pass_ms(5)
        following = self._start(member.group, member.life.host, dice)
        for log in logs:
            self._own(following, log)

    def step_crash(self, dice: Dice) -> None:
        """A member is killed; the group notices after a while, mostly."""
        member = self._member(dice)
        if member is None:
            return
        self._seal(member)
        member.life.ended, member.life.how = self.world.order(), "crashed"
        logs = list(member.holds)
        member.holds.clear()
        member.queue.clear()
        member.hand.clear()
        self.world.pass_ms(10_000)
        if logs and self.world.has("static") and dice.chance(0.5):
            following = self._start(member.group, member.life.host, dice)
            for log in logs:
                self._own(following, log)
        elif dice.chance(0.8):
            self.join(member.group, dice)

    def step_evict(self, dice: Dice) -> None:
        """A handler hangs for so long that the group goes on without its member."""
        hanging = [
            member
            for group in self.all
            for member in group.present
            if member.hand and not member.concurrent and len(group.present) > 1
        ]
        member = self._pick(dice, hanging)
        if member is None:
            return
        self._seal(member)
        member.evicted = True
        self.world.pass_ms(10_000)
        self._rebalance(member.group)

    def step_back(self, dice: Dice) -> None:
        """A member that hung ends what it had in hand, learns that it was left behind, and joins again."""
        gone = [member for group in self.all for member in group.living if member.evicted]
        member = self._pick(dice, gone)
        if member is None:
            return
        for held in list(member.hand):
            self._end(member, held, ok=True)
        self._commit(member, refused=True)
        self._let_go(member)
        member.evicted = False
        self._rebalance(member.group)

    def step_outside_reset(self, dice: Dice) -> None:
        """The group is stopped, its position set by the command line, and it is started again."""
        group = self.all[dice.below(len(self.all))]
        if not group.committed or any(member.evicted for member in group.living):
            return
        self.everybody_leaves(group)
        log = list(group.committed)[dice.below(len(group.committed))]
        if not self.world.present(log):
            return
        broker = self.world.brokers[log]
        group.committed[log] = broker.start + dice.below(broker.stable_end - broker.start + 1)
        group.set_from_outside.add(log)
        self.world.order()
        self.world.pass_ms(1_000)
        self.join(group, dice)

    def step_drain(self, dice: Dice) -> None:
        """Everybody handles all there is, and commits."""
        for group in self.all:
            for member in group.present:
                for _ in range(40):
                    self._finish_all(member)
                    if not self._poll(member, dice):
                        break
                self._commit(member)
