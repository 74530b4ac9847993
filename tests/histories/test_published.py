"""Was it published? Every answer and reason, and the histories in which a careless reading gives another."""

from __future__ import annotations

import pytest

from tests.histories.world import CONSUMER, PRODUCER


def reader(world, group="payment", at=0, **more):
    """Start a member of a group that owns orders:0 from a position on."""
    member = world.service(group, group=group, **more)
    member.assign("orders", 0, at)
    return member


def test_an_ack_is_yes(told, world):
    """A send with partition and offset is published: acked, grade A, with the record, its time and the ack's wait."""
    order = world.service("shop").send("orders", 3, 1042)
    published = told(world).event(order.id)["published"]
    assert published == {
        "answer": "yes",
        "reason": "acked",
        "grade": "A",
        "records": [{"partition": 3, "offset": 1042, "at": "2026-01-01T12:00:00.002000000Z", "ack_ms": 1.0}],
        "evidence": [order.span.ref],
    }


def test_offset_zero_is_an_offset(told, world):
    """The first record of a log is a record like any other."""
    order = world.service("shop").send("orders", 0, 0)
    assert told(world).published(order.id) == ("yes", "acked")
    assert told(world).event("orders:0:0")["message_id"] == order.id


def test_a_definite_failure_is_no(told, world):
    """Every publication failed definitively and no consumer saw it: no, failed; and an error."""
    shop = world.service("shop")
    order = shop.send("orders", None, outcome="failed", error="MessageSizeTooLargeError")
    store = told(world)
    assert store.published(order.id) == ("no", "failed")
    assert store.kinds() == [("publish-failed", "error")]
    finding = store.finding("publish-failed")
    assert finding["message_ids"] == [order.id]
    assert finding["destination"] == "orders"
    assert finding["producer"] == "shop"
    assert finding["evidence"] == [order.span.ref]


def test_a_failure_with_readers_at_work_is_still_no(told, world):
    """A group that reads the destination with complete telemetry and never saw the event confirms the failure."""
    shop = world.service("shop")
    before = shop.send("orders", 0, 0)
    order = shop.send("orders", 0, outcome="failed", error="MessageSizeTooLargeError")
    payment = reader(world)
    payment.receive("orders", 0, 0)
    payment.process(before)
    payment.commit("orders", 0, 1)
    payment.revoke("orders", 0, 1)
    store = told(world)
    assert store.published(order.id) == ("no", "failed")
    assert store.kinds() == [("publish-failed", "error")]


def test_a_failure_is_not_concluded_beside_a_dark_reader(told, world):
    """A reader with holes could have seen the event: unknown, and no finding publish-failed."""
    shop = world.service("shop")
    before = shop.send("orders", 0, 0)
    order = shop.send("orders", 0, outcome="failed", error="MessageSizeTooLargeError")
    payment = reader(world)
    payment.receive("orders", 0, 0)
    payment.process(before)
    payment.skip_number()
    payment.revoke("orders", 0, 1)
    store = told(world)
    assert store.published(order.id)[0] == "unknown"
    assert store.kinds() == [("telemetry-gap", "info")]


@pytest.mark.parametrize("hole", ["before", "after"])
def test_a_failure_is_not_concluded_of_a_producer_with_a_hole(told, world, hole):
    """In the hole it may have sent the event with success: unknown, and no finding publish-failed."""
    shop = world.service("shop")
    if hole == "before":
        shop.skip_number()
    order = shop.send("orders", None, outcome="failed", error="MessageSizeTooLargeError")
    if hole == "after":
        shop.skip_number()
    shop.close()
    store = told(world)
    assert store.published(order.id) == ("unknown", "telemetry gap")
    assert store.kinds() == [("telemetry-gap", "info")]


def test_a_failure_is_not_concluded_of_a_foreign_producer_that_names_the_event(told, world):
    """Without numbers nobody knows whether it sent the event once more: unknown, and no finding publish-failed."""
    world.foreign("shop", "io.opentelemetry.kafka-clients-0.11").span(
        "orders publish",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.operation": "publish",
            "messaging.destination.name": "orders",
            "messaging.message.id": "m",
        },
        exception="org.apache.kafka.common.errors.RecordTooLargeException",
    )
    store = told(world)
    assert store.published("m") == ("unknown", "telemetry gap")
    assert store.findings("publish-failed") == []


