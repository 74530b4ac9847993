"""A real Kafka for tests: Apache Kafka itself (KRaft, one JVM, one node), started, broken and stopped at will.

`Cluster` is whatever answers at a bootstrap address; `Broker` is one that the test started and may therefore stop, kill
or freeze. A stopped broker keeps its data, its ports and its cluster id.
"""

import itertools
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.kafka import jars

if TYPE_CHECKING:
    from collections.abc import Iterator

POM = Path(__file__).with_name("pom.xml")
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
PORT_ATTEMPTS = 5
PORTS = range(20000, 32000)
"""Below what systems hand to outgoing connections, so that a stopped broker finds its ports free when it returns."""

STARTED = "Kafka Server started"
PORT_TAKEN = "Address already in use"
HEAP = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "broker.session.timeout.ms": "3000",  # a killed broker may register again after this long
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "controlled.shutdown.enable": "true",
    "auto.create.topics.enable": "false",
    "log.retention.check.interval.ms": "1000",
    "log.initial.task.delay.ms": "500",
    "log.cleaner.backoff.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class BrokerError(RuntimeError):
    """A broker did not start; the message ends with its log."""


class Cluster:
    """A Kafka that answers at `bootstrap_servers`: topics are made here, everything else is the test's own clients'."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers

    @contextmanager
    def admin(self) -> "Iterator[KafkaAdminClient]":
        """Lend kafka-python's admin client."""
        client = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            yield client
        finally:
            client.close()

    def create_topic(self, name: str, partitions: int = 1, configs: Mapping[str, object] | None = None) -> str:
        """Create a topic with the given configs (written as text) and return its name once it can be used."""
        texts = {key: str(value) for key, value in (configs or {}).items()}
        topic = NewTopic(name=name, num_partitions=partitions, replication_factor=1, topic_configs=texts)
        with self.admin() as admin:
            admin.create_topics([topic])
        self._await_leaders(name, partitions)
        return name

    def delete_topic(self, name: str) -> None:
        """Delete a topic and all its records."""
        with self.admin() as admin:
            admin.delete_topics([name])

    def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the next offset of every partition, as the broker tells it."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers)
        try:
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            return {place.partition: end for place, end in consumer.end_offsets(places).items()}
        finally:
            consumer.close()

    def _await_leaders(self, topic: str, partitions: int) -> None:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers)
        deadline = time.monotonic() + STOP_TIMEOUT
        try:
            while len(consumer.partitions_for_topic(topic) or ()) < partitions:
                if time.monotonic() > deadline:
                    raise BrokerError(f"topic {topic} has no leaders after {STOP_TIMEOUT:.0f} s")
                time.sleep(0.05)
        finally:
            consumer.close()


