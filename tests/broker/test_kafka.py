"""The watcher and the lag question on a real Kafka: groups that are not instrumented at all."""

import gc
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from flowtrail_collector.broker import BrokerWatcher, KafkaBroker
from flowtrail_collector.errors import SourceUnavailable
from flowtrail_collector.filters import parse_filter
from flowtrail_collector.questions.lag import lag
from flowtrail_collector.window import Window

if TYPE_CHECKING:
    from tests.kafka.broker import Broker, Cluster


class Watched:
    """A store in memory and a watcher that is asked round by round."""

    def __init__(self, cluster: "Cluster") -> None:
        self.connection = duckdb.connect()
        self.connection.execute(files("flowtrail_collector.store").joinpath("schema.sql").read_text())
        servers = cluster.bootstrap_servers
        self.watcher = BrokerWatcher(
            servers,
            lambda: KafkaBroker(servers, timeout_ms=3000),
            lambda change: change(self.connection),
        )

    def close(self) -> None:
        """Let go of the broker and of the store."""
        self.watcher.stop()
        self.connection.close()

    def rows(self, topic: str, rounds: int = 1) -> dict[tuple[str, int], dict[str, Any]]:
        """Sample, then ask for the lag on a topic."""
        for _ in range(rounds):
            self.watcher.check()
            time.sleep(0.05)
        document = lag(self.connection, Window(None, None), parse_filter(f'topic:"{topic}"'))
        return {(row["group"], row["partition"]): row for row in document["rows"]}


@pytest.fixture(autouse=True)
def refused(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect what kafka-python leaves to the garbage collector: the sockets of refused connections.

    Its log records, which pytest keeps, would hold on to them.
    """
    caplog.set_level(logging.CRITICAL + 1, "kafka")
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def watched(kafka: "Cluster") -> "Iterator[Watched]":
    """Watch the shared broker."""
    made = Watched(kafka)
    yield made
    made.close()


def produce(kafka: "Cluster", topic: str, count: int, **settings: Any) -> None:
    """Send so many records to partition 0."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, **settings)
    for number in range(count):
        producer.send(topic, value=b"x", key=str(number % 3).encode(), partition=0)
    producer.flush()
    producer.close()


def commit(kafka: "Cluster", group: str, topic: str, position: int) -> None:
    """Commit a position as a group's member would, and leave."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, group_id=group, enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.commit({TopicPartition(topic, 0): OffsetAndMetadata(position, "", -1)})
    consumer.close(autocommit=False)


def test_two_groups_one_lagging(
    kafka: "Cluster", watched: Watched, topic: Callable[..., str], topic_name: Callable[[str], str]
) -> None:
    """Neither is instrumented: the broker alone tells their positions and the end."""
    name = topic("orders")
    fast, slow = topic_name("fast"), topic_name("slow")
    produce(kafka, name, 20)
    commit(kafka, fast, name, 20)
    commit(kafka, slow, name, 5)
    rows = watched.rows(name)
    assert (rows[fast, 0]["lag"], rows[fast, 0]["status"], rows[fast, 0]["time_lag_ms"]) == (0, "ok", 0.0)
    assert (rows[slow, 0]["position"], rows[slow, 0]["end"], rows[slow, 0]["lag"]) == (5, 20, 15)
    assert rows[slow, 0]["cluster_id"]
    assert rows[slow, 0]["grade"] == "A"
    produce(kafka, name, 10)
    rows = watched.rows(name)
    assert (rows[fast, 0]["lag"], rows[slow, 0]["lag"]) == (10, 25)
    assert rows[slow, 0]["time_lag_ms"] > rows[fast, 0]["time_lag_ms"] >= 0


def test_members(
    kafka: "Cluster", watched: Watched, topic: Callable[..., str], topic_name: Callable[[str], str]
) -> None:
    """While a member is there the group is not stopped; when the last one has left it is."""
    name = topic("orders")
    group = topic_name("group")
    produce(kafka, name, 20)
    consumer = KafkaConsumer(
        name,
        bootstrap_servers=kafka.bootstrap_servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while not consumer.poll(200, max_records=4):
        pass
    consumer.commit()
    row = watched.rows(name)[group, 0]
    assert row["members"] == 1
    assert row["member"].startswith("kafka-python")
    assert 0 < row["lag"] < 20
    assert row["status"] != "stopped"
    consumer.close(autocommit=False)
    row = watched.rows(name, rounds=2)[group, 0]
    assert (row["members"], row["member"], row["status"]) == (0, None, "stopped")


def test_a_transactions_marker_is_not_lag(
    kafka: "Cluster", watched: Watched, topic: Callable[..., str], topic_name: Callable[[str], str]
) -> None:
    """Committed: five records and a marker; a group that committed 5 has read all. Open: not yet readable."""
    name = topic("orders")
    group = topic_name("group")
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=topic_name("tx"))
    producer.init_transactions()
    producer.begin_transaction()
    for _ in range(5):
        producer.send(name, b"x", partition=0)
    producer.commit_transaction()
    commit(kafka, group, name, 5)
    row = watched.rows(name, rounds=2)[group, 0]
    assert (row["position"], row["lag"], row["status"]) == (5, 0, "ok")

    producer.begin_transaction()
    producer.send(name, b"y", partition=0)
    producer.flush()
    assert watched.rows(name)[group, 0]["lag"] <= 1
    producer.commit_transaction()
    producer.close()
    row = watched.rows(name, rounds=3)[group, 0]
    assert row["lag"] == row["end"] - 5 > 0


def test_records_removed_before_they_were_read(
    kafka: "Cluster", watched: Watched, topic: Callable[..., str], topic_name: Callable[[str], str]
) -> None:
    """The log start has passed the position."""
    name = topic("orders")
    group = topic_name("group")
    produce(kafka, name, 20)
    commit(kafka, group, name, 5)
    with kafka.admin() as admin:
        admin.delete_records({TopicPartition(name, 0): 12})
    row = watched.rows(name)[group, 0]
    assert (row["status"], row["log_start"], row["lost"]) == ("retention", 12, 7)


def test_topic_settings(kafka: "Cluster", watched: Watched, topic: Callable[..., str]) -> None:
    """Cleanup policy, retention and topic id are kept."""
    name = topic("orders", configs={"cleanup.policy": "compact", "retention.ms": 123_000})
    watched.watcher.check()
    found = watched.connection.execute(
        "SELECT cleanup_policy, retention_ms FROM broker_topic_rows WHERE destination = ?",
        [name],
    ).fetchall()
    assert found == [("compact", 123_000)]
    (topic_id,) = watched.connection.execute(
        "SELECT topic_id FROM broker_partition_rows WHERE destination = ?",
        [name],
    ).fetchone() or (None,)
    assert topic_id


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # those sockets
def test_a_broker_that_stops(private_kafka: "Callable[..., Broker]") -> None:
    """The watcher says so, and goes on by itself when the broker is back."""
    broker = private_kafka()
    watched = Watched(broker)
    watched.watcher.check()
    broker.stop()
    with pytest.raises(SourceUnavailable, match=f"tried {broker.bootstrap_servers}"):
        watched.watcher.check()
    broker.start()
    watched.watcher.check()
    assert watched.watcher.status()["state"] == "watching"
    watched.close()
