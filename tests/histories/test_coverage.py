"""Holes, tails and orderly ends: what may be said when telemetry is missing, and what need not wait for it."""

from __future__ import annotations

from tests.histories.parts import handle, member_of, orders_of

GAP = ("telemetry-gap", "info")


def test_a_hole_is_a_telemetry_gap(told, world):
    """Numbers 1, 2, 5: a finding that names the instance, and a coverage below one."""
    shop = world.service("shop")
    shop.send("orders", 0, 0)
    order = shop.send("orders", 0, 1)
    shop.skip_number(2)
    shop.send("orders", 0, 4)
    store = told(world)
    finding = store.finding("telemetry-gap")
    assert (finding["severity"], finding["instance"]) == ("info", shop.instance)
    assert store.ask(order.id)["coverage"] < 1
    assert store.kinds() == [GAP]


def test_numbers_that_begin_late_are_a_hole(told, world):
    """The first number that arrived is 4: three spans were lost at the beginning."""
    shop = world.service("shop")
    shop.skip_number(3)
    shop.send("orders", 0, 3)
    assert told(world).kinds() == [GAP]


def test_the_last_spans_of_a_crash_leave_no_hole(told, world):
    """What was never recorded has no number: no gap is claimed."""
    shop = world.service("shop")
    shop.send("orders", 0, 0)
    assert told(world).kinds() == []


def test_two_instances_count_each_for_itself(told, world):
    """Both begin with 1: no repetition, no gap."""
    for offset in (0, 1):
        shop = world.service("shop")
        shop.send("orders", 0, offset)
        shop.close()
    store = told(world)
    assert store.kinds() == []


def test_late_telemetry_closes_the_hole(told, world):
    """The lost span arrives a day later: the gap is gone, and the answer is what it would have been."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    late = payment.process(sent[1])
    payment.process(sent[2])
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world.without(late))
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert store.kinds() == [GAP]
    store.hear([late])
    assert store.consumed(sent[1].id, "payment") == "processed"
    assert store.kinds() == []


def test_a_dark_producer_takes_nothing_from_consumers_findings(told, world):
    """The producer's hole can not hold a seek of the group: handled ok twice stays an error."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    shop.skip_number()
    shop.send("orders", 0, 2)
    for generation in (1, 2):
        payment = member_of(world, generation=generation)
        handle(payment, order, commit=False)
        payment.revoke("orders", 0, 0)
        payment.close()
    assert told(world).kinds() == [("redelivery", "error"), GAP]


def test_a_dark_producer_does_not_hide_a_silent_failure(told, world):
    """The producer's hole can not hold the group's processing: unfinished stands."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n) for n in range(2)]
    shop.skip_number()
    shop.send("mails", 0, 0)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[1])
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.consumed(sent[0].id, "payment") == "unfinished"
    assert store.kinds() == [GAP, ("unfinished", "error")]


def test_another_groups_hole_is_its_own(told, world):
    """Kitchen is dark: payment's silent failure and payment's answers stand."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[1])
    payment.close()
    kitchen = member_of(world, "kitchen")
    kitchen.skip_number()
    handle(kitchen, sent[0])
    store = told(world)
    assert store.consumed(sent[0].id, "payment") == "unfinished"
    assert store.consumed(sent[2].id, "payment") == "pending"
    assert store.consumed(sent[2].id, "kitchen") == "unknown"
    assert store.kinds() == [GAP, ("unfinished", "error")]


def test_a_hole_of_an_unconcerned_service_changes_nothing(told, world):
    """A service that has nothing to do with the destination is dark: no answer here changes."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    handle(payment, order)
    payment.close()
    mail = world.service("mail", group="mail")
    mail.skip_number()
    mail.assign("mails", 0, 0)
    store = told(world)
    event = store.event(order.id)
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")
    assert store.kinds() == [GAP]


def test_what_was_seen_stays_seen_in_the_dark(told, world):
    """Processed, acked, failed attempts: presence needs no coverage."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    payment.skip_number()
    handle(payment, order)
    store = told(world)
    assert store.published(order.id) == ("yes", "acked")
    line = store.line(order.id, "payment")
    assert (line["answer"], line["grade"]) == ("processed", "A")


