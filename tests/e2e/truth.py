"""What truly happened, and flowtrail's word held to it: answers for every event, and all findings, nothing else.

The truth is what the services said of themselves (what became of each send, each handling) and what stands in the log,
read by a consumer that nobody traces. No span is looked at. What a fault must be found as is derived from that here, or
claimed by the test that injected it.
"""

import json
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

if TYPE_CHECKING:
    from tests.e2e.product import Asking
    from tests.e2e.running import Service
    from tests.kafka.broker import Cluster

ANSWER_TIMEOUT = 60.0
DUPLICATES = {"resend", "republish", "redelivery"}
REORDERS = {"log-reorder", "delivery-reorder", "completion-reorder", "causal-inversion"}

Answer = tuple[str, str | None]
ACKED: Answer = ("yes", "acked")
SEEN: Answer = ("yes", "seen")
IN_DOUBT: Answer = ("in-doubt", "timeout")
ABORTED: Answer = ("no", "aborted")


class Sent(NamedTuple):
    """What became of one send, by its producer's word."""

    id: str
    topic: str
    key: str | None
    offset: int | None


class Handled(NamedTuple):
    """One handling that ended, by its consumer's word."""

    group: str
    topic: str
    partition: int
    offset: int
    id: str
    outcome: str


class Record(NamedTuple):
    """One record that stands in a log."""

    topic: str
    partition: int
    offset: int
    id: str


class Claim(NamedTuple):
    """A finding, as far as it is compared."""

    kind: str
    severity: str
    reason: str | None
    topic: str
    partition: int | None
    offsets: tuple[int, ...]
    group: str | None
    ids: tuple[str, ...]


@dataclass
class Truth:
    """What happened to some messages; `published` and `consumed` state what does not follow from the services' words.

    Handlings of a message's copies on retry topics are handlings of the message.
    """

    sent: Sequence[Sent]
    handled: Sequence[Handled]
    log: Sequence[Record]
    groups: Mapping[str, Iterable[str]]
    """Topic -> the groups that read it."""
    claims: Sequence[Claim] = ()
    published: Mapping[str, Answer] = field(default_factory=dict)
    consumed: Mapping[tuple[str, str], Answer] = field(default_factory=dict)
    """(Message id, group) -> what the group did with the event where no handling of it ended ok."""
    doubtful: Collection[str] = ()
    """Ids of messages that an owner of which nothing is known may have been handed as well: what it did is unknown."""

    def publication(self, sent: Sent) -> Answer:
        """Return whether it was published: acked; else whoever was handed it has seen it; else nobody can know."""
        if sent.id in self.published:
            return self.published[sent.id]
        if sent.offset is not None:
            return ACKED
        return SEEN if any(row.id == sent.id for row in self.handled) else IN_DOUBT

    def consumption(self, sent: Sent, group: str) -> Answer:
        """Return what a group did with an event."""
        stated = self.consumed.get((sent.id, group))
        if stated is not None:
            return stated
        topics = {row.topic for row in self.handled if (row.id, row.group, row.outcome) == (sent.id, group, "ok")}
        assert topics, f"nobody tells what {group} did with {sent.id}"
        return "processed", None if sent.topic in topics else f"retried on {topics.pop()}"

    def among(self, kinds: set[str], sent: Sent) -> str:
        """Return whether a fault of these kinds befell an event, as `duplicated` and `reordered` answer."""
        grave = (row for row in self.claims if row.kind in kinds and row.severity in {"error", "warning"})
        if any(sent.id in row.ids and row.topic == sent.topic for row in grave):
            return "yes"
        return "unknown" if sent.id in self.doubtful else "no"


def told_sent(*producers: "Service") -> list[Sent]:
    """Return what producers said of their sends when these were settled, in the order of sending."""
    rows = (row for producer in producers for fact in producer.said for row in fact.get("sent", ()))
    return [Sent(row["id"], row["topic"], row["key"], row.get("offset")) for row in rows]


def told_handled(*consumers: "Service") -> list[Handled]:
    """Return what consumers said of their handlings."""
    facts = (fact for consumer in consumers for fact in consumer.said)
    return [Handled(**fact["noted"]) for fact in facts if "noted" in fact]


def read_log(cluster: "Cluster", *topics: str) -> list[Record]:
    """Return what stands in the logs now, aborted records included, by a consumer of no group that nobody traces."""
    consumer = KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    found: list[Record] = []
    try:
        for topic in topics:
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            ends = consumer.end_offsets(places)
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            while any(consumer.position(place) < ends[place] for place in places):
                for batch in consumer.poll(200).values():
                    found.extend(map(_record, batch))
    finally:
        consumer.close()
    return sorted(found)


def resends(log: Iterable[Record]) -> list[Claim]:
    """Return the claims of all that stands more than once in a log: each id was sent once, by one send."""
    places: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
    for row in log:
        places[row.topic, row.partition, row.id].append(row.offset)
    return [
        Claim("resend", "error", "same send number", topic, partition, tuple(sorted(offsets)), None, (name,))
        for (topic, partition, name), offsets in places.items()
        if len(offsets) > 1
    ]


