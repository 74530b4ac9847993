"""Equal contents and changed schemas: what is suspected, what is said, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.histories.parts import member_of


def digest(value: str = "d") -> dict[str, Any]:
    return {"flowtrail.payload.digest": value}


def shaped(schema: str | None, kind: str | None = "OrderPlaced") -> dict[str, Any]:
    return {"flowtrail.schema.id": schema, "cloudevents.event_type": kind}


def written(world: Any, *shapes: Any) -> list[Any]:
    """Publish one order after the other to orders:0, with these attributes."""
    shop = world.service("shop")
    return [shop.send("orders", 0, n, attributes=attributes) for n, attributes in enumerate(shapes)]


# content-duplicate


def test_one_content_under_two_ids_is_suspected(told, world):
    """Same destination, key and digest, 4 ms apart, two ids: content-duplicate, info; duplicated says no."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0, key="k", attributes=digest())
    second = shop.send("orders", 0, 1, key="k", attributes=digest())
    store = told(world)
    finding = store.finding("content-duplicate")
    assert (finding["severity"], finding["reason"], finding["grade"]) == ("info", "suspected", "C")
    assert (finding["offsets"], finding["count"]) == ([0, 1], 2)
    assert finding["message_ids"] == [first.id, second.id]
    assert set(finding["evidence"]) == {first.span.ref, second.span.ref}
    event = store.event(second.id)
    assert event["duplicated"] == {"answer": "no", "findings": []}
    assert [row["kind"] for row in event["findings"]] == ["content-duplicate"]


def test_what_differs_is_not_suspected(told, world):
    """Another key, another digest, another destination, another cluster, no digest: nothing."""
    shop = world.service("shop")
    shop.cluster = "east"
    shop.send("orders", 0, 0, key="k", attributes=digest())
    shop.send("orders", 0, 1, key="l", attributes=digest())
    shop.send("orders", 0, 2, key="k", attributes=digest("e"))
    shop.send("mails", 0, 0, key="k", attributes=digest())
    shop.send("orders", 0, 3, key="k")
    shop.cluster = "west"
    shop.send("orders", 0, 0, key="k", attributes=digest())
    assert told(world).kinds() == []


def test_beyond_the_window_it_is_another_message(told, world):
    """61 seconds apart nothing is suspected; a third, 59 seconds after the second, is."""
    shop = world.service("shop")
    sent = []
    for n, pause in enumerate([61_000, 59_000, 0]):
        sent.append(shop.send("orders", 0, n, key="k", attributes=digest()))
        world.wait(pause)
    assert told(world).finding("content-duplicate")["message_ids"] == [sent[1].id, sent[2].id]


def test_one_id_twice_is_a_republish_and_no_more(told, world):
    """The same message id: not suspected, known."""
    shop = world.service("shop")
    for n in range(2):
        shop.send("orders", 0, n, id="m", key="k", attributes=digest())
    assert told(world).kinds() == [("republish", "warning")]


