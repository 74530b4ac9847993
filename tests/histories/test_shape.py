"""The JSON to the letter of the contract: names, types, times, what is null and what is missing, and exit codes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flowtrail_tui.cli import main
from tests.histories.parts import member_of
from tests.histories.world import CONSUMER

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
REF = re.compile(r"[0-9a-f]{32}/[0-9a-f]{16}")
FINDING = {
    "kind": str,
    "severity": str,
    "reason": (str, type(None)),
    "group": (str, type(None)),
    "destination": (str, type(None)),
    "partition": (int, type(None)),
    "offsets": list,
    "message_ids": list,
    "count": int,
    "first_at": str,
    "last_at": str,
    "grade": str,
    "summary": str,
    "evidence": list,
}


@pytest.fixture
def flowtrail(capsys):
    """Run the command line in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def check_finding(finding: dict[str, Any]) -> None:
    """Hold a finding against the contract."""
    for name, kind in FINDING.items():
        assert name in finding, name
        assert isinstance(finding[name], kind), (name, finding[name])
    assert finding["severity"] in {"error", "warning", "info"}
    assert finding["grade"] in {"A", "B", "C"}
    assert TIME.fullmatch(finding["first_at"])
    assert TIME.fullmatch(finding["last_at"])
    assert finding["first_at"] <= finding["last_at"]
    assert all(isinstance(offset, int) for offset in finding["offsets"])
    assert all(REF.fullmatch(ref) for ref in finding["evidence"])
    assert finding["summary"]


def check_event(event: dict[str, Any]) -> None:
    """Hold one event's verdict against the contract."""
    for name in ("message_id", "correlation_id", "causation_id", "type", "system", "destination", "key", "producer"):
        assert name in event
        assert event[name] is None or isinstance(event[name], str)
    published = event["published"]
    assert {"answer", "reason", "grade", "records", "evidence"} <= published.keys()
    assert published["answer"] in {"yes", "no", "in-doubt", "unknown"}
    for record in published["records"]:
        assert {"partition", "offset", "at", "ack_ms"} <= record.keys()
        assert isinstance(record["partition"], int)
        assert isinstance(record["offset"], int)
        assert record["at"] is None or TIME.fullmatch(record["at"])
        assert record["ack_ms"] is None or isinstance(record["ack_ms"], float)
    assert all(REF.fullmatch(ref) for ref in published["evidence"])
    for line in event["consumed"]:
        assert {"group", "answer", "reason", "grade", "deliveries", "evidence"} <= line.keys()
        assert line.get("assumed", True) is True
        for delivery in line["deliveries"]:
            assert {"partition", "offset", "member", "attempt", "outcome", "started_at", "ended_at", "latency_ms"} <= (
                delivery.keys()
            )
            assert isinstance(delivery["attempt"], int)
            assert delivery["started_at"] is None or TIME.fullmatch(delivery["started_at"])
            assert delivery["ended_at"] is None or TIME.fullmatch(delivery["ended_at"])
            assert delivery["latency_ms"] is None or isinstance(delivery["latency_ms"], float)
        assert all(REF.fullmatch(ref) for ref in line["evidence"])
    for name in ("duplicated", "reordered"):
        assert event[name]["answer"] in {"yes", "no", "unknown"}
        for finding in event[name]["findings"]:
            check_finding(finding)
    for finding in event["findings"]:
        check_finding(finding)


