"""The restaurant service: accepts what is paid, cooks it, and says when the meal is ready.

Run it: python -m food_delivery.restaurant --member restaurant-1 --bootstrap-servers localhost:9092
"""

from __future__ import annotations

from threading import Thread
from time import sleep
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, KafkaProducer

from flowtrail_tracer import configure, process, shutdown, trace
from food_delivery.events import Event, publish, read
from food_delivery.faults import Faults
from food_delivery.running import Stopping, commit, poll
from food_delivery.settings import KITCHEN, PAYMENTS, Settings

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord

COOKING = 0.01
"""Seconds: the kitchens of this example are fast."""
PATIENCE = 0.5
"""Seconds after which the service turns to the next order, whatever the kitchen does."""


def main() -> None:
    """Cook what is paid, order by order; commit after each batch."""
    settings = Settings.from_arguments("restaurant")
    configure(service="restaurant")
    faults = Faults(settings)
    producer = trace(KafkaProducer(**settings.client()))
    consumer = join(settings, faults)
    stopping = Stopping()
    while not stopping:
        done = []
        for messages in poll(consumer).values():
            for message in messages:
                hand_to_kitchen(producer, settings.topic(KITCHEN), message, faults)
                done.append(message)
        if done and faults.leave_without_commit(consumer, done):
            consumer = join(settings, faults)
        elif done:
            producer.flush()
            commit(consumer, done, faults)
    consumer.close()
    producer.close()
    shutdown(5)


def join(settings: Settings, faults: Faults) -> KafkaConsumer:
    """Join the group of restaurants."""
    consumer = trace(
        KafkaConsumer(
            **settings.client(),
            **settings.membership(),
            group_id=settings.group("restaurant"),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=20,
        )
    )
    consumer.subscribe([settings.topic(PAYMENTS)], listener=faults)
    return consumer


def hand_to_kitchen(producer: KafkaProducer, kitchen: str, message: ConsumerRecord, faults: Faults) -> None:
    """Cook in a thread of its own, because kitchens hang; wait for it only so long.

    The mistake is in the last line: nobody looks whether the thread came to its end. An order whose kitchen hangs is
    committed with the others and never heard of again, which is what flowtrail calls `unfinished`.
    """
    cook = Thread(target=cook_order, args=(producer, kitchen, message, faults), daemon=True)
    cook.start()
    cook.join(PATIENCE)


def cook_order(producer: KafkaProducer, kitchen: str, message: ConsumerRecord, faults: Faults) -> None:
    """Accept an order, cook it, call the courier."""
    with process(message):
        payment = read(message)
        faults.hang(message)
        publish(producer, kitchen, Event("OrderAccepted", payment.order, because=payment.id))
        sleep(COOKING)
        ready = Event("MealReady", payment.order, because=payment.id)
        for _ in range(faults.copies(kitchen, ready)):
            publish(producer, kitchen, ready)


if __name__ == "__main__":
    main()
