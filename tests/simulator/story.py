"""A world told for people: what happened in the order it happened, what is true, what was said, the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.histories.world import START_NS
from tests.simulator.truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.histories.world import Span
    from tests.simulator.expected import Truth
    from tests.simulator.judge import Judge, Judgement, Said
    from tests.simulator.script import Script
    from tests.simulator.telemetry import Telling
    from tests.simulator.world import World


def told(judge: Judge, script: Script) -> str:
    """Play a script, judge it, and return its story."""
    world, telling = judge.played(script)
    said, judgement = judge.judged(world, telling)
    return story(world, telling, truth_of(world.facts), said, judgement)


def story(world: World, telling: Telling, truth: Truth, said: Said, judgement: Judgement) -> str:
    """Return the whole story as text."""
    steps = ", ".join(step.name for step in world.script.steps)
    lines = [
        f"world {world.script.seed}: features {', '.join(sorted(world.features)) or 'none'}",
        f"steps: {steps}",
        "",
        "happened (each span as it was recorded, by true time; what never arrived is marked):",
        *_spans(world, telling),
        "",
        "stands in the logs:",
        *_logs(world),
        "",
        "true:",
        *(
            f"  {'must be found' if finding.must else 'not provable '}  {finding.kind} "
            f"({'|'.join(sorted(finding.severities))}) {finding.destination}:{sorted(finding.offsets)} "
            f"{finding.group or ''} {sorted(finding.events)} {finding.why}"
            for finding in truth.findings
        ),
        "",
        "said:",
        *(
            f"  {claim.kind} ({claim.severity}) {claim.destination}:{sorted(claim.offsets)} {claim.summary}"
            for claim in said.claims
        ),
        "",
        "difference:",
        *(f"  {difference.what}: {difference.kind}: {difference.text}" for difference in judgement.differences),
    ]
    return "\n".join(lines)


def _spans(world: World, telling: Telling) -> Iterator[str]:
    lost = {id(span) for span in telling.lost}
    for span in world.spans:
        yield f"  {_span(span)}{'   << never arrived' if id(span) in lost else ''}"


def _span(span: Span) -> str:
    told = span.attributes
    name = span.resource.get("service.instance.id", span.resource["service.name"])
    who = f"{name:>12}@{span.resource.get('host.name', '?'):<5}"
    words = [
        f"{(span.start_ns - START_NS) / 1e6:10.1f}-{(span.end_ns - START_NS) / 1e6:<10.1f}",
        f"{who} #{told.get('flowtrail.number', '-'):<3}",
        f"{told.get('messaging.operation.name', span.name):<10}",
    ]
    if "flowtrail.number" not in told:
        words += [f"{name.removeprefix('messaging.')} {value}" for name, value in told.items()]
        words.append(f"span {span.span_id[:6]}")
        words += ["below " + (span.parent or "")[:6]] * bool(span.parent) + ["error"] * span.error
        words += ["linked to " + link["spanId"][:6] for link in span.links]
    elif "messaging.destination.name" in told:
        place = f"{told['messaging.destination.name']}:{told.get('messaging.destination.partition.id', '-')}"
        if "messaging.kafka.offset" in told:
            place += f":{told['messaging.kafka.offset']}"
        if told.get("flowtrail.offset.last", told.get("messaging.kafka.offset")) != told.get("messaging.kafka.offset"):
            place += f"-{told['flowtrail.offset.last']}"
        words.append(place)
    for name, key in (
        ("runs", "flowtrail.offset.runs"), ("position", "flowtrail.position"), ("gen", "flowtrail.consumer.generation"),
        ("id", "messaging.message.id"), ("key", "messaging.kafka.message.key"), ("seq", "flowtrail.producer.seq"),
        ("outcome", "flowtrail.publish.outcome"), ("cause", "flowtrail.causation.id"),
        ("tx", "flowtrail.transaction.id"), ("from", "flowtrail.origin.offset"), ("error", "error.type"),
    ):  # fmt: skip
        if key in told:
            words.append(f"{name} {told[key]}")
    return " ".join(words)


def _logs(world: World) -> Iterator[str]:
    for log, broker in world.brokers.items():
        if not broker.records:
            continue
        stands = []
        for offset, record in sorted(broker.records.items()):
            what = record.send.event if record.send else "marker"
            if record.send and record.send.transaction:
                what += f" ({record.send.transaction.outcome})"
            stands.append(f"{offset}={what}{' ' + record.removed if record.removed else ''}")
        again = f"/{log.incarnation}" if log.incarnation else ""
        yield f"  {log.destination}:{log.partition}{again} {', '.join(stands)}"
