"""Bad input: a clear error, nothing lost, memory flat."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from flowtrail_collector.receive.compression import Body, TooLarge
from flowtrail_collector.service import Collector, CollectorConfig
from tests.foreign.otlp_json import to_json
from tests.ingest.otlp import NOW, body, count, post, put, request, rows, span

if TYPE_CHECKING:
    from pathlib import Path

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

JSON = "application/json"
HOSTILE = "\x1b]0;owned\x07\x1b[31mred <script>alert(1)</script> [bold]x[/] \u202egnp.exe \x9b5n \x00 end"


def partial(answer: bytes) -> tuple[int, str]:
    """Return how many spans were rejected, and why."""
    told = ExportTraceServiceResponse.FromString(answer).partial_success
    return told.rejected_spans, told.error_message


TRACE = "trace id is not 16 bytes, or all zero"
SPAN = "span id is not 8 bytes, or all zero"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"trace_id": b""}, TRACE),
        ({"trace_id": bytes(16)}, TRACE),
        ({"trace_id": b"\x01" * 15}, TRACE),
        ({"trace_id": b"\x01" * 24}, TRACE),
        ({"span_id": bytes(8)}, SPAN),
        ({"span_id": b"\x01" * 16}, SPAN),
        ({"start_time_unix_nano": NOW + 1, "end_time_unix_nano": NOW}, "end before start"),
        ({"start_time_unix_nano": NOW, "end_time_unix_nano": 0}, "end before start"),
        ({"start_time_unix_nano": NOW, "end_time_unix_nano": 2**64 - 1}, "time beyond the year 2262"),
        ({"start_time_unix_nano": 2**63, "end_time_unix_nano": 2**63 + 5}, "time beyond the year 2262"),
    ],
)
def test_a_bad_span_is_counted_and_the_rest_stored(
    collector: Collector, http: str, bad: dict[str, Any], reason: str
) -> None:
    """Partial success: 200, how many spans were rejected, why; the good ones of the request are there."""
    status, answer, _ = post(http, body(span(), span(**bad), span(), span(**bad)))
    assert status == 200
    rejected, message = partial(answer)
    assert rejected == 2
    assert message == f"2 spans rejected: {reason}"
    assert count(collector.store) == 2
    document: Any = to_json(request([span(), span(**bad)]))
    status, answer, _ = post(http, json.dumps(document).encode(), JSON)
    assert status == 200
    assert json.loads(answer)["partialSuccess"] == {
        "rejectedSpans": "1",
        "errorMessage": f"1 span rejected: {reason}",
    }
    assert count(collector.store) == 3
    assert collector.counters.rejected == 3


def test_json_ids_of_24_bytes_are_rejected(collector: Collector, http: str) -> None:
    """Hex that is not an id, or base64 as protobuf's own JSON has it, does not become one."""
    document: Any = to_json(request([span(), span(), span()]))
    spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans[0]["traceId"] = "W47/95gDgQPSabYzgT/GDA=="
    spans[1]["traceId"] = "5b8efff798038103d269b633813fc60c" * 2
    status, answer, _ = post(http, json.dumps(document).encode(), JSON)
    assert status == 200
    assert json.loads(answer)["partialSuccess"]["rejectedSpans"] == "2"
    assert count(collector.store) == 1


def test_a_bad_parent_and_bad_links_cost_themselves_only(collector: Collector, http: str) -> None:
    """A parent id of a wrong length is no parent; a link with wrong ids is counted as dropped."""
    odd = span(parent_span_id=b"\x01\x02")
    odd.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    odd.links.add(trace_id=b"\x01" * 3, span_id=b"\x02" * 8)
    odd.links.add(trace_id=b"\x01" * 16, span_id=bytes(8))
    assert post(http, body(odd))[:2] == (200, b"")
    [row] = rows(collector.store)
    assert (row["parent_span_id"], row["dropped_links"]) == (None, 2)
    assert count(collector.store, "link_rows") == 1


def test_hostile_text_is_stored_as_it_is(collector: Collector, http: str) -> None:
    """Escape sequences, markup, bidi controls and NUL are data, in every string."""
    hostile = span(HOSTILE, {"messaging.message.id": HOSTILE, HOSTILE: HOSTILE})
    hostile.status.message = HOSTILE
    assert post(http, request([hostile], HOSTILE).SerializeToString())[:2] == (200, b"")
    [row] = rows(collector.store)
    assert {row["name"], row["message_id"], row["status_message"], row["service"]} == {HOSTILE}
    assert row["attributes"] == {HOSTILE: HOSTILE}


