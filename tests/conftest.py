"""What all tests share: a real Kafka, and names of their own on it."""

import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.kafka import jars

# How long an example takes says nothing on a shared machine.
settings.register_profile("flowtrail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flowtrail")

if TYPE_CHECKING:
    from tests.kafka.broker import Broker, Cluster

KAFKA_FIXTURES = {"kafka", "private_kafka", "topic", "topic_name"}


def pytest_configure(config: pytest.Config) -> None:
    """Leave the home folder alone; let kafka-python 3.0 be imported where reading its schemas warns (Python 3.11)."""
    os.environ |= {"FLOWTRAIL_TERMINAL_CONFIG": "", "FLOWTRAIL_STATE": ""}  # nobody's own files are read or written
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a broker, so that `-m "not kafka"` leaves them all out."""
    for item in items:
        if KAFKA_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)


def _named_bootstrap() -> str | None:
    return os.environ.get("FLOWTRAIL_TEST_BOOTSTRAP") or None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a broker that is not to be had; fail it instead where Kafka is required and nothing is named."""
    if item.get_closest_marker("kafka") is None:
        return
    if _named_bootstrap() is not None:
        if "private_kafka" in getattr(item, "fixturenames", ()):
            pytest.skip("stops its broker, which is not done to the one named by FLOWTRAIL_TEST_BOOTSTRAP")
        return
    missing = jars.missing_tools()
    if missing is None:
        return
    line = f"a real Kafka needs Java and Maven; {missing} (or name a broker with FLOWTRAIL_TEST_BOOTSTRAP)"
    if os.environ.get("FLOWTRAIL_TEST_KAFKA") == "required":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


@pytest.fixture(scope="session")
def kafka() -> "Iterator[Cluster]":
    """Offer a real Kafka for the whole run: the one named by FLOWTRAIL_TEST_BOOTSTRAP, else one started for it."""
    from tests.kafka.broker import Broker, Cluster

    bootstrap = _named_bootstrap()
    if bootstrap is not None:
        yield Cluster(bootstrap)
        return
    with Broker() as broker:
        yield broker


@pytest.fixture
def private_kafka() -> "Iterator[Callable[..., Broker]]":
    """Start brokers that the test may stop, kill and freeze: `private_kafka(**{"broker.setting": value})`."""
    from tests.kafka.broker import Broker

    with ExitStack() as brokers:

        def start(**settings: object) -> Broker:
            return brokers.enter_context(Broker(settings))

        yield start


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Make names that no other test uses, `topic_name("orders")`: for topics and groups alike."""
    test = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")[:60]
    run = uuid.uuid4().hex[:8]
    return lambda stem="topic": f"{test}-{run}-{stem}"


@pytest.fixture
def topic(kafka: "Cluster", topic_name: Callable[[str], str]) -> Callable[..., str]:
    """Create topics of the test's own, `topic("orders", partitions=3, configs={...})`, and return their full names."""

    def create(stem: str = "topic", partitions: int = 1, configs: dict[str, object] | None = None) -> str:
        return kafka.create_topic(topic_name(stem), partitions, configs)

    return create
