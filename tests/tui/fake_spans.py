"""The spans behind the fake source's answers: each made from its reference alone, so that any reference has one."""

import random
from collections.abc import Sequence
from typing import Any

from flowtrail_collector.window import parse_instant, rfc3339

START = parse_instant("2026-03-01T12:04:28.400Z")
MS = 1_000_000
OF_A_TRACE = 24
"""So many spans a trace has."""
_KINDS = (("send", "checkout", 4), ("receive", "billing", 5), ("process", "billing", 5), ("settle", "ledger", 3))


def spans_document(refs: Sequence[str], traces: Sequence[str], as_of: str, *, hostile: bool) -> dict[str, Any]:
    """Write `flowtrail.spans/1`; a reference whose span id begins with `dead` is no longer stored."""
    whole = [f"{trace}/{number:016x}" for trace in traces for number in range(1, OF_A_TRACE + 1)]
    named = list(dict.fromkeys([*refs, *whole]))
    rows = [_span(ref, hostile=hostile) for ref in named if "/dead" not in ref]
    return {
        "schema": "flowtrail.spans/1",
        "as_of": as_of,
        "rows": sorted(rows, key=lambda row: (row["started_at"], row["span_id"])),
        "missing": [ref for ref in named if "/dead" in ref],
        "left_out": {"refs": 0, "traces": 0, "spans": 0},
    }


def _span(ref: str, *, hostile: bool) -> dict[str, Any]:
    dice = random.Random(ref)  # noqa: S311 (seeded on purpose)
    trace_id, _, span_id = ref.partition("/")
    operation, service, kind = dice.choice(_KINDS)
    began = START + dice.randrange(1900) * MS
    evil = "\x1b]52;c;cm0gLXJmIC8=\x07[/x]\u202e" if hostile else ""
    row: dict[str, Any] = {
        "trace_id": trace_id,
        "span_id": span_id,
        "started_at": rfc3339(began),
        "ended_at": rfc3339(began + dice.randrange(1, 140) * MS),
        "duration_ms": 88.0,
        "name": f"{operation} orders.created{evil}",
        "kind": kind,
        "status": 0,
        "service": service + evil,
        "instance": f"{service}-{dice.randrange(3)}-8d1f{evil}",
        "host": "node-17",
        "number": dice.randrange(1, 90_000),
        "system": "kafka",
        "operation": operation,
        "destination": f"orders.created{evil}",
        "partition": 2,
        "offset": 177_310,
        "conflicting": False,
        "resource": {"service.name": service + evil, "deployment.environment": "prod-eu"},
    }
    row |= _MORE[operation]
    if operation == "process":
        row["links"] = [{"trace_id": trace_id, "span_id": "00f067aa0ba902b7"}]
        row["attributes"] = {"app.tenant": f"acme{evil}", "app.note": "free text that no column holds " * 4}
    return row


_MORE: dict[str, dict[str, Any]] = {
    "send": {"publish_outcome": "acked", "message_id": "6f1c2a90", "producer_epoch": "c1", "producer_seq": 71},
    "receive": {"consumer_group": "billing", "batch_count": 12, "offset_last": 177_321, "generation": 42},
    "process": {"consumer_group": "billing", "attempt": 2, "generation": 42, "member": "billing-2-8d1f", "status": 1},
    "settle": {"consumer_group": "ledger", "position": 177_311, "position_reason": "commit", "generation": 41},
}
