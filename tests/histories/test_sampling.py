"""Sampling: what tracestates tell of it, what is said of that, and what nothing is concluded from."""

from __future__ import annotations

import pytest

from tests.histories.parts import handle, member_of, orders_of
from tests.histories.test_foreign import java_process, java_send

TENTH = "ot=th:e666666666666"


def sampled(world, state=TENTH, *, count=3):
    """Let payment, under the Java agent, handle some orders with its spans sampled; the first fails."""
    spans = []
    for offset in range(5, 5 + count):
        send = java_send(world, offset=offset)
        spans.append(java_process(world, send, offset=offset, error=offset == 5))
    for span in spans:
        span.trace_state = state
    return spans


@pytest.mark.parametrize(
    ("state", "count", "told_as"),
    [
        (TENTH, 27, "about one span in ten of payment was kept; the rest was sampled out"),
        ("ot=th:8", 3, "about one span in two of payment was kept; the rest was sampled out"),
        ("ot=p:4;r:9", 45, "about one span in 16 of payment was kept; the rest was sampled out"),
        ("ot=th:1", 1, "about 94 in 100 spans of payment were kept; the rest was sampled out"),
    ],
)
def test_sampling_is_a_telemetry_gap(told, world, state, count, told_as):
    """Below 100 %: a finding that says how much was kept, as told, with a span that bears it."""
    spans = sampled(world, state)
    finding = told(world).finding("telemetry-gap")
    assert (finding["severity"], finding["reason"], finding["grade"]) == ("info", "sampled", "A")
    assert (finding["producer"], finding["instance"], finding["count"]) == ("payment", "payment-1", count)
    assert finding["summary"] == told_as
    assert finding["evidence"] == [spans[-1].ref]


@pytest.mark.parametrize("state", ["", "ot=th:0", "ot=p:0", "ot=rv:0123456789abcd", "vendor=th:8", "ot=th:xyz"])
def test_what_is_kept_whole_or_tells_nothing_is_no_gap(told, world, state):
    """100 %, and a tracestate that tells nothing of sampling: no finding."""
    sampled(world, state)
    assert told(world).kinds() == []


def test_an_answer_that_sampling_keeps_unknown_says_so(told, world):
    """The first order failed, and a further attempt may have been sampled out."""
    sampled(world)
    line = told(world).line("orders:0:5", "payment")
    assert (line["answer"], line["reason"], line["grade"]) == ("unknown", "sampled", "?")


def test_without_a_word_on_sampling_it_is_a_telemetry_gap(told, world):
    """Nobody told how much is kept."""
    sampled(world, "")
    line = told(world).line("orders:0:5", "payment")
    assert (line["answer"], line["reason"]) == ("unknown", "telemetry gap")


def test_a_hundred_percent_proves_no_absence(told, world):
    """What is below a caller who did not sample never comes, nor does what an exporter dropped: still unknown."""
    sampled(world, "ot=th:0")
    store = told(world)
    line = store.line("orders:0:5", "payment")
    assert (line["answer"], line["reason"]) == ("unknown", "telemetry gap")
    assert store.kinds() == []
    assert store.event("orders:0:6")["duplicated"]["answer"] == "unknown"


def test_a_failed_send_that_a_sampled_reader_may_have_seen(told, world):
    """It counts as not published only where all its readers are covered."""
    shop = world.service("shop")
    shop.send("orders", 0, id="never", outcome="failed", error="MessageSizeTooLargeError")
    shop.close()
    sampled(world)
    assert told(world).published("never") == ("unknown", "sampled")


def test_numbers_go_before_tracestates(told, world):
    """Flowtrail's tracer passes a caller's tracestate on and samples nothing itself: its numbers tell."""
    order = orders_of(world, 1)[0]
    payment = member_of(world)
    handle(payment, order)
    payment.close()
    for span in world.spans:
        span.trace_state = TENTH
    store = told(world)
    assert store.kinds() == []
    assert store.ask(order.id)["coverage"] == 1.0
    assert store.event(order.id)["duplicated"]["answer"] == "no"


def test_a_declared_group_may_be_sampled_out(told, world):
    """Somebody who keeps one span in ten may be the group of which nothing was seen."""
    sampled(world)
    store = told(world).declare('[expect]\norders = ["payment", "restaurant"]\n')
    line = store.line("orders:0:6", "restaurant")
    assert (line["answer"], line["reason"]) == ("unknown", "sampled")
    assert store.findings("missing-consumer") == []
    assert store.expected()["orders", "restaurant"] == "sampled"


def test_the_order_of_a_sampled_group_is_not_complete(told, world):
    """`report order` says why."""
    sampled(world)
    store = told(world)
    reasons = {row["reason"] for row in store.order() if row["scope"] == "delivery" and row["group"] == "payment"}
    assert reasons == {"sampled"}


def test_sampling_that_changed(told, world):
    """A part kept whole, a part one in two: what they stand for together, in whatever order they came."""
    spans = sampled(world, "ot=th:8", count=2) + sampled(world, "ot=th:0", count=2)
    store = told(world)
    assert store.finding("telemetry-gap")["summary"].startswith("about 67 in 100 spans of payment")
    assert store.finding("telemetry-gap")["count"] == 2
    assert told(list(reversed(world.spans))).finding("telemetry-gap") == store.finding("telemetry-gap")
    assert len(spans) == 4