def log_reorders(log: Iterable[Record], sent: Sequence[Sent]) -> list[Claim]:
    """Return the claims of what stands behind something that one producer sent after it, by first copies."""
    number = {row.id: place for place, row in enumerate(sent)}
    key = {row.id: row.key for row in sent}
    claims = []
    for (topic, partition), rows in groupby(sorted(log), lambda row: row[:2]):
        before: list[str] = []
        for row in rows:
            if row.id in before or row.id not in number:
                continue
            overtakers = [name for name in before if number[name] > number[row.id]]
            if overtakers:
                one_key = key[row.id] is not None and key[row.id] in {key[name] for name in overtakers}
                severity, reason = ("error", "one key") if one_key else ("info", "across keys")
                claims.append(Claim("log-reorder", severity, reason, topic, partition, (row.offset,), None, (row.id,)))
            before.append(row.id)
    return claims


def redeliveries(handled: Iterable[Handled], reason: str) -> list[Claim]:
    """Return the claims of all that one group handled well more than once, with nobody having moved it back."""
    times = Counter(row for row in handled if row.outcome == "ok")
    return [
        Claim("redelivery", "error", reason, row.topic, row.partition, (row.offset,), row.group, (row.id,))
        for row, count in times.items()
        if count > 1
    ]


def assert_told(asking: "Asking", truth: Truth) -> None:
    """Assert that every event is answered as it was, and that whatever is found is true, and all of it."""
    wrong = [
        f"{sent.id} on {sent.topic}: {what} is {told}, but truly {true}"
        for sent in truth.sent
        for what, told, true in _answers(asking.source, truth, sent)
        if told != true
    ]
    found = Counter(claim for topic in truth.groups for claim in found_on(asking, topic))
    true = Counter(truth.claims)
    wrong += [f"missed: {claim}" for claim in (true - found).elements()]
    wrong += [f"unexpected: {claim}" for claim in (found - true).elements()]
    assert not wrong, "\n".join(wrong)


def found_on(asking: "Asking", topic: str) -> list[Claim]:
    """Return what is found on a topic; not that nobody in a test reads it."""
    asked = {"filter": f"topic:{topic} kind:!unread-destination", "since": "all"}
    rows = _get(asking.source, "findings", asked)["findings"]
    return [
        Claim(
            *(row[name] for name in ("kind", "severity", "reason", "destination")),
            row.get("partition"),
            tuple(row["offsets"]),
            row.get("group"),
            tuple(row["message_ids"]),
        )
        for row in rows
    ]


def sampled_at(asking: "Asking") -> str | None:
    """Return when a running collector last asked the broker."""
    sampled: str | None = _get(asking.source, "status", {})["store"]["sampled_at"]
    return sampled


def _answers(source: str, truth: Truth, sent: Sent) -> list[tuple[str, Any, Any]]:
    """Return every answer about an event beside the true one."""
    events = _get(source, "ask", {"what": f"id:{sent.id}"})["events"]
    event = next((row for row in events if row["destination"] == sent.topic), None)
    if event is None:
        return [("the event", None, "known")]
    published = truth.publication(sent)
    told = event["published"]
    lines = {line["group"]: line for line in event["consumed"]}
    pairs: list[tuple[str, Any, Any]] = [
        ("published", (told["answer"], told["reason"]), published),
        ("its groups", sorted(lines), sorted(truth.groups[sent.topic])),
        ("duplicated", event["duplicated"]["answer"], truth.among(DUPLICATES, sent)),
        ("reordered", event["reordered"]["answer"], truth.among(REORDERS, sent)),
    ]
    if published[0] == "yes":
        places = sorted(
            (row.partition, row.offset) for row in truth.log if row.id == sent.id and row.topic == sent.topic
        )
        pairs.append(("its records", sorted((row["partition"], row["offset"]) for row in told["records"]), places))
    for group, line in lines.items():
        consumed = truth.consumption(sent, group)
        pairs.append((f"{group}'s answer", (line["answer"], line["reason"]), consumed))
        handled = Counter(row for row in truth.handled if (row.id, row.group) == (sent.id, group))
        ended = Counter(
            Handled(group, row.get("destination", sent.topic), row["partition"], row["offset"], sent.id, row["outcome"])
            for row in line["deliveries"]
            if row["outcome"] in {"ok", "failed"}
        )
        pairs.append((f"what {group} handled", ended, handled))
    return pairs


def _get(source: str, question: str, asked: Mapping[str, str]) -> dict[str, Any]:
    address = f"{source}/api/v1/{question}?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=ANSWER_TIMEOUT) as answer:  # noqa: S310 - of the test's own collector
        document = json.loads(answer.read())
    assert isinstance(document, dict)
    return document


def _record(message: Any) -> Record:
    name = dict(message.headers).get("message-id", b"").decode()
    return Record(message.topic, message.partition, message.offset, name)
