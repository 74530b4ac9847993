"""The language of the examples in docs/answers.md: one line for what one process did.

    shop sends m-1 to orders:0:0, key 42, number 1, because of m-0, in transaction t, as a copy of m-0
    payment is assigned orders:0 at 0

A process is told by its service, with a number where there are several (`payment#2`); who reads is in the group of its
service's name. `@beta` behind it names its host. Nothing of the product is used here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.histories.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.histories.world import Sent, Service

WHO = r"(?P<who>\w+(?:#\d+)?(?:@\w+)?)"
PLACE = r"(?P<topic>[\w.-]+):(?P<partition>\d+)"
ID = r"(?P<id>m-\w+)"


class Teller:
    """Turns lines into the spans of a world."""

    def __init__(self) -> None:
        self.world = World()
        self._processes: dict[str, Service] = {}
        self._sent: dict[str, Sent] = {}

    def tell(self, text: str) -> World:
        """Do what the lines say, one after the other."""
        for line in filter(None, map(str.strip, text.splitlines())):
            self._do(line)
        return self.world

    def _do(self, line: str) -> None:
        for pattern, act in _LINES:
            match = re.fullmatch(pattern, line)
            if match:
                act(self, **match.groupdict())
                return
        raise ValueError(f"no example says {line!r}")

    def _process(self, who: str) -> Service:
        if who not in self._processes:
            name, _, host = who.partition("@")
            service, _, number = name.partition("#")
            generation = int(number) if number else 1
            self._processes[who] = self.world.service(
                service, group=service, host=host or "alpha", generation=generation
            )
        return self._processes[who]

    def wait(self, count: str, unit: str) -> None:
        self.world.wait(float(count) * {"ms": 1, "s": 1000, "h": 3_600_000}[unit])

    def send(self, who: str, id: str, topic: str, partition: str | None, offset: str | None, more: str) -> None:  # noqa: A002
        options = _options(more)
        attributes: dict[str, Any] = {}
        if "in transaction" in options:
            attributes["flowtrail.transaction.id"] = options["in transaction"]
        if "digest" in options:
            attributes["flowtrail.payload.digest"] = options["digest"]
        if "schema" in options:
            attributes["flowtrail.schema.id"] = options["schema"]
        if "type" in options:
            attributes["cloudevents.event_type"] = options["type"]
        origin = self._sent.get(options.get("as a copy of", ""))
        group = next(iter(self._process(who).resource.values())) if origin else None
        sent = self._process(who).send(
            topic,
            None if partition is None else int(partition),
            None if offset is None else int(offset),
            id=id,
            key=options.get("key"),
            seq=int(options["number"]) if "number" in options else None,
            cause=self._sent.get(options.get("because of", "")),
            origin=origin,
            origin_group=group,
            outcome="failed" if "but failed" in options else "acked" if offset else "in-doubt",
            error=options.get("but failed") or (None if offset else "KafkaTimeoutError"),
            attributes=attributes,
        )
        if id not in self._sent or offset is not None:
            self._sent[f"{id}@{topic}:{partition}:{offset}"] = sent
            self._sent.setdefault(id, sent)

    def position(self, who: str, reason: str, topic: str, partition: str, position: str | None) -> None:
        reasons = {
            "is assigned": "assign",
            "leaves": "revoke",
            "commits": "commit",
            "seeks": "seek",
            "is reset in": "reset",
        }
        self._process(who).moved(reasons[reason], topic, int(partition), None if position is None else int(position))

    def receive(self, who: str, topic: str, partition: str, first: str, last: str | None) -> None:
        self._process(who).receive(topic, int(partition), int(first), int(last or first))

    def handle(self, who: str, id: str, place: str | None, error: str | None) -> None:  # noqa: A002
        self._process(who).process(self._sent[f"{id}@{place}" if place else id], error=error)

    def storm(self, who: str, count: str, topic: str, cause: str) -> None:
        for number in range(int(count)):
            self._process(who).send(topic, 0, number, id=f"m-other{number}", cause=self._sent[cause])

    def both(self, who: str, first: str, second: str) -> None:
        """Begin one, begin the other, end the other, end the one."""
        world, member = self.world, self._process(who)
        begun = world.tick(), world.tick()
        ended = world.tick(), world.tick()
        member.process(self._sent[second], start=begun[1], end=ended[0])
        member.process(self._sent[first], start=begun[0], end=ended[1])

    def end(self, who: str, id: str, outcome: str) -> None:  # noqa: A002
        self._process(who).end_transaction(id, {"commits": "committed", "aborts": "aborted"}[outcome])

    def close(self, who: str) -> None:
        self._process(who).close()

    def lose(self, who: str, count: str) -> None:
        self._process(who).skip_number(int(count))

    def ahead(self, who: str, count: str, unit: str, way: str) -> None:
        off = float(count) * {"ms": 1, "s": 1000, "h": 3_600_000}[unit]
        self._process(who).clock_off_ms = off if way == "ahead" else -off

    def foreign(self, who: str, id: str, topic: str, partition: str, offset: str, count: str = "1") -> None:  # noqa: A002
        span = self.world.foreign(who, "some.instrumentation").span(
            f"process {topic}",
            kind=5,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": topic,
                "messaging.destination.partition.id": partition,
                "messaging.kafka.offset": int(offset),
                "messaging.message.id": id,
                "messaging.consumer.group.name": who,
            },
        )
        threshold = (1 << 56) - (1 << 56) // int(count)
        span.trace_state = f"ot=th:{threshold:014x}" if count != "1" else ""


_OPTIONS = ("key", "number", "because of", "in transaction", "as a copy of", "but failed", "digest", "schema", "type")


def _options(text: str) -> dict[str, str]:
    """Read ` key 7, but failed: ValueError` as what each option says."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name = next((name for name in _OPTIONS if part.startswith(name)), None)
        if name is None:
            raise ValueError(f"no example says {part!r} of a send")
        found[name] = part.removeprefix(name).lstrip(": ")
    return found


