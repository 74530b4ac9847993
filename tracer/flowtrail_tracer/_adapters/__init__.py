"""One adapter per client library; nothing above this package knows any of them."""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Final, Protocol

from flowtrail_tracer._core.consuming import Processing


class Adapter(Protocol):
    """What an adapter offers: recognise, attach, patch, and take messages."""

    def recognises(self, client: object) -> bool:
        """Whether `client` is one of the library's producers or consumers."""

    def attach(self, client: object) -> None:
        """Trace one client, once."""

    def install(self) -> None:
        """Trace every client of the library."""

    def uninstall(self) -> None:
        """Undo `install`."""

    def begin_processing(self, message: object) -> Processing | None:
        """Begin processing a message of the library and make it current; None for anything else."""


_ADAPTERS: Final = {"kafka": "flowtrail_tracer._adapters.kafka_python"}
"""Import name of the client library -> adapter module; a library is imported only when the application has it."""

_SUPPORTED: Final = ("kafka.KafkaProducer and kafka.KafkaConsumer of kafka-python",)


def supported() -> str:
    """Return what `trace()` takes, for people."""
    return "; ".join(_SUPPORTED)


def _loaded() -> Iterator[Adapter]:
    """Yield the adapters of libraries that the application has imported."""
    for library, module in _ADAPTERS.items():
        if library in sys.modules:
            yield import_module(module).ADAPTER


def installed() -> Iterator[Adapter]:
    """Yield the adapters of libraries that are installed."""
    for module in _ADAPTERS.values():
        try:
            yield import_module(module).ADAPTER
        except ImportError:
            continue


def for_client(client: object) -> Adapter | None:
    """Return the adapter that recognises `client`."""
    return next((adapter for adapter in _loaded() if adapter.recognises(client)), None)


def begin_processing(message: object) -> Processing | None:
    """Begin processing a message with the adapter that knows it."""
    for adapter in _loaded():
        processing = adapter.begin_processing(message)
        if processing is not None:
            return processing
    return None
