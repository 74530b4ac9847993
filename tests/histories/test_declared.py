"""What rests on declarations: groups that must read, destinations of copies, what comes after what, limits."""

from __future__ import annotations

import duckdb
import pytest

from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.questions.relations import sql_of
from flowtrail_collector.questions.scope import WideScope
from flowtrail_collector.questions.views import view_sql
from flowtrail_collector.store import Store, declaring
from tests.histories.world import PRODUCER

EXPECTED = '[expect]\norders = ["payment", "restaurant"]\n'
RULES = '[order]\nrules = ["Refunded after Paid by key"]\n'


def order_paid(world, *, close=True):
    """Let payment read an order, and nobody else."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    if close:
        shop.close()
        payment.close()
    return shop, order, payment


# --- declared groups ---------------------------------------------------------------------------------------------


def test_a_declared_group_that_was_never_seen_is_missing(told, world):
    """Nothing at all of it was seen: the answer `missing`, and the finding missing-consumer."""
    _, order, _ = order_paid(world)
    store = told(world).declare(EXPECTED)
    assert store.answers("order") == {"payment": "processed", "restaurant": "missing"}
    assert store.kinds() == [("missing-consumer", "error")]
    finding = store.finding("missing-consumer")
    assert (finding["destination"], finding["group"], finding["count"]) == ("orders", "restaurant", 1)
    assert finding["evidence"] == [order.span.ref]
    assert store.expected() == {("orders", "payment"): "seen", ("orders", "restaurant"): "missing"}


def test_who_is_not_declared_is_not_missing(told, world):
    """The same history without declarations: nobody is missed."""
    order_paid(world)
    store = told(world)
    assert store.answers("order") == {"payment": "processed"}
    assert store.kinds() == []
    assert store.expected(("orders", "restaurant")) == {("orders", "restaurant"): "missing"}


def test_missing_counts_every_event_that_was_published_there(told, world):
    """One finding per group and destination; an event that failed to be published is none of them."""
    shop, _, _ = order_paid(world, close=False)
    shop.send("orders", 0, 1, id="second")
    last = shop.send("orders", 0, 2, id="third")
    shop.send("orders", 0, id="never", outcome="failed", error="MessageSizeTooLargeError")
    store = told(world).declare(EXPECTED)
    finding = store.finding("missing-consumer")
    assert finding["count"] == 3
    assert last.span.ref in finding["evidence"]
    assert store.consumed("third", "restaurant") == "missing"
    line = store.line("never", "restaurant")
    assert (line["answer"], line["reason"]) == ("unknown", "not published")


def test_a_group_that_only_took_its_partitions_is_not_missing(told, world):
    """An assignment is a sign of it: the order is pending."""
    order_paid(world)
    restaurant = world.service("restaurant", group="restaurant")
    restaurant.assign("orders", 0, 0)
    store = told(world).declare(EXPECTED)
    assert store.answers("order") == {"payment": "processed", "restaurant": "pending"}
    assert store.findings("missing-consumer") == []


def test_seen_elsewhere_is_missing_here(told, world):
    """The group reads another destination: of `orders` it saw nothing."""
    order_paid(world)
    restaurant = world.service("restaurant", group="restaurant")
    restaurant.assign("menus", 0, 0)
    restaurant.close()
    assert told(world).declare(EXPECTED).consumed("order", "restaurant") == "missing"


@pytest.mark.parametrize("lossy", ["shop", "payment", "restaurant", "stranger"])
def test_lost_telemetry_may_be_the_missing_group(told, world, lossy):
    """An instance with a hole, whosoever it is, may be the group: unknown, and no finding."""
    shop, _, payment = order_paid(world, close=False)
    instances = {"shop": shop, "payment": payment}
    if lossy in ("restaurant", "stranger"):
        instances[lossy] = world.service(lossy)
    instances[lossy].skip_number()
    instances[lossy].send("elsewhere", 0, 0)
    store = told(world).declare(EXPECTED)
    line = store.line("order", "restaurant")
    assert (line["answer"], line["reason"], line["grade"]) == ("unknown", "telemetry gap", "?")
    assert store.findings("missing-consumer") == []
    assert store.expected()["orders", "restaurant"] == "telemetry gap"


def test_a_foreign_instance_may_be_the_missing_group(told, world):
    """Nobody knows how an instrumentation without numbers samples: unknown."""
    order_paid(world)
    world.foreign("kitchen", "opentelemetry.instrumentation.kafka").span(
        "menus send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.operation": "publish", "messaging.destination.name": "menus"},
    )
    store = told(world).declare(EXPECTED)
    assert store.consumed("order", "restaurant") == "unknown"
    assert store.findings("missing-consumer") == []


def test_what_tells_nothing_of_messaging_hides_no_group(told, world):
    """A web server's spans have no numbers, and would tell of no delivery anyway."""
    order_paid(world)
    world.foreign("web", "opentelemetry.instrumentation.flask").span("GET /", PRODUCER, {"http.request.method": "GET"})
    assert told(world).declare(EXPECTED).consumed("order", "restaurant") == "missing"


