"""The broker of a demo: the embedded one, or one that was named, with topics of the run's own."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flowtrail_collector.errors import SourceUnavailable, UsageError
from flowtrail_tui.demo.services import READERS, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowtrail_tui.demo.processes import Family

PARTITIONS = 4
TIMEOUT = 10.0


@dataclass(frozen=True)
class Broker:
    """Where the services find their topics."""

    bootstrap_servers: str
    prefix: str
    """In front of the names of this run's topics and groups."""
    api_version: str | None
    """Set for the embedded broker, which can not be asked for it."""

    @property
    def embedded(self) -> bool:
        """Whether it lives and dies with the demo."""
        return self.api_version is not None

    def client(self) -> dict[str, Any]:
        """Options of kafka-python's clients."""
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap_servers, "client_id": "flowtrail-demo"}
        if self.api_version is not None:
            options["api_version"] = tuple(map(int, self.api_version.split(".")))
        return options


@contextmanager
def embedded(family: Family) -> Iterator[Broker]:
    """Start librdkafka's in-process cluster in a process of its own."""
    from flowtrail_tui.demo.embedded import ANNOUNCEMENT, API_VERSION

    try:
        import confluent_kafka  # noqa: F401
    except ImportError:
        raise UsageError(
            "the embedded broker needs confluent-kafka: pip install 'flowtrail[demo]', "
            "or name a broker with --bootstrap-servers"
        ) from None
    child = family.start("broker", "flowtrail_tui.demo.embedded", *TOPICS)
    yield Broker(family.announced(child, ANNOUNCEMENT, TIMEOUT), prefix="", api_version=API_VERSION)


@contextmanager
def named(bootstrap_servers: str) -> Iterator[Broker]:
    """Use a real broker: create topics under a prefix of the run's own, and remove them at the end."""
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import KafkaError

    broker = Broker(bootstrap_servers, prefix=f"demo-{uuid4().hex[:6]}.", api_version=None)
    topics = [broker.prefix + topic for topic in TOPICS]
    try:
        admin = KafkaAdminClient(**broker.client(), bootstrap_timeout_ms=int(TIMEOUT * 1000))
    except (KafkaError, OSError, ValueError) as error:
        raise SourceUnavailable(f"no broker answers at {bootstrap_servers}: {error}") from error
    try:
        admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])
        _await_topics(admin, topics)
        yield broker
    except KafkaError as error:
        raise SourceUnavailable(f"the broker at {bootstrap_servers} refused the demo's topics: {error}") from error
    finally:
        with suppress(Exception):  # a broker that is gone keeps what it has
            admin.delete_topics(topics)
        with suppress(Exception):
            admin.delete_groups([broker.prefix + group for group in READERS])
        admin.close()


def _await_topics(admin: Any, topics: list[str]) -> None:
    deadline = monotonic() + TIMEOUT
    while not set(topics) <= set(admin.list_topics()):
        if monotonic() > deadline:
            raise SourceUnavailable(f"the broker did not create the demo's topics within {TIMEOUT:.0f} s")
        sleep(0.05)