def test_a_seek_in_a_hole(told, world):
    """The same records twice with the seek lost: never an error, never called a replay."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    handle(payment, order, commit=False)
    lost = payment.seek("orders", 0, 0)
    handle(payment, order)
    payment.close()
    whole, holed = told(world), told(world.without(lost))
    assert whole.kinds() == [("replay", "info")]
    assert ("redelivery", "error") not in holed.kinds()
    assert holed.findings("replay") == []


def test_adding_a_seek_turns_the_redelivery_into_a_replay(told, world):
    """The seek arrives late: what was a suspicion is explained, and duplicated becomes no."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    handle(payment, order, commit=False)
    late = payment.seek("orders", 0, 0)
    handle(payment, order)
    payment.close()
    store = told(world.without(late))
    store.hear([late])
    assert store.kinds() == [("replay", "info")]
    assert store.event(order.id)["duplicated"]["answer"] == "no"


def test_dropped_links_are_a_gap(told, world):
    """A span that lost links is incomplete evidence: telemetry-gap."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    span = payment.process(order)
    span.dropped_links = 3
    payment.commit("orders", 0, 1)
    payment.close()
    assert told(world).kinds() == [GAP]


def test_a_close_ends_the_tail(told, world):
    """A member that closed in order can hide nothing: handled ok again by the next owner is an error."""
    order = orders_of(world, 1)[0]
    first = member_of(world)
    handle(first, order, commit=False)
    first.close()
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    assert told(world).kinds() == [("redelivery", "error")]


def test_the_last_revoke_ends_the_tail(told, world):
    """So does a last span that is a revoke."""
    order = orders_of(world, 1)[0]
    first = member_of(world)
    handle(first, order, commit=False)
    first.revoke("orders", 0, 0)
    second = member_of(world, generation=2)
    handle(second, order)
    second.revoke("orders", 0, 1)
    assert told(world).kinds() == [("redelivery", "error")]


def test_a_member_that_spoke_later_has_no_tail_there(told, world):
    """It lost the partition without a revoke and went on elsewhere: nothing of it is missing, so it is an error."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    other = shop.send("orders", 1, 0)
    shop.close()
    first = member_of(world)
    first.assign("orders", 1, 0)
    handle(first, order, commit=False)
    second = member_of(world, generation=2)
    handle(second, order)
    first.generation = 2
    first.receive("orders", 1, 0)
    first.process(other)
    first.commit("orders", 1, 1)
    first.close()
    second.close()
    assert told(world).kinds() == [("redelivery", "error")]


def test_a_crashed_consumer_never_accuses_anybody(told, world):
    """Killed in the middle of a batch, its successor goes on: no error of any kind."""
    sent = orders_of(world, 6)
    first = member_of(world)
    first.receive("orders", 0, 0, 3)
    first.process(sent[0])
    first.process(sent[1])
    first.commit("orders", 0, 1)
    world.wait(45_000)
    second = member_of(world, at=1, generation=2)
    handle(second, *sent[1:])
    second.close()
    store = told(world)
    assert [pair for pair in store.kinds() if pair[1] == "error"] == []
    assert [store.consumed(order.id, "payment") for order in sent] == ["processed"] * 6


def test_a_consumer_that_was_killed_and_never_replaced(told, world):
    """Silence proves nothing: neither failed nor unfinished, and no finding."""
    sent = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0])
    world.wait(3_600_000)
    world.service("shop").send("mails", 0, 0)
    store = told(world)
    assert store.consumed(sent[1].id, "payment") in {"in-progress", "unknown"}
    assert store.kinds() == []


def test_coverage_of_a_complete_history_is_one(told, world):
    """All numbers arrived: coverage 1.0."""
    order = orders_of(world, 1)[0]
    assert told(world).ask(order.id)["coverage"] == 1.0


