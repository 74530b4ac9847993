"""What a person at a terminal is told while a question takes long."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowtrail_collector.source import Source

PATIENT_S = 2.0
"""So long nobody wonders."""
_EVERY_S = 1.0


class Waiting:
    """A source whose questions say on stderr how long they have been going on."""

    def __init__(self, source: Source) -> None:
        """Ask `source`."""
        self._source = source

    def __getattr__(self, name: str) -> Any:
        """Return what the source has; of a question, one that is watched."""
        found = getattr(self._source, name)
        return _watched(found, self._source.name) if callable(found) and name != "close" else found


def _watched(question: Callable[..., Any], of: str) -> Callable[..., Any]:
    @functools.wraps(question)
    def asked(*given: Any, **named: Any) -> Any:
        answered = threading.Event()
        telling = threading.Thread(target=_tell, args=(of, answered), name="flowtrail-waiting", daemon=True)
        telling.start()
        try:
            return question(*given, **named)
        finally:
            answered.set()
            telling.join()

    return asked


def _tell(of: str, answered: threading.Event) -> None:
    """Say how long it has been, in one line that is gone when the answer comes."""
    from flowtrail_tui.safe import safe

    begun = time.monotonic()
    if answered.wait(PATIENT_S):
        return
    while not answered.is_set():
        waited = int(time.monotonic() - begun)
        click.echo(f"\rasking {safe(of)} for {waited} s, ctrl+c ends it\x1b[K", err=True, nl=False)
        answered.wait(_EVERY_S)
    click.echo("\r\x1b[K", err=True, nl=False)