def test_an_assumed_group_bears_its_services_name(told, world):
    """Where telemetry names no group the service stands for it: it is seen, not missing."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    world.service("restaurant").process(order, attributes={"messaging.consumer.group.name": None})
    assert told(world).declare(EXPECTED).expected()["orders", "restaurant"] == "seen"


def test_a_group_that_the_broker_knows_is_not_missing(told, world):
    """It tells nothing, and the broker knows its committed position: seen."""
    order_paid(world)
    store = told(world).declare(EXPECTED)
    with Store.open(store.path) as opened:
        opened.write(
            lambda c: c.execute(
                "INSERT INTO broker_position_rows VALUES (1767268800000000000, NULL, 'restaurant', 'orders', 0, 1)"
            )
        )
    assert store.expected()["orders", "restaurant"] == "seen"
    assert store.findings("missing-consumer") == []
    assert store.consumed("order", "restaurant") == "unknown"


def test_what_was_aborted_is_missed_by_nobody(told, world):
    """Nothing was there for the group to read: not-expected, and no finding of a missing consumer."""
    shop = world.service("shop")
    more = {"flowtrail.transaction.id": "t"}
    shop.send("orders", 0, 0, id="order", attributes=more)
    shop.end_transaction("t", "aborted")
    shop.close()
    store = told(world).declare(EXPECTED)
    assert store.line("order", "payment")["reason"] == "aborted"
    assert store.findings("missing-consumer") == []


def test_a_flow_with_a_missing_group_is_not_ok(told, world):
    """The list of flows says it, with the group's name."""
    order_paid(world)
    store = told(world).declare(EXPECTED)
    (row,) = store.everything()["flows"]["rows"]
    assert (row["verdict"], row["groups_expected"], row["groups_done"]) == ("missing", 2, 1)
    assert "restaurant" in row["why"]


def test_nothing_is_known_of_a_destination(told, world):
    """A declared destination of which no span speaks is neither seen nor missing."""
    order_paid(world)
    store = told(world).declare('[expect]\nordres = ["payment"]\n')
    assert store.expected() == {("ordres", "payment"): "no such destination"}
    assert store.kinds() == []


# --- who may be there unseen -------------------------------------------------------------------------------------


def gap_before(world, *, host="alpha", skip=1, name="stranger"):
    """Start a process that loses spans, and tells on; what is published afterwards came after its hole."""
    stranger = world.service(name, host=host)
    stranger.send("elsewhere", 0, 0)
    stranger.skip_number(skip)
    stranger.send("elsewhere", 0, 1)
    world.wait(1000)
    return stranger


def unread(store):
    """Return which destinations nobody reads."""
    return {row["destination"] for row in store.findings("unread-destination")} - {"elsewhere", "pings"}


def test_a_gap_before_an_event_may_have_held_a_declared_group(told, world):
    """It may have come and left again in the hole: had nothing been lost, it would have been seen there once."""
    stranger = gap_before(world)
    order_paid(world)
    stranger.close()
    store = told(world).declare(EXPECTED)
    assert store.line("order", "restaurant")["reason"] == "telemetry gap"
    assert store.findings("missing-consumer") == []


def test_a_gap_before_an_event_hides_no_reader_of_it(told, world):
    """The hole ended before the order was sent, and its instance ended in order: nobody read it unseen."""
    stranger = gap_before(world)
    shop = world.service("shop")
    shop.send("orders", 0, 0)
    shop.close()
    stranger.close()
    store = told(world)
    assert unread(store) == {"orders"}
    finding = next(row for row in store.findings("unread-destination") if row["destination"] == "orders")
    assert finding["summary"] == "one event was published to orders, and no group was ever seen there"