def test_what_is_not_utf8_is_replaced(collector: Collector, http: str) -> None:
    """Invalid bytes in a string become U+FFFD, the sender is told, and every span is stored."""
    raw = body(span("send orders", {"messaging.message.id": "m-1"}), span("ok"))
    mended = raw.replace(b"send orders", b"send \xff\xed\xa0\x80rs").replace(b"m-1", b"m-\xff")
    assert post(http, mended)[0] == 200
    assert {row["name"] for row in rows(collector.store)} == {"send \ufffd\ufffd\ufffd\ufffdrs", "ok"}
    assert "m-\ufffd" in {row["message_id"] for row in rows(collector.store)}


def test_lone_surrogates_in_json(collector: Collector, http: str) -> None:
    """A lone surrogate costs itself: U+FFFD; pairs and escaped backslashes stay."""
    document = json.dumps(to_json(request([span("NAME")]))).replace("NAME", r"a\ud800b\udc00c\ud83d\ude00d\\ud800e")
    assert post(http, document.encode(), JSON)[0] == 200
    assert rows(collector.store)[0]["name"] == "a\ufffdb\ufffdc😀d\\ud800e"


def test_numbers_that_are_none(collector: Collector, http: str) -> None:
    """NaN and infinities are kept as text where they are attributes, and never become a number of ours."""
    odd = {"kafka.record.queue_time_ms": math.nan, "x": math.inf, "y": -math.inf, "messaging.kafka.offset": math.nan}
    assert post(http, body(span(attributes={"messaging.system": "kafka", **odd})))[0] == 200
    document = json.dumps(to_json(request([span("json", {"z": 1.0})]))).replace(
        '"doubleValue": 1.0', '"doubleValue": "NaN"'
    )
    assert post(http, document.encode(), JSON)[0] == 200
    first, second = sorted(rows(collector.store), key=lambda row: row["name"] == "json")
    assert (first["queue_time_ms"], first["offset"]) == (None, None)
    assert first["attributes"]["x"] == "inf"
    assert first["attributes"]["kafka.record.queue_time_ms"] == "nan"
    assert second["attributes"]["z"] == "nan"


def _nested(depth: int) -> bytes:
    deep = b"\x0a\x01e"
    for _ in range(depth):
        inner = b"\x0a" + _varint(len(deep)) + deep
        deep = b"\x2a" + _varint(len(inner)) + inner
    entry = b"\x0a\x01x\x12" + _varint(len(deep)) + deep
    made = span().SerializeToString() + b"\x4a" + _varint(len(entry)) + entry
    scope = b"\x12" + _varint(len(made)) + made
    resource = b"\x12" + _varint(len(scope)) + scope
    return b"\x0a" + _varint(len(resource)) + resource


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_values_nested_thousands_deep(collector: Collector, http: str) -> None:
    """A nested value is stored; one nested thousands deep is 400, in both types, and the collector lives on."""
    assert post(http, _nested(10))[0] == 200
    for depth in (100, 5_000, 50_000):
        status, answer, _ = post(http, _nested(depth))
        assert status == 400
        assert b"nested" in answer
    document = json.dumps(to_json(request([span("deep", {"x": "HERE"})])))
    inner = '{"arrayValue":{"values":[' * 5_000 + '{"stringValue":"e"}' + "]}}" * 5_000
    assert post(http, document.replace('{"stringValue": "HERE"}', inner).encode(), JSON)[0] == 400
    assert post(http, body(span()))[0] == 200
    assert count(collector.store) == 2


@pytest.mark.parametrize(
    "attack",
    [
        b"\x1b" * 2_000_000,
        b"\x1b" * 1_000_000 + b"\x1c" * 1_000_000,
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x80" * 30,
    ],
    ids=["groups", "balanced groups", "length beyond 2^63", "length beyond the body", "endless varint"],
)
def test_what_would_break_a_decoder(collector: Collector, http: str, attack: bytes) -> None:
    """Malformed protobuf is 400 and nothing worse."""
    assert post(http, attack)[0] == 400
    assert post(http, body(span()))[0] == 200


def test_truncated_and_flipped_requests_never_harm(collector: Collector, http: str) -> None:
    """Every prefix of a request, and every single flipped byte, is answered with 200 or 400."""
    good = body(span(attributes={"messaging.system": "kafka", "n": 5}))
    for place in range(len(good)):
        assert post(http, good[:place])[0] in (200, 400)
        flipped = bytearray(good)
        flipped[place] ^= 0xFF
        assert post(http, bytes(flipped))[0] in (200, 400)


