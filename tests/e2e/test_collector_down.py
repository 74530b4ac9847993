"""The collector is killed, absent or silent: nothing acknowledged is lost, and no service is held up."""

import socket
import time
from collections.abc import Iterator

import duckdb
import pytest

from tests.e2e.product import Collector

LONGEST_EXIT = 2.0
"""Seconds by which the tracer may delay the end of a service."""
SLACK = 4.0
"""Seconds that an interpreter may take to end on a busy machine."""


@pytest.mark.slow
def test_the_collector_is_killed_under_load(start, kafka, topic, topic_name, tmp_path):
    """Killed three times while spans arrive, and started on the same store: every span is there once, none missing."""
    orders, group = topic("orders", partitions=3), topic_name("payment")
    collector = Collector(tmp_path / "flowtrail.duckdb").start()
    try:
        told = {"service": "payment", "topic": orders, "group": group, "commit": True}
        consumer = start("polling", collector, kafka.bootstrap_servers, config={"enable_auto_commit": False}, **told)
        producer = start("producer", collector, kafka.bootstrap_servers, config={"linger_ms": 5})
        count = 0
        for _ in range(3):
            producer.tell(do="send_many", topic=orders, id="m", first=count, count=1500, flush=False)
            count += 1500
            while consumer.hear("handled")["handled"] < count - 1000:
                pass
            collector.kill()
            producer.hear("send_many")
            collector.start()
            producer.do("send_many", topic=orders, id="m", first=count, count=100)  # told and delivered
            count += 100
        while consumer.hear("handled")["handled"] < count:
            pass
        producer.stop()
        consumer.stop()
        assert "retrying" in producer.narrated + consumer.narrated
        assert collector.all_findings() == []
        assert collector.published("m-0") == ("yes", "acked")
        assert collector.consumed(f"m-{count - 1}") == {group: "processed"}
    finally:
        collector.stop()
    with duckdb.connect(str(tmp_path / "flowtrail.duckdb"), read_only=True) as store:
        spans = "SELECT operation, count(*), count(DISTINCT span_id) FROM spans GROUP BY 1"
        counts = {operation: (rows, ids) for operation, rows, ids in store.execute(spans).fetchall()}
        assert counts["send"] == (count, count)
        assert counts["process"] == (count, count)
        numbers = "SELECT instance, count(*), count(DISTINCT number), max(number) FROM spans GROUP BY 1"
        for _, rows, distinct, last in store.execute(numbers).fetchall():
            assert rows == distinct == last


@pytest.fixture(params=["refuses", "is silent"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """Offer an endpoint where nobody listens, or somebody who takes everything and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        if request.param == "refuses":
            server.close()
        yield endpoint


def test_no_collector_at_start_and_exit(nowhere, start, kafka, topic, topic_name):
    """A service works as ever without a collector, and ends two seconds later at most."""
    orders, group = topic("orders"), topic_name("payment")
    producer = start("leaving", nowhere, kafka.bootstrap_servers, topic=orders, count=200)
    assert producer.hear("sent")["sent"] == list(range(200))
    consumer = start("leaving", nowhere, kafka.bootstrap_servers, topic=orders, group=group, count=200)
    assert consumer.hear("handled")["handled"] == list(range(200))
    for service in (producer, consumer):
        service.tell(end=True)
        service.hear("ending")
        begun = time.monotonic()
        assert service.wait() == 0
        assert time.monotonic() - begun < LONGEST_EXIT + SLACK


@pytest.mark.slow
def test_a_collector_that_comes_late(start, kafka, topic, tmp_path):
    """What a service did before the collector was there is delivered when it is."""
    orders = topic("orders")
    with Collector(tmp_path / "flowtrail.duckdb") as collector:
        pass
    producer = start("producer", collector, kafka.bootstrap_servers)
    assert "offset" in producer.do("send", topic=orders, id=orders, flush=False)
    with collector:
        producer.do("send", topic=orders, id=f"{orders}-after")
        assert collector.published(orders) == ("yes", "acked")
        assert collector.published(f"{orders}-after") == ("yes", "acked")
        producer.stop()
        assert [row["kind"] for row in collector.all_findings()] == ["unread-destination"]
