"""An exception at every line of the instrumentation: the host's results and exceptions stay what they were.

The hooks are put on a stand-in for the client, so that hundreds of runs take a moment. One run learns which lines of
the tracer are executed; then each of them fails once. Left out are the lines that are the host's own call (a hook must
make it somewhere) and those that cannot fail: `try`, `def`, a name for a name, the call of a guarded function.
"""

import contextvars
import linecache
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

import flowtrail_tracer
from flowtrail_tracer import flow, process
from flowtrail_tracer._adapters.kafka_python import adapter, consumer, group, producer, transactions
from flowtrail_tracer._adapters.kafka_python.consumer import KafkaSubscriber
from flowtrail_tracer._adapters.kafka_python.facts import STATE
from flowtrail_tracer._adapters.kafka_python.producer import KafkaPublisher
from flowtrail_tracer.testing import recording

ROOT = str(Path(flowtrail_tracer.__file__).parent)
HARMLESS = re.compile(
    r"""^\s*(
    try:|finally:|raise|pass|except\ .*|(async\ )?def\ .*|return(\ [\w.]+)?(\ or\ "")?      # cannot fail
    |[\w., ]+(:\ [^=]+)?\ =\ ([\w., ]+|.*(\[\]|None))|self\._given\ =\ .*   # name for name
    |if\ \w+\ is\ (not\ )?None:|if\ not\ publication\.awaited:                             # likewise
    |if\ topic\ is\ _ABSENT\ or\ more\ or\ others:|given\ =\ \(\)\ if\ .*                # likewise
    |(\w+\ =\ )?_(begun|given|returned|raised|stepped|closed|closing|prepared|answered|attempt|now)\(.* # guarded
    |.*\b(original|around)\(.*|with\ type\(self\)\(.*|(\w+\ =\ )?function\(.*                # the host's own call
    )(\s*\#.*)?$""",
    re.VERBOSE,
)
TP = TopicPartition("orders", 0)
PLACE = SimpleNamespace(offset=7)


class HostError(Exception):
    """The host's own."""


class Injected(Exception):
    """The instrumentation's."""


class Future:
    """A send's future: calls back at once."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def add_callback(self, callback: Callable[[Any], Any]) -> None:
        """Succeed."""
        if self.error is None:
            callback(SimpleNamespace(partition=0, offset=5))

    def add_errback(self, callback: Callable[[Any], Any]) -> None:
        """Fail."""
        if self.error is not None:
            callback(self.error)


def record(offset: int) -> Any:
    """Return a delivered record."""
    above = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
    headers = [("traceparent", above), ("message-id", b"m"), ("baggage", b"a=1")]
    return SimpleNamespace(
        topic="orders", partition=0, offset=offset, headers=headers, key=b"k", value=b"v", serialized_value_size=1
    )


class Answer:
    """The future of a batch: calls back when told."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], Any]] = []

    def add_callback(self, callback: Callable[[Any], Any]) -> None:
        """Keep it."""
        self.callbacks.append(callback)

    add_errback = add_callback


class Batch:
    """Stands for the batch that a record enters."""

    topic_partition = TP

    def __init__(self) -> None:
        self.produce_future = Answer()
        self._record_futures: list[Any] = []

    def try_append(self, timestamp_ms: Any, key: Any, value: Any, headers: Any) -> Any:
        """Return the record's future; a value of `full` does not fit."""
        if value == b"full":
            return None
        self._record_futures.append(Future())
        self._record_futures[-1].args = (len(self._record_futures) - 1,)
        return self._record_futures[-1]


class Accumulator:
    """Stands for RecordAccumulator."""

    def split_and_reenqueue(self, batch: Any) -> int:
        """Say how many records there are to split."""
        return len(batch._record_futures)


class Producer:
    """Stands for KafkaProducer."""

    def __init__(self) -> None:
        self.config = {"bootstrap_servers": "h:1", "client_id": "c", "api_version": (2, 1), "transactional_id": "t"}
        self._metadata = SimpleNamespace(cluster_id="abc")
        self.accumulator = Accumulator()
        self.batches: list[Any] = []
        self.make_batch: Callable[[], Any] = Batch

    def send(
        self,
        topic: str,
        value: Any = None,
        key: Any = None,
        headers: Any = None,
        partition: Any = None,
        timestamp_ms: Any = None,
    ) -> Any:
        """Append to the newest batch, and answer as told: in the place of the time, which nobody needs here."""
        answer = timestamp_ms
        if not self.batches:
            self.batches.append(self.make_batch())
        appended = self.batches[-1].try_append(None, b"k", value, headers or [])
        if isinstance(answer, HostError):
            raise answer
        self.appended = appended
        return Future(answer)

    def answer(self, answer: Any) -> None:
        """Answer for the newest batch."""
        for callback in self.batches.pop().produce_future.callbacks:
            callback(answer)

    def close(self) -> str:
        """Close."""
        return "closed"

    def commit_transaction(self) -> None:
        """Commit."""

    def abort_transaction(self) -> None:
        """Fail to abort."""
        raise HostError("abort")

    def send_offsets_to_transaction(self, offsets: Any, group: Any) -> str:
        """Take offsets."""
        return "taken"


