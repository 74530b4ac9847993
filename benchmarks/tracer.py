"""What tracing costs: CPU per message, ours beside the bare client and the official instrumentation, in one run.

    python benchmarks/tracer.py [--quick] [--messages N] [--rounds N]

Every mode runs in a process of its own against the same in-memory broker (librdkafka's mock cluster, in yet another
process) and sends its spans to the same dummy OTLP receiver. What is counted is the CPU time of the client's process
alone, all threads, export included. The modes take turns; the figures are the lowest of the rounds, because what else
runs on the machine only adds. What imports leave to the garbage collector is collected before the counting begins: in
whose figure it fell would be chance. `headers` is the bare client carrying headers like those that flowtrail stamps:
what kafka-python spends on encoding, checksumming and decoding them is the price of the headers, not of the recording.

kafka-python checksums every byte in Python, unless the package `crc32c` is installed. Where it is, both are measured.
"""

import argparse
import gc
import importlib.util
import json
import multiprocessing
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODES = ("bare", "headers", "flowtrail", "official")
HEADERS = [
    ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("correlation-id", b"01a1fd89-6305-7ab6-8cf5-470488d8a79f"),
    ("message-id", b"01a1fd89-6305-7ab6-8cf5-470488d8a79f"),
    ("message-seq", b"a5f8llBu_rc:1234"),
]
API_VERSION = (2, 1)


class _Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def serve(ready: Any) -> None:
    """Run the broker and the OTLP receiver until killed; put their addresses into `ready`."""
    from confluent_kafka import Producer

    mock = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(mock.list_topics(timeout=10).brokers.values()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    ready.put((f"{broker.host}:{broker.port}", server.server_port))
    server.serve_forever()


def _instrument(mode: str, receiver: int) -> Any:
    """Switch one mode on; return what delivers its last spans."""
    if mode == "flowtrail":
        import flowtrail_tracer

        flowtrail_tracer.configure(service="benchmark", endpoint=f"http://127.0.0.1:{receiver}")
        flowtrail_tracer.instrument()
        return lambda: flowtrail_tracer.flush(30)
    if mode == "official":
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.kafka import KafkaInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider()
        exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{receiver}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=1 << 20, schedule_delay_millis=200))
        trace.set_tracer_provider(provider)
        KafkaInstrumentor().instrument()
        return lambda: provider.force_flush(30_000)
    return lambda: None


def measure(mode: str, broker: str, receiver: int, messages: int) -> dict[str, float]:
    """Produce and consume `messages` in one mode; return microseconds of CPU per message, and in `send()` itself."""
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition

    flush = _instrument(mode, receiver)
    topic = f"bench-{mode}-{os.getpid()}"
    producer = KafkaProducer(bootstrap_servers=broker, api_version=API_VERSION, linger_ms=5)
    # the mock cluster keeps five megabytes of a partition: more messages would be gone before they are consumed
    value = b"x" * 100
    headers = HEADERS if mode == "headers" else None
    for _ in range(500):
        producer.send(topic, value=value, key=b"key-1", partition=0, headers=headers)
    producer.flush()
    flush()
    gc.collect()
    begun, hot = time.process_time(), 0.0
    for _ in range(messages):
        before = time.thread_time()
        producer.send(topic, value=value, key=b"key-1", partition=0, headers=headers)
        hot += time.thread_time() - before
    producer.flush()
    flush()
    produced = time.process_time() - begun

    consumer = KafkaConsumer(bootstrap_servers=broker, api_version=API_VERSION, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    for _ in range(500):
        next(consumer)
    flush()
    gc.collect()
    begun = time.process_time()
    for _ in range(messages):
        next(consumer)
    flush()
    consumed = time.process_time() - begun
    return {
        "produced": produced / messages * 1e6,
        "send()": hot / messages * 1e6,
        "consumed": consumed / messages * 1e6,
    }


def run(messages: int, rounds: int, *, pure: bool) -> dict[str, dict[str, float]]:
    """Measure every mode in turns, `pure` without the package crc32c; return mode -> figure -> lowest."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    server = context.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    broker, receiver = ready.get(timeout=30)
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    try:
        for _ in range(rounds):
            for mode in MODES:
                child = ["--child", mode, broker, str(receiver), str(messages), *(["--pure"] if pure else [])]
                command = [sys.executable, str(Path(__file__)), *child]
                output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
                found[mode].append(json.loads(output))
    finally:
        server.terminate()
    return {mode: {name: min(one[name] for one in each) for name in each[0]} for mode, each in found.items()}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it runs, not what it costs")
    parser.add_argument("--messages", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument(
        "--pure", action="store_true", help="only with checksums in Python, also where crc32c is installed"
    )
    options = parser.parse_args()
    if options.child:
        if options.pure:
            sys.modules["crc32c"] = None  # type: ignore[assignment]
        mode, broker, receiver, messages = options.child
        print(json.dumps(measure(mode, broker, int(receiver), int(messages))))
        return
    messages, rounds = (2_000, 1) if options.quick else (options.messages, options.rounds)
    table("kafka-python with checksums in Python", run(messages, rounds, pure=True))
    if not options.pure and importlib.util.find_spec("crc32c"):
        table("kafka-python with the package crc32c", run(messages, rounds, pure=False))


def table(title: str, found: dict[str, dict[str, float]]) -> None:
    """Print the figures of one way to checksum."""
    print(f"\n{title}: microseconds of CPU per message")
    print(f"{'':34}{''.join(f'{mode:>12}' for mode in MODES)}{'ours/official':>16}")
    for name in ("produced", "send()", "consumed"):
        bare, carried, ours, official = (found[mode][name] for mode in MODES)
        theirs = official - bare
        print(f"{name:34}{bare:12.1f}{carried:12.1f}{ours:12.1f}{official:12.1f}")
        row("  on top of bare", carried - bare, ours - bare, theirs)
        row("  without the price of headers", 0.0, ours - carried, theirs)


def row(title: str, headers: float, ours: float, theirs: float) -> None:
    """Print one line of differences and the ratio of ours to theirs."""
    print(f"{title:34}{'':12}{headers:12.1f}{ours:12.1f}{theirs:12.1f}{ours / theirs:16.3f}")


if __name__ == "__main__":
    main()
