"""Random small worlds, told as the spans of the contract; a seed names each.

A topic of two partitions, a producer that may resend, a group that is rebalanced, crashes, seeks, fails, leaves
records behind, and is not handed every one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.questions.history import History

if TYPE_CHECKING:
    from tests.questions.history import Member, Sent, Span

TOPIC = "orders"
PARTITIONS = 2


@dataclass
class _Partition:
    log: list[Sent] = field(default_factory=list)
    owner: Member | None = None
    position: int = 0
    committed: int = 0
    handed: list[int] = field(default_factory=list)


class World:
    """Plays `steps` random things and keeps the spans that tell of them."""

    def __init__(self, seed: int, steps: int = 25) -> None:
        self.history = History(seed)
        self._random = random.Random(seed)  # noqa: S311 a seeded world
        self._orders = self.history.service("orders")
        self._generation = 1
        self._partitions = [_Partition() for _ in range(PARTITIONS)]
        for number in range(PARTITIONS):
            self._own(number, self._member())
        for _ in range(steps):
            self._step()

    @property
    def spans(self) -> list[Span]:
        return self.history.spans

    def _member(self) -> Member:
        host = self._random.choice(["host-a", "host-b"])
        return self.history.member("payment", group="payment", host=host, generation=self._generation)

    def _own(self, number: int, member: Member) -> None:
        partition = self._partitions[number]
        partition.owner, partition.position, partition.handed = member, partition.committed, []
        member.assign(TOPIC, number, partition.committed, generation=self._generation)

    def _step(self) -> None:
        number = self._random.randrange(PARTITIONS)
        partition = self._partitions[number]
        act = self._random.choices(
            [self._send, self._poll, self._process, self._commit, self._rebalance, self._seek], [6, 6, 9, 3, 1, 1]
        )[0]
        act(number, partition)

    def _send(self, number: int, partition: _Partition) -> None:
        key = self._random.choice(["a", "b", None])
        chance = self._random.random()
        if chance < 0.1:
            self._orders.send(TOPIC, number, outcome="failed", error="MessageSizeTooLargeError", key=key)
            return
        type_ = {"cloudevents.event_type": ("OrderPlaced", "OrderPaid")[len(partition.log) % 2]}
        sent = self._orders.send(TOPIC, number, len(partition.log), key=key, **type_)
        partition.log.append(sent)
        if chance < 0.2:
            partition.log.append(sent)  # the client's retry was not idempotent
        elif chance < 0.3:
            again = self._orders.send(TOPIC, number, len(partition.log), key=key, message_id=sent.message_id, **type_)
            partition.log.append(again)

    def _poll(self, number: int, partition: _Partition) -> None:
        last = min(len(partition.log), partition.position + self._random.randint(1, 4)) - 1
        if partition.owner is None or last < partition.position:
            return
        offsets = list(range(partition.position, last + 1))
        if len(offsets) > 1 and self._random.random() < 0.15:
            offsets.remove(self._random.choice(offsets))  # the broker left one out
        runs = ",".join(map(str, offsets)) if len(offsets) < last + 1 - partition.position else None
        partition.owner.receive(TOPIC, number, offsets[0], offsets[-1], runs=runs, count=len(offsets))
        partition.handed += offsets
        partition.position = last + 1

    def _process(self, number: int, partition: _Partition) -> None:
        if partition.owner is None or not partition.handed:
            return
        offset = partition.handed.pop(0)
        chance = self._random.random()
        if chance < 0.08:
            return  # left behind without a word
        error = "ValueError" if chance < 0.2 else None
        partition.owner.process(partition.log[offset], offset=offset, error=error)

    def _commit(self, number: int, partition: _Partition) -> None:
        if partition.owner is None:
            return
        at = partition.handed[0] if partition.handed and self._random.random() < 0.8 else partition.position
        partition.committed = at
        partition.owner.commit(TOPIC, number, at)

    def _rebalance(self, number: int, partition: _Partition) -> None:
        if partition.owner is not None and self._random.random() < 0.6:
            partition.owner.revoke(TOPIC, number, partition.committed)
        self._generation += 1
        self._own(number, self._member())

    def _seek(self, number: int, partition: _Partition) -> None:
        if partition.owner is None:
            return
        at = self._random.randint(0, partition.position if self._random.random() < 0.7 else len(partition.log))
        partition.owner.seek(TOPIC, number, at)
        partition.position, partition.handed = at, []


def lossy(spans: list[Span], seed: int, share: float = 0.03) -> list[Span]:
    """Lose some spans, and let the tracestates of others, which lose their numbers, tell of sampling."""
    chance = random.Random(f"lossy {seed}")  # noqa: S311 a seeded world
    kept = [span for span in spans if chance.random() > share]
    if chance.random() < 0.5:
        return kept
    foreign = chance.choice(spans).resource
    return [
        replace(
            span,
            attributes={name: value for name, value in span.attributes.items() if name != "flowtrail.number"},
            trace_state=chance.choice(["ot=th:8", "ot=th:0", ""]),
        )
        if span.resource == foreign
        else span
        for span in kept
    ]


DESTINATIONS = ("orders", "invoices", "orders.retry", "mails")


class Chains:
    """Events that cause one another: by ids, below processings, by links, over copies; with types, schemas, digests."""

    def __init__(self, seed: int, steps: int = 40) -> None:
        self.history = History(seed)
        self._random = random.Random(seed)  # noqa: S311 a seeded world
        self._senders = {name: self.history.service(f"to-{name}") for name in DESTINATIONS}
        self._readers = {name: self.history.member("reader", group="reader") for name in DESTINATIONS}
        self._ends = dict.fromkeys(DESTINATIONS, 0)
        self._sent: list[Sent] = []
        for _ in range(steps):
            self._step()

    @property
    def spans(self) -> list[Span]:
        return self.history.spans

    def _step(self) -> None:
        chosen = self._random
        # Mostly the newest event goes on, so that chains grow long.
        cause = chosen.choice(self._sent[-1:] * len(self._sent) + self._sent) if self._sent else None
        destination = chosen.choice(DESTINATIONS)
        more: dict[str, Any] = {
            "cloudevents.event_type": chosen.choice(["Placed"] * 5 + ["Changed", None]),
            "flowtrail.schema.id": chosen.choice(["7", "8", None]),
            "messaging.message.content_type": chosen.choice(["application/json"] * 4 + ["avro/binary", None]),
            "messaging.header.event_version": chosen.choice(["1", "1", "2", None]),
            "flowtrail.payload.digest": chosen.choice(["d1", "d2", "d3", None]),
        }
        tie = chosen.choice(["id"] * 9 + ["parent"] * 3 + ["link"] * 3 + ["none"])
        message_id: str | None = ""
        if tie == "id" and chosen.random() < 0.2:
            message_id = None
        if self._sent and chosen.random() < 0.08:
            message_id = chosen.choice(self._sent).message_id
        if destination == "orders.retry" and cause is not None and chosen.random() < 0.7:
            more["flowtrail.origin.destination"] = cause.destination
            more["flowtrail.origin.partition"] = cause.partition
            more["flowtrail.origin.offset"] = cause.offset
        failed = chosen.random() < 0.05
        sent = self._senders[destination].send(
            destination,
            0,
            None if failed else self._ends[destination],
            key=chosen.choice(["a", None]),
            message_id=message_id,
            outcome="failed" if failed else "acked",
            error="RecordTooLarge" if failed else None,
            causation=cause if tie == "id" else None,
            **more,
        )
        span = self.spans[-1]
        if cause is not None and tie in {"parent", "link"} and cause.offset is not None:
            handling = self._readers[cause.destination].process(cause)
            if tie == "parent":
                span.trace_id, span.parent = handling.trace_id, handling.span_id
            else:
                span.links.append({"traceId": handling.trace_id, "spanId": handling.span_id})
        if not failed:
            self._ends[destination] += 1
        self._sent.append(sent)
        self.history.wait(chosen.choice([1, 1, 40_000]))
