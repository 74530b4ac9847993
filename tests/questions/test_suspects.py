"""Picking the events that a large window is judged by: what could be found is among them, and little else."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from flowtrail_collector.questions import around, findings
from flowtrail_collector.questions.suspects import Suspects, suspects
from flowtrail_collector.store import Store
from tests.questions.history import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.questions.conftest import Asker
    from tests.questions.history import Member, Sent

ALL = "(SELECT * FROM span_rows WHERE operation IS NOT NULL)"


def picked(asker: Asker, most: int = 10**9) -> Suspects | None:
    with Store.open(asker.path, create=False, read_only=True) as store:
        return store.read(lambda connection: suspects(connection, ALL, most))


def in_turn(history: History, records: int = 200, batch: int = 50, gap: int = 0) -> tuple[list[Sent], Member]:
    """Tell of records that were sent, polled, processed and committed in turn; return them and the member.

    `gap`: a transaction's marker stands behind every so many records.
    """
    orders = history.service("orders")
    member = history.member("payment", group="payment", generation=1)
    member.assign("orders", 0, 0, generation=1)
    offsets = [number + (number // gap if gap else 0) for number in range(records)]
    sent = [orders.send("orders", 0, offset, key=f"k-{offset % 7}") for offset in offsets]
    for first in range(0, records, batch):
        held = sent[first : first + batch]
        runs = _runs([one.offset or 0 for one in held])
        member.receive(
            "orders", 0, held[0].offset or 0, held[-1].offset, runs=runs if "," in runs else None, count=len(held)
        )
        for one in held:
            member.process(one)
        member.commit("orders", 0, (held[-1].offset or 0) + 1)
    return sent, member


def begun(history: History, *, sent: int, polled: int, done: int) -> Member:
    """Tell of a member that was handed so many of the records sent at once, and has dealt with some; return it."""
    orders = history.service("orders")
    member = history.member("payment", group="payment", generation=1)
    member.assign("orders", 0, 0, generation=1)
    records = [orders.send("orders", 0, offset) for offset in range(sent)]
    member.receive("orders", 0, 0, polled - 1)
    for one in records[:done]:
        member.process(one)
    return member


def _runs(offsets: list[int]) -> str:
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset == runs[-1][-1] + 1:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return ",".join(f"{run[0]}-{run[-1]}" for run in runs)


@pytest.mark.parametrize("gap", [0, 10])
def test_of_events_that_were_dealt_with_in_turn_nobody_is_suspected(told: Callable[..., Asker], gap: int) -> None:
    """Neither with one record after the other, nor with a transaction's markers between them."""
    history = History()
    _, member = in_turn(history, gap=gap)
    member.revoke("orders", 0, None)
    found = picked(told(history))
    assert found is not None
    assert found.size() == 0


def test_what_is_being_worked_on_is_not_suspected(told: Callable[..., Asker]) -> None:
    """A member was handed two hundred records and has dealt with some of them: the rest is under way."""
    history = History()
    begun(history, sent=200, polled=200, done=80)
    found = picked(told(history))
    assert found is not None
    assert found.size() == 0


def test_a_member_that_went_on_leaves_suspects(told: Callable[..., Asker]) -> None:
    """The same, and the member polled again: what it left behind is looked at."""
    history = History()
    member = begun(history, sent=60, polled=40, done=30)
    member.receive("orders", 0, 40, 59)
    found = picked(told(history))
    assert found is not None
    assert found.ranges == [("orders", 0, 30, 39)]


def test_only_those_with_trouble_are_suspected(told: Callable[..., Asker]) -> None:
    """One failed, one was handled twice, one was sent again under its id, one was never handed out: four records."""
    history = History()
    sent, member = in_turn(history)
    orders = history.service("more-orders")
    member.process(sent[20], error="ValueError")
    member.process(sent[90])
    again = orders.send("orders", 0, 200, message_id=sent[40].message_id)
    orders.send("orders", 0, 201)
    last = orders.send("orders", 0, 202)
    member.receive("orders", 0, 200)
    member.process(again)
    member.receive("orders", 0, 202)
    member.process(last)
    found = picked(told(history))
    assert found is not None
    assert sent[40].message_id in found.ids
    assert found.ranges == [("orders", 0, 20, 20), ("orders", 0, 90, 90), ("orders", 0, 201, 201)]


def test_records_that_stand_oddly_in_their_log_are_suspected(told: Callable[..., Asker]) -> None:
    """However far apart they are: one that a later send stands before, two of one send, and two events at one."""
    history = History()
    orders = history.service("orders")
    far = 4_000_000_000_000
    for offset, seq in ((0, 1), (far, 3), (far + 7, 2), (2 * far, 4)):
        orders.send("orders", 0, offset, seq=seq, message_id=f"m-{seq}")
    orders.send("orders", 1, 5, seq=4, message_id="m-again")
    orders.send("orders", 1, 9, seq=6, message_id="m-6")
    orders.send("orders", 1, 9, seq=8, message_id="m-8")
    found = picked(told(history))
    assert found is not None
    odd = [("orders", 0, far + 7), ("orders", 0, 2 * far), ("orders", 1, 5), ("orders", 1, 9)]
    assert sorted(found.ranges) == [(*record, record[2]) for record in odd]


def test_receives_that_overlap_or_go_back_are_suspected(told: Callable[..., Asker]) -> None:
    """A member is handed ten records again that lie in the middle, and five that it had passed; not what it sought."""
    history = History()
    _, member = in_turn(history, records=200)
    member.receive("orders", 0, 60, 69)
    member.seek("orders", 0, 0)
    member.receive("orders", 0, 0, 4)
    found = picked(told(history))
    assert found is not None
    assert found.ranges == [("orders", 0, 0, 4), ("orders", 0, 60, 69)]


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_spans_came_the_same_are_suspected(told: Callable[..., Asker], seed: int) -> None:
    """Rows nearly always stand in the order in which their spans came to be; where they do not, they are sorted."""
    history = History()
    sent, member = in_turn(history, records=60, batch=20)
    member.process(sent[20], error="ValueError")
    member.receive("orders", 0, 30, 44)
    member.process(sent[31])
    other = history.member("payment", group="payment", generation=2)
    other.assign("orders", 0, 50, generation=2)
    other.receive("orders", 0, 50, 62)
    history.service("more-orders").send("orders", 0, 61)
    history.service("orders").send("orders", 0, 62, message_id=sent[3].message_id)
    in_order = picked(told(history))
    shuffled = list(history.spans)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 a seeded order
    assert in_order is not None
    assert in_order.size() > 20
    assert picked(told(shuffled)) == in_order


def test_too_many_suspects_are_no_help(told: Callable[..., Asker]) -> None:
    """Where more is suspected than was agreed on, nothing is picked: everything is to be judged."""
    history = History()
    orders = history.service("orders")
    for offset in range(50):
        orders.send("orders", 0, offset, outcome="in-doubt")
    asker = told(history)
    assert picked(asker, 10) is None
    assert picked(asker, 100) is not None


def test_a_large_window_is_judged_by_its_suspects(told: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is found whether everything is judged or only what lies around the suspects, long polls included."""
    history = History()
    sent, member = in_turn(history, records=1_000, batch=500)
    member.process(sent[20], error="ValueError")
    member.process(sent[700])
    asker = told(history)
    whole = asker.findings()
    monkeypatch.setattr(findings, "MOST_WHOLE", 1_000)
    monkeypatch.setattr(around, "MOST_NARROW", 0)
    assert asker.findings() == whole
    assert {one["kind"] for one in whole} >= {"redelivery"}