@pytest.fixture
def store(told, world):
    """Tell a small history with a redelivery, a failure and a record still to come."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, id=f"m{n}", key="42", flow="order-42") for n in range(4)]
    first = member_of(world)
    first.receive("orders", 0, 0)
    first.process(sent[0])
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    second.receive("orders", 0, 0, 1)
    second.process(sent[0])
    second.process(sent[1], error="ValueError")
    second.commit("orders", 0, 2)
    return told(world)


def test_the_head_of_ask(store):
    """Schema, what was asked and how it was understood, the watermark, the coverage, the events."""
    document = store.ask("orders:0:0")
    assert {"schema", "asked", "understood_as", "as_of", "coverage", "events"} <= document.keys()
    assert document["schema"] == "flowtrail.ask/1"
    assert (document["asked"], document["understood_as"]) == ("orders:0:0", "record")
    assert document["coverage"] == 1.0
    assert isinstance(document["coverage"], float)
    assert TIME.fullmatch(document["as_of"])


@pytest.mark.parametrize("what", ["m0", "m1", "m2", "flow:order-42", "key:orders/42"])
def test_every_event_is_told_by_the_contract(store, what):
    """All names, all types, for a duplicated, a failed, a waiting event and for a whole flow."""
    events = store.ask(what)["events"]
    assert events
    for event in events:
        check_event(event)


def test_every_finding_is_told_by_the_contract(store):
    """All names and types of findings; one per record and group."""
    findings = store.findings()
    assert {finding["kind"] for finding in findings} == {"redelivery", "failed"}
    for finding in findings:
        check_finding(finding)


@pytest.mark.parametrize(
    ("what", "form", "count"),
    [
        ("m0", "id", 1),
        ("id:m0", "id", 1),
        ("order-42", "flow", 4),
        ("flow:order-42", "flow", 4),
        ("orders:0:0", "record", 1),
        ("record:orders:0:0", "record", 1),
        ("key:orders/42", "key", 4),
    ],
)
def test_the_five_ways_to_ask(store, what, form, count):
    """By message id, correlation id, record and key, with and without their prefixes."""
    document = store.ask(what)
    assert document["asked"] == what
    assert document["understood_as"] in {form, {"id": "message id", "flow": "correlation id"}.get(form, form)}
    assert len(document["events"]) == count


def test_asked_by_trace(told, world):
    """By trace id, with and without prefix, in capitals too: the event of that trace."""
    order = world.service("shop").send("orders", 0, 0)
    store = told(world)
    for what in (order.span.trace_id, f"trace:{order.span.trace_id}", f"trace:{order.span.trace_id.upper()}"):
        assert [event["message_id"] for event in store.ask(what)["events"]] == [order.id]


def test_a_pasted_traceparent(told, world):
    """A `traceparent` header's value names its trace."""
    order = world.service("shop").send("orders", 0, 0)
    what = f"00-{order.span.trace_id}-{order.span.span_id}-01"
    assert [event["message_id"] for event in told(world).ask(what)["events"]] == [order.id]


def test_a_prefix_decides(told, world):
    """One text is an id here and a flow there: the prefix says which."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, id="x", flow="y")
    shop.send("orders", 0, 1, id="z", flow="x")
    store = told(world)
    assert [event["message_id"] for event in store.ask("id:x")["events"]] == ["x"]
    assert [event["message_id"] for event in store.ask("flow:x")["events"]] == ["z"]


def test_what_is_not_known_is_null_and_not_missing(told, world):
    """An event of which only a record is known names nothing else: null."""
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    event = told(world).event("orders:0:5")
    check_event(event)
    for name in ("message_id", "correlation_id", "causation_id", "type", "key", "producer"):
        assert event[name] is None
    assert event["system"] == "kafka"
    line = event["consumed"][0]
    assert line["deliveries"][0]["latency_ms"] is None
    assert line["deliveries"][0]["ended_at"] is None
    assert line["deliveries"][0]["outcome"] is None


def test_keys_types_and_causes(told, world):
    """Key, event type, correlation and causation are told as they are."""
    shop = world.service("shop")
    cause = shop.send("orders", 0, 0, id="cause")
    shop.send(
        "orders",
        0,
        1,
        id="effect",
        key="42",
        cause=cause,
        flow="order-42",
        attributes={"cloudevents.event_type": "OrderPlaced"},
    )
    event = told(world).event("effect")
    assert (event["key"], event["type"], event["correlation_id"], event["causation_id"], event["producer"]) == (
        "42",
        "OrderPlaced",
        "order-42",
        "cause",
        "shop",
    )


def test_times_are_exact_to_the_nanosecond(told, world):
    """No time is rounded on its way."""
    begun = 1_767_268_800_123_456_789
    world.service("shop").send("orders", 0, 0, id="m", start=begun, end=begun + 1_234_567)
    document = told(world).ask("m")
    record = document["events"][0]["published"]["records"][0]
    assert record["at"] == "2026-01-01T12:00:00.124691356Z"
    assert document["as_of"] == "2026-01-01T12:00:00.124691356Z"
    assert record["ack_ms"] == pytest.approx(1.234567, abs=0.001)


def test_the_coverage_of_foreign_telemetry_is_not_one(told, world):
    """Without numbers nobody knows what is missing: the coverage is not claimed."""
    app = world.foreign("payment", "opentelemetry.instrumentation.confluent_kafka")
    app.span(
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.operation": "process",
            "messaging.kafka.partition": 0,
            "messaging.message.id": "orders.0.5",
        },
    )
    assert told(world).ask("orders:0:5")["coverage"] != 1.0


def test_the_commands_print_the_same_documents(store, flowtrail):
    """`flowtrail ask --json` prints what the source answers; nothing else is on stdout; exit 0."""
    code, out, _ = flowtrail("ask", "m0", "--json", "--source", str(store.path))
    assert code == 0
    assert json.loads(out) == store.ask("m0")
    code, out, _ = flowtrail("findings", "--json", "--since", "all", "--source", str(store.path))
    assert code == 0
    document = json.loads(out)
    assert document["schema"] == "flowtrail.findings/1"
    assert document["findings"] == store.findings()
    for command, schema in (("lag", "flowtrail.lag/1"), ("flows", "flowtrail.flows/1")):
        code, out, _ = flowtrail(command, "--json", "--since", "all", "--source", str(store.path))
        assert code == 0
        assert json.loads(out)["schema"] == schema


@pytest.mark.parametrize("what", ["nobody", "id:nobody", "flow:nobody", "orders:0:999", "key:orders/nobody"])
def test_nothing_known_is_exit_4(store, what, flowtrail):
    """What no span speaks of is inconclusive, exit 4, with a word on stderr."""
    code, _, err = flowtrail("ask", what, "--json", "--source", str(store.path))
    assert code == 4
    assert err.strip()


@pytest.mark.parametrize("answer", ["m0", "m1", "m3"])
def test_any_answer_is_exit_0(store, answer, flowtrail):
    """Answered is 0, whatever the answer: duplicated, failed, pending."""
    code, _, _ = flowtrail("ask", answer, "--source", str(store.path))
    assert code == 0


def test_an_unknown_answer_is_an_answer(told, world, flowtrail):
    """`unknown` is a legal answer: exit 0."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    payment = member_of(world)
    payment.skip_number()
    payment.commit("orders", 0, 0)
    store = told(world)
    assert store.consumed(order.id, "payment") == "unknown"
    assert flowtrail("ask", order.id, "--source", str(store.path))[0] == 0


