"""The findings: tiny histories, each with its benign lookalikes, by the definitions of docs/answers.md."""

from __future__ import annotations

from flowtrail_collector.questions import findings
from flowtrail_collector.questions.findings import judged
from flowtrail_collector.source import StoreSource, Window
from tests.questions.conftest import EVERYTHING


def _one(told, history, kind):
    found = told(history).findings(kind)
    assert len(found) == 1, found
    return found[0]


def _two_owners(history, *, leave=True, first_error=None, second_error=None):
    """One record handled by one member, and again by the next owner of the partition."""
    sent = history.service("orders").send("orders", 0, 5, key="k")
    first = history.member("payment", group="payment")
    second = history.member("payment", group="payment", host="host-b", generation=1)
    second.assign("orders", 1, 0)
    first.assign("orders", 0, 5)
    first.receive("orders", 0, 5)
    first.process(sent, error=first_error)
    if leave:
        first.revoke("orders", 0, 5)
    second.assign("orders", 0, 5, generation=2)
    second.receive("orders", 0, 5)
    second.process(sent, error=second_error)
    second.commit("orders", 0, 6)
    second.revoke("orders", 0, 6)
    return sent, first, second


def test_processed_ok_twice_after_a_rebalance_is_an_error(told, history):
    """Two processings ended ok, nobody moved back: redelivery, error, after a rebalance."""
    sent, _, _ = _two_owners(history)
    store = told(history)
    (found,) = store.findings()
    assert (found["kind"], found["severity"], found["reason"]) == ("redelivery", "error", "rebalance")
    assert found["offsets"] == [5]
    assert found["group"] == "payment"
    assert found["message_ids"] == [sent.message_id]
    assert found["count"] == 2
    assert "twice" in found["summary"]
    event = store.event(sent.message_id)
    assert event["duplicated"]["answer"] == "yes"
    assert [row["kind"] for row in event["duplicated"]["findings"]] == ["redelivery"]
    assert [d["attempt"] for d in event["consumed"][0]["deliveries"]] == [1, 2]


def test_after_a_crash_it_is_a_warning(told, history):
    """The crashed owner's lost tail could hold a seek: a redelivery, but not an error."""
    _two_owners(history, leave=False)
    found = _one(told, history, "redelivery")
    assert (found["severity"], found["reason"]) == ("warning", "rebalance")


def test_a_member_that_replaced_another_is_a_restart(told, history):
    """The second instance joined after the first had left the group for good."""
    sent = history.service("orders").send("orders", 0, 5)
    for generation in (1, 2):
        member = history.member("payment", group="payment")
        member.assign("orders", 0, 5, generation=generation)
        member.receive("orders", 0, 5)
        member.process(sent)
        member.revoke("orders", 0, 5)
    found = _one(told, history, "redelivery")
    assert (found["severity"], found["reason"]) == ("error", "restart")


def test_again_after_a_failure_is_a_retry(told, history):
    """Handed again because the first attempt failed: information, not duplication."""
    sent, _, _ = _two_owners(history, first_error="ValueError")
    store = told(history)
    (found,) = store.findings()
    assert (found["kind"], found["severity"], found["reason"]) == ("redelivery", "info", "retry")
    event = store.event(sent.message_id)
    assert event["duplicated"]["answer"] == "no"
    assert event["consumed"][0]["answer"] == "processed"


def test_a_seek_back_is_a_replay_and_nothing_else(told, history):
    """Records handed again after a seek backward: one range, not duplicated."""
    orders = history.service("orders")
    sent = [orders.send("orders", 0, offset) for offset in range(3)]
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 0)
    for _ in range(2):
        payment.receive("orders", 0, 0, 2)
        for each in sent:
            payment.process(each)
        payment.seek("orders", 0, 0)
    store = told(history)
    (found,) = store.findings()
    assert (found["kind"], found["severity"], found["reason"]) == ("replay", "info", "seek")
    assert found["offsets"] == [0, 1, 2]
    assert store.event(sent[1].message_id)["duplicated"]["answer"] == "no"


def test_an_assign_below_the_last_commit_is_a_reset_from_outside(told, history):
    """Somebody ran the reset command while the group was away: replay."""
    sent = history.service("orders").send("orders", 0, 5)
    for generation in (1, 2):
        member = history.member("payment", group="payment")
        member.assign("orders", 0, 5, generation=generation)
        member.receive("orders", 0, 5)
        member.process(sent)
        member.commit("orders", 0, 6)
        member.revoke("orders", 0, 6)
    found = _one(told, history, "replay")
    assert found["reason"] == "reset"
    assert told(history).findings("redelivery") == []


