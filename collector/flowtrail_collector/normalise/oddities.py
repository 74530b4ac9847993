"""What single instrumentations do their own way: corrections of a draft, each for the rows that need it.

Every function takes the draft and the spans' own fields. Their order in `ODDITIES` matters: later ones read what
earlier ones settled. The sources are the instrumentations' code and what they were seen to send (tests/foreign).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from flowtrail_collector.normalise import addresses
from flowtrail_collector.normalise.values import integer, media_type
from flowtrail_collector.normalise.vocabulary import OPERATIONS, SCOPE_SYSTEMS, SPAN_RULES, SYSTEMS, VERBS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from flowtrail_collector.normalise.draft import Draft

CLIENT, PRODUCER, CONSUMER = 3, 4, 5
ERROR = 2
OTHER_ERROR = "_OTHER"
MICROMETER = "org.springframework.boot"
"""The scope of Spring's observations: of listeners, never of polls."""
_OF_KIND = {PRODUCER: ("send", "create"), CONSUMER: ("process", "receive", "settle", "assign", "revoke")}
_ADDRESSES = next(rule.names for rule in SPAN_RULES if rule.column == "server_address")


@dataclass(frozen=True, slots=True)
class Fields:
    """The spans' own fields, as far as oddities need them."""

    names: pa.StringArray
    kinds: NDArray[np.int32]
    failed: NDArray[np.bool_]
    scopes: list[str]
    scope_of: NDArray[np.intp]
    events: pa.ListArray

    def scope_is(self, *names: str) -> NDArray[np.bool_]:
        """Return which spans come from one of these instrumentation scopes."""
        places = [place for place, scope in enumerate(self.scopes) if scope in names]
        return np.isin(self.scope_of, places) if places else np.zeros(len(self.scope_of), bool)


def systems(draft: Draft, _: Fields) -> None:
    """Map older names of SQS."""
    for old in set(draft.distinct("system")) & SYSTEMS.keys():
        rows = np.flatnonzero(draft.equals("system", old))
        draft.correct("system", rows, [SYSTEMS[old]] * len(rows))


def operations(draft: Draft, _: Fields) -> None:
    """`publish` and `deliver` are old words for `send` and `process`; unknown words are no operation."""
    for sent in draft.distinct("operation"):
        if OPERATIONS.get(sent) != sent:
            rows = np.flatnonzero(draft.equals("operation", sent))
            draft.correct("operation", rows, [OPERATIONS.get(sent)] * len(rows))


def missing_operations(draft: Draft, fields: Fields) -> None:
    """No operation at all (Python's kafka-python and pika, Ruby, older kafkajs): the name or the kind tells.

    A failed send of kafka-python has no attributes either: destination from the name, system from the scope.
    """
    messaging = draft.known("system") | draft.known("destination")
    perhaps = ~draft.known("operation") & (messaging | np.isin(fields.kinds, (PRODUCER, CONSUMER)))
    rows = np.flatnonzero(perhaps)
    if not len(rows):
        return
    names = fields.names.take(rows).to_pylist()
    destinations = draft.values("destination", rows)
    found = [
        _derived(name, int(kind), destination, known)
        for name, kind, destination, known in zip(
            names, fields.kinds[rows].tolist(), destinations, messaging[rows].tolist(), strict=True
        )
    ]
    told = [place for place, (operation, _) in enumerate(found) if operation is not None]
    draft.correct("operation", rows[told], [found[place][0] for place in told])
    named = [place for place in told if destinations[place] is None and found[place][1] and not messaging[rows[place]]]
    draft.correct("destination", rows[named], [found[place][1] for place in named])
    known = draft.known("system")
    for scope, system in SCOPE_SYSTEMS.items():
        bare = rows[told][fields.scope_is(scope)[rows[told]] & ~known[rows[told]]]
        draft.correct("system", bare, [system] * len(bare))


@lru_cache(10_000)
def _derived(name: str, kind: int, destination: str | None, messaging: bool) -> tuple[str | None, str | None]:
    """Return operation and destination as a span's name, or else its kind, tells them."""
    for verb, rest in _readings(name, destination):
        if VERBS[verb] in _OF_KIND.get(kind, VERBS.values()):
            return VERBS[verb], rest
    if messaging and kind in _OF_KIND:
        return _OF_KIND[kind][0], None
    return None, None


