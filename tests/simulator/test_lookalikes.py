"""What looks like a fault and is none: each benign lookalike of the definitions, played and held against the truth.

The world is told to a real store, and all that flowtrail says of it is compared with what happened, as for any world;
besides, each scenario names the findings that it looks like and that must not be there.
"""

# ruff: noqa: D401 what happens is told here, not commanded
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.judge import Judge
from tests.simulator.script import Script
from tests.simulator.story import story
from tests.simulator.telemetry import tell
from tests.simulator.truth import truth_of
from tests.simulator.world import Dice, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulator.facts import Log, Send
    from tests.simulator.members import Group, Member

ALPHA = Dice([0.0])
"""Dice that choose the first of everything: host alpha, one record after the other."""


class Stage:
    """A world whose every move is written by hand: one shop, one partition, two groups."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop = world.producers.shops[0]
        self.payment, self.audit = world.groups.all
        self.orders: Log = world.logs("orders")[0]

    def sends(self, count: int = 1, **more: object) -> list[Send]:
        return [self.world.producers.send(self.shop, self.orders, **more) for _ in range(count)]  # type: ignore[arg-type]

    def member(self, group: Group | None = None) -> Member:
        return self.world.groups.join(group or self.payment, ALPHA)

    def hands(self, member: Member, *offsets: int) -> None:
        self.world.groups._hand(member, self.orders, list(offsets))

    def handles(self, member: Member, count: int, *, ok: bool = True) -> None:
        """Handle what waits, one after the other."""
        for _ in range(count):
            held = self.world.groups._begin(member, member.queue.pop(0))
            self.world.groups._end(member, held, ok=ok)

    def commits(self, member: Member) -> None:
        self.world.groups._commit(member)

    def seeks(self, member: Member, position: int) -> None:
        self.world.groups._seek(member, self.orders, position)


def transaction_markers_and_aborted_records(stage: Stage) -> None:
    """0 and 2 committed, marker, 4 aborted, marker: a reader goes over all of it."""
    world = stage.world
    world.producers.step_transaction(ALPHA)
    stage.sends(2)
    world.producers.step_transaction(ALPHA)
    world.producers.step_transaction(ALPHA)
    stage.sends(1)
    world.producers._end(stage.shop, "aborted")
    stage.sends(1)
    reader = stage.member()
    stage.hands(reader, 0, 1, 5)
    stage.handles(reader, 3)
    stage.commits(reader)


def compaction_holes(stage: Stage) -> None:
    """A record was compacted away before the group came to it."""
    stage.sends(2, key="a")
    stage.sends(1, key="b")
    reader = stage.member()
    record = stage.world.brokers[stage.orders].records[0]
    record.removed, record.removed_order = "compacted", stage.world.order()
    stage.hands(reader, 1, 2)
    stage.handles(reader, 2)
    stage.commits(reader)


def retention_before_the_group_came(stage: Stage) -> None:
    """The log began at 2 when the group was started."""
    stage.sends(3)
    stage.world.step_retain(Dice([0.0, 0.3]))
    reader = stage.member()
    start = stage.world.brokers[stage.orders].start
    stage.hands(reader, *range(start, 3))
    stage.handles(reader, 3 - start)
    stage.commits(reader)


def a_group_that_starts_at_latest(stage: Stage) -> None:
    """What was there before is not for it."""
    stage.payment.latest = True
    stage.sends(2)
    reader = stage.member()
    stage.sends(1)
    stage.hands(reader, 2)
    stage.handles(reader, 1)
    stage.commits(reader)


def a_first_start_at_earliest(stage: Stage) -> None:
    """A group without a commit begins at the start, by a reset."""
    stage.sends(2)
    reader = stage.member()
    stage.hands(reader, 0, 1)
    stage.handles(reader, 2)
    stage.commits(reader)


def a_rebalance_in_the_middle(stage: Stage) -> None:
    """0..5 handed out, 0..2 handled and committed; another member is handed 3..7."""
    stage.sends(6)
    first = stage.member()
    stage.hands(first, *range(6))
    stage.handles(first, 3)
    stage.commits(first)
    stage.sends(2)
    stage.world.groups.close(first)
    second = stage.member()
    stage.hands(second, *range(3, 8))
    stage.handles(second, 5)
    stage.commits(second)


def a_replay_after_a_seek(stage: Stage) -> None:
    """The application goes back on purpose."""
    stage.sends(3)
    reader = stage.member()
    stage.hands(reader, 0, 1, 2)
    stage.handles(reader, 3)
    stage.commits(reader)
    stage.seeks(reader, 1)
    stage.hands(reader, 1, 2)
    stage.handles(reader, 2)
    stage.commits(reader)


def a_retry_after_a_failure(stage: Stage) -> None:
    """The first attempt failed; the member that comes next handles it well."""
    stage.sends(1)
    first = stage.member()
    stage.hands(first, 0)
    stage.handles(first, 1, ok=False)
    stage.world.groups.close(first)
    second = stage.member()
    stage.hands(second, 0)
    stage.handles(second, 1)
    stage.commits(second)


def a_copy_with_its_origin(stage: Stage) -> None:
    """A failed record goes to the retry topic under its own id, and succeeds there."""
    (order,) = stage.sends(1)
    reader = stage.member()
    stage.hands(reader, 0)
    held = stage.world.groups._begin(reader, reader.queue.pop(0))
    retry = stage.world.logs("orders-retry")[0]
    stage.world.producers.send(
        reader.sender, retry, event=order.event, origin=held.turn.place, origin_group=stage.payment.name
    )
    stage.world.groups._end(reader, held, ok=False)
    stage.commits(reader)
    stage.world.groups._hand(reader, retry, [0])
    stage.handles(reader, 1)
    stage.commits(reader)


def the_same_id_on_another_destination(stage: Stage) -> None:
    """One event, two destinations."""
    (order,) = stage.sends(1)
    stage.world.producers.send(stage.shop, stage.world.logs("payments")[0], event=order.event)
    _read_by_all(stage)


def a_send_after_a_definite_failure(stage: Stage) -> None:
    """The first try failed for certain, the second one is the only one."""
    failed = stage.world.producers.send(stage.shop, None, destination="orders", outcome="failed")
    stage.sends(1, event=failed.event)
    _read_by_all(stage)


def a_send_after_an_abort(stage: Stage) -> None:
    """What was aborted was never there."""
    stage.world.producers.step_transaction(ALPHA)
    (aborted,) = stage.sends(1)
    stage.world.producers._end(stage.shop, "aborted")
    stage.sends(1, event=aborted.event)
    _read_by_all(stage)


def a_topic_created_anew(stage: Stage) -> None:
    """Other events stand at the same offsets of another log."""
    stage.sends(2)
    _read_by_all(stage)
    stage.world.step_recreate(ALPHA)
    _read_by_all(stage)


def a_crash_with_a_tail(stage: Stage) -> None:
    """A member dies with records in its hands; what it did with them nobody knows, and another one handles them."""
    stage.sends(3)
    first = stage.member()
    stage.hands(first, 0, 1, 2)
    stage.handles(first, 1)
    stage.world.groups.step_crash(Dice([0.0]))
    second = stage.payment.present[0]
    stage.hands(second, 0, 1, 2)
    stage.handles(second, 3)
    stage.commits(second)


def a_timeout_that_was_none(stage: Stage) -> None:
    """No answer came, and the record is there: in doubt until somebody reads it."""
    stage.sends(1, outcome="in-doubt")
    _read_by_all(stage)


def clocks_that_disagree(stage: Stage) -> None:
    """A service whose clock is three seconds behind is handed what was sent, by its clock, in the future."""
    stage.world.offsets["beta"] = -3_000.0
    stage.sends(2)
    for group in (stage.payment, stage.audit):
        reader = stage.world.groups.join(group, Dice([0.9, 0.9]))
        stage.hands(reader, 0, 1)
        stage.handles(reader, 2)
        stage.commits(reader)


def what_is_left_of_a_batch(stage: Stage) -> None:
    """A member closes in the middle of a batch, its position before the rest: that will be handed out again."""
    stage.sends(4)
    reader = stage.member()
    stage.hands(reader, 0, 1, 2, 3)
    stage.handles(reader, 2)
    stage.commits(reader)
    stage.world.groups.close(reader)


def an_event_that_waits(stage: Stage) -> None:
    """A group that is behind has lost nothing."""
    stage.sends(5)
    reader = stage.member()
    stage.hands(reader, 0, 1)
    stage.handles(reader, 2)
    stage.commits(reader)


def _read_by_all(stage: Stage) -> None:
    stage.world.groups.step_join(ALPHA)
    stage.world.groups.step_drain(ALPHA)


REDELIVERED = frozenset({"redelivery"})
UNREAD = frozenset({"lost", "skipped", "unfinished", "failed"})
DUPLICATED = frozenset({"republish", "resend", "offset-conflict"})
SCENARIOS: dict[Callable[[Stage], None], frozenset[str]] = {
    transaction_markers_and_aborted_records: UNREAD,
    compaction_holes: UNREAD,
    retention_before_the_group_came: UNREAD,
    a_group_that_starts_at_latest: UNREAD,
    a_first_start_at_earliest: UNREAD | REDELIVERED | {"replay"},
    a_rebalance_in_the_middle: frozenset({"delivery-reorder", "unfinished", "replay"}),
    a_replay_after_a_seek: REDELIVERED | {"delivery-reorder"},
    a_retry_after_a_failure: frozenset({"failed"}),
    a_copy_with_its_origin: DUPLICATED | {"failed"},
    the_same_id_on_another_destination: DUPLICATED,
    a_send_after_a_definite_failure: DUPLICATED | {"publish-failed", "ghost-publish"},
    a_send_after_an_abort: DUPLICATED,
    a_topic_created_anew: DUPLICATED | REDELIVERED | UNREAD,
    a_crash_with_a_tail: UNREAD | {"delivery-reorder"},
    a_timeout_that_was_none: frozenset({"publish-in-doubt", "ghost-publish"}),
    clocks_that_disagree: UNREAD | {"causal-inversion", "committed-before-processed"},
    what_is_left_of_a_batch: UNREAD,
    an_event_that_waits: UNREAD,
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Return a store that every scenario is told to in turn."""
    made = Judge(tmp_path_factory.mktemp("lookalikes"))
    yield made
    made.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_lookalike_is_not_taken_for_a_fault(judge: Judge, scenario: Callable[[Stage], None]) -> None:
    """All that is said is true, and what the scenario looks like is not said."""
    number = list(SCENARIOS).index(scenario)
    world = World(Script(number, frozenset({"kept-member", "retry-topics"}), 1), 1)
    scenario(Stage(world))
    world.finish()
    telling = tell(world)
    said, judgement = judge.judged(world, telling)
    text = story(world, telling, truth_of(world.facts), said, judgement)
    assert not judgement.differences, text
    # A redelivery that explains itself (a retry, a crash in between) is no accusation.
    accused = {claim.kind for claim in said.claims if claim.severity != "info" or claim.kind == "replay"}
    assert not accused & SCENARIOS[scenario], text
