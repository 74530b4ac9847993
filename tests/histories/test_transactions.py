"""Transactions: what is acked is not yet committed, and what was aborted was never there."""

from __future__ import annotations

from tests.histories.parts import member_of

TX = "flowtrail.transaction.id"


def test_committed(told, world):
    """Acked inside a transaction that was committed: yes, acked."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    store = told(world)
    assert store.published(order.id) == ("yes", "acked")
    assert store.kinds() == []


def test_aborted(told, world):
    """Acked inside a transaction that was aborted: no, aborted; readers never expected it, and nothing is wrong."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "aborted")
    after = shop.send("orders", 0, 2, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 2)
    payment.process(after)
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world)
    assert store.published(order.id) == ("no", "aborted")
    line = store.line(order.id, "payment")
    assert (line["answer"], line["reason"]) == ("not-expected", "aborted")
    assert store.kinds() == []
    assert store.event(order.id)["duplicated"]["answer"] == "no"


def test_open(told, world):
    """Acked, and the end of the transaction is not known: in-doubt, transaction open."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    assert told(world).published(order.id) == ("in-doubt", "transaction open")


def test_open_for_hours_is_the_same_answer(told, world):
    """However old: its end is not known, so in-doubt."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    world.wait(7_200_000)
    shop.send("mails", 0, 0)
    assert told(world).published(order.id) == ("in-doubt", "transaction open")


def test_three_transactions_of_one_producer(told, world):
    """One transactional id, three transactions in turn: each send belongs to the next end."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    second = shop.send("orders", 0, 2, attributes={TX: "tx"})
    shop.end_transaction("tx", "aborted")
    third = shop.send("orders", 0, 4, attributes={TX: "tx"})
    store = told(world)
    assert store.published(first.id) == ("yes", "acked")
    assert store.published(second.id) == ("no", "aborted")
    assert store.published(third.id) == ("in-doubt", "transaction open")


def test_two_producers_transactions_do_not_mix(told, world):
    """Another transactional id's end is none of this one's."""
    shop, bakery = world.service("shop"), world.service("bakery")
    order = shop.send("orders", 0, 0, attributes={TX: "tx-shop"})
    bread = bakery.send("orders", 0, 1, attributes={TX: "tx-bakery"})
    bakery.end_transaction("tx-bakery", "aborted")
    shop.end_transaction("tx-shop", "committed")
    store = told(world)
    assert store.published(order.id) == ("yes", "acked")
    assert store.published(bread.id) == ("no", "aborted")


def test_a_send_outside_any_transaction_is_not_aborted(told, world):
    """A plain send of the same process before an abort stays acked."""
    shop = world.service("shop")
    plain = shop.send("orders", 0, 0)
    shop.send("orders", 0, 1, attributes={TX: "tx"})
    shop.end_transaction("tx", "aborted")
    assert told(world).published(plain.id) == ("yes", "acked")


def test_the_outcome_on_the_send_itself(told, world):
    """A send that carries its transaction's outcome needs no settle span."""
    shop = world.service("shop")
    outcome = "flowtrail.transaction.outcome"
    good = shop.send("orders", 0, 0, attributes={TX: "tx", outcome: "committed"})
    bad = shop.send("orders", 0, 2, attributes={TX: "tx", outcome: "aborted"})
    store = told(world)
    assert store.published(good.id) == ("yes", "acked")
    assert store.published(bad.id) == ("no", "aborted")


