"""The captures: what official instrumentations sent, kept so that it can be read, imported, and compared with today."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.foreign import otlp_json, services
from tests.foreign.capture import CAPTURES, PLAN, scrub
from tests.foreign.captured import CAPTURED, COLUMNS
from tests.foreign.receiver import Receiver
from tests.kafka.broker import Cluster

Shape = tuple[str, int, frozenset[str], frozenset[str], bool]

UNSETTLED = {"messaging.kafka.cluster.id"}
"""Attributes that a client may or may not know yet when it sends its first span."""


def read(name: str) -> list[ExportTraceServiceRequest]:
    """Read a capture."""
    lines = (CAPTURES / f"{name}.jsonl").read_text().splitlines()
    return [otlp_json.from_json(json.loads(line)) for line in lines]


def shapes(requests: list[ExportTraceServiceRequest], topic: str) -> set[Shape]:
    """Return what kinds of spans there are: name, kind, attributes, links' attributes, whether a parent is named."""
    return {_shape(span, topic) for span in services.spans_of(requests)}


def _shape(span: Span, topic: str) -> Shape:
    return (
        span.name.replace(topic, "TOPIC"),
        span.kind,
        frozenset(attribute.key for attribute in span.attributes) - UNSETTLED,
        frozenset(attribute.key for link in span.links for attribute in link.attributes),
        bool(span.parent_span_id),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAN)
def test_instrumentations_still_send_what_was_captured(
    name: str, kafka: Cluster, topic: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    """Run live, each client sends the captured shapes of spans and no others: a new vocabulary is noticed here."""
    plan = PLAN[name]
    orders = topic("orders")
    folder = request.getfixturevalue("java_client") if plan.client == "java" else None
    with Receiver() as receiver:
        for action in plan.actions:
            services.run(
                plan.client,
                action,
                endpoint=receiver.endpoint,
                bootstrap=kafka.bootstrap_servers,
                topic=orders,
                group=f"{orders}-{action}",
                settings=plan.settings,
                compiled=folder,
            )
    assert shapes(receiver.requests, orders) == shapes(read(name), f"orders-{name}")


@pytest.mark.parametrize("name", PLAN)
def test_a_capture_tells_nothing_of_the_machine_that_made_it(name: str) -> None:
    """Captures hold no path, host name, command line or kernel of whoever captured them."""
    lines = (CAPTURES / f"{name}.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [scrub(json.loads(line)) for line in lines]
    assert not re.findall(r"/(?:root|work|tmp|Users|home/(?!app))\b", "".join(lines))


@pytest.mark.parametrize("name", PLAN)
def test_a_capture_is_explained(name: str) -> None:
    """Every captured span that says anything about messages has its row of canonical values, in real columns."""
    told = [span for span in services.spans_of(read(name)) if span.name != "recv"]
    assert len(told) == len(CAPTURED[name])
    assert {column for row in CAPTURED[name] for column in row} <= set(COLUMNS)


def test_paths_of_this_machine_are_scrubbed() -> None:
    """What would name this machine's folders or its host is replaced, wherever in a line it stands."""
    line = {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "secret"}}]},
                "scopeSpans": [{"spans": [{"name": f"File {services.ROOT}/x.py, {Path.home()}/y.py"}]}],
            }
        ]
    }
    scrubbed = json.dumps(scrub(line))
    assert "secret" not in scrubbed
    assert str(services.ROOT) not in scrubbed
    assert str(Path.home()) not in scrubbed
    assert list(_strings(scrub(line))) == ["host.name", "host", "File /app/x.py, /home/app/y.py"]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)
