"""Hooks on KafkaProducer and its ProducerBatch.

`send` begins a publication; `ProducerBatch.try_append`, to which the client hands key, payload and headers as they go
to the broker, is where headers are stamped: serializers, checks and errors before it see what the caller gave. The
client calls it under the lock of the partition, so send numbers are in the order of the log, whatever threads send.
"""

import threading
from collections.abc import Callable
from typing import Any

from flowtrail_tracer._adapters.kafka_python.facts import STATE, facts_of
from flowtrail_tracer._adapters.kafka_python.outcomes import describe, error_type, outcome_of
from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.publishing import ACKED, FAILED, IN_DOUBT, Batch, Publication, Publisher
from flowtrail_tracer._core.runtime import RUNTIME

Method = Callable[..., Any]


class KafkaPublisher(Publisher):
    """A traced KafkaProducer."""

    def __init__(self, producer: Any) -> None:
        config = producer.config
        transaction_id = config.get("transactional_id")
        timeout = config.get("delivery_timeout_ms", config.get("request_timeout_ms"))
        super().__init__(
            facts_of(producer, getattr(producer, "_metadata", None)),
            timeout_ms=int(timeout) if isinstance(timeout, int | float) else None,
            transaction_id=None if transaction_id is None else str(transaction_id),
        )
        self.acks = config.get("acks")
        version = config.get("api_version")
        self.takes_headers = not isinstance(version, tuple) or version >= (0, 11)
        self.positions: list[tuple[Any, Any]] = []
        self.closed = False

    def publication(self, destination: str) -> "KafkaPublication":
        """Begin a publication."""
        return KafkaPublication(self, destination)


class KafkaPublication(Publication):
    """A send of kafka-python, from `send()` to its future."""

    publisher: KafkaPublisher
    awaited = False
    """Whether the answer for all records of its batch is going to reach it."""

    def __call__(self, answer: Any) -> None:
        """Take the broker's answer or the client's error; runs on the client's network thread."""
        try:
            if isinstance(answer, BaseException):
                self.finish(outcome_of(answer), error_type(answer), describe(answer))
                return
            if self.partition is None:  # it was not stamped
                self.partition = answer.partition
            offset = answer.offset
            if offset is not None and offset >= 0:
                self.offset = offset
            self.unplaced()
        except Exception:  # noqa: BLE001 - the client's callback is not disturbed
            fault("ack")

    def unplaced(self) -> None:
        """Take an answer, with whatever offset came with it."""
        # where the broker gives no answer, the client makes one up
        self.finish(IN_DOUBT if self.publisher.acks == 0 else ACKED)


class KafkaBatch(Batch):
    """The publications in one ProducerBatch."""

    __slots__ = ()

    def __call__(self, answer: Any) -> None:
        """Take the answer to the batch, or the client's error; runs on the client's network thread."""
        try:
            errors: Any = None
            if isinstance(answer, BaseException):
                errors = lambda _: answer  # noqa: E731 - as the client does it
            elif len(answer) > 2:
                errors = answer[2]
            if errors is not None:
                for publication in self.release():
                    publication(errors(publication.place))  # type: ignore[operator]
            elif self.route.publisher.acks == 0 or answer[0] is None or answer[0] < 0:  # type: ignore[attr-defined]
                for publication in self.release():
                    publication.unplaced()  # type: ignore[attr-defined]
            else:
                self.acked(answer[0])
        except Exception:  # noqa: BLE001 - the client's callback is not disturbed
            fault("ack")


class _Current(threading.local):
    """The publication that this thread is inside `send()` for."""

    publication: KafkaPublication | None = None


_current = _Current()


def make_send(original: Method, publisher_of: Callable[[Any], KafkaPublisher | None]) -> Method:
    """Return the hook for `KafkaProducer.send`."""

    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        publication = before = None
        try:
            publisher = self.__dict__.get(STATE) or publisher_of(self)
            if publisher is not None and RUNTIME.enabled:
                topic = args[0] if args else kwargs.get("topic")
                publication = KafkaPublication(publisher, topic if type(topic) is str else str(topic))
                before = _current.publication
                _current.publication = publication
        except Exception:  # noqa: BLE001 - the send goes on untraced
            fault("send")
        try:
            future = original(self, *args, **kwargs)
        except BaseException as error:
            _raised(publication, before, error, args, kwargs)
            raise
        if publication is not None:
            _current.publication = before
            if not publication.awaited:
                _returned(publication, future, args, kwargs)
        return future

    return send


