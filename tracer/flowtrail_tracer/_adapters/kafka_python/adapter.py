"""Recognises kafka-python's clients, puts the hooks in place, and gives every traced client its state."""

import threading
import weakref
from functools import partial
from typing import Any

from flowtrail_tracer._adapters.kafka_python import consumer, group, producer, transactions
from flowtrail_tracer._adapters.kafka_python.consumer import KafkaSubscriber
from flowtrail_tracer._adapters.kafka_python.facts import STATE
from flowtrail_tracer._adapters.kafka_python.hooks import Hook, watch_official
from flowtrail_tracer._adapters.kafka_python.producer import KafkaPublisher
from flowtrail_tracer._core.consuming import Processing


class KafkaPythonAdapter:
    """The adapter for kafka-python 2.0.2 and later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hooks: list[Hook] | None = None
        self._all = False
        self._traced = False
        self._implicit: list[weakref.ref[Any]] = []

    def recognises(self, client: object) -> bool:
        """Whether `client` is a KafkaProducer or a KafkaConsumer, or of a subclass."""
        from kafka import KafkaConsumer, KafkaProducer

        return isinstance(client, KafkaProducer | KafkaConsumer)

    def attach(self, client: Any) -> None:
        """Trace one client."""
        self._traced = True
        self._place_hooks()
        _state_of(client)
        self._implicit = [found for found in self._implicit if found() is not client]

    def install(self) -> None:
        """Trace every client, those that exist already included: they are attached at their next call."""
        self._all = True
        self._place_hooks()

    def uninstall(self) -> None:
        """Trace only what was given to `attach`; with no such client, every method is put back."""
        self._all = False
        implicit, self._implicit = self._implicit, []
        for found in implicit:
            _detach(found())
        if not self._traced and self._hooks is not None:
            with self._lock:
                for hook in self._hooks:
                    hook.remove()

    def begin_processing(self, message: object) -> Processing | None:
        """Begin processing a ConsumerRecord."""
        if not hasattr(message, "serialized_value_size"):
            return None
        return consumer.begin_processing(message)

    def _place_hooks(self) -> None:
        with self._lock:
            if self._hooks is None:
                self._hooks = _make_hooks(self)
                watch_official(self._hooks)
            for hook in self._hooks:
                hook.install()

    def publisher_of(self, client: Any) -> KafkaPublisher | None:
        """Return the state of a producer that `instrument()` covers."""
        return self._cover(client)  # type: ignore[no-any-return]

    def subscriber_of(self, client: Any) -> KafkaSubscriber | None:
        """Return the state of a consumer that `instrument()` covers."""
        return self._cover(client)  # type: ignore[no-any-return]

    def covers(self, client: Any) -> bool:
        """Whether a client is traced."""
        return self._all or STATE in client.__dict__

    def _cover(self, client: Any) -> Any:
        if not self._all:
            return None
        state = _state_of(client)
        self._implicit = [found for found in self._implicit if found() is not None]
        self._implicit.append(weakref.ref(client))
        return state


_attaching = threading.Lock()


def _state_of(client: Any) -> KafkaPublisher | KafkaSubscriber:
    """Return a client's state, made at the first call."""
    from kafka import KafkaProducer

    with _attaching:
        state = client.__dict__.get(STATE)
        if state is not None:
            return state  # type: ignore[no-any-return]
        if isinstance(client, KafkaProducer):
            client.__dict__[STATE] = publisher = KafkaPublisher(client)
            return publisher
        subscriber = KafkaSubscriber(client)
        client._coordinator.__dict__[STATE] = subscriber
        client._subscription.__dict__[STATE] = subscriber
        client.__dict__[STATE] = subscriber
        subscriber.refresh_assignment()
        return subscriber


def _detach(client: Any) -> None:
    """Take a client's state away."""
    if client is not None:
        for holder in (client, getattr(client, "_coordinator", None), getattr(client, "_subscription", None)):
            if holder is not None:
                holder.__dict__.pop(STATE, None)


def _make_hooks(adapter: KafkaPythonAdapter) -> list[Hook]:
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.consumer.subscription_state import SubscriptionState
    from kafka.coordinator.consumer import ConsumerCoordinator
    from kafka.producer.record_accumulator import ProducerBatch, RecordAccumulator

    step, covers = transactions.make_transaction_step, adapter.covers
    return [
        Hook(KafkaProducer, "send", partial(producer.make_send, publisher_of=adapter.publisher_of), covers),
        Hook(KafkaProducer, "close", producer.make_close),
        Hook(ProducerBatch, "try_append", producer.make_append),
        Hook(RecordAccumulator, "split_and_reenqueue", producer.make_split),
        Hook(KafkaProducer, "init_transactions", partial(step, name="init-transactions", outcome=None)),
        Hook(KafkaProducer, "begin_transaction", partial(step, name="begin-transaction", outcome=None)),
        Hook(KafkaProducer, "commit_transaction", partial(step, name="commit-transaction", outcome="committed")),
        Hook(KafkaProducer, "abort_transaction", partial(step, name="abort-transaction", outcome="aborted")),
        Hook(KafkaProducer, "send_offsets_to_transaction", transactions.make_send_offsets),
        Hook(KafkaConsumer, "poll", partial(consumer.make_poll, subscriber_of=adapter.subscriber_of)),
        Hook(KafkaConsumer, "__next__", partial(consumer.make_next, subscriber_of=adapter.subscriber_of), covers),
        Hook(KafkaConsumer, "seek", consumer.make_seek),
        Hook(KafkaConsumer, "seek_to_beginning", consumer.make_seek_to),
        Hook(KafkaConsumer, "seek_to_end", consumer.make_seek_to),
        Hook(KafkaConsumer, "close", consumer.make_close),
        Hook(SubscriptionState, "assign_from_user", group.make_assign),
        Hook(SubscriptionState, "assign_from_subscribed", group.make_assign),
        Hook(SubscriptionState, "unsubscribe", group.make_assign),
        Hook(SubscriptionState, "seek", group.make_position),
        Hook(ConsumerCoordinator, "_send_offset_commit_request", group.make_commit),
        Hook(ConsumerCoordinator, "_on_join_prepare", group.make_join_prepare),
        Hook(ConsumerCoordinator, "_on_join_prepare_async", group.make_join_prepare),
    ]
