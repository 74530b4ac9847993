"""Flows with causes, as `flowtrail.ask/1` tells them: written by hand, deep, wide, skewed, circular, hostile."""

from typing import Any

from flowtrail_collector.window import parse_instant, rfc3339

START = parse_instant("2026-03-01T12:04:28.401Z")
MS = 1_000_000


def at(ms: float) -> str:
    """Return the moment so many milliseconds after the flow's start."""
    return rfc3339(START + round(ms * MS))


def ref(number: int) -> str:
    """Return a reference to a span."""
    return f"4bf92f3577b34da6a3ce929d0e0e4736/{number:016x}"


def event(name: str, kind: str, producer: str, ms: float, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Write an event that was acked 4 ms after its send began, at `ms`."""
    offset = int(more.pop("offset", 177_310))
    findings = more.pop("findings", [])
    return {
        "message_id": name,
        "correlation_id": "ord-88190",
        "causation_id": None,
        "type": kind,
        "system": "kafka",
        "destination": kind,
        "key": "ord-88190",
        "producer": producer,
        "published": {
            "answer": "yes",
            "reason": "acked",
            "grade": "A",
            "records": [{"partition": 2, "offset": offset, "at": at(ms + 4), "ack_ms": 4.0}],
            "evidence": [ref(offset)],
        },
        "consumed": list(lines),
        "duplicated": {"answer": "yes" if findings else "no", "findings": []},
        "reordered": {"answer": "no", "findings": []},
        "findings": findings,
        "grade": "A",
        **more,
    }


def group(name: str, *deliveries: dict[str, Any], answer: str = "processed", **more: Any) -> dict[str, Any]:
    """Write a group's answer."""
    return {
        "group": name, "answer": answer, "reason": None, "grade": "A", "deliveries": list(deliveries),
        "evidence": [ref(sum(map(ord, name)))] if deliveries else [], **more,
    }  # fmt: skip


def delivery(service: str, begin: float, end: float | None, outcome: str | None = "ok", **more: Any) -> dict[str, Any]:
    """Write an attempt of a member of a service, in milliseconds from the flow's start."""
    return {
        "partition": 2,
        "offset": 177_310,
        "service": service,
        "member": f"{service}-0-8d1f",
        "generation": 41,
        "attempt": 1,
        "outcome": outcome,
        "error": None,
        "started_at": at(begin),
        "ended_at": None if end is None else at(end),
        "latency_ms": end,
        **more,
    }


def redelivery() -> dict[str, Any]:
    """Write the finding that billing handled an event twice."""
    return {
        "kind": "redelivery", "severity": "error", "reason": "rebalance", "group": "billing",
        "destination": "orders.created", "partition": 2, "offsets": [177_310], "message_ids": ["6f1c2a90"], "count": 2,
        "first_at": at(56), "last_at": at(1460), "grade": "A", "evidence": [ref(0xAA), ref(0xDEAD << 48)],
        "summary": "billing handled this event twice, 1.31 s apart, after a rebalance (generation 41 to 42)",
    }  # fmt: skip


def told(*events: dict[str, Any], asked: str = "flow:ord-88190") -> dict[str, Any]:
    """Write the document."""
    head = {"schema": "flowtrail.ask/1", "asked": asked, "understood_as": "flow"}
    return {**head, "as_of": at(2500), "coverage": 0.97, "events": list(events)}


def duplicated() -> dict[str, Any]:
    """Tell of an order that billing handled twice: two invoices; of a retry; of a group that is seen only in part."""
    return told(
        event(
            "6f1c2a90", "orders.created", "checkout", 0,
            group(
                "billing",
                delivery("billing", 56, 144),
                delivery("billing", 1369, 1460, member="billing-2-77aa", attempt=2, generation=42),
            ),
            group("ledger", delivery("ledger", 60, 200)),
            group("search-index", delivery("search-index", 30, 52), assumed=True),
            group(
                "email",
                delivery("email", 39, 62, "failed", error="SMTP 421"),
                delivery("email", 1200, 1290, attempt=2),
                reason="a second attempt ended ok",
            ),
            group("audit", answer="processed", grade="B", reason="inferred: the position passed it"),
            findings=[redelivery()], verdict="duplicated",
            summary="Published once; processed by 5 of 5 groups, by billing twice.",
        ),
        event(
            "9ab2c0de", "invoice.issued", "billing", 140, group("mailer", delivery("mailer", 180, 190)),
            offset=61_022, causation_id="6f1c2a90",
        ),
        event(
            "77fe0bad", "invoice.issued", "billing", 1400, group("mailer", answer="pending", lag=12, grade="B"),
            offset=61_025, causation_id="6f1c2a90",
        ),
    )  # fmt: skip


def chain(length: int) -> dict[str, Any]:
    """Tell of events each of which caused the next."""
    return told(
        *(
            event(
                f"m-{number}", f"hop-{number % 7}", f"service-{number}", 10 * number,
                group(f"service-{number + 1}", delivery(f"service-{number + 1}", 10 * number + 6, 10 * number + 19)),
                causation_id=f"m-{number - 1}" if number else None, offset=number,
            )
            for number in range(length)
        )
    )  # fmt: skip


def fan(width: int) -> dict[str, Any]:
    """Tell of one event that caused many of one type; the last of them failed."""
    last = group("email", delivery("email", 20, 25, "failed"), answer="failed")
    return told(
        event("m-0", "batch.closed", "cron", 0, group("mailer", delivery("mailer", 5, 900))),
        *(
            event(
                f"m-{number}", "mail.queued", "mailer", 10 + number / 10,
                *([last] if number == width else []), causation_id="m-0", offset=number,
            )
            for number in range(1, width + 1)
        ),
    )  # fmt: skip
