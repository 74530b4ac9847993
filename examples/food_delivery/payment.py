"""The payment service: charges each order. Several members share the work; what can not be charged is set aside.

Run it: python -m food_delivery.payment --member payment-1 --bootstrap-servers localhost:9092
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, KafkaProducer

from flowtrail_tracer import configure, process, shutdown, trace
from food_delivery.events import Event, publish, read
from food_delivery.faults import Faults
from food_delivery.running import Stopping, commit, poll
from food_delivery.settings import DEAD_ORDERS, ORDERS, PAYMENTS, Settings

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord


class UnreadableCardError(Exception):
    """No bank knows this card; trying again would not help."""


def main() -> None:
    """Charge orders batch by batch; commit when a whole batch is done."""
    settings = Settings.from_arguments("payment")
    configure(service="payment")
    faults = Faults(settings)
    producer = trace(KafkaProducer(**settings.client()))
    consumer = trace(
        KafkaConsumer(
            **settings.client(),
            **settings.membership(),
            group_id=settings.group("payment"),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=20,
        )
    )
    consumer.subscribe([settings.topic(ORDERS)], listener=faults)
    stopping = Stopping()
    while not stopping:
        done = []
        for messages in poll(consumer).values():
            for message in messages:
                charge_or_set_aside(producer, settings, message, faults)
                done.append(message)
        if done:
            producer.flush()  # what was paid is known before the order counts as done
            faults.crash_before_commit(done)
            commit(consumer, done, faults)
    consumer.close()
    producer.close()
    shutdown(5)


def charge_or_set_aside(producer: KafkaProducer, settings: Settings, message: ConsumerRecord, faults: Faults) -> None:
    """Charge one order. One that fails for good goes to the dead letters with the place it came from."""
    try:
        with process(message):
            charge(producer, settings.topic(PAYMENTS), read(message))
    except UnreadableCardError:
        origin = [
            ("kafka_dlt-original-topic", message.topic.encode()),
            ("kafka_dlt-original-partition", struct.pack(">i", message.partition)),
            ("kafka_dlt-original-offset", struct.pack(">q", message.offset)),
            ("kafka_dlt-original-consumer-group", settings.group("payment").encode()),
        ]
        # The message's own headers go along: the copy stays in the same flow, under the same id.
        producer.send(
            settings.topic(DEAD_ORDERS), key=message.key, value=message.value, headers=[*message.headers, *origin]
        )
        faults.note_dead_letter(message)


def charge(producer: KafkaProducer, payments: str, order: Event) -> None:
    """Take the money, and tell."""
    card = order.details["card"]
    if card == "unreadable":
        raise UnreadableCardError(f"no bank knows the card of {order.order}")
    amount = order.details["price"]
    publish(producer, payments, Event("PaymentTaken", order.order, because=order.id, details={"amount": amount}))


if __name__ == "__main__":
    main()
