"""The nodes and edges of the map, put together from the facts: who publishes where, who reads it, what that causes."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from flowtrail_collector.questions.documents import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_collector.questions.map_facts import Facts, Row

Document = dict[str, Any]
Site = tuple[str | None, str]
"""A destination: its system and its name."""

WORST_FIRST = ("retention", "falling", "stopped", "stalled", "draining", "unknown", "ok")


class Picture:
    """The facts as nodes and edges, each named by its kind and its name."""

    def __init__(self, facts: Facts, lags: list[Row], seconds: float | None) -> None:
        self.seconds = seconds
        self._facts = facts
        self._lags: dict[tuple[Site, str], list[Row]] = defaultdict(list)
        for row in lags:
            self._lags[(row["system"], row["destination"]), row["group"]].append(row)
        self._read: dict[tuple[Site, str], list[Row]] = defaultdict(list)
        for row in facts.consumed:
            if row["grp"] is not None:
                self._read[_site(row), row["grp"]].append(row)
        self._waits = {(_site(row), row["grp"]): row for row in facts.waits}
        self._partitions = {_site(row): row["partitions"] for row in facts.partitions}
        self._found: dict[tuple[str, ...], Counter[tuple[str, str]]] | None = None
        self._publishing = {(_site(row), row["service"]): row for row in facts.published}

    def publishes(self) -> list[Document]:
        """Return the edges from services to destinations."""
        edges = []
        for (site, service), row in sorted(self._publishing.items(), key=lambda one: _order(one[0])):
            edge = self._edge("publishes", service_id(service), destination_id(site), site)
            edge |= {
                "services": [service] if service else [],
                "count": row["events"],
                "rate": self._rate(row["events"]),
                "rate_from": "spans",
            }
            edges.append(edge | {"failed": row["failed"], "in_doubt": row["in_doubt"]})
        return edges

    def consumes(self) -> list[Document]:
        """Return the edges from destinations to groups."""
        return [
            self._consumes(site, group)
            for site, group in sorted({*self._lags, *self._read}, key=lambda one: _order((one[0], one[1])))
        ]

    def _consumes(self, site: Site, group: str) -> Document:
        told, lags = self._read.get((site, group), []), self._lags.get((site, group), [])
        edge = self._edge("consumes", destination_id(site), group_id(group), site)
        edge |= {"group": group, "services": _services(told), "assumed": all(row["assumed"] for row in told or lags)}
        if told or (*site, group) in self._facts.instrumented:
            processed = sum(row["processed"] for row in told)
            count = processed or sum(row["received"] for row in told)
            edge |= {"count": count, "rate": self._rate(count), "rate_from": "spans"}
            edge |= {"failed": sum(row["failed"] for row in told) if processed or not count else None}
        else:
            edge |= {"rate": _sum(row["rate_out"] for row in lags), "rate_from": "positions"}
        return edge | self._wait(site, group) | _lag(lags)

    def _wait(self, site: Site, group: str) -> Document:
        row = self._waits.get((site, group))
        if row is None:
            return {}
        bounded = row["across"] and not row["unbounded"]
        return {
            "p95_wait_ms": row["p95"] / 1e6,
            "wait_range_ms": [row["least"] / 1e6, row["most"] / 1e6] if bounded else None,
            "waits": row["measured"],
            "waits_across_hosts": row["across"],
            "waits_unreliable": bool(row["doubtful"]),
        }

    def _edge(self, kind: str, start: str, end: str, site: Site) -> Document:
        """Return an edge of which nothing is known yet: null is unknown, or not to be said of this kind."""
        told = None if self._found is None else self._found.get((start, end), Counter())
        return {
            "kind": kind,
            "from": start,
            "to": end,
            "system": site[0],
            "destination": site[1],
            **dict.fromkeys(("services", "group", "assumed", "count", "rate", "rate_from", "failed", "in_doubt")),
            **dict.fromkeys(("p95_wait_ms", "wait_range_ms", "waits", "waits_across_hosts", "waits_unreliable")),
            **dict.fromkeys(("lag", "time_lag_ms", "status")),
            "findings": None if told is None else _counted(told),
        }

    def _rate(self, count: int) -> float | None:
        return round(count / self.seconds, 6) if self.seconds else None

    def nodes(self, edges: Iterable[Document]) -> list[Document]:
        """Return what these edges touch."""
        sites = {(edge["system"], edge["destination"]) for edge in edges}
        services = {"".join(edge["services"]) or None for edge in edges if edge["kind"] == "publishes"}
        groups = {edge["group"] for edge in edges if edge["kind"] == "consumes"}
        return [
            *(self._service(name) for name in sorted(services, key=_text)),
            *(self._destination(site) for site in sorted(sites, key=lambda one: (one[1], _text(one[0])))),
            *(self._group(name) for name in sorted(groups)),
        ]

    def _service(self, name: str | None) -> Document:
        groups = sorted({group for (_, group), told in self._read.items() for row in told if row["service"] == name})
        return self._node(service_id(name), "service", name, None) | {"groups": groups}

    def _destination(self, site: Site) -> Document:
        role = self._facts.roles.get(site[1], {})
        return self._node(destination_id(site), "destination", site[1], site[0]) | {
            "partitions": self._partitions.get(site),
            "dead_letter": bool(role.get("is_dead_letter")),
            "retry": bool(role.get("is_retry")),
        }

    def _group(self, name: str) -> Document:
        told = [row for (_, group), rows in self._read.items() if group == name for row in rows]
        lags = [row for (_, group), rows in self._lags.items() if group == name for row in rows]
        systems = {row["system"] for row in (*told, *lags)}
        members = [row["members"] for row in lags if row["members"] is not None]
        seen = len({row["who"] for row in told})
        return self._node(group_id(name), "group", name, systems.pop() if len(systems) == 1 else None) | {
            "assumed": all(row["assumed"] for row in told or lags),
            "services": _services(told),
            "members": max(members) if members else seen or None,
            **_lag(lags),
        }

    def _node(self, name: str, kind: str, shown: str | None, system: str | None) -> Document:
        told = None if self._found is None else self._found.get((name,), Counter())
        own = None if told is None else _counted(told)
        return {"id": name, "kind": kind, "name": shown, "system": system, "findings": own}

    def causes(self, edges: Iterable[Document]) -> list[Document]:
        """Return what was caused along these edges: where an event comes in, as which group, where it goes on."""
        kept = {(edge["from"], edge["to"]) for edge in edges}
        causes = []
        for row in self._facts.caused:
            start, end = destination_id(_site(row)), destination_id((row["to_system"], row["to_destination"]))
            group, service = group_id(row["grp"]), row["service"]
            if (start, group) in kept and (service_id(service), end) in kept:
                cause = {"from": start, "group": group, "service": service, "to": end}
                causes.append(cause | {"count": row["events"], "rate": self._rate(row["events"])})
        return sorted(causes, key=lambda one: (one["from"], one["group"], one["to"], _text(one["service"])))

    # Findings.

    def take_findings(self, found: Iterable[Document]) -> None:
        """Count findings where they belong: at the edge they name, else at its node, else at none."""
        self._found = defaultdict(Counter)
        for one in found:
            self._found[self._place(one)][one["kind"], one["severity"]] += 1

    def _place(self, finding: Document) -> tuple[str, ...]:
        name, group, service = finding["destination"], finding["group"], finding["producer"]
        site = (finding["system"], name)
        known = {*self._partitions, *(one for one, _ in (*self._lags, *self._read, *self._publishing))}
        if name is not None and site not in known:
            site = next((one for one in sorted(known, key=_order) if one[1] == name), site)
        if (site, group) in self._lags or (site, group) in self._read:
            return destination_id(site), group_id(group)
        if (site, service) in self._publishing:
            return service_id(service), destination_id(site)
        if site in known:
            return (destination_id(site),)
        return (service_id(service),) if any(service == one for _, one in self._publishing) else ()

    def found(self) -> list[Document] | None:
        """Return the findings that have no place in the picture."""
        return None if self._found is None else _counted(self._found.get((), Counter()))


def service_id(name: str | None) -> str:
    """Return the id of a service's node."""
    return f"service:{name or ''}"


