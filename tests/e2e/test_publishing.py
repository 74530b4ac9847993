"""Publications that do not go well: a broker that stops or hangs, a message too large, the same message id twice."""

import pytest

from tests.e2e.truth import Claim, Truth, assert_told, log_reorders, read_log, resends, told_handled, told_sent
from tests.kafka.proxy import Proxy

IMPATIENT = {"request_timeout_ms": 1500, "delivery_timeout_ms": 3000, "max_block_ms": 5000, "enable_idempotence": False}


@pytest.mark.slow
def test_a_producer_against_a_broker_that_hangs(start, collector, private_kafka):
    """In doubt, since the client gave up; then yes, since a consumer has it. What was never written stays in doubt."""
    broker = private_kafka()
    topic, group = broker.create_topic("orders"), "payment"
    patient = start("producer", collector, broker.bootstrap_servers, service="patient")
    assert patient.do("send", topic=topic, id="before")["offset"] == 0
    hasty = start("producer", collector, broker.bootstrap_servers, service="hasty", config=IMPATIENT)
    assert "offset" in hasty.do("send", topic=topic, id="warm")
    broker.freeze()
    assert patient.do("post", topic=topic, id="acked late", flush=False)
    assert "error" in hasty.do("send", topic=topic, id="hung")
    assert collector.published("hung") == ("in-doubt", "timeout")
    assert collector.consumed("hung") == {}
    broker.thaw()
    assert "offset" in patient.do("answer")
    assert collector.published("acked late") == ("yes", "acked")
    told = {"service": "payment", "topic": topic, "group": group, "flush": True}
    consumer = start("polling", collector, broker.bootstrap_servers, **told)
    while consumer.hear("handled")["handled"] < 4:
        pass
    assert collector.published("hung") == ("yes", "seen")
    assert collector.consumed("hung") == {group: "processed"}
    consumer.stop()
    broker.kill()
    assert "error" in hasty.do("send", topic=topic, id="refused")
    assert collector.published("refused") == ("in-doubt", "timeout")
    patient.do("post", topic=topic, id="cut off", flush=False)
    patient.terminate()
    assert collector.published("cut off") == ("in-doubt", "closed")
    broker.start()
    consumer = start("polling", collector, broker.bootstrap_servers, **told)
    # Its first sends may run out of their three seconds while it finds the broker again.
    after = next(
        name for name in map("after {}".format, range(10)) if "offset" in hasty.do("send", topic=topic, id=name)
    )
    while consumer.hear("handled")["handled"] < 1:
        pass
    consumer.stop()
    hasty.stop()
    assert collector.consumed(after) == {group: "processed"}
    assert collector.published("refused") == ("in-doubt", "timeout")
    assert collector.published("cut off") == ("in-doubt", "closed")


def test_a_message_that_is_too_large(run, collector, topic):
    """Refused by the broker or by the client itself: a definite failure, of which a finding tells."""
    orders = topic("orders", configs={"max.message.bytes": 2000})
    producer = run("producer", config={"max_request_size": 100_000, "enable_idempotence": False})
    for name, times in ((f"{orders}-broker", 2000), (f"{orders}-client", 100_000)):
        assert producer.do("send", topic=orders, id=name, times=times)["error"] == "MessageSizeTooLargeError"
        assert collector.published(name) == ("no", "failed")
    producer.do("send", topic=orders, id=f"{orders}-small")
    producer.stop()
    found = collector.findings(orders)
    assert [(row["kind"], row["severity"]) for row in found] == [("publish-failed", "error")] * 2
    assert {row["message_ids"][0] for row in found} == {f"{orders}-broker", f"{orders}-client"}
    assert collector.published(f"{orders}-small") == ("yes", "acked")


def test_the_application_sends_one_message_twice(run, collector, topic, topic_name):
    """Two sends under one message id: a republish, and the consumer handled both copies."""
    orders, audit, group = topic("orders"), topic("audit"), topic_name("payment")
    producer = run("producer")
    for _ in range(2):
        producer.do("send", topic=orders, id=orders)
    producer.do("send", topic=audit, id=orders)
    producer.do("send", topic=orders, id=f"{orders}-once")
    producer.stop()
    consumer = run("polling", service="payment", topic=orders, group=group)
    while consumer.hear("handled")["handled"] < 3:
        pass
    consumer.stop()
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["offsets"]) == ("republish", "warning", [0, 1])
    assert found["message_ids"] == [orders]
    assert collector.kinds(audit) == []
    document = collector.ask(f"id:{orders}")
    assert document is not None
    events = {event["destination"]: event for event in document["events"]}
    assert events[orders]["duplicated"]["answer"] == "yes"
    assert [row["offset"] for row in events[orders]["published"]["records"]] == [0, 1]
    assert [line["answer"] for line in events[orders]["consumed"]] == ["processed"]
    assert events[audit]["duplicated"]["answer"] == "no"
    assert collector.event(f"{orders}-once")["duplicated"]["answer"] == "no"


