"""The notification service: tells customers what happens to their order, several customers at a time.

Run it: python -m food_delivery.notification --bootstrap-servers localhost:9092
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka import KafkaConsumer

from flowtrail_tracer import configure, process, shutdown, trace
from food_delivery.events import read
from food_delivery.faults import Faults
from food_delivery.lanes import Lanes
from food_delivery.running import Stopping, poll
from food_delivery.settings import KITCHEN, PAYMENTS, Settings

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord


def main() -> None:
    """Hand messages to lanes; commit what the lanes are done with."""
    settings = Settings.from_arguments("notification")
    configure(service="notification")
    faults = Faults(settings)
    consumer = trace(
        KafkaConsumer(
            settings.topic(PAYMENTS),
            settings.topic(KITCHEN),
            **settings.client(),
            **settings.membership(),
            group_id=settings.group("notification"),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
    )

    def notify(message: ConsumerRecord) -> None:
        with process(message):
            event = read(message)
            faults.wait_at_the_mail_server(event)
            print(f"{event.order}: {event.type}")
        faults.sent(event)

    stopping = Stopping()
    lanes = Lanes(notify, faults)
    while not stopping:
        for messages in poll(consumer, timeout_ms=200).values():
            for message in messages:
                lanes.put(message)
        lanes.let_pass()
        if finished := lanes.finished():
            consumer.commit(finished)
    lanes.close()
    if finished := lanes.finished():
        consumer.commit(finished)
    consumer.close()
    shutdown(5)


if __name__ == "__main__":
    main()
