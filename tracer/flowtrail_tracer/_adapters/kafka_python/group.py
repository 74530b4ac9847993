"""Hooks on what stands behind KafkaConsumer: its subscription (assignments, positions) and coordinator (commits)."""

import inspect
from collections.abc import Callable
from typing import Any

from flowtrail_tracer._adapters.kafka_python.assignment import offset_of, place_of
from flowtrail_tracer._adapters.kafka_python.facts import STATE
from flowtrail_tracer._core.consuming import Membership
from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.runtime import RUNTIME

Method = Callable[..., Any]


def make_assign(original: Method) -> Method:
    """Return the hook for the methods of SubscriptionState that change the assignment."""

    def assign(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        try:
            subscriber = self.__dict__.get(STATE)
            if subscriber is not None:
                subscriber.refresh_assignment()
        except Exception:  # noqa: BLE001 - the assignment is done
            fault("assignment")
        return result

    return assign


def make_position(original: Method) -> Method:
    """Return the hook for `SubscriptionState.seek`: the client moves a position, to the committed one or a reset."""

    def seek(self: Any, partition: Any, offset: Any) -> Any:
        reset = False
        try:
            state = self.assignment.get(partition)
            reset = bool(getattr(state, "awaiting_reset", False))
        except Exception:  # noqa: BLE001 - the position is set all the same
            fault("position")
        result = original(self, partition, offset)
        try:
            subscriber = self.__dict__.get(STATE)
            found = offset_of(offset)
            if subscriber is not None and found is not None:
                subscriber.assignment.positioned(place_of(partition), found, reset=reset)
        except Exception:  # noqa: BLE001 - likewise
            fault("position")
        return result

    return seek


def make_join_prepare(original: Method) -> Method:
    """Return the hook for the coordinator's preparation of a rebalance: an eager one revokes everything."""
    if inspect.iscoroutinefunction(original):

        async def join_prepare_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await original(self, *args, **kwargs)
            finally:
                _prepared(self)

        return join_prepare_async

    def join_prepare(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            _prepared(self)

    return join_prepare


def _prepared(coordinator: Any) -> None:
    try:
        subscriber = coordinator.__dict__.get(STATE)
        cooperative = getattr(getattr(coordinator, "_rebalance_protocol", None), "name", "EAGER") == "COOPERATIVE"
        if subscriber is not None and not cooperative:
            subscriber.seal()
            subscriber.assignment.revoked()
    except Exception:  # noqa: BLE001 - the rebalance goes on
        fault("rebalance")


def make_commit(original: Method) -> Method:
    """Return the hook for `ConsumerCoordinator._send_offset_commit_request`, through which every commit goes."""
    if inspect.iscoroutinefunction(original):

        async def commit_async(self: Any, offsets: Any) -> Any:
            attempt = _attempt(self, offsets)
            try:
                result = await original(self, offsets)
            except BaseException as error:
                _answered(attempt, error)
                raise
            _answered(attempt, None)
            return result

        return commit_async

    def commit(self: Any, offsets: Any) -> Any:
        attempt = _attempt(self, offsets)
        try:
            future = original(self, offsets)
        except BaseException as error:
            _answered(attempt, error)
            raise
        try:
            if attempt is not None:
                future.add_callback(lambda _: _answered(attempt, None))
                future.add_errback(lambda error: _answered(attempt, error))
        except Exception:  # noqa: BLE001 - the future is the client's own
            fault("commit")
        return future

    return commit


class _Attempt:
    """One commit request on its way."""

    __slots__ = ("membership", "offsets", "start", "subscriber")

    def __init__(self, subscriber: Any, offsets: dict[Any, int | None], membership: Membership) -> None:
        self.subscriber = subscriber
        self.offsets = offsets
        self.membership = membership
        self.start = RUNTIME.now()


def _attempt(coordinator: Any, offsets: Any) -> _Attempt | None:
    try:
        subscriber = coordinator.__dict__.get(STATE)
        if subscriber is None or not offsets:
            return None
        subscriber.refresh_membership()
        subscriber.seal()
        found = {place_of(tp): offset_of(position) for tp, position in offsets.items()}
        return _Attempt(subscriber, found, subscriber.membership)
    except Exception:  # noqa: BLE001 - the commit goes on
        fault("commit")
        return None


def _answered(attempt: _Attempt | None, error: BaseException | None) -> None:
    try:
        if attempt is None:
            return
        for place, position in attempt.offsets.items():
            if error is None and position is not None:
                attempt.subscriber.assignment.committed(place, position)
            attempt.subscriber.record_position(
                "settle", "commit", place, position, attempt.start, attempt.membership, error
            )
    except Exception:  # noqa: BLE001 - the commit's outcome stands
        fault("commit")