def _readings(name: str, destination: str | None) -> list[tuple[str, str]]:
    """Return how `{destination} {verb}` and `{verb} {destination}` can be read, the likelier reading first."""
    before, _, last = name.rpartition(" ")
    first, _, after = name.partition(" ")
    readings = [(last, before), (first, after)]
    readings = [(verb.lower(), rest) for verb, rest in readings if rest and verb.lower() in VERBS]
    return sorted(readings, key=lambda reading: reading[1] != destination)


def spring_listeners(draft: Draft, fields: Fields) -> None:
    """Micrometer: a listener's `receive` is the processing; its consumer id is `group - client id`."""
    spring = fields.scope_is(MICROMETER)
    spring[draft.attributes.owners[draft.attributes.entries("spring.kafka.listener.id")]] = True
    if spring.any():
        rows = np.flatnonzero(draft.equals("operation", "receive") & spring)
        draft.correct("operation", rows, ["process"] * len(rows))
    rows = np.flatnonzero(draft.from_name("client_id", "messaging.consumer.id"))
    pairs = [
        (row, *str(text).partition(" - "))
        for row, text in zip(rows.tolist(), draft.values("client_id", rows), strict=True)
    ]
    pairs = [pair for pair in pairs if pair[2]]
    draft.correct("client_id", [row for row, *_ in pairs], [client for *_, client in pairs])
    ungrouped = ~draft.known("consumer_group")
    pairs = [pair for pair in pairs if ungrouped[pair[0]]]
    draft.correct("consumer_group", [row for row, *_ in pairs], [group for _, group, *_ in pairs])


def producer_groups(draft: Draft, _: Fields) -> None:
    """RocketMQ has groups of producers, which consume nothing."""
    sends = draft.equals("operation", "send") | draft.equals("operation", "create")
    rows = np.flatnonzero(draft.from_name("consumer_group", "messaging.rocketmq.client_group") & sends)
    draft.correct("consumer_group", rows, [None] * len(rows))


def places_as_ids(draft: Draft, _: Fields) -> None:
    """Take a Kafka message id `topic.partition.offset` (confluent, aiokafka) or all digits (otelsarama) for a place.

    Never in our own spans (those are numbered): there the application's id is what it is.
    """
    foreign = draft.known("message_id") & ~draft.known("number") & draft.equals("system", "kafka")
    rows = np.flatnonzero(foreign)
    if not len(rows):
        return
    kept = {column: draft.values(column, rows) for column in ("message_id", "destination", "partition", "offset")}
    moved = []
    for row, identifier, destination, partition, offset in zip(rows.tolist(), *kept.values(), strict=True):
        place = _place(str(identifier), destination, partition, offset)
        if place is not None:
            moved.append((row, *place))
    where = [row for row, *_ in moved]
    draft.correct("message_id", where, [None] * len(where))
    draft.correct("partition", where, [partition for _, partition, _ in moved])
    draft.correct("offset", where, [offset for *_, offset in moved])


def _place(identifier: str, destination: object, partition: object, offset: object) -> tuple[object, object] | None:
    """Return partition and offset when an id is one; what is known already must agree."""
    if not identifier[-1:].isdigit():
        return None
    number = integer(identifier)
    if number is not None:
        return None if offset is not None else (partition, number if number >= 0 else None)
    head, _, last = identifier.rpartition(".")
    topic, _, middle = head.rpartition(".")
    there, at = integer(middle), integer(last)
    if topic != destination or there is None or at is None or there >= 2**31:
        return None
    if partition not in (None, there) or offset not in (None, at):
        return None
    return (there if there >= 0 else partition, at if at >= 0 else None)


def task_ids(draft: Draft, fields: Fields) -> None:
    """Celery's conversation id is the task's id: it correlates nothing."""
    celery = fields.scope_is("opentelemetry.instrumentation.celery")
    entries = draft.attributes.entries("celery.action")
    celery[draft.attributes.owners[entries]] = True
    rows = np.flatnonzero(celery & draft.known("correlation_id"))
    pairs = zip(rows, draft.values("correlation_id", rows), draft.values("message_id", rows), strict=True)
    rows = np.array([row for row, correlation, message in pairs if correlation == message], np.intp)
    draft.correct("correlation_id", rows, [None] * len(rows))


