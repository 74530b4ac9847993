"""What a service under an official Python instrumentation sets up: a provider with an OTLP/HTTP exporter."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

Asked = argparse.Namespace


@contextmanager
def exporting() -> Iterator[None]:
    """Install a provider, told by OTEL_* variables what it is and where to send, and flush it at the end."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def arguments(*actions: str) -> Asked:
    """Read what every client is told: what to do, where, and how much of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=actions)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--group", default=None)
    parser.add_argument("--count", type=int, default=3)
    return parser.parse_args()


def headers(number: int) -> list[tuple[str, str | bytes | None]]:
    """Return the headers of message `number`: its id and its flow's, as an application without us would set them."""
    return [("message-id", f"m-{number}".encode()), ("correlation-id", b"flow-1")]


def tell(*words: object) -> None:
    """Print a line for the test that runs this client."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