class Broker(Cluster):
    """A single-node Kafka in a temporary folder, for the time of a `with` block.

    Neither it nor its folder outlives the process that started it, even if that process is killed.
    """

    def __init__(self, settings: Mapping[str, object] | None = None, cluster_id: str | None = None) -> None:
        """Prepare a broker with `settings` on top of SETTINGS; `start()` or the `with` block starts it.

        A `cluster_id` (22 characters of URL-safe base64) is made up unless one is given.
        """
        super().__init__("")
        self.cluster_id = cluster_id or urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        self.folder = Path(tempfile.mkdtemp(prefix="flowtrail-kafka-"))
        self.log = self.folder / "broker.log"
        self._settings = {**SETTINGS, **(settings or {})}
        self._jvm: subprocess.Popen[bytes] | None = None
        self._guard = _start_guard(self.folder)
        self._classpath = ""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the JVM is there; a frozen one is."""
        return self._jvm is not None and self._jvm.poll() is None

    @property
    def pid(self) -> int:
        """The JVM's process id."""
        return self._process().pid

    def start(self) -> None:
        """Start, for the first time or again with the data it had; return when clients can use it."""
        if self.running:
            raise BrokerError("the broker runs already")
        if not self._classpath:
            self._classpath = f"{jars.resolve(POM)}/*"
            self._start_first()
            return
        if not self._launch():
            raise BrokerError(f"the broker's ports were taken while it was stopped:\n{self._log_tail()}")

    def stop(self) -> None:
        """Stop in order (SIGTERM): the broker writes everything down and says good-bye."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Suspend (SIGSTOP): connections stay open and nothing answers."""
        self._process().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze()` (SIGCONT)."""
        self._process().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill the broker, if it still runs, and remove its data."""
        if self.running:
            self.kill()
        _close_guard(self._guard)

    def _start_first(self) -> None:
        """Format the storage and start for the first time, on ports that nothing else turns out to use."""
        for _ in range(PORT_ATTEMPTS):
            port, controller_port = _free_ports(2)
            self.bootstrap_servers = f"127.0.0.1:{port}"
            self._write_settings(port, controller_port)
            self._run_storage_tool()
            if self._launch():
                return
        raise BrokerError(f"no free ports found in {PORT_ATTEMPTS} attempts:\n{self._log_tail()}")

    def _write_settings(self, port: int, controller_port: int) -> None:
        placed = {
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "log.dirs": str(self.folder / "data"),
        }
        lines = [f"{key}={value}\n" for key, value in {**self._settings, **placed}.items()]
        self._properties.write_text("".join(lines))

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, main: str, *arguments: str) -> list[str]:
        return ["java", *HEAP, "-cp", self._classpath, main, *arguments]

    def _run_storage_tool(self) -> None:
        identity = f"--cluster-id={self.cluster_id}"  # in one word: an id may begin with a dash
        arguments = ("format", "--ignore-formatted", identity, "-c", str(self._properties))
        command = self._java("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_TIMEOUT, check=False)
        if done.returncode != 0:
            raise BrokerError(f"the storage could not be formatted:\n{done.stdout}{done.stderr}")

    def _launch(self) -> bool:
        """Start the JVM; return False if it found its ports taken."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._jvm = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self._tell_guard("+")
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            text = self._log_since(seen)
            if STARTED in text:
                return True
            if self._jvm.poll() is not None:
                self._tell_guard("-")
                if PORT_TAKEN in self._log_since(seen):
                    return False
                raise BrokerError(f"the broker ended with {self._jvm.returncode}:\n{self._log_tail()}")
            time.sleep(0.05)
        self.kill()
        raise BrokerError(f"the broker was not up after {START_TIMEOUT:.0f} s:\n{self._log_tail()}")

    def _end(self, how: signal.Signals) -> None:
        process = self._process()
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._tell_guard("-")

    def _process(self) -> "subprocess.Popen[bytes]":
        if self._jvm is None or self._jvm.poll() is not None:
            raise BrokerError("the broker is not running")
        return self._jvm

    def _tell_guard(self, change: str) -> None:
        assert self._guard.stdin is not None
        assert self._jvm is not None
        self._guard.stdin.write(f"{change}{self._jvm.pid}\n".encode())
        self._guard.stdin.flush()

    def _log_since(self, position: int) -> str:
        with self.log.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "(no log)"


def _start_guard(folder: Path) -> "subprocess.Popen[bytes]":
    """Start the process that cleans up after us; it outlives us and a Ctrl-C in our terminal."""
    command = [sys.executable, "-S", str(Path(__file__).with_name("guard.py")), str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _close_guard(guard: "subprocess.Popen[bytes]") -> None:
    if guard.stdin is not None and not guard.stdin.closed:
        guard.stdin.write(b".\n")
        guard.stdin.close()
        guard.wait(STOP_TIMEOUT)


def _free_ports(count: int) -> list[int]:
    """Pick ports that nothing listens on now; whoever uses them must be ready to lose a race for them."""
    candidates = random.sample(PORTS, k=len(PORTS))
    return list(itertools.islice(filter(_is_free, candidates), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
