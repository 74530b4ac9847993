"""Committed before processed: the position passed a record before its handling ended; and commits that did not."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.histories.parts import member_of, orders_of

EARLY = [("committed-before-processed", "warning")]


def test_committed_in_the_middle_of_handling(told, world):
    """The commit past the record stands between beginning and end of its processing: a warning that names it."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    payment.commit("orders", 0, 1)
    payment.process(order, start=begun)
    payment.close()
    store = told(world)
    assert store.kinds() == EARLY
    finding = store.finding("committed-before-processed")
    assert (finding["group"], finding["destination"], finding["partition"], finding["offsets"]) == (
        "payment",
        "orders",
        0,
        [0],
    )
    assert store.consumed(order.id, "payment") == "processed"
    assert store.event(order.id)["duplicated"]["answer"] == "no"


def test_committed_before_handling_began(told, world):
    """Automatic commit at the poll, and the handling afterwards: a warning."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.commit("orders", 0, 1)
    payment.process(order)
    payment.close()
    assert told(world).kinds() == EARLY


def test_committed_afterwards(told, world):
    """Handled and then committed: nothing."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    payment.close()
    assert told(world).kinds() == []


def test_committed_up_to_the_record_in_hand(told, world):
    """A commit of 1 while 1 is in hand has passed 0 only: nothing."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    begun = world.tick()
    payment.commit("orders", 0, 1)
    payment.process(second, start=begun)
    payment.commit("orders", 0, 2)
    payment.close()
    assert told(world).kinds() == []


def test_committed_past_what_had_failed_before(told, world):
    """The first attempt failed, the member gave it up and committed; a later attempt is no early commit."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError", attempt=1)
    payment.commit("orders", 0, 1)
    payment.process(order, attempt=2)
    payment.close()
    assert told(world).findings("committed-before-processed") == []


def test_a_refused_commit_passes_nothing(told, world):
    """The commit failed: the position did not move."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    payment.commit("orders", 0, 1, error="CommitFailedError")
    payment.process(order, start=begun)
    payment.commit("orders", 0, 1)
    payment.close()
    assert told(world).kinds() == []


def test_another_groups_commit(told, world):
    """Kitchen's position says nothing of payment."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    kitchen = member_of(world, "kitchen")
    payment.receive("orders", 0, 0)
    kitchen.receive("orders", 0, 0)
    kitchen.process(order)
    begun = world.tick()
    kitchen.commit("orders", 0, 1)
    payment.process(order, start=begun)
    payment.commit("orders", 0, 1)
    assert told(world).kinds() == []


def test_another_partitions_commit(told, world):
    """A commit on orders:1 passes nothing on orders:0."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.assign("orders", 1, 0)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    payment.commit("orders", 1, 9)
    payment.process(order, start=begun)
    payment.commit("orders", 0, 1)
    assert told(world).kinds() == []


def test_a_seek_over_the_record_in_hand(told, world):
    """A seek beyond it is no passing: committed nothing, so nothing was committed early."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    payment.seek("orders", 0, 5)
    payment.process(order, start=begun)
    payment.close()
    assert told(world).findings("committed-before-processed") == []


def test_a_clock_that_went_forward_between_handling_and_commit_and_back(told, world):
    """The processing was recorded before the commit by number, though its end stands after it by the clock: nothing."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.clock_off_ms = -3_600_000
    payment.commit("orders", 0, 1)
    payment.close()
    assert told(world).kinds() == []


def test_committed_early_and_crashed(told, world):
    """Committed past the record in hand, then silence; the next owner starts behind it: no silent failure."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.commit("orders", 0, 2)
    other = member_of(world, at=2, generation=2)
    other.close()
    store = told(world)
    assert store.findings("unfinished", "failed", "lost", "skipped") == []
    assert store.consumed(second.id, "payment") == "unknown"


def test_a_batch_committed_whole_before_any_handling(told, world):
    """Three records of one poll committed at once and handled then: every one of them is named."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.commit("orders", 0, 3)
    for order in sent:
        payment.process(order)
    payment.close()
    store = told(world)
    assert set(store.kinds()) == set(EARLY)
    assert sorted(offset for finding in store.findings() for offset in finding["offsets"]) == [0, 1, 2]


def test_handled_again_after_the_commit(told, world):
    """Handled, committed, sought back and handled again: the first handling ended before the commit."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    payment.seek("orders", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    payment.close()
    store = told(world)
    command = "from flowtrail_tui.cli import main; raise SystemExit(main())"
    arguments = ["findings", "--json", "--since", "all", "--source", str(store.path)]
    said = subprocess.run([sys.executable, "-c", command, *arguments], capture_output=True, check=True)
    assert [row["kind"] for row in json.loads(said.stdout)["findings"]] == ["replay"]
    assert store.kinds() == [("replay", "info")]


def test_committed_in_the_next_generation_of_what_was_kept(told, world):
    """A cooperative rebalance: the member keeps the partition, commits past the record, and handles it then."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.generation = 3
    payment.commit("orders", 0, 1)
    payment.process(order)
    payment.close()
    assert told(world).kinds() == EARLY


def test_let_fall_and_left_in_the_next_generation_of_what_was_kept(told, world):
    """It committed past a record in the generation after it was handed it, and left: begun and never ended."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.generation = 3
    payment.commit("orders", 0, 2)
    payment.revoke("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.consumed(second.id, "payment") == "unfinished"
    assert store.kinds() == [("unfinished", "error")]


def test_failed_and_revoked_in_the_next_generation(told, world):
    """A cooperative revoke bears the new generation; the position is before what failed, which will come again."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    payment.generation = 2
    payment.revoke("orders", 0, 0)
    payment.close()
    assert told(world).consumed(order.id, "payment") == "retrying"