def test_a_lost_seek_never_makes_an_error(told, history):
    """Take the seek away: with a hole in the numbers it is a warning at most."""
    sent = history.service("orders").send("orders", 0, 5)
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(sent)
    lost = payment.seek("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(sent)
    assert ("redelivery", "error") not in told(history.without(lost)).kinds()


def test_one_send_at_two_offsets_is_a_resend(told, history):
    """The client's retry was not idempotent: consumers read one send number at two places."""
    sent = history.service("orders").send("orders", 0, 5)
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5, 6)
    payment.process(sent)
    payment.process(sent, offset=6)
    store = told(history)
    found = _one(told, history, "resend")
    assert (found["severity"], found["offsets"], found["producer"]) == ("error", [5, 6], "orders")
    assert store.findings("republish") == []
    assert store.event(sent.message_id)["duplicated"]["answer"] == "yes"


def test_one_id_in_two_sends_is_a_republish(told, history):
    """The application sent the same message id twice."""
    orders = history.service("orders")
    orders.send("orders", 0, 5, message_id="m1")
    orders.send("orders", 0, 6, message_id="m1")
    store = told(history)
    found = _one(told, history, "republish")
    assert (found["severity"], found["offsets"], found["message_ids"]) == ("warning", [5, 6], ["m1"])
    event = store.event("m1")
    assert event["duplicated"]["answer"] == "yes"
    assert len(event["published"]["records"]) == 2


def test_lookalikes_of_a_republish(told, history):
    """A copy elsewhere, a copy with its origin, and a send after a definite failure are no republish."""
    orders = history.service("orders")
    orders.send("orders", 0, 5, message_id="a")
    orders.send("audit", 0, 5, message_id="a")
    orders.send("orders", 0, message_id="b", outcome="failed", error="MessageSizeTooLargeError")
    orders.send("orders", 0, 6, message_id="b")
    orders.send("orders", 0, 7, message_id="c")
    orders.send(
        "orders",
        0,
        8,
        message_id="c",
        **{"flowtrail.origin.destination": "orders", "flowtrail.origin.partition": 0, "flowtrail.origin.offset": 7},
    )
    assert told(history).findings("republish", "resend") == []


def test_log_order_against_send_order(told, history):
    """Sent 1, 2; stored 2, 1: an error for one key, information across keys."""
    orders = history.service("orders")
    orders.send("orders", 0, 6, key="k")
    orders.send("orders", 0, 5, key="k")
    found = _one(told, history, "log-reorder")
    assert (found["severity"], found["offsets"]) == ("error", [6])


def test_log_order_across_keys(told, history):
    """Different keys may overtake one another."""
    orders = history.service("orders")
    late = orders.send("orders", 0, 6, key="a")
    orders.send("orders", 0, 5, key="b")
    store = told(history)
    assert store.kinds() == [("log-reorder", "info")]
    assert store.event(late.message_id)["reordered"]["answer"] == "no"


def test_log_order_with_an_unidentified_place_is_not_claimed(told, history):
    """The first copy may stand where nobody looked: between what is known and the one that overtook it."""
    history.service("billing").send("orders", 0, 3, key="k")
    orders = history.service("orders")
    orders.send("orders", 0, 8, key="k")
    orders.send("orders", 0, 6, key="k")
    assert told(history).findings("log-reorder") == []


def test_concurrent_handling_ends_out_of_order(told, history):
    """Offset 6 ended while 5 was still being handled, both for one key."""
    orders = history.service("orders")
    sent = [orders.send("orders", 0, offset, key="k") for offset in (5, 6)]
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5, 6)
    start = history.tick()
    middle = history.tick()
    end = history.tick(5)
    payment.process(sent[1], start=start, end=middle)
    payment.process(sent[0], start=start, end=end)
    store = told(history)
    found = _one(told, history, "completion-reorder")
    assert (found["severity"], found["offsets"], found["group"]) == ("error", [5], "payment")
    assert store.event(sent[0].message_id)["reordered"]["answer"] == "yes"
    assert store.event(sent[1].message_id)["reordered"]["answer"] == "no"


