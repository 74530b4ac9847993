"""Every span is stored once: repeats change nothing, conflicts are kept and flagged, whatever the order."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flowtrail_collector.receive.intake import Intake, Outcome
from flowtrail_collector.store import Store, identity
from tests.ingest.otlp import NOW, body, count, post, put, rows, span

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from flowtrail_collector.service import Collector

HOUR = 3_600_000_000_000


def copied(original: Span, **changed: Any) -> Span:
    """Return a span with the same ids, otherwise as told."""
    made = type(original)()
    made.CopyFrom(original)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def send(store: Store, *bodies: bytes) -> list[Outcome]:
    """Hand requests to a store, all at once, and wait."""
    intake = Intake(store)
    try:
        return [done.result(30) for done in [intake.submit(data) for data in bodies]]
    finally:
        intake.close()


def content(store: Store) -> list[Any]:
    """Return everything that is stored of spans and links, in an order that does not depend on how it came."""
    spans = [tuple(sorted((name, repr(value)) for name, value in row.items())) for row in rows(store)]
    links = [tuple(sorted((k, repr(v)) for k, v in row.items())) for row in rows(store, "SELECT * FROM link_rows")]
    resources = [repr(row) for row in rows(store, "SELECT * FROM resource_rows")]
    return [sorted(spans), sorted(links), sorted(resources)]


def test_the_same_request_again(collector: Collector, http: str) -> None:
    """A retry after a lost ack: answered with success, stored once."""
    data = body(span(), span())
    assert [post(http, data)[:2] for _ in range(3)] == [(200, b"")] * 3
    assert count(collector.store) == 2
    assert collector.counters.repeated_requests == 2


def test_the_same_request_after_a_restart(collector: Collector, http: str) -> None:
    """Digests survive the process."""
    data = body(span())
    post(http, data)
    collector.stop()
    collector.start()
    assert collector.http_address is not None
    assert post(collector.http_address, data)[:2] == (200, b"")
    assert count(collector.store) == 1
    assert collector.counters.repeated_requests == 1


def test_the_same_span_in_another_request(store: Store) -> None:
    """A span that comes again in other company is stored once, links and all."""
    again = span()
    again.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    [first] = send(store, body(again, span()))
    [second] = send(store, body(span(), again))
    assert (first.stored, second.stored, second.duplicates, second.conflicting) == (2, 1, 1, 0)
    assert (count(store), count(store, "link_rows")) == (3, 1)


def test_the_same_span_twice_in_one_request(store: Store) -> None:
    """Within a request, and within requests that are committed together."""
    again = span()
    [first] = send(store, body(again, again, span()))
    assert (first.stored, first.duplicates) == (2, 1)
    other = span()
    outcomes = send(store, body(other, span()), body(span(), other), body(other))
    assert sum(outcome.stored for outcome in outcomes) == 3
    assert count(store) == 5


def test_the_same_span_days_later_and_after_a_restart(store_path: Path) -> None:
    """What is older than anything remembered is looked up in the file."""
    old = [span(start_time_unix_nano=NOW - day * 24 * HOUR, end_time_unix_nano=NOW) for day in range(30)]
    with Store.open(store_path) as store:
        send(store, body(*old), body(span()))
    with Store.open(store_path) as store:
        [outcome] = send(store, body(span(), *old))
        assert (outcome.stored, outcome.duplicates, outcome.conflicting) == (1, 30, 0)
        assert count(store) == 32


def test_equal_ids_with_other_content_are_kept_and_flagged(store: Store) -> None:
    """Both stay, both say so; a repeat of either changes nothing; a third version joins them."""
    one = span("one")
    two = copied(one, name="two")
    three = copied(one, end_time_unix_nano=one.end_time_unix_nano + 1)
    assert send(store, body(one))[0].conflicting == 0
    assert send(store, body(two))[0].conflicting == 1
    assert send(store, body(one, span()))[0].duplicates == 1
    assert send(store, body(three))[0].conflicting == 1
    assert send(store, body(two, span()))[0].duplicates == 1
    flagged = {row["name"]: row["conflicting"] for row in rows(store) if row["span_id"] == one.span_id}
    assert flagged == {"one": True, "two": True}
    assert len([row for row in rows(store) if row["conflicting"]]) == 3
    assert count(store) == 5


def test_a_conflict_within_one_request(store: Store) -> None:
    """Two versions that come together are flagged as well."""
    one = span("one")
    [outcome] = send(store, body(one, copied(one, name="two")))
    assert (outcome.stored, outcome.conflicting) == (2, 2)


def test_a_conflict_after_a_restart(store_path: Path) -> None:
    """The version in the file is flagged when another comes, minutes apart in time."""
    one = span("one")
    with Store.open(store_path) as store:
        send(store, body(one))
    with Store.open(store_path) as store:
        minutes = 10 * 60 * 1_000_000_000
        other = copied(
            one,
            start_time_unix_nano=one.start_time_unix_nano + minutes,
            end_time_unix_nano=one.end_time_unix_nano + minutes,
        )
        assert send(store, body(other))[0].conflicting == 1
        assert [row["conflicting"] for row in rows(store)] == [True, True]


def test_other_links_are_other_content(store: Store) -> None:
    """Spans that differ in their links only are two versions; the order of attributes makes none."""
    one = span(attributes={"messaging.system": "kafka", "a": "1", "b": "2"})
    one.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    linked = copied(one)
    linked.links.add(trace_id=b"\x01" * 16, span_id=b"\x03" * 8)
    reordered = copied(one)
    del reordered.attributes[:]
    put(reordered, {"b": "2", "a": "1", "messaging.system": "kafka"})
    send(store, body(one))
    [outcome] = send(store, body(reordered))
    assert (outcome.stored, outcome.duplicates) == (0, 1)
    [outcome] = send(store, body(linked))
    assert (outcome.stored, outcome.conflicting) == (1, 1)


def test_beyond_what_is_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When memory has moved on, repeats are still found, in the file."""
    monkeypatch.setattr(identity, "PER_GENERATION", 10)
    spans = [span() for _ in range(60)]
    for one in spans:
        send(store, body(one))
    shuffled = spans[::-1]
    outcome = send(store, body(*shuffled), body(shuffled[3], span()))
    assert sum(one.duplicates for one in outcome) == 61
    assert count(store) == 61


