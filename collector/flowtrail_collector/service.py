"""The running collector: wires receivers, store, questions and watcher together, starts and stops them."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from flowtrail_collector.access import is_loopback
from flowtrail_collector.errors import SourceUnavailable, UsageError
from flowtrail_collector.receive.compression import MAX_BODY
from flowtrail_collector.receive.connection import Connection
from flowtrail_collector.receive.counters import Counters
from flowtrail_collector.receive.grpc import OtlpGrpc
from flowtrail_collector.receive.http import OtlpHttp
from flowtrail_collector.receive.intake import MAX_WAITING_BYTES, Intake
from flowtrail_collector.store import Store
from flowtrail_collector.store.retention import expire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.routing import BaseRoute

_GRACE_S: Final = 5.0
_EXPIRE_EVERY_S: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """What a collector is told."""

    store: Path | str = Path("flowtrail.duckdb")
    grpc: str | None = "127.0.0.1:4317"
    """HOST:PORT for OTLP over gRPC, port 0 for any free one; None: not offered."""
    http: str | None = "127.0.0.1:4318"
    """HOST:PORT for OTLP over HTTP and for the API."""
    retain_s: float | None = None
    """Age in seconds beyond which spans are removed; None keeps them."""
    max_body: int = MAX_BODY
    """Bytes a request may have, decompressed."""
    max_waiting: int = MAX_WAITING_BYTES
    """Bytes of requests that may wait for the store; beyond, senders are asked to come back."""
    memory_limit: str = "256MB"
    """What DuckDB may use; larger questions spill to disk."""


class Collector:
    """A collector in this process. `start` returns when it listens; `stop` when everything received is stored."""

    def __init__(
        self,
        config: CollectorConfig,
        *,
        routes: Callable[[Store, Collector], Sequence[BaseRoute]] | None = None,
    ) -> None:
        """Keep the configuration; nothing is opened yet. `routes` makes the API's routes once there is a store."""
        self.config = config
        self.counters = Counters()
        self._make_routes = routes
        self._store: Store | None = None
        self._intake: Intake | None = None
        self._grpc: OtlpGrpc | None = None
        self._http: _HttpServer | None = None
        self._expiry: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Open the store and listen. Raises StoreBusy, StoreRefused, StoreDamaged or SourceUnavailable."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def store(self) -> Store:
        """Return the store; only between start and stop."""
        if self._store is None:
            raise SourceUnavailable("the collector is not running")
        return self._store

    @property
    def grpc_address(self) -> str | None:
        """Return HOST:PORT where OTLP over gRPC is taken; None where it is not."""
        if self._grpc is None or self.config.grpc is None:
            return None
        return f"{self.config.grpc.rpartition(':')[0]}:{self._grpc.port}"

    @property
    def http_address(self) -> str | None:
        """Return HOST:PORT where OTLP over HTTP is taken and questions are answered; None where they are not."""
        return None if self._http is None else self._http.address

    @property
    def http_url(self) -> str | None:
        """Return the URL to ask; a wildcard address as this machine's own."""
        if self.http_address is None:
            return None
        host, _, port = self.http_address.rpartition(":")
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else '[::1]' if host == '[::]' else host}:{port}"  # noqa: S104

    def running(self) -> dict[str, Any]:
        """Return what only the process knows, for `status`."""
        return {
            "grpc": self.grpc_address,
            "http": self.http_address,
            "writable": self._store is not None and self._store.healthy,
            **self.counters.as_document(),
        }

    def stop(self) -> None:
        """Stop listening, store what was taken, checkpoint, close. May be called more than once."""
        self._stopping.set()
        if self._grpc is not None:
            self._grpc.stop(_GRACE_S)
        if self._http is not None:
            self._http.stop()
        if self._intake is not None:
            self._intake.close()
        if self._expiry is not None:
            self._expiry.join()
        if self._store is not None:
            self._store.close()
        self._grpc = self._http = self._intake = self._expiry = self._store = None

    def __enter__(self) -> Collector:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        config = self.config
        self._stopping.clear()
        self._store = Store.open(config.store, memory_limit=config.memory_limit)
        self._intake = Intake(self._store, self.counters, config.max_waiting)
        if config.grpc is not None:
            self._grpc = OtlpGrpc(_checked(config.grpc, "--grpc"), self._intake, config.max_body)
        if config.http is not None:
            otlp = OtlpHttp(self._intake, config.max_body)
            signals = [Route(f"/v1/{signal}", otlp, methods=None) for signal in ("traces", "metrics", "logs")]
            extra = self._make_routes(self._store, self) if self._make_routes else ()
            self._http = _HttpServer(_checked(config.http, "--http"), Starlette(routes=[*signals, *extra]))
            self._http.start()
        if self._grpc is not None:
            self._grpc.start()
        if config.retain_s is not None:
            self._expiry = threading.Thread(
                target=self._expire, args=(config.retain_s,), name="flowtrail-expiry", daemon=True
            )
            self._expiry.start()

    def _expire(self, retain_s: float) -> None:
        while True:
            try:
                expire(self.store, time.time_ns() - int(retain_s * 1e9), self._stopping)
            except SourceUnavailable as error:
                _log.warning("could not remove old spans: %s", error)
            if self._stopping.wait(min(_EXPIRE_EVERY_S, retain_s)):
                return


class _HttpServer:
    """uvicorn in a thread of its own, on a socket that is bound before it starts."""

    def __init__(self, address: str, app: Starlette) -> None:
        host, _, port = address.rpartition(":")
        self.app = app
        self._socket = _bound(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 as the user asked
        self.address = f"{host}:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Connection,
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=int(_GRACE_S),
                backlog=512,
            ),
        )
        self._thread = threading.Thread(target=self._serve, name="flowtrail-http", daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SourceUnavailable(
            f"can not listen on {host}:{port} for HTTP ({error.strerror}); name another with --http",
        ) from error
    return listening


def _checked(address: str, option: str) -> str:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"{option} {address}: expected HOST:PORT, as in 127.0.0.1:4318")
    return f"{host or '0.0.0.0'}:{port}"  # noqa: S104 as the user asked


def beyond_loopback(address: str | None) -> bool:
    """Tell whether an address HOST:PORT can be reached from other machines."""
    return address is not None and not is_loopback(address.rpartition(":")[0].strip("[]"))
