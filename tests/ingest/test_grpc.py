"""OTLP over gRPC: the service, its errors and limits, and the official exporters over both transports."""

from __future__ import annotations

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from flowtrail_collector.service import Collector, CollectorConfig
from tests.ingest.otlp import body, count, rows, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture
def channel(collector: Collector) -> Iterator[grpc.Channel]:
    """Connect to the collector."""
    with grpc.insecure_channel(str(collector.grpc_address)) as connected:
        yield connected


def export(channel: grpc.Channel, data: bytes, method: str = EXPORT, **options: Any) -> bytes:
    """Call Export with bytes."""
    return bytes(channel.unary_unary(method)(data, timeout=30, **options))


def test_export_is_acknowledged_when_stored(collector: Collector, channel: grpc.Channel) -> None:
    """Success is an empty response; the spans are there."""
    assert export(channel, body(span(), span())) == b""
    assert count(collector.store) == 2
    assert export(channel, b"") == b""


def test_gzip(collector: Collector, channel: grpc.Channel) -> None:
    """Messages compressed by gRPC are taken."""
    assert export(channel, body(*(span() for _ in range(100))), compression=grpc.Compression.Gzip) == b""
    assert count(collector.store) == 100


def test_partial_success(collector: Collector, channel: grpc.Channel) -> None:
    """Bad spans are counted, the rest is stored."""
    told = ExportTraceServiceResponse.FromString(export(channel, body(span(), span(trace_id=b""))))
    assert told.partial_success.rejected_spans == 1
    assert count(collector.store) == 1


def test_what_is_not_otlp(channel: grpc.Channel) -> None:
    """INVALID_ARGUMENT with the Status in the trailers, and no hint to try again."""
    with pytest.raises(grpc.RpcError) as failed:
        export(channel, b"this is not OTLP")
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailers = dict(failed.value.trailing_metadata())
    assert trailers["grpc-status-details-bin"].startswith(b"\x08\x03")
    assert "google.rpc.retryinfo-bin" not in trailers


def test_too_large_and_bombs(store_path: Path) -> None:
    """RESOURCE_EXHAUSTED before and after decompression; the collector lives on."""
    config = CollectorConfig(store=store_path, grpc="127.0.0.1:0", http=None, max_body=1 << 20)
    with Collector(config) as collector, grpc.insecure_channel(str(collector.grpc_address)) as channel:
        for data in (bytes(2 << 20), gzip.compress(bytes(200 << 20), 9)):
            with pytest.raises(grpc.RpcError) as failed:
                export(channel, data)
            assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError) as failed:
            export(channel, bytes(100 << 20), compression=grpc.Compression.Gzip)
        assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        large = body(*(span(attributes={"messaging.system": "kafka", "x": "y" * 8000}) for _ in range(100)))
        assert export(channel, large) == b""


def test_more_than_grpcs_own_limit(collector: Collector, channel: grpc.Channel) -> None:
    """4 MiB is gRPC's default; ours is 64."""
    data = body(*(span(attributes={"messaging.system": "kafka", "x": "y" * 8000}) for _ in range(1000)))
    assert len(data) > 7 << 20
    assert export(channel, data) == b""
    assert count(collector.store) == 1000


@pytest.mark.parametrize("service", ["metrics.v1.MetricsService", "logs.v1.LogsService"])
def test_other_signals(channel: grpc.Channel, service: str) -> None:
    """Metrics and logs are answered politely."""
    assert b"traces only" in export(channel, b"", f"/opentelemetry.proto.collector.{service}/Export")


class _Full:
    """An intake that is full a few times, then lets through."""

    def __init__(self, intake: Any, times: int) -> None:
        self._intake, self._left = intake, times
        self.lock = threading.Lock()

    def submit(self, data: bytes) -> Any:
        from flowtrail_collector.receive.intake import Overloaded

        with self.lock:
            self._left -= 1
            if self._left >= 0:
                raise Overloaded("later")
        return self._intake.submit(data)

    def close(self) -> None:
        self._intake.close()


def test_unavailable_says_when_to_come_back(collector: Collector, channel: grpc.Channel) -> None:
    """UNAVAILABLE with RetryInfo in both trailers, of at most 2 s."""
    assert collector._grpc is not None
    collector._grpc._intake = _Full(collector._intake, 1)  # type: ignore[assignment]
    with pytest.raises(grpc.RpcError) as failed:
        export(channel, body(span()))
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    trailers = dict(failed.value.trailing_metadata())
    assert trailers["google.rpc.retryinfo-bin"] == b"\x0a\x02\x08\x01"
    assert b"google.rpc.RetryInfo" in trailers["grpc-status-details-bin"]
    assert export(channel, body(span())) == b""


EXPORTERS = {
    "http": lambda c: HttpExporter(endpoint=f"http://{c.http_address}/v1/traces"),
    "http gzip": lambda c: HttpExporter(endpoint=f"http://{c.http_address}/v1/traces", compression=Compression.Gzip),
    "http deflate": lambda c: HttpExporter(
        endpoint=f"http://{c.http_address}/v1/traces", compression=Compression.Deflate
    ),
    "grpc": lambda c: GrpcExporter(endpoint=f"http://{c.grpc_address}", insecure=True),
    "grpc gzip": lambda c: GrpcExporter(
        endpoint=f"http://{c.grpc_address}", insecure=True, compression=grpc.Compression.Gzip
    ),
}


def recorded(exporter: SpanExporter, spans: int) -> None:
    """Record spans with the official SDK and export each with `exporter`."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for number in range(spans):
        with tracer.start_as_current_span(f"span {number}", attributes={"messaging.system": "kafka", "n": number}):
            pass
    provider.shutdown()


@pytest.mark.parametrize("kind", EXPORTERS)
def test_the_official_exporters(collector: Collector, kind: str) -> None:
    """What the official SDK records arrives, over every transport and compression it offers."""
    recorded(EXPORTERS[kind](collector), 5)
    assert [row["name"] for row in rows(collector.store, "SELECT name FROM span_rows ORDER BY start_ns")] == [
        f"span {number}" for number in range(5)
    ]


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_the_official_exporters_come_back(collector: Collector, kind: str) -> None:
    """Refused for a moment, they try again within seconds and lose nothing."""
    assert collector._grpc is not None
    full = _Full(collector._intake, 1)
    collector._grpc._intake = full  # type: ignore[assignment]
    assert collector._http is not None
    for route in collector._http.app.routes:  # type: ignore[attr-defined]
        route.app._intake = full
    begin = time.monotonic()
    recorded(EXPORTERS[kind](collector), 2)
    assert count(collector.store) == 2
    assert time.monotonic() - begin < 8


def test_an_exporter_reports_failure_of_bad_requests_only(collector: Collector) -> None:
    """Exports that succeed say so to the SDK."""
    provider = TracerProvider()
    made = provider.get_tracer("t").start_span("one")
    made.end()
    exporter = EXPORTERS["http"](collector)
    assert exporter.export([made]) is SpanExportResult.SUCCESS  # type: ignore[list-item]


def test_many_at_once(collector: Collector) -> None:
    """Connections side by side, over both transports: all spans, each once."""
    from tests.ingest.otlp import post

    def over_http(_: int) -> None:
        assert post(str(collector.http_address), body(*(span() for _ in range(20))))[0] == 200

    def over_grpc(_: int) -> None:
        with grpc.insecure_channel(str(collector.grpc_address)) as channel:
            export(channel, body(*(span() for _ in range(20))))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: (over_http if number % 2 else over_grpc)(number), range(60)))
    assert count(collector.store) == 1200
    assert collector.counters.stored == 1200
