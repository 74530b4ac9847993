"""`flowtrail collect` as a process, and the reading commands as a user's shell runs them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from flowtrail_collector.client import HttpSource
from flowtrail_collector.errors import NothingKnown, SourceUnavailable, StoreBusy, UsageError
from flowtrail_collector.source import StoreSource, Window, open_source
from tests.cli.conftest import Run, history

if TYPE_CHECKING:
    from tests.kafka.broker import Cluster

COMMAND = [sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())"]
LISTENING = re.compile(r"OTLP/HTTP and API\s+(http://\S+)")


class Collecting:
    """A collector in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        fixed = ["collect", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*COMMAND, *fixed, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = ""

    def url(self) -> str:
        """Wait until it says where it listens."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            found = LISTENING.search(line)
            if found:
                return found[1]
        raise AssertionError(self.said)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        assert self.process.stderr is not None
        self.process.send_signal(how)
        self.said += self.process.stderr.read()
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def collecting(tmp_path: Path) -> Iterator[Callable[..., Collecting]]:
    """Start collectors that do not outlive the test."""
    started: list[Collecting] = []

    def start(*arguments: str) -> Collecting:
        started.append(Collecting(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Offer the URL of a collector that was sent one event; tests do not change what it knows."""
    collector = Collecting(tmp_path_factory.mktemp("shared"), "--api-token", "secret")
    try:
        url = collector.url()
        for line in history().splitlines():
            send(url, line)
        yield url
    finally:
        collector.end()


def send(url: str, line: str) -> None:
    """Send a request as an exporter does."""
    status, _ = exchange("POST", f"{url}/v1/traces", line, {"Content-Type": "application/json"})
    assert status == 200


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Ask the API without our own client."""
    return exchange("GET", url, None, headers or {})


def exchange(method: str, url: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any]:
    """Send one request; return the status and the JSON of the answer."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def test_from_span_to_answer(collecting: Callable[..., Collecting], tmp_path: Path, run: Run) -> None:
    """Spans in, answers out: over the API while it runs, from the file afterwards, and they are the same."""
    collector = collecting("--store", "some.duckdb")
    url = collector.url()
    for line in history().splitlines():
        send(url, line)
    live = run("ask", "order-0", "--json", "--source", url)
    assert live.code == 0
    assert run("ask", "nothing-like-it", "--source", url).code == 4
    assert run("lag", "--since", "all", "--source", url, "--json").document["rows"][0]["lag"] == 1
    assert run("flows", "tpic:x", "--source", url).code == 2

    held = run("lag", "--source", "some.duckdb")
    assert held.code == 3
    assert "While a collector runs, ask it instead of its file" in held.err
    other = run("collect", "--store", "some.duckdb", "--http", "127.0.0.1:0", "--grpc", "off")
    assert other.code == 3
    assert "some.duckdb is held" in other.err

    assert collector.end() == 0
    assert "keeping everything" in collector.said
    assert run("ask", "order-0", "--json", "--source", "some.duckdb").document == live.document


def test_interrupted(collecting: Callable[..., Collecting]) -> None:
    """Ctrl-C ends it in order, with 130."""
    collector = collecting()
    collector.url()
    assert collector.end(signal.SIGINT) == 130
    assert "Traceback" not in collector.said


def test_a_port_that_is_taken(shared: str, run: Run) -> None:
    """Exit 3, naming the address and the option."""
    taken = shared.removeprefix("http://")
    result = run("collect", "--store", "other.duckdb", "--http", taken, "--grpc", "off")
    assert result.code == 3
    assert taken in result.err
    assert "--http" in result.err


def test_a_broker_that_does_not_answer(collecting: Callable[..., Collecting]) -> None:
    """Exit 3, with what was tried; nothing is opened."""
    collector = collecting("--bootstrap-servers", "127.0.0.1:9")
    _, said = collector.process.communicate(timeout=60)
    assert collector.process.returncode == 3
    assert "tried 127.0.0.1:9" in said
    assert "Traceback" not in said


def test_api(shared: str) -> None:
    """The same JSON as the command line; not found, usage and denial are errors with a code and a message."""
    url = shared
    status, document = get(f"{url}/api/v1/ask?what=order-0")
    assert (status, document["schema"]) == (200, "flowtrail.ask/1")
    for question in ("flows", "findings", "lag", "map", "latency", "order", "losses"):
        status, document = get(f"{url}/api/v1/{question}?since=all")
        assert (status, document["schema"]) == (200, f"flowtrail.{question}/1")
    status, document = get(f"{url}/api/v1/status")
    assert (status, document["live"], document["coverage"]) == (200, True, 1.0)
    assert document["stored"] == 6

    for path, code, said in [
        ("ask?what=orders:3:1050", 404, "nothing is known"),
        ("ask", 400, "the parameter 'what' is missing"),
        ("ask?wat=1", 400, "did you mean 'what'?"),
        ("lag?since=15", 400, "did you mean 15m?"),
        ("flows?limit=x", 400, "limit: expected a number"),
        ("flows?filter=tpic:x", 400, "did you mean 'topic'?"),
        ("map?findings=maybe", 400, "findings: expected yes or no"),
        ("nothing", 404, "no such question"),
    ]:
        status, document = get(f"{url}/api/v1/{path}")
        assert status == code
        assert said in document["error"]["message"]
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert get(f"{url}/api/v1/status", headers)[0] == 403
    assert get(f"{url}/api/v1/status", {"Origin": "http://localhost:3000"})[0] == 200


def test_token(shared: str) -> None:
    """Whoever shows the token may ask under any name."""
    url = shared
    elsewhere = {"Host": "collector.example"}
    assert get(f"{url}/api/v1/status", elsewhere)[0] == 403
    assert get(f"{url}/api/v1/status", elsewhere | {"Authorization": "Bearer wrong"})[0] == 403
    assert get(f"{url}/api/v1/status", elsewhere | {"Authorization": "Bearer secret"})[0] == 200


def test_sources_behave_alike(shared: str, store: Path) -> None:
    """A collector and a file give the same documents and raise the same errors."""
    live, stored = open_source(shared), open_source(str(store))
    try:
        assert isinstance(live, HttpSource)
        assert isinstance(stored, StoreSource)
        assert (live.live, stored.live) == (True, False)
        everything = Window(None, None)
        assert live.ask("order-0") == stored.ask("order-0")
        assert live.flows(everything) == stored.flows(everything)
        assert live.findings(everything) == stored.findings(everything)
        assert live.lag(everything, "group:payment") == stored.lag(everything, "group:payment")
        assert live.map(everything) == stored.map(everything)
        assert live.map(everything, findings=False) == stored.map(everything, findings=False)
        assert live.latency(everything) == stored.latency(everything)
        assert live.order(everything) == stored.order(everything)
        assert live.names("order-") == stored.names("order-")
        assert live.losses(everything, "topic:orders") == stored.losses(everything, "topic:orders")
        refs = [*live.ask("order-0")["events"][0]["published"]["evidence"], *(f"{n:032x}/{n:016x}" for n in range(600))]
        traces = [ref[:32] for ref in refs]
        assert live.spans(refs, traces=traces) == stored.spans(refs, traces=traces)
        for source in (live, stored):
            with pytest.raises(NothingKnown) as unknown:
                source.ask("orders:3:1050")
            assert unknown.value.near
            with pytest.raises(UsageError):
                source.lag(everything, "tpic:x")
            with pytest.raises(UsageError, match="names no span"):
                source.spans(["orders:3:1050"])
    finally:
        live.close()
        stored.close()


def test_a_collector_that_ends_between_two_questions(collecting: Callable[..., Collecting]) -> None:
    """The kept connection is closed: that is said as unavailable, not as a broken connection."""
    collector = collecting()
    source = HttpSource(collector.url())
    source.status()
    collector.end()
    with pytest.raises(SourceUnavailable, match="no collector answers"):
        source.status()
    source.close()


def test_something_else_listens(tmp_path: Path) -> None:
    """A server that is no collector of ours is called that."""
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None
        with pytest.raises(SourceUnavailable, match="is not a flowtrail collector"):
            HttpSource(f"http://127.0.0.1:{found[1]}").status()
    finally:
        server.kill()
        server.communicate()


def test_a_store_is_held_by_one(store: Path) -> None:
    """A second reader in another process is told so."""
    source = open_source(str(store))
    try:
        done = subprocess.run([*COMMAND, "lag", "--source", str(store)], capture_output=True, text=True, check=False)
    finally:
        source.close()
    assert done.returncode in (0, StoreBusy.exit_code)


def test_a_closed_pipe_is_silent(store: Path) -> None:
    """`flowtrail flows | head -0` says nothing."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "lag", "--json", "--source", str(store)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 0


def test_help_imports_nothing_heavy() -> None:
    """The list of commands does not wait for a database."""
    code = (
        "import sys; from flowtrail_tui.cli import main; main(['--help']); main(['lag', '--help']);"
        "heavy = {'duckdb', 'pyarrow', 'textual', 'plotly', 'grpc', 'kafka', 'numpy', 'uvicorn'} & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "collect" in done.stdout


def test_watching_a_real_broker(
    collecting: Callable[..., Collecting],
    kafka: "Cluster",
    topic: Callable[..., str],
    topic_name: Callable[[str], str],
) -> None:
    """`collect --bootstrap-servers`: the lag of a group that is not traced at all."""
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.structs import OffsetAndMetadata

    servers = kafka.bootstrap_servers
    name, group = topic("orders"), topic_name("group")
    producer = KafkaProducer(bootstrap_servers=servers)
    for _ in range(10):
        producer.send(name, b"x")
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    consumer.assign([TopicPartition(name, 0)])
    consumer.commit({TopicPartition(name, 0): OffsetAndMetadata(4, "", -1)})
    consumer.close(autocommit=False)

    collector = collecting("--bootstrap-servers", servers, "--watch-every", "200ms")
    url = collector.url()
    deadline = time.monotonic() + 30
    rows: list[dict[str, Any]] = []
    while not rows and time.monotonic() < deadline:
        rows = get(f"{url}/api/v1/lag?filter={quote('group:' + group)}")[1]["rows"]
        time.sleep(0.1)
    assert (rows[0]["position"], rows[0]["end"], rows[0]["lag"], rows[0]["grade"]) == (4, 10, 6, "A")
    assert get(f"{url}/api/v1/status")[1]["broker"]["state"] == "watching"
    assert collector.end() == 0