class Subscription:
    """Stands for SubscriptionState."""

    def __init__(self) -> None:
        self.assignment: dict[Any, Any] = OrderedDict()

    def assign_from_subscribed(self, partitions: list[Any]) -> str:
        """Assign."""
        self.assignment = OrderedDict((tp, SimpleNamespace(position=None, awaiting_reset=True)) for tp in partitions)
        return "assigned"

    def seek(self, partition: Any, offset: Any) -> str:
        """Set a position."""
        return "positioned"


class Coordinator:
    """Stands for ConsumerCoordinator."""

    _generation = SimpleNamespace(member_id="m-1", generation_id=3)

    def _send_offset_commit_request(self, offsets: Any) -> Any:
        return Future(None if offsets[TP] else HostError("commit"))

    def _on_join_prepare(self) -> str:
        return "prepared"


class Consumer:
    """Stands for KafkaConsumer."""

    def __init__(self) -> None:
        self.config = {"bootstrap_servers": ["h:1"], "client_id": "c", "group_id": "g"}
        self._coordinator = Coordinator()
        self._subscription = Subscription()
        self._client = SimpleNamespace(cluster=SimpleNamespace(cluster_id="abc"))
        self.records = iter([record(1), record(2), record(4)])

    def poll(self, timeout_ms: int = 0, max_records: Any = None, update_offsets: bool = True) -> Any:
        """Return three records with a hole."""
        return {TP: [record(1), record(2), record(4)]}

    def __next__(self) -> Any:
        self.poll(update_offsets=False)
        return next(self.records)

    def __iter__(self) -> Iterator[Any]:
        return self

    def seek(self, partition: Any, offset: int) -> str:
        """Seek."""
        return "sought"

    def seek_to_end(self, *partitions: Any) -> str:
        """Seek."""
        return "sought"

    def close(self) -> str:
        """Close."""
        return "closed"


def hooked() -> tuple[Any, Any]:
    """Return a producer and a consumer with hooks and state."""
    stand_in = type("Producer", (Producer,), {})
    for name, make in (
        ("send", lambda original: producer.make_send(original, lambda _: None)),
        ("close", producer.make_close),
        ("commit_transaction", lambda o: transactions.make_transaction_step(o, "commit-transaction", "committed")),
        ("abort_transaction", lambda o: transactions.make_transaction_step(o, "abort-transaction", "aborted")),
        ("send_offsets_to_transaction", transactions.make_send_offsets),
    ):
        setattr(stand_in, name, make(getattr(Producer, name)))
    sender = stand_in()
    sender.make_batch = type("B", (Batch,), {"try_append": producer.make_append(Batch.try_append)})
    split = producer.make_split(Accumulator.split_and_reenqueue)
    sender.accumulator = type("A", (Accumulator,), {"split_and_reenqueue": split})()
    reader_type = type("Consumer", (Consumer,), {})
    for name, make in (
        ("poll", lambda original: consumer.make_poll(original, lambda _: None)),
        ("__next__", lambda original: consumer.make_next(original, lambda _: None)),
        ("seek", consumer.make_seek),
        ("seek_to_end", consumer.make_seek_to),
        ("close", consumer.make_close),
    ):
        setattr(reader_type, name, make(getattr(Consumer, name)))
    reader = reader_type()
    coordinator, subscription = Coordinator, Subscription
    reader._coordinator = type(
        "C",
        (coordinator,),
        {
            "_send_offset_commit_request": group.make_commit(coordinator._send_offset_commit_request),
            "_on_join_prepare": group.make_join_prepare(coordinator._on_join_prepare),
        },
    )()
    reader._subscription = type(
        "S",
        (subscription,),
        {
            "assign_from_subscribed": group.make_assign(subscription.assign_from_subscribed),
            "seek": group.make_position(subscription.seek),
        },
    )()
    return sender, reader


def attach(sender: Any, reader: Any) -> None:
    """Give both their state, as trace() does."""
    sender.__dict__[STATE] = KafkaPublisher(sender)
    subscriber = KafkaSubscriber(reader)
    for holder in (reader, reader._coordinator, reader._subscription):
        holder.__dict__[STATE] = subscriber


