"""Plays a script: brokers, producers, groups and their members, each doing what the real ones do.

What happens goes into `facts`, and out as the spans of the contract, by the clock of the host it happened on. The two
are written beside one another and never looked at again from here.
"""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.histories.world import MS, START_NS
from tests.histories.world import World as Wire
from tests.simulator.facts import Facts, Log, LogStart
from tests.simulator.foreign import Manner, Stranger, dialect_of
from tests.simulator.groups import Groups
from tests.simulator.producers import Producers
from tests.simulator.samples import sampled
from tests.simulator.telemetry import who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrail_collector.broker.sample import Sample
    from tests.histories.world import Service, Span
    from tests.simulator.facts import Record
    from tests.simulator.script import Script

ORDERS, PAYMENTS, RETRY, DEAD = "orders", "payments", "orders-retry", "orders-dlq"
HOSTS = ("alpha", "beta")


class Dice:
    """The dice of one step, used one after the other, again from the first when all are used."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = itertools.cycle(values)

    def chance(self, share: float) -> bool:
        return next(self._values) < share

    def below(self, count: int) -> int:
        return min(int(next(self._values) * count), count - 1)

    def among(self, things: Sequence[object]) -> object:
        return things[self.below(len(things))]


@dataclass
class Broker:
    """What the broker keeps of one partition."""

    log: Log
    records: dict[int, Record] = field(default_factory=dict)
    start: int = 0
    end: int = 0

    @property
    def stable_end(self) -> int:
        """The last stable offset: below it no transaction is open."""
        return min(
            (
                offset
                for offset, record in self.records.items()
                if record.send is not None
                and record.send.transaction is not None
                and record.send.transaction.outcome == "open"
            ),
            default=self.end,
        )

    def readable(self, position: int) -> list[int]:
        """The offsets from a position on that a reader of committed records is handed."""
        return [
            offset
            for offset in range(max(position, self.start), self.stable_end)
            if (record := self.records[offset]).send is not None
            and record.removed is None
            and (record.send.transaction is None or record.send.transaction.outcome == "committed")
        ]


class World:
    """One world, played to its end."""

    def __init__(self, script: Script, salt: int = 0) -> None:
        self.script = script
        self.features = script.features
        self.facts = Facts(broker_watched="watched" in script.features)
        self.wire = Wire()
        self.wire._ids = random.Random(f"ids {script.seed} {salt}")  # noqa: S311 ids of a test
        self.now = 0.0
        self.offsets = dict.fromkeys(HOSTS, 0.0)
        self.samples: list[Sample] = []
        self.brokers: dict[Log, Broker] = {}
        self._orders = itertools.count(1)
        for destination in (ORDERS, PAYMENTS, RETRY, DEAD):
            count = script.partitions if destination == ORDERS else 1
            for partition in range(count):
                self.new_log(Log(destination, partition))
        if "compaction" in self.features:
            self.facts.compacting.add(ORDERS)
        if "skew" in self.features:
            self.offsets["beta"] = (script.seed % 7 - 3) * (45_000.0 if self.has("wide-skew") else 0.4)
        self.manner = Manner(
            own_ids=self.has("own-ids"),
            captured=self.has("captured-headers"),
            sampled=self.has("says-sampled") and not script.incomplete,
        )
        self.facts.captured = self.manner.captured
        self._instances = itertools.count(1)
        self.producers = Producers(self)
        self.groups = Groups(self)
        for step in script.steps:
            self.play(step.name, Dice(step.dice))
        self.finish()

    def finish(self) -> None:
        """Let the last ranges be told of, and see what the clocks say."""
        self.pass_ms(500)
        self.groups.seal_all()
        self.facts.as_of_ns = max((span.end_ns for span in self.spans), default=0)
        for span in self.spans:
            told = self.facts.last_sign_ns
            instance = who(span)
            told[instance] = max(told.get(instance, 0), span.end_ns)
        self.facts.broker_watched = bool(self.samples)
        if self.samples:
            self.facts.as_of_ns = max(self.facts.as_of_ns, self.samples[-1].at_ns)

    @property
    def spans(self) -> list[Span]:
        return self.wire.spans

    def play(self, name: str, dice: Dice) -> None:
        """Let one step happen."""
        self.now += 5
        self.groups.seal_all()
        for actor in (self, self.producers, self.groups):
            step = getattr(actor, f"step_{name}", None)
            if step is not None:
                step(dice)
                return
        raise AssertionError(name)

    # --- what actors need ---

    def process(self, service: str, host: str, *, group: str | None = None, generation: int | None = 1) -> Service:
        """Start a process of a service, under our tracer or another instrumentation."""
        if not (self.has("foreign") and self.has(f"foreign-{service}")):
            return self.wire.service(service, group=group, host=host, generation=generation)
        dialect = dialect_of(self.script.seed, service)
        return Stranger(self.wire, service, host, group, dialect, self.manner, f"{service}/f{next(self._instances)}")

    def order(self) -> int:
        """Count a happening."""
        return next(self._orders)

    def has(self, feature: str) -> bool:
        return feature in self.features

    def pass_ms(self, ms: float) -> None:
        self.now += ms

    def stamp(self, service: Service, began: tuple[float, float] | None = None) -> dict[str, Any]:
        """Return start and end of a span that ends now, as `service` wants them; its clock is that of its host."""
        host = service.resource["host.name"]
        service.clock_off_ms = self.offsets[host]
        begun, off = began or (self.now - 1, self.offsets[host])
        start = START_NS + int((begun + off - self.offsets[host]) * MS)
        return {"start": start, "end": max(start, START_NS + int(self.now * MS))}

    def beginning(self, service: Service) -> tuple[float, float]:
        """Return what `stamp` needs of a span that begins now."""
        return self.now, self.offsets[service.resource["host.name"]]

    def new_log(self, log: Log) -> None:
        self.brokers[log] = Broker(log)
        self.facts.records[log] = self.brokers[log].records

    def logs(self, destination: str) -> list[Log]:
        """Return the present partitions of a destination."""
        newest: dict[int, Log] = {}
        for log in self.brokers:
            if log.destination == destination:
                newest[log.partition] = log
        return list(newest.values())

    def present(self, log: Log) -> bool:
        return log in self.logs(log.destination)

    # --- steps of brokers and hosts ---

    def step_compact(self, dice: Dice) -> None:
        """Remove records that a later one of their key replaces, below some point."""
        broker = self.brokers[dice.among(self.logs(ORDERS))]  # type: ignore[index]
        dirty = dice.below(broker.stable_end + 1)
        newest: dict[str, int] = {}
        for offset in sorted(broker.records):
            send = broker.records[offset].send
            committed = send is not None and (send.transaction is None or send.transaction.outcome == "committed")
            if send is not None and send.key is not None and committed and offset < broker.stable_end:
                newest[send.key] = offset
        order = self.order()
        for offset, record in broker.records.items():
            key = record.send.key if record.send else None
            if offset < dirty and key is not None and newest.get(key, -1) > offset and record.removed is None:
                record.removed, record.removed_order = "compacted", order

    def step_retain(self, dice: Dice) -> None:
        """Let the log start move on."""
        broker = self.brokers[dice.among(self.logs(ORDERS))]  # type: ignore[index]
        start = min(broker.start + 1 + dice.below(4), broker.stable_end)
        if start <= broker.start:
            return
        broker.start = start
        order = self.order()
        self.facts.log_starts.append(LogStart(broker.log, start, order))
        for offset in range(start):
            record = broker.records[offset]
            if record.removed is None:
                record.removed, record.removed_order = "retention", order
        if self.has("watched"):
            self.samples.append(sampled(self))

    def step_recreate(self, dice: Dice) -> None:
        """Delete a topic and create it again; its readers leave before and come back after."""
        firsts = [self.brokers[log].records.get(0) for log in self.logs(ORDERS)]
        if any(first is None or first.send is None or first.send.acked != 0 for first in firsts):
            return  # nothing but acks from 0 on again tells that a topic was created anew
        for group in self.groups.of_destination(ORDERS):
            self.groups.everybody_leaves(group)
        self.producers.end_transactions()
        self.pass_ms(2_000)
        for log in self.logs(ORDERS):
            self.new_log(Log(log.destination, log.partition, log.incarnation + 1))
        self.order()
        for group in self.groups.of_destination(ORDERS):
            self.groups.forget(group, ORDERS)
        self.pass_ms(2_000)
        for log in self.logs(ORDERS):
            self.producers.send_to(log, dice)
        for group in self.groups.of_destination(ORDERS):
            self.groups.join(group, dice)

    def step_step_clock(self, dice: Dice) -> None:
        """Set a host's clock while its processes run; where a group has no generations, nothing else tells an order."""
        if self.has("manual"):
            return
        host = HOSTS[dice.below(2)]
        self.facts.stepped = True
        self.offsets[host] += (dice.below(5) - 2) * 7_000.0

    def step_sample(self, dice: Dice) -> None:
        """Let the watcher ask the broker."""
        self.pass_ms(1)
        self.samples.append(sampled(self))

    def step_age(self, dice: Dice) -> None:
        """Let more time pass than any client waits, until somebody gives a sign."""
        self.pass_ms(400_000)
        self.producers.bystander()
