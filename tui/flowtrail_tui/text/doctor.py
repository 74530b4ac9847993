"""The doctor's checks: from a status document to what is well, what is missing, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable
from flowtrail_collector.wording import counted
from flowtrail_tui.model import figures as f
from flowtrail_tui.model.parts import Line, Part, line, wrap

_STATES = {"ok": ("✓", "ok"), "missing": ("!", "warn"), "unreachable": ("✗", "error")}
_LABEL = 26


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `ok`, `missing` (answers will be less sure) or `unreachable`; what to do about it."""

    name: str
    state: str
    found: str
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        """Return it for `flowtrail.doctor/1`."""
        return {"check": self.name, "state": self.state, "found": self.found, "remedy": self.remedy or None}


def check_source(spec: str | None) -> tuple[list[Check], dict[str, Any] | None]:
    """Try the source; return its status where it has one."""
    from flowtrail_collector.source import open_source

    try:
        source = open_source(spec)
    except SourceUnavailable as absent:
        return [Check("source", "unreachable", str(absent))], None
    try:
        status = source.status()
    except FlowtrailError as absent:
        return [Check("source", "unreachable", str(absent))], None
    finally:
        source.close()
    kind = "a running collector" if source.live else "a store file"
    return [Check("source", "ok", f"{source.name}, {kind}")], status


def check_broker(bootstrap_servers: str, access: dict[str, object]) -> Check:
    """Try a Kafka cluster, reached by `access` where it is secured."""
    from flowtrail_collector.broker import BrokerWatcher, KafkaBroker

    watcher = BrokerWatcher(bootstrap_servers, lambda: KafkaBroker(bootstrap_servers, access=access), lambda _: None)
    try:
        watcher.check()
        told = watcher.status()
    except SourceUnavailable as absent:
        return Check("broker", "unreachable", str(absent))
    finally:
        watcher.stop()
    return Check(
        "broker",
        "ok",
        f"{bootstrap_servers} answers: {counted(told['groups'], 'group')}, {counted(told['partitions'], 'partition')}",
    )


def checks_of(status: dict[str, Any]) -> list[Check]:
    """Judge a status document."""
    store = status.get("store") if isinstance(status.get("store"), dict) else {}
    spans = f.whole((store or {}).get("spans")) or 0
    checks = [_stored(spans, status), _coverage(status)] if spans else [_stored(spans, status)]
    services = f.items(status.get("services"))
    checks += [_service(service) for service in services if service.get("publishes") or service.get("consumes")]
    if spans and not any(service.get("publishes") for service in services):
        checks.append(
            Check("producers", "missing", "no service publishes", "trace the producers, or no event has a beginning")
        )
    if spans and not any(service.get("consumes") for service in services):
        checks.append(
            Check("consumers", "missing", "no service consumes", "trace the consumers, or nothing is known of them")
        )
    return [*checks, _watched(status)]


def _stored(spans: int, status: dict[str, Any]) -> Check:
    if not spans:
        remedy = "point services at the collector: OTEL_EXPORTER_OTLP_ENDPOINT; or try flowtrail demo"
        return Check("spans", "missing", "not a single span is stored", remedy)
    return Check("spans", "ok", f"{spans:,} stored, the newest of {status.get('as_of')}")


def _coverage(status: dict[str, Any]) -> Check:
    share = f.number(status.get("coverage"))
    if share is None:
        remedy = "flowtrail-tracer numbers its spans; of others nobody knows what is missing"
        return Check("coverage", "missing", "unknown: no sender numbers its spans", remedy)
    if share < 1:
        remedy = "spans were lost on the way: answers that rest on absence are unknown; see telemetry-gap findings"
        return Check("coverage", "missing", f"{f.share(share)} of the spans that instances report", remedy)
    return Check("coverage", "ok", "every span that instances report has arrived")


def _service(service: dict[str, Any]) -> Check:
    name = f"service {f.word(service.get('service'), '(no name)')}"
    does = [verb for verb in ("publishes", "consumes") if service.get(verb)]
    lacks = []
    if service.get("publishes") and not service.get("tells_acks"):
        lacks.append("acks")
    if service.get("consumes"):
        lacks += [] if service.get("tells_outcomes") else ["outcomes"]
        lacks += [] if service.get("tells_positions") else ["positions"]
        lacks += [] if service.get("names_groups") else ["its group's name"]
    if not service.get("numbered"):
        lacks.append("numbers (coverage)")
    found = f"{' and '.join(does)}, {counted(f.whole(service.get('spans')) or 0, 'span')}"
    if not lacks:
        return Check(name, "ok", found)
    return Check(name, "missing", f"{found}; does not tell {', '.join(lacks)}", "trace it with flowtrail-tracer")


def _watched(status: dict[str, Any]) -> Check:
    broker = status.get("broker")
    if isinstance(broker, dict):
        if broker.get("state") == "watching":
            found = f"{broker.get('bootstrap_servers')} is watched, last at {broker.get('sampled_at')}"
            return Check("broker watcher", "ok", found)
        return Check(
            "broker watcher", "missing", f"{broker.get('bootstrap_servers')} does not answer: {broker.get('error')}"
        )
    remedy = "flowtrail collect --bootstrap-servers: ends, positions and members of groups that are not traced"
    return Check("broker watcher", "missing", "no broker is watched", remedy)


def render(checks: list[Check], width: int) -> list[Line]:
    """Draw the checks, one below the other, each with its remedy."""
    lines: list[Line] = []
    for check in checks:
        glyph, role = _STATES[check.state]
        texts = wrap(check.found, max(20, width - _LABEL - 3))
        label = f"{check.name:<{_LABEL - 1}} "
        lines.append(line(Part(f"{glyph} ", role), Part(label, "bright"), Part(texts[0])))
        lines += [line(Part(" " * (_LABEL + 2)), Part(text)) for text in texts[1:]]
        if check.remedy:
            remedies = wrap(check.remedy, max(20, width - _LABEL - 5))
            lines += [
                line(Part(" " * (_LABEL + 2)), Part(f"{'→ ' if not i else '  '}{text}", "dim"))
                for i, text in enumerate(remedies)
            ]
    return lines
