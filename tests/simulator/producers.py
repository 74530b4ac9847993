"""Producers: what they send, what becomes of it, and what they are told."""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from tests.simulator.facts import Life, Place, Record, Send, Transaction
from tests.simulator.foreign import Stranger

if TYPE_CHECKING:
    from tests.histories.world import Service
    from tests.simulator.facts import Log
    from tests.simulator.foreign import Context, Dialect
    from tests.simulator.world import Broker, Dice, World

KEYS = ("a", "b", "c", None)
FLOW = "flow-1"


class Producer:
    """One process that sends."""

    def __init__(self, world: World, wire: Service) -> None:
        self.wire = wire
        self.open: Transaction | None = None
        self.seq: dict[str, int] = {}
        world.facts.lives[wire.instance] = Life(
            wire.instance, wire.name, wire.resource["host.name"], wire.group, world.order()
        )
        if isinstance(wire, Stranger):
            world.facts.lives[wire.instance].dialect = wire.dialect


def said_of(send: Send) -> dict[str, Any]:
    """Return what our tracer says of a message's content, at either end."""
    return {
        "flowtrail.payload.digest": send.digest,
        "flowtrail.schema.id": None if send.schema is None else str(send.schema),
        "cloudevents.event_type": send.type,
    }


class Producers:
    """All that send."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shops = [Producer(world, world.process("shop", "alpha"))]
        if world.has("two-services"):
            self.shops.append(Producer(world, world.process("office", "beta")))
        self._contents: dict[str, str] = {}
        self._schemas: dict[str, int] = {}
        self._messages = 0
        self._transactions = 0
        self.alive = True

    # --- sending, as every sender does ---

    def send(
        self,
        sender: Producer,
        log: Log | None,
        *,
        key: str | None = None,
        event: str | None = None,
        destination: str | None = None,
        outcome: str = "acked",
        appended: int = 1,
        acked_copy: int = -1,
        cause: str | None = None,
        origin: Place | None = None,
        origin_group: str | None = None,
        origin_sent: Any = None,
        tell: bool = True,
        within: Context | None = None,
    ) -> Send:
        """Send one message: it is appended `appended` times to `log`, and the client learns `outcome`."""
        world = self.world
        name = destination or (log.destination if log else "")
        dialect = world.facts.lives[sender.wire.instance].dialect
        stamped = dialect is None or world.manner.own_ids or (origin is not None and self._stamped(origin))
        if event is None or (not stamped and origin is None):  # without an id, a message sent again is another event
            self._messages += 1
            event = f"m-{self._messages}"
        sender.seq[name] = sender.seq.get(name, 0) + 1
        send = Send(
            event, name, key, sender.wire.instance, sender.wire.name, sender.seq[name], world.order(),
            cause=cause, origin=origin, origin_group=origin_group, transaction=sender.open, log=log, start_ms=world.now,
            stamped=stamped, named=dialect is None or (stamped and world.manner.captured), dialect=dialect,
        )  # fmt: skip
        send.outcome = outcome
        if world.has("digests"):
            send.digest = f"digest-of-{self._contents.get(event, event)}"
        if world.has("schemas"):
            send.schema = self._schemas.get(sender.wire.name, 7)
            send.type = "Placed" if world.has("typed") else None
        send.cause_told = cause is None or within is not None or self._causes_are_told(cause, dialect)
        world.facts.sends.append(send)
        if sender.open is not None:
            sender.open.sends.append(send)
        began = world.beginning(sender.wire)
        world.pass_ms(2)
        if log is not None:
            for _ in range(appended):
                self.append(world.brokers[log], send)
        if tell:
            self.acknowledge(sender, send, began, acked_copy, within)
        return send

    def _stamped(self, origin: Place) -> bool:
        send = self.world.brokers[origin.log].records[origin.offset].send
        return send is not None and send.stamped

    def _causes_are_told(self, cause: str, dialect: Dialect | None) -> bool:
        """Tell whether a causation id is told: the cause has an id, and the header is seen."""
        named = all(send.stamped for send in self.world.facts.sends if send.event == cause)
        return named and (dialect is None or (self.world.manner.own_ids and self.world.manner.captured))

    def append(self, broker: Broker, send: Send | None) -> int:
        """Write one record, or a marker."""
        offset = broker.end
        broker.records[offset] = Record(Place(broker.log, offset), send, self.world.order())
        broker.end += 1
        if send is not None:
            send.appended.append(offset)
            send.appended_order.append(self.world.order())
        return offset

    def acknowledge(
        self,
        sender: Producer,
        send: Send,
        began: tuple[float, float],
        acked_copy: int = -1,
        within: Context | None = None,
    ) -> None:
        """Let the client learn what it learns, and tell of it."""
        if send.outcome == "acked":
            send.acked = send.appended[acked_copy]
            send.acked_order = self.world.order()
        errors = {"failed": "MessageSizeTooLargeError", "in-doubt": "KafkaTimeoutError"}
        attributes: dict[str, Any] = {"flowtrail.publish.timeout": send.timeout_ms}
        attributes |= said_of(send)
        if send.transaction is not None:
            attributes["flowtrail.transaction.id"] = send.transaction.id
        if send.origin is not None:
            attributes |= {
                "flowtrail.origin.destination": send.origin.log.destination,
                "flowtrail.origin.partition": send.origin.log.partition,
                "flowtrail.origin.offset": send.origin.offset,
                "flowtrail.origin.group": send.origin_group,
            }
        if send.cause is not None and send.cause_told:
            attributes["flowtrail.causation.id"] = send.cause
        foreign: dict[str, Any] = {"cause": send.cause, "within": within}
        foreign = foreign if isinstance(sender.wire, Stranger) else {}
        known = send.outcome == "acked"
        send.wire = sender.wire.send(
            send.destination,
            send.log.partition if send.log is not None and known else None,
            send.acked,
            id=send.event if send.stamped else None,
            key=send.key,
            flow=FLOW if send.stamped else None,
            outcome=send.outcome,
            error=errors.get(send.outcome),
            seq=send.seq,
            attributes=attributes,
            **foreign,
            **self.world.stamp(sender.wire, began),
        )
        if send.dialect is not None:
            send.acked = send.acked if send.dialect.acks else None
            send.named = send.named and (send.outcome == "acked" or send.dialect.failures != "bare")

    def log_of(self, destination: str, key: str | None, dice: Dice) -> Log:
        """Choose the partition as a client does: by key, else anyhow."""
        logs = self.world.logs(destination)
        return logs[zlib.crc32(key.encode()) % len(logs)] if key is not None else logs[dice.below(len(logs))]

    def send_to(self, log: Log, dice: Dice) -> Send:
        """Send to one partition, without a key."""
        return self.send(self._shop(dice), log)

    def bystander(self) -> None:
        """Let a process that has nothing to do with anything give a sign."""
        wire = self.world.wire.service("bystander", host="alpha")
        wire.span("close", "close", None, {}, **self.world.stamp(wire))

    def _shop(self, dice: Dice) -> Producer:
        return self.shops[dice.below(len(self.shops))]

    def _plain(self, dice: Dice) -> tuple[Producer, str, str | None, Log]:
        sender = self._shop(dice)
        key = KEYS[dice.below(len(KEYS))]
        destination = "payments" if dice.chance(0.15) else "orders"
        return sender, destination, key, self.log_of(destination, key, dice)

    # --- steps ---

    def step_same_content(self, dice: Dice) -> None:
        """The application publishes a content again, as a new event: shortly afterwards, or much later."""
        mine = [send for send in self.world.facts.sends if send.log in self.world.brokers and send.origin is None]
        if not mine:
            return
        before = mine[dice.below(len(mine))]
        assert before.log is not None
        if dice.chance(0.2):
            self.world.pass_ms(75_000)
        self._messages += 1
        event = f"m-{self._messages}"
        self._contents[event] = self._contents.get(before.event, before.event)
        self.send(self._shop(dice), before.log, key=before.key, event=event)

    def step_new_schema(self, dice: Dice) -> None:
        """A new version of a service is rolled out, or the last one taken back."""
        name = self._shop(dice).wire.name
        self._schemas[name] = max(self._schemas.get(name, 7) + (1 if dice.chance(0.7) else -1), 7)

    def step_storm(self, dice: Dice) -> None:
        """One event causes a hundred others, more or less."""
        sender = self._shop(dice)
        if sender.open is not None:
            return
        first = self.send(sender, self.log_of("orders", None, dice))
        for _ in range(98 + dice.below(6)):
            self.send(sender, self.log_of("payments", None, dice), cause=first.event)

    def step_send(self, dice: Dice) -> None:
        sender, _, key, log = self._plain(dice)
        self.send(sender, log, key=key)

    def step_fail_to_send(self, dice: Dice) -> None:
        """A definite failure; now and then the application sends the event again."""
        sender, destination, key, log = self._plain(dice)
        failed = self.send(sender, None, destination=destination, key=key, outcome="failed")
        if self.world.has("sent-again") and dice.chance(0.5):
            self.send(sender, log, key=key, event=failed.event)

    def step_doubt(self, dice: Dice) -> None:
        """No answer came; the record may be there or not."""
        sender, destination, key, log = self._plain(dice)
        appended = dice.chance(0.5)
        self.send(sender, log if appended else None, destination=destination, key=key, outcome="in-doubt")

    def step_ghost(self, dice: Dice) -> None:
        """The client was told that it failed, and the record is there."""
        sender, _, key, log = self._plain(dice)
        self.send(sender, log, key=key, outcome="failed")

    def step_resend(self, dice: Dice) -> None:
        """The client's own retry, not idempotent: one send operation, two records."""
        sender, _, key, log = self._plain(dice)
        self.send(sender, log, key=key, appended=2, acked_copy=-1 if dice.chance(0.8) else 0)

    def step_overtake(self, dice: Dice) -> None:
        """Two sends in flight, the first one's first try lost: the second is appended before it."""
        sender, _, key, log = self._plain(dice)
        other_key = key if dice.chance(0.5) else KEYS[dice.below(len(KEYS))]
        if sender.open is not None or (other_key is not None and self.log_of(log.destination, other_key, dice) != log):
            other_key = key
        if sender.open is not None:
            return
        broker = self.world.brokers[log]
        began = self.world.beginning(sender.wire)
        tried = int(dice.chance(0.25) and self.world.has("overtake-twice"))
        first = self.send(sender, log, key=key, appended=tried, tell=False)
        second = self.send(sender, log, key=other_key, tell=False)
        self.acknowledge(sender, second, began)
        self.append(broker, first)
        self.acknowledge(sender, first, began)

    def step_republish(self, dice: Dice) -> None:
        """The application sends one event again."""
        mine = [
            send
            for send in self.world.facts.sends
            if send.outcome != "failed" and send.origin is None and send.cause is None
        ]
        if not mine:
            return
        before = mine[dice.below(len(mine))]
        sender = next((shop for shop in self.shops if shop.wire.instance == before.instance), None)
        if sender is None:
            return
        log = self.log_of(before.destination, before.key, dice)
        if not self.world.has("republish-elsewhere"):
            if before.log is None or not self.world.present(before.log):
                return
            log = before.log
        self.send(sender, log, key=before.key, event=before.event)

    def step_elsewhere(self, dice: Dice) -> None:
        """The same event goes to another destination as well: no duplicate."""
        mine = [send for send in self.world.facts.sends if send.destination == "orders" and send.origin is None]
        if not mine:
            return
        before = mine[dice.below(len(mine))]
        log = self.log_of("payments", before.key, dice)
        self.send(self._shop(dice), log, key=before.key, event=before.event)

    def step_transaction(self, dice: Dice) -> None:
        """Begin a transaction, or end the open one."""
        sender = self._shop(dice)
        if sender.open is None:
            self._transactions += 1
            sender.open = Transaction(f"tx-{sender.wire.name}", sender.wire.instance)
        else:
            self._end(sender, "committed" if dice.chance(0.6) else "aborted")

    def end_transactions(self) -> None:
        """End every open transaction."""
        for sender in self.shops:
            if sender.open is not None:
                self._end(sender, "committed")

    def _end(self, sender: Producer, outcome: str) -> None:
        transaction = sender.open
        assert transaction is not None
        sender.open = None
        transaction.outcome = outcome
        for log in dict.fromkeys(send.log for send in transaction.sends if send.log is not None and send.appended):
            self.append(self.world.brokers[log], None)
        self.world.order()
        wire = sender.wire
        off = self.world.stamp(wire)
        name = {"committed": "commit-transaction", "aborted": "abort-transaction"}[outcome]
        wire.span(
            "settle",
            name,
            None,
            {
                "flowtrail.transaction.id": transaction.id,
                "flowtrail.transaction.outcome": outcome,
                "flowtrail.producer.epoch": wire.epoch,
            },
            **off,
        )

    def step_conflict(self, dice: Dice) -> None:
        """An unclean election: the newest record was acked and is gone, the next one takes its place."""
        sender, _, key, log = self._plain(dice)
        broker = self.world.brokers[log]
        last = broker.records.get(broker.end - 1)
        handed = any(turn.place.log == log and turn.place.offset == broker.end - 1 for turn in self.world.facts.turns)
        passed = any(
            move.log == log and move.position >= broker.end and not move.refused for move in self.world.facts.moves
        )
        if (
            last is None
            or last.place.offset == 0
            or last.send is None
            or last.send.transaction
            or sender.open
            or handed
            or passed
        ):
            return
        if last.removed or last.send.outcome != "acked" or last.send.acked != last.place.offset:
            return
        last.overwritten = True
        self.world.facts.overwritten.append(last)
        last.send.appended.remove(last.place.offset)
        broker.end -= 1
        self.send(sender, log, key=key)

    def step_loop(self, dice: Dice) -> None:
        """A service that answers itself: each event causes the next one."""
        sender = self._shop(dice)
        if sender.open is not None:
            return
        cause = None
        for _ in range(3 + dice.below(3)):
            cause = self.send(sender, self.log_of("payments", None, dice), cause=cause).event

    def step_leave(self, dice: Dice) -> None:
        """Everybody closes in order."""
        self.end_transactions()
        self.world.groups.everybody()
        for sender in self.shops:
            life = self.world.facts.lives[sender.wire.instance]
            if life.how == "alive":
                life.ended, life.how = self.world.order(), "closed"
                sender.wire.span("close", "close", None, {}, **self.world.stamp(sender.wire))
