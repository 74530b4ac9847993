"""Events that go well: every way to consume, tombstones and keys, and two groups of which one lags."""

import pytest

from tests.e2e.product import eventually


@pytest.mark.parametrize(
    ("script", "auto"),
    [
        ("iterating", True),
        ("iterating", False),
        ("polling", True),
        ("polling", False),
    ],
    ids=["iteration, auto-commit", "iteration, commit", "poll, auto-commit", "poll, commit"],
)
def test_what_is_handled_is_answered_processed(run, collector, topic, topic_name, script, auto):
    """Publish and consume, by iteration and by poll, with and without auto-commit: acked, processed, nothing found."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    names = [f"{orders}-{number}" for number in range(4)]
    for name in names[:3]:
        producer.do("send", topic=orders, id=name, key="42", flow=f"{orders}-flow")
    producer.do("send", topic=orders, id=names[3], key="43", value=None)
    producer.stop()
    told = {"service": "payment", "topic": orders, "group": group, "count": 4, "commit": not auto}
    consumer = run(script, config={"enable_auto_commit": auto}, **told)
    while consumer.hear("handled")["handled"] not in (4, [[0, offset] for offset in range(4)]):
        pass
    consumer.stop()
    for offset, name in [(0, names[0]), (3, names[3])]:
        event = collector.event(name)
        assert (event["destination"], event["key"]) == (orders, "43" if offset == 3 else "42")
        assert (event["published"]["answer"], event["published"]["reason"]) == ("yes", "acked")
        assert [(row["partition"], row["offset"]) for row in event["published"]["records"]] == [(0, offset)]
        (line,) = event["consumed"]
        assert (line["group"], line["answer"], line["grade"]) == (group, "processed", "A")
        (delivery,) = line["deliveries"]
        assert (delivery["offset"], delivery["outcome"], delivery["attempt"]) == (offset, "ok", 1)
        assert delivery["latency_ms"] > 0
        assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")
    assert collector.kinds(orders) == []
    assert collector.event(f"{orders}:0:3")["message_id"] == names[3]
    assert collector.event(f"key:{orders}/43")["message_id"] == names[3]
    assert sorted(collector.flow(f"{orders}-flow")) == names[:3]


@pytest.mark.parametrize("watched", [False, True], ids=["told", "watched"])
def test_two_groups_of_which_one_lags(request, topic, topic_name, watched):
    """The group that keeps up has processed all, and no lag; what the other was not handed is pending, and its lag."""
    run = request.getfixturevalue("run_watched" if watched else "run")
    asked = request.getfixturevalue("watching" if watched else "collector")
    orders, payment, analytics = topic("orders"), topic_name("payment"), topic_name("analytics")
    producer = run("producer")
    for number in range(6):
        producer.do("send", topic=orders, id=f"{orders}-{number}", flow=orders)
    manual = {"enable_auto_commit": False}
    prompt = run("polling", service="payment", topic=orders, group=payment, commit=True, flush=True, config=manual)
    late = run(
        "polling",
        service="analytics",
        topic=orders,
        group=analytics,
        commit=True,
        hold_at=2,
        config={**manual, "max_poll_records": 2},
    )
    late.hear("held")
    while prompt.hear("handled")["handled"] < 6:
        pass
    rows = eventually(lambda: asked.lag(orders), lambda rows: {row["lag"] for row in rows.values()} == {0, 4})
    assert {group: (row["position"], row["end"], row["lag"]) for group, row in rows.items()} == {
        payment: (6, 6, 0),
        analytics: (2, 6, 4),
    }
    assert rows[payment]["status"] == "ok"
    assert rows[payment]["time_lag_ms"] == 0
    assert rows[analytics]["time_lag_ms"] > 0
    events = asked.flow(orders)
    lines = {name: {line["group"]: line for line in event["consumed"]} for name, event in events.items()}
    assert lines[f"{orders}-4"][analytics]["lag"] == 2
    answers = {
        number: {group: line["answer"] for group, line in lines[f"{orders}-{number}"].items()} for number in (1, 2, 4)
    }
    assert answers == {
        1: {payment: "processed", analytics: "processed"},
        2: {payment: "processed", analytics: "in-progress"},
        4: {payment: "processed", analytics: "pending"},
    }
    assert asked.kinds(orders) == []
    late.stop()
    prompt.stop()
    producer.stop()