def test_of_what_was_there_before_nothing_is_said(told, world):
    """An order before the hole's end may have been read in it; it is not counted, and the finding says so."""
    shop = world.service("shop")
    early = [shop.send("orders", 0, n, id=f"early-{n}") for n in range(2)]
    stranger = gap_before(world)
    late = shop.send("orders", 0, 2, id="late")
    shop.close()
    stranger.close()
    store = told(world).declare(EXPECTED)
    line = store.line("early-1", "restaurant")
    assert (line["answer"], line["reason"], line["grade"]) == ("unknown", "telemetry gap", "?")
    assert store.findings("missing-consumer") == []
    finding = next(row for row in store.findings("unread-destination") if row["destination"] == "orders")
    assert (finding["count"], finding["evidence"]) == (1, [late.span.ref])
    assert finding["summary"].endswith(", not counting 2 that somebody unseen may have read: telemetry is missing")
    assert len(early) == 2


def test_an_owner_since_the_gap_may_be_about_to_read(told, world):
    """It may have taken the partition in its hole and lives: of what was sent just now it may tell any moment."""
    stranger = gap_before(world)
    order_paid(world)
    stranger.send("elsewhere", 0, 2)
    store = told(world).declare(EXPECTED)
    assert store.consumed("order", "restaurant") == "unknown"
    assert store.findings("missing-consumer") == []


def test_an_owner_since_the_gap_would_have_read_by_now(told, world):
    """Five minutes on it still speaks and told of no reading: an owner would have polled, or be none any more."""
    stranger = gap_before(world)
    shop = world.service("shop")
    shop.send("orders", 0, 0)
    shop.close()
    stranger.send("elsewhere", 0, 2)
    assert unread(told(world)) == set()
    world.wait(301_000)
    stranger.send("elsewhere", 0, 3)
    assert unread(told(world)) == {"orders"}


def test_an_owner_that_fell_silent_may_have_read(told, world):
    """Its last span is from before the order: what it did afterwards nobody knows."""
    gap_before(world)
    order_paid(world)
    world.wait(301_000)
    world.service("mail").send("elsewhere", 0, 9)
    store = told(world).declare(EXPECTED)
    assert store.consumed("order", "restaurant") == "unknown"
    assert store.findings("missing-consumer") == []


def test_another_hosts_gap_needs_a_bound(told, world):
    """Whether the order was sent after the hole, two hosts' clocks do not tell without a bound; with one they do."""
    stranger = gap_before(world, host="beta")
    shop = world.service("shop")
    shop.send("orders", 0, 0)
    shop.close()
    stranger.close()
    assert unread(told(world)) == set()
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
    assert unread(told(world)) == {"orders"}


def test_drops_beyond_the_gap(told, world):
    """The instance says that it dropped more than is missing: nobody knows when."""
    stranger = gap_before(world)
    order_paid(world)
    stranger.close().attributes["flowtrail.dropped"] = 2
    assert told(world).declare(EXPECTED).consumed("order", "restaurant") == "unknown"


def test_dropped_links_hide_no_group(told, world):
    """Every span arrived, and group and destination stand on the span itself."""
    order_paid(world)
    mail = world.service("mail")
    mail.send("elsewhere", 0, 0).span.dropped_links = 3
    store = told(world).declare(EXPECTED)
    assert store.consumed("order", "restaurant") == "missing"
    assert store.finding("missing-consumer")["count"] == 1


def test_one_that_told_of_its_end_alone_may_be_anybody(told, world):
    """All that arrived of it is its close: what went before may be the group's reading."""
    order_paid(world)
    restaurant = world.service("restaurant")
    restaurant.skip_number(3)
    restaurant.close()
    assert told(world).declare(EXPECTED).consumed("order", "restaurant") == "unknown"


def test_an_event_whose_send_nobody_told(told, world):
    """When it was sent is not known, so a hole before may have held it."""
    stranger = gap_before(world)
    shop, order, _ = order_paid(world)
    stranger.close()
    store = told(world.without(order.span)).declare('[expect]\norders = ["restaurant"]\n')
    assert store.consumed("orders:0:0", "restaurant") == "unknown"
    assert store.findings("missing-consumer") == []
    assert shop.name == "shop"


def test_a_send_without_an_ack(told, world):
    """It stands at no record: the group is missing all the same, unless anybody has a hole."""
    shop = world.service("shop")
    shop.send("orders", 0, id="order", outcome="in-doubt", error="KafkaTimeoutError")
    shop.close()
    assert told(world).declare(EXPECTED).consumed("order", "restaurant") == "missing"
    gap_before(world).close()
    store = told(world).declare(EXPECTED)
    assert store.line("order", "restaurant")["reason"] == "telemetry gap"


