"""Runs one foreign client as a process of its own, exporting where it is told, and returns what it printed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.kafka import jars

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).with_name("clients")
POM = Path(__file__).with_name("pom.xml")
TIMEOUT = 90.0
PYTHON_CLIENTS = ("kafka_python", "confluent", "aio")

EXPERIMENTAL = {
    "OTEL_INSTRUMENTATION_MESSAGING_EXPERIMENTAL_RECEIVE_TELEMETRY_ENABLED": "true",
    "OTEL_INSTRUMENTATION_MESSAGING_EXPERIMENTAL_CAPTURE_HEADERS": "message-id,correlation-id",
    "OTEL_INSTRUMENTATION_KAFKA_EXPERIMENTAL_SPAN_ATTRIBUTES": "true",
}
"""The Java agent's settings that make it say more: a span per poll, captured headers, queue time."""


class ClientError(RuntimeError):
    """A foreign client failed where it was not meant to; the message holds what it said."""


def run(
    client: str,
    action: str,
    *,
    endpoint: str,
    bootstrap: str,
    topic: str,
    group: str = "",
    count: int = 3,
    service: str = "",
    settings: Mapping[str, str] | None = None,
    compiled: Path | None = None,
) -> list[str]:
    """Run `client` (one of PYTHON_CLIENTS, or `java` with the folder of its compiled class) and return its lines.

    What is printed is `partition offset` for each record that was acknowledged or handed out, and an error's name where
    the action is to fail.
    """
    if compiled is None:
        command = _python(client, action, bootstrap, topic, group, count)
    else:
        command = _java(compiled, action, bootstrap, topic, group, count)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OTEL_")},
        "OTEL_SERVICE_NAME": service or f"{client}-{action}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        **(settings or {}),
    }
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=ROOT, env=environment
    )
    if done.returncode != 0:
        raise ClientError(f"{client} {action} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def missing_java() -> str | None:
    """Say what the Java client cannot be built and run without; None when all is there."""
    missing = jars.missing_tools()
    return missing if missing or shutil.which("javac") else "not installed: javac"


def compile_java(folder: Path) -> Path:
    """Compile the Java client into `folder` and return it."""
    sources = [str(path) for path in sorted(CLIENTS.glob("*.java"))]
    command = ["javac", "-cp", f"{jars.resolve(POM)}/*", "-d", str(folder), *sources]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode != 0:
        raise ClientError(f"javac failed:\n{done.stderr}")
    return folder


def spans_of(requests: Sequence[ExportTraceServiceRequest]) -> list[Span]:
    """Return all spans of some requests."""
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _python(client: str, action: str, bootstrap: str, topic: str, group: str, count: int) -> Sequence[str]:
    told = ["--bootstrap", bootstrap, "--topic", topic, "--count", str(count), *(["--group", group] if group else [])]
    return [sys.executable, "-m", f"tests.foreign.clients.{client}", action, *told]


def _java(compiled: Path, action: str, bootstrap: str, topic: str, group: str, count: int) -> Sequence[str]:
    library = jars.resolve(POM)
    agent = next(library.glob("opentelemetry-javaagent-*.jar"))
    classpath = os.pathsep.join([str(compiled), *map(str, sorted(set(library.glob("*.jar")) - {agent}))])
    options = [
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        f"-javaagent:{agent}",
        "-Dorg.slf4j.simpleLogger.logFile=System.err",
    ]
    return ["java", *options, "-cp", classpath, "Client", action, bootstrap, topic, group or "none", str(count)]
