"""Cause and effect: a group that began the effect before its cause, and histories that prove nothing of the kind."""

from __future__ import annotations


def story(world, *, host="alpha", effect_host="alpha", more_cause=False):
    """Return cause and effect (an order and its invoice) and two members of one group, each reading one of them."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    invoice = shop.send("invoices", 0, 0, id="invoice", cause=order)
    shop.close()
    of_orders = world.service("ledger", group="ledger", host=host)
    of_orders.assign("orders", 0, 0)
    of_invoices = world.service("ledger", group="ledger", host=effect_host)
    of_invoices.assign("invoices", 0, 0)
    return order, invoice, of_orders, of_invoices


def handled(member, sent):
    member.receive(sent.destination, 0, sent.offset)
    member.process(sent)
    member.commit(sent.destination, 0, sent.offset + 1)


def test_the_effect_was_begun_first_on_one_host(told, world):
    """One group, one host's clock, the effect begun before its cause: causal-inversion, an error, confirmed."""
    order, invoice, of_orders, of_invoices = story(world)
    handled(of_invoices, invoice)
    handled(of_orders, order)
    store = told(world)
    assert store.kinds() == [("causal-inversion", "error")]
    finding = store.finding("causal-inversion")
    assert finding["group"] == "ledger"
    assert set(finding["message_ids"]) == {"order", "invoice"}
    assert store.event("order")["reordered"]["answer"] == "yes"


def test_the_cause_was_begun_first(told, world):
    """In order: nothing."""
    order, invoice, of_orders, of_invoices = story(world)
    handled(of_orders, order)
    handled(of_invoices, invoice)
    store = told(world)
    assert store.kinds() == []
    assert store.event("invoice")["reordered"]["answer"] == "no"


def test_two_hosts_without_a_bound_prove_nothing(told, world):
    """On two hosts nothing is confirmed, and without a clock bound nothing is suspected."""
    order, invoice, of_orders, of_invoices = story(world, effect_host="beta")
    handled(of_invoices, invoice)
    handled(of_orders, order)
    assert ("causal-inversion", "error") not in told(world).kinds()


def test_clocks_an_hour_apart_make_no_inversion(told, world):
    """In truth in order; the effect's host is an hour slow: nothing."""
    order, invoice, of_orders, of_invoices = story(world, effect_host="beta")
    of_invoices.clock_off_ms = -3_600_000
    handled(of_orders, order)
    handled(of_invoices, invoice)
    assert told(world).findings("causal-inversion") == []


def test_a_redelivered_cause_was_begun_before(told, world):
    """The cause was begun first, then the effect, then the cause again: the first beginning counts."""
    order, invoice, of_orders, of_invoices = story(world)
    of_orders.receive("orders", 0, 0)
    of_orders.process(order, error="ValueError")
    handled(of_invoices, invoice)
    of_orders.seek("orders", 0, 0)
    handled(of_orders, order)
    assert told(world).findings("causal-inversion") == []


def test_a_cause_begun_elsewhere_first_cannot_be_confirmed(told, world):
    """One beginning of the cause was on another host: not every beginning stands on one clock, so not confirmed."""
    order, invoice, of_orders, of_invoices = story(world)
    early = world.service("ledger", group="ledger", host="beta", generation=0)
    early.assign("orders", 0, 0)
    early.receive("orders", 0, 0)
    early.process(order, error="ValueError")
    early.revoke("orders", 0, 0)
    early.close()
    handled(of_invoices, invoice)
    handled(of_orders, order)
    assert ("causal-inversion", "error") not in told(world).kinds()


def test_two_groups_know_no_order_between_them(told, world):
    """The effect's reader and the cause's reader are two groups: nothing."""
    order, invoice, of_orders, _ = story(world)
    other = world.service("books", group="books")
    other.assign("invoices", 0, 0)
    handled(other, invoice)
    handled(of_orders, order)
    assert told(world).findings("causal-inversion") == []