def test_a_failure_is_not_concluded_where_a_reader_may_be_unseen(told, world):
    """Nobody was ever seen to read there, and an instance has a hole: it may have been handed the event in it."""
    shop = world.service("shop")
    order = shop.send("orders", None, outcome="failed", error="NetworkError")
    shop.close()
    payment = world.service("payment", group="payment")
    payment.skip_number()
    payment.close()
    store = told(world)
    assert store.published(order.id) == ("unknown", "telemetry gap")
    assert store.findings("publish-failed") == []


def test_failed_and_then_sent_again_is_yes(told, world):
    """The application's own second try after a definite failure succeeded: published, no failure, no duplicate."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    shop.send("orders", 0, 5, id="m")
    store = told(world)
    assert store.published("m") == ("yes", "acked")
    assert store.kinds() == []
    assert store.event("m")["duplicated"]["answer"] == "no"


def test_two_failures_are_one_failed_event(told, world):
    """Both tries failed definitively: no, failed."""
    shop = world.service("shop")
    for _ in range(2):
        shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    store = told(world)
    assert store.published("m") == ("no", "failed")
    assert {kind for kind, _ in store.kinds()} == {"publish-failed"}


def test_a_failure_elsewhere_is_a_failure_there(told, world):
    """Success is judged per destination: the send to `audit` does not make up for the failed one to `orders`."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="failed", error="MessageSizeTooLargeError")
    shop.send("audit", 0, 5, id="m")
    store = told(world)
    assert store.kinds() == [("publish-failed", "error")]
    answers = {event["destination"]: event["published"]["answer"] for event in store.ask("m")["events"]}
    assert answers == {"orders": "no", "audit": "yes"}


def test_a_timeout_is_in_doubt(told, world):
    """The client gave up waiting: the broker may have it, so in-doubt, reason timeout, never failed."""
    order = world.service("shop").send("orders", 0, outcome="in-doubt", error="KafkaTimeoutError")
    store = told(world)
    assert store.published(order.id) == ("in-doubt", "timeout")
    assert store.kinds() == []


def test_doubt_beside_failure_is_doubt(told, world):
    """One of two tries is in doubt: the event may be in the log, so it did not fail."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    shop.send("orders", 0, id="m", outcome="in-doubt", error="KafkaTimeoutError")
    store = told(world)
    assert store.published("m")[0] == "in-doubt"
    assert ("publish-failed", "error") not in store.kinds()


def test_doubt_beside_an_ack_is_yes(told, world):
    """One of two tries was acked: published."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="in-doubt", error="KafkaTimeoutError")
    shop.send("orders", 0, 7, id="m")
    assert told(world).published("m") == ("yes", "acked")


def test_unsettled_at_close_is_in_doubt(told, world):
    """A send that was not resolved when its producer closed is in doubt."""
    shop = world.service("shop")
    order = shop.send("orders", 0, outcome="in-doubt")
    shop.close()
    answer, reason = told(world).published(order.id)
    assert answer == "in-doubt"
    assert reason in {"closed", "crash", "timeout"}


def test_doubt_becomes_a_finding_after_the_clients_own_timeout(told, world):
    """Older than `flowtrail.publish.timeout` at the watermark: publish-in-doubt, a warning."""
    shop = world.service("shop")
    order = shop.send("orders", 0, outcome="in-doubt", attributes={"flowtrail.publish.timeout": 5000})
    world.wait(6000)
    shop.send("other", 0, 0)
    store = told(world)
    finding = store.finding("publish-in-doubt")
    assert (finding["severity"], finding["message_ids"]) == ("warning", [order.id])
    assert store.kinds() == [("publish-in-doubt", "warning")]


def test_doubt_younger_than_the_clients_timeout_is_no_finding(told, world):
    """The client's timeout is ten minutes: after five nothing is said."""
    shop = world.service("shop")
    shop.send("orders", 0, outcome="in-doubt", attributes={"flowtrail.publish.timeout": 600_000})
    world.wait(300_000)
    shop.send("other", 0, 0)
    assert told(world).kinds() == []