_LINES: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"(?P<count>[\d.]+) (?P<unit>ms|s|h) pass(?:es)?", Teller.wait),
    (rf"{WHO} sends {ID} to (?P<topic>[\w.-]+)(?::(?P<partition>\d+):(?P<offset>\d+))?(?P<more>,.*)?".replace(
        "(?P<more>,.*)?", "(?P<more>(?:,.*)?)"), Teller.send),
    (rf"{WHO} (?P<reason>is assigned|leaves|commits|seeks|is reset in) {PLACE}(?: (?:at|to) (?P<position>\d+))?",
     Teller.position),
    (rf"{WHO} is handed {PLACE}:(?P<first>\d+)(?:-(?P<last>\d+))?", Teller.receive),
    (rf"{WHO} (?:handles|fails at) {ID}(?: of (?P<place>\S+\d))?(?:: (?P<error>\w+))?", Teller.handle),
    (rf"{WHO} handles (?P<first>m-\w+) and (?P<second>m-\w+) at once, and ends the second first", Teller.both),
    (rf"{WHO} (?P<outcome>commits|aborts) transaction (?P<id>\w+)", Teller.end),
    (rf"{WHO} closes", Teller.close),
    (rf"{WHO} sends (?P<count>\d+) others to (?P<topic>[\w.-]+):0, because of (?P<cause>m-\w+)", Teller.storm),
    (rf"(?P<count>\d+) spans? of {WHO} (?:is|are) lost", Teller.lose),
    (rf"the clock of {WHO} is (?P<count>[\d.]+) (?P<unit>ms|s|h) (?P<way>ahead|behind)", Teller.ahead),
    (rf"{WHO}, of which another instrumentation keeps one in (?P<count>\d+) spans, handles {ID} of "
     rf"{PLACE}:(?P<offset>\d+)", Teller.foreign),
    (rf"{WHO}, which another instrumentation watches, handles {ID} of {PLACE}:(?P<offset>\d+)", Teller.foreign),
)  # fmt: skip
