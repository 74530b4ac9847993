"""A collector of the test's own, on free ports, over a store of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from flowtrail_collector.service import Collector, CollectorConfig
from flowtrail_collector.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty store once; each test gets a copy, which is quicker than to create all the views again."""
    path = tmp_path_factory.mktemp("empty") / "store.duckdb"
    Store.open(path).close()
    return path


@pytest.fixture
def store_path(empty_store: Path, tmp_path: Path) -> Path:
    """Offer a store file of the test's own, empty."""
    return shutil.copy(empty_store, tmp_path / "store.duckdb")


@pytest.fixture
def config(store_path: Path) -> CollectorConfig:
    """Configure a collector on free ports."""
    return CollectorConfig(store=store_path, grpc="127.0.0.1:0", http="127.0.0.1:0")


@pytest.fixture
def collector(config: CollectorConfig) -> Iterator[Collector]:
    """Run a collector."""
    with Collector(config) as running:
        yield running


@pytest.fixture
def http(collector: Collector) -> str:
    """Say where it takes OTLP over HTTP."""
    assert collector.http_address is not None
    return collector.http_address


@pytest.fixture
def store(store_path: Path) -> Iterator[Store]:
    """Open a store without a collector."""
    with Store.open(store_path) as opened:
        yield opened