def test_handed_out_against_offsets(told, history):
    """A member was handed 6 and then 5, without a move in between."""
    orders = history.service("orders")
    for offset in (5, 6):
        orders.send("orders", 0, offset)
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 6)
    payment.receive("orders", 0, 5)
    found = _one(told, history, "delivery-reorder")
    assert (found["severity"], found["offsets"]) == ("warning", [5])


def test_a_rebalance_that_repeats_is_no_reordering(told, history):
    """100..105 and then 103..107 by the next owner: redeliveries, nothing reordered."""
    orders = history.service("orders")
    sent = {offset: orders.send("orders", 0, offset, key="k") for offset in range(100, 108)}
    first = history.member("payment", group="payment")
    first.assign("orders", 0, 100)
    first.receive("orders", 0, 100, 105)
    for offset in range(100, 106):
        first.process(sent[offset])
    first.commit("orders", 0, 103)
    first.revoke("orders", 0, 103)
    second = history.member("payment", group="payment")
    second.assign("orders", 0, 103, generation=2)
    second.receive("orders", 0, 103, 107)
    for offset in range(103, 108):
        second.process(sent[offset])
    kinds = told(history).kinds()
    assert kinds == [("redelivery", "error")] * 3


def _cause_and_effect(history, *, second_host="host-a"):
    payment = history.service("payment")
    cause = payment.send("payments", 0, 5, message_id="processed", key="k")
    effect = payment.send("refunds", 0, 9, message_id="refunded", causation=cause, key="k")
    ledger = history.member("ledger", group="ledger")
    other = history.member("ledger", group="ledger", host=second_host)
    ledger.assign("payments", 0, 5)
    other.assign("refunds", 0, 9)
    return cause, effect, ledger, other


def test_effect_before_cause_on_one_host(told, history):
    """A consumer of both began the effect first, on one clock: confirmed."""
    cause, effect, ledger, other = _cause_and_effect(history)
    other.receive("refunds", 0, 9)
    other.process(effect)
    ledger.receive("payments", 0, 5)
    ledger.process(cause)
    store = told(history)
    found = _one(told, history, "causal-inversion")
    assert (found["severity"], found["reason"], found["group"]) == ("error", "confirmed", "ledger")
    assert set(found["message_ids"]) == {"processed", "refunded"}
    assert store.event("processed")["reordered"]["answer"] == "yes"


def test_effect_before_cause_across_hosts_is_not_claimed(told, history):
    """Two hosts' clocks are never compared without a bound."""
    cause, effect, ledger, other = _cause_and_effect(history, second_host="host-b")
    other.receive("refunds", 0, 9)
    other.process(effect)
    ledger.receive("payments", 0, 5)
    ledger.process(cause)
    assert told(history).findings("causal-inversion") == []


def test_failed_for_good(told, history):
    """No attempt succeeded and nobody saw it: publish-failed."""
    sent = history.service("orders").send("orders", 0, outcome="failed", error="MessageSizeTooLargeError")
    found = _one(told, history, "publish-failed")
    assert found["severity"] == "error"
    assert found["message_ids"] == [sent.message_id]


def test_failed_yet_consumed_is_a_ghost(told, history):
    """The client was told that it failed; the consumer has it."""
    sent = history.service("orders").send("orders", 0, outcome="failed", error="UnknownError")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(sent, offset=5)
    assert ("ghost-publish", "error") in told(history).kinds()


def test_doubt_is_a_finding_once_the_clients_timeout_has_passed(told, history):
    """In doubt for longer than the client's own delivery timeout."""
    orders = history.service("orders")
    orders.send("orders", 0, outcome="in-doubt", **{"flowtrail.publish.timeout": 1000})
    assert told(history).findings("publish-in-doubt") == []
    history.wait(2000)
    orders.send("orders", 0, 6)
    assert _one(told, history, "publish-in-doubt")["severity"] == "warning"


def test_two_events_at_one_record(told, history):
    """An acked record was overwritten; a topic created anew is another log."""
    orders = history.service("orders")
    orders.send("orders", 0, 5, message_id="a")
    orders.send("orders", 0, 5, message_id="b")
    found = _one(told, history, "offset-conflict")
    assert found["message_ids"] == ["a", "b"]


def test_a_topic_created_anew_is_another_log(told, history):
    """Offsets that start again at 0 conflict with nothing."""
    orders = history.service("orders")
    for _ in range(2):
        for offset in range(3):
            orders.send("orders", 0, offset)
    assert told(history).kinds() == []


