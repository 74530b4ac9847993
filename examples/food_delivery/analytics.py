"""The analytics service: counts what is ordered. The plainest consumer there is: iterate, and commit now and then.

Run it: python -m food_delivery.analytics --bootstrap-servers localhost:9092
"""

from __future__ import annotations

from collections import Counter

from kafka import KafkaConsumer

from flowtrail_tracer import configure, shutdown, trace
from food_delivery.events import read
from food_delivery.faults import Faults
from food_delivery.running import Stopping
from food_delivery.settings import ORDERS, Settings


def main() -> None:
    """Count meals until told to stop."""
    settings = Settings.from_arguments("analytics")
    configure(service="analytics")
    faults = Faults(settings)
    consumer = trace(
        KafkaConsumer(
            settings.topic(ORDERS),
            **settings.client(),
            **settings.membership(),
            group_id=settings.group("analytics"),
            auto_offset_reset="earliest",
            auto_commit_interval_ms=500,
            max_poll_records=5,
            consumer_timeout_ms=500,  # the loop below ends when nothing came for so long, and begins again
        )
    )
    meals: Counter[str] = Counter()
    stopping = Stopping()
    while not stopping:
        for message in consumer:
            meals[read(message).details["meal"]] += 1
            faults.slow_down(message.topic)
            if stopping:
                break
    consumer.close()
    shutdown(5)
    print(meals.most_common())


if __name__ == "__main__":
    main()
