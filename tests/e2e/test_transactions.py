"""Transactions: acked is not committed, and a marker at the end is no lag."""

import pytest

from tests.e2e.product import eventually
from tests.e2e.truth import ABORTED, Truth, assert_told, read_log, told_handled, told_sent


@pytest.mark.slow
def test_transactions(run_watched, watching, topic, topic_name):
    """Open: in doubt. Committed: yes. Aborted: no, and not expected of those who read committed records."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run_watched("producer", config={"transactional_id": topic_name("tx")})
    names = {step: f"{orders}-{step}" for step in ("commit", "abort", "last")}
    producer.do("begin")
    producer.do("send", topic=orders, id=names["commit"], flow=orders)
    assert watching.published(names["commit"]) == ("in-doubt", "transaction open")
    producer.do("commit")
    assert watching.published(names["commit"]) == ("yes", "acked")
    for step in ("abort", "last"):
        producer.do("begin")
        producer.do("send", topic=orders, id=names[step], flow=orders)
        producer.do("abort" if step == "abort" else "commit")
    assert watching.published(names["abort"]) == ("no", "aborted")
    consumer = run_watched(
        "polling",
        service="payment",
        topic=orders,
        group=group,
        commit=True,
        flush=True,
        config={"isolation_level": "read_committed", "enable_auto_commit": False},
    )
    while consumer.hear("handled")["handled"] < 2:
        pass
    told = watching.flow(orders)
    events = {step: told[name] for step, name in names.items()}
    assert {step: event["published"]["answer"] for step, event in events.items()} == {
        "commit": "yes",
        "abort": "no",
        "last": "yes",
    }
    lines = {step: event["consumed"] for step, event in events.items()}
    assert {step: [(line["group"], line["answer"]) for line in found] for step, found in lines.items()} == {
        "commit": [(group, "processed")],
        "abort": [(group, "not-expected")],
        "last": [(group, "processed")],
    }
    assert lines["abort"][0]["reason"] == "aborted"
    row = eventually(lambda: watching.lag(orders)[group], lambda row: row["lag"] == 0)
    assert (row["lag"], row["time_lag_ms"], row["status"]) == (0, 0, "ok")
    assert row["position"] >= 5  # commit, its marker, abort, its marker, last; its marker is at 5
    consumer.stop()
    producer.stop()
    assert watching.kinds(orders) == []
    row = eventually(lambda: watching.lag(orders)[group], lambda row: row["lag"] == 0)
    assert row["lag"] == 0


def test_records_of_an_open_transaction_are_not_lag(run_watched, watching, topic, topic_name):
    """What nobody who reads committed records may have yet is pending for nobody, until the transaction ends."""
    orders, group = topic("orders"), topic_name("payment")
    plain, producer = run_watched("producer"), run_watched("producer", config={"transactional_id": topic_name("tx")})
    plain.do("send", topic=orders, id=f"{orders}-plain")
    committed = {"isolation_level": "read_committed", "enable_auto_commit": False}
    told = {"service": "payment", "topic": orders, "group": group, "commit": True, "flush": True}
    consumer = run_watched("polling", config=committed, **told)
    consumer.hear("handled")
    producer.do("begin")
    producer.do("send", topic=orders, id=orders)
    row = eventually(lambda: watching.lag(orders)[group], lambda row: row["end_bound"] == "exact")
    assert (row["position"], row["lag"]) == (1, 0)
    producer.do("commit")
    while consumer.hear("handled")["handled"] < 2:
        pass
    consumer.stop()
    producer.stop()
    plain.stop()
    assert watching.published(orders) == ("yes", "acked")
    assert watching.consumed(orders) == {group: "processed"}
    assert watching.kinds(orders) == []


def test_who_reads_committed_records_and_who_reads_all(run, collector, kafka, topic, topic_name):
    """What was aborted is not expected of one group, and was processed by the other: nothing is wrong with either."""
    orders, careful, eager = topic("orders"), topic_name("careful"), topic_name("eager")
    producer = run("producer", config={"transactional_id": topic_name("tx")})
    aborted = []
    for number, end in enumerate(("commit", "abort", "abort", "commit")):
        producer.do("begin")
        for part in range(2):
            name = f"{orders}-{number}-{part}"
            producer.do("post", topic=orders, id=name, key="42", flush=False)
            if end == "abort":
                aborted.append(name)
        producer.do("settle")
        producer.do(end)
    producer.stop()
    log = read_log(kafka, orders)
    assert len(log) == 8
    consumers = []
    for group, level, count in ((careful, "read_committed", 4), (eager, "read_uncommitted", 8)):
        config = {"isolation_level": level, "enable_auto_commit": False}
        consumers.append(run("polling", service=level, topic=orders, group=group, commit=True, config=config))
        while consumers[-1].hear("handled")["handled"] < count:
            pass
        consumers[-1].stop()
    truth = Truth(
        told_sent(producer),
        told_handled(*consumers),
        log,
        {orders: [careful, eager]},
        published=dict.fromkeys(aborted, ABORTED),
        consumed=dict.fromkeys([(name, careful) for name in aborted], ("not-expected", "aborted")),
    )
    assert len(truth.handled) == 12
    assert_told(collector, truth)
