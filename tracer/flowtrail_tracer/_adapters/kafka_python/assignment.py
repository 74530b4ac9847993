"""Which partitions a consumer owns, since when, and the group's position in each.

A partition's `assign` is recorded once its position is known (kafka-python fetches the committed offset after the
assignment), in any case before its `revoke`. The position of a `revoke` is the group's: the last one committed, or
that of the assignment; for a consumer without a group, its own.
"""

from collections.abc import Iterable
from typing import Any

from flowtrail_tracer._core.consuming import Membership
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.subscriber import Place, Subscriber


class Owned:
    """One partition in a consumer's hands."""

    __slots__ = ("announced", "membership", "position", "since")

    def __init__(self, membership: Membership, since: int) -> None:
        self.membership = membership
        self.since = since
        self.announced = False
        self.position: int | None = None


class Assignment:
    """The partitions of one consumer; told of every change, records assign, revoke, seek and reset."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._owned: dict[Place, Owned] = {}
        self._sought: set[Place] = set()

    def changed(self, now_owned: dict[Place, int | None]) -> None:
        """Take the assignment as it is now: partition -> position, None while unknown."""
        self.revoked([place for place in self._owned if place not in now_owned])
        membership, now = self._subscriber.membership, RUNTIME.now()
        for place, position in now_owned.items():
            if place not in self._owned:
                self._owned[place] = Owned(membership, now)
                if position is not None:
                    self._announce(place, position)

    def revoked(self, places: Iterable[Place] | None = None, consumed: dict[Place, int | None] | None = None) -> None:
        """Give up partitions, all of them without an argument."""
        for place in list(self._owned) if places is None else list(places):
            owned = self._owned.pop(place, None)
            if owned is None:
                continue
            self._sought.discard(place)
            if not owned.announced:
                self._record("assign", place, None, owned)
            position = owned.position
            if self._subscriber.facts.group is None and consumed is not None:
                position = consumed.get(place, position)
            self._subscriber.record_position("revoke", "revoke", place, position, RUNTIME.now(), owned.membership)

    def committed(self, place: Place, position: int) -> None:
        """Take a successful commit."""
        owned = self._owned.get(place)
        if owned is not None:
            owned.position = position

    def positioned(self, place: Place, position: int, *, reset: bool) -> None:
        """Take a position that the client found: the group's committed one, or that of a reset."""
        owned = self._owned.get(place)
        first = owned is not None and not owned.announced
        if owned is not None and not owned.announced:
            self._announce(place, position)
        if place in self._sought:
            self._sought.discard(place)
            self._subscriber.record_position("settle", "seek", place, position, RUNTIME.now())
        elif reset or not first:
            self._subscriber.record_position("settle", "reset", place, position, RUNTIME.now())

    def seeking(self, places: Iterable[Place]) -> None:
        """Take a seek to the beginning or end, whose offset the client asks the broker for."""
        self._sought.update(places)

    def sought(self, place: Place, position: int, start: int) -> None:
        """Take a seek of the application to an offset."""
        self._sought.discard(place)
        owned = self._owned.get(place)
        if owned is not None and not owned.announced:
            owned.announced = True
            self._record("assign", place, None, owned)
        self._subscriber.record_position("settle", "seek", place, position, start)

    def _announce(self, place: Place, position: int) -> None:
        owned = self._owned[place]
        owned.announced = True
        owned.position = position
        self._record("assign", place, position, owned)

    def _record(self, name: str, place: Place, position: int | None, owned: Owned) -> None:
        self._subscriber.record_position(name, name, place, position, owned.since, owned.membership)


def place_of(partition: Any) -> Place:
    """Return a TopicPartition as (topic, partition)."""
    return partition.topic, partition.partition


def offset_of(position: Any) -> int | None:
    """Return the offset of a position: an int in kafka-python 2.0, an OffsetAndMetadata later."""
    if position is None or isinstance(position, int):
        return position
    offset = position.offset
    return offset if isinstance(offset, int) else None


def positions_of(subscription: Any) -> dict[Place, int | None]:
    """Return what a SubscriptionState has assigned, with positions."""
    return {place_of(tp): offset_of(state.position) for tp, state in list(subscription.assignment.items())}
