"""A collector's client: it waits for one that works, and not for one that is gone."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

import pytest

from flowtrail_collector import client
from flowtrail_collector.client import HttpSource
from flowtrail_collector.errors import SourceUnavailable


class _Busy(BaseHTTPRequestHandler):
    """Answers questions late and everything else at once."""

    def do_GET(self) -> None:
        """Answer."""
        if self.path != "/api/v1/":
            sleep(0.4)
        body = json.dumps({"schema": "flowtrail.status/1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the signature is the library's
        """Say nothing."""


@pytest.fixture
def busy() -> Iterator[str]:
    """Run a collector that thinks for a while."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[str]:
    """Take connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_long_question_is_waited_for(busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as something there answers."""
    monkeypatch.setattr(client, "PATIENCE_S", 0.05)
    source = HttpSource(busy)
    assert source.status()["schema"] == "flowtrail.status/1"
    source.close()


@pytest.mark.timeout(40)
def test_silence_is_no_long_question(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes the connection and answers nothing at all is not there: said soon, with what was tried."""
    monkeypatch.setattr(client, "PATIENCE_S", 0.05)
    with pytest.raises(SourceUnavailable, match=r"no answer in time\); tried GET .*/api/v1/status"):
        HttpSource(silent).status()


def test_another_protocol_is_named() -> None:
    """Whoever asks the port for gRPC gets a sentence, not its bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as asker:
                asker.sendall(b"\x00\x00\x1e\x04\x00\x00\x00\x00\n")

        Thread(target=greet, daemon=True).start()
        with pytest.raises(SourceUnavailable, match="does not speak HTTP"):
            HttpSource(f"http://127.0.0.1:{server.getsockname()[1]}").status()
