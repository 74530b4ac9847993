"""Durable ingest: what the collector stores per second, against a bare DuckDB insert of the same rows.

The collector runs in a process of its own on the first core, the senders in another on the second; every request holds
512 messaging spans as flowtrail's tracer sends them and is counted when it is acknowledged, which is after its commit.
The reference inserts the same rows, prepared as Arrow columns, into the same tables, in transactions as large as the
collector's own. Run: `.venv/bin/python benchmarks/ingest.py [--quick]`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from parts.orders import put

SPANS = 512
_HEADERS = {"Content-Type": "application/x-protobuf"}


def request_of(seed: int, spans: int = SPANS) -> bytes:
    """Return an OTLP request: one instance's sends, receives, processings and settles, some 500 B each."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    rnd = random.Random(seed)
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()

    put(resource.resource, "service.name", "orders")
    put(resource.resource, "service.instance.id", f"0192f0c1-7b1a-7000-8000-{seed % 16:012x}")
    put(resource.resource, "host.name", "host-1")
    scope = resource.scope_spans.add()
    scope.scope.name = "flowtrail_tracer"
    now = time.time_ns()
    for place in range(spans):
        number = seed * spans + place
        operation = ("send", "process", "send", "process", "send", "process", "receive", "settle")[place % 8]
        span = scope.spans.add(
            trace_id=rnd.randbytes(16),
            span_id=rnd.randbytes(8),
            name=f"{operation} orders",
            kind=4 if operation == "send" else 5,
            start_time_unix_nano=now + place * 1000,
            end_time_unix_nano=now + place * 1000 + 4_000_000,
        )
        put(span, "messaging.system", "kafka")
        put(span, "messaging.operation.type", operation)
        put(span, "messaging.destination.name", "orders")
        put(span, "messaging.destination.partition.id", str(place % 6))
        put(span, "messaging.client.id", "orders-1")
        put(span, "flowtrail.number", number)
        if operation in ("send", "process"):
            put(span, "messaging.kafka.offset", number)
            put(span, "messaging.kafka.message.key", str(rnd.randrange(10**6)))
            put(span, "messaging.message.id", f"0192f0c1-7b1a-7000-8000-{rnd.getrandbits(48):012x}")
            put(span, "messaging.message.conversation_id", f"order-{rnd.randrange(10**6)}")
            put(span, "messaging.message.body.size", 256)
            put(span, "flowtrail.producer.epoch", "18f0c1b2a3d4")
            put(span, "flowtrail.producer.seq", number)
        if operation == "send":
            put(span, "flowtrail.publish.outcome", "acked")
            put(span, "flowtrail.publish.timeout", 120_000)
        else:
            put(span, "messaging.consumer.group.name", "payment")
            put(span, "flowtrail.consumer.member", "payment-1-7d2b0b1e-0001")
            put(span, "flowtrail.consumer.generation", 3)
        if operation == "process":
            span.parent_span_id = rnd.randbytes(8)
            span.links.add(trace_id=rnd.randbytes(16), span_id=rnd.randbytes(8))
        if operation == "receive":
            put(span, "messaging.kafka.offset", number)
            put(span, "flowtrail.offset.last", number + 9)
            put(span, "messaging.batch.message_count", 10)
        if operation == "settle":
            put(span, "flowtrail.position", number)
            put(span, "flowtrail.position.reason", "commit")
    return request.SerializeToString()


@dataclass(frozen=True)
class Load:
    """What the senders saw."""

    spans: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int

    @property
    def rate(self) -> float:
        """Return acknowledged spans per second."""
        return self.spans / self.seconds