def test_a_commit_that_failed_ends_nothing(told, world):
    """The commit's own call failed: the end is not known."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed", error="KafkaTimeoutError")
    assert told(world).published(order.id) == ("in-doubt", "transaction open")


def test_aborted_and_sent_again(told, world):
    """The application repeats what was aborted: published once, and no republish of what is not in the log."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, id="m", attributes={TX: "tx"})
    shop.end_transaction("tx", "aborted")
    shop.send("orders", 0, 2, id="m", attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    store = told(world)
    assert store.published("m") == ("yes", "acked")
    assert store.kinds() == []


def test_markers_are_no_hole(told, world):
    """Readers pass the markers' offsets without being handed anything there: nothing is lost or skipped."""
    shop = world.service("shop")
    sent = []
    for n in range(3):
        sent.append(shop.send("orders", 0, 2 * n, key="k", attributes={TX: "tx"}))
        shop.end_transaction("tx", "committed")
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 4, count=3, runs="0,2,4")
    for order in sent:
        payment.process(order)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    assert store.kinds() == []
    assert [store.consumed(order.id, "payment") for order in sent] == ["processed"] * 3


def test_two_partitions_of_one_transaction_share_its_end(told, world):
    """All sends since the last end are of the transaction, wherever they went."""
    shop = world.service("shop")
    sent = [shop.send(destination, 0, 0, attributes={TX: "tx"}) for destination in ("orders", "mails")]
    shop.end_transaction("tx", "aborted")
    store = told(world)
    assert [store.published(each.id) for each in sent] == [("no", "aborted")] * 2


def test_read_uncommitted_saw_an_aborted_record(told, world):
    """A reader that does not wait was handed it: it was aborted all the same, and its handling is told."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    payment.close()
    shop.end_transaction("tx", "aborted")
    shop.close()
    store = told(world)
    assert store.published(order.id) == ("no", "aborted")
    assert store.consumed(order.id, "payment") == "processed"


def test_twice_in_a_transaction_whose_end_is_not_known(told, world):
    """It may have been aborted: nothing was published twice yet, and whether it will have been is unknown."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.send("orders", 0, 1, id=order.id, attributes={TX: "tx"})
    store = told(world)
    assert store.published(order.id) == ("in-doubt", "transaction open")
    assert store.kinds() == []
    assert store.event(order.id)["duplicated"]["answer"] == "unknown"


def test_once_more_in_a_transaction_whose_end_was_lost(told, world):
    """One stands for sure; the abort of the other may be what did not arrive."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    shop.send("orders", 0, 1, id=order.id, attributes={TX: "tx"})
    shop.skip_number()
    store = told(world)
    assert store.published(order.id) == ("yes", "acked")
    assert "republish" not in [kind for kind, _ in store.kinds()]
    assert store.event(order.id)["duplicated"]["answer"] == "unknown"


def test_twice_in_a_transaction_that_was_committed(told, world):
    """The end tells: committed, so published twice; aborted, so not at all."""
    shop = world.service("shop")
    orders = []
    for number, outcome in enumerate(("committed", "aborted")):
        order = shop.send("orders", 0, 3 * number, attributes={TX: "tx"})
        shop.send("orders", 0, 3 * number + 1, id=order.id, attributes={TX: "tx"})
        shop.end_transaction("tx", outcome)
        orders.append(order.id)
    store = told(world)
    assert [store.event(order)["duplicated"]["answer"] for order in orders] == ["yes", "no"]
    assert store.finding("republish")["message_ids"] == orders[:1]


def test_the_next_end_may_be_of_another_transaction(told, world):
    """Spans were lost in between: the send's own end may have been among them. What follows the hole is certain."""
    shop = world.service("shop")
    before = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.skip_number()
    after = shop.send("orders", 0, 2, attributes={TX: "tx"})
    shop.end_transaction("tx", "committed")
    store = told(world)
    assert store.published(before.id) == ("in-doubt", "transaction open")
    assert store.published(after.id) == ("yes", "acked")


def test_an_end_before_what_was_lost_is_known(told, world):
    """The hole stands behind the end, so it hides none of this transaction's."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, attributes={TX: "tx"})
    shop.end_transaction("tx", "aborted")
    shop.skip_number()
    shop.send("orders", 0, 3)
    assert told(world).published(order.id) == ("no", "aborted")