@pytest.mark.parametrize(("waited", "kinds"), [(100_000, []), (140_000, [("publish-in-doubt", "warning")])])
def test_doubt_without_a_known_timeout_waits_two_minutes(told, world, waited, kinds):
    """Where the client's timeout is unknown it is taken to be 120 s."""
    shop = world.service("shop")
    shop.send("orders", 0, outcome="in-doubt")
    world.wait(waited)
    shop.send("other", 0, 0)
    assert told(world).kinds() == kinds


def test_doubt_that_a_consumer_resolved_is_no_finding(told, world):
    """In doubt for an hour, but a consumer was handed the record: yes, seen, and nothing to report."""
    shop = world.service("shop")
    order = shop.send("orders", 0, outcome="in-doubt", attributes={"flowtrail.publish.timeout": 1000})
    payment = reader(world)
    payment.receive("orders", 0, 5)
    payment.process(order, offset=5)
    payment.commit("orders", 0, 6)
    world.wait(3_600_000)
    payment.close()
    store = told(world)
    event = store.event(order.id)
    assert (event["published"]["answer"], event["published"]["reason"]) == ("yes", "seen")
    assert [(row["partition"], row["offset"], row["ack_ms"]) for row in event["published"]["records"]] == [(0, 5, None)]
    assert store.kinds() == []


@pytest.mark.parametrize("join", ["parent", "link"])
def test_seen_by_the_trace_alone(told, world, join):
    """Without any message id, parent or link of the processing name the send that is in doubt: seen."""
    shop = world.service("shop")
    order = shop.send("orders", 0, id=None, epoch=None, outcome="in-doubt")
    del order.span.attributes["flowtrail.producer.seq"]
    payment = reader(world)
    payment.receive("orders", 0, 5)
    span = payment.process(order, offset=5, join=join)
    span.attributes.pop("flowtrail.producer.seq", None)
    store = told(world)
    assert store.event("orders:0:5")["published"]["answer"] == "yes"
    assert store.event("orders:0:5")["published"]["reason"] == "seen"


def test_a_record_only_consumers_know_was_published(told, world):
    """No producer's telemetry at all, yet a consumer was handed the record: yes, seen."""
    payment = reader(world, at=5)
    payment.receive("orders", 0, 5)
    store = told(world)
    assert store.published("orders:0:5") == ("yes", "seen")
    assert store.event("orders:0:5")["producer"] is None


def test_failed_yet_consumed_is_a_ghost(told, world):
    """The client was told that it failed for good; a consumer has that very send: a ghost, published."""
    order = world.service("shop").send("orders", 0, outcome="failed", error="UnknownServerError")
    payment = reader(world)
    payment.receive("orders", 0, 5)
    payment.process(order, offset=5)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    assert store.published(order.id) == ("yes", "seen")
    assert store.kinds() == [("ghost-publish", "error")]
    finding = store.finding("ghost-publish")
    assert finding["message_ids"] == [order.id]
    assert finding["destination"] == "orders"


def test_failed_sent_again_and_consumed_once_is_no_ghost(told, world):
    """The consumed record is the second try's: the failed one stayed failed."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    order = shop.send("orders", 0, 5, id="m")
    payment = reader(world)
    payment.receive("orders", 0, 5)
    payment.process(order)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    assert store.kinds() == []


def test_failed_beside_a_lost_second_try_is_no_ghost(told, world):
    """The producer lost a span: the consumed copy, which names no send number, may be an unseen second try's."""
    shop = world.service("shop")
    order = shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    shop.skip_number()
    shop.close()
    payment = reader(world)
    payment.receive("orders", 0, 5)
    payment.process(
        order,
        offset=5,
        join="none",
        attributes={"flowtrail.producer.epoch": None, "flowtrail.producer.seq": None},
    )
    payment.close()
    assert told(world).kinds() == [("telemetry-gap", "info")]


def test_failed_beside_a_lost_second_try_whose_number_names_the_send_is_a_ghost(told, world):
    """The producer lost a span, but the processing carries the failed send's own number: ghost all the same."""
    shop = world.service("shop")
    order = shop.send("orders", 0, id="m", outcome="failed", error="NotLeaderForPartitionError")
    shop.skip_number()
    shop.close()
    payment = reader(world)
    payment.receive("orders", 0, 5)
    payment.process(order, offset=5)
    payment.close()
    assert told(world).kinds() == [("ghost-publish", "error"), ("telemetry-gap", "info")]