def test_copies_and_failures_are_not_suspected(told, world):
    """A copy with its origin, a send that failed and was made again under a new id: nothing."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, key="k", attributes=digest())
    shop.send("orders", 0, 1, key="k", attributes=digest(), origin=order)
    shop.send("orders", 0, key="k", attributes=digest(), outcome="failed", error="RecordTooLarge")
    assert told(world).findings("content-duplicate") == []


def test_consumers_tell_the_digest_of_a_producer_that_does_not(told, world):
    """Only the consumer records digests."""
    shop = world.service("shop")
    payment = member_of(world)
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    for order in sent:
        payment.receive("orders", 0, order.offset)
        payment.process(order, attributes=digest())
    payment.commit("orders", 0, 2)
    store = told(world)
    assert store.finding("content-duplicate")["message_ids"] == [order.id for order in sent]
    assert store.event(sent[0].id)["findings"][0]["kind"] == "content-duplicate"


# schema-change


def test_a_new_schema_is_said(told, world):
    """7, 7, 8, 8: information, at the first record of 8."""
    sent = written(world, *(shaped(schema) for schema in ("7", "7", "8", "8")))
    store = told(world)
    assert store.kinds() == [("schema-change", "info")]
    finding = store.finding("schema-change")
    assert (finding["destination"], finding["partition"], finding["offsets"]) == ("orders", 0, [2])
    assert (finding["reason"], finding["message_ids"]) == ("schema id", [sent[2].id])
    assert set(finding["evidence"]) == {sent[1].span.ref, sent[2].span.ref}
    assert [row["kind"] for row in store.event(sent[2].id)["findings"]] == ["schema-change"]
    assert [store.event(sent[n].id)["findings"] for n in (1, 3)] == [[], []]


def test_two_schemas_that_interleave_are_an_error(told, world):
    """7, 8, 7, 8: two versions are written at once; named are the change and the return."""
    sent = written(world, *(shaped(schema) for schema in ("7", "8", "7", "8")))
    store = told(world)
    finding = store.finding("schema-change")
    assert (finding["severity"], finding["offsets"]) == ("error", [1, 2])
    assert set(finding["evidence"]) == {order.span.ref for order in sent}
    assert [store.event(order.id)["findings"] != [] for order in sent] == [False, True, True, False]


def test_a_schema_that_was_taken_back_does_not_interleave(told, world):
    """7, 8, 7, 7: a change and its withdrawal."""
    written(world, *(shaped(schema) for schema in ("7", "8", "7", "7")))
    assert told(world).kinds() == [("schema-change", "info")]


def test_types_have_schemas_of_their_own(told, world):
    """Two types of event alternate, each with its schema: nothing changed."""
    written(world, *(shaped(*shape) for shape in [("7", "Placed"), ("8", "Paid"), ("7", "Placed"), ("8", "Paid")]))
    assert told(world).kinds() == []


def test_without_types_nothing_is_called_wrong(told, world):
    """7, 8, 7, 8 of unknown type may be two types: a change, grade C, and no error."""
    written(world, *(shaped(schema, None) for schema in ("7", "8", "7", "8")))
    finding = told(world).finding("schema-change")
    assert (finding["severity"], finding["grade"]) == ("info", "C")


def test_records_without_a_schema_id_change_nothing(told, world):
    """Somebody does not say: that is no schema."""
    written(world, *(shaped(schema) for schema in ("7", None, "7", None)))
    assert told(world).kinds() == []


def test_partitions_are_judged_alone(told, world):
    """Between partitions there is no order: 8 in one and 7 in the other say nothing."""
    shop = world.service("shop")
    for n in range(4):
        shop.send("orders", n % 2, n // 2, attributes=shaped(str(7 + n % 2)))
    assert told(world).kinds() == []


def test_a_change_far_away_is_found_from_its_event(told, world):
    """The record of the new schema is asked about; the return of the old one stands 300 records behind it."""
    schemas = ["7"] * 10 + ["8"] * 300 + ["7", "8"]
    sent = written(world, *(shaped(schema) for schema in schemas))
    (finding,) = told(world).event(sent[10].id)["findings"]
    assert (finding["severity"], finding["offsets"]) == ("error", [10, 310])


def test_the_consumer_s_word_on_the_schema(told, world):
    """Only the consumer read the schema ids."""
    shop = world.service("shop")
    payment = member_of(world)
    for n, schema in enumerate(("7", "8")):
        order = shop.send("orders", 0, n)
        payment.receive("orders", 0, n)
        payment.process(order, attributes=shaped(schema))
    payment.commit("orders", 0, 2)
    assert told(world).finding("schema-change")["offsets"] == [1]


OTHER_SHAPES = pytest.mark.parametrize(
    ("reason", "header", "old", "new"),
    [
        ("content type", "messaging.header.content_type", "application/json", "avro/binary"),
        ("content type", "messaging.header.ce_datacontenttype", "text/xml", "application/json"),
        ("event version", "messaging.header.event_version", "1", "2"),
        ("event version", "messaging.header.axon_message_revision", "1.0", "1.1"),
    ],
)


def headed(header, value, event_type="OrderPlaced"):
    return {"cloudevents.event_type": event_type, header: [value]}


@OTHER_SHAPES
def test_a_new_content_type_or_version_is_said(told, world, reason, header, old, new):
    """As of a schema id, judged by itself."""
    sent = written(world, *(headed(header, value) for value in (old, old, new)))
    finding = told(world).finding("schema-change")
    assert (finding["severity"], finding["reason"], finding["offsets"]) == ("info", reason, [2])
    assert finding["summary"] == (f"the {reason} of orders:0 (OrderPlaced) changed from {old} to {new} at offset 2")
    assert set(finding["evidence"]) == {sent[1].span.ref, sent[2].span.ref}


@OTHER_SHAPES
def test_content_types_or_versions_that_interleave(told, world, reason, header, old, new):
    """Two producers write one type of event in two ways: an error, named at the change and at the return."""
    sent = written(world, *(headed(header, value) for value in (old, new, old, new)))
    store = told(world)
    finding = store.finding("schema-change")
    assert (finding["severity"], finding["reason"], finding["offsets"]) == ("error", reason, [1, 2])
    assert [store.event(order.id)["findings"] != [] for order in sent] == [False, True, True, False]


@OTHER_SHAPES
def test_without_types_two_content_types_or_versions_are_no_error(told, world, reason, header, old, new):
    """They may belong to two types of event: a change, grade C."""
    written(world, *(headed(header, value, None) for value in (old, new, old, new)))
    finding = told(world).finding("schema-change")
    assert (finding["severity"], finding["reason"], finding["grade"]) == ("info", reason, "C")


def test_a_charset_is_no_other_content_type(told, world):
    """Nor are capitals, or quotes around it."""
    same = (
        "application/json",
        "Application/JSON; charset=utf-8",
        '"application/json"',
        "application/json;charset=UTF-8",
    )
    written(world, *(headed("messaging.header.content_type", value) for value in same))
    assert told(world).kinds() == []


def test_each_of_them_is_judged_by_itself(told, world):
    """A new version with a new schema is two changes; a schema that stays says nothing of the version."""
    shapes = [("7", "1"), ("8", "2"), ("8", "1"), ("8", "2")]
    written(world, *(shaped(schema) | {"messaging.header.event_version": [version]} for schema, version in shapes))
    found = told(world).findings("schema-change")
    assert sorted((row["reason"], row["severity"], tuple(row["offsets"])) for row in found) == [
        ("event version", "error", (1, 2)),
        ("schema id", "info", (1,)),
    ]


def test_a_record_of_which_two_are_told_tells_nothing(told, world):
    """Its send says 8 and its processing 7: between 7 and 7 nothing changed."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, attributes=shaped(schema)) for n, schema in enumerate(("7", "8", "7", "8", "7"))]
    shop.close()
    payment = member_of(world)
    for order in sent:
        payment.receive("orders", 0, order.offset)
        payment.process(order, attributes=shaped("7"))
    payment.commit("orders", 0, 5)
    payment.close()
    store = told(world)
    assert store.kinds() == []
    assert [store.event(order.id)["findings"] for order in sent] == [[]] * 5


def test_a_content_type_that_changed_far_away(told, world):
    """The record of the new one is asked about; the return of the old one stands 300 records behind it."""
    values = ["1"] * 10 + ["2"] * 300 + ["1", "2"]
    sent = written(world, *(headed("messaging.header.event_version", value) for value in values))
    (finding,) = told(world).event(sent[10].id)["findings"]
    assert (finding["severity"], finding["offsets"]) == ("error", [10, 310])
