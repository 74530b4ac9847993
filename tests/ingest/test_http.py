"""OTLP over HTTP, on real sockets: answers, errors, limits."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.foreign.otlp_json import to_json
from tests.ingest.otlp import NOW, body, count, post, request, rows, span

if TYPE_CHECKING:
    from flowtrail_collector.service import Collector

JSON = "application/json"


def status_of(answer: bytes) -> tuple[int, str]:
    """Decode the code and message of a google.rpc.Status by hand: field 1 a varint, field 2 a string."""
    assert answer[:1] == b"\x08"
    code = answer[1]
    assert answer[2:3] == b"\x12"
    length, at = answer[3], 4
    if length & 0x80:
        length, at = (length & 0x7F) | answer[4] << 7, 5
    return code, answer[at : at + length].decode()


def test_success_is_empty_and_durable(collector: Collector, http: str) -> None:
    """A request is answered 200 with no partial success, in its own type, when its spans are stored."""
    status, answer, headers = post(http, body(span(), span()))
    assert (status, answer, headers["content-type"]) == (200, b"", "application/x-protobuf")
    assert count(collector.store) == 2
    status, answer, headers = post(
        http, json.dumps(to_json(request([span()]))).encode(), "application/json; charset=utf-8"
    )
    assert (status, answer, headers["content-type"]) == (200, b"{}", JSON)
    assert count(collector.store) == 3


def test_an_empty_request_is_a_success(http: str) -> None:
    """Nothing to store is no error, in both types."""
    assert post(http, b"")[:2] == (200, b"")
    assert post(http, b"{}", JSON)[:2] == (200, b"{}")
    assert post(http, b'{"resourceSpans": []}', JSON)[0] == 200


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("identity", bytes),
        ("GZIP", gzip.compress),
    ],
)
def test_compressed_bodies(collector: Collector, http: str, encoding: str, compress: Any) -> None:
    """gzip, deflate and zstd are undone."""
    assert post(http, compress(body(span())), content_encoding=encoding)[0] == 200
    assert count(collector.store) == 1


def test_what_is_not_otlp_is_a_client_error(collector: Collector, http: str) -> None:
    """400 with a google.rpc.Status that says what is wrong, in the request's own type."""
    status, answer, headers = post(http, b"hello, this is not OTLP")
    assert (status, headers["content-type"]) == (400, "application/x-protobuf")
    code, message = status_of(answer)
    assert code == 3
    assert "not an OTLP ExportTraceServiceRequest" in message
    status, answer, headers = post(http, b"{'single': quotes}", JSON)
    assert (status, headers["content-type"]) == (400, JSON)
    assert json.loads(answer)["code"] == 3
    assert "not JSON" in json.loads(answer)["message"]
    status, answer, _ = post(http, b"this is not gzip", content_encoding="gzip")
    assert status == 400
    assert "gzip" in status_of(answer)[1]
    assert post(http, gzip.compress(body(span()))[:-20], content_encoding="gzip")[0] == 400
    assert count(collector.store) == 0


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("resourceSpans",), 5, "resourceSpans must be an array, not a number"),
        (("resourceSpans", 0), "x", "resourceSpans[0] must be an object, not a string"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "name"), 7, "spans[0].name must be a string"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "traceId"), 7, "traceId must be an id in hex"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "startTimeUnixNano"), "noon", "startTimeUnixNano must be"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "startTimeUnixNano"), True, "must be an integer"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "kind"), "SPAN_KIND_CLIENT", "kind must be an integer"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "attributes"), {"a": 1}, "attributes must be an array"),
        (
            ("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "attributes", 0, "value"),
            "kafka",
            "attributes[0].value must be an object, not a string",
        ),
        (
            ("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "attributes", 0, "value"),
            {"intValue": "twelve"},
            "attributes[0].value.intValue must be an integer",
        ),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "status"), [], "status must be an object"),
        (("resourceSpans", 0, "scopeSpans", 0, "spans", 0, "links"), [5], "links[0] must be an object"),
    ],
)
def test_wrong_json_types_are_named_with_their_path(http: str, path: tuple[Any, ...], value: Any, says: str) -> None:
    """A field of a wrong JSON type is 400, and the message says which field and what was expected."""
    document: Any = to_json(request([span()]))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    status, answer, _ = post(http, json.dumps(document).encode(), JSON)
    assert status == 400
    assert says in json.loads(answer)["message"]


