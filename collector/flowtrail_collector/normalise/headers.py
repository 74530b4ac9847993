"""Message headers that an instrumentation captured: `messaging.header.<name>`, each a list of strings.

The Java agent writes `-` as `_`, so names are compared that way, in any case. The last value wins, except on a span of
several messages, where the values are one per message, parallel to the links.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow.compute as pc

from flowtrail_collector.normalise.values import integer, media_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from flowtrail_collector.normalise.draft import Draft

PREFIX: Final = "messaging.header."
_BINARY_WIDTHS = (4, 8)
_MAX_ATTEMPT = 2**31 - 1
_FIELD = re.compile(r"""["']?\b(queue|exchange|reason|count)["']?\s*[=:]\s*["']?([^,"'{}\[\]]*)""")


def _text(value: str) -> str | None:
    return value or None


def _decimal(value: str) -> int | None:
    number = integer(value)
    return number if number is not None and number >= 0 else None


def _binary(value: str) -> int | None:
    """Spring's numbers: big-endian bytes that came through as text; decimal text where they do not look like it."""
    if len(value) in _BINARY_WIDTHS and "\0" in value:
        return int.from_bytes(value.encode("latin-1"), "big") if value.isascii() else None
    return _decimal(value)


def _repeats(value: str) -> int | None:
    """Turn a count of repeats into the number of the attempt."""
    number = _decimal(value)
    return None if number is None else number + 1


def _small(read: Callable[[str], int | None]) -> Callable[[str], int | None]:
    def small(value: str) -> int | None:
        number = read(value)
        return number if number is not None and number <= _MAX_ATTEMPT else None

    return small


def _epoch(value: str) -> str | None:
    """Our own `message-seq` is `<producer epoch>:<n>`."""
    epoch, colon, number = value.rpartition(":")
    return epoch if colon and _decimal(number) is not None else None


def _sequence(value: str) -> int | None:
    epoch, colon, number = value.rpartition(":")
    return _decimal(number) if epoch and colon else None


def _schema(value: str) -> str | None:
    """Read a schema id: text, or a 0x00 and four bytes; the sixteen bytes behind a 0x01 do not survive as text."""
    if value.startswith("\0"):
        return str(int.from_bytes(value[1:].encode("ascii"), "big")) if len(value) == 5 and value.isascii() else None
    return value if value and value[0] != "\x01" else None


def _deaths(value: str) -> list[dict[str, str]]:
    """Read RabbitMQ's `x-death`: a list of tables as Java writes it (`{queue=a, count=1}`) or as JSON; latest first."""
    return [
        {name: text.strip() for name, text in _FIELD.findall(entry)} for entry in value.split("}") if "queue" in entry
    ]


def _first_death(value: str) -> str | None:
    """Return where the message died first: the exchange that it was sent to, or the queue where that is the default."""
    deaths = _deaths(value)
    return (deaths[-1].get("exchange") or deaths[-1].get("queue") or None) if deaths else None


def _first_queue(value: str) -> str | None:
    deaths = _deaths(value)
    return deaths[-1].get("queue") or None if deaths else None


def _death_count(value: str) -> int | None:
    """Return the attempt: one more than the queue that refused it most often refused it; a delay's expiry is none."""
    counts = [_decimal(death.get("count", "")) for death in _deaths(value) if death.get("reason") != "expired"]
    known = [count for count in counts if count is not None]
    return max(known) + 1 if known else None


def _queue_of(value: str) -> str | None:
    """Return the queue of an address: the last part of a URI's path, or what stands before a machine's name."""
    path = value.partition("?")[0].rstrip("/")
    return path.rpartition("/")[2].partition("@")[0] or None


def _sink(value: str) -> str | None:
    """Return the consumer group of a connector: Kafka Connect names it after the connector."""
    return f"connect-{value}" if value else None


# column -> (header, reader), in order of preference
_TABLE: Final[dict[str, tuple[tuple[str, Callable[[str], str | int | None]], ...]]] = {
    "correlation_id": tuple(
        (name, _text)
        for name in (
            *("correlation-id", "x-correlation-id", "correlationId", "ce_correlationid", "x-request-id"),
            *("NServiceBus.ConversationId", "NServiceBus.CorrelationId", "ConversationId", "rbs2-corr-id"),
            *("conversation-id", "axon-metadata-correlationId"),
        )
    ),
    "message_id": tuple(
        (name, _text)
        for name in (
            *("message-id", "x-message-id", "event-id", "ce_id", "NServiceBus.MessageId", "MessageId"),
            *("rbs2-msg-id", "axon-message-id", "id"),
        )
    ),
    "event_source": (("ce_source", _text),),
    "causation_id": tuple(
        (name, _text)
        for name in (
            *("causation-id", "x-causation-id", "ce_causationid", "NServiceBus.RelatedTo", "MT-InitiatorId"),
            *("rbs2-in-reply-to", "parent-id"),
        )
    ),
    "event_type": tuple(
        (name, _text)
        for name in (
            *("ce_type", "event-type", "eventType", "NServiceBus.EnclosedMessageTypes", "MT-MessageType"),
            *("axon-message-type", "__TypeId__"),
        )
    ),
    "schema_id": (("__value_schema_id", _schema), ("ce_dataschema", _text)),
    "content_type": tuple(
        (name, media_type)
        for name in (
            *("content-type", "contentType", "ce_datacontenttype", "NServiceBus.ContentType", "rbs2-content-type"),
        )
    ),
    "event_version": tuple(
        (name, _text)
        for name in (
            *("event-version", "eventVersion", "x-event-version", "message-version", "ce_eventtypeversion"),
            *("ce_dataversion", "axon-message-revision"),
        )
    ),
    "producer_epoch": (("message-seq", _epoch),),
    "producer_seq": (("message-seq", _sequence),),
    "attempt": (
        ("retry_topic-attempts", _small(_binary)),
        ("kafka_deliveryAttempt", _small(_binary)),
        ("attempts", _small(_decimal)),
        ("rbs2-delivery-count", _small(_decimal)),
        ("x-delivery-count", _small(_repeats)),
        ("x-death", _small(_death_count)),
        ("MT-Redelivery-Count", _small(_repeats)),
        ("MT-Fault-RetryCount", _small(_repeats)),
        ("NServiceBus.Retries", _small(_repeats)),
    ),
    "origin_destination": (
        ("flowtrail-origin-destination", _text),
        ("kafka_dlt-original-topic", _text),
        ("kafka_original-topic", _text),
        ("__connect.errors.topic", _text),
        ("x-death", _first_death),
        ("x-first-death-exchange", _text),
        ("x-first-death-queue", _text),
        ("MT-Fault-InputAddress", _queue_of),
        ("NServiceBus.FailedQ", _queue_of),
        ("rbs2-source-queue", _queue_of),
    ),
    "origin_partition": (
        ("flowtrail-origin-partition", _small(_decimal)),
        ("kafka_dlt-original-partition", _small(_binary)),
        ("kafka_original-partition", _small(_binary)),
        ("__connect.errors.partition", _small(_decimal)),
    ),
    "origin_offset": (
        ("flowtrail-origin-offset", _decimal),
        ("kafka_dlt-original-offset", _binary),
        ("kafka_original-offset", _binary),
        ("__connect.errors.offset", _decimal),
    ),
    "origin_group": (
        ("flowtrail-origin-group", _text),
        ("kafka_dlt-original-consumer-group", _text),
        ("kafka_original-consumer-group", _text),
        ("__connect.errors.connector.name", _sink),
        ("x-death", _first_queue),
        ("x-first-death-queue", _text),
    ),
}
OF_LINKS: Final = ("message_id", "correlation_id")


def _key(name: str) -> str:
    return name.lower().replace("-", "_")


_KNOWN: Final = frozenset(_key(name) for readers in _TABLE.values() for name, _ in readers)


def apply(draft: Draft, links: Draft, links_of: NDArray[np.int32]) -> None:
    """Fill what the attributes left open from captured headers.

    `links_of[i]` is where the links of span i begin among all links (one more entry than spans).
    """
    captured = _captured(draft)
    if not captured:
        return
    several = _several(draft, links_of)
    for column, readers in _TABLE.items():
        known = draft.known(column)
        rows, values = [], []
        for row, headers in captured.items():
            value = None if several[row] or known[row] else _read(headers, readers)
            if value is not None:
                rows.append(row)
                values.append(value)
        draft.correct(column, rows, values)
        if column in OF_LINKS and links.count:
            _to_links(captured, links, links_of, column)


def _several(draft: Draft, links_of: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which spans stand for several messages."""
    several = np.diff(links_of) > 1
    counts = draft.columns.get("batch_count")
    return several if counts is None else several | (counts.fill_null(0).to_numpy() > 1)


def _to_links(
    captured: dict[int, dict[str, list[str]]],
    links: Draft,
    links_of: NDArray[np.int32],
    column: str,
) -> None:
    known = links.known(column)
    rows, values = [], []
    for row, headers in captured.items():
        begin, count = int(links_of[row]), int(links_of[row + 1] - links_of[row])
        for place in range(count):
            one = {name: [listed[place]] for name, listed in headers.items() if len(listed) == count}
            value = _read(one, _TABLE[column])
            if value is not None and not known[begin + place]:
                rows.append(begin + place)
                values.append(value)
    links.correct(column, rows, values)


def _captured(draft: Draft) -> dict[int, dict[str, list[str]]]:
    """Return for each span that has any: header (as compared) -> values."""
    unknown = draft.attributes.unknown()
    if not len(unknown):
        return {}
    names = draft.attributes.keys(unknown)
    here = np.flatnonzero(pc.starts_with(names, PREFIX).to_numpy(zero_copy_only=False))
    captured: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for place in here.tolist():
        name = _key(names[place].as_py().removeprefix(PREFIX))
        if name in _KNOWN:
            entry = int(unknown[place])
            captured[int(draft.attributes.owners[entry])][name] = _listed(draft.attributes.value(entry))
    return captured


def _listed(value: Any) -> list[str]:
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, str)]
    return [value] if isinstance(value, str) else []


def _read(
    headers: dict[str, list[str]],
    readers: tuple[tuple[str, Callable[[str], str | int | None]], ...],
) -> str | int | None:
    for name, read in readers:
        listed = headers.get(_key(name))
        if listed:
            value = read(listed[-1])
            if value is not None:
                return value
    return None
