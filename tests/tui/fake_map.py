"""The map that a fake source answers with: a shop's services in different states, one of them in a cycle."""

from typing import Any

from flowtrail_collector.filters import parse_filter

_REDELIVERED = {"kind": "redelivery", "severity": "error", "count": 37}
_SKIPPED = {"kind": "skipped", "severity": "error", "count": 1204}
_IN_DOUBT = {"kind": "publish-in-doubt", "severity": "warning", "count": 9}
_DEAD = {"kind": "dead-lettered", "severity": "error", "count": 3}
_REORDERED = {"kind": "completion-reorder", "severity": "info", "count": 20}

PUBLISHED: tuple[tuple[str, str, int, int, tuple[dict[str, Any], ...]], ...] = (
    ("checkout", "orders.created", 1_083_600, 9, (_IN_DOUBT,)),
    ("billing", "invoice.issued", 1_082_700, 0, ()),
    ("billing", "orders.dlq", 45, 0, ()),
    ("gateway", "payments.settled", 79_200, 0, ()),
)
READ: tuple[tuple[str, str, int | None, float | None, int | None, str, tuple[dict[str, Any], ...]], ...] = (
    ("orders.created", "billing", 1_083_600, 12.4, 0, "ok", (_REDELIVERED, _DEAD)),
    ("orders.created", "ledger", 946_800, 192_000.0, 181_902, "falling", ()),
    ("orders.created", "search-index", 1_083_600, 9.1, 16, "ok", (_REORDERED,)),
    ("orders.created", "email", 1_111_500, 402.0, 412, "draining", ()),
    ("orders.created", "audit", 0, None, None, "stopped", ()),
    ("invoice.issued", "mailer", 1_082_700, 31.0, 3, "ok", ()),
    ("payments.settled", "legacy-etl", None, None, None, "retention", (_SKIPPED,)),
)
PARTITIONS = {"orders.created": 12, "invoice.issued": 6, "orders.dlq": 1, "payments.settled": 3}
SECONDS = 900.0


def map_document(filter_text: str, *, findings: bool, evil: str = "") -> dict[str, Any]:
    """Return nodes, edges and causes; `evil` hangs on every name."""
    known = parse_filter(filter_text)
    edges = [*(_publishes(*one, evil) for one in PUBLISHED), *(_consumes(*one, evil) for one in READ)]
    edges = [edge for edge in edges if known.matches(edge)]
    nodes = [*_services(edges), *_destinations(edges), *_groups(edges)]
    if not findings:
        for shown in (*nodes, *edges):
            shown["findings"] = None
    ends = {end for edge in edges for end in (edge["from"], edge["to"])}
    causes = [
        {"from": _place("orders.created", evil), "group": f"group:billing{evil}", "service": f"billing{evil}"}
        | {"to": _place(name, evil), "count": count, "rate": count / SECONDS}
        for name, count in (("invoice.issued", 1_082_700), ("orders.dlq", 45))
        if _place(name, evil) in ends
    ]
    return {"seconds": SECONDS, "nodes": nodes, "edges": edges, "causes": causes, "findings": [] if findings else None}


def _place(name: str, evil: str) -> str:
    return f"destination:kafka/{name}{evil}"


def _edge(kind: str, start: str, end: str, destination: str, services: list[str]) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            *("group", "assumed", "count", "rate", "rate_from", "failed", "in_doubt", "p95_wait_ms", "wait_range_ms"),
            *("waits", "waits_across_hosts", "waits_unreliable", "lag", "time_lag_ms", "status"),
        )
    )
    named = {"kind": kind, "from": start, "to": end, "system": "kafka", "destination": destination}
    return {**nothing, **named, "services": services}


def _publishes(
    service: str, name: str, count: int, in_doubt: int, found: tuple[dict[str, Any], ...], evil: str
) -> dict[str, Any]:
    edge = _edge("publishes", f"service:{service}{evil}", _place(name, evil), f"{name}{evil}", [f"{service}{evil}"])
    rate = {"count": count, "rate": count / SECONDS, "rate_from": "spans", "failed": 0, "in_doubt": in_doubt}
    return edge | rate | {"findings": list(found)}


def _consumes(
    name: str,
    group: str,
    count: int | None,
    wait: float | None,
    lag: int | None,
    status: str,
    found: tuple[dict[str, Any], ...],
    evil: str,
) -> dict[str, Any]:
    services = [] if count is None else [f"{group}{evil}"]
    edge = _edge("consumes", _place(name, evil), f"group:{group}{evil}", f"{name}{evil}", services)
    rate = 88.0 if count is None else count / SECONDS
    return edge | {
        "group": f"{group}{evil}",
        "assumed": group == "search-index",
        "count": count,
        "rate": rate,
        "rate_from": "positions" if count is None else "spans",
        "failed": None if count is None else 0,
        "p95_wait_ms": wait,
        "waits": 0 if wait is None else count,
        "waits_across_hosts": 0,
        "waits_unreliable": False,
        "lag": lag,
        "time_lag_ms": None if lag is None else lag * 1.1,
        "status": status,
        "findings": list(found),
    }


def _services(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = sorted({edge["from"] for edge in edges if edge["kind"] == "publishes"})
    groups = {edge["group"] for edge in edges if edge["kind"] == "consumes"}
    return [
        {"id": name, "kind": "service", "name": own, "system": None, "groups": [own] if own in groups else []}
        | {"findings": []}
        for name in names
        for own in [name.removeprefix("service:")]
    ]


def _destinations(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": f"destination:kafka/{name}", "kind": "destination", "name": name, "system": "kafka", "findings": []}
        | {"partitions": next((number for own, number in PARTITIONS.items() if name.startswith(own)), None)}
        | {"dead_letter": name.startswith("orders.dlq"), "retry": False}
        for name in sorted({edge["destination"] for edge in edges})
    ]


def _groups(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": edge["to"], "kind": "group", "name": edge["group"], "system": "kafka", "findings": []}
        | {"members": 3, **{name: edge[name] for name in ("assumed", "services", "lag", "time_lag_ms", "status")}}
        for edge in edges
        if edge["kind"] == "consumes"
    ]
