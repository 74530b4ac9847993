"""`report order` counts as RFC 4737 does, on the first copies that the findings speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtrail_collector.errors import UsageError
from flowtrail_collector.filters import parse_filter
from flowtrail_collector.questions import findings, order, order_lines
from flowtrail_collector.source import StoreSource, Window
from flowtrail_collector.store import Store
from flowtrail_collector.window import parse_instant
from tests.questions.conftest import EVERYTHING, Asker
from tests.questions.history import MS, START_NS, History
from tests.questions.test_reordering import defined, smallest
from tests.questions.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.questions.history import Member, Sent

EARLY = [1, 2, 7, 3, 4, 5, 6, 8]
SMALL = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def sends(history: History, numbers: Sequence[int], *, key: str | None = "k", name: str = "orders") -> list[Sent]:
    """Send `numbers` so that they stand in the log in this order; all were on their way at once."""
    shop = history.service(name)
    begun, base = history.now, len(numbers) + 1
    history.wait(3 * base)
    return [
        shop.send(
            "orders",
            0,
            offset,
            seq=number,
            key=key,
            start=START_NS + int((begun + number) * MS),
            end=START_NS + int((begun + base + offset) * MS),
        )
        for offset, number in enumerate(numbers)
    ]


def reader(history: History, at: int = 0) -> Member:
    """Let one member own the partition."""
    member = history.member("payment", group="payment")
    member.assign("orders", 0, at)
    return member


def rows(store: Asker, window: Window = EVERYTHING, filter_text: str = "") -> dict[str, dict[str, Any]]:
    """Return the rows by scope."""
    source = StoreSource(store.path)
    try:
        document = source.order(window, filter_text)
    finally:
        source.close()
    assert document["schema"] == "flowtrail.order/1"
    by_scope = {row["scope"]: row for row in document["rows"]}
    assert len(by_scope) == len(document["rows"])
    return by_scope


def numbers_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what RFC 4737 counts."""
    names = ("events", "reordered", "max_extent", "max_n", "discontinuities", "skipped_sequence", "moved")
    return tuple(row[name] for name in names)


def test_one_early_send(told: Callable[..., Asker], history: History) -> None:
    """1,2,7,3,4,5,6,8: four late, one gap of four, one culprit, and it is 7."""
    sends(history, EARLY)
    row = rows(told(history))["log"]
    assert numbers_of(row) == (8, 4, 4, 1, 1, 4, 1)
    assert row["ratio"] == 0.5
    assert row["max_late_ms"] == 4.0
    assert row["culprits"] == [{"offset": 2, "message_id": "orders-1-orders-7"}]
    last = row["details"][-1]
    assert {name: last[name] for name in ("offset", "message_id", "sequence", "extent", "n", "late_ms")} == {
        "offset": 6,
        "message_id": "orders-1-orders-6",
        "sequence": 6,
        "extent": 4,
        "n": 0,
        "late_ms": 4.0,
    }
    assert (row["complete"], row["coverage"], row["producer"], row["group"]) == (True, 1.0, "orders", None)
    assert row["findings"] == {"error": 4, "warning": 0, "info": 0}


def test_in_order(told: Callable[..., Asker], history: History) -> None:
    """Nothing is reordered, and that is said with numbers and not left out."""
    sent = sends(history, range(1, 6))
    member = reader(history)
    member.receive("orders", 0, 0, 4)
    for one in sent:
        member.process(one)
    found = rows(told(history))
    assert [numbers_of(found[scope]) for scope in order.SCOPES] == [(5, 0, 0, 0, 0, 0, 0)] * 3
    assert all(row["max_late_ms"] == 0 and row["complete"] and row["ratio"] == 0 for row in found.values())