def test_a_producer_that_is_killed_before_it_could_tell(run, start, kafka, collector, topic, topic_name):
    """Its spans are lost, the message is not: published, as seen by whoever was handed it, and nothing is wrong."""
    orders, group = topic("orders"), topic_name("payment")
    producer = start("producer", "http://127.0.0.1:9", kafka.bootstrap_servers)
    producer.do("send", topic=orders, id=orders, key="42", flow=f"{orders}-flow", flush=False)
    producer.kill()
    assert collector.ask(orders) is None
    consumer = run("polling", service="payment", topic=orders, group=group)
    consumer.hear("handled")
    consumer.stop()
    event = collector.event(orders)
    assert (event["published"]["answer"], event["published"]["reason"]) == ("yes", "seen")
    assert (event["key"], event["correlation_id"]) == ("42", f"{orders}-flow")
    assert collector.consumed(orders) == {group: "processed"}
    assert collector.kinds(orders) == []


@pytest.mark.slow
def test_a_broker_that_goes_down_during_sends(start, collector, private_kafka, topic_name):
    """Killed, then stopped: what it took without an answer and what it never got are in doubt for a hasty producer.

    Once somebody was handed the first they are seen. A patient one has all of them acked in the end, and what the
    broker had taken of them already stands there twice.
    """
    broker = private_kafka()
    orders, group = broker.create_topic(topic_name("orders")), topic_name("payment")
    again = {"retry_backoff_ms": 50, "reconnect_backoff_max_ms": 200, "enable_idempotence": False}
    patience = {"hasty": {"request_timeout_ms": 1000, "delivery_timeout_ms": 2000}, "patient": {}}
    with Proxy(broker.bootstrap_servers) as proxy:
        producers = {
            service: start("producer", collector, proxy.bootstrap_servers, service=service, config=again | more)
            for service, more in patience.items()
        }
        for end in (broker.kill, broker.stop):
            go_down(end, proxy, producers, orders)
            for row in told_sent(producers["hasty"])[-4:]:
                assert row.offset is None
                assert collector.published(row.id) == ("in-doubt", "timeout")
            broker.start()
            producers["patient"].do("settle")
        for producer in producers.values():
            producer.stop()
    log = read_log(broker, orders)
    consumer = start("polling", collector, broker.bootstrap_servers, service="payment", topic=orders, group=group)
    while consumer.hear("handled")["handled"] < len(log):
        pass
    consumer.stop()
    sent = {service: told_sent(producer) for service, producer in producers.items()}
    standing = {row.id for row in log}
    lost = [row.id for row in sent["hasty"] if row.id not in standing]
    unanswered = [row.id for row in sent["hasty"] if row.offset is None and row.id in standing]
    assert (len(lost), len(unanswered)) == (4, 4)
    reordered = [claim for rows in sent.values() for claim in log_reorders(log, rows)]
    in_doubt = [Claim("publish-in-doubt", "warning", "timeout", orders, 0, (), None, (name,)) for name in lost]
    truth = Truth(
        [*sent["hasty"], *sent["patient"]],
        told_handled(consumer),
        log,
        {orders: [group]},
        [*resends(log), *reordered, *in_doubt],
        consumed=dict.fromkeys([(name, group) for name in lost], ("unknown", "no record known")),
        doubtful=lost,
    )
    assert {claim.kind for claim in truth.claims} >= {"resend", "publish-in-doubt"}
    assert_told(collector, truth)


def go_down(end, proxy, producers, orders):
    """End the broker when it answered one send of each producer and took two unanswered; two more never reach it."""

    def post(*numbers):
        for number in numbers:
            for service, producer in producers.items():
                name = f"{orders}-{service}-{end.__name__}-{number}"
                producer.do("post", topic=orders, id=name, key=service, flush=False)
                yield

    for _ in post(0):
        pass
    for producer in producers.values():
        producer.do("settle")
    proxy.lose_answers()
    for count, _ in enumerate(post(1, 2), 1):
        proxy.await_lost(count)
    end()
    proxy.cut()
    for _ in post(3, 4):
        pass
    producers["hasty"].do("settle")