def test_a_foreign_send_without_an_offset_is_unknown(told, world):
    """An instrumentation that reports no acks proves neither yes nor no."""
    shop = world.foreign("shop", "opentelemetry.instrumentation.confluent_kafka")
    span = shop.span(
        "orders send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.operation": "publish"},
    )
    store = told(world)
    assert store.published(f"trace:{span.trace_id}") == ("unknown", "ack not instrumented")
    assert store.kinds() == []


def test_a_foreign_send_that_was_consumed_is_seen(told, world):
    """The consumer's span below the send has the place: yes, seen."""
    shop = world.foreign("shop", "opentelemetry.instrumentation.confluent_kafka")
    span = shop.span(
        "orders send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.operation": "publish"},
    )
    pay = world.foreign("pay", "opentelemetry.instrumentation.confluent_kafka")
    pay.span(
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.operation": "process",
            "messaging.kafka.partition": 0,
            "messaging.message.id": "orders.0.5",
        },
        links=[span.link()],
    )
    store = told(world)
    assert store.published("orders:0:5") == ("yes", "seen")
    assert store.kinds() == []


def test_asked_for_a_record_that_nobody_produced_and_nobody_read(told, world):
    """A record below a commit is not an event anyone has seen: nothing is known of it."""
    from flowtrail_collector.errors import NothingKnown

    payment = reader(world, at=5)
    payment.commit("orders", 0, 5)
    with pytest.raises(NothingKnown):
        told(world).ask("orders:0:77")


def test_a_processing_that_names_another_send_shows_no_ghost(told, world):
    """The first send failed, the second succeeded and its span is missing: what was processed names the second."""
    shop = world.service("shop")
    shop.send("orders", 0, None, id="order", outcome="failed", error="NotEnoughReplicasError")
    second = shop.send("orders", 0, 7, id="order")
    shop.close()
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 7)
    payment.receive("orders", 0, 7)
    payment.process(second)
    payment.commit("orders", 0, 8)
    payment.close()
    store = told(world.without(second.span))
    assert not store.findings("ghost-publish")
    assert store.published("order") == ("yes", "seen")


def test_failed_while_a_record_that_nobody_named_is_in_a_readers_hands_is_unknown(told, world):
    """The reader was handed a record and has not ended with it: it may be the one of which the client was told no."""
    shop = world.service("shop")
    order = shop.send("orders", None, outcome="failed", error="UnknownServerError")
    reader(world).receive("orders", 0, 0)
    store = told(world)
    assert store.published(order.id) == ("unknown", "a record that nobody has named was handed out")
    assert store.kinds() == []


@pytest.mark.parametrize(("before", "after"), [(7, None), (None, 4)])
def test_failed_beside_a_nameless_record_that_stands_elsewhere_in_the_log_is_no(told, world, before, after):
    """What the producer had acked before it stands below, what it sent afterwards beyond: the record is another's."""
    shop = world.service("shop")
    if before is not None:
        shop.send("orders", 0, before)
    order = shop.send("orders", None, outcome="failed", error="UnknownServerError")
    if after is not None:
        shop.send("orders", 0, after)
    reader(world).receive("orders", 0, 5)
    store = told(world)
    assert store.published(order.id) == ("no", "failed")
    assert ("publish-failed", "error") in store.kinds()


def test_failed_beside_a_record_that_was_handed_out_before_is_no(told, world):
    """A record that a reader on the same host was handed before the send began is another's."""
    reader(world).receive("orders", 0, 5)
    order = world.service("shop").send("orders", None, outcome="failed", error="UnknownServerError")
    assert told(world).published(order.id) == ("no", "failed")


def test_failed_after_the_clock_was_set_back_excludes_no_record_by_its_time(told, world):
    """What the producer had acked before seems to come after the failure: where its record stands tells nothing."""
    shop = world.service("shop")
    shop.send("orders", 0, 3)
    shop.clock_off_ms = -3_600_000
    order = shop.send("orders", None, outcome="failed", error="UnknownServerError")
    reader(world).receive("orders", 0, 5)
    store = told(world)
    assert store.published(order.id) == ("unknown", "a record that nobody has named was handed out")
    assert not store.findings("publish-failed")