def test_a_destination_that_nobody_read_since_a_gap(told, world):
    """As of a missing group: counted is what came after the hole."""
    shop, _, _ = order_paid(world, close=False)
    shop.send("audit", 0, 0, id="early")
    stranger = gap_before(world)
    late = shop.send("audit", 0, 1, id="late")
    stranger.close()
    finding = next(row for row in told(world).findings("unread-destination") if row["destination"] == "audit")
    assert (finding["count"], finding["evidence"]) == (1, [late.span.ref])
    assert "not counting one" not in finding["summary"]
    assert finding["summary"].startswith(
        "one event was published to audit, and no group was ever seen there, not counting 1"
    )


# --- destinations that nobody reads ------------------------------------------------------------------------------


def test_a_destination_that_nobody_reads(told, world):
    """Published to, and no group ever seen there: a warning."""
    shop, _, _ = order_paid(world, close=False)
    audit = shop.send("audit", 0, 0, id="audit")
    finding = told(world).finding("unread-destination")
    assert finding["severity"] == "warning"
    assert (finding["destination"], finding["count"], finding["evidence"]) == ("audit", 1, [audit.span.ref])


def test_a_destination_to_which_nothing_came(told, world):
    """Every send failed: nothing was published, so nothing is unread."""
    shop, _, _ = order_paid(world, close=False)
    shop.send("audit", 0, id="audit", outcome="failed", error="TopicAuthorizationFailedError")
    assert told(world).findings("unread-destination") == []


def test_lost_telemetry_may_be_a_reader(told, world):
    """An instance with a hole may read it: nothing is said."""
    shop, _, payment = order_paid(world, close=False)
    shop.send("audit", 0, 0, id="audit")
    payment.skip_number()
    payment.commit("orders", 0, 1)
    assert told(world).findings("unread-destination") == []


@pytest.mark.parametrize("name", ["orders.dlq", "orders-DLT", "orders_dead-letters"])
def test_dead_letters_need_no_reader(told, world, name):
    """A dead-letter destination is known by its name."""
    shop, _, _ = order_paid(world, close=False)
    shop.send(name, 0, 0, id="given-up")
    assert told(world).findings("unread-destination") == []


def test_declared_dead_letters_need_no_reader(told, world):
    """Or it is declared."""
    shop, _, _ = order_paid(world, close=False)
    shop.send("parked.orders", 0, 0, id="given-up")
    store = told(world)
    assert len(store.findings("unread-destination")) == 1
    assert store.declare('[destinations]\ndead-letter = ["parked.*"]').findings("unread-destination") == []


def test_records_that_carry_an_origin_need_no_reader(told, world):
    """Or its records say where they came from."""
    _, order, payment = order_paid(world, close=False)
    payment.send("graveyard", 0, 0, id="copy", origin=order, origin_group="payment")
    assert told(world).findings("unread-destination") == []


# --- copies on declared destinations -----------------------------------------------------------------------------


