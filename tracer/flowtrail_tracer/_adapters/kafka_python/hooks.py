"""Puts hooks in the place of methods, and takes them back.

A hook calls the method it replaces exactly once, whatever happens in itself. The official OpenTelemetry
instrumentation of kafka-python wraps two of the same methods; its wrapper is stepped over while ours is in place, so
that nothing is recorded twice.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from flowtrail_tracer._core.faults import fault

Method = Callable[..., Any]
_OFFICIAL = "opentelemetry.instrumentation.kafka"


class Hook:
    """One method of one class and the hook made for it; `covers` tells whether an object is traced."""

    def __init__(
        self,
        owner: type,
        name: str,
        make: Callable[[Method], Method],
        covers: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._covers = covers
        self._before: Any = None
        self._hook: Method | None = None
        self._placed: Any = None

    def install(self) -> None:
        """Replace the method, unless that is done already and nothing has come in front."""
        found = self._owner.__dict__.get(self._name)
        if found is None or found is self._placed:
            return
        inner = _without_official(found)
        if self._hook is None or inner is not self._hook:
            self._hook = self._make(inner)
            self._before = found
            functools.update_wrapper(self._hook, inner)
        self._placed = self._hook if inner is found else self._beside(found, self._hook)
        setattr(self._owner, self._name, self._placed)

    def _beside(self, official: Method, hook: Method) -> Method:
        """Return a method that leaves untraced objects to the official instrumentation."""
        covers = self._covers

        @functools.wraps(hook)
        def choose(self: Any, *args: Any, **kwargs: Any) -> Any:
            if covers(self):
                return hook(self, *args, **kwargs)
            return official.__get__(self, type(self))(*args, **kwargs)

        return choose

    def install_if_placed(self) -> None:
        """Go in front again, where the hook is in use."""
        if self._placed is not None:
            self.install()

    def forget_official(self) -> None:
        """Do not put the official instrumentation's wrapper back: it has been switched off."""
        if self._hook is not None:
            before = _without_official(self._before)
            self._before = before
            if self._placed is self._owner.__dict__.get(self._name):
                self._placed = self._hook
                setattr(self._owner, self._name, self._hook)

    def remove(self) -> None:
        """Put the former method back, unless somebody else has wrapped the hook meanwhile."""
        if self._placed is not None and self._owner.__dict__.get(self._name) is self._placed:
            setattr(self._owner, self._name, self._before)
            self._hook = self._before = self._placed = None


def _without_official(method: Any) -> Any:
    """Return what the official instrumentation wraps; the method itself where it wraps nothing."""
    while True:
        wrapper = getattr(method, "_self_wrapper", None)
        if wrapper is None or not str(getattr(wrapper, "__module__", "")).startswith(_OFFICIAL):
            return method
        method = method.__wrapped__


def watch_official(hooks: Sequence[Hook]) -> None:
    """Stay in front of the official instrumentation, where it is installed, also when it is switched on later."""
    try:
        from opentelemetry.instrumentation.kafka import KafkaInstrumentor
    except ImportError:
        return

    def after(original: Method, then: Callable[[Hook], None]) -> Method:
        def switch(self: Any, **kwargs: Any) -> Any:
            result = original(self, **kwargs)
            try:
                for hook in hooks:
                    then(hook)
            except Exception:  # noqa: BLE001 - their switch works all the same
                fault("the official instrumentation's switch")
            return result

        return switch

    Hook(KafkaInstrumentor, "_instrument", lambda original: after(original, Hook.install_if_placed)).install()
    Hook(KafkaInstrumentor, "_uninstrument", lambda original: after(original, Hook.forget_official)).install()