def test_ten_thousand_attributes(collector: Collector, http: str) -> None:
    """Beyond 512 attributes the rest is left out and counted; what has a column is found wherever it stands."""
    many = {f"key-{number}": number for number in range(10_000)}
    status, answer, _ = post(http, body(span(attributes={**many, "messaging.message.id": "m-1"})))
    assert status == 200
    assert "9,488" in partial(answer)[1]
    [row] = rows(collector.store)
    assert (len(row["attributes"]), row["dropped_attributes"], row["message_id"]) == (512, 9488, "m-1")


def test_a_value_of_ten_megabytes(collector: Collector, http: str) -> None:
    """A long value is cut, not refused."""
    long = "é" * 5_000_000
    assert post(http, body(span(long, {"messaging.message.id": long, "x": long})))[0] == 200
    [row] = rows(collector.store)
    for value in (row["name"], row["message_id"], row["attributes"]["x"]):
        assert len(value.encode()) <= 16_390
        assert value.endswith("…")


def test_a_million_distinct_keys(collector: Collector, http: str) -> None:
    """A span with very many keys is stored, cut down."""
    wide = span(attributes={})
    for number in range(1_000_000):
        wide.attributes.add(key=str(number))
    assert post(http, body(wide, span()))[0] == 200
    assert count(collector.store) == 2


BOMBS = {
    "gzip": lambda size: _gzip_zeros(size),
    "deflate": lambda size: zlib.compress(bytes(size), 9),
    "zstd": lambda size: zstandard.ZstdCompressor(level=19).compress(bytes(size)),
}


def _gzip_zeros(size: int) -> bytes:
    return gzip.compress(bytes(size), 9)


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_bomb_is_refused_and_memory_stays_flat(store_path: Path, encoding: str) -> None:
    """413 at the limit, after decompression; of 300 MB never more than the limit and a step are held."""
    bomb = BOMBS[encoding](300 << 20)
    config = CollectorConfig(store=store_path, grpc=None, http="127.0.0.1:0", max_body=1 << 20)
    with Collector(config) as collector:
        assert collector.http_address is not None
        before = _peak_kb()
        for _ in range(3):
            status, answer, _ = post(collector.http_address, bomb, content_encoding=encoding)
            assert status == 413
            assert b"1048576" in answer
        assert _peak_kb() - before < 40_000
        assert post(collector.http_address, body(span()))[0] == 200


def test_many_small_members_cost_little() -> None:
    """A body of very many compressed members, each of which would copy the rest, is refused early."""
    with pytest.raises(Exception, match="parts"):
        Body("gzip").add(gzip.compress(b"") * 100_000)
    with pytest.raises(Exception, match="parts"):
        Body("zstd").add(zstandard.ZstdCompressor().compress(b"x") * 100_000)


def _peak_kb() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_too_large_before_decompression(store_path: Path) -> None:
    """413 by the declared length and by the bytes that came, and the sender gets to read it."""
    config = CollectorConfig(store=store_path, grpc=None, http="127.0.0.1:0", max_body=100_000)
    with Collector(config) as collector:
        assert collector.http_address is not None
        large = bytes(5_000_000)
        assert post(collector.http_address, large)[0] == 413
        assert post(collector.http_address, b"x", content_length="99999999999")[0] == 413
        pieces = (large[:65_536] for _ in range(40))
        assert post(collector.http_address, pieces)[0] == 413  # type: ignore[arg-type]
        assert post(collector.http_address, body(span()))[0] == 200


def test_a_body_never_holds_more_than_its_limit() -> None:
    """The limit is on what comes out, counted as it comes."""
    held = Body("gzip", 1000)
    with pytest.raises(TooLarge):
        held.add(gzip.compress(bytes(1001)))
    assert held.size <= 1000 + (256 << 10)


def test_many_resources_and_scopes(collector: Collector, http: str) -> None:
    """Every span bears its own resource and scope, however they are cut up; equal resources are one row."""
    whole = ExportTraceServiceRequest()
    for service in ("a", "b", "a", ""):
        resource = whole.resource_spans.add()
        if service:
            put(resource.resource, {"service.name": service})
        for scope in ("s1", ""):
            made: Span = span(f"{service}/{scope}")
            resource.scope_spans.add(spans=[made]).scope.name = scope
    assert post(http, whole.SerializeToString())[0] == 200
    stored = rows(collector.store)
    assert len(stored) == 8
    assert all(row["name"] == f"{row['service'] or ''}/{row['scope'] or ''}" for row in stored)
    assert count(collector.store, "resource_rows") == 3