VERSIONS = [span("a", attributes={"messaging.system": "kafka", "n": n}) for n in range(6)]
VERSIONS += [copied(VERSIONS[0], name="b"), copied(VERSIONS[0], name="c"), copied(VERSIONS[1], name="b")]
VERSIONS[2].links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
VERSIONS.append(copied(VERSIONS[2]))
VERSIONS[-1].links.add(trace_id=b"\x01" * 16, span_id=b"\x04" * 8)
VERSIONS.append(copied(VERSIONS[3], start_time_unix_nano=NOW - 5 * 60 * 1_000_000_000))


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_however_it_comes_the_same_is_stored(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Requests shuffled, split, repeated, sent together or apart, across restarts: the same rows in the end."""
    folder = tmp_path_factory.mktemp("once")
    expected_path, path = (shutil.copy(empty_store, folder / name) for name in ("expected", "store"))
    with Store.open(expected_path) as store:
        send(store, body(*VERSIONS))
        expected = content(store)
    places = st.integers(0, len(VERSIONS) - 1)
    sent = [*range(len(VERSIONS)), *data.draw(st.lists(places, max_size=20))]
    sent = data.draw(st.permutations(sent))
    store = Store.open(path)
    try:
        while sent:
            together = []
            for _ in range(data.draw(st.integers(1, 3))):
                taken = data.draw(st.integers(1, 8))
                together.append(body(*(VERSIONS[place] for place in sent[:taken])))
                del sent[:taken]
            send(store, *together)
            if data.draw(st.integers(0, 5)) == 0:
                store.close()
                store = Store.open(path)
        assert content(store) == expected
    finally:
        store.close()