class TestOverTime:
    """A hole hides what happened before its end, and nothing that came to be later."""

    def history(self, world, *, host="alpha", late_host="alpha"):
        """Lose two spans of the member; publish two orders later, of which the second is never handed out."""
        early = orders_of(world, 2)
        payment = member_of(world, host=host)
        handle(payment, early[0])
        payment.skip_number(2)
        payment.commit("orders", 0, 2)
        world.wait(1000)
        shop = world.service("shop", host=late_host)
        late = [shop.send("orders", 0, offset) for offset in (2, 3, 4)]
        shop.close()
        payment.receive("orders", 0, 2)
        payment.process(late[0], error="ValueError")
        payment.receive("orders", 0, 4)
        payment.process(late[2])
        payment.commit("orders", 0, 5)
        payment.close()
        return early, late

    def test_before_its_end_nothing_is_claimed(self, told, world):
        """The record that was there by then may have been handled in what is missing."""
        early, _ = self.history(world)
        assert told(world).consumed(early[1].id, "payment") == "unknown"

    def test_what_came_later_is_judged(self, told, world):
        """Records that were published after the hole's end could not be in it."""
        _, late = self.history(world)
        store = told(world)
        assert store.consumed(late[0].id, "payment") == "failed"
        assert store.consumed(late[1].id, "payment") == "skipped"
        assert store.event(late[2].id)["duplicated"]["answer"] == "no"
        assert store.kinds() == [("failed", "error"), ("lost", "error"), ("skipped", "error"), GAP]

    def test_on_another_hosts_clock_only_within_a_bound(self, told, world):
        """The shop's clock and the member's are two, and nobody knows how far they are apart."""
        _, late = self.history(world, late_host="beta")
        store = told(world)
        assert store.consumed(late[0].id, "payment") == "unknown"
        assert store.consumed(late[1].id, "payment") == "unknown"
        assert store.kinds() == [GAP]

    def test_with_a_bound_it_is_judged(self, told, world):
        """Messages went both ways between the hosts: their clocks are a few milliseconds apart at most."""
        _, late = self.history(world, late_host="beta")
        for here, there in (("alpha", "beta"), ("beta", "alpha")):
            ping = world.service(f"ping-{here}", host=here)
            sent = ping.send("pings-" + here, 0, 0)
            ping.close()
            pong = world.service(f"pong-{there}", group="pong", host=there)
            pong.assign("pings-" + here, 0, 0)
            pong.receive("pings-" + here, 0, 0)
            pong.process(sent)
            pong.commit("pings-" + here, 0, 1)
            pong.close()
        store = told(world)
        assert store.consumed(late[0].id, "payment") == "failed"
        assert store.consumed(late[1].id, "payment") == "skipped"

    def test_drops_that_no_hole_accounts_for(self, told, world):
        """The instance says that it dropped more than is missing: nobody knows when."""
        _, late = self.history(world)
        for span in world.spans:
            if (
                span.attributes.get("messaging.operation.name") == "close"
                and "payment" in span.resource["service.name"]
            ):
                span.attributes["flowtrail.dropped"] = 9
        assert told(world).consumed(late[0].id, "payment") == "unknown"

    def test_the_answers_to_all_and_to_one_agree(self, told, world):
        """Findings of everything name what the question about one event names."""
        _, late = self.history(world)
        store = told(world)
        of_events = {row["kind"] for order in late for row in store.event(order.id)["findings"]}
        assert of_events == {row["kind"] for row in store.findings()} - {"telemetry-gap"}


def test_a_request_in_which_nothing_speaks_of_messaging(told, world):
    """Only the end of a client, alone in its request: it is stored and counted like any span."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    store = told(world)
    last = shop.span(None, "close", None, {})
    store.hear([last])
    assert store.ask(order.id)["coverage"] == 1.0
    assert store.kinds() == []
