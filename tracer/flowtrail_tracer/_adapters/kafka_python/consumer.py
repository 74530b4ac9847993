"""Hooks on KafkaConsumer: polls, iteration, seeks, close."""

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.context import get_current

from flowtrail_tracer._adapters.kafka_python.assignment import Assignment, place_of, positions_of
from flowtrail_tracer._adapters.kafka_python.facts import STATE, facts_of
from flowtrail_tracer._core.consuming import Membership, Processing
from flowtrail_tracer._core.context import current_processing
from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.ranges import OffsetRange
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.subscriber import NOBODY, Subscriber

Method = Callable[..., Any]


class KafkaSubscriber(Subscriber):
    """A traced KafkaConsumer."""

    def __init__(self, consumer: Any) -> None:
        client = getattr(consumer, "_client", None)
        cluster = getattr(consumer, "_cluster", None) or getattr(client, "cluster", None)
        super().__init__(facts_of(consumer, cluster))
        self.assignment = Assignment(self)
        self.closed = False
        self._coordinator = weakref.ref(consumer._coordinator)
        self._subscription = weakref.ref(consumer._subscription)

    def refresh_membership(self) -> None:
        """Take member and generation as the coordinator has them now."""
        coordinator = self._coordinator()
        found = getattr(coordinator, "_generation", None)
        if found is None:
            return
        member, generation = found.member_id or None, found.generation_id
        if generation is None or generation < 0:
            member = generation = None
        known = self.membership
        if known.member != member or known.generation != generation:
            self.membership = Membership(member, generation) if member else NOBODY

    def refresh_assignment(self) -> None:
        """Compare what is assigned now with what was."""
        subscription = self._subscription()
        if subscription is not None:
            self.refresh_membership()
            self.assignment.changed(positions_of(subscription))

    def positions(self) -> dict[Any, int | None]:
        """Return partition -> position as the consumer has them now."""
        subscription = self._subscription()
        return {} if subscription is None else positions_of(subscription)

    def iterated(self, record: Any) -> None:
        """Take a record that the iteration yields."""
        self.handed_out(record.topic, record.partition, record.offset)
        self.current = processing = self.begin(record)
        processing.iterated = True

    def begin(self, record: Any) -> Processing:
        """Begin processing a ConsumerRecord and make it current."""
        processing = Processing(
            self.facts,
            self.membership,
            record,
            record.topic,
            record.partition,
            record.offset,
            record.headers,
            record.key,
            record.value,
            record.serialized_value_size,
        )
        processing.enter()
        return processing

    def polled(self, records: Any, start: int) -> None:
        """Take what a poll of the application returned: all of it is in its hands."""
        end = RUNTIME.now()
        self.refresh_membership()
        for tp, batch in records.items():
            if not batch:
                continue
            found = OffsetRange(tp.topic, tp.partition, start, end, end)
            found.first, found.last, found.count = batch[0].offset, batch[-1].offset, len(batch)
            if found.last - found.first + 1 != found.count:
                found.offsets = [record.offset for record in batch]
            self.record_receive(found)
        last_polled.subscriber = weakref.ref(self)


class _LastPolled(threading.local):
    """The consumer that this thread polled last."""

    subscriber: Callable[[], KafkaSubscriber | None] = staticmethod(lambda: None)


last_polled = _LastPolled()


def begin_processing(record: Any) -> Processing | None:
    """Begin processing a record on behalf of the consumer that was handed it; None where that is not traced."""
    around = current_processing(get_current())
    if around is not None and around.source is record and around.claimed and not around.ended:
        return None
    place, offset = (record.topic, record.partition), record.offset
    holder = None
    for subscriber in [last_polled.subscriber(), *RUNTIME.clients]:
        if not isinstance(subscriber, KafkaSubscriber):
            continue
        current = subscriber.current
        if current is not None and current.source is record:
            return _claim(subscriber, current, record)
        if holder is None and subscriber.was_handed(place, offset):
            holder = subscriber
    if holder is None:
        return None
    processing = holder.begin(record)
    processing.claimed = True
    return processing


def _claim(subscriber: KafkaSubscriber, current: Processing, record: Any) -> Processing | None:
    """Take over the iteration's processing; where that has ended already, the record is processed once more."""
    if current.ended:
        return subscriber.begin(record)
    if current.claimed:
        return None
    current.claimed = True
    return current


