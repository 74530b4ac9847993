"""How far a group is behind, as spans alone tell it."""

from __future__ import annotations

from tests.histories.parts import member_of

TX = "flowtrail.transaction.id"


def test_behind(told, world):
    """Ten acked, three committed: position 3, end 10, lag 7, aged since the first record not passed."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n) for n in range(10)]
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    for order in sent[:3]:
        payment.process(order)
    commit = payment.commit("orders", 0, 3)
    row = told(world).lag("payment", "orders", 0)
    assert (row["position"], row["end"], row["lag"]) == (3, 10, 7)
    assert row["time_lag_ms"] == (commit.end_ns - sent[3].span.end_ns) / 1e6


def test_nothing_unread_is_zero(told, world):
    """Caught up: lag 0, time lag 0, and an hour of silence later still 0."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    world.wait(3_600_000)
    shop.send("mails", 0, 0)
    row = told(world).lag("payment", "orders", 0)
    assert (row["lag"], row["time_lag_ms"]) == (0, 0)


def test_a_position_beyond_every_known_end_is_not_negative(told, world):
    """The group committed 100 while only offset 4 is known to be acked: lag is never negative."""
    world.service("shop").send("orders", 0, 4)
    payment = member_of(world)
    payment.commit("orders", 0, 100)
    row = told(world).lag("payment", "orders", 0)
    assert row["lag"] is None or row["lag"] >= 0
    assert row["time_lag_ms"] is None or row["time_lag_ms"] >= 0


def test_a_seek_back_is_the_position(told, world):
    """The last of commit, assign, seek, reset or revoke counts."""
    shop = world.service("shop")
    for n in range(5):
        shop.send("orders", 0, n)
    payment = member_of(world)
    payment.commit("orders", 0, 5)
    payment.seek("orders", 0, 1)
    row = told(world).lag("payment", "orders", 0)
    assert (row["position"], row["lag"]) == (1, 4)


def test_two_groups_have_two_lags(told, world):
    """Each group's own position counts."""
    shop = world.service("shop")
    for n in range(5):
        shop.send("orders", 0, n)
    member_of(world).commit("orders", 0, 5)
    member_of(world, "kitchen").commit("orders", 0, 2)
    store = told(world)
    assert store.lag("payment", "orders", 0)["lag"] == 0
    assert store.lag("kitchen", "orders", 0)["lag"] == 3


def test_a_marker_at_the_end_is_no_lag(told, world):
    """The last record is read and a transaction's marker stands behind it: lag 0."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    row = told(world).lag("payment", "orders", 0)
    assert row["lag"] == 0


def test_consumers_hours_ahead_make_no_negative_time_lag(told, world):
    """A producer whose clock is an hour ahead: time lag is not negative."""
    shop = world.service("shop", host="beta")
    shop.clock_off_ms = 3_600_000
    for n in range(3):
        shop.send("orders", 0, n)
    payment = member_of(world)
    payment.commit("orders", 0, 1)
    row = told(world).lag("payment", "orders", 0)
    assert row["lag"] == 2
    assert row["time_lag_ms"] is None or row["time_lag_ms"] >= 0
