"""The history behind the README's answer: an order that payment took twice, because a member died before its commit."""

from __future__ import annotations

from tests.questions.history import History, Member, Span

WHEN = {"cloudevents.event_type": "OrderPlaced"}


def member(history: History, service: str, name: str, generation: int) -> Member:
    """Start a member of the group that bears its service's name."""
    made = history.member(service, group=service, generation=generation)
    made.member = name
    return made


def twice_paid() -> list[Span]:
    """Return the spans of all who took part."""
    history = History()
    orders = history.service("orders")
    order = orders.send("orders", 3, 1042, key="42", message_id="0199d3f0-5c1e-7a44", correlation_id="order-42", **WHEN)
    history.wait(3)

    first = member(history, "payment", "payment-1", 6)
    first.assign("orders", 3, at=1042)
    first.receive("orders", 3, 1042)
    first.process(order, start=history.tick(1), end=history.tick(38), **WHEN)

    kitchen = member(history, "restaurant", "restaurant-1", 2)
    kitchen.assign("orders", 3, at=1042)
    kitchen.receive("orders", 3, 1042)
    kitchen.process(order, start=history.tick(1), end=history.tick(12), **WHEN)
    kitchen.commit("orders", 3, at=1043)

    history.wait(2900)
    second = member(history, "payment", "payment-2", 7)
    second.assign("orders", 3, at=1042)
    second.receive("orders", 3, 1042)
    second.process(order, start=history.tick(1), end=history.tick(41), **WHEN)
    second.commit("orders", 3, at=1043)
    return history.spans
