"""Zero-code start: the entry point that `opentelemetry-instrument` loads."""

from collections.abc import Collection
from typing import Any

from flowtrail_tracer._api import instrument, uninstrument


class FlowtrailInstrumentor:
    """Instruments every supported client; has the form of OpenTelemetry's BaseInstrumentor without needing it."""

    _active = False

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return what may be instrumented, as requirements."""
        return ("kafka-python >= 2.0.2",)

    @property
    def is_instrumented_by_opentelemetry(self) -> bool:
        """Whether `instrument` is in effect."""
        return type(self)._active

    def instrument(self, **kwargs: Any) -> None:  # noqa: ARG002 - the loader's options concern other instrumentors
        """Instrument; options of the loader are accepted and not needed."""
        instrument()
        type(self)._active = True

    def uninstrument(self, **kwargs: Any) -> None:  # noqa: ARG002 - likewise
        """Undo `instrument`."""
        uninstrument()
        type(self)._active = False