def destination_id(site: Site) -> str:
    """Return the id of a destination's node."""
    return f"destination:{site[0] or ''}/{site[1]}"


def group_id(name: str) -> str:
    """Return the id of a group's node."""
    return f"group:{name}"


def _lag(rows: list[Row]) -> Document:
    """Sum up partitions: lag is the sum of what is known, the status that of the worst."""
    return {
        "lag": _sum(row["lag"] for row in rows),
        "time_lag_ms": max((row["time_lag_ms"] for row in rows if row["time_lag_ms"] is not None), default=None),
        "status": min((row["status"] for row in rows), key=WORST_FIRST.index, default=None),
    }


def _sum(values: Iterable[float | None]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _counted(found: Counter[tuple[str, str]]) -> list[Document]:
    ordered = sorted(found.items(), key=lambda one: (SEVERITIES.index(one[0][1]), -one[1], one[0][0]))
    return [{"kind": kind, "severity": severity, "count": count} for (kind, severity), count in ordered]


def _services(told: Iterable[Row]) -> list[str]:
    return sorted({row["service"] for row in told if row["service"] is not None})


def _site(row: Row) -> Site:
    return row["system"], row["destination"]


def _order(place: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the key by which edges stand: destination, system, then the other end."""
    flat = (place[0][1], place[0][0], place[1]) if isinstance(place[0], tuple) else (place[1], place[0])
    return tuple(_text(one) for one in flat)


def _text(value: str | None) -> str:
    return value or ""
