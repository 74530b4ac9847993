"""`flowtrail collect`: the collector in the foreground, until it is told to end."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowtrail_tui.cli import options
from flowtrail_tui.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from flowtrail_collector.broker import BrokerWatcher
    from flowtrail_collector.service import Collector
    from flowtrail_collector.store import Store

SIZE_LIMIT_MIB = 64


@click.command("collect")
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("flowtrail.duckdb"),
    show_default=True,
    metavar="FILE",
    help="Where spans are kept.",
)
@click.option(
    "--grpc",
    default="127.0.0.1:4317",
    show_default=True,
    metavar="HOST:PORT",
    help="OTLP over gRPC; port 0 for any free one, 'off' for none.",
)
@click.option(
    "--http",
    default="127.0.0.1:4318",
    show_default=True,
    metavar="HOST:PORT",
    help="OTLP over HTTP, and the API that the other commands ask.",
)
@click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT[,...]",
    help="A Kafka cluster to watch: ends, positions and members of all its groups.",
)
@options.kafka_config_option
@click.option("--watch-every", default="5s", show_default=True, metavar="AGE", help="How often the cluster is asked.")
@click.option(
    "--config",
    metavar="FILE",
    help="What is declared of the system: groups, destinations, order, limits. Default: ./flowtrail.toml if it is "
    "there, else what the store holds.",
)
@click.option("--retain", metavar="AGE", help="Remove spans older than this, such as 7d. Default: keep everything.")
@click.option(
    "--max-request-mib",
    type=click.IntRange(1, 1024),
    default=SIZE_LIMIT_MIB,
    show_default=True,
    help="The largest request taken, decompressed.",
)
@click.option(
    "--memory-limit",
    default="256MB",
    show_default=True,
    metavar="SIZE",
    help="What DuckDB may use; larger questions spill to disk.",
)
@click.option(
    "--api-token",
    envvar="FLOWTRAIL_API_TOKEN",
    metavar="TOKEN",
    help="What API callers from other machines must show. Without it they are refused.",
)
def command(
    store: Path,
    grpc: str,
    http: str,
    bootstrap_servers: str | None,
    kafka_config: Path | None,
    watch_every: str,
    config: str | None,
    retain: str | None,
    max_request_mib: int,
    memory_limit: str,
    api_token: str | None,
) -> int:
    """Receive spans over OTLP, keep them in a DuckDB file, watch a broker, answer questions.

    Listens on this machine only, unless told otherwise. Ends on Ctrl-C or SIGTERM, when everything received is stored.
    """
    from flowtrail_collector.service import Collector, CollectorConfig

    declared = _Declared(config)
    settings = CollectorConfig(
        store=store,
        grpc=None if grpc == "off" else grpc,
        http=http,
        retain_s=None if retain is None else _seconds("--retain", retain),
        max_body=max_request_mib << 20,
        memory_limit=memory_limit,
    )
    every_s = _seconds("--watch-every", watch_every)
    access = options.kafka_access(bootstrap_servers, kafka_config)
    _log_to_stderr()
    with _signals() as ended:
        watching = _Watching(bootstrap_servers, every_s, access)
        watching.connect()
        collector = Collector(settings, routes=lambda kept, running: _routes(kept, running, watching, api_token))
        try:
            collector.start()
            declared.keep(collector.store)
            watching.start(collector)
            _tell(collector, settings.retain_s, retain, watching, declared, api_token)
            ended.wait()
            options.narrate("stopping: storing what was received")
        finally:
            watching.stop()
            collector.stop()
    return Exit.INTERRUPTED if ended.signal == signal.SIGINT else Exit.OK


class _Declared:
    """What is declared of the system: read before anything is opened, kept in the collector's store."""

    def __init__(self, config: str | None) -> None:
        """Read the file that is named, or ./flowtrail.toml. Raises UsageError."""
        from flowtrail_collector.configuration import default_configuration, read_configuration

        self._file = default_configuration() if config is None else Path(config)
        self._declarations = None if self._file is None else read_configuration(self._file)
        self.said = ""

    def keep(self, store: Store) -> None:
        """Replace what the store holds; without a file it stays as it is."""
        from flowtrail_collector.store import declaring

        declarations = self._declarations
        if declarations is not None:
            store.write(lambda connection: declaring.keep(connection, declarations))
            self.said = f"{len(declarations)}, from {self._file}"
        elif held := store.read(declaring.kept):
            self.said = f"{held}, as the store holds them; an empty file given by --config removes them"


