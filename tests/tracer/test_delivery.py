"""The way out: batching, retries, refusals, exits, signals, forks."""

import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import flowtrail_tracer
from flowtrail_tracer import attributes as names
from flowtrail_tracer._core import faults
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.settings import Settings
from tests.tracer.receiver import Receiver

FACTS = Facts("kafka", client_id="c")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run an OTLP receiver."""
    found = Receiver()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    """Leave nothing configured behind."""
    yield
    former = RUNTIME.use(Settings(), None)
    RUNTIME.configured = False
    if former is not None:
        former.shutdown(0.1)


def record(count: int = 1) -> None:
    """Record `count` spans."""
    for _ in range(count):
        record_operation(FACTS, "settle", "commit", "orders", RUNTIME.now())


def test_spans_arrive_within_a_second_with_their_resource(receiver, monkeypatch):
    """Without a flush; the resource says who speaks."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-environment")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b")
    flowtrail_tracer.configure()
    record(3)
    end = time.monotonic() + 1
    while not receiver.accepted and time.monotonic() < end:
        time.sleep(0.01)
    (resource,) = receiver.resources()
    assert resource["service.name"] == "from-environment"
    assert resource["deployment.environment"] == "test"
    assert resource["host.name"] == socket.gethostname()
    assert resource["service.instance.id"]
    assert receiver.paths == ["/v1/traces"]
    assert receiver.headers[0]["api-key"] == "a b"
    assert [attributes[names.NUMBER] for _, attributes in receiver.spans()] == [1, 2, 3]


def test_batches_hold_512_spans_and_nothing_is_lost(receiver):
    """Two thousand spans, numbered without a hole."""
    flowtrail_tracer.configure(service="s", endpoint=receiver.endpoint, compression="gzip")
    record(2000)
    assert flowtrail_tracer.flush(10)
    assert sorted(attributes[names.NUMBER] for _, attributes in receiver.spans()) == list(range(1, 2001))
    assert receiver.headers[0]["content-encoding"] == "gzip"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_retryable_refusal_is_retried_with_the_same_bytes(receiver, status):
    """After the time that the receiver asks for."""
    receiver.answers.append((status, {"Retry-After": "1"}, b""))
    flowtrail_tracer.configure(service="s", endpoint=receiver.endpoint)
    record()
    begun = time.monotonic()
    assert flowtrail_tracer.flush(10)
    assert time.monotonic() - begun > 0.9
    assert receiver.bodies[0] == receiver.bodies[1]
    assert len(receiver.spans()) == 1


def test_a_lost_answer_is_sent_again_with_the_same_bytes(receiver):
    """The receiver may have stored it: equal bytes let it know."""
    receiver.answers.append(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR))
    flowtrail_tracer.configure(service="s", endpoint=receiver.endpoint)
    record()
    assert flowtrail_tracer.flush(10)
    assert len(receiver.bodies) == 2
    assert receiver.bodies[0] == receiver.bodies[1]


def test_refused_spans_are_counted_and_reported(receiver):
    """A definite refusal is not retried; the next span tells how many were dropped."""
    receiver.answers.append((400, {}, b""))
    flowtrail_tracer.configure(service="s", endpoint=receiver.endpoint)
    record(3)
    assert flowtrail_tracer.flush(10)
    record(2)
    assert flowtrail_tracer.flush(10)
    first, second = (attributes for _, attributes in receiver.spans())
    assert (first[names.NUMBER], first[names.DROPPED]) == (4, 3)
    assert names.DROPPED not in second


def test_a_record_that_cannot_be_described_holds_up_no_other(receiver, monkeypatch):
    """It is dropped and counted; its number stays a hole."""
    flowtrail_tracer.configure(service="s", endpoint=receiver.endpoint)
    monkeypatch.setattr(faults, "_reported", {"worker"})
    record(1)
    RUNTIME.put(SimpleNamespace(number=0))
    record(1)
    assert flowtrail_tracer.flush(10)
    record(1)
    assert flowtrail_tracer.flush(10)
    spans = [attributes for _, attributes in receiver.spans()]
    assert [attributes[names.NUMBER] for attributes in spans] == [1, 3, 4]
    assert [attributes.get(names.DROPPED) for attributes in spans] == [None, None, 1]


