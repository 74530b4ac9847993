"""What decides about an event may stand far from it in its partition: answers and findings agree."""

from __future__ import annotations

from tests.histories.parts import member_of, orders_of


def test_concurrency_that_was_seen_long_ago(told, world):
    """The member handled the first ten at once: 900 is in progress for `ask` as well."""
    sent = orders_of(world, 1000)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 999)
    begun = world.tick()
    for n in range(10):
        payment.process(sent[n], start=begun)
    for n in range(10, 1000):
        if n != 900:
            payment.process(sent[n])
    store = told(world)
    assert store.kinds() == []
    assert store.consumed("orders:0:900", "payment") == "in-progress"


def test_overtaken_by_one_of_its_key_far_away(told, world):
    """Number 2 of the same key stands 600 records before number 1."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 600, key="k", seq=1)
    shop.send("orders", 0, 0, key="k", seq=2)
    for n in range(1, 600):
        shop.send("orders", 0, n, key=f"x{n}", seq=n + 2)
    store = told(world)
    assert store.kinds() == [("log-reorder", "error")]
    assert store.event(first.id)["reordered"]["answer"] == "yes"


def test_handed_out_after_far_later_ones(told, world):
    """500..599 were handed out before 0..499."""
    orders_of(world, 600, keys=lambda n: "k")
    payment = member_of(world)
    payment.receive("orders", 0, 500, 599)
    payment.receive("orders", 0, 0, 499)
    store = told(world)
    assert store.findings("delivery-reorder")
    assert store.event("orders:0:10")["reordered"]["answer"] == "yes"


def test_finished_after_one_of_its_key_far_away(told, world):
    """500 shares the key of 0 and ended before it."""
    sent = orders_of(world, 501, keys=lambda n: "k" if n in (0, 500) else f"x{n}")
    payment = member_of(world)
    payment.receive("orders", 0, 0, 500)
    begun = world.tick()
    for n in (*range(1, 501), 0):
        payment.process(sent[n], start=begun)
    payment.commit("orders", 0, 501)
    payment.close()
    store = told(world)
    assert store.kinds() == [("completion-reorder", "error")]
    assert store.event("orders:0:0")["reordered"]["answer"] == "yes"
