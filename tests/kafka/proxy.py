"""A proxy before a broker that loses what it is told to: produce requests, or the broker's answers to them.

It follows the frames of Kafka's protocol, so that a fault strikes what it is meant to and nothing else, and writes its
own address over the broker's in every answer, so that clients stay with it.
"""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

PRODUCE = 0
"""The number of the produce request in Kafka's protocol."""
PATIENCE = 30.0


class ProxyError(RuntimeError):
    """What was waited for did not come by."""


class Proxy:
    """Stands before the broker at `address` for the time of a `with` block."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self._broker = host, int(port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._own = "127.0.0.1", int(self._server.getsockname()[1])
        self._changed = threading.Condition()
        self._lose: str | None = None
        self._lost = 0
        self._passages: list[_Passage] = []

    @property
    def bootstrap_servers(self) -> str:
        """Where clients are to connect."""
        return "{}:{}".format(*self._own)

    def lose_answers(self) -> None:
        """Let the broker take whatever is produced from now on, and keep its answers to it."""
        self._begin("answers")

    def lose_requests(self) -> None:
        """Keep whatever is produced from now on from the broker."""
        self._begin("requests")

    def await_lost(self, count: int) -> None:
        """Wait until so many were lost since it was last told to lose something."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._lost >= count, PATIENCE):
                raise ProxyError(f"{self._lost} {self._lose} were lost in {PATIENCE:.0f} s, not {count}")

    def cut(self) -> None:
        """Close every connection, and lose nothing any more."""
        with self._changed:
            passages, self._passages = self._passages, []
            self._lose = None
        for passage in passages:
            passage.close()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _begin(self, what: str) -> None:
        with self._changed:
            self._lose, self._lost = what, 0

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._server.accept()[0]
                try:
                    broker = socket.create_connection(self._broker)
                except OSError:  # it is down: so is its proxy
                    client.close()
                    continue
                passage = _Passage(client, broker, self._passes_request, self._passes_answer)
                with self._changed:
                    self._passages.append(passage)
                passage.start()

    def _passes_request(self, frame: bytes, produced: set[bytes]) -> bytes | None:
        """Return what the broker gets of a request."""
        if struct.unpack_from(">h", frame)[0] != PRODUCE:
            return frame
        with self._changed:
            if self._lose == "requests":
                self._count()
                return None
            produced.add(frame[4:8])
        return frame

    def _passes_answer(self, frame: bytes, produced: set[bytes]) -> bytes | None:
        """Return what the client gets of an answer."""
        with self._changed:
            if frame[:4] in produced:
                produced.discard(frame[:4])
                if self._lose == "answers":
                    self._count()
                    return None
        return frame.replace(_address(*self._broker), _address(*self._own))

    def _count(self) -> None:
        self._lost += 1
        self._changed.notify_all()


Passes = Callable[[bytes, set[bytes]], bytes | None]


class _Passage:
    """One client's connection through the proxy."""

    def __init__(self, client: socket.socket, broker: socket.socket, requests: Passes, answers: Passes) -> None:
        self._client = client
        self._broker = broker
        self._produced: set[bytes] = set()
        self._ways = ((client, broker, requests), (broker, client, answers))

    def start(self) -> None:
        for way in self._ways:
            threading.Thread(target=self._carry, args=way, daemon=True).start()

    def close(self) -> None:
        for end in (self._client, self._broker):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _carry(self, source: socket.socket, target: socket.socket, passes: Passes) -> None:
        with suppress(OSError, EOFError):
            while True:
                frame = _read(source, struct.unpack(">i", _read(source, 4))[0])
                passed = passes(frame, self._produced)
                if passed is not None:
                    target.sendall(struct.pack(">i", len(passed)) + passed)
        self.close()


def _read(source: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = source.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _address(host: str, port: int) -> bytes:
    """Return a host and a port as they stand in metadata; hosts of one length, or the frame's would change."""
    return host.encode() + struct.pack(">i", port)
