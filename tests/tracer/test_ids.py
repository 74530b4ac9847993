"""Identities: unique, well-formed, ordered by time, and never a forked parent's."""

import copy
import threading
import uuid

from hypothesis import given
from hypothesis import strategies as st

from flowtrail_tracer._core.headers import parse_traceparent
from flowtrail_tracer._core.ids import RandomIds

NOW = 1_763_729_000_123_456_789


@given(st.integers(0, (1 << 48) * 1_000_000 - 1))
def test_a_message_id_is_a_uuid7_of_its_time(now):
    """Version, variant, and the millisecond in its first 48 bits; from either source."""
    ids = RandomIds()
    for text in (ids.message_id(now), ids.first(now)[2].decode()):
        found = uuid.UUID(text)
        assert str(found) == text
        assert (found.version, found.variant) == (7, uuid.RFC_4122)
        assert found.int >> 80 == now // 1_000_000


def test_ids_are_unique_over_many_refills_and_threads():
    """What is made ahead is given out once, whoever asks, and is well-formed."""
    ids = RandomIds()
    firsts: list[tuple[bytes, bytes, bytes]] = []
    spans: list[str] = []

    def work() -> None:
        for _ in range(1000):
            firsts.append(ids.first(NOW))
            spans.append(ids.span_id())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parents = [parse_traceparent(traceparent.decode()) for _, traceparent, _ in firsts]
    assert all(raw.hex() == parent[0] + parent[1] for (raw, _, _), parent in zip(firsts, parents, strict=True))
    assert all(parent is not None and parent[2] == 1 for parent in parents)
    assert len({parent[0] for parent in parents}) == 4000
    assert len({*spans, *(parent[1] for parent in parents)}) == 8000
    assert len({message_id for _, _, message_id in firsts}) == 4000
    assert {len(span) for span in spans} == {16}


def test_ids_follow_the_clock_also_backwards():
    """The digits of a millisecond are kept for that millisecond only."""
    ids = RandomIds()
    for now in (NOW, NOW + 999_999, NOW - 5_000_000, NOW + 1_000_000, NOW):
        assert uuid.UUID(ids.first(now)[2].decode()).int >> 80 == now // 1_000_000


def test_a_forked_child_shares_nothing_with_its_parent():
    """Neither what was made ahead nor what would be drawn next."""
    parent = RandomIds()
    parent.first(NOW)
    parent.span_id()
    child = copy.deepcopy(parent)
    assert child.first(NOW) == parent.first(NOW)
    child.reseed()
    for ask in (lambda ids: ids.first(NOW), RandomIds.span_id, RandomIds.trace_id, RandomIds.epoch):
        assert not {ask(parent) for _ in range(200)} & {ask(child) for _ in range(200)}


def test_an_epoch_can_stand_before_a_colon():
    """`message-seq` is `<epoch>:<n>`: short, since every message carries it, and without a colon of its own."""
    epochs = {RandomIds().epoch() for _ in range(200)}
    assert len(epochs) == 200
    assert all(len(epoch) == 11 and ":" not in epoch and epoch.isascii() for epoch in epochs)
