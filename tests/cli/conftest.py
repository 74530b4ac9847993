"""A store to ask, and the command line in this process."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flowtrail_tui.cli import main

START = 1_772_366_400_000_000_000  # 2026-03-01T12:00:00Z
MS = 1_000_000


def value_of(value: object) -> dict[str, Any]:
    """Write an attribute's value as OTLP JSON does."""
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}


def attributes_of(attributes: dict[str, object]) -> list[dict[str, Any]]:
    """Write attributes as OTLP JSON does."""
    return [{"key": key, "value": value_of(value)} for key, value in attributes.items()]


def request(service: str, *spans: dict[str, Any]) -> str:
    """Write one request of a service, a line of the OpenTelemetry Collector's file exporter."""
    resource = attributes_of({"service.name": service, "service.instance.id": f"{service}-1", "host.name": "h"})
    scope = {"scope": {"name": "flowtrail"}, "spans": list(spans)}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]})


def span(number: int, operation: str, at_ms: int, took_ms: int, attributes: dict[str, object]) -> dict[str, Any]:
    """Write a span of ours."""
    identity = abs(hash((operation, at_ms, number, str(attributes)))) or 1
    base: dict[str, object] = {
        "messaging.system": "kafka",
        "messaging.operation.type": operation,
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": "3",
        "flowtrail.number": number,
        "flowtrail.cluster.id": "c1",
    }
    return {
        "traceId": f"{identity:032x}"[-32:],
        "spanId": f"{identity:016x}"[-16:],
        "name": f"{operation} orders",
        "kind": 4 if operation == "send" else 5,
        "startTimeUnixNano": str(START + at_ms * MS),
        "endTimeUnixNano": str(START + (at_ms + took_ms) * MS),
        "attributes": attributes_of(base | attributes),
    }


def history(key: str = "42") -> str:
    """Tell of one event: sent, received, processed, committed by `payment`; a second one is only sent."""
    sends = [
        span(
            1 + place,
            "send",
            10 * place,
            4,
            {
                "messaging.kafka.offset": 1042 + place,
                "messaging.message.id": f"order-{place}",
                "messaging.message.conversation_id": "flow-1",
                "messaging.kafka.message.key": key,
                "flowtrail.publish.outcome": "acked",
                "flowtrail.producer.epoch": "e1",
                "flowtrail.producer.seq": 1 + place,
            },
        )
        for place in range(2)
    ]
    group: dict[str, object] = {
        "messaging.consumer.group.name": "payment",
        "flowtrail.consumer.member": "m-1",
        "flowtrail.consumer.generation": 1,
    }
    reads = [
        span(1, "assign", 1, 1, group | {"flowtrail.position": 1042, "flowtrail.position.reason": "assign"}),
        span(
            2,
            "receive",
            20,
            1,
            group
            | {
                "messaging.kafka.offset": 1042,
                "flowtrail.offset.last": 1042,
                "messaging.batch.message_count": 1,
            },
        ),
        span(3, "process", 22, 5, group | {"messaging.kafka.offset": 1042, "messaging.message.id": "order-0"}),
        span(4, "settle", 30, 1, group | {"flowtrail.position": 1043, "flowtrail.position.reason": "commit"}),
    ]
    return f"{request('orders', *sends)}\n{request('payment', *reads)}\n"


@dataclass(frozen=True)
class Result:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in an empty directory, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWTRAIL_SOURCE", raising=False)
    monkeypatch.setattr("flowtrail_collector.source.DEFAULT_COLLECTOR", "http://127.0.0.1:9")  # nobody listens there

    def command(*arguments: str | Path) -> Result:
        code = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return Result(code, told.out, told.err)

    return command


@pytest.fixture
def otlp(tmp_path: Path) -> Path:
    """Offer an OTLP file."""
    path = tmp_path / "spans.jsonl"
    path.write_text(history())
    return path


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the event once; each test that asks for `store` has its own copy."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "spans.jsonl").write_text(history())
    assert main(["import", str(folder / "spans.jsonl"), "--store", str(folder / "some.duckdb")]) == 0
    return folder / "some.duckdb"


@pytest.fixture
def store(imported: Path, tmp_path: Path) -> Path:
    """Offer a store with one event in it."""
    return Path(shutil.copy(imported, tmp_path / "some.duckdb"))
