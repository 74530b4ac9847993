"""What the broker was seen to say while a group was away: who moved it, and that nobody was there."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from flowtrail_collector.questions.loading import load
from flowtrail_collector.questions.narrow import open_scope, quoted, table_columns
from flowtrail_collector.questions.scope import WideScope
from tests.histories.conftest import Round
from tests.histories.parts import handle, member_of, orders_of
from tests.questions.picking import assert_picking_is_enough

AWAY = Round((), 2)
MOVED = Round((), 5)


class Absence:
    """payment reads 0 and 1 and closes; an administrator may move it; the next member begins at some position."""

    def __init__(self, world, *, begins=5, generation=3, closes=True, commits=True):
        self.sent = orders_of(world, 8)
        first = member_of(world)
        handle(first, *self.sent[:2], commit=commits)
        if closes:
            first.revoke("orders", 0, 2)
            first.close()
        # On another host, whose clock is an hour behind: no clock has a say in this.
        second = world.service("payment", group="payment", generation=generation, host="beta")
        second.clock_off_ms = -3_600_000
        second.assign("orders", 0, begins)
        handle(second, *self.sent[begins:])
        second.close()
        self.before, self.after = Round((first.member,), 2), Round((second.member,), begins)

    def rounds(self, *between):
        return self.before, *between, self.after


def assert_unknown(store, absence, *offsets):
    for offset in offsets:
        line = store.line(absence.sent[offset].id, "payment")
        assert (line["answer"], line["reason"]) == (
            "unknown",
            "the position has passed it, and no delivery was seen",
        )
    assert not store.findings("skipped", "lost")


def test_a_group_was_set_forward_while_nobody_was_there(told, world):
    """The broker had both members, nobody in between, and there the position moved: an administrator's doing."""
    absence = Absence(world)
    store = told(world)
    assert_unknown(store, absence, 2, 3, 4)
    store.watch(*absence.rounds(AWAY, MOVED, MOVED))
    for offset in (2, 3, 4):
        line = store.line(absence.sent[offset].id, "payment")
        assert (line["answer"], line["reason"], line["grade"]) == ("skipped", "offset reset", "A")
    assert store.kinds() == [("clock-skew", "info")] + [("skipped", "info")] * 3
    assert {row["reason"] for row in store.findings("skipped")} == {"offset reset"}
    event = store.event(absence.sent[3].id)
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")
    assert store.consumed(absence.sent[1].id, "payment") == store.consumed(absence.sent[5].id, "payment") == "processed"


@pytest.mark.parametrize(
    "between",
    [
        (),
        (MOVED, MOVED),
        (AWAY, AWAY),
        (AWAY, MOVED),
        (AWAY, replace(MOVED, position=3), MOVED, MOVED),
        (AWAY, replace(MOVED, position=None), MOVED, MOVED),
        (AWAY, Round(("somebody",), 5), MOVED),
        (replace(AWAY, state="Dead"), replace(MOVED, state="Dead"), replace(MOVED, state="Dead")),
        (AWAY, replace(MOVED, topic="another"), replace(MOVED, topic="another")),
        (AWAY, replace(MOVED, position=4), replace(MOVED, position=4)),
    ],
    ids=[
        "nobody looked",
        "moved before anybody saw that it was empty",
        "moved after the last look",
        "no look afterwards",
        "in two steps",
        "in two steps, over none",
        "a member that was seen in between",
        "a group that could not be described",
        "another topic",
        "begins elsewhere",
    ],
)
def test_any_doubt_about_who_moved_it_leaves_it_unknown(told, world, between):
    """A member that nobody saw may have come, read and committed; or it was not this that moved the group."""
    absence = Absence(world)
    assert_unknown(told(world).watch(*absence.rounds(*between)), absence, 2, 3, 4)


def test_a_topic_whose_id_is_not_told_may_have_been_created_again(told, world):
    """Brokers before 2.8 know of no ids."""
    absence = Absence(world)
    rounds = [replace(found, topic=None) for found in absence.rounds(AWAY, MOVED, MOVED)]
    assert_unknown(told(world).watch(*rounds), absence, 2, 3, 4)