def send(address: str, transport: str, connections: int, seconds: float, rate: float) -> Load:
    """Send for a while, over connections that are kept, at most `rate` spans a second (0: as many as are taken)."""
    # Ids must be new in every request, or it would be a repeat: they are changed in place in made-up requests.
    templates = [request_of(seed) for seed in range(8)]
    taken: list[float] = []
    refused = 0
    lock = threading.Lock()
    counter = iter(range(1, 1 << 60))
    begin = time.monotonic()

    def work() -> None:
        nonlocal refused
        post = _poster(address, transport)
        mine: list[float] = []
        missed = 0
        while time.monotonic() - begin < seconds:
            with lock:
                number = next(counter)
            if rate:
                time.sleep(max(0.0, begin + number * SPANS / rate - time.monotonic()))
            body = renewed(templates[number % len(templates)], number)
            started = time.perf_counter()
            while not post(body):
                missed += 1
                time.sleep(0.2)
            mine.append(time.perf_counter() - started)
        with lock:
            taken.extend(mine)
            refused += missed

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - begin
    taken.sort()
    p99 = taken[int(len(taken) * 0.99)] if taken else 0.0
    return Load(len(taken) * SPANS, elapsed, statistics.median(taken) * 1e3, p99 * 1e3, refused)


_places: dict[bytes, list[int]] = {}


def renewed(template: bytes, number: int) -> bytes:
    """Return a request with other span ids: the first four bytes of each are the number of the request."""
    places = _places.get(template)
    if places is None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        spans = ExportTraceServiceRequest.FromString(template).resource_spans[0].scope_spans[0].spans
        places = [template.index(b"\x12\x08" + span.span_id) + 2 for span in spans]
        _places[template] = places
    body = bytearray(template)
    mark = number.to_bytes(4, "big")
    for place in places:
        body[place : place + 4] = mark
    return bytes(body)


def _poster(address: str, transport: str):  # type: ignore[no-untyped-def]
    if transport == "grpc":
        import grpc

        channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")

        def call(body: bytes) -> bool:
            try:
                export(body, timeout=60)
            except grpc.RpcError as error:
                if error.code() is grpc.StatusCode.UNAVAILABLE:
                    return False
                raise
            return True

        return call
    connection = http.client.HTTPConnection(address)

    def post(body: bytes) -> bool:
        connection.request("POST", "/v1/traces", body, _HEADERS)
        response = connection.getresponse()
        answer = response.read()
        if response.status not in (200, 503):
            raise RuntimeError(f"{response.status}: {answer!r}")
        return response.status == 200

    return post


def serve(store: str) -> None:
    """Be the collector: say where it listens, then run until stdin ends."""
    from flowtrail_collector.service import Collector, CollectorConfig

    config = CollectorConfig(store=store, grpc="127.0.0.1:0", http="127.0.0.1:0")
    with Collector(config) as collector:
        print(collector.http_address, collector.grpc_address, flush=True)
        sys.stdin.read()