def test_json_is_read_as_the_specification_says(collector: Collector, http: str) -> None:
    """Ids are hex, 64-bit integers strings or numbers, unknown fields and nulls are ignored."""
    document: Any = to_json(request([span(attributes={"messaging.kafka.offset": 7, "x": 1.5})]))
    told = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    told["startTimeUnixNano"] = NOW
    told["endTimeUnixNano"] = str(NOW + 5)
    told["traceId"] = "5B8EFFF798038103D269B633813FC60C"
    told["parentSpanId"] = ""
    told["future"] = {"field": [1]}
    told["traceState"] = None
    told["attributes"][0]["value"] = {"intValue": 7}
    document["future"] = 1
    assert post(http, json.dumps(document).encode(), JSON)[0] == 200
    [row] = rows(collector.store)
    assert row["trace_id"].hex() == "5b8efff798038103d269b633813fc60c"
    assert (row["start_ns"], row["end_ns"], row["offset"], row["parent_span_id"]) == (NOW, NOW + 5, 7, None)


def test_methods_types_and_encodings_that_are_not_taken(http: str) -> None:
    """405 with Allow, 415 for other types and content codings, 404 for other paths."""
    status, _, headers = post(http, b"", method="GET")
    assert (status, headers["allow"]) == (405, "POST")
    assert post(http, body(span()), "text/plain")[0] == 415
    assert post(http, body(span()), content_encoding="br")[0] == 415
    assert post(http, body(span()), path="/v1/profiles")[0] == 404


@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/logs"])
def test_other_signals_are_answered_politely(http: str, path: str) -> None:
    """An exporter of metrics or logs is answered with success, and told that they are dropped."""
    status, answer, _ = post(http, b"", path=path)
    assert status == 200
    response = ExportTraceServiceResponse.FromString(answer)
    assert response.partial_success.rejected_spans == 0
    assert "traces only" in response.partial_success.error_message


def test_a_request_in_pieces_of_a_kept_connection(collector: Collector, http: str) -> None:
    """Chunked bodies and several requests over one connection."""
    host, port = http.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(2):
            data = body(span())
            head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for piece in (data[:10], data[10:]):
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(0.02)
            connection.sendall(b"0\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert count(collector.store) == 2


@pytest.mark.slow
def test_slow_headers_and_bodies_are_closed_within_ten_seconds(http: str) -> None:
    """Who sends a byte now and then is cut off, in the headers and in the body, before 11 s have passed."""
    host, port = http.split(":")
    heads = [
        b"",
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 999\r\n\r\n",
    ]
    begin = time.monotonic()
    connections = [socket.create_connection((host, int(port)), timeout=0.01) for _ in heads]
    for connection, head in zip(connections, heads, strict=True):
        connection.sendall(head)
    open_ones = set(range(len(heads)))
    while open_ones and time.monotonic() - begin < 13:
        for place in list(open_ones):
            try:
                if place:
                    connections[place].sendall(b"x")
                if connections[place].recv(4096) == b"" or place == 2:
                    open_ones.discard(place)
            except TimeoutError:
                continue
            except OSError:
                open_ones.discard(place)
        time.sleep(0.2)
    for connection in connections:
        connection.close()
    assert not open_ones
    assert time.monotonic() - begin < 11.5


def test_many_headers_are_refused(http: str) -> None:
    """Headers beyond 64 KiB end the connection."""
    host, port = http.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n")
        try:
            for number in range(40):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"a" * 4000))
            answer = connection.recv(4096)
        except OSError:
            answer = b""
        assert not answer or answer.startswith(b"HTTP/1.1 400")


def test_stopping_answers_what_was_taken(collector: Collector, http: str) -> None:
    """After stop everything acknowledged is in the file, its log folded into it."""
    assert post(http, body(span()))[0] == 200
    path = collector.store.path
    collector.stop()
    collector.stop()
    assert not path.with_name(path.name + ".wal").exists()
    with pytest.raises(ConnectionRefusedError):
        post(http, body(span()))
