"""Groups of consumers: what may happen to them, step by step."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.handling import Handling

if TYPE_CHECKING:
    from tests.simulator.facts import Log
    from tests.simulator.members import InHand, Member
    from tests.simulator.world import Dice


class Groups(Handling):
    """All groups of a world, and their steps."""

    def _pick(self, dice: Dice, members: list[Member]) -> Member | None:
        return members[dice.below(len(members))] if members else None

    def _member(self, dice: Dice) -> Member | None:
        return self._pick(dice, [member for group in self.all for member in group.present])

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
