"""One round of questions to a broker, and what of it is written down: what changed since the round before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

Key = TypeVar("Key")
Value = TypeVar("Value")


class Place(NamedTuple):
    """One partition."""

    destination: str
    partition: int


class Reach(NamedTuple):
    """Where a partition's log begins and ends."""

    topic_id: str | None
    log_start: int
    end_offset: int
    stable_end: int
    readable_end: int | None = None
    """Last readable offset + 1, where somebody looked; None elsewhere."""


class Member(NamedTuple):
    """A member of a group, and one partition assigned to it (None: nothing is)."""

    name: str | None
    client_id: str | None
    client_host: str | None
    place: Place | None


class Group(NamedTuple):
    """A group's state and its members; an empty one has a single nameless member row."""

    state: str
    members: tuple[Member, ...]


NOBODY = Member(None, None, None, None)
DEAD = Group("Dead", (NOBODY,))


class Topic(NamedTuple):
    """What is configured of a topic."""

    cleanup_policy: str | None
    retention_ms: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything that the broker said in one round."""

    at_ns: int
    cluster_id: str | None
    partitions: Mapping[Place, Reach]
    positions: Mapping[tuple[str, Place], int | None]
    groups: Mapping[str, Group]
    topics: Mapping[str, Topic]
    undescribed: frozenset[str] = frozenset()
    """Groups that are there, and that the broker would not describe: they are neither empty nor gone."""
    unread: frozenset[str] = frozenset()
    """Groups that are there, and whose positions it would not tell."""

    def after(self, before: Sample | None) -> Sample:
        """Return this sample with what was last known where the broker would not say."""
        if before is None:
            return self
        groups = {name: group for name, group in before.groups.items() if name in self.undescribed}
        positions = {key: position for key, position in before.positions.items() if key[0] in self.unread}
        return replace(self, groups={**self.groups, **groups}, positions={**self.positions, **positions})

    def looked(self, found: Mapping[Place, int]) -> Sample:
        """Return this sample with the readable ends that were found by looking."""
        looked = {
            place: reach._replace(readable_end=found[place]) if place in found else reach
            for place, reach in self.partitions.items()
        }
        return replace(self, partitions=looked)


def stuck(now: Sample, before: Sample | None, within: int) -> list[Place]:
    """Return the partitions whose end some group stands shortly before, unmoved since the sample before.

    What separates it from the end may be no record but a transaction's marker: worth a look.
    """
    if before is None:
        return []
    found = {
        place
        for (group, place), position in now.positions.items()
        if position is not None
        and (reach := now.partitions.get(place)) is not None
        and reach.log_start <= position < reach.stable_end <= position + within
        and before.positions.get((group, place)) == position
        and (earlier := before.partitions.get(place)) is not None
        and earlier.stable_end == reach.stable_end
        and earlier.readable_end is None
    }
    return sorted(found)


def write(now: Sample, before: Sample | None, *, whole: bool = False) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """Return the change that writes what differs from the sample before, or with `whole` everything that was told.

    One partition is always written, so that the time of the newest sample can be told from the store.
    """
    former = before or _NOTHING
    head = (now.at_ns, now.cluster_id)
    changed = _all if whole else _changed
    partitions = changed(now.partitions, former.partitions)
    if not partitions and now.partitions:
        first = min(now.partitions)
        partitions = {first: now.partitions[first]}
    gone = {key for key, position in former.positions.items() if position is not None} - now.positions.keys()
    told = {key: position for key, position in now.positions.items() if key[0] not in now.unread}
    positions = changed(told, former.positions) | dict.fromkeys(gone)
    described = {name: group for name, group in now.groups.items() if name not in now.undescribed}
    groups = changed(described, former.groups) | dict.fromkeys(former.groups.keys() - now.groups.keys(), DEAD)
    topics = changed(now.topics, former.topics)
    rows: dict[str, list[tuple[object, ...]]] = {
        "broker_partition_rows": [
            (*head, place.destination, reach.topic_id, place.partition, *reach[1:])
            for place, reach in partitions.items()
        ],
        "broker_position_rows": [(*head, group, *place, position) for (group, place), position in positions.items()],
        "broker_member_rows": [
            (*head, name, group.state, None, *member[:3], *(member.place or (None, None)))
            for name, group in groups.items()
            for member in group.members
        ],
        "broker_topic_rows": [(*head, name, *topic) for name, topic in topics.items()],
    }

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for table, values in rows.items():
            if values:
                slots = ", ".join("?" for _ in values[0])
                connection.executemany(f"INSERT INTO {table} VALUES ({slots})", values)

    return change


_NOTHING = Sample(0, None, {}, {}, {}, {})


def _changed(now: Mapping[Key, Value], before: Mapping[Key, Value]) -> dict[Key, Value]:
    return {key: value for key, value in now.items() if key not in before or before[key] != value}


def _all(now: Mapping[Key, Value], before: Mapping[Key, Value]) -> dict[Key, Value]:  # noqa: ARG001 as `_changed`
    return dict(now)