def _raised(
    publication: KafkaPublication | None,
    before: KafkaPublication | None,
    error: BaseException,
    args: Any,
    kwargs: Any,
) -> None:
    """Record a send that raised: nothing has been handed to the broker."""
    if publication is None:
        return
    try:
        _current.publication = before
        _note_unstamped(publication, args, kwargs)
        publication.finish(FAILED, error_type(error), describe(error))
    except Exception:  # noqa: BLE001 - the host's exception is what it gets
        fault("send")


def _note_unstamped(publication: KafkaPublication, args: Any, kwargs: Any) -> None:
    """Note key and headers, above all the message id, of a send that was refused before it came to be stamped."""
    if publication.message_id is not None:
        return
    given = dict(zip(("topic", "value", "key", "headers"), args, strict=False)) | kwargs
    key, headers = given.get("key"), given.get("headers")
    if isinstance(key, bytes | bytearray | memoryview | str):
        publication.key = key
    if isinstance(headers, list) and all(_is_header(pair) for pair in headers):
        publication.refused_with(headers)


def _is_header(pair: Any) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], bytes)


def _returned(publication: KafkaPublication, future: Any, args: Any, kwargs: Any) -> None:
    """Await the answer to a publication that no batch answers for."""
    try:
        if publication.message_id is None:
            _note_unstamped(publication, args, kwargs)
        _await(publication, future)
    except Exception:  # noqa: BLE001 - the future is the client's own and goes to the host
        fault("send")


def _await(taker: "KafkaPublication | KafkaBatch", future: Any) -> None:
    """Have the answer that comes to a future taken."""
    try:
        add_both = future._add_cb_eb
    except AttributeError:  # before kafka-python 3
        future.add_callback(taker)
        future.add_errback(taker)
    else:
        add_both(taker, taker)


def make_append(original: Method) -> Method:
    """Return the hook for `ProducerBatch.try_append`: stamps the headers of the current publication."""

    def try_append(self: Any, timestamp_ms: Any, key: Any, value: Any, headers: Any, *args: Any, **kwargs: Any) -> Any:
        stamped, publication = headers, None
        try:
            publication = _current.publication
            if publication is not None:
                stamped = _stamp(publication, self.topic_partition, key, value, headers)
        except Exception:  # noqa: BLE001 - the message goes out unstamped
            fault("stamping")
        future = original(self, timestamp_ms, key, value, stamped, *args, **kwargs)
        try:
            if publication is not None and future is not None:
                batch = self.__dict__.get(STATE)
                if batch is None or not batch.open:
                    batch = _begin_batch(self, publication)
                batch.enter(publication, future.args[0])
                publication.awaited = True
        except Exception:  # noqa: BLE001 - the record is in the batch, and its own future answers too
            fault("append")
        return future

    return try_append


def _begin_batch(batch: Any, publication: KafkaPublication) -> KafkaBatch:
    """Begin to gather the publications in a ProducerBatch, and have its answer taken."""
    answer = batch.produce_future
    found = KafkaBatch(publication.route, publication.partition)
    _await(found, answer)
    batch.__dict__[STATE] = found
    return found


def make_split(original: Method) -> Method:
    """Return the hook for `RecordAccumulator.split_and_reenqueue`: a batch that is too large becomes two."""

    def split_and_reenqueue(self: Any, batch: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            found = batch.__dict__.get(STATE)
            if found is not None:
                for publication in found.release():
                    _await(publication, batch._record_futures[publication.place])
        except Exception:  # noqa: BLE001 - the batch is split all the same
            fault("split")
        return original(self, batch, *args, **kwargs)

    return split_and_reenqueue


def _stamp(publication: KafkaPublication, tp: Any, key: Any, value: Any, headers: Any) -> Any:
    publication.partition = tp[1]
    if publication.sequence == 0:
        publication.contents(key, value)
    stamped = publication.stamp(headers)
    return stamped if publication.publisher.takes_headers else headers


def make_close(original: Method) -> Method:
    """Return the hook for `KafkaProducer.close`: what has no answer by then is in doubt."""

    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            _closed(self)

    return close


def _closed(producer: Any) -> None:
    try:
        publisher = producer.__dict__.get(STATE)
        if publisher is not None and not publisher.closed:
            publisher.closed = True
            publisher.give_up()
            record_operation(publisher.facts, "close", "close", None, RUNTIME.now())
    except Exception:  # noqa: BLE001 - the client is closed all the same
        fault("close")
