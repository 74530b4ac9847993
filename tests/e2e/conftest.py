"""What the end-to-end tests share: one broker, two collectors (one of them watches the broker), running services."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.product import Collector
from tests.e2e.running import Service

if TYPE_CHECKING:
    from tests.kafka.broker import Cluster

Run = Callable[..., Service]


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Run a collector that knows only what it is sent."""
    with Collector(tmp_path_factory.mktemp("collector") / "flowtrail.duckdb") as running:
        yield running


@pytest.fixture(scope="session")
def watching(kafka: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Run a collector that watches the broker as well."""
    watch = ("--bootstrap-servers", kafka.bootstrap_servers, "--watch-every", "500ms")
    with Collector(tmp_path_factory.mktemp("watching") / "flowtrail.duckdb", *watch) as running:
        yield running


@pytest.fixture
def start() -> Iterator[Run]:
    """Start services that do not outlive the test: `start(script, collector, bootstrap, **told)`."""
    with ExitStack() as services:

        def run(script: str, collector: Collector | str, bootstrap: str, **told: object) -> Service:
            endpoint = collector if isinstance(collector, str) else collector.endpoint
            service = Service(script, endpoint, bootstrap=bootstrap, **told)
            services.callback(service.kill)
            return service

        yield run


@pytest.fixture
def run(start: Run, kafka: "Cluster", collector: Collector) -> Run:
    """Start services on the shared broker and collector: `run("polling", topic=..., group=...)`."""
    return lambda script, **told: start(script, collector, kafka.bootstrap_servers, **told)


@pytest.fixture
def run_watched(start: Run, kafka: "Cluster", watching: Collector) -> Run:
    """Start services on the shared broker and the collector that watches it."""
    return lambda script, **told: start(script, watching, kafka.bootstrap_servers, **told)
