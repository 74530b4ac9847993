"""What tests with foreign clients share: the Java client, compiled once, and a real collector."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign import services
from tests.foreign.asking import Collector


@pytest.fixture(scope="session")
def java_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile Kafka's own Java client's program, once; skip, or fail where Kafka is required, without the tools."""
    missing = services.missing_java()
    if missing is not None:
        line = f"the Java agent needs Java, its compiler and Maven; {missing}"
        (pytest.fail if os.environ.get("FLOWTRAIL_TEST_KAFKA") == "required" else pytest.skip)(line)
    return services.compile_java(tmp_path_factory.mktemp("java"))


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Run `flowtrail collect` with a store of its own."""
    with Collector(tmp_path_factory.mktemp("store") / "flowtrail.duckdb") as running:
        yield running
