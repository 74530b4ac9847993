"""A cluster that asks who one is, reached by a properties file."""

from __future__ import annotations

import gc
import json
import logging
import warnings
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer

from flowtrail_collector.broker import BrokerWatcher, KafkaBroker
from flowtrail_collector.broker.properties import read_properties
from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kafka.broker import Broker

MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
SECURED = {
    # The harness's one listener, under its name, asks for a login.
    "listener.security.protocol.map": "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": (
        f'{MODULE} required username="broker" password="b" user_broker="b" user_watcher="w;1";'
    ),
}


@pytest.fixture(autouse=True)
def refused(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect what kafka-python leaves to the garbage collector: the sockets of refused connections."""
    caplog.set_level(logging.CRITICAL + 1, "kafka")
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def properties(folder: Path, password: str) -> Path:
    """Write how the watcher logs in."""
    file = folder / f"client-{password.replace(';', '')}.properties"
    file.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
        f'sasl.jaas.config={MODULE} required \\\n    username="watcher" password="{password}";\n'
    )
    return file


def test_a_cluster_that_asks_who_one_is(
    private_kafka: Callable[..., Broker], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the right login it is watched, looked into and reported by doctor; with a wrong one or none it is not."""
    servers = private_kafka(**SECURED).bootstrap_servers
    access = read_properties(properties(tmp_path, "w;1"))
    producer = KafkaProducer(bootstrap_servers=servers, **access)
    producer.close()
    broker = KafkaBroker(servers, access=access, timeout_ms=10_000)
    sample = broker.sample()
    assert sample.cluster_id
    assert broker.look(sample, sample.partitions, 10) == {}
    broker.close()
    named = ["doctor", "--bootstrap-servers", servers, "--json", "--kafka-config"]
    main([*named, str(properties(tmp_path, "w;1"))])
    checks = {check["check"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["broker"]["state"] == "ok"
    wrong = read_properties(properties(tmp_path, "guessed"))
    for refused_by in (wrong, None):
        watcher = BrokerWatcher(
            servers, lambda given=refused_by: KafkaBroker(servers, access=given, timeout_ms=3000), print
        )
        with pytest.raises(SourceUnavailable, match=r"--kafka-config"):
            watcher.check()
        watcher.stop()