class _Watching:
    """The broker watcher of a collector, or none."""

    def __init__(self, bootstrap_servers: str | None, every_s: float, access: dict[str, object]) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._every_s = every_s
        self._access = access
        self._collector: Collector | None = None
        self.watcher: BrokerWatcher | None = None

    def connect(self) -> None:
        """Reach the broker before anything else is opened. Raises SourceUnavailable."""
        if self.bootstrap_servers is None:
            return
        from flowtrail_collector.broker import BrokerWatcher, KafkaBroker

        servers, access = self.bootstrap_servers, self._access
        self.watcher = BrokerWatcher(
            servers, lambda: KafkaBroker(servers, access=access), self._store, every_s=self._every_s
        )
        self.watcher.connect()

    def start(self, collector: Collector) -> None:
        """Begin to watch."""
        self._collector = collector
        if self.watcher is not None:
            self.watcher.start()

    def stop(self) -> None:
        """Watch no longer."""
        if self.watcher is not None:
            self.watcher.stop()

    def _store(self, change: Any) -> None:
        if self._collector is not None:
            self._collector.store.write(change)


def _routes(store: Store, collector: Collector, watching: _Watching, token: str | None) -> Sequence[Any]:
    """Make the API's routes for the collector's HTTP server."""
    from flowtrail_collector.access import Access
    from flowtrail_collector.api import Api

    def running() -> dict[str, Any]:
        broker = watching.watcher.status() if watching.watcher else None
        return {**collector.running(), "broker": broker}

    return Api(store, Access(token), running=running).routes()


def _tell(
    collector: Collector,
    retain_s: float | None,
    retain: str | None,
    watching: _Watching,
    declared: _Declared,
    token: str | None,
) -> None:
    """Say where it listens and what it stores."""
    from flowtrail_collector.service import beyond_loopback

    url = collector.http_url
    options.narrate("flowtrail collects")
    options.narrate(f"  OTLP/HTTP and API   {url}")
    if collector.grpc_address is not None:
        options.narrate(f"  OTLP/gRPC           {collector.grpc_address}")
    kept = "everything" if retain_s is None else f"spans of the last {retain}"
    options.narrate(f"  store               {collector.store.path}, keeping {kept}")
    if declared.said:
        options.narrate(f"  declarations        {declared.said}")
    if watching.watcher is not None:
        options.narrate(f"  watching            {watching.bootstrap_servers}")
    if beyond_loopback(collector.config.http) and token is None:
        options.narrate("  note                other machines may send spans and not ask: --api-token lets them ask")
    options.narrate(
        f"Point services at it: OTEL_EXPORTER_OTLP_ENDPOINT={url}. Look at it: flowtrail tui. Ctrl-C ends it."
    )


class _Ended(threading.Event):
    """Set by the first signal, which it remembers."""

    signal: int | None = None


@contextmanager
def _signals() -> Iterator[_Ended]:
    """Turn SIGINT and SIGTERM into an event, so that what was received is stored; a second one ends at once."""
    ended = _Ended()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 the signature is Python's
        if ended.is_set():
            raise KeyboardInterrupt
        ended.signal = number
        ended.set()

    former = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _seconds(option: str, age: str) -> float:
    from flowtrail_collector.errors import UsageError
    from flowtrail_collector.window import parse_age

    try:
        seconds = parse_age(age) / 1e9
    except UsageError as wrong:
        raise UsageError(f"{option}: {wrong}") from None
    if seconds <= 0:
        raise UsageError(f"{option}: expected more than nothing, not {age}")
    return seconds


def _log_to_stderr() -> None:
    """Let the collector's own warnings through; of the client's, our watcher says what matters."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("flowtrail_collector").setLevel(logging.INFO)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
