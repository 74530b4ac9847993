"""Documents written by hand: a slow group, two kinds of redelivery, a resend, a republish; and hostile names."""

from typing import Any

from flowtrail_reports import Documents

AS_OF = "2026-03-01T12:10:00.000000000Z"
HOSTILE = "</script><img src=x onerror=alert(1)>\u202egnp=1\x1b[2J"


def lag_row(group: str, partition: int, lag: int | None, status: str = "ok", **more: Any) -> dict[str, Any]:
    """Write one row of flowtrail.lag/1."""
    return {
        "group": group,
        "assumed": False,
        "system": "kafka",
        "destination": "orders",
        "partition": partition,
        "position": 1000 - (lag or 0),
        "end": 1000,
        "lag": lag,
        "time_lag_ms": None if lag is None else lag * 200.0,
        "status": status,
        "reason": "the lag grows" if status == "falling" else "nothing unread",
        "rate_in": 5.0,
        "rate_out": 2.5 if status == "falling" else 5.0,
        "eta_ms": 4000.0 if status == "draining" else None,
        "end_bound": "exact",
        "member": f"{group}-1-8d1f",
        "history": [None if lag is None else lag * slot // 16 for slot in range(1, 17)],
        **more,
    }


def finding(kind: str, severity: str, message_id: str, second: int, **more: Any) -> dict[str, Any]:
    """Write one finding."""
    return {
        "kind": kind,
        "severity": severity,
        "reason": None,
        "system": "kafka",
        "destination": "orders",
        "partition": 3,
        "offsets": [1000 + second],
        "group": None,
        "producer": None,
        "message_ids": [message_id],
        "count": 2,
        "first_at": f"2026-03-01T12:04:{second:02}.100000000Z",
        "last_at": f"2026-03-01T12:04:{second + 7:02}.350000000Z",
        "grade": "A",
        "summary": f"{message_id} happened twice",
        "evidence": [
            "0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331",
            "0af7651916cd43dd8448eb211c80319c/b7ad6b7169203332",
        ],
        **more,
    }


def event(message_id: str, second: int, group: str) -> dict[str, Any]:
    """Write one event of flowtrail.ask/1, delivered twice to `group`."""
    deliveries = [
        {
            "partition": 3,
            "offset": 1000 + second,
            "member": f"{group}-{number}",
            "attempt": number,
            "outcome": "ok",
            "started_at": f"2026-03-01T12:04:{second + 7 * (number - 1):02}.100000000Z",
            "ended_at": f"2026-03-01T12:04:{second + 7 * (number - 1):02}.120000000Z",
            "latency_ms": 20.0,
        }
        for number in (1, 2)
    ]
    records = [
        {"partition": 3, "offset": 1000 + second, "at": f"2026-03-01T12:04:{second:02}.050000000Z", "ack_ms": 3.0}
    ]
    return {
        "message_id": message_id,
        "destination": "orders",
        "published": {"answer": "yes", "records": records},
        "consumed": [{"group": group, "answer": "processed", "deliveries": deliveries}],
    }


def documents(name: str = "") -> Documents:
    """Everything at once; `name` is mixed into the names that other systems choose."""
    group = f"restaurant{name}"
    findings = [
        *(
            finding(
                "redelivery",
                "error",
                f"meal-{number}{name}",
                number,
                group=group,
                reason="rebalance",
                summary=f"{group} handled this event twice, 7.25 s apart, after a rebalance",
            )
            for number in range(4)
        ),
        *(
            finding(
                "redelivery",
                "warning",
                f"paid-{number}{name}",
                number + 10,
                group="payment",
                reason="restart",
                summary="payment handled this event twice, 7.25 s apart, after a restart",
            )
            for number in range(3)
        ),
        finding("resend", "error", f"order-7{name}", 20, producer="orders", offsets=[1020, 1021]),
        finding("republish", "warning", f"order-9{name}", 25, producer="restaurant", offsets=[1025, 1040]),
        finding("redelivery", "info", f"retry-1{name}", 30, group="payment", reason="retry"),
        finding("unfinished", "error", f"silent{name}", 31, group="payment"),
    ]
    events = {f"meal-{number}{name}": event(f"meal-{number}{name}", number, group) for number in range(4)}
    rows = [lag_row(f"analytics{name}", number, 40 + 10 * number, "falling") for number in range(4)]
    rows += [lag_row("payment", number, 0) for number in range(4)]
    rows += [lag_row("legacy", 0, None, "unknown", rate_in=None, rate_out=None, position=None, member=None)]
    return Documents(
        source=f"http://127.0.0.1:4318{name}",
        since="2026-03-01T11:55:00.000000000Z",
        status={"schema": "flowtrail.status/1", "as_of": AS_OF, "coverage": 0.997},
        lag={
            "schema": "flowtrail.lag/1",
            "as_of": AS_OF,
            "since": "2026-03-01T12:00:00.000000000Z",
            "coverage": 0.997,
            "rows": rows,
        },
        findings={"schema": "flowtrail.findings/1", "as_of": AS_OF, "coverage": 0.997, "findings": findings},
        events=events,
    )