def bare(store: str, requests: int) -> None:
    """Insert the same rows with nothing but DuckDB; print rows and seconds."""
    import duckdb
    import pyarrow as pa

    from flowtrail_collector.normalise import normalise
    from flowtrail_collector.receive.decode import decode
    from flowtrail_collector.store.opening import ROW_GROUP_SIZE
    from flowtrail_collector.store.schema import create

    group = 16
    templates = [request_of(seed) for seed in range(8)]
    prepared = []
    for first in range(0, requests, group):
        bodies = [renewed(templates[n % 8], n) for n in range(first, min(first + group, requests))]
        batch = normalise(pa.concat_arrays([decode(body) for body in bodies])).batch
        flags = pa.nulls(batch.spans.num_rows, pa.bool_()).fill_null(fill_value=False)
        prepared.append(batch.spans.append_column("conflicting", flags).combine_chunks())
    connection = duckdb.connect(":memory:", config={"threads": "2", "checkpoint_threshold": "1TB"})
    connection.execute(f"ATTACH '{store}' AS store (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
    connection.execute("USE store")
    create(connection)
    rows = since = 0
    begin, cpu = time.monotonic(), time.process_time()
    for table in prepared:
        if since and since + table.num_rows > ROW_GROUP_SIZE:
            connection.execute("CHECKPOINT")
            since = 0
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        connection.register("rows", table)
        connection.execute(f"INSERT INTO span_rows ({columns}) SELECT {columns} FROM rows")
        connection.unregister("rows")
        rows += table.num_rows
        since += table.num_rows
    print(rows, time.monotonic() - begin, time.process_time() - cpu)


def _rss_mb(pid: int) -> tuple[float, float]:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pinned(core: int, *arguments: str) -> list[str]:
    pin = ["taskset", "-c", str(core)] if os.cpu_count() != 1 else []
    return [*pin, sys.executable, __file__, *arguments]


def measure(folder: Path, load: tuple[str, int, float], seconds: float, bare_rate: float, label: str) -> None:
    """Run one collector under one load (transport, connections, spans/s or 0) and print a line of the table."""
    transport, connections, rate = load
    store = folder / ("".join(letter if letter.isalnum() else "-" for letter in label) + ".duckdb")
    with subprocess.Popen(
        _pinned(0, "--serve", str(store)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as collector:
        http_address, grpc_address = collector.stdout.readline().split() if collector.stdout else ("", "")
        address = grpc_address if transport == "grpc" else http_address
        before = _cpu_s(collector.pid)
        told = subprocess.run(
            _pinned(1, "--send", address, transport, str(connections), str(seconds), str(rate)),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        seen = Load(int(told[0]), *(float(value) for value in told[1:4]), int(told[4]))
        cpu = _cpu_s(collector.pid) - before
        now, peak = _rss_mb(collector.pid)
        collector.communicate()
    size = store.stat().st_size / seen.spans
    print(
        f"{label:34} {seen.rate:9,.0f} {seen.rate / bare_rate:8.0%} {cpu / seen.spans * 1e6:9.1f} {peak:8.0f} "
        f"{now:8.0f} {seen.p50_ms:8.0f} {seen.p99_ms:8.0f} {seen.refused:8d} {size:7.0f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes: only to see that it runs")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--serve", metavar="STORE", help=argparse.SUPPRESS)
    parser.add_argument("--send", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.send:
        address, transport, connections, seconds, rate = options.send
        load = send(address, transport, int(connections), float(seconds), float(rate))
        print(load.spans, load.seconds, load.p50_ms, load.p99_ms, load.refused)
    elif options.bare:
        bare(options.bare[0], int(options.bare[1]))
    else:
        table(3.0 if options.quick else options.seconds)


def table(seconds: float) -> None:
    """Measure everything side by side."""
    request = request_of(1)
    print(f"{SPANS} spans a request, {len(request) / SPANS:.0f} B a span; {seconds:g} s each")
    print(
        f"{'':34} {'spans/s':>9} {'of bare':>8} {'CPU us':>9} {'peak MB':>8} {'end MB':>8} {'p50 ms':>8} {'p99 ms':>8} "
        f"{'refused':>8} {'B/span':>7}",
    )
    with tempfile.TemporaryDirectory() as folder:
        requests = max(64, int(seconds * 80))
        told = subprocess.run(
            _pinned(0, "--bare", str(Path(folder) / "bare.duckdb"), str(requests)),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        rows, took, cpu = int(told[0]), float(told[1]), float(told[2])
        print(f"{'bare DuckDB, rows prepared':34} {rows / took:9,.0f} {1:8.0%} {cpu / rows * 1e6:9.1f}", flush=True)
        loads = {
            "HTTP, 8 connections": ("http", 8, 0.0),
            "HTTP, 16 connections": ("http", 16, 0.0),
            "gRPC, 16 connections": ("grpc", 16, 0.0),
            "HTTP, 40,000 spans/s offered": ("http", 16, 40_000.0),
            "HTTP, 20,000 spans/s offered": ("http", 16, 20_000.0),
        }
        for label, load in loads.items():
            measure(Path(folder), load, seconds, rows / took, label)


if __name__ == "__main__":
    main()