def test_a_rebalance_that_hands_out_an_overlap(told: Callable[..., Asker], history: History) -> None:
    """100..105, then 103..107 to another member: none is reordered, three were redelivered."""
    sent = sends(history, range(1, 109))
    first, second = reader(history, 100), None
    first.receive("orders", 0, 100, 105)
    first.revoke("orders", 0, 103)
    second = history.member("payment", group="payment", generation=2)
    second.assign("orders", 0, 103)
    second.receive("orders", 0, 103, 107)
    for one in sent[103:]:
        second.process(one)
    store = told(history)
    row = rows(store)["delivery"]
    assert numbers_of(row) == (8, 0, 0, 0, 0, 0, 0)
    assert sum(finding["count"] for finding in store.findings("redelivery")) >= 3


def test_concurrent_handling(told: Callable[..., Asker], history: History) -> None:
    """Handed out in order, ended in another: the completion scope alone says so, with the ends' times."""
    sent = sends(history, range(1, 6))
    member = reader(history)
    member.receive("orders", 0, 0, 4)
    begun = history.now
    for offset, end in ((0, 1), (1, 9), (2, 3), (3, 4), (4, 5)):
        start = START_NS + int((begun + 1) * MS)
        member.process(sent[offset], start=start, end=start + end * MS)
    found = rows(told(history))
    assert found["delivery"]["reordered"] == 0
    row = found["completion"]
    assert numbers_of(row) == (5, 1, 3, 3, 1, 1, 1)
    assert row["max_late_ms"] == 6.0
    assert [one["offset"] for one in row["culprits"]] == [1]


def test_a_seek_begins_a_new_line(told: Callable[..., Asker], history: History) -> None:
    """What is read after a move back is not behind what was read before it."""
    sends(history, range(1, 9))
    member = reader(history, 4)
    member.receive("orders", 0, 4, 7)
    member.seek("orders", 0, 0)
    member.receive("orders", 0, 0, 3)
    assert numbers_of(rows(told(history))["delivery"]) == (8, 0, 0, 0, 0, 0, 0)


def test_members_are_judged_by_themselves_and_summed(told: Callable[..., Asker], history: History) -> None:
    """Two producer instances whose numbers interleave are two lines of one row."""
    ours, other = history.service("orders"), history.service("orders")
    for offset, (shop, number) in enumerate([(ours, 1), (other, 1), (ours, 3), (other, 2), (ours, 2)]):
        shop.send("orders", 0, offset, seq=number, start=START_NS, end=START_NS + (offset + 9) * MS)
    row = rows(told(history))["log"]
    assert numbers_of(row) == (5, 1, 1, 1, 1, 1, 1)


def test_numbers_that_went_to_another_partition_are_no_gap(told: Callable[..., Asker], history: History) -> None:
    """A producer counts per destination. A failed send to the partition is a gap, and so is what nobody tells of."""
    shop = history.service("orders")
    for number, partition, offset in ((1, 0, 0), (2, 1, 0), (3, 1, 1), (4, 0, 1), (5, 0, None), (6, 0, 2), (9, 0, 3)):
        failed = offset is None
        shop.send("orders", partition, offset, seq=number, outcome="failed" if failed else "acked")
    source = StoreSource(told(history).path)
    found = {row["partition"]: numbers_of(row) for row in source.order(EVERYTHING)["rows"]}
    source.close()
    assert found == {0: (4, 0, 0, 0, 2, 3, 0), 1: (2, 0, 0, 0, 0, 0, 0)}


def test_a_dark_instance_marks_the_numbers(told: Callable[..., Asker], history: History) -> None:
    """A first copy may be missing: the numbers are what was seen, and say so; nothing is claimed of them."""
    sent = sends(history, [1, 2])
    member = reader(history)
    member.receive("orders", 0, 1)
    member.receive("orders", 0, 0)
    next(member.numbers)  # a span that nobody received
    for one in sent:
        member.process(one)
    found = rows(told(history))
    assert numbers_of(found["delivery"]) == (2, 1, 1, 1, 0, 0, 1)
    assert (found["delivery"]["complete"], found["delivery"]["reason"]) == (False, "telemetry gap")
    assert found["delivery"]["coverage"] == 0.8333
    assert found["delivery"]["findings"] == {"error": 0, "warning": 0, "info": 0}
    assert (found["log"]["coverage"], found["log"]["complete"]) == (1.0, False)
    assert found["log"]["reason"] == "the telemetry of its readers has gaps"


