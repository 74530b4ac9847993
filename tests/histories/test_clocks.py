"""Clocks of two hosts: what is claimed across them, and what is not."""

from __future__ import annotations

import pytest

from tests.histories.parts import handle, member_of, orders_of

SKEW = ("clock-skew", "info")


def both_ways(world, one, other, off_ms=0.0, delay_ms=0.0):
    """Send a message from one host to the other and one back, so long on their way; the other clock is off."""
    for here, there in ((one, other), (other, one)):
        topic = f"from-{here}-to-{there}-{world.ms}"
        shop = world.service(f"shop-{here}", host=here)
        shop.clock_off_ms = off_ms if here == other else 0.0
        sent = shop.send(topic, 0, 0)
        shop.close()
        world.wait(delay_ms)
        member = world.service(f"reader-{there}", group=f"reader-{there}", host=there)
        member.clock_off_ms = off_ms if there == other else 0.0
        member.assign(topic, 0, 0)
        member.receive(topic, 0, 0)
        member.process(sent)
        member.commit(topic, 0, 1)
        member.close()


@pytest.mark.parametrize("off_ms", [3_600_000, -3_600_000])
def test_a_clock_that_is_an_hour_off(told, world, off_ms):
    """Either way, messages one way seem to be begun before they are sent."""
    both_ways(world, "alpha", "beta", off_ms)
    store = told(world)
    assert store.kinds() == [SKEW]
    skew = store.finding("clock-skew")
    assert skew["instance"]
    assert len(skew["evidence"]) == 2
    assert "alpha" in skew["summary"]
    assert "beta" in skew["summary"]
    behind = "beta" if off_ms < 0 else "alpha"
    assert skew["summary"].startswith(f"the clock of {behind} is at least 3600.0 s behind")


def test_clocks_that_agree(told, world):
    """Nothing to tell."""
    both_ways(world, "alpha", "beta")
    assert told(world).kinds() == []


def crash_and_follow(world, *, shop_off_ms=0.0):
    """Crash a member of host alpha; its follower stands before an order sent from host beta a while later."""
    early = orders_of(world, 1)
    first = member_of(world)
    handle(first, early[0])
    world.wait(1000)
    member_of(world, at=1, generation=2)
    world.wait(1000)
    shop = world.service("shop", host="beta")
    shop.clock_off_ms = shop_off_ms
    order = shop.send("orders", 0, 1)
    shop.close()
    return order


@pytest.mark.parametrize("off_ms", [0, 3_600_000, -3_600_000])
def test_a_crash_is_not_compared_with_a_strangers_clock(told, world, off_ms):
    """Was the order there when the crashed member was followed? The clocks of two hosts do not tell."""
    order = crash_and_follow(world, shop_off_ms=off_ms)
    assert told(world).consumed(order.id, "payment") == "unknown"


@pytest.mark.parametrize("off_ms", [0, 3_600_000, -3_600_000])
def test_with_a_bound_it_is(told, world, off_ms):
    """Messages both ways tell how far the clocks are apart, be it an hour."""
    order = crash_and_follow(world, shop_off_ms=off_ms)
    both_ways(world, "alpha", "beta", off_ms)
    assert told(world).consumed(order.id, "payment") == "pending"


@pytest.mark.parametrize(("end", "answer"), [(1, "pending"), (2, "unknown")])
def test_the_broker_knows_better_than_clocks(told, world, end, answer):
    """The broker was seen to have assigned the partition to the follower when it held one record, or both."""
    order = crash_and_follow(world)
    members = [span.attributes["flowtrail.consumer.member"] for span in world.spans if span.name == "assign orders"]
    store = told(world).owner(members[-1], end)
    assert store.consumed(order.id, "payment") == answer


def test_over_a_third_host(told, world):
    """The bound may come from hosts in between."""
    order = crash_and_follow(world)
    both_ways(world, "alpha", "gamma")
    both_ways(world, "gamma", "beta")
    assert told(world).consumed(order.id, "payment") == "pending"


