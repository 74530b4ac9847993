"""What members are handed, and how it is told: receives, processings, and their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.histories.world import MS
from tests.simulator.facts import Attempt, Place, Turn
from tests.simulator.foreign import Stranger
from tests.simulator.members import SEALED_AFTER_MS, InHand, Member, Range
from tests.simulator.ownership import Ownership
from tests.simulator.producers import said_of

if TYPE_CHECKING:
    from tests.simulator.facts import Log


class Handling(Ownership):
    """What members are handed and what becomes of it."""

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
