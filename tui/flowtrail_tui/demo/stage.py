"""Sets up a demo: broker, collector and services as processes, and the source that the collector answers as."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from time import monotonic, sleep, time_ns
from typing import TYPE_CHECKING

from flowtrail_collector.client import HttpSource
from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.demo import broker as brokers
from flowtrail_tui.demo.processes import Family
from flowtrail_tui.demo.services import MEMBERS, PACKAGE, code_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flowtrail_tui.demo import Options
    from flowtrail_tui.demo.broker import Broker
    from flowtrail_tui.demo.out import Out
    from flowtrail_tui.demo.processes import Child

START_TIMEOUT = 20.0
PAUSE = 0.2
"""Seconds between the starts of services."""
PAUSE_BESIDE_SCREENS = 0.7
"""The same, where someone waits for the first flow: interpreters that start would delay its answer."""


class Stage:
    """A demo that is set up."""

    def __init__(
        self, family: Family, broker: Broker, collector: Child, source: HttpSource, services: Sequence[Child]
    ) -> None:
        self.broker = broker
        self.source = source
        self.began_ns = time_ns()
        self._family = family
        self._collector = collector
        self._services = services

    def await_orders(self, seconds: float) -> None:
        """Wait until the orders service has placed its last order."""
        orders = self._services[0]
        if not orders.ended.wait(seconds + START_TIMEOUT):
            raise SourceUnavailable("the demo's orders service did not come to its end")
        if self._collector.ended.is_set():
            raise SourceUnavailable(f"the demo's collector ended: {self._family.last_words(self._collector)}")

    def stop_services(self) -> None:
        """Let the services close their clients and tell the collector the rest."""
        self._family.stop(self._services)

    def stop_collector(self) -> None:
        """Let the collector write what it has and let go of the store."""
        self.source.close()
        self._family.stop([self._collector])


@contextmanager
def stage(
    options: Options,
    seconds: float | None,
    out: Out,
    tell: Callable[[str], None],
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Stage]:
    """Start everything; whatever happens, nothing is left running when the `with` block is left.

    `meanwhile` makes screens ready while the first processes start; without it there are none.
    """
    code = code_directory()
    environment = {
        # Not the caller's collector, if one is configured: this demo has its own.
        **{name: "" for name in os.environ if name.startswith("OTEL_")},
        "PYTHONPATH": os.pathsep.join(filter(None, (str(code), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }
    http, grpc = _free_ports(2)
    url = f"http://127.0.0.1:{http}"
    environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    with ExitStack() as stack:
        named = None
        if options.bootstrap_servers is not None:  # first of all, so that a broker that is not there is said at once
            named = stack.enter_context(brokers.named(options.bootstrap_servers))
        family = stack.enter_context(Family(out.logs, environment, tell))
        arguments = ["--store", str(out.store), "--http", f"127.0.0.1:{http}", "--grpc", f"127.0.0.1:{grpc}"]
        watched = ["--bootstrap-servers", named.bootstrap_servers] if named else []
        collector = family.start("collector", "flowtrail_tui.demo.collector", *arguments, *watched)
        broker = named or stack.enter_context(brokers.embedded(family))
        tell(f"{'embedded ' if broker.embedded else ''}broker at {broker.bootstrap_servers}")
        services = [_start_service(family, broker, options, seconds, out, MEMBERS[0])]
        source = HttpSource(url)
        stack.callback(source.close)
        if meanwhile is not None:
            meanwhile()
        _await_collector(source, family, collector)
        tell(f"collector at {url}, store {out.store}")
        pause = PAUSE if meanwhile is None else PAUSE_BESIDE_SCREENS
        stack.enter_context(_started_one_by_one(family, broker, options, seconds, out, services, pause))
        yield Stage(family, broker, collector, source, services)


@contextmanager
def _started_one_by_one(
    family: Family,
    broker: Broker,
    options: Options,
    seconds: float | None,
    out: Out,
    services: list[Child],
    pause: float,
) -> Iterator[None]:
    """Start the rest in the background: six interpreters that start at once would keep the screens from starting."""
    left = Event()

    def start() -> None:
        for member in MEMBERS[1:]:
            if left.is_set():
                return
            services.append(_start_service(family, broker, options, seconds, out, member))
            left.wait(pause)

    starter = Thread(target=start, name="demo-start", daemon=True)
    starter.start()
    try:
        yield
    finally:
        left.set()
        starter.join()


def _start_service(
    family: Family, broker: Broker, options: Options, seconds: float | None, out: Out, member: str
) -> Child:
    end = None if seconds is None else monotonic() + seconds

    def arguments() -> list[str]:
        given = ["--member", member, "--bootstrap-servers", broker.bootstrap_servers, "--prefix", broker.prefix]
        given += ["--rate", str(options.rate), "--seed", str(options.seed), "--faults", str(out.injected)]
        if broker.api_version is not None:
            given += ["--api-version", broker.api_version]
        if end is not None:
            given += ["--seconds", f"{max(0.0, end - monotonic()):.1f}"]
        return given

    return family.start_service(member, f"{PACKAGE}.{member.rpartition('-')[0]}", arguments)


def _await_collector(source: HttpSource, family: Family, collector: Child) -> None:
    deadline = monotonic() + START_TIMEOUT
    while True:
        try:
            source.probe(1.0)
        except SourceUnavailable:
            if collector.ended.is_set() or monotonic() > deadline:
                said = family.last_words(collector)
                raise SourceUnavailable(f"the demo's collector did not start: {said}") from None
            sleep(0.05)
        else:
            return


def _free_ports(count: int) -> list[int]:
    """Find ports that nobody uses. Somebody may take one before we do; then the collector says so."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [held_socket.getsockname()[1] for held_socket in sockets]