def test_a_copy_that_nobody_identified_makes_the_log_doubtful(told: Callable[..., Asker], history: History) -> None:
    """What stands behind may have stood before as well, at an offset that no span names."""
    shop = history.service("orders")
    for offset, number in ((0, 1), (2, 3), (3, 2)):  # at 1 there may be the first copy of 2
        shop.send("orders", 0, offset, seq=number, key="k", start=START_NS, end=START_NS + (9 + offset) * MS)
    row = rows(told(history))["log"]
    assert (row["reordered"], row["findings"]) == (1, {"error": 0, "warning": 0, "info": 0})
    assert (row["complete"], row["reason"]) == (False, "an earlier copy may stand at an offset that nobody named")


def test_sends_without_numbers_can_not_be_judged(told: Callable[..., Asker], history: History) -> None:
    """Foreign producers number nothing: their events are counted, their order is unknown."""
    shop = history.service("legacy")
    span = shop.send("orders", 0, 0)
    del history.spans[-1].attributes["flowtrail.producer.seq"]
    assert span.offset == 0
    row = rows(told(history))["log"]
    assert (row["events"], row["reordered"], row["complete"]) == (1, None, False)
    assert row["reason"] == "its sends bear no numbers"
    shop.send("orders", 0, 1)
    row = rows(told(history))["log"]
    assert (row["events"], row["reordered"], row["complete"]) == (1, 0, False)
    assert row["reason"] == "some of its sends bear no numbers"


def test_a_window_counts_what_arrived_in_it(told: Callable[..., Asker], history: History) -> None:
    """Behind what it arrived is looked at before the window too."""
    sends(history, EARLY)
    store = told(history)
    details = rows(store)["log"]["details"]
    since, until = parse_instant(details[1]["at"]), parse_instant(details[2]["at"])
    row = rows(store, Window(since, until))["log"]
    assert numbers_of(row) == (2, 2, 3, 0, 0, 0, 0)
    assert row["details"] == details[1:3]
    assert rows(store, Window(until + 3600 * 10**9, None)) == {}


def test_filters(told: Callable[..., Asker], history: History) -> None:
    """Rows are chosen by what they name; a field that they lack is refused."""
    sends(history, EARLY)
    reader(history).receive("orders", 0, 0, 7)
    store = told(history)
    assert set(rows(store, filter_text="group:payment")) == {"delivery"}
    assert set(rows(store, filter_text="producer:orders")) == {"log"}
    assert rows(store, filter_text="topic:payments") == {}
    with pytest.raises(UsageError, match="order has no kind"):
        rows(store, filter_text="kind:redelivery")