def make_poll(original: Method, subscriber_of: Callable[[Any], KafkaSubscriber | None]) -> Method:
    """Return the hook for `KafkaConsumer.poll`; iteration calls it too, with `update_offsets=False`."""

    def poll(self: Any, *args: Any, **kwargs: Any) -> Any:
        subscriber, start, internal = None, 0, False
        try:
            subscriber = self.__dict__.get(STATE) or subscriber_of(self)
            if subscriber is not None and RUNTIME.enabled:
                internal = not (args[2] if len(args) > 2 else kwargs.get("update_offsets", True))
                subscriber.end_current()
                subscriber.seal()
                start = RUNTIME.now()
        except Exception:  # noqa: BLE001 - the poll goes on untraced
            fault("poll")
        records = original(self, *args, **kwargs)
        try:
            if subscriber is not None and start:
                if internal:
                    subscriber.poll_start, subscriber.poll_end = start, RUNTIME.now()
                    subscriber.refresh_membership()
                elif records:
                    subscriber.polled(records, start)
        except Exception:  # noqa: BLE001 - the records go to the host
            fault("poll")
        return records

    return poll


def make_next(original: Method, subscriber_of: Callable[[Any], KafkaSubscriber | None]) -> Method:
    """Return the hook for `KafkaConsumer.__next__`: the record before is done, the next one is current."""

    def __next__(self: Any) -> Any:  # noqa: N807 - the hook takes this method's place
        subscriber = None
        try:
            subscriber = self.__dict__.get(STATE) or subscriber_of(self)
            if subscriber is not None:
                subscriber.end_current()
        except Exception:  # noqa: BLE001 - the iteration goes on untraced
            fault("iteration")
        record = original(self)
        try:
            if subscriber is not None and RUNTIME.enabled:
                subscriber.iterated(record)
        except Exception:  # noqa: BLE001 - the record goes to the host
            fault("iteration")
        return record

    return __next__


def make_seek(original: Method) -> Method:
    """Return the hook for `KafkaConsumer.seek`."""

    def seek(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        try:
            subscriber = self.__dict__.get(STATE)
            if subscriber is not None:
                partition = args[0] if args else kwargs["partition"]
                offset = args[1] if len(args) > 1 else kwargs["offset"]
                subscriber.seal()
                subscriber.assignment.sought(place_of(partition), offset, RUNTIME.now())
        except Exception:  # noqa: BLE001 - the seek is done
            fault("seek")
        return result

    return seek


def make_seek_to(original: Method) -> Method:
    """Return the hook for `seek_to_beginning` and `seek_to_end`, whose offset is known only later."""

    def seek_to(self: Any, *partitions: Any) -> Any:
        try:
            subscriber = self.__dict__.get(STATE)
            if subscriber is not None:
                subscriber.seal()
                places: Iterable[Any] = map(place_of, partitions) if partitions else subscriber.positions()
                subscriber.assignment.seeking(places)
        except Exception:  # noqa: BLE001 - the seek goes on
            fault("seek")
        return original(self, *partitions)

    return seek_to


def make_close(original: Method) -> Method:
    """Return the hook for `KafkaConsumer.close`."""

    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        consumed = _closing(self)
        try:
            return original(self, *args, **kwargs)
        finally:
            _closed(self, consumed)

    return close


def _closing(consumer: Any) -> dict[Any, int | None] | None:
    try:
        subscriber = consumer.__dict__.get(STATE)
        if subscriber is not None:
            subscriber.end_current()
            subscriber.seal()
            return subscriber.positions()  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 - the close goes on
        fault("close")
    return None


def _closed(consumer: Any, consumed: dict[Any, int | None] | None) -> None:
    try:
        subscriber = consumer.__dict__.get(STATE)
        if subscriber is not None and not subscriber.closed:
            subscriber.closed = True
            subscriber.assignment.revoked(consumed=consumed)
            attributes = subscriber.membership.attributes()
            record_operation(subscriber.facts, "close", "close", None, RUNTIME.now(), attributes)
    except Exception:  # noqa: BLE001 - the client is closed all the same
        fault("close")