@pytest.mark.parametrize("missed", ["before", "after"])
def test_a_member_that_no_sample_knows_may_have_been_another(told, world, missed):
    """The members that were seen are not those that told: when they were there is not known."""
    absence = Absence(world)
    setattr(absence, missed, replace(getattr(absence, missed), members=("somebody",)))
    assert_unknown(told(world).watch(*absence.rounds(AWAY, MOVED, MOVED)), absence, 2, 3, 4)


@pytest.mark.parametrize("generation", [2, 4, 5])
def test_a_generation_too_many_may_have_been_somebody_elses(told, world, generation):
    """Empty, and back again: two generations. In a third a member may have come and gone between two looks."""
    absence = Absence(world, generation=generation)
    store = told(world).watch(*absence.rounds(AWAY, MOVED, MOVED))
    assert not store.findings("skipped", "lost")
    assert store.consumed(absence.sent[3].id, "payment") == "unknown"


def test_a_member_that_vanished_may_have_been_handed_it(told, world):
    """Its end is not told: what it did after its last span nobody knows."""
    absence = Absence(world, closes=False)
    store = told(world).watch(*absence.rounds(AWAY, MOVED, MOVED))
    assert not store.findings("skipped", "lost")
    assert store.line(absence.sent[3].id, "payment")["reason"] == "the member vanished"


def test_forward_is_not_back(told, world):
    """One read to the end and committed nothing, the next began anew; what comes after a move forward comes twice."""
    sent = orders_of(world, 8)
    first = member_of(world)
    handle(first, *sent, commit=False)
    first.revoke("orders", 0, 8)
    first.close()
    second = member_of(world, generation=3)
    handle(second, *sent[:2])
    second.revoke("orders", 0, 2)
    second.close()
    third = member_of(world, at=5, generation=5)
    handle(third, *sent[5:])
    third.close()
    store = told(world).watch(Round((second.member,), 2), AWAY, MOVED, MOVED, Round((third.member,), 8))
    assert store.findings("replay", "skipped") == []
    assert sorted(row["offsets"] for row in store.findings("redelivery")) == [[0], [1], [5], [6], [7]]


def test_what_was_handed_out_and_not_committed_was_not_passed_over(told, world):
    """From what was committed to what it was set to: but for what the member that left had handled."""
    absence = Absence(world, commits=False)
    rounds = (replace(absence.before, position=0), *(replace(AWAY, position=0), MOVED, MOVED), absence.after)
    store = told(world).watch(*rounds)
    assert store.consumed(absence.sent[1].id, "payment") == "processed"
    assert [row["offsets"] for row in store.findings("skipped")] == [[2], [3], [4]]


def test_what_was_committed_unseen_is_not_counted_to_the_reset(told, world):
    """The position stood beyond what its members told: only what lies between the two is known to be passed over."""
    absence = Absence(world)
    store = told(world).watch(absence.before, replace(AWAY, position=4), MOVED, MOVED, absence.after)
    assert [row["offsets"] for row in store.findings("skipped")] == [[4]]
    assert store.consumed(absence.sent[3].id, "payment") == "unknown"


def test_a_group_that_is_moved_back_afterwards_will_come_to_it(told, world):
    """Set forward, and then back: the record is pending again, and nothing is found."""
    absence = Absence(world)
    third = member_of(world, at=3, generation=5)
    handle(third, *absence.sent[3:])
    third.close()
    store = told(world).watch(
        *absence.rounds(AWAY, MOVED, MOVED), Round((), 8), Round((), 3), Round((), 3), Round((third.member,), 8)
    )
    assert [row["offsets"] for row in store.findings("skipped")] == [[2]]
    assert store.consumed(absence.sent[3].id, "payment") == "processed"
    (replay,) = store.findings("replay")
    assert (replay["reason"], replay["offsets"]) == ("reset", [5, 6, 7])


def restarted(world, *, generation=3):
    """One process closes its consumer and makes another, which goes on where the first one stopped."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    handle(payment, *sent[:2])
    payment.revoke("orders", 0, 2)
    before = Round((payment.member,), 2)
    payment.member, payment.generation = "payment-anew", generation
    payment.assign("orders", 0, 2)
    handle(payment, *sent[2:])
    payment.close()
    return sent, before, Round((payment.member,), 4)


def test_nobody_was_there_in_the_generation_that_nobody_told_of(told, world):
    """The empty group's own: who handled what is all that was done with it."""
    sent, before, after = restarted(world)
    store = told(world)
    assert store.event(sent[1].id)["duplicated"]["answer"] == "unknown"
    store.watch(before, AWAY, after)
    event = store.event(sent[1].id)
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")