def test_a_cause_never_handed_to_the_group_is_no_inversion(told, world):
    """The group reads only the effect: nothing was overtaken."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    invoice = shop.send("invoices", 0, 0, id="invoice", cause=order)
    ledger = world.service("ledger", group="ledger")
    ledger.assign("invoices", 0, 0)
    handled(ledger, invoice)
    assert told(world).kinds() == []


def test_a_dark_member_may_have_begun_the_cause_before(told, world):
    """A hole in a member's numbers: an earlier beginning of the cause may stand there."""
    order, invoice, of_orders, of_invoices = story(world)
    of_orders.skip_number()
    handled(of_invoices, invoice)
    handled(of_orders, order)
    assert told(world).kinds() == [("telemetry-gap", "info")]


def test_the_same_correlation_id_is_no_cause(told, world):
    """Two events of one flow in any order: without a causation there is no inversion."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order", flow="f")
    invoice = shop.send("invoices", 0, 0, id="invoice", flow="f")
    ledger = world.service("ledger", group="ledger")
    ledger.assign("orders", 0, 0)
    ledger.assign("invoices", 0, 0)
    handled(ledger, invoice)
    handled(ledger, order)
    assert told(world).kinds() == []


def test_on_one_member_whose_clock_was_set_back_numbers_decide(told, world):
    """One instance began cause and then effect; its clock went back in between: nothing."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    invoice = shop.send("invoices", 0, 0, id="invoice", cause=order)
    ledger = world.service("ledger", group="ledger")
    ledger.assign("orders", 0, 0)
    ledger.assign("invoices", 0, 0)
    handled(ledger, order)
    ledger.clock_off_ms = -3_600_000
    handled(ledger, invoice)
    assert told(world).kinds() == []


def test_causation_by_the_handlers_trace(told, world):
    """The send stands below the processing of the order: caused by it, also without a causation id."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    invoice = payment.send("invoices", 0, 0, id="invoice", trace=order.span.trace_id)
    handling = payment.process(order, start=begun)
    invoice.span.parent = handling.span_id
    payment.commit("orders", 0, 1)
    ledger = world.service("ledger", group="ledger")
    ledger.assign("orders", 0, 0)
    ledger.assign("invoices", 0, 0)
    handled(ledger, invoice)
    handled(ledger, order)
    store = told(world)
    assert [kind for kind, _ in store.kinds()] == ["causal-inversion"]
    assert store.finding("causal-inversion")["group"] == "ledger"


def linked(world, cause_span):
    """Return two events, the second caused by what the span tells, and a member that reads both."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0)
    processing = payment.process(order)
    payment.commit("orders", 0, 1)
    invoice = payment.send("invoices", 0, 0, id="invoice")
    invoice.span.links.append({"send": order.span, "process": processing}[cause_span].link())
    ledger = world.service("ledger", group="ledger")
    ledger.assign("orders", 0, 0)
    ledger.assign("invoices", 0, 0)
    return order, invoice, ledger


def test_causation_by_a_link_to_the_send(told, world):
    """The effect's send links to the cause's send."""
    order, invoice, ledger = linked(world, "send")
    handled(ledger, invoice)
    handled(ledger, order)
    assert told(world).kinds() == [("causal-inversion", "error")]


def test_causation_by_a_link_to_the_processing(told, world):
    """The effect's send links to the processing of its cause."""
    order, invoice, ledger = linked(world, "process")
    handled(ledger, invoice)
    handled(ledger, order)
    assert told(world).kinds() == [("causal-inversion", "error")]


def test_one_instance_is_one_clock_without_a_host_name(told, world):
    """Both were begun by one process: one clock, whatever its host is called."""
    order, invoice, _, _ = story(world)
    world.spans[:] = [span for span in world.spans if span.resource["service.name"] == "shop"]
    ledger = world.service("ledger", group="ledger", host=None)
    ledger.assign("orders", 0, 0)
    ledger.assign("invoices", 0, 0)
    handled(ledger, invoice)
    handled(ledger, order)
    assert told(world).kinds() == [("causal-inversion", "error")]


def test_a_cause_handed_out_again_afterwards_hides_nothing(told, world):
    """The cause was begun after its effect, and is in somebody's hands once more: that is later still."""
    order, invoice, of_orders, of_invoices = story(world)
    handled(of_invoices, invoice)
    handled(of_orders, order)
    of_orders.seek("orders", 0, 0)
    of_orders.receive("orders", 0, 0)
    assert told(world).findings("causal-inversion")
