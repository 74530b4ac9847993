"""Foreign clients, end to end: what flowtrail says of events that only the official instrumentations reported.

A client sends three messages, fails with a fourth, and reads three. Every question is put twice: `imported`, to a store
into which the committed capture of such a run was imported, and `live`, to a real collector that was sent the spans by
the client itself, run against the real Kafka.
"""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.foreign import asking, otlp_json, services
from tests.foreign.asking import Collector
from tests.foreign.capture import CAPTURES, PLAN
from tests.foreign.receiver import Receiver
from tests.kafka.broker import Cluster


class Ran(NamedTuple):
    """What one client did: where, as whom, and under which trace ids; the fourth send is the one that failed."""

    source: str
    topic: str
    group: str
    traces: list[str]

    def record(self, offset: int = 1) -> dict[str, Any]:
        """Ask about the record at an offset of the only partition; it is one event."""
        return _only_event(asking.ask(self.source, f"record:{self.topic}:0:{offset}"))

    def trace(self, place: int) -> dict[str, Any]:
        """Ask about the trace of a send; it holds one event."""
        return _only_event(asking.ask(self.source, f"trace:{self.traces[place]}"))


def _only_event(answer: dict[str, Any] | None) -> dict[str, Any]:
    assert answer is not None
    (event,) = answer["events"]
    assert isinstance(event, dict)
    return event


def _traces_of_sends(requests: Sequence[ExportTraceServiceRequest]) -> list[str]:
    sends = [span for span in services.spans_of(requests) if span.kind == span.SPAN_KIND_PRODUCER]
    return [span.trace_id.hex() for span in sorted(sends, key=lambda span: span.start_time_unix_nano)]


class Run(Protocol):
    """Lets a client of the plan do some actions; `produce`, `fail` and `consume` unless others are named."""

    def __call__(self, name: str, *actions: str) -> Ran:
        """Do the actions, in this order, and tell where to ask about them."""


class Live:
    """Runs clients against the real Kafka and the real collector."""

    def __init__(self, kafka: Cluster, collector: Collector, request: pytest.FixtureRequest) -> None:
        self._kafka = kafka
        self._collector = collector
        self._request = request

    def __call__(self, name: str, *actions: str) -> Ran:
        """See Run."""
        plan = PLAN[name]
        topic = self._kafka.create_topic(f"{uuid.uuid4().hex[:8]}-orders-{name}")
        with Receiver(forward=self._collector.endpoint) as receiver:
            for action in actions:
                services.run(
                    plan.client,
                    action,
                    endpoint=receiver.endpoint,
                    bootstrap=self._kafka.bootstrap_servers,
                    topic=topic,
                    group=f"{action}-group",
                    settings=plan.settings,
                    compiled=self._request.getfixturevalue("java_client") if plan.client == "java" else None,
                )
        return Ran(self._collector.endpoint, topic, f"{actions[-1]}-group", _traces_of_sends(receiver.requests))


class Imported:
    """Imports what was captured of such runs, each into a store of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, *actions: str) -> Ran:
        """See Run."""
        wanted = {f"{PLAN[name].client}-{action}" for action in actions}
        lines = (CAPTURES / f"{name}.jsonl").read_text().splitlines(keepends=True)
        kept = [line for line in lines if _service(line) in wanted]
        path = self._folder / f"{uuid.uuid4().hex}.jsonl"
        path.write_text("".join(kept))
        store = path.with_suffix(".duckdb")
        asking.import_file(path, store)
        requests = [otlp_json.from_json(json.loads(line)) for line in kept]
        return Ran(str(store), f"orders-{name}", f"{actions[-1]}-group", _traces_of_sends(requests))


def _service(line: str) -> str:
    (resource,) = json.loads(line)["resourceSpans"]
    values = {each["key"]: each["value"] for each in resource["resource"]["attributes"]}
    return str(values["service.name"]["stringValue"])


class Once:
    """Does each run once: tests that ask different questions of one run share it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._done: dict[tuple[str, ...], Ran] = {}

    def __call__(self, name: str, *actions: str) -> Ran:
        """See Run."""
        key = (name, *(actions or ("produce", "fail", "consume")))
        if key not in self._done:
            self._done[key] = self._run(*key)
        return self._done[key]


@pytest.fixture(scope="module", params=["imported", pytest.param("live", marks=[pytest.mark.slow, pytest.mark.kafka])])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Have something to ask about: `run("aiokafka", "produce", "consume-batch")`."""
    if request.param == "imported":
        return Once(Imported(tmp_path_factory.mktemp("imported")))
    return Once(Live(request.getfixturevalue("kafka"), request.getfixturevalue("collector"), request))


def group_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of the only group."""
    (line,) = event["consumed"]
    assert isinstance(line, dict)
    return line


def published(event: dict[str, Any]) -> tuple[str, str]:
    """Return answer and reason."""
    return event["published"]["answer"], event["published"]["reason"]


def assert_nothing_is_claimed(event: dict[str, Any]) -> None:
    """No finding, and neither duplicated nor reordered: nothing of the kind happened."""
    assert_nothing_but(event)


def assert_nothing_but(event: dict[str, Any], *kinds: str) -> None:
    """No finding but of these kinds, and neither duplicated nor reordered."""
    assert {finding["kind"] for finding in event["findings"]} <= set(kinds)
    assert event["duplicated"]["answer"] != "yes"
    assert event["reordered"]["answer"] != "yes"


