"""What tracer tests share: an in-process mock cluster, clients against it, and a recorder."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from kafka import KafkaConsumer, KafkaProducer

from flowtrail_tracer import trace
from flowtrail_tracer.testing import Recorder, recording

_counter = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """kafka-python 2 and 3 warn about themselves on some Pythons; that is not ours to fix."""
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:kafka")


@pytest.fixture(scope="session")
def mock_broker() -> Iterator[str]:
    """Address of librdkafka's in-process cluster: produce, consume, groups, commits."""
    from confluent_kafka import Producer

    cluster = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(cluster.list_topics(timeout=10).brokers.values()))
    yield f"{broker.host}:{broker.port}"
    del cluster


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Keep what the tracer records in this test; its faults fail the test."""
    with recording() as found:
        yield found


@pytest.fixture
def name() -> Callable[[str], str]:
    """Names of this test's own."""
    number = next(_counter)
    return lambda stem: f"{stem}{number}"


@pytest.fixture
def make_producer(mock_broker: str) -> Iterator[Callable[..., Any]]:
    """Make producers, traced unless `traced=False`; closed at the end."""
    made: list[Any] = []

    def make(kind: type = KafkaProducer, *, traced: bool = True, **config: Any) -> Any:
        producer = kind(**{"bootstrap_servers": mock_broker, "api_version": (2, 1), "max_block_ms": 5000, **config})
        made.append(producer)
        return trace(producer) if traced else producer

    yield make
    for producer in made:
        producer.close(timeout=1)


@pytest.fixture
def make_consumer(mock_broker: str) -> Iterator[Callable[..., Any]]:
    """Make consumers, traced unless `traced=False`; closed at the end."""
    made: list[Any] = []

    def make(*topics: str, kind: type = KafkaConsumer, traced: bool = True, **config: Any) -> Any:
        defaults = {
            "bootstrap_servers": mock_broker,
            "api_version": (2, 1),
            "auto_offset_reset": "earliest",
            "consumer_timeout_ms": 15_000,
            "metadata_max_age_ms": 500,  # a topic that is not known yet at the first rebalance is found soon
        }
        consumer = kind(*topics, **{**defaults, **config})
        made.append(consumer)
        return trace(consumer) if traced else consumer

    yield make
    for consumer in made:
        consumer.close()