def host(sender: Any, reader: Any) -> list[Any]:
    """Do what an application does; return every result and exception it gets."""
    seen: list[Any] = []

    def note(call: Callable[[], Any]) -> None:
        try:
            result = call()
            seen.append(result if not isinstance(result, Future) else "future")
        except Exception as error:  # noqa: BLE001 - to be compared
            seen.append((type(error), str(error), error.__cause__))

    headers = [("x", b"\xff"), ("Message-Id", b"mine")]
    with flow("order-42") as identifier:
        seen.append(identifier)
        note(lambda: sender.send("orders", b"v", headers=headers))
        note(lambda: sender.send("orders", b"v", timestamp_ms=TimeoutError()))
        note(lambda: sender.send("orders", b"v", timestamp_ms=HostError("broken")))
        note(lambda: sender.send("orders", b"v", nonsense=1))
        note(lambda: sender.send(value=b"v"))
    seen.append(list(headers))
    for answer in ((5, -1, None), (-1, -1), TimeoutError(), (5, -1, lambda _: TimeoutError())):
        note(lambda: sender.send("orders", b"v"))
        note(lambda: sender.send("orders", None, headers=headers))
        note(lambda: sender.send("orders", b"full"))
        sender.answer(answer)
    note(lambda: sender.send("orders", b"v"))
    note(lambda: sender.accumulator.split_and_reenqueue(sender.batches[-1]))
    note(lambda: sender.send("orders", b"v"))
    note(lambda: reader._subscription.assign_from_subscribed([TP]))
    note(lambda: reader._subscription.seek(TP, 0))
    for message in reader:
        seen.append(message.offset)
        note(lambda: sender.send("payments", None, headers=list(message.headers)))  # noqa: B023 - called at once
        with process(message) as inner:
            seen.append(inner is message)
        if message.offset == 4:
            break
    batch = reader.poll()[TP]
    seen.append([message.offset for message in batch])

    def fail() -> None:
        with process(batch[0]):
            raise HostError("handler")

    note(fail)
    note(lambda: reader._coordinator._send_offset_commit_request({TP: PLACE}))
    note(lambda: reader._coordinator._send_offset_commit_request({TP: None}))
    note(lambda: reader.seek(TP, 3))
    note(lambda: reader.seek_to_end(TP))
    note(reader._coordinator._on_join_prepare)
    note(lambda: sender.send_offsets_to_transaction({TP: PLACE}, "g"))
    note(sender.commit_transaction)
    note(sender.abort_transaction)
    note(reader.close)
    note(sender.close)
    flowtrail_tracer.flush()
    return seen


def executed() -> tuple[list[tuple[str, int]], list[Any]]:
    """Return the lines of the tracer that the application's run passes, and what the application sees."""
    lines: dict[tuple[str, int], None] = {}

    def tracer(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(ROOT):
            return None
        if event == "line":
            lines[frame.f_code.co_filename, frame.f_lineno] = None
        return tracer

    with recording(raise_faults=False):
        sender, reader = hooked()
        attach(sender, reader)
        sys.settrace(tracer)
        try:
            seen = host(sender, reader)
        finally:
            sys.settrace(None)
    return list(lines), seen


def injected(place: tuple[str, int]) -> list[Any]:
    """Return what the application sees when that line fails, the first time it is reached."""
    left = [True]

    def tracer(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(ROOT):
            return None
        if event == "line" and left and (frame.f_code.co_filename, frame.f_lineno) == place:
            left.clear()
            raise Injected(f"{place}")
        return tracer

    with recording(raise_faults=False):
        sender, reader = hooked()
        attach(sender, reader)
        sys.settrace(tracer)
        try:
            return host(sender, reader)
        finally:
            sys.settrace(None)


@pytest.mark.filterwarnings("ignore")
def test_a_fault_at_any_line_leaves_the_host_as_it_was():
    """Same results, same exceptions, whatever line of the tracer fails."""
    adapter.KafkaPythonAdapter()
    bare = host(Producer(), Consumer())
    lines, traced = contextvars.copy_context().run(executed)
    assert traced == bare
    candidates = [place for place in lines if not HARMLESS.match(linecache.getline(*place))]
    assert len(candidates) > 300
    broken = []
    for place in candidates:
        try:
            if contextvars.copy_context().run(injected, place) != bare:
                broken.append(place)
        except Injected:
            broken.append(place)
    told = [f"{Path(name).name}:{line}: {linecache.getline(name, line).strip()}" for name, line in broken]
    assert not told, "\n".join(told)
