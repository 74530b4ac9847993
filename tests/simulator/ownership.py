"""Who owns what: members that join and leave, rebalances, and positions that are set."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.facts import Move
from tests.simulator.members import Group, Hold, Member

if TYPE_CHECKING:
    from tests.simulator.facts import Log
    from tests.simulator.world import Dice, World


class Ownership:
    """The groups of a world, and how partitions go from member to member."""

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
