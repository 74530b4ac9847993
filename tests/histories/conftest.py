"""Histories in by `flowtrail import`'s own door, answers out by the door that every face uses."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from flowtrail_collector.broker.sample import NOBODY, Group, Member, Place, Reach, Sample, write
from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.importing import import_files
from flowtrail_collector.source import StoreSource, Window
from flowtrail_collector.store import Store
from tests.histories.world import MS, START_NS, Span, World, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from flowtrail_collector.declarations import Declarations

ALWAYS = Window(None, None)


@dataclass(frozen=True)
class Round:
    """What a watcher found in one round: the members of payment, all assigned orders:0, and its position."""

    members: tuple[str, ...]
    position: int | None
    end: int = 100
    topic: str | None = "id-of-orders"
    state: str = ""


class Told:
    """A store that was told a history, and the questions asked of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.declarations: Declarations | None = None

    def declare(self, configuration: str) -> Told:
        """Ask from now on with what a flowtrail.toml declares."""
        self.declarations = parse_configuration(configuration)
        return self

    def hear(self, *requests: Iterable[Span]) -> Told:
        """Import batches of spans, each one request (one line of the file)."""
        lines = self.path.with_suffix(".jsonl")
        lines.write_text("".join(json.dumps(request(spans)) + "\n" for spans in requests))
        store = Store.open(self.path)
        try:
            result = import_files([lines], store)
        finally:
            store.close()
        assert not result.damaged
        assert not result.rejected, result.notes
        return self

    def broker(
        self,
        log_starts: Sequence[tuple[float, int]] = (),
        policy: str | None = None,
        topic: str = "id-of-orders",
    ) -> Told:
        """Add what a watcher sampled of orders:0: log starts, each with its seconds on the world's clock; a policy."""
        with duckdb.connect(str(self.path)) as connection:
            for second, log_start in log_starts:
                connection.execute(
                    "INSERT INTO broker_partition_rows BY NAME SELECT $at AS at_ns, 'orders' AS destination, "
                    '$topic AS topic_id, 0 AS "partition", $log_start AS log_start',
                    {"at": START_NS + int(second * 1000 * MS), "topic": topic, "log_start": log_start},
                )
            if policy:
                connection.execute(
                    "INSERT INTO broker_topic_rows BY NAME SELECT $at AS at_ns, 'orders' AS destination, "
                    "$policy AS cleanup_policy",
                    {"at": START_NS, "policy": policy},
                )
        return self

    def owner(self, member: str, end: int) -> Told:
        """Add that a watcher saw orders:0 assigned to a member of payment while the partition ended before `end`."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(
                "INSERT INTO broker_member_rows BY NAME SELECT $at AS at_ns, 'payment' AS consumer_group, "
                "'Stable' AS state, $member AS member, 'orders' AS destination, 0 AS \"partition\"",
                {"at": START_NS, "member": member},
            )
            connection.execute(
                "INSERT INTO broker_partition_rows BY NAME SELECT $at AS at_ns, 'orders' AS destination, "
                '0 AS "partition", 0 AS log_start, $end AS end_offset',
                {"at": START_NS, "end": end},
            )
        return self

    def watch(self, *rounds: Round) -> Told:
        """Add what a watcher found in some rounds, as it writes it down: what changed since the round before."""
        before: Sample | None = None
        store = Store.open(self.path)
        try:
            for number, found in enumerate(rounds):
                place = Place("orders", 0)
                sample = Sample(
                    START_NS + number * 5000 * MS,
                    None,
                    {place: Reach(found.topic, 0, found.end, found.end)},
                    {("payment", place): found.position},
                    {
                        "payment": Group("Stable", tuple(Member(name, None, None, place) for name in found.members))
                        if found.members
                        else Group(found.state or "Empty", (NOBODY,))
                    },
                    {},
                )
                store.write(write(sample, before))
                before = sample
        finally:
            store.close()
        return self

    def _source(self, question: Callable[[StoreSource], Any]) -> Any:
        source = StoreSource(self.path, self.declarations)
        try:
            return question(source)
        finally:
            source.close()

    def ask(self, what: str) -> dict[str, Any]:
        """Return the whole document of `ask`."""
        document: dict[str, Any] = self._source(lambda source: source.ask(what))
        return document

    def event(self, what: str) -> dict[str, Any]:
        """Return the verdict on what is one event."""
        events = self.ask(what)["events"]
        assert len(events) == 1, [(event["message_id"], event["destination"]) for event in events]
        return dict(events[0])

    def published(self, what: str) -> tuple[str, str]:
        """Return answer and reason of the publication."""
        published = self.event(what)["published"]
        return published["answer"], published["reason"]

    def line(self, what: str, group: str) -> dict[str, Any]:
        """Return the line of one group."""
        (line,) = [line for line in self.event(what)["consumed"] if line["group"] == group]
        return dict(line)

    def consumed(self, what: str, group: str) -> str:
        """Return one group's answer."""
        return str(self.line(what, group)["answer"])

    def answers(self, what: str) -> dict[str, str]:
        """Return every group's answer."""
        return {line["group"]: line["answer"] for line in self.event(what)["consumed"]}

    def findings(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the findings of all time, or those of some kinds."""
        rows = self._source(lambda source: source.findings(ALWAYS))["findings"]
        return [row for row in rows if not kinds or row["kind"] in kinds]

    def kinds(self) -> list[tuple[str, str]]:
        """Return kind and severity of every finding, in alphabetical order; not that a history tells of no reader."""
        return sorted((row["kind"], row["severity"]) for row in self.findings() if row["kind"] != "unread-destination")

    def finding(self, kind: str) -> dict[str, Any]:
        """Return the one finding of a kind."""
        found = self.findings(kind)
        assert len(found) == 1, (found, self.kinds())
        return found[0]

    def lag(self, group: str, destination: str, partition: int) -> dict[str, Any]:
        """Return one row of the lag."""
        rows = self._source(lambda source: source.lag(ALWAYS))["rows"]
        (row,) = [
            row
            for row in rows
            if (row["group"], row["destination"], row["partition"]) == (group, destination, partition)
        ]
        return dict(row)

    def latency(self, filter_text: str = "", window: Window = ALWAYS) -> dict[str, Any]:
        """Return how long events took."""
        document: dict[str, Any] = self._source(lambda source: source.latency(window, filter_text))
        return document

    def map(self, filter_text: str = "", window: Window = ALWAYS, *, findings: bool = True) -> dict[str, Any]:
        """Return what flows where."""
        document: dict[str, Any] = self._source(lambda source: source.map(window, filter_text, findings=findings))
        return document

    def order(self) -> list[dict[str, Any]]:
        """Return the rows of the report on order."""
        return list(self._source(lambda source: source.order(ALWAYS))["rows"])

    def expected(self, *pairs: tuple[str, str]) -> dict[tuple[str, str], str]:
        """Return of each declared group, and of some more, whether it was seen at its destination."""
        rows = self._source(lambda source: source.expected(pairs))["rows"]
        return {(row["destination"], row["group"]): row["reason"] or row["answer"] for row in rows}

    def everything(self, *questions: str) -> dict[str, Any]:
        """Return all that can be asked, to compare two stores by."""
        return {
            "findings": self._source(lambda source: source.findings(ALWAYS)),
            "flows": self._source(lambda source: source.flows(ALWAYS)),
            "lag": self._source(lambda source: source.lag(ALWAYS)),
            "latency": self.latency(),
            "ask": [self.ask(question) for question in questions],
        }


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store that nothing was told: to make its views takes longer than a history."""
    path = tmp_path_factory.mktemp("histories") / "empty.duckdb"
    Store.open(path).close()
    return path


@pytest.fixture
def told(tmp_path: Path, empty_store: Path) -> Callable[..., Told]:
    """Tell a world, or batches of spans, to a fresh store."""
    numbers = itertools.count()

    def tell(history: World | Sequence[Span], *more: Sequence[Span]) -> Told:
        spans = history.spans if isinstance(history, World) else history
        path = tmp_path / f"told-{next(numbers)}.duckdb"
        shutil.copyfile(empty_store, path)
        return Told(path).hear(spans, *more)

    return tell


@pytest.fixture
def world() -> World:
    """Return a world in which nothing has happened."""
    return World()
