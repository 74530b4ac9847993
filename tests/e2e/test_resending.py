"""Answers and requests lost between a producer and the broker, with several in flight: resent, and out of order."""

import itertools

import pytest

from tests.e2e.truth import Truth, assert_told, log_reorders, read_log, resends, told_handled, told_sent
from tests.kafka.broker import Broker
from tests.kafka.proxy import Proxy

HASTY = {"retry_backoff_ms": 10, "reconnect_backoff_ms": 10, "reconnect_backoff_max_ms": 50}
KEYS = 3


def send_through_faults(producer, proxy, orders, in_flight):
    """Send rounds of messages, one request each; of each round the broker takes some, and answers to none of them."""
    numbers = itertools.count()

    def post():
        number = next(numbers)
        told = {"id": f"{orders}-{number}", "key": f"key-{number % KEYS}"}
        producer.do("post", topic=orders, partition=0, flush=False, **told)

    for taken in range(in_flight + 1):
        post()
        producer.do("settle", flush=False)
        proxy.lose_answers()
        for count in range(1, taken + 1):
            post()
            proxy.await_lost(count)
        proxy.lose_requests()
        for count in range(1, in_flight - taken + 1):
            post()
            proxy.await_lost(count)
        proxy.cut()
        producer.do("settle", flush=False)


@pytest.mark.parametrize(("idempotent", "in_flight"), [(False, 4), (True, 1)], ids=["not idempotent", "idempotent"])
def test_what_a_client_resends(start, collector, kafka, topic, topic_name, idempotent, in_flight):
    """Every second copy is a resend and every send that was overtaken a reordering, just as they stand in the log.

    A producer that is idempotent (this client then has one request in flight) loses some as well: nothing is found.
    """
    if not isinstance(kafka, Broker):
        pytest.skip("the proxy stands before a broker of the tests' own")
    orders, group = topic("orders"), topic_name("payment")
    with Proxy(kafka.bootstrap_servers) as proxy:
        config = {**HASTY, "enable_idempotence": idempotent}
        producer = start("producer", collector, proxy.bootstrap_servers, config=config)
        send_through_faults(producer, proxy, orders, in_flight)
        producer.stop()
    log = read_log(kafka, orders)
    consumer = start("polling", collector, kafka.bootstrap_servers, service="payment", topic=orders, group=group)
    while consumer.hear("handled")["handled"] < len(log):
        pass
    consumer.stop()
    sent = told_sent(producer)
    assert {row.id for row in log} == {row.id for row in sent}
    claims = [*resends(log), *log_reorders(log, sent)]
    kinds = {(claim.kind, claim.reason) for claim in claims}
    if idempotent:
        assert kinds == set()
    else:
        assert kinds == {("resend", "same send number"), ("log-reorder", "one key"), ("log-reorder", "across keys")}
    assert_told(collector, Truth(sent, told_handled(consumer), log, {orders: [group]}, claims))
