"""The embedded broker serves kafka-python; a run on it comes to rest when all is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from flowtrail_tui.demo import broker as brokers
from flowtrail_tui.demo.broker import Broker
from flowtrail_tui.demo.drain import drain
from flowtrail_tui.demo.processes import Family
from flowtrail_tui.demo.services import READERS, TOPICS


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Start an embedded broker."""
    with Family(tmp_path, {}, print) as family, brokers.embedded(family) as broker:
        yield broker


def test_topics_are_there_and_drain_waits_for_every_group(broker: Broker) -> None:
    """Unread records are told by group; when all is committed, nothing is left."""
    producer = KafkaProducer(**broker.client())
    assert {topic: len(producer.partitions_for(topic)) for topic in TOPICS} == dict.fromkeys(TOPICS, 4)
    written = producer.send("orders", b"x").get(10)
    producer.close()
    assert drain(broker, timeout=0.0) == {"payment": 1, "analytics": 1}
    for group in READERS:
        with KafkaConsumer(**broker.client(), group_id=group, enable_auto_commit=False) as consumer:
            place = TopicPartition("orders", written.partition)
            consumer.assign([place])
            consumer.commit({place: OffsetAndMetadata(written.offset + 1, "", -1)})
    assert drain(broker, timeout=10.0) == {}
