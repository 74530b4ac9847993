"""Documents written by hand, with something of everything that reports show; and hostile names."""

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
        "instance": None,
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


def latency_row(events: int, p50_ms: float | None, **more: Any) -> dict[str, Any]:
    """Write one row of flowtrail.latency/1, of whatever it is."""
    values = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "max_ms"))
    if p50_ms is not None:
        values = {name: p50_ms * factor for name, factor in zip(values, (1, 4, 9, 30), strict=True)}
    return {
        "system": "kafka",
        "destination": "orders",
        "events": events,
        **values,
        "range_ms": None,
        "across_hosts": 0,
        "negative": 0,
        "unreliable": False,
        "reason": None,
        **more,
    }


def latency(name: str = "") -> dict[str, Any]:
    """Write flowtrail.latency/1: a group on one host, one across two with a range, one of which nothing is known."""
    bounds = {"p50_ms": [30.0, 50.0], "p95_ms": [150.0, 170.0], "p99_ms": [350.0, 370.0], "max_ms": [1190.0, 1210.0]}
    none = [{"reason": "processing not instrumented", "events": 1000}]
    return {
        "schema": "flowtrail.latency/1",
        "as_of": AS_OF,
        "coverage": 0.997,
        "rows": [
            latency_row(1000, 12.5, group="payment", assumed=False, unmeasured=[]),
            latency_row(
                900,
                40.0,
                group=f"analytics{name}",
                assumed=True,
                unmeasured=[{"reason": "no processing known", "events": 100}],
                across_hosts=900,
                range_ms=bounds,
                unreliable=True,
                reason="the hosts' clocks disagree",
            ),
            latency_row(0, None, group="legacy", assumed=False, unmeasured=none),
        ],
        "convergence": [latency_row(0, None, groups=[f"analytics{name}", "legacy", "payment"], unconverged=none)],
    }


def order_row(scope: str, party: str, partition: int = 3, late: int = 0, **more: Any) -> dict[str, Any]:
    """Write one row of flowtrail.order/1: each late event was overtaken by one that must move."""
    details = [
        {
            "offset": 1001 + number,
            "message_id": f"{party}-{number}",
            "sequence": 11 + number,
            "extent": number + 1,
            "n": 0 if number else 1,
            "late_ms": 2.5 * (number + 1),
            "at": f"2026-03-01T12:05:{number % 60:02}.100000000Z",
            "overtaken_by": 1000,
        }
        for number in range(late)
    ]
    return {
        "scope": scope,
        "system": "kafka",
        "destination": "orders",
        "partition": partition,
        "producer": party if scope == "log" else None,
        "group": None if scope == "log" else party,
        "events": 100,
        "reordered": late,
        "ratio": late / 100,
        "max_extent": late,
        "max_n": 1 if late else 0,
        "max_late_ms": 2.5 * late,
        "discontinuities": 1 if late else 0,
        "skipped_sequence": late,
        "moved": 1 if late else 0,
        "culprits": [{"offset": 1000, "message_id": f"{party}-early"}] if late else [],
        "details": details,
        "complete": True,
        "reason": None,
        "coverage": 1.0,
        "assumed": False,
        "findings": {"error": 0, "warning": 0, "info": 0},
        **more,
    }


def order(name: str = "") -> dict[str, Any]:
    """Write flowtrail.order/1: a producer out of order, a concurrent group, a dark one, and an inversion."""
    rows = [
        order_row("log", f"orders{name}", late=4, findings={"error": 4, "warning": 0, "info": 0}),
        order_row("log", f"orders{name}", partition=4),
        order_row("delivery", f"payment{name}"),
        order_row("completion", f"payment{name}", late=2, findings={"error": 0, "warning": 0, "info": 2}),
        order_row("delivery", f"dark{name}", late=1, complete=False, reason="telemetry gap", coverage=0.9),
    ]
    inversion = finding("causal-inversion", "error", f"effect{name}", 40, group=f"payment{name}", count=1)
    return {
        "schema": "flowtrail.order/1",
        "as_of": AS_OF,
        "coverage": 0.997,
        "rows": rows,
        "findings": [inversion, finding("log-reorder", "error", f"orders{name}-0", 1, producer=f"orders{name}")],
    }