def test_named_are_the_earliest_and_all_are_counted(
    told: Callable[..., Asker], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report of a million late events names some of them."""
    sends(history, [5, 4, 3, 2, 1])
    monkeypatch.setattr(order_lines, "MOST_NAMED", 2)
    row = rows(told(history))["log"]
    assert (row["reordered"], row["moved"]) == (4, 4)
    assert [one["offset"] for one in row["details"]] == [one["offset"] for one in row["culprits"]] == [1, 2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    """Offer one store for many histories: to make a new one for each takes longer than to ask it."""
    asker = Asker(tmp_path_factory.mktemp("order") / "store.duckdb")
    Store.open(asker.path).close()
    return asker


def retold(store: Asker, history: History) -> Asker:
    """Store a history in place of what is stored."""
    connection = duckdb.connect(str(store.path))
    for table in ("span_rows", "resource_rows", "request_rows", "ledger_rows", "number_rows", "clock_rows"):
        connection.execute(f"DELETE FROM {table}")
    connection.close()
    return store.tell(history.spans)


@SMALL
@given(
    log=st.permutations(range(1, 8)),
    handed=st.permutations(range(7)),
    ended=st.permutations(range(7)),
    most_narrow=st.sampled_from([0, findings.MOST_NARROW]),
)
def test_every_scope_counts_what_the_definitions_say(
    store: Asker, log: list[int], handed: list[int], ended: list[int], most_narrow: int
) -> None:
    """Any order of sends, of handing out and of finishing, in either engine."""
    history = History()
    sent = sends(history, log)
    member = reader(history)
    for offset in handed:
        member.receive("orders", 0, offset)
    begun = START_NS + int((history.now + 1) * MS)
    for place, offset in enumerate(ended):
        member.process(sent[offset], start=begun, end=begun + (place + 1) * MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "MOST_NARROW", most_narrow)
        found = rows(retold(store, history))
    for scope, numbers in (("log", log), ("delivery", handed), ("completion", ended)):
        row, told = found[scope], defined(numbers)
        assert row["events"] == len(numbers)
        assert [(one["sequence"], one["extent"], one["n"]) for one in row["details"]] == [
            (numbers[place], extent, n) for place, extent, n in told
        ]
        assert row["max_extent"] == max((extent for _, extent, _ in told), default=0)
        assert row["max_late_ms"] == pytest.approx(max((one["late_ms"] for one in row["details"]), default=0))
        assert (row["discontinuities"], row["skipped_sequence"]) == gaps(numbers)
        moved = [log[one["offset"]] if scope == "log" else one["offset"] for one in row["culprits"]]
        assert tuple(map(numbers.index, moved)) == max(smallest(numbers))
        assert row["complete"]
        # Completion is claimed against the order of handing out, and counted against the offsets.
        assert scope == "completion" or sum(row["findings"].values()) == row["reordered"]


@SMALL
@given(seed=st.integers(0, 100_000), steps=st.integers(20, 120))
def test_numbers_and_findings_agree(store: Asker, seed: int, steps: int) -> None:
    """Over any history both engines count alike, and where telemetry is complete every reordering is claimed."""
    retold(store, World(seed, steps).history)
    wide, narrow = (_document(store, most) for most in (0, findings.MOST_NARROW))
    assert wide == narrow
    for row in wide["rows"]:
        assert len(row["details"]) == row["reordered"] >= row["moved"]
        assert row["scope"] == "completion" or not row["complete"] or sum(row["findings"].values()) == row["reordered"]


def _document(store: Asker, most_narrow: int) -> dict[str, Any]:
    source = StoreSource(store.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "MOST_NARROW", most_narrow)
        document = source.order(EVERYTHING)
    source.close()
    return document


def gaps(numbers: Sequence[int]) -> tuple[int, int]:
    """Return how often a number went beyond the expected one, and by how much in all."""
    sizes, expected = [], numbers[0]
    for number in numbers:
        if number > expected:
            sizes.append(number - expected)
        expected = max(expected, number + 1)
    return len(sizes), sum(sizes)


def test_the_answer_does_not_depend_on_the_order_of_arrival(told: Callable[..., Asker], history: History) -> None:
    """Shuffled and repeated telemetry gives the same rows."""
    sent = sends(history, EARLY)
    member = reader(history)
    for offset in (0, 2, 1, 3, 4, 5, 7, 6):
        member.receive("orders", 0, offset)
    for one in reversed(sent):
        member.process(one)
    assert rows(told(history)) == rows(told(history.spans[::-1], history.spans[::3]))


def test_rows_that_nobody_asked_for_are_not_measured(store: Asker) -> None:
    """A filter is parsed once and asked of every row."""
    history = History()
    sends(history, EARLY)
    retold(store, history)
    opened = Store.open(store.path, create=False, read_only=True)
    try:
        document = opened.read(lambda connection: order.order(connection, EVERYTHING, parse_filter("partition:1")))
    finally:
        opened.close()
    assert (document["rows"], document["findings"]) == ([], [])
