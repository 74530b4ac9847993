"""The harness itself: a real Kafka that starts, keeps its data through every kind of stop, and leaves nothing."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from tests.kafka import jars
from tests.kafka.broker import POM, Broker, BrokerError, Cluster

ROOT = Path(__file__).parents[2]


@contextmanager
def producing(cluster: Cluster, timeout_ms: int = 10_000) -> Iterator[KafkaProducer]:
    """Lend a producer that gives up after `timeout_ms`."""
    producer = KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers,
        delivery_timeout_ms=timeout_ms,
        request_timeout_ms=timeout_ms // 2,
        max_block_ms=timeout_ms,
    )
    try:
        yield producer
    finally:
        producer.close(timeout=1)


def send(cluster: Cluster, topic: str, *values: bytes) -> list[int]:
    """Send values and return their offsets."""
    with producing(cluster) as producer:
        return [producer.send(topic, value).get(timeout=10).offset for value in values]


def read(cluster: Cluster, topic: str, count: int) -> list[bytes]:
    """Read the first `count` values of a topic."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=10_000
    )
    try:
        return [record.value for _, record in zip(range(count), consumer, strict=False)]
    finally:
        consumer.close()


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip()[:1] not in {"", "Z"}


def await_true(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Wait for a condition; return whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_records_go_in_and_come_out(kafka: Cluster, topic: Callable[..., str]) -> None:
    """What a producer sends to the shared broker, a consumer reads, at the offsets acknowledged."""
    orders = topic("orders")
    assert send(kafka, orders, b"a", b"b") == [0, 1]
    assert read(kafka, orders, 2) == [b"a", b"b"]
    assert kafka.end_offsets(orders) == {0: 2}


def test_topics_have_the_partitions_and_configs_asked_for(kafka: Cluster, topic: Callable[..., str]) -> None:
    """A created topic can be used at once, with all its partitions and the broker's limits set as asked."""
    small = topic("small", partitions=3, configs={"max.message.bytes": 1000})
    assert kafka.end_offsets(small) == {0: 0, 1: 0, 2: 0}
    with pytest.raises(KafkaError):
        send(kafka, small, os.urandom(5000))


def test_names_are_of_the_test_s_own(topic_name: Callable[[str], str]) -> None:
    """A name says which test it belongs to and ends as asked, so that endings like `-dlq` keep their meaning."""
    name = topic_name("orders-dlq")
    assert name.startswith("test-names-are-of-the-test-s-own")
    assert name.endswith("-orders-dlq")


@pytest.mark.slow
def test_a_stopped_broker_keeps_its_data_and_address(private_kafka: Callable[..., Broker]) -> None:
    """After an orderly stop, and after a kill, the same address serves the same records again."""
    broker = private_kafka()
    address = broker.bootstrap_servers
    broker.create_topic("orders")
    send(broker, "orders", b"a")
    broker.stop()
    assert not broker.running
    broker.start()
    assert send(broker, "orders", b"b") == [1]
    broker.kill()
    broker.start()
    assert broker.bootstrap_servers == address
    assert read(broker, "orders", 2) == [b"a", b"b"]


def test_a_frozen_broker_answers_nothing_until_thawed(private_kafka: Callable[..., Broker]) -> None:
    """A frozen broker lets a send time out though its process lives; thawed, it serves again."""
    broker = private_kafka()
    broker.create_topic("orders")
    with producing(broker, timeout_ms=1000) as producer:
        producer.send("orders", b"a").get(timeout=10)
        broker.freeze()
        with pytest.raises(KafkaError):
            producer.send("orders", b"lost?").get(timeout=10)
        assert broker.running
        broker.thaw()
    send(broker, "orders", b"b")
    assert b"b" in read(broker, "orders", broker.end_offsets("orders")[0])


def test_settings_reach_the_broker(private_kafka: Callable[..., Broker]) -> None:
    """A private broker takes settings on top of the usual ones; one that cannot start says why, with its log."""
    broker = private_kafka(**{"num.partitions": 7})
    with broker.admin() as admin:
        admin.create_topics([NewTopic("defaults", num_partitions=-1, replication_factor=-1)])
    assert await_true(lambda: len(broker.end_offsets("defaults")) == 7)
    with pytest.raises(BrokerError, match=r"num\.partitions"):
        private_kafka(**{"num.partitions": "many"})


@pytest.mark.kafka
def test_a_cluster_id_may_begin_with_a_dash() -> None:
    """Every id that Kafka may generate is taken, and is what the broker then says of itself."""
    with Broker(cluster_id="-Ry7xFXmRTmv-NQIKFkOKw") as broker, broker.admin() as admin:
        assert admin.describe_cluster()["cluster_id"] == "-Ry7xFXmRTmv-NQIKFkOKw"


def test_what_is_not_running_cannot_be_stopped(private_kafka: Callable[..., Broker]) -> None:
    """Stopping twice, or starting twice, is a mistake in the test and said so; closing twice is none."""
    broker = private_kafka()
    with pytest.raises(BrokerError, match="runs already"):
        broker.start()
    broker.kill()
    with pytest.raises(BrokerError, match="not running"):
        broker.stop()
    broker.close()
    broker.close()
    assert not broker.folder.exists()


def test_a_killed_test_run_leaves_no_broker_behind(private_kafka: Callable[..., Broker]) -> None:
    """When the process that started a broker is killed, the JVM ends and its folder goes."""
    code = (
        "from tests.kafka.broker import Broker; import time\n"
        "with Broker() as broker: print(broker.pid, broker.folder, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        assert is_alive(int(pid))
        run.send_signal(signal.SIGKILL)
    assert await_true(lambda: not is_alive(int(pid)) and not Path(folder).exists())


def fake_maven(folder: Path, script: str) -> None:
    """Put a program named mvn into a folder."""
    program = folder / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


COPY_ONE_JAR = """
echo run >> "$COUNT"
for argument; do case $argument in -DoutputDirectory=*) folder=${argument#*=};; esac; done
mkdir -p "$folder" && sleep 0.3 && : > "$folder/one.jar"
"""


def test_jars_are_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask for one pom's jars at once, Maven runs once and all get the same complete folder."""
    fake_maven(tmp_path, COPY_ONE_JAR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    found: list[list[str]] = []
    cache = tmp_path / "cache"

    def ask() -> None:
        found.append([jar.name for jar in jars.resolve(POM, cache).iterdir()])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["one.jar"]] * 4
    assert (tmp_path / "count").read_text() == "run\n"


def test_another_pom_has_jars_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed version in the pom is resolved anew, never served from what an older text resolved to."""
    fake_maven(tmp_path, COPY_ONE_JAR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    other = tmp_path / "pom.xml"
    other.write_text(POM.read_text().replace("4.1.0", "4.0.0"))
    assert jars.resolve(POM, tmp_path / "cache") != jars.resolve(other, tmp_path / "cache")


def test_a_failed_resolution_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Maven fails, its words are passed on, and the next one who asks tries again."""
    fake_maven(tmp_path, "echo no such artifact; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(jars.ResolveError, match="no such artifact"):
        jars.resolve(POM, tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


PROBE = """
def test_one(kafka): pass
def test_two(kafka): pass
def test_private(private_kafka): private_kafka()
"""


def run_probe(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a small test file under this repository's conftest, with nothing on the PATH."""
    (tmp_path / "test_probe.py").write_text(PROBE)
    pytest_command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    places = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    environment = {"PATH": str(tmp_path), **environment}
    return subprocess.run(
        [*pytest_command, *places], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )


def test_without_java_the_tests_are_skipped_with_one_line(tmp_path: Path) -> None:
    """Where neither Java nor Maven is installed the tests are skipped, and one line says what is missing."""
    done = run_probe(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "a real Kafka needs Java and Maven" in line]
    assert len(lines) == 1
    assert "[3]" in lines[0]
    assert "not installed: java, mvn" in lines[0]


def test_required_makes_a_missing_java_a_failure(tmp_path: Path) -> None:
    """With FLOWTRAIL_TEST_KAFKA=required nothing is skipped: CI notices that it tested nothing."""
    done = run_probe(tmp_path, FLOWTRAIL_TEST_KAFKA="required")
    assert done.returncode == 1
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_a_named_broker_is_used_and_never_stopped(tmp_path: Path) -> None:
    """With FLOWTRAIL_TEST_BOOTSTRAP nothing is started; a test that would stop its broker is skipped, and says why."""
    done = run_probe(tmp_path, FLOWTRAIL_TEST_BOOTSTRAP="127.0.0.1:9")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 1 skipped" in done.stdout
    assert "stops its broker" in done.stdout
