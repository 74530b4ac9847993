"""Beside others: an application's own provider and propagators, the official instrumentation, zero-code start."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from opentelemetry import propagate
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

import flowtrail_tracer
from flowtrail_tracer import attributes as names
from flowtrail_tracer import instrument, uninstrument
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.settings import Settings
from tests.tracer.receiver import Receiver
from tests.tracer.test_consumer import fill, manual

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def exported() -> InMemorySpanExporter:
    """Keep what the application's provider exports."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(exported) -> Iterator[TracerProvider]:
    """Spans go through the application's own provider."""
    found = TracerProvider(shutdown_on_exit=False)
    found.add_span_processor(SimpleSpanProcessor(exported))
    yield found
    former = RUNTIME.use(Settings(), None)
    RUNTIME.configured = False
    if former is not None:
        former.shutdown(0.1)


def test_plain_sdk_mode(provider, exported, make_producer, make_consumer, name):
    """The provider's ids are on the wire, times are those of the operations, and every kind of span comes."""
    flowtrail_tracer.configure(provider=provider)
    producer = make_producer()
    fill(producer, name("orders"), 2)
    consumer = manual(make_consumer, name("orders"), group_id=name("g"))
    records = [next(consumer), next(consumer)]
    with pytest.raises(OSError, match="x"), flowtrail_tracer.process(records[1]):
        raise OSError("x")
    consumer.close()
    producer.close()
    assert flowtrail_tracer.flush(5)
    spans = exported.get_finished_spans()
    found = Counter(span.attributes[names.OPERATION_TYPE] for span in spans)
    assert found["send"] == found["process"] == 2
    assert {"receive", "settle", "assign", "revoke", "close"} <= set(found)
    sends = [span for span in spans if span.attributes[names.OPERATION_TYPE] == "send"]
    done = [span for span in spans if span.attributes[names.OPERATION_TYPE] == "process"]
    assert sends[0].kind is SpanKind.PRODUCER
    assert done[0].kind is SpanKind.CONSUMER
    assert dict(records[0].headers)["traceparent"].decode().split("-")[2] == f"{sends[0].context.span_id:016x}"
    assert done[0].parent.span_id == sends[0].context.span_id
    assert done[0].context.trace_id == sends[0].context.trace_id
    assert sends[0].start_time <= sends[0].end_time <= done[0].start_time
    assert (done[0].status.status_code, done[1].status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    numbers = [span.attributes[names.NUMBER] for span in spans]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len({span.attributes[names.SERVICE_INSTANCE_ID] for span in spans}) == 1


def test_a_provider_that_samples_nothing_says_so_on_the_wire(make_producer, make_consumer, name, provider):
    """The sampled flag is off, and the host notices nothing."""
    flowtrail_tracer.configure(provider=TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    fill(make_producer(), name("orders"), 1)
    record = next(manual(make_consumer, name("orders"), traced=False))
    assert int(dict(record.headers)["traceparent"][-2:], 16) & 1 == 0


class _Own(TextMapPropagator):
    """A propagator with a header of its own."""

    def extract(self, carrier: CarrierT, context: Any = None, getter: Getter[CarrierT] = default_getter) -> Any:
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

        found = getter.get(carrier, "own")
        if not found:
            return context
        trace_id, span_id = (int(part, 16) for part in found[0].split("/"))
        return set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, True, TraceFlags(1))), context)

    def inject(self, carrier: CarrierT, context: Any = None, setter: Setter[CarrierT] = default_setter) -> None:
        from opentelemetry.trace import get_current_span

        found = get_current_span(context).get_span_context()
        setter.set(carrier, "own", f"{found.trace_id:x}/{found.span_id:x}")

    @property
    def fields(self) -> set[str]:
        return {"own"}


def test_configured_propagators_are_used(recorder, make_producer, make_consumer, name):
    """Whatever OTEL_PROPAGATORS chose writes and reads the trace context."""
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(_Own())
    try:
        fill(make_producer(), name("orders"), 1)
        consumer = manual(make_consumer, name("orders"))
        record = next(consumer)
        consumer.close()
        (sent,), (done,) = recorder.spans("send"), recorder.spans("process")
        assert "traceparent" not in dict(record.headers)
        assert "own" in dict(record.headers)
        assert (done.trace_id, done.parent_span_id) == (sent.trace_id, sent.span_id)
    finally:
        propagate.set_global_textmap(before)