def test_a_full_queue_drops_and_leaves_a_hole(receiver):
    """Numbers go on for what was dropped."""
    from flowtrail_tracer._core.ids import RandomIds
    from flowtrail_tracer._core.settings import Export
    from flowtrail_tracer._pipeline.exporters import OtlpExporter
    from flowtrail_tracer._pipeline.http import HttpTransport
    from flowtrail_tracer._pipeline.queue import QueueSink

    exporter = OtlpExporter(
        HttpTransport(Export(f"{receiver.endpoint}/v1/traces"), "1"), {"service.instance.id": "i"}, "1"
    )
    sink = QueueSink(exporter, RandomIds(), capacity=5, interval=5)
    RUNTIME.use(Settings(), sink)
    record(8)
    assert flowtrail_tracer.flush(10)
    record()
    assert flowtrail_tracer.flush(10)
    assert sink.dropped == 3
    spans = [attributes for _, attributes in receiver.spans()]
    assert [attributes[names.NUMBER] for attributes in spans] == [1, 2, 3, 4, 5, 9]
    assert [attributes.get(names.DROPPED) for attributes in spans] == [3, None, None, None, None, None]


def test_a_receiver_that_comes_late_gets_everything():
    """Refused connections are retried."""
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
    flowtrail_tracer.configure(service="s", endpoint=f"http://127.0.0.1:{port}")
    record(3)
    assert not flowtrail_tracer.flush(0.5)
    record(3)
    receiver = Receiver(port)
    try:
        assert flowtrail_tracer.flush(10)
        assert [attributes[names.NUMBER] for _, attributes in receiver.spans()] == [1, 2, 3, 4, 5, 6]
    finally:
        receiver.close()


SCRIPT = """
import sys, time, os, signal
import flowtrail_tracer
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.runtime import RUNTIME
FACTS = Facts("kafka")
def record(count=1, name="commit"):
    for _ in range(count):
        record_operation(FACTS, "settle", name, "orders", RUNTIME.now())
flowtrail_tracer.configure(service="s", endpoint=sys.argv[1])
record()
"""


def run(body: str, endpoint: str, **options: object) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a script that has recorded one span; return it and its seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + textwrap.dedent(body), endpoint],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, time.monotonic() - begun


def test_the_last_spans_leave_at_exit(receiver):
    """Without a flush, at the end of the interpreter; also after an exception and sys.exit."""
    for body in ("", "sys.exit(3)", "raise RuntimeError('x')"):
        run(body, receiver.endpoint)
    assert len(receiver.spans()) == 3
    assert len({instance for instance, _ in receiver.spans()}) == 3