def test_no_source_is_exit_3(tmp_path, flowtrail):
    """A store file that is not there is an unavailable source."""
    code, out, err = flowtrail("ask", "m0", "--json", "--source", str(tmp_path / "none.duckdb"))
    assert (code, out) == (3, "")
    assert "none.duckdb" in err


def test_a_wrong_option_is_exit_2(store, flowtrail):
    """Usage errors are 2."""
    assert flowtrail("ask", "--jsn", "m0", "--source", str(store.path))[0] == 2
    assert flowtrail("findings", "--since", "yesterdayish", "--source", str(store.path))[0] == 2


def test_lag_by_the_contract(store):
    """One row per group, destination and partition, with every name."""
    row = store.lag("payment", "orders", 0)
    assert {
        "group",
        "destination",
        "partition",
        "position",
        "end",
        "lag",
        "time_lag_ms",
        "status",
        "rate_in",
        "rate_out",
        "eta_ms",
    } <= row.keys()
    assert (row["position"], row["end"], row["lag"]) == (2, 4, 2)
    assert row["status"] in {"ok", "draining", "falling", "stalled", "stopped", "retention", "unknown"}
    assert row["time_lag_ms"] >= 0


def test_the_window_leaves_out_what_is_older(told, world, flowtrail):
    """`--since 15m` counts back from the newest span of a store file."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, id="old")
    shop.send("orders", 0, 1, id="old")
    world.wait(3_600_000)
    shop.send("orders", 0, 2, id="new")
    store = told(world)
    assert store.kinds() == [("republish", "warning")]
    code, out, _ = flowtrail("findings", "kind:republish", "--json", "--source", str(store.path))
    assert code == 0
    assert json.loads(out)["findings"] == []
    code, out, _ = flowtrail("ask", "old", "--json", "--source", str(store.path))
    assert json.loads(out)["events"][0]["duplicated"]["answer"] == "yes"


def test_escapes_in_names_reach_nobody_raw_in_text(told, world, flowtrail):
    """A control character in a key stands as it is in JSON (escaped there), and never raw in text."""
    world.service("shop").send("orders", 0, 0, id="m", key="a\x1b[31mb")
    store = told(world)
    assert store.event("m")["key"] == "a\x1b[31mb"
    _, out, _ = flowtrail("ask", "m", "--source", str(store.path))
    assert "\x1b[31m" not in out
