"""Every row of the normalisation table, with spans as the named instrumentations send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from flowtrail_collector.normalise import normalise
from flowtrail_collector.normalise.vocabulary import NAMES, SPAN_RULES
from flowtrail_collector.receive.decode import decode
from flowtrail_tracer import attributes as names
from tests.foreign import otlp_json
from tests.foreign.vectors import COLUMNS, LINK_COLUMNS, VECTORS, Vector
from tests.ingest.otlp import body, rows, span

if TYPE_CHECKING:
    from flowtrail_collector.store import Store


def normalised(request: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of spans and links that a request, given as JSON, becomes."""
    batch = normalise(decode(otlp_json.from_json(request).SerializeToString())).batch
    return batch.spans.to_pylist(), batch.links.to_pylist()


def test_every_column_is_one_of_the_store(store: Store) -> None:
    """The vocabulary fills columns that exist, and knows every attribute that our tracer writes."""
    columns = {row["column_name"] for row in rows(store, "SELECT column_name FROM duckdb_columns()")}
    assert {rule.column for rule in SPAN_RULES} <= columns
    written = {value for name, value in vars(names).items() if name.isupper()}
    resources = {"service.name", "service.instance.id", "host.name"}
    assert written - resources <= set(NAMES)


def kept(sent: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that are kept beside the columns of a span that says this."""
    [row] = normalise(decode(body(span(attributes=sent)))).batch.spans.to_pylist()
    return dict(row.get("attributes") or [])


def test_what_a_column_holds_is_not_kept_twice() -> None:
    """Today's names with plain values stand in their columns only."""
    assert kept({"messaging.system": "kafka", "messaging.operation.type": "send", "messaging.kafka.offset": 5}) == {}
    assert kept({"messaging.destination.partition.id": "3", "messaging.kafka.message.tombstone": True}) == {}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("messaging.kafka.message.offset", 5, "5"),
        ("messaging.system", "AmazonSQS", "AmazonSQS"),
        ("messaging.operation.type", "publish", "publish"),
        ("messaging.destination.partition.id", "03", "03"),
        ("messaging.destination.partition.id", "-1", "-1"),
        ("messaging.kafka.offset", -1, "-1"),
        ("messaging.kafka.offset", "latest", "latest"),
        ("messaging.url", '"broker:9092"', '"broker:9092"'),
        ("http.method", "GET", "GET"),
        ("a number", 5, "5"),
        ("a fraction", 1.5, "1.5"),
        ("a truth", True, "true"),
        ("a list", ["a", 'b"c'], '["a","b\\"c"]'),
        ("bytes", b"\x00\xff", '"AP8="'),
        ("empty", "", ""),
    ],
)
def test_what_was_changed_or_has_no_column_is_kept_as_sent(name: str, value: Any, text: str) -> None:
    """Old names, values that were read differently, and everything else: as it came, as text."""
    assert kept({name: value})[name] == text


def test_nested_values_are_json() -> None:
    """Lists and maps within one another, as JSON text."""
    deep = span(attributes={})
    value = deep.attributes.add(key="deep").value
    inner = value.kvlist_value.values.add(key="k").value.array_value.values
    inner.add(int_value=1)
    inner.add().kvlist_value.values.add(key="e").value.string_value = "x"
    inner.add()
    [row] = normalise(decode(body(deep))).batch.spans.to_pylist()
    assert orjson.loads(dict(row["attributes"])["deep"]) == {"k": [1, {"e": "x"}, None]}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_foreign_span_says_this(vector: Vector) -> None:
    """The canonical columns are those expected, and no others are filled."""
    spans, links = normalised(vector.request())
    assert {name: spans[0].get(name) for name in COLUMNS if spans[0].get(name) is not None} == vector.expected
    if vector.links is not None:
        told = [{name: link.get(name) for name in LINK_COLUMNS if link.get(name) is not None} for link in links]
        assert told == vector.links