def test_exit_is_not_held_up_by_a_black_hole():
    """Two seconds at most, on top of what the interpreter takes."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        done, seconds = run("time.sleep(0.5)", f"http://127.0.0.1:{deaf.getsockname()[1]}")
    assert done.returncode == 0
    assert seconds < 6


def test_sigterm_delivers_and_kills_as_before(receiver):
    """The default disposition: killed by the signal, last spans delivered."""
    done, _ = run("os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)", receiver.endpoint)
    assert done.returncode == -signal.SIGTERM
    assert len(receiver.spans()) == 1


def test_an_applications_own_sigterm_handler_stays(receiver):
    """Set before or after configure()."""
    done, _ = run(
        """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        flowtrail_tracer.configure(service="s", endpoint=sys.argv[1])
        record()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
        """,
        receiver.endpoint,
    )
    assert done.returncode == 7
    assert len(receiver.spans()) == 2


def test_a_forked_child_is_another_instance(receiver):
    """Its numbers start at 1, its ids are its own, and the parent goes on."""
    done, _ = run(
        """
        flowtrail_tracer.flush(5)
        child = os.fork()
        record(2, "forked" if child == 0 else "parent")
        if child == 0:
            flowtrail_tracer.shutdown(5)
            os._exit(0)
        os.waitpid(child, 0)
        """,
        receiver.endpoint,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[tuple[int, str]]] = {}
    for instance, attributes in receiver.spans():
        found.setdefault(instance, []).append((attributes[names.NUMBER], attributes["name"]))
    assert sorted(found.values()) == [
        [(1, "commit orders"), (2, "parent orders"), (3, "parent orders")],
        [(1, "forked orders"), (2, "forked orders")],
    ]
    ids = [span.span_id for body in receiver.accepted for span in _spans(body)]
    assert len(set(ids)) == len(ids) == 5


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_children_deliver_at_their_end(receiver, tmp_path, method):
    """They end without atexit, and are seen all the same."""
    script = tmp_path / "main.py"
    script.write_text(
        SCRIPT
        + textwrap.dedent(
            f"""
            import multiprocessing
            def work():
                record(2, "child")
            if __name__ == "__main__":
                context = multiprocessing.get_context("{method}")
                child = context.Process(target=work)
                child.start()
                child.join()
            """
        )
    )
    subprocess.run([sys.executable, str(script), receiver.endpoint], timeout=60, check=True)
    children = [attributes for _, attributes in receiver.spans() if attributes["name"] == "child orders"]
    assert len(children) == 2
    by_instance: dict[str, set[int]] = {}
    for instance, attributes in receiver.spans():
        by_instance.setdefault(instance, set()).add(attributes[names.NUMBER])
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in by_instance.values())


def _spans(body: bytes):
    from tests.tracer.receiver import parse

    return [span for one in parse(body).resource_spans for scope in one.scope_spans for span in scope.spans]


def test_configure_refuses_what_it_does_not_understand():
    """With a sentence that names what it does."""
    with pytest.raises(ValueError, match="http/protobuf"):
        flowtrail_tracer.configure(protocol="carrier-pigeon")
    with pytest.raises(ValueError, match="gzip"):
        flowtrail_tracer.configure(compression="zip")
    with pytest.raises(ValueError, match="HOST:PORT"):
        flowtrail_tracer.configure(endpoint="ftp://x")
    with pytest.raises(ValueError, match="message_id"):
        flowtrail_tracer.configure(header_names={"nonsense": "x"})


def test_grpc(monkeypatch):
    """Where grpcio is installed, OTLP goes over gRPC too; a hint in the trailers is obeyed."""
    grpc = pytest.importorskip("grpc")
    from concurrent.futures import ThreadPoolExecutor

    from google.protobuf.duration_pb2 import Duration
    from google.rpc.error_details_pb2 import RetryInfo

    from tests.tracer.receiver import parse

    bodies: list[bytes] = []

    def export(body: bytes, context: object) -> bytes:
        bodies.append(body)
        if len(bodies) == 1:
            hint = RetryInfo(retry_delay=Duration(seconds=1, nanos=200_000_000)).SerializeToString()
            context.set_trailing_metadata((("google.rpc.retryinfo-bin", hint),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "later")
        return b""

    server = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.method_handlers_generic_handler(
        "opentelemetry.proto.collector.trace.v1.TraceService", {"Export": grpc.unary_unary_rpc_method_handler(export)}
    )
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        flowtrail_tracer.configure(service="s", protocol="grpc", endpoint=f"http://127.0.0.1:{port}")
        record(2)
        begun = time.monotonic()
        assert flowtrail_tracer.flush(15)
        assert time.monotonic() - begun > 1.1
        assert bodies[0] == bodies[1]
        assert len(parse(bodies[1]).resource_spans[0].scope_spans[0].spans) == 2
    finally:
        server.stop(0)
