"""SIGKILL under load: every acknowledged span is there once, and nothing that was never sent."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from flowtrail_collector.store import Store
from tests.ingest.otlp import PROTOBUF, body, rows, span

if TYPE_CHECKING:
    from pathlib import Path

COLLECT = """
import sys
from flowtrail_collector.service import Collector, CollectorConfig
with Collector(CollectorConfig(store=sys.argv[1], grpc=None, http=f"127.0.0.1:{sys.argv[2]}")) as collector:
    print(collector.http_address, flush=True)
    sys.stdin.read()
"""


class Collecting:
    """A collector in a process that is killed and started again on the same port."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        arguments = [sys.executable, "-c", COLLECT, str(self._store), str(self.port)]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def end(self) -> None:
        """Stop in order."""
        self._process.communicate("")


def send_until(stop: threading.Event, port: int, acked: dict[bytes, int], sent: set[bytes], lock: Any) -> None:
    """Send requests, each until it is acknowledged, as a retrying client does."""
    connection = None
    while not stop.is_set():
        spans = [span() for _ in range(50)]
        data = body(*spans)
        with lock:
            sent.update(one.span_id for one in spans)
        while True:
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("POST", "/v1/traces", data, {"Content-Type": PROTOBUF})
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    break
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
            time.sleep(0.02)
        with lock:
            for one in spans:
                acked[one.span_id] = acked.get(one.span_id, 0) + 1
    if connection is not None:
        connection.close()


@pytest.mark.slow
def test_killed_again_and_again(store_path: Path) -> None:
    """Four kills at odd moments with four retrying clients: acknowledged means stored, once."""
    collecting = Collecting(store_path)
    stop, lock = threading.Event(), threading.Lock()
    acked: dict[bytes, int] = {}
    sent: set[bytes] = set()
    arguments = (stop, collecting.port, acked, sent, lock)
    clients = [threading.Thread(target=send_until, args=arguments) for _ in range(4)]
    for client in clients:
        client.start()
    opening = []
    for pause in (0.7, 1.3, 0.4, 1.1):
        time.sleep(pause)
        collecting.kill()
        begin = time.monotonic()
        collecting.start()
        opening.append(time.monotonic() - begin)
    time.sleep(0.5)
    stop.set()
    for client in clients:
        client.join()
    collecting.end()
    with Store.open(store_path) as store:
        stored = rows(store, "SELECT span_id, count(*) AS n, bool_or(conflicting) AS c FROM span_rows GROUP BY span_id")
        assert {row["n"] for row in stored} == {1}
        assert not any(row["c"] for row in stored)
        assert {row["span_id"] for row in stored} == set(acked)
        assert set(acked) <= sent
    assert acked
