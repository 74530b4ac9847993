"""The orders service: customers order food, each order becomes an event.

Run it: python -m food_delivery.orders --bootstrap-servers localhost:9092
"""

from __future__ import annotations

import random
from itertools import count
from time import monotonic

from kafka import KafkaProducer

from flowtrail_tracer import configure, flow, shutdown, trace
from food_delivery.events import Event, publish
from food_delivery.faults import Faults
from food_delivery.running import Stopping
from food_delivery.settings import ORDERS, Settings

MENU = {"margherita": 9.5, "ramen": 12.0, "pad thai": 11.0, "falafel": 7.5, "tiramisu": 5.0}


def main() -> None:
    """Place orders at the asked rate until told to stop."""
    settings = Settings.from_arguments("orders")
    configure(service="orders")
    faults = Faults(settings)
    # A setting from long ago: without idempotence, the retry after a lost acknowledgement writes a second time.
    producer = trace(KafkaProducer(**settings.client(), **faults.network(), acks="all", enable_idempotence=False))
    stopping = Stopping()
    customers = random.Random(settings.seed)  # noqa: S311  (who orders what is no secret)
    started = monotonic()
    for number in count(1):
        if stopping or (settings.seconds is not None and monotonic() - started >= settings.seconds):
            break
        order = place(number, customers, faults)
        with flow(order.order), faults.lost_acknowledgement(producer, settings.topic(ORDERS), order):
            publish(producer, settings.topic(ORDERS), order)
        stopping.wait(started + number / settings.rate - monotonic())
    producer.close()
    shutdown(5)


def place(number: int, customers: random.Random, faults: Faults) -> Event:
    """Make up the next order."""
    meal, price = customers.choice(list(MENU.items()))
    card = "unreadable" if faults.due("poison") else f"card-{customers.randrange(1000):03}"
    return Event("OrderPlaced", order=f"order-{number}", details={"meal": meal, "price": price, "card": card})


if __name__ == "__main__":
    main()