def test_committed_before_processed(told, history):
    """The position passed the record while it was still being handled."""
    sent = history.service("orders").send("orders", 0, 5)
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    start = history.tick()
    payment.commit("orders", 0, 6)
    payment.process(sent, start=start)
    assert told(history).kinds() == [("committed-before-processed", "warning")]


def test_a_clock_set_back_changes_nothing(told, history):
    """Where an instance's clock contradicts its numbers, the numbers decide: no reordering, no second delivery."""
    orders = history.service("orders")
    sent = [orders.send("orders", 0, offset, key="k") for offset in range(3)]
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    payment.skew_ns = -3600 * 10**9
    payment.process(sent[1])
    payment.process(sent[2])
    payment.commit("orders", 0, 3)
    store = told(history)
    assert store.findings() == []
    assert [store.group(each.message_id, "payment")["answer"] for each in sent] == ["processed"] * 3


def test_telemetry_shuffled_repeated_and_split_gives_the_same_answers(told, history):
    """The same spans give the same findings and verdicts in whatever order and however often they arrive."""
    sent, _, _ = _two_owners(history)
    spans = history.spans
    plain, mixed = told(spans), told(spans[::-1], spans[3:], spans[:5][::-1])
    assert plain.findings() == mixed.findings()
    assert plain.ask(sent.message_id) == mixed.ask(sent.message_id)


def test_a_receive_recorded_after_its_processings_is_one_delivery(told, history):
    """An iteration's range is sealed late: its number follows those of what it covers, its times do not."""
    orders = history.service("orders")
    sent = [orders.send("orders", 0, offset) for offset in range(3)]
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 0)
    begun = history.tick()
    handed = history.tick()
    for each in sent:
        history.wait(100)
        payment.process(each)
    payment.receive("orders", 0, 0, 2, start=begun, end=handed)
    payment.commit("orders", 0, 3)
    assert told(history).findings() == []


def test_a_group_that_never_committed_handles_everything_twice(told, history):
    """`earliest` at each start is where the assignment begins, not a move back: processed twice is an error."""
    sent = history.service("orders").send("orders", 0, 0)
    for generation in (1, 2):
        member = history.member("payment", group="payment")
        member.assign("orders", 0, 0, generation=generation)
        member.position("reset", "orders", 0, 0)
        member.receive("orders", 0, 0)
        member.process(sent)
        member.revoke("orders", 0, 0)
    assert told(history).kinds() == [("redelivery", "error")]


def test_a_commit_at_the_end_of_a_loop_body_is_not_early(told, history):
    """An iteration's processing ends when the loop comes back, after the commit: its end is marked as inferred."""
    sent = history.service("orders").send("orders", 0, 5)
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    start = history.tick()
    payment.commit("orders", 0, 6)
    payment.process(sent, start=start, **{"flowtrail.outcome.inferred": True})
    assert told(history).findings() == []


def test_a_file_is_judged_once_whatever_the_filter(told, history, monkeypatch):
    """Another filter over the same window looks at what was judged; another window, or a kept mark, asks anew."""
    _two_owners(history)
    asked = []
    source = StoreSource(told(history).path)
    monkeypatch.setattr(findings, "judged", lambda *given: asked.append(given) or judged(*given))
    try:
        whole = source.findings(EVERYTHING)
        assert [one["kind"] for one in whole["findings"]] == ["redelivery"]
        assert source.findings(EVERYTHING, "severity:error")["findings"] == whole["findings"]
        assert source.findings(EVERYTHING, "kind:redelivery")["findings"] == whole["findings"]
        assert source.findings(EVERYTHING, "kind:lost")["findings"] == []
        (cause,) = source.causes(EVERYTHING)["rows"]
        assert len(asked) == 1
        source.findings(Window(1, None))
        assert len(asked) == 2
        source.findings(Window(1, None), "kind:lost")
        assert len(asked) == 2
        source.mark(cause["cause"], "muted")
        assert source.findings(EVERYTHING)["findings"] == whole["findings"]
        assert len(asked) == 3
    finally:
        source.close()


def test_what_was_judged_of_one_kind_answers_for_no_other(told, history):
    """Where a filter asked for one kind, the others were not looked at."""
    _two_owners(history)
    source = StoreSource(told(history).path)
    try:
        assert source.findings(EVERYTHING, "kind:lost")["findings"] == []
        assert [one["kind"] for one in source.findings(EVERYTHING)["findings"]] == ["redelivery"]
    finally:
        source.close()
