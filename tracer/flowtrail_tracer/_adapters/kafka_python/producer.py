"""Hooks on KafkaProducer and its ProducerBatch.

`send` begins a publication; `ProducerBatch.try_append`, to which the client hands key, payload and headers as they go
to the broker, is where headers are stamped: serializers, checks and errors before it see what the caller gave. The
client calls it under the lock of the partition, so send numbers are in the order of the log, whatever threads send.
"""

import inspect
import threading
from collections.abc import Callable
from typing import Any, Final

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
    around: "KafkaPublication | None" = None
    """The publication in whose `send()` this one is sent, by a serializer for instance."""

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
    around = _make_send_around(original, publisher_of)
    if not _is_clients_own(original):
        return around

    def send(
        self: Any,
        topic: Any = _ABSENT,
        value: Any = None,
        key: Any = None,
        headers: Any = None,
        partition: Any = None,
        timestamp_ms: Any = None,
        *more: Any,
        **others: Any,
    ) -> Any:
        if topic is _ABSENT or more or others:  # not what it takes: it says so itself
            given = () if topic is _ABSENT else (topic, value, key, headers, partition, timestamp_ms)
            return around(self, *given, *more, **others)
        publication = _begun(self, publisher_of, topic)
        try:
            future = original(self, topic, value, key, headers, partition, timestamp_ms)
        except BaseException as error:
            _raised(publication, error, key, headers)
            raise
        if publication is not None:
            _current.publication = publication.around
            if not publication.awaited:
                _returned(publication, future, key, headers)
        return future

    return send


_ABSENT: Final = object()
_PARAMETERS: Final = ("self", "topic", "value", "key", "headers", "partition", "timestamp_ms")


def _is_clients_own(method: Any) -> bool:
    """Whether this is `send` as kafka-python has it: its parameters can be handed on one by one, which costs less."""
    code = getattr(method, "__code__", None)
    return (
        code is not None
        and code.co_varnames[: code.co_argcount] == _PARAMETERS
        and method.__defaults__ == (None,) * 5
        and not (code.co_kwonlyargcount or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS))
    )


def _make_send_around(original: Method, publisher_of: Callable[[Any], KafkaPublisher | None]) -> Method:
    """Return the hook for somebody's wrapper of `send`: it is called just as the hook is."""

    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = _given(args, kwargs)
        publication = _begun(self, publisher_of, given.get("topic"))
        try:
            future = original(self, *args, **kwargs)
        except BaseException as error:
            _raised(publication, error, given.get("key"), given.get("headers"))
            raise
        if publication is not None:
            _current.publication = publication.around
            if not publication.awaited:
                _returned(publication, future, given.get("key"), given.get("headers"))
        return future

    return send


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name."""
    try:
        return dict(zip(_PARAMETERS[1:], args, strict=False)) | kwargs
    except Exception:  # noqa: BLE001 - the call itself is made all the same
        fault("send")
        return {}


def _begun(producer: Any, publisher_of: Callable[[Any], KafkaPublisher | None], topic: Any) -> KafkaPublication | None:
    """Begin a publication, which this thread is in from now on."""
    try:
        publisher = producer.__dict__.get(STATE) or publisher_of(producer)
        if publisher is None or not RUNTIME.enabled:
            return None
        publication = KafkaPublication(publisher, topic if type(topic) is str else str(topic))
        publication.around = _current.publication
        _current.publication = publication
    except Exception:  # noqa: BLE001 - the send goes on untraced
        fault("send")
        return None
    return publication


def _raised(publication: KafkaPublication | None, error: BaseException, key: Any, headers: Any) -> None:
    """Record a send that raised: nothing has been handed to the broker."""
    if publication is None:
        return
    try:
        _current.publication = publication.around
        _note_unstamped(publication, key, headers)
        publication.finish(FAILED, error_type(error), describe(error))
    except Exception:  # noqa: BLE001 - the host's exception is what it gets
        fault("send")


def _note_unstamped(publication: KafkaPublication, key: Any, headers: Any) -> None:
    """Note key and headers, above all the message id, of a send that was refused before it came to be stamped."""
    if publication.message_id is not None:
        return
    if isinstance(key, bytes | bytearray | memoryview | str):
        publication.key = key
    if isinstance(headers, list) and all(_is_header(pair) for pair in headers):
        publication.refused_with(headers)


def _is_header(pair: Any) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], bytes)


def _returned(publication: KafkaPublication, future: Any, key: Any, headers: Any) -> None:
    """Await the answer to a publication that no batch answers for."""
    try:
        if publication.message_id is None:
            _note_unstamped(publication, key, headers)
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
    if not _takes_time(original):
        original = _without_now(original)

    def try_append(self: Any, timestamp_ms: Any, key: Any, value: Any, headers: Any, now: Any = None) -> Any:
        stamped, publication = headers, None
        try:
            publication = _current.publication
            if publication is not None:
                stamped = publication.offer(self.topic_partition[1], key, value, headers)
                if not publication.publisher.takes_headers:
                    stamped = headers
        except Exception:  # noqa: BLE001 - the message goes out unstamped
            fault("stamping")
        future = original(self, timestamp_ms, key, value, stamped, now)
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


def _takes_time(method: Method) -> bool:
    """Whether `try_append` is told the time, as far as it can be told."""
    try:
        return "now" in inspect.signature(method).parameters
    except (TypeError, ValueError):  # somebody's wrapper that does not tell
        return True


def _without_now(original: Method) -> Method:
    """Return `try_append` of kafka-python 2.0, which is not told the time, as it is called later."""

    def try_append(self: Any, timestamp_ms: Any, key: Any, value: Any, headers: Any, now: Any) -> Any:  # noqa: ARG001
        return original(self, timestamp_ms, key, value, headers)

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
