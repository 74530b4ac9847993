"""A message that was handed to the application, as its headers describe it."""

from collections.abc import Sequence

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.context import Parent, remote_parent
from flowtrail_tracer._core.headers import Known
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import AttributeValue

_TEXTS = (
    (names.EVENT_TYPE, "event_type"),
    (names.EVENT_SOURCE, "event_source"),
    (names.ORIGIN_DESTINATION, "origin_destination"),
)


class Incoming:
    """The headers of one message, read once."""

    __slots__ = ("causation_id", "correlation_id", "headers", "known", "message_id", "parent")

    def __init__(self, headers: Sequence[tuple[str, bytes]]) -> None:
        known = Known(headers, RUNTIME.index)
        self.headers = headers
        self.known = known
        self.message_id = known.text("message_id")
        self.correlation_id = known.text("correlation_id")
        self.causation_id = known.text("causation_id")
        self.parent: Parent | None = remote_parent(known, headers)


def described(known: Known) -> list[tuple[str, AttributeValue]]:
    """Return event type, source, origin and schema id, as far as headers tell."""
    found: list[tuple[str, AttributeValue]] = []
    if known.more:
        for attribute, meaning in _TEXTS:
            text = known.text(meaning)
            if text is not None:
                found.append((attribute, text))
        _origin_place(known, found)
        schema = known.schema_id()
        if schema is not None:
            found.append((names.SCHEMA_ID, schema))
    return found


def _origin_place(known: Known, found: list[tuple[str, AttributeValue]]) -> None:
    for attribute, meaning in ((names.ORIGIN_PARTITION, "origin_partition"), (names.ORIGIN_OFFSET, "origin_offset")):
        number = known.number(meaning)
        if number is not None and number >= 0:
            found.append((attribute, number))
    group = known.text("origin_group")
    if group is not None:
        found.append((names.ORIGIN_GROUP, group))
