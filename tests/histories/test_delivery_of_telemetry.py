"""The same spans in whatever order, however late, however often: the same answers, to the letter."""

from __future__ import annotations

import gzip
import json
import random

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from flowtrail_collector.importing import import_files
from flowtrail_collector.store import Store
from tests.histories.conftest import Told
from tests.histories.world import World, request


def busy() -> World:
    """Tell a history with something of everything in it."""
    world = World()
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key=f"k{n % 2}") for n in range(6)]
    shop.send("orders", 0, 7, key="k0", id="late")
    shop.send("orders", 0, 6, key="k0", id="early")
    shop.send("orders", 0, 9, id=sent[0].id)
    shop.send("orders", None, id="bad", outcome="failed", error="RecordTooLarge")
    shop.send("orders", None, id="maybe", outcome="in-doubt", attributes={"flowtrail.publish.timeout": 1})
    shop.close()
    first = world.service("payment", group="payment")
    first.assign("orders", 0, 0)
    first.receive("orders", 0, 0, 4)
    begun = world.tick()
    for n in (0, 2, 1):
        first.process(sent[n], start=begun)
    first.commit("orders", 0, 2)
    first.revoke("orders", 0, 2)
    second = world.service("payment", group="payment", generation=2)
    second.assign("orders", 0, 2)
    second.receive("orders", 0, 2, 5)
    for n in (2, 3):
        second.process(sent[n], error="ValueError" if n == 3 else None)
    second.process(sent[5])
    second.seek("orders", 0, 5)
    second.receive("orders", 0, 5)
    second.process(sent[5])
    second.commit("orders", 0, 6)
    kitchen = world.service("kitchen", group="kitchen", host="beta")
    kitchen.assign("mails", 0, 3)
    kitchen.skip_number()
    kitchen.receive("mails", 0, 3)
    return world


QUESTIONS = ("flow:flow-1", "m-3", "orders:0:5")


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Answer everything about the history told in one piece."""
    world = busy()
    store = Told(tmp_path_factory.mktemp("truth") / "told.duckdb").hear(world.spans)
    return world, store.everything(*QUESTIONS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled(told, truth, seed):
    """Every span in a request of its own, in any order."""
    world, expected = truth
    spans = list(world.spans)
    random.Random(seed).shuffle(spans)  # noqa: S311 any order will do
    assert told(*[[span] for span in spans]).everything(*QUESTIONS) == expected


def test_repeated(told, truth):
    """Every request three times, and spans again in other requests."""
    world, expected = truth
    spans = world.spans
    assert told(spans, spans, spans[5:], spans[:20], spans[::-1]).everything(*QUESTIONS) == expected


def test_backwards_and_in_two_halves(told, truth):
    """Consumers' telemetry before producers', newest first, in two imports with the store closed between."""
    world, expected = truth
    half = len(world.spans) // 2
    store = told(world.spans[:half:-1])
    store.hear(world.spans[half::-1])
    assert store.everything(*QUESTIONS) == expected


def test_in_protobuf(tmp_path, truth):
    """The same request as length-delimited protobuf, gzipped."""
    world, expected = truth
    document = request(world.spans)
    parsed = ExportTraceServiceRequest()
    for resource_spans in document["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in span:
                        span[name] = _base64(span[name])
                for link in span.get("links", ()):
                    link["traceId"], link["spanId"] = _base64(link["traceId"]), _base64(link["spanId"])
    json_format.Parse(json.dumps(document), parsed)
    body = parsed.SerializeToString()
    file = tmp_path / "spans.otlp"
    file.write_bytes(gzip.compress(len(body).to_bytes(4, "big") + body))
    store = Store.open(tmp_path / "protobuf.duckdb")
    try:
        result = import_files([file], store)
    finally:
        store.close()
    assert (result.stored, result.damaged) == (len(world.spans), ())
    assert Told(tmp_path / "protobuf.duckdb").everything(*QUESTIONS) == expected


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(text)).decode()


def test_the_history_has_something_of_everything(truth):
    """The comparison above would mean little over a quiet history."""
    _, expected = truth
    kinds = {finding["kind"] for finding in expected["findings"]["findings"]}
    assert kinds >= {
        "republish",
        "log-reorder",
        "completion-reorder",
        "redelivery",
        "replay",
        "unfinished",
        "failed",
        "publish-failed",
        "publish-in-doubt",
        "telemetry-gap",
    }


def test_asked_again_the_answer_is_the_same(told, truth):
    """Ages count to the newest span, never to the moment of asking."""
    world, expected = truth
    assert told(world).everything(*QUESTIONS) == expected


def test_equal_ids_with_other_content_do_not_replace_what_was_stored(told, world):
    """A second span under the same ids with another outcome is kept and flagged; the event is not counted twice."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    store = told(world)
    order.span.attributes["messaging.message.body.size"] = 17
    store.hear([order.span])
    event = store.event(order.id)
    assert event["published"]["answer"] == "yes"
    assert len(event["published"]["records"]) == 1
    assert event["duplicated"]["answer"] != "yes"
