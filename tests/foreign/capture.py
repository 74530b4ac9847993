"""Writes tests/foreign/captures: what official instrumentations really send, run against a real Kafka.

    python -m tests.foreign.capture

One file per client and setting, OTLP JSON lines. Times and ids stay as they were captured; what would tell about the
machine that captured them (paths, host name, kernel, command line) is replaced.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.foreign import otlp_json, services
from tests.foreign.receiver import Receiver
from tests.kafka import jars
from tests.kafka.broker import Broker, Cluster

CAPTURES = Path(__file__).with_name("captures")


class Capture(NamedTuple):
    """One file: a client, what it does there, and the settings it runs under."""

    client: str
    actions: tuple[str, ...]
    settings: Mapping[str, str]


ONE_BY_ONE = ("produce", "fail", "consume")
LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "messaging"}
BOTH = {"OTEL_SEMCONV_STABILITY_OPT_IN": "messaging/dup"}

PLAN = {
    "kafka-python": Capture("kafka_python", ONE_BY_ONE, {}),
    "confluent-kafka": Capture("confluent", (*ONE_BY_ONE, "consume-batch"), {}),
    "aiokafka": Capture("aio", (*ONE_BY_ONE, "consume-batch"), {}),
    "java-agent": Capture("java", ONE_BY_ONE, {}),
    "java-agent-receive": Capture("java", ONE_BY_ONE, services.EXPERIMENTAL),
    "java-agent-latest-receive": Capture("java", ONE_BY_ONE, {**services.EXPERIMENTAL, **LATEST}),
    "java-agent-dup-receive": Capture("java", ONE_BY_ONE, {**services.EXPERIMENTAL, **BOTH}),
}

SCRUBBED_ATTRIBUTES = {
    "host.name": "host",
    "os.description": "Linux",
    "os.version": "6",
    "process.executable.path": "/usr/bin/java",
    "process.runtime.description": "OpenJDK 64-Bit Server VM",
    "process.runtime.version": "17",
}
SCRUBBED_COMMAND = ["java", "-javaagent:/app/opentelemetry-javaagent.jar", "Client"]


def main() -> None:
    """Run every client of the plan against one broker and write what it sent."""
    CAPTURES.mkdir(exist_ok=True)
    with Broker() as broker, tempfile.TemporaryDirectory() as folder:
        compiled = services.compile_java(Path(folder))
        for name, capture in PLAN.items():
            topic = broker.create_topic(f"orders-{name}")
            lines = [json.dumps(line, separators=(",", ":")) for line in _run(broker, topic, capture, compiled)]
            (CAPTURES / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def _run(cluster: Cluster, topic: str, capture: Capture, compiled: Path) -> Iterator[dict[str, Any]]:
    for action in capture.actions:
        with Receiver() as receiver:
            services.run(
                capture.client,
                action,
                endpoint=receiver.endpoint,
                bootstrap=cluster.bootstrap_servers,
                topic=topic,
                group=f"{action}-group",
                settings=capture.settings,
                compiled=compiled if capture.client == "java" else None,
            )
        yield from (scrub(otlp_json.to_json(request)) for request in receiver.requests)


def scrub(line: dict[str, Any]) -> dict[str, Any]:
    """Replace what tells about this machine."""
    for resource in line["resourceSpans"]:
        for attribute in resource.get("resource", {}).get("attributes", []):
            _scrub_resource(attribute)
    scrubbed = json.loads(_PATHS.sub(lambda found: _PLACES[found.group()], json.dumps(line)))
    assert isinstance(scrubbed, dict)
    return scrubbed


def _scrub_resource(attribute: dict[str, Any]) -> None:
    key = attribute["key"]
    if key in SCRUBBED_ATTRIBUTES:
        attribute["value"] = {"stringValue": SCRUBBED_ATTRIBUTES[key]}
    elif key == "process.command_args":
        attribute["value"] = {"arrayValue": {"values": [{"stringValue": word} for word in SCRUBBED_COMMAND]}}


_PLACES = {
    sys.prefix: "/app/venv",
    sys.base_prefix: "/usr/local",
    str(services.ROOT): "/app",
    str(jars.cache_folder()): "/app/cache",
    str(Path.home()): "/home/app",
    tempfile.gettempdir() + os.sep: "/app/run/",
}
_EVERYWHERE = {"/", "/usr", "/usr/local"}
"""Where a system's own Python stands: such a prefix names no machine."""
_PATHS = re.compile(
    "|".join(re.escape(place) for place in sorted(_PLACES, key=len, reverse=True) if place not in _EVERYWHERE)
)


if __name__ == "__main__":
    main()