def server_addresses(draft: Draft, _: Fields) -> None:
    """Addresses as URLs, as JSON of one string or of a list: the first host, and its port where none is said."""
    for sent in draft.distinct("server_address"):
        host, port = addresses.parse(sent)
        if host == sent:
            continue
        rows = np.flatnonzero(draft.equals("server_address", sent))
        if host is None:
            for row in rows.tolist():
                _next_address(draft, row)
            continue
        draft.correct("server_address", rows, [host] * len(rows))
        if port is not None:
            portless = rows[~draft.known("server_port")[rows]]
            draft.correct("server_port", portless, [port] * len(portless))


def _next_address(draft: Draft, row: int) -> None:
    """Try the other attributes, where the first that is there names nobody (`[]`)."""
    for name in _ADDRESSES:
        entries = draft.attributes.entries(name)
        for entry in entries[draft.attributes.owners[entries] == row]:
            host, port = addresses.parse(str(draft.attributes.value(int(entry))))
            if host is not None:
                draft.correct("server_address", [row], [host])
                if port is not None and not draft.known("server_port")[row]:
                    draft.correct("server_port", [row], [port])
                return
    draft.correct("server_address", [row], [None])


def content_types(draft: Draft, _: Fields) -> None:
    """Write content types alike: case, quotes and a charset make no other type."""
    for sent in draft.distinct("content_type"):
        if media_type(sent) != sent:
            rows = np.flatnonzero(draft.equals("content_type", sent))
            draft.correct("content_type", rows, [media_type(sent)] * len(rows))


def exchanges(draft: Draft, fields: Fields) -> None:
    """RabbitMQ's destination `{exchange}:{routing key}[:{queue}]`; the queue may stand in the span's name only.

    The exchange is the destination; the queue is who consumes as one, so it is the group.
    """
    rows = np.flatnonzero(draft.equals("system", "rabbitmq") & draft.known("destination"))
    if not len(rows):
        return
    columns = ("destination", "routing_key", "consumer_group", "operation")
    kept = zip(*(draft.values(column, rows) for column in columns), fields.names.take(rows).to_pylist(), strict=True)
    found = [_exchange(*told) for told in kept]
    for place, column in enumerate(columns[:3]):
        draft.correct(column, rows, [told[place] for told in found])


@lru_cache(10_000)
def _exchange(
    destination: str,
    routing_key: str | None,
    queue: str | None,
    operation: str | None,
    name: str,
) -> tuple[str, str | None, str | None]:
    """Return exchange, routing key and queue."""
    exchange = destination
    if routing_key and f":{routing_key}:" in f":{destination}:":
        exchange, _, told = f":{destination}:".partition(f":{routing_key}:")
        exchange, told = exchange.strip(":"), told.strip(":")
    elif ":" in destination:
        exchange, _, rest = destination.partition(":")
        key, _, told = rest.partition(":")
        routing_key = routing_key or key
    else:
        told = ""
    if operation in ("receive", "process"):
        named = next((rest for _, rest in _readings(name, None)), "")
        queue = queue or told or (named if named not in (destination, exchange) else None) or None
    return exchange or routing_key or destination, routing_key, queue


def error_types(draft: Draft, fields: Fields) -> None:
    """Give an ERROR without a type that of the last exception event, else the conventions' `_OTHER`."""
    rows = np.flatnonzero(fields.failed & ~draft.known("error_type"))
    if not len(rows):
        return
    offsets = fields.events.offsets.to_numpy()
    events = fields.events.values
    types: list[str] = []
    for row in rows.tolist():
        told = events.slice(offsets[row], offsets[row + 1] - offsets[row]).to_pylist()
        types.append(next((kind for event in reversed(told) if (kind := _exception(event))), OTHER_ERROR))
    draft.correct("error_type", rows, types)


def _exception(event: dict[str, Any]) -> str | None:
    if event["name"] != b"exception":
        return None
    for entry in event["attributes"]:
        value = entry["value"]
        if entry["key"] == b"exception.type" and isinstance(value, dict) and value["string"]:
            return str(value["string"][:1000].decode("utf-8", "replace"))
    return None


ODDITIES = (
    systems,
    operations,
    missing_operations,
    spring_listeners,
    producer_groups,
    places_as_ids,
    task_ids,
    server_addresses,
    content_types,
    exchanges,
    error_types,
)
"""In the order in which they apply."""
