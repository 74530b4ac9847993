"""What happened to an event of `flowtrail.ask/1`, step by step: its records, and each attempt of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_reports.writing import apart_ms, earlier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_reports.documents import Document

Row = dict[str, Any]

_NAMES = ("message_id", "correlation_id", "causation_id", "type", "key", "system")


def story(event: Document) -> Iterable[Row]:
    """Return all steps of an event."""
    yield from publications(event)
    for line in event["consumed"]:
        yield from deliveries(event, line)


def publications(event: Document) -> Iterable[Row]:
    """Return one step per record: from the start of its send, where that is known, to its ack."""
    for record in event["published"]["records"]:
        begun = earlier(record["at"], record["ack_ms"]) if record["at"] and record["ack_ms"] else record["at"]
        yield {
            **_about(event, record),
            "step": "published",
            "who": event["producer"],
            "at": begun,
            "ended_at": record["at"],
            "outcome": event["published"]["reason"],
            "took_ms": record["ack_ms"],
        }


def deliveries(event: Document, line: Document) -> Iterable[Row]:
    """Return one step per attempt of a group, `line` being its answer."""
    for delivery in line["deliveries"]:
        yield {
            **_about(event, delivery),
            "step": "processed" if delivery["outcome"] else "handed out",
            "who": line["group"],
            "service": delivery.get("service"),
            "generation": delivery.get("generation"),
            "member": delivery["member"],
            "attempt": delivery["attempt"],
            "at": delivery["started_at"],
            "ended_at": delivery["ended_at"],
            "outcome": delivery["outcome"],
            "error": delivery.get("error"),
            "took_ms": _between(delivery["started_at"], delivery["ended_at"]),
            "latency_ms": delivery["latency_ms"],
        }


def _about(event: Document, of: Document) -> Row:
    """Name the event and the record; an attempt on a copy stands at the copy's destination."""
    destination = of.get("destination") or event["destination"]
    known = of["partition"] is not None and of["offset"] is not None
    place = f"{destination}:{of['partition']}:{of['offset']}" if known else destination
    about = {name: event[name] for name in _NAMES} | {"event": event["message_id"], "destination": destination}
    return {**about, "partition": of["partition"], "offset": of["offset"], "place": place}


def _between(begin: str | None, end: str | None) -> float | None:
    return None if begin is None or end is None else apart_ms(begin, end)