def losses_row(group: str | None, answers: dict[str, int], **more: Any) -> dict[str, Any]:
    """Write one row of flowtrail.losses/1."""
    return {
        "system": "kafka",
        "destination": "orders",
        "group": group,
        "assumed": False,
        "events": sum(answers.values()),
        "answers": answers,
        "unknown": [],
        "findings": {},
        **more,
    }


def losses(name: str = "") -> dict[str, Any]:
    """Write flowtrail.losses/1: one event lost, two never finished, one in doubt, some unknown."""
    doubt = [{"answer": "in-doubt", "reason": "timeout", "events": 1}]
    gap = [{"answer": "unknown", "reason": "telemetry gap", "events": 40}]
    group = f"payment{name}"
    return {
        "schema": "flowtrail.losses/1",
        "as_of": AS_OF,
        "coverage": 0.997,
        "rows": [
            losses_row(None, {"yes": 99, "in-doubt": 1}, unknown=doubt, findings={"lost": 1, "publish-in-doubt": 1}),
            losses_row(group, {"processed": 97, "unfinished": 2, "pending": 1}, findings={"unfinished": 2}),
            losses_row(f"dark{name}", {"processed": 60, "unknown": 40}, unknown=gap, assumed=True),
            losses_row("ledger", {"processed": 99, "dead-lettered": 1}, findings={"dead-lettered": 1}),
            losses_row("audit", {"processed": 100}),
        ],
        "findings": [
            finding("lost", "error", f"order-4{name}", 4, count=1),
            finding("unfinished", "error", f"order-5{name}", 5, group=group, reason="the member went on"),
            finding("unfinished", "error", f"order-6{name}", 6, group=group, reason="the member went on"),
            finding("dead-lettered", "error", f"order-8{name}", 8, group="ledger", reason="ValueError"),
            finding("publish-in-doubt", "warning", f"order-9{name}", 9, producer=f"orders{name}", offsets=[]),
        ],
    }


def answer(name: str = "") -> dict[str, Any]:
    """Write flowtrail.ask/1 on a flow of two events: the second was handled twice, and not by everybody."""
    clean = {"answer": "no", "findings": []}
    twice = finding("redelivery", "error", f"meal-1{name}", 1, group=f"restaurant{name}", reason="rebalance")
    told = {"correlation_id": f"flow-1{name}", "type": f"OrderPlaced{name}", "system": "kafka", "key": f"42{name}"}
    published = {"reason": "acked", "grade": "A", "evidence": twice["evidence"][:1]}
    events = []
    for number in range(2):
        one = event(f"meal-{number}{name}", number, f"restaurant{name}")
        one["published"] |= published
        (line,) = one["consumed"]
        line |= {"reason": None, "grade": "A", "evidence": twice["evidence"]}
        events.append(
            {
                **told,
                **one,
                "causation_id": f"meal-0{name}" if number else None,
                "producer": f"orders{name}",
                "duplicated": {"answer": "yes", "findings": [twice]} if number else clean,
                "reordered": clean,
                "findings": [twice] if number else [],
                "summary": f"published once{name}.",
            }
        )
    events[0]["consumed"][0]["deliveries"].pop()
    never = {"group": f"ledger{name}", "assumed": True, "answer": "unknown", "reason": "telemetry gap", "grade": "?"}
    events[1]["consumed"].append({**never, "deliveries": [], "evidence": []})
    head = {"schema": "flowtrail.ask/1", "asked": f"flow:flow-1{name}", "understood_as": "flow"}
    return {**head, "as_of": AS_OF, "coverage": 0.997, "events": events}


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
        latency=latency(name),
        findings={"schema": "flowtrail.findings/1", "as_of": AS_OF, "coverage": 0.997, "findings": findings},
        events=events,
        order=order(name),
        losses=losses(name),
        answer=answer(name),
    )
