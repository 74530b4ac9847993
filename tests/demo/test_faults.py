"""What the services note of their faults is what happened, and happens only when asked for."""

import json
import socket
import struct
import sys
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition

from flowtrail_tui.demo.services import code_directory

sys.path.insert(0, str(code_directory()))
from food_delivery.faults import Faults
from food_delivery.faults.lossy_network import LossyNetwork
from food_delivery.faults.schedule import Schedule


class Message(NamedTuple):
    """As much of a record as the faults look at."""

    topic: str
    partition: int
    offset: int
    value: bytes


def _message(offset: int, partition: int = 0, card: str = "card-1") -> Message:
    event = {
        "type": "OrderPlaced",
        "order": "o",
        "because": None,
        "details": {"card": card},
        "id": f"{partition}:{offset}",
    }
    return Message("orders", partition, offset, json.dumps(event).encode())


@pytest.fixture
def faults(tmp_path: Path) -> Any:
    """Make the faults of a payment member that has none of its own due."""
    settings = SimpleNamespace(member="payment-9", faults=tmp_path, seed=1, seconds=None, group=lambda name: name)
    return Faults(settings)  # type: ignore[arg-type]


def _noted(tmp_path: Path) -> list[tuple[str, list[str]]]:
    notes = tmp_path / "payment-9.jsonl"
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [(entry["kind"], entry["message_ids"]) for entry in map(json.loads, lines)]


def test_what_moves_away_uncommitted_is_redelivered(faults: Any, tmp_path: Path) -> None:
    """What stays with the member is not, until it moves as well; what failed is tried again, which is no fault."""
    faults.commit_refused([_message(1), _message(2, partition=1), _message(3, partition=1, card="unreadable")])
    faults.on_partitions_assigned([TopicPartition("orders", 0)])
    assert _noted(tmp_path) == [("redelivery", ["1:2"])]
    faults.commit_refused([_message(2)])
    faults.on_partitions_assigned([])
    assert _noted(tmp_path)[1:] == [("redelivery", ["0:1"]), ("redelivery", ["0:2"])]


def test_a_commit_covers_what_was_refused_before(faults: Any, tmp_path: Path) -> None:
    """The position of a partition that stayed is past it."""
    faults.commit_refused([_message(1)])
    faults.committed()
    faults.on_partitions_assigned([])
    assert _noted(tmp_path) == []


def test_what_was_handled_before_does_not_hang_for_good(faults: Any, tmp_path: Path) -> None:
    """A message that hangs and is committed is unfinished, but not where another member of the group had done it."""
    (tmp_path / "payment-1.jsonl").write_text(
        json.dumps({"kind": "redelivery", "group": "payment", "message_ids": ["0:1"]}) + "\n"
    )
    for offset in (1, 2):
        faults._hung = _message(offset)
        faults.committed()
    assert _noted(tmp_path) == [("unfinished", ["0:2"])]


def test_the_same_seed_gives_the_same_times() -> None:
    """And a process that replaces another waits a whole period before the next crash."""
    first = Schedule("payment-1", 7, None, replaced=False)
    assert vars(first)["_due"] == vars(Schedule("payment-1", 7, None, replaced=False))["_due"]
    assert vars(first)["_due"] != vars(Schedule("payment-1", 8, None, replaced=False))["_due"]
    assert vars(Schedule("payment-1", 7, None, replaced=True))["_due"]["crash"] >= 90


def test_the_network_loses_one_answer_and_only_when_told() -> None:
    """The request reaches the broker; its answer does not reach the client."""
    received: list[bytes] = []
    broker = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            client, _ = broker.accept()
            with client:
                while request := client.recv(100):
                    received.append(request)
                    client.sendall(struct.pack(">i", 4) + request[8:12])

    Thread(target=serve, daemon=True).start()
    network = LossyNetwork()

    def connected() -> socket.socket:
        client = socket.create_connection(("127.0.0.1", int(network.url.rpartition(":")[2])), timeout=5)
        port = broker.getsockname()[1]
        client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        return client

    def produce(correlation: int) -> bytes:
        return struct.pack(">ihhi", 8, 0, 3, correlation)

    with connected() as client:
        client.sendall(produce(1))
        assert client.recv(100) == struct.pack(">ii", 4, 1)
        network.lose_next_answer()
        client.sendall(produce(2))
        assert client.recv(100) == b""
    assert network.keep_answers()
    with connected() as client:
        client.sendall(produce(3))
        assert client.recv(100) == struct.pack(">ii", 4, 3)
    assert received == [produce(1), produce(2), produce(3)]
    broker.close()