def test_kafka_python_is_seen_but_has_no_place(run: Run) -> None:
    """kafka-python's spans know no offset: published because it was seen, received by a group that is assumed."""
    event = run("kafka-python").trace(1)
    assert published(event) == ("yes", "seen")
    line = group_of(event)
    assert (line["group"], line["assumed"]) == ("kafka_python-consume", True)
    assert line["answer"] == "received"
    assert len(line["deliveries"]) == 1
    assert_nothing_is_claimed(event)


@pytest.mark.parametrize("name", ["kafka-python", "confluent-kafka", "aiokafka"])
def test_a_send_without_ack_that_nobody_read_is_unknown(name: str, run: Run) -> None:
    """These instrumentations record no ack, so without a consumer nothing proves that the event was published."""
    event = run(name, "produce").trace(1)
    assert published(event) == ("unknown", "ack not instrumented")
    assert event["consumed"] == []
    assert_nothing_is_claimed(event)


@pytest.mark.parametrize("name", ["confluent-kafka", "java-agent"])
def test_a_send_that_failed_is_never_called_published(name: str, run: Run) -> None:
    """A message too large is `no`, or `unknown` for want of coverage; Java's place -1 is no place and no ack."""
    event = run(name).trace(3)
    assert event["published"]["answer"] in {"no", "unknown"}
    assert event["published"]["records"] == []
    assert_nothing_but(event, "publish-failed")


def test_a_send_that_timed_out_is_not_called_failed(run: Run) -> None:
    """kafka-python says of a failed send nothing but the error's name; a timeout is in doubt, never failed."""
    event = run("kafka-python").trace(3)
    assert event["published"]["answer"] in {"in-doubt", "unknown"}
    assert event["published"]["records"] == []
    assert_nothing_but(event, "publish-in-doubt")


def test_an_aiokafka_failure_that_looks_like_a_success_is_unknown(run: Run) -> None:
    """Aiokafka's span ends before the send runs: its failure cannot be seen, and its success is not assumed."""
    assert published(run("aiokafka").trace(3)) == ("unknown", "ack not instrumented")


def test_confluent_processing_is_found_by_its_record(run: Run) -> None:
    """confluent-kafka hides the offset in the message id: the record is found, seen, and processed as far as told."""
    event = run("confluent-kafka").record()
    assert published(event) == ("yes", "seen")
    assert event["message_id"] is None
    line = group_of(event)
    assert (line["group"], line["assumed"]) == ("confluent-consume", True)
    assert (line["answer"], line["grade"]) == ("processed", "B")
    assert [delivery["offset"] for delivery in line["deliveries"]] == [1]
    assert_nothing_is_claimed(event)


def test_confluent_batches_link_to_their_sends(run: Run) -> None:
    """One confluent-kafka span may handle several messages and know no place: its links tell which were handed out."""
    event = run("confluent-kafka", "produce", "consume-batch").trace(1)
    assert published(event) == ("yes", "seen")
    line = group_of(event)
    assert (line["group"], line["assumed"]) == ("confluent-consume-batch", True)
    assert line["answer"] == "processed"
    assert_nothing_is_claimed(event)


def test_aiokafka_receives_one_by_one(run: Run) -> None:
    """Group and place stand on aiokafka's receive; what the handler did is not instrumented."""
    ran = run("aiokafka")
    event = ran.record()
    assert published(event) == ("yes", "seen")
    assert event["key"] == "key-1"
    line = group_of(event)
    assert (line["group"], line.get("assumed", False)) == (ran.group, False)
    assert line["answer"] == "received"
    assert [delivery["offset"] for delivery in line["deliveries"]] == [1]
    assert_nothing_is_claimed(event)


def test_aiokafka_s_three_layers_are_one_delivery(run: Run) -> None:
    """A getmany tells of each record in three nested receive spans: it was delivered once."""
    event = run("aiokafka", "produce", "consume-batch").record()
    assert [delivery["offset"] for delivery in group_of(event)["deliveries"]] == [1]
    assert_nothing_is_claimed(event)


def test_the_java_agent_knows_the_ack(run: Run) -> None:
    """Java's send span holds the place it was acknowledged at; its process span names the group."""
    ran = run("java-agent")
    event = ran.record()
    assert published(event) == ("yes", "acked")
    assert [(record["partition"], record["offset"]) for record in event["published"]["records"]] == [(0, 1)]
    line = group_of(event)
    assert (line["group"], line.get("assumed", False)) == (ran.group, False)
    assert (line["answer"], line["grade"]) == ("processed", "B")
    assert len(line["deliveries"]) == 1
    assert_nothing_is_claimed(event)


@pytest.mark.parametrize("name", ["java-agent-receive", "java-agent-latest-receive", "java-agent-dup-receive"])
def test_one_delivery_told_by_two_java_spans_counts_once(name: str, run: Run) -> None:
    """A poll span and a process span tell of the same delivery, in old names, in new ones, or in both at once."""
    event = run(name, "produce", "consume").record()
    assert published(event) == ("yes", "acked")
    assert (event["message_id"], event["correlation_id"]) == ("m-1", "flow-1")
    assert len(event["published"]["records"]) == 1
    line = group_of(event)
    assert line["answer"] == "processed"
    assert len(line["deliveries"]) == 1
    assert_nothing_is_claimed(event)