def test_baggage_goes_along(recorder, make_producer, make_consumer, name):
    """Set around the send, current in the loop body."""
    from opentelemetry import baggage, context

    token = context.attach(baggage.set_baggage("tenant", "7"))
    producer = make_producer()
    fill(producer, name("orders"), 1)
    context.detach(token)
    consumer = manual(make_consumer, name("orders"))
    record = next(consumer)
    assert dict(record.headers)["baggage"] == b"tenant=7"
    assert baggage.get_baggage("tenant") == "7"
    consumer.close()
    assert baggage.get_baggage("tenant") is None


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_official_instrumentation_does_not_double(
    recorder, provider, exported, make_producer, make_consumer, name, order
):
    """Ours record, theirs are stepped over, whichever was first; switched off, they leave nothing behind."""
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.kafka")
    official = instrumentation.KafkaInstrumentor()
    if order == "before":
        official.instrument(tracer_provider=provider)
    producer, consumer = make_producer(), make_consumer()
    if order == "after":
        official.instrument(tracer_provider=provider)
    try:
        headers: list[Any] = []
        producer.send(name("orders"), value=b"1", partition=0, headers=headers).get(timeout=10)
        from kafka import TopicPartition

        consumer.assign([TopicPartition(name("orders"), 0)])
        next(consumer)
        consumer.close()
        assert headers == []
        assert len(recorder.spans("send")) == len(recorder.spans("process")) == 1
        assert exported.get_finished_spans() == ()
        make_producer(traced=False).send(name("others"), value=b"1", partition=0).get(timeout=10)
        assert [span.name for span in exported.get_finished_spans()] == [f"{name('others')} send"]
        assert len(recorder.spans("send")) == 1
    finally:
        official.uninstrument()
    exported.clear()
    make_producer(traced=False).send(name("others"), value=b"2", partition=0).get(timeout=10)
    producer.send(name("orders"), value=b"3", partition=0).get(timeout=10)
    assert exported.get_finished_spans() == ()
    assert len(recorder.wait_for(2, "send")) == 2


def test_instrument_covers_every_client_and_can_be_undone(recorder, make_producer, make_consumer, name):
    """Clients made before and after; after uninstrument() nothing is recorded."""
    early = make_producer(traced=False)
    instrument()
    try:
        instrument()
        producer = make_producer(traced=False)
        early.send(name("orders"), value=b"1", partition=0).get(timeout=10)
        flowtrail_tracer.trace(producer).send(name("orders"), value=b"2", partition=0).get(timeout=10)
        consumer = make_consumer(name("orders"), traced=False, group_id=name("g"))
        assert [next(consumer).value, next(consumer).value] == [b"1", b"2"]
        consumer.close()
    finally:
        uninstrument()
    assert len(recorder.wait_for(2, "send")) == len(recorder.spans("process")) == 2
    assert len(recorder.spans("assign")) == 4
    early.send(name("orders"), value=b"3", partition=0).get(timeout=10)
    make_producer(traced=False).send(name("orders"), value=b"4", partition=0).get(timeout=10)
    assert len(recorder.spans("send")) == 2


def test_uninstrument_puts_the_methods_back():
    """Where no client was given to trace(), the classes are as they were."""
    script = """
import warnings; warnings.simplefilter("ignore")
from kafka import KafkaConsumer, KafkaProducer
import flowtrail_tracer
before = KafkaProducer.send, KafkaConsumer.poll, KafkaConsumer.__next__
flowtrail_tracer.instrument()
assert KafkaProducer.send is not before[0]
flowtrail_tracer.uninstrument()
assert (KafkaProducer.send, KafkaConsumer.poll, KafkaConsumer.__next__) == before
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_zero_code_start(mock_broker, tmp_path):
    """`opentelemetry-instrument` finds the entry point; the official instrumentation beside it does not double."""
    pytest.importorskip("opentelemetry.instrumentation.auto_instrumentation")
    receiver = Receiver()
    script = tmp_path / "app.py"
    script.write_text(
        f"""
import warnings; warnings.simplefilter("ignore")
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers="{mock_broker}", api_version=(2, 1))
producer.send("zero", b"1").get(timeout=10)
"""
    )
    import os

    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "zero",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    starter = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
    command = [sys.executable, "-c", starter, sys.executable, str(script)]
    try:
        subprocess.run(command, env=environment, check=True, timeout=60)
        sends = [span for _, span in receiver.spans() if span["name"] == "send zero"]
        others = [span for _, span in receiver.spans() if span["name"] == "zero send"]
    finally:
        receiver.close()
    assert len(sends) == 1
    assert sends[0][names.PUBLISH_OUTCOME] == "acked"
    assert others == []


def test_classes_keep_their_names_and_signatures():
    """What tools see of the methods is the client's."""
    import inspect

    assert KafkaProducer.send.__qualname__ == "KafkaProducer.send"
    assert "topic" in inspect.signature(KafkaProducer.send).parameters
    assert "timeout_ms" in inspect.signature(KafkaConsumer.poll).parameters
