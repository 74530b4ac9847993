"""Asks a Kafka cluster through kafka-python's admin client."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flowtrail_collector.broker.sample import NOBODY, Group, Member, Place, Reach, Sample, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ANSWER_TIMEOUT_MS = 5_000
LOOK_TIMEOUT_S = 2.0
CONFIGS_EVERY_S = 60.0
_CONSUMERS = ("consumer", "")
"""Protocol types of groups that consume; others (Connect, Schema Registry) only coordinate."""
_CONFIGS = ["cleanup.policy", "retention.ms"]


class KafkaBroker:
    """One cluster. Not for several threads at once."""

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        access: Mapping[str, object] | None = None,
        timeout_ms: int = ANSWER_TIMEOUT_MS,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """Connect, where need be by `access` (see `broker.properties`). Raises KafkaError when no broker answers."""
        self._reached: dict[str, Any] = {"bootstrap_servers": bootstrap_servers.split(","), **(access or {})}
        self._timeout_ms = timeout_ms
        self._clock = clock
        self._admin = _connected(
            **self._reached,
            client_id="flowtrail-watcher",
            bootstrap_timeout_ms=timeout_ms,
            request_timeout_ms=timeout_ms,
        )
        self._cluster_id: str | None = None
        self._topics: dict[str, Topic] = {}
        self._topics_at = 0.0
        self._unreadable: set[str] = set()

    def sample(self) -> Sample:
        """Ask everything once. Positions before ends: so no position is newer than the end beside it.

        Raises KafkaError when the cluster does not answer.
        """
        if self._cluster_id is None:
            self._cluster_id = self._admin.describe_cluster().get("cluster_id")
        names = self._group_names()
        groups = self._groups(names)
        positions, unread = self._positions(names)
        topic_ids, places = self._places()
        partitions = self._reaches(topic_ids, places)
        topics = self._configured(topic_ids)
        undescribed = frozenset(names) - groups.keys()
        at_ns, cluster = self._clock(), self._cluster_id
        return Sample(at_ns, cluster, partitions, positions, groups, topics, undescribed, unread)

    def look(self, sample: Sample, places: Iterable[Place], within: int) -> dict[Place, int]:
        """Read the last offsets of partitions: what is the last readable one + 1? Records are not kept.

        Tells the markers of transactions and aborted records from records. A topic that may not be read is left out.
        """
        wanted = [place for place in places if place.destination not in self._unreadable]
        found: dict[Place, int] = {}
        for place in wanted:
            reach = sample.partitions[place]
            readable = self._last_readable(place, max(reach.log_start, reach.stable_end - within), reach.stable_end)
            if readable is not None:
                found[place] = readable
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self._admin.close()

    def _group_names(self) -> list[str]:
        return [group["group_id"] for group in self._admin.list_groups() if group["protocol_type"] in _CONSUMERS]

    def _groups(self, names: list[str]) -> dict[str, Group]:
        """Describe groups; one that can not be described (a newer protocol, no right to) is left out."""
        if not names:
            return {}
        described = self._admin.describe_groups(names)
        return {name: _group(told) for name, told in described.items() if told["error"] is None}

    def _positions(self, names: list[str]) -> tuple[dict[tuple[str, Place], int | None], frozenset[str]]:
        """Return the committed positions, and the groups that refuse to tell theirs."""
        from kafka.errors import BrokerResponseError

        refused: set[str] = set()
        if not names:
            return {}, frozenset()
        try:
            told = self._admin.list_group_offsets(dict.fromkeys(names))
        except BrokerResponseError:
            told = {}
            for name in names:
                try:
                    told |= self._admin.list_group_offsets({name: None})
                except BrokerResponseError:
                    refused.add(name)
        positions = {
            (name, Place(place.topic, place.partition)): committed.offset if committed.offset >= 0 else None
            for name, offsets in told.items()
            for place, committed in offsets.items()
        }
        return positions, frozenset(refused)

    def _places(self) -> tuple[dict[str, str | None], list[Place]]:
        """Return the topics with their ids, and the partitions that have a leader."""
        ids: dict[str, str | None] = {}
        places: list[Place] = []
        for topic in self._admin.describe_topics():
            if topic["error_code"] or topic["is_internal"]:
                continue
            ids[topic["name"]] = str(topic["topic_id"]) if topic.get("topic_id") else None
            places += [
                Place(topic["name"], partition["partition_index"])
                for partition in topic["partitions"]
                if partition["leader_id"] >= 0
            ]
        return ids, places

    def _reaches(self, topic_ids: dict[str, str | None], places: list[Place]) -> dict[Place, Reach]:
        from kafka.admin import OffsetSpec

        if not places:
            return {}
        starts = self._offsets(places, OffsetSpec.EARLIEST, "read_uncommitted")
        stable = self._offsets(places, OffsetSpec.LATEST, "read_committed")
        ends = self._offsets(places, OffsetSpec.LATEST, "read_uncommitted")
        return {
            place: Reach(topic_ids[place.destination], starts[place], max(ends[place], stable[place]), stable[place])
            for place in places
        }

    def _offsets(self, places: list[Place], spec: object, isolation: str) -> dict[Place, int]:
        from kafka import TopicPartition

        asked = {TopicPartition(place.destination, place.partition): spec for place in places}
        told = self._admin.list_partition_offsets(asked, isolation_level=isolation, timeout_ms=self._timeout_ms)
        return {Place(place.topic, place.partition): found.offset for place, found in told.items()}

    def _configured(self, topic_ids: dict[str, str | None]) -> dict[str, Topic]:
        """Return what is configured of the topics, asked anew once a minute or when there is a new one."""
        from kafka.admin import ConfigResource, ConfigResourceType
        from kafka.errors import BrokerResponseError

        due = time.monotonic() - self._topics_at >= CONFIGS_EVERY_S
        asked = list(topic_ids) if due else [name for name in topic_ids if name not in self._topics]
        if asked:
            resources = [ConfigResource(ConfigResourceType.TOPIC, name, _CONFIGS) for name in asked]
            try:
                told = self._admin.describe_configs(resources, config_filter="all").get("topic", {})
            except BrokerResponseError:
                told = {}  # no right to: everything else goes on
            self._topics |= {name: _topic(told.get(name, {})) for name in asked}
            self._topics_at = time.monotonic()
        self._topics = {name: topic for name, topic in self._topics.items() if name in topic_ids}
        return dict(self._topics)

    def _last_readable(self, place: Place, start: int, end: int) -> int | None:
        """Read committed records from `start` to `end`; the offset after the last one, `start` if there is none."""
        from kafka import KafkaConsumer, TopicPartition
        from kafka.errors import KafkaError

        consumer = KafkaConsumer(
            **self._reached,
            client_id="flowtrail-watcher",
            isolation_level="read_committed",
            enable_auto_commit=False,
            request_timeout_ms=self._timeout_ms,
        )
        partition = TopicPartition(place.destination, place.partition)
        deadline = time.monotonic() + LOOK_TIMEOUT_S
        readable = start
        try:
            consumer.assign([partition])
            consumer.seek(partition, start)
            while consumer.position(partition) < end:
                for record in consumer.poll(200).get(partition, []):
                    readable = max(readable, record.offset + 1)
                if time.monotonic() > deadline:
                    return None
        except KafkaError:
            self._unreadable.add(place.destination)
            return None
        finally:
            consumer.close()
        return min(readable, end)


def _connected(**settings: object) -> Any:
    """Return a connected admin client.

    One that fails to connect keeps a thread and sockets that try on for ever; nobody could close it, because its
    constructor raises: so it is made in two steps.
    """
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient.__new__(KafkaAdminClient)
    try:
        admin.__init__(**settings)
    except BaseException:
        with suppress(AttributeError):
            admin._closed = False  # the constructor ends before it says so, and `close` closes nothing without
            admin.close()
        raise
    return admin


def _group(told: dict[str, Any]) -> Group:
    members: list[Member] = []
    for member in told["members"]:
        assignment = member.get("member_assignment")
        assigned = assignment.get("assigned_partitions", []) if isinstance(assignment, dict) else []
        places = [Place(topic["topic"], number) for topic in assigned for number in topic["partitions"]]
        who = (member["member_id"], member["client_id"], member["client_host"])
        members += [Member(*who, place) for place in places] or [Member(*who, None)]
    return Group(told["group_state"], tuple(sorted(members, key=str)) or (NOBODY,))


def _topic(told: dict[str, Any]) -> Topic:
    policy = told.get("cleanup.policy", {}).get("value")
    retention = told.get("retention.ms", {}).get("value")
    return Topic(policy, int(retention) if retention is not None else None)
