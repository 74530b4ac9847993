"""What a message's headers tell beyond trace, correlation and ids."""

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.headers import Known
from flowtrail_tracer._core.span import AttributeValue

_TEXTS = (
    (names.EVENT_TYPE, "event_type"),
    (names.EVENT_SOURCE, "event_source"),
    (names.ORIGIN_DESTINATION, "origin_destination"),
)


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