def failed_order(world, destination):
    """Let payment fail to handle an order and send it on under its own id."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    shop.close()
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    copy = payment.send(destination, 0, 0, id="order")
    payment.commit("orders", 0, 1)
    return copy, payment


def test_a_declared_dead_letter_destination(told, world):
    """A copy of the same id there is a dead letter; undeclared it is only another event."""
    failed_order(world, "parked.orders")
    store = told(world)
    assert store.consumed("orders:0:0", "payment") == "failed"
    store.declare('[destinations]\ndead-letter = ["parked.*"]')
    assert store.consumed("orders:0:0", "payment") == "dead-lettered"
    assert [row["kind"] for row in store.findings("failed", "dead-lettered")] == ["dead-lettered"]


def test_a_declared_retry_destination(told, world):
    """A copy of the same id there is a further attempt; handled there, the order is processed."""
    copy, payment = failed_order(world, "orders.again")
    store = told(world).declare('[destinations]\nretry = ["*.again"]')
    assert store.consumed("orders:0:0", "payment") == "retrying"
    payment.assign("orders.again", 0, 0)
    payment.receive("orders.again", 0, 0)
    payment.process(copy)
    store.hear(world.spans)
    assert store.consumed("orders:0:0", "payment") == "processed"


def test_a_declaration_goes_before_a_names_ending(told, world):
    """What is declared to hold retries is no dead-letter destination, whatever its name ends in."""
    failed_order(world, "orders.dlq")
    store = told(world)
    assert store.consumed("orders:0:0", "payment") == "dead-lettered"
    store.declare('[destinations]\nretry = ["orders.dlq"]')
    assert store.consumed("orders:0:0", "payment") == "retrying"


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.again", "orders.again", True),
        ("*.again", "orders.again.not", False),
        ("*.again", "ordersXagain", False),
        ("a(b|c)*", "a(b|c)d", True),
        ("a(b|c)*", "abd", False),
        ("*", "line\nbreak", True),
        ("x\\d", "x\\d", True),
        ("x\\d", "x1", False),
        ("Orders", "orders", False),
        ("täglich-*", "täglich-🍜", True),
        ("a b#c", "a b#c", True),
    ],
)
def test_patterns_match_whole_names(told, world, pattern, name, matches):
    """A star is any text, everything else is itself; both engines agree."""
    service = world.service("shop")
    service.send(name, 0, 0, id="one")
    for padding in range(3):
        service.send(f"other-{padding}", 0, 0)
    store = told(world)
    declarations = parse_configuration(f"[destinations]\nretry = ['{pattern}']")
    with Store.open(store.path) as opened:
        opened.write(lambda c: declaring.keep(c, declarations))

        def roles(connection):
            scope = WideScope(connection)
            scope.build("roles")
            return scope.rows("SELECT * FROM roles WHERE destination = ?", [name])

        (row,) = opened.read(roles)
    assert row["is_retry"] is matches
    store.declarations = declarations
    assert store.findings("unread-destination") != []  # asked of SQLite: a retry destination needs a reader


# --- declared order ----------------------------------------------------------------------------------------------


def typed(service, destination, offset, name, kind, key="k", **more):
    return service.send(destination, 0, offset, id=name, key=key, attributes={"cloudevents.event_type": kind}, **more)


def both_read(world, first, second, *, host="alpha"):
    """Let the group `ledger` handle two events on one host, in this order; each stands on its own destination."""
    members = {}
    for sent in (first, second):
        member = world.service("ledger", group="ledger", host=host)
        member.assign(sent.destination, 0, 0)
        members[sent.destination] = member
    for sent in (first, second):
        member = members[sent.destination]
        member.receive(sent.destination, 0, sent.offset)
        member.process(sent)
        member.commit(sent.destination, 0, sent.offset + 1)
        member.close()


def test_a_declared_order_that_was_turned_round(told, world):
    """Paid was sent before Refunded on one clock, and ledger began Refunded first: causal-inversion."""
    pay = world.service("pay")
    paid, refunded = typed(pay, "paid", 0, "paid", "Paid"), typed(pay, "refunds", 0, "refund", "Refunded")
    both_read(world, refunded, paid)
    store = told(world)
    assert store.findings("causal-inversion") == []
    store.declare(RULES)
    finding = store.finding("causal-inversion")
    assert (finding["severity"], finding["reason"], finding["group"]) == ("error", "confirmed", "ledger")
    assert finding["message_ids"] == ["paid", "refund"]
    assert store.event("paid")["reordered"]["answer"] == "yes"


def test_a_declared_order_that_was_kept(told, world):
    """In order: nothing."""
    pay = world.service("pay")
    paid, refunded = typed(pay, "paid", 0, "paid", "Paid"), typed(pay, "refunds", 0, "refund", "Refunded")
    both_read(world, paid, refunded)
    assert told(world).declare(RULES).findings("causal-inversion") == []


@pytest.mark.parametrize("change", ["key", "type", "no key"])
def test_only_what_the_rule_joins_has_an_order(told, world, change):
    """Another key, another type, or no key: the rule says nothing of them."""
    pay = world.service("pay")
    paid = typed(pay, "paid", 0, "paid", "Settled" if change == "type" else "Paid", None if change == "no key" else "k")
    refunded = typed(pay, "refunds", 0, "refund", "Refunded", {"key": "other", "no key": None}.get(change, "k"))
    both_read(world, refunded, paid)
    assert told(world).declare(RULES).findings("causal-inversion") == []


def test_the_next_round_of_a_key_is_no_cause(told, world):
    """Paid, Refunded, Paid again under one key: the refund came after the first and before the second."""
    pay = world.service("pay")
    first = typed(pay, "paid", 0, "first", "Paid")
    refunded = typed(pay, "refunds", 0, "refund", "Refunded")
    second = typed(pay, "paid", 1, "second", "Paid")
    of_paid = world.service("ledger", group="ledger")
    of_paid.assign("paid", 0, 0)
    of_refunds = world.service("ledger", group="ledger")
    of_refunds.assign("refunds", 0, 0)
    for member, sent in ((of_paid, first), (of_refunds, refunded), (of_paid, second)):
        member.receive(sent.destination, 0, sent.offset)
        member.process(sent)
    assert told(world).declare(RULES).findings("causal-inversion") == []


def test_two_producers_on_two_hosts_have_no_order(told, world):
    """Nobody knows which of the sends came first: nothing is claimed."""
    paid = typed(world.service("pay"), "paid", 0, "paid", "Paid")
    refunded = typed(world.service("desk", host="beta"), "refunds", 0, "refund", "Refunded")
    both_read(world, refunded, paid)
    assert told(world).declare(RULES).findings("causal-inversion") == []


def test_one_log_has_an_order(told, world):
    """Two hosts, one partition: the offsets say which came first."""
    paid = typed(world.service("pay"), "payments", 0, "paid", "Paid")
    refunded = typed(world.service("desk", host="beta"), "payments", 1, "refund", "Refunded")
    ledger = world.service("ledger", group="ledger")
    ledger.assign("payments", 0, 0)
    ledger.receive("payments", 0, 0, 1)
    ledger.process(refunded)
    ledger.process(paid)
    ledger.commit("payments", 0, 2)
    assert told(world).declare(RULES).finding("causal-inversion")["message_ids"] == ["paid", "refund"]


@pytest.mark.parametrize("culprit", ["hole", "set back"])
def test_a_producer_whose_order_is_not_known(told, world, culprit):
    """A producer with a hole, or whose clock was set back, tells no order of its sends."""
    pay = world.service("pay")
    paid = typed(pay, "paid", 0, "paid", "Paid")
    if culprit == "hole":
        pay.skip_number()
    refunded = typed(pay, "refunds", 0, "refund", "Refunded")
    if culprit == "set back":
        pay.clock_off_ms = -60_000
        pay.send("elsewhere", 0, 0)
    both_read(world, refunded, paid)
    store = told(world).declare(RULES)
    assert store.findings("causal-inversion") == []
    # Asked about alone as well, though what shows it stands elsewhere.
    assert store.event("paid")["findings"] == []


def test_an_effect_that_was_sent_twice_has_no_first(told, world):
    """The refund was sent to two destinations, the payment in between: which refund is meant is not known."""
    pay = world.service("pay")
    typed(pay, "refunds", 0, "refund", "Refunded")
    paid = typed(pay, "paid", 0, "paid", "Paid")
    again = typed(pay, "mirror", 0, "refund", "Refunded")
    both_read(world, again, paid)
    assert told(world).declare(RULES).findings("causal-inversion") == []


def test_a_rule_by_flow(told, world):
    """`by flow` joins by the correlation id, whatever the keys."""
    pay = world.service("pay")
    paid = typed(pay, "paid", 0, "paid", "Paid", "a", flow="f")
    refunded = typed(pay, "refunds", 0, "refund", "Refunded", "b", flow="f")
    both_read(world, refunded, paid)
    rules = RULES.replace("by key", "by flow")
    assert told(world).declare(rules).finding("causal-inversion")["message_ids"] == ["paid", "refund"]


def test_a_declared_order_far_away(told, world):
    """Asked about one of them, the other is found however much lies between, and what is told is the same."""
    pay = world.service("pay")
    paid = typed(pay, "paid", 0, "paid", "Paid")
    for offset in range(1, 60):
        typed(pay, "paid", offset, f"other-{offset}", "Paid", f"key-{offset}")
    refunded = typed(pay, "refunds", 0, "refund", "Refunded")
    both_read(world, refunded, paid)
    store = told(world).declare(RULES)
    (found,) = store.findings("causal-inversion")
    assert store.event("paid")["reordered"] == {"answer": "yes", "findings": [found]}


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("", (100, 3, 60_000)),
        ("[limits]\nstorm = 7\n", (7, 3, 60_000)),
        ('[limits]\nloop = 1\ncontent-window = "1h"\n', (100, 1, 3_600_000)),
    ],
)
def test_limits(configuration, expected):
    """One row: what is declared, else the defaults."""
    connection = duckdb.connect()
    declaring.shadow(connection, parse_configuration(configuration))
    assert connection.execute(view_sql("limits")).fetchall() == [expected]
    assert "FROM declaration_rows" in sql_of("declared")