@pytest.mark.parametrize(
    ("generation", "between"),
    [(3, ()), (3, (Round((), 2, state="Dead"),)), (4, (AWAY,))],
    ids=["not seen empty", "not described", "a generation too many"],
)
def test_somebody_may_have_been_there_in_a_generation_that_nobody_told_of(told, world, generation, between):
    """A member that came and left may have been handed everything."""
    sent, before, after = restarted(world, generation=generation)
    store = told(world).watch(before, *between, after)
    event = store.event(sent[1].id)
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("unknown", "unknown")


def commit_lost(world):
    """Read 0 to 3, be refused the commit of 4, which the broker took, and begin at 3 after a time away."""
    sent = orders_of(world, 4)
    first = member_of(world)
    handle(first, *sent[:2])
    handle(first, *sent[2:], commit=False)
    first.commit("orders", 0, 4, error="KafkaTimeoutError")
    first.revoke("orders", 0, 4)
    first.close()
    second = member_of(world, at=3, generation=3)
    handle(second, sent[3])
    second.close()
    return sent, Round((first.member,), 2), Round((second.member,), 3)


def test_a_group_was_set_back_below_a_commit_that_nobody_told(told, world):
    """By the members' words it never stood beyond; by the broker's it did, and was moved back: a replay."""
    sent, before, after = commit_lost(world)
    store = told(world)
    assert store.kinds() == [("redelivery", "error")]
    store.watch(before, Round((), 4), Round((), 3), Round((), 3), after)
    assert store.kinds() == [("replay", "info")]
    assert store.finding("replay")["reason"] == "reset"
    assert store.event(sent[3].id)["duplicated"]["answer"] == "no"


def test_a_group_that_nobody_moved_read_it_twice(told, world):
    """The broker's position stood still while the group was away: no replay."""
    _, before, after = commit_lost(world)
    store = told(world).watch(before, Round((), 3), Round((), 3), Round((), 3), after)
    assert store.kinds() == [("redelivery", "error")]


class Far(Absence):
    """The same, behind hundreds of records that were read and committed one by one."""

    def __init__(self, world, *, begins):
        self.sent = orders_of(world, begins + 5)
        first = member_of(world)
        for order in self.sent[: begins - 5]:
            handle(first, order)
        first.close()
        second = member_of(world, at=begins, generation=3)
        for order in self.sent[begins:]:
            handle(second, order)
        second.close()
        self.before, self.after = Round((first.member,), begins - 5), Round((second.member,), begins)


def test_however_far_away_it_is_the_same(told, world):
    """The answer about one event is gathered around it; so is what is found, where there is much to look at."""
    absence = Far(world, begins=205)
    between = (Round((), 200), Round((), 205), Round((), 205))
    store = told(world).watch(*absence.rounds(*between))
    for offset in (200, 202, 204):
        line = store.line(absence.sent[offset].id, "payment")
        assert (line["answer"], line["reason"]) == ("skipped", "offset reset")
    with duckdb.connect(str(store.path)) as connection:
        for wide in (False, True):
            assert_picking_is_enough(connection, wide=wide)


def test_both_engines_know_of_it(told, world):
    """What is told of few spans is told of many."""
    absence = Absence(world)
    store = told(world).watch(*absence.rounds(AWAY, MOVED, MOVED))
    with duckdb.connect(str(store.path)) as connection:
        rows = connection.execute(f"SELECT {quoted(table_columns('span_rows'))} FROM span_rows").fetchall()
        with open_scope(load(connection, rows)) as narrow:
            found = [skips(scope) for scope in (WideScope(connection), narrow)]
    assert found == [[(2, "offset reset"), (3, "offset reset"), (4, "offset reset")]] * 2


def skips(scope):
    scope.build("skips")
    rows = scope.rows('SELECT "offset", reason FROM skips ORDER BY "offset"')
    return [(row["offset"], row["reason"]) for row in rows]
