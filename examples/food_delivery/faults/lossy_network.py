"""A network that can lose one answer: an HTTP CONNECT proxy between a client and its brokers.

Told to `lose_next_answer`, it lets the next Produce request through, waits until the broker has answered, and cuts the
connection instead of passing the answer on. The broker has written the record, the client does not know, and does what
a client does: it tries again.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from threading import Event, Thread

PRODUCE = 0
"""Kafka's number of the Produce request."""


class LossyNetwork:
    """A proxy on a port of its own, `url`; it lives as long as its process."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._armed = Event()
        self._lost = Event()
        Thread(target=self._accept, daemon=True).start()

    def lose_next_answer(self) -> None:
        """Lose the answer to the next Produce request."""
        self._lost.clear()
        self._armed.set()

    def keep_answers(self) -> bool:
        """Lose nothing any more; tell whether an answer was lost."""
        self._armed.clear()
        return self._lost.is_set()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                received = client.recv(4096)
                if not received:
                    return
                request += received
            host, _, port = request.split()[1].decode().rpartition(":")
            try:
                broker = socket.create_connection((host, int(port)))
            except OSError:
                return
            with broker:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                link = _Link(client, broker, self._armed, self._lost)
                requests = Thread(target=link.forward_requests, daemon=True)
                requests.start()
                link.forward_answers()
                requests.join()


class _Link:
    """One connection through the proxy: Kafka frames in both directions."""

    def __init__(self, client: socket.socket, broker: socket.socket, armed: Event, lost: Event) -> None:
        self._client, self._broker, self._armed, self._lost = client, broker, armed, lost
        self._doomed: int | None = None  # correlation id of the request whose answer will be lost

    def forward_requests(self) -> None:
        """Pass on requests, and mark the one whose answer will be lost."""
        with suppress(OSError):
            while frame := _read_frame(self._client):
                api, _version, correlation = struct.unpack_from(">hhi", frame, 4)
                if api == PRODUCE and self._armed.is_set():
                    self._armed.clear()
                    self._doomed = correlation
                self._broker.sendall(frame)
        self._cut()

    def forward_answers(self) -> None:
        """Pass on answers, but for the doomed one: it ends the connection."""
        with suppress(OSError):
            while frame := _read_frame(self._broker):
                if struct.unpack_from(">i", frame, 4)[0] == self._doomed:
                    self._lost.set()
                    break
                self._client.sendall(frame)
        self._cut()

    def _cut(self) -> None:
        for end in (self._client, self._broker):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _read_frame(end: socket.socket) -> bytes:
    """Read one frame with its four bytes of length; empty at the end of the stream."""
    size = _read_exactly(end, 4)
    return size + _read_exactly(end, struct.unpack(">i", size)[0]) if size else b""


def _read_exactly(end: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = end.recv(count - len(received))
        if not part:
            return b""
        received += part
    return received