def test_deltas_that_contradict_each_other_bound_nothing(told, world):
    """A clock was set meanwhile: by the early messages it is an hour ahead, by the late ones it is not."""
    order = crash_and_follow(world)
    both_ways(world, "alpha", "beta", 3_600_000)
    both_ways(world, "alpha", "beta")
    assert told(world).consumed(order.id, "payment") == "unknown"


def inversion(world, distance_ms):
    """One member of a group begins an effect, and a member on another host begins its cause later."""
    shop = world.service("shop")
    cause = shop.send("causes", 0, 0)
    effect = shop.send("effects", 0, 0, cause=cause)
    shop.close()
    quick = world.service("audit", group="audit", host="beta")
    quick.assign("effects", 0, 0)
    quick.receive("effects", 0, 0)
    quick.process(effect)
    quick.commit("effects", 0, 1)
    quick.close()
    world.wait(distance_ms)
    slow = world.service("audit", group="audit")
    slow.assign("causes", 0, 0)
    slow.receive("causes", 0, 0)
    slow.process(cause)
    slow.commit("causes", 0, 1)
    slow.close()
    return cause


def test_an_inversion_across_hosts_is_suspected(told, world):
    """The distance is greater than the clocks can be apart."""
    cause = inversion(world, 5000)
    both_ways(world, "alpha", "beta")
    store = told(world)
    finding = store.finding("causal-inversion")
    assert (finding["severity"], finding["reason"], finding["grade"]) == ("warning", "suspected", "B")
    assert store.event(cause.id)["reordered"]["answer"] == "yes"


def test_within_the_bound_it_is_not(told, world):
    """The clocks may be further apart than the two beginnings are."""
    inversion(world, 100)
    both_ways(world, "alpha", "beta", delay_ms=1000)
    assert told(world).kinds() == []


def test_without_a_bound_it_is_not(told, world):
    """Nobody knows how far the clocks are apart."""
    inversion(world, 5000)
    assert told(world).kinds() == []


@pytest.mark.parametrize("off_ms", [0, -3_600_000])
def test_a_latency_across_hosts_is_an_estimate(told, world, off_ms):
    """It is shown with the range in which it lies; what seems to end before it begins says so, and is not adjusted."""
    both_ways(world, "alpha", "beta", off_ms)
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    shop.close()
    payment = member_of(world, host="beta")
    payment.clock_off_ms = off_ms
    handle(payment, order)
    payment.close()
    (delivery,) = told(world).line(order.id, "payment")["deliveries"]
    truth = delivery["latency_ms"] - off_ms
    assert 0 < truth < 100
    low, high = delivery["latency_range_ms"]
    assert low <= truth <= high < 100
    assert delivery.get("latency_unreliable", False) == (off_ms < 0)


def test_a_latency_on_one_host_is_none(told, world):
    """One clock measured it."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    handle(payment, order)
    (delivery,) = told(world).line(order.id, "payment")["deliveries"]
    assert delivery["latency_ms"] > 0
    assert "latency_range_ms" not in delivery


def test_a_topic_created_anew_tells_nothing_of_clocks(told, world):
    """The first record of the new topic was sent long after the old one's was begun, on another host: no skew."""
    payment = world.service("payment", group="payment", host="beta")
    payment.assign("orders", 0, 0)
    shop = world.service("shop", host="alpha")
    payment.receive("orders", 0, 0)
    payment.process(shop.send("orders", 0, 0))
    world.wait(60_000)
    shop.send("orders", 0, 0)
    assert told(world).findings("clock-skew") == []


def test_a_processing_belongs_to_the_receive_before_it_whatever_the_clock_said(told, world):
    """The clock was set back after the record was handled, sought back to and handed out again: a replay."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    shop.close()
    payment = world.service("payment", group="payment", host="beta")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.seek("orders", 0, 0)
    payment.clock_off_ms = -60_000
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.close()
    store = told(world)
    assert store.findings("redelivery") == []
    assert [row["offsets"] for row in store.findings("replay")] == [[0]]
    deliveries = store.line(order.id, "payment")["deliveries"]
    assert [one["outcome"] for one in deliveries] == ["ok", "ok"]
