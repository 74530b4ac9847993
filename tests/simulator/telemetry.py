"""What of a world's spans arrives, and how: all of it, or with losses; in order, or shuffled, repeated and split."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.histories.world import Span
    from tests.simulator.world import World


REVISED = frozenset({"failed", "dead-lettered", "publish-failed", "unfinished"})
"""Errors that may be claimed of a process that looks alive and be revised by what it tells later.

By the letter nothing that rests on absence may be said before its instance has ended in order. Then no failure of a
running system would be found, so what has not arrived yet is let pass here: only holes and crashes are not.
"""


@dataclass
class Telling:
    """Batches of spans, each one request, and what is known to be missing."""

    batches: list[list[Span]]
    incomplete: bool = False
    lost: list[Span] = field(default_factory=list)
    cut: frozenset[str] = frozenset()
    """Instances whose last spans have not arrived, which leaves no hole."""
    unheard: bool = False
    """Of an instance without numbers something is missing: nobody may know that it is there."""
    to_come: frozenset[tuple[str, str, int]] = frozenset()
    """Group, destination and offset of what such instances were handed behind all that arrived of them."""
    bare: frozenset[tuple[str, str]] = frozenset()
    """Groups and destinations of which handings arrived, and no processing yet: they look as if nobody traced those."""

    def weaker(self, question: str) -> frozenset[str]:
        """Return the answers that are right as of what has arrived, though more has happened since."""
        doubt = {
            "published": {"in-doubt"},  # whoever saw it or ended it did not tell; the doubt says so
            "consumed": {"received", "retrying"},
        }
        later = {
            "published": {"no"},
            "consumed": {"pending", "in-progress", "failed", "dead-lettered", "unfinished", "not-expected"},
            "duplicated": {"no"},
            "reordered": {"no"},
        }
        return frozenset(doubt.get(question, set()) | (later[question] if self.cut else set()))


def tell(world: World) -> Telling:
    """Return how the spans of a world arrive."""
    incomplete = world.script.incomplete
    chance = random.Random(f"telemetry {world.script.seed}")  # noqa: S311 a seeded world
    spans = list(world.spans)
    lost: list[Span] = []
    if incomplete and spans:
        if chance.random() < 0.7:
            share = chance.choice((0.02, 0.05, 0.15, 0.4))
            lost += [span for span in spans if chance.random() < share]
        names = sorted({who(span) for span in spans})
        while not lost or chance.random() < 0.3:
            victim = chance.choice(names)
            own = [span for span in spans if who(span) == victim]
            lost += own[chance.randrange(len(own)) :]
        gone = {id(span) for span in lost}
        spans = [span for span in spans if id(span) not in gone]
    return Telling(
        _arrival(spans, chance), incomplete, lost, _cut(spans, lost),
        unheard=any("flowtrail.number" not in span.attributes for span in lost),
        to_come=_to_come(spans, lost), bare=_processed(lost) - _processed(spans),
    )  # fmt: skip


def _processed(spans: list[Span]) -> frozenset[tuple[str, str]]:
    """Return the groups that tell of processings, with the destinations."""
    return frozenset(
        (span.attributes["messaging.consumer.group.name"], span.attributes["messaging.destination.name"])
        for span in spans
        if "flowtrail.number" in span.attributes and span.attributes.get("messaging.operation.type") == "process"
    )


def _to_come(spans: list[Span], lost: list[Span]) -> frozenset[tuple[str, str, int]]:
    """Return what the last spans of instances tell that did not arrive: what was handed out, as if still to be told."""
    newest = _newest(spans)
    return frozenset(
        (told["messaging.consumer.group.name"], told["messaging.destination.name"], offset)
        for span in lost
        if (told := span.attributes).get("flowtrail.number", 0) > newest.get(who(span), 0)
        and told.get("messaging.operation.type") == "receive"
        for offset in range(told["messaging.kafka.offset"], told["flowtrail.offset.last"] + 1)
    )


def _newest(spans: list[Span]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for span in spans:
        newest[who(span)] = max(newest.get(who(span), 0), span.attributes.get("flowtrail.number", 0))
    return newest


def _cut(spans: list[Span], lost: list[Span]) -> frozenset[str]:
    """Return the instances of which something is missing behind all that arrived: as if it were still to come."""
    newest = _newest(spans)
    return frozenset(
        who(span) for span in lost if span.attributes.get("flowtrail.number", 0) > newest.get(who(span), 0)
    )


def who(span: Span) -> str:
    """Return the instance that recorded a span, or the service where it names none."""
    return str(span.resource.get("service.instance.id", span.resource["service.name"]))


def _arrival(spans: list[Span], chance: random.Random) -> list[list[Span]]:
    """Send spans in requests: in order, or shuffled, with some again."""
    manner = chance.random()
    if manner < 0.4:
        return [spans]
    if manner < 0.7:
        size = chance.randint(1, 20)
        return [spans[at : at + size] for at in range(0, len(spans), size)]
    mixed = chance.sample(spans, len(spans))
    half = len(mixed) // 2
    return [mixed[half:], mixed[:half], mixed[: half + 3]]
