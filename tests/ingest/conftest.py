"""A collector of the test's own, on free ports, over a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flowtrail_collector.service import Collector, CollectorConfig
from flowtrail_collector.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> CollectorConfig:
    """Configure a collector on free ports."""
    return CollectorConfig(store=tmp_path / "store.duckdb", grpc="127.0.0.1:0", http="127.0.0.1:0")


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
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store without a collector."""
    with Store.open(tmp_path / "plain.duckdb") as opened:
        yield opened
