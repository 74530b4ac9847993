"""Hooks on the transactions of KafkaProducer (2.3 and later): acked is not committed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowtrail_tracer import attributes as names
from flowtrail_tracer._adapters.kafka_python.assignment import offset_of, place_of
from flowtrail_tracer._adapters.kafka_python.facts import STATE
from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.operations import record_operation
from flowtrail_tracer._core.runtime import RUNTIME

if TYPE_CHECKING:
    from flowtrail_tracer._core.span import AttributeValue

Method = Callable[..., Any]


def make_transaction_step(original: Method, name: str, outcome: str | None) -> Method:
    """Return the hook for one step: a `settle` span of that name; `outcome` is what its success means."""

    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        start = _now()
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            _stepped(self, name, start, None, error)
            raise
        _stepped(self, name, start, outcome, None)
        return result

    return step


def _now() -> int:
    try:
        return RUNTIME.now()
    except Exception:  # noqa: BLE001 - the transaction goes on
        fault("transaction")
        return 0


def _stepped(producer: Any, name: str, start: int, outcome: str | None, error: BaseException | None) -> None:
    try:
        publisher = producer.__dict__.get(STATE)
        if publisher is None:
            return
        attributes: list[tuple[str, AttributeValue]] = [(names.PRODUCER_EPOCH, publisher.epoch)]
        if publisher.transaction_id is not None:
            attributes.append((names.TRANSACTION_ID, publisher.transaction_id))
        if outcome is not None:
            attributes.append((names.TRANSACTION_OUTCOME, outcome))
        described = None
        if error is not None:
            described = f"{type(error).__qualname__}: {error}"[:1000]
            attributes.append((names.ERROR_TYPE, type(error).__qualname__))
        positions, publisher.positions = publisher.positions, []
        if outcome == "committed":
            for offsets, group in positions:
                _settled(publisher, offsets, group, start)
        record_operation(publisher.facts, "settle", name, None, start, attributes, described)
    except Exception:  # noqa: BLE001 - the transaction's outcome stands
        fault("transaction")


def make_send_offsets(original: Method) -> Method:
    """Return the hook for `send_offsets_to_transaction`: positions that hold once the transaction commits."""

    def send_offsets_to_transaction(self: Any, offsets: Any, group: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, offsets, group, *args, **kwargs)
        try:
            publisher = self.__dict__.get(STATE)
            if publisher is not None:
                found = {place_of(tp): offset_of(position) for tp, position in offsets.items()}
                publisher.positions.append((found, group))
        except Exception:  # noqa: BLE001 - the offsets are sent
            fault("transaction")
        return result

    return send_offsets_to_transaction


def _settled(publisher: Any, offsets: dict[Any, int | None], group: Any, start: int) -> None:
    name = group if isinstance(group, str) else getattr(group, "group_id", None)
    member, generation = getattr(group, "member_id", None), getattr(group, "generation_id", None)
    for (topic, partition), position in offsets.items():
        attributes: list[tuple[str, AttributeValue]] = [(names.PARTITION, str(partition))]
        if name is not None:
            attributes.append((names.CONSUMER_GROUP, str(name)))
        if member:
            attributes.append((names.MEMBER, str(member)))
        if isinstance(generation, int) and generation >= 0:
            attributes.append((names.GENERATION, generation))
        if position is not None:
            attributes += [(names.POSITION, position), (names.POSITION_REASON, "commit")]
        attributes.append((names.TRANSACTION_ID, publisher.transaction_id or ""))
        record_operation(publisher.facts, "settle", "commit", topic, start, attributes)
