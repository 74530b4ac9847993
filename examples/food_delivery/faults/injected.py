"""Each fault: what the service does, or what is done to it, at one place in its code.

Without `--faults DIR` none of these methods does anything. With it they act at the times of `schedule`, and note what
they did in `DIR/<member>.jsonl`: the truth that `flowtrail demo` holds flowtrail's findings against. Nothing here
looks at telemetry.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import Event as Flag
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from kafka import ConsumerRebalanceListener, TopicPartition

from flowtrail_tracer import flush
from food_delivery.events import Event, read
from food_delivery.faults.journal import Journal
from food_delivery.faults.lossy_network import LossyNetwork
from food_delivery.faults.schedule import Schedule
from food_delivery.settings import KITCHEN, PAYMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka import KafkaConsumer, KafkaProducer
    from kafka.consumer.fetcher import ConsumerRecord

    from food_delivery.settings import Settings

BATCH = range(1, 9)
"""Sizes of a batch that may be lost track of: large enough to show, small enough to look at."""
AWAY = 3.0
"""Seconds for which a member that left its group stays away."""
HELD = 4.0
"""Seconds that a message waits for an accident; then it is handled as if nothing had been meant to happen."""
SLOW_PHASE = 30.0
"""Seconds for which the slow consumer is slow, in a run without an end."""


class Faults(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """The faults of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._group = settings.group(settings.member.rpartition("-")[0])  # each service reads as a group of its name
        self._schedule: Schedule | None = None
        self._network: LossyNetwork | None = None
        self._slow_until = 0.0
        self._hung: ConsumerRecord | None = None
        self._uncommitted: list[ConsumerRecord] = []
        self._held: tuple[float, Event] | None = None
        self._let_go: str | None = None
        self._detoured: Event | None = None
        self._overtaken = Flag()
        if settings.faults is not None:
            notes = settings.faults / f"{settings.member}.jsonl"
            self._schedule = Schedule(settings.member, settings.seed, settings.seconds, replaced=notes.exists())
            self._journal = Journal(notes)

    def due(self, name: str) -> bool:
        """Whether the fault of this name should happen now."""
        return self._schedule is not None and self._schedule.due(name)

    def _retry(self, name: str) -> None:
        if self._schedule is not None:
            self._schedule.retry(name)

    # orders

    def network(self) -> dict[str, Any]:
        """Options that lead a producer through a network which can lose an answer."""
        if self._schedule is None:
            return {}
        self._network = LossyNetwork()
        return {"proxy_url": self._network.url}

    @contextmanager
    def lost_acknowledgement(self, producer: KafkaProducer, topic: str, event: Event) -> Iterator[None]:
        """Resend: what is published inside is written, its acknowledgement is lost, and the client tries again."""
        if self._network is None or not self.due("resend"):
            yield
            return
        producer.flush()  # nothing else is on its way, so nothing else can be hit
        self._network.lose_next_answer()
        yield
        producer.flush()
        if self._network.keep_answers():
            self._journal.note("resend", topic, None, event.id)

    # payment

    def crash_before_commit(self, done: list[ConsumerRecord]) -> None:
        """Redelivery after a crash: the process is killed when a batch is done and before it is committed."""
        if len(done) in BATCH and self.due("crash"):
            self._note_redelivery([*self._uncommitted, *done])
            flush(5)  # a crash takes untold what was not yet sent: here all of it is told
            os.kill(os.getpid(), signal.SIGKILL)

    def note_dead_letter(self, message: ConsumerRecord) -> None:
        """Note an order that was set aside; `orders` made up its card for that."""
        if self._schedule is not None:
            self._journal.note("dead-lettered", message.topic, self._group, read(message).id)

    # payment and restaurant

    def committed(self) -> None:
        """Note a message whose handling hangs, once it counts as done: from now on nobody will handle it again.

        If another member had handled it before it came here, no order is forgotten: then another one is to hang.
        """
        self._uncommitted = []
        if self._hung is None:
            return
        hung = read(self._hung).id
        if self._journal.tells("redelivery", self._group, hung):
            self._retry("hang")
        else:
            self._journal.note("unfinished", self._hung.topic, self._group, hung)
        self._hung = None

    def commit_refused(self, done: list[ConsumerRecord]) -> None:
        """Remember what a rebalance kept from being committed, until it is known who owns it afterwards."""
        if self._schedule is not None:
            self._uncommitted += done

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Nothing to do: what is revoked may come back."""

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Note what moved away uncommitted: its new owner will handle it again. What stayed goes on where it was."""
        kept = set(assigned)
        self._note_redelivery([message for message in self._uncommitted if _partition(message) not in kept])
        self._uncommitted = [message for message in self._uncommitted if _partition(message) in kept]
        if self._hung is not None and _partition(self._hung) not in kept:
            self._hung = None
            self._retry("hang")

    def _note_redelivery(self, done: list[ConsumerRecord]) -> None:
        """Note what will be handed out again; a second attempt at what failed or was left behind is no fault."""
        for place, message in enumerate(done):
            left_behind = message is self._hung and _partition(message) in map(_partition, done[place + 1 :])
            if not left_behind and read(message).details.get("card") != "unreadable":
                self._journal.note("redelivery", message.topic, self._group, read(message).id)

    # restaurant

    def leave_without_commit(self, consumer: KafkaConsumer, done: list[ConsumerRecord]) -> bool:
        """Redelivery after a rebalance: the member leaves its group when a batch is done, without committing it."""
        if len(done) not in BATCH or not self.due("leave"):
            return False
        self._note_redelivery([*self._uncommitted, *done])
        self._uncommitted = []
        consumer.close(autocommit=False)
        sleep(AWAY)
        return True

    def hang(self, message: ConsumerRecord) -> None:
        """Silent failure: the thread that handles this message never comes to its end."""
        if self.due("hang"):
            self._hung = message
            Flag().wait()

    def copies(self, topic: str, event: Event) -> int:
        """Double publish: the application sends the same event, under the same id, a second time."""
        if not self.due("republish"):
            return 1
        self._journal.note("republish", topic, None, event.id)
        return 2

    # notification

    def holds_back(self, event: Event) -> bool:
        """Causal inversion, first half: a payment is kept waiting until one of its effects has come.

        One whose effect did not come in time is not kept a second time: it may be an order that hangs for good.
        """
        holdable = self._held is None and event.type == "PaymentTaken" and event.id != self._let_go
        if holdable and self.due("inversion"):
            self._held = (monotonic() + HELD, event)
        return self._held is not None and self._held[1].id == event.id and monotonic() < self._held[0]

    def choose(self, waiting: list[Event]) -> int | None:
        """Causal inversion, second half: of the messages that wait, begin the effect before its cause."""
        if self._held is None:
            return None
        if monotonic() >= self._held[0]:
            self._let_go = self._held[1].id
            self._held = None
            self._retry("inversion")
            return None
        cause = self._held[1]
        effect = next((place for place, event in enumerate(waiting) if event.because == cause.id), None)
        if effect is None or cause not in waiting:
            return None
        self._held = None
        # Named after the event that comes too late, as flowtrail names it.
        self._journal.note(
            "causal-inversion", self._settings.topic(PAYMENTS), self._group, cause.id, waiting[effect].id
        )
        return effect

    def takes_a_detour(self, event: Event) -> bool:
        """Completion reorder, first half: this message gets a thread of its own, and no lane keeps its order."""
        if self._detoured is None and event.type == "OrderAccepted" and self.due("detour"):
            self._overtaken.clear()
            self._detoured = event
            return True
        return False

    def wait_at_the_mail_server(self, event: Event) -> None:
        """Completion reorder, second half: the message is kept until the next of its order has been handled."""
        if self._detoured is not None and event.id == self._detoured.id:
            if self._overtaken.wait(HELD):
                self._journal.note("completion-reorder", self._settings.topic(KITCHEN), self._group, event.id)
            else:
                self._retry("detour")
            self._detoured = None

    def sent(self, event: Event) -> None:
        """Tell the faults that a message has been handled."""
        detoured = self._detoured
        if detoured is not None and event.order == detoured.order and event.type == "MealReady":
            self._overtaken.set()

    # analytics

    def slow_down(self, topic: str) -> None:
        """Lag: each message takes twice the time in which the next one comes."""
        if self.due("slow"):
            self._slow_until = monotonic() + (self._settings.seconds or SLOW_PHASE)
            self._journal.note("lag", topic, self._group)
        if monotonic() < self._slow_until:
            sleep(2 / self._settings.rate)


def _partition(message: ConsumerRecord) -> TopicPartition:
    return TopicPartition(message.topic, message.partition)
