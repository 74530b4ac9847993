"""Interrupts a query when its time is up or its asker withdraws it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import duckdb

from flowtrail_collector.errors import Cancelled

_POLL_S = 0.05


class Watch:
    """Watches over a cursor for as long as it is entered."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        timeout_s: float | None,
        cancel: threading.Event | None,
    ) -> None:
        """Interrupt what runs on `cursor` after `timeout_s`, or when `cancel` is set; neither: never."""
        self._cursor = cursor
        self._timeout_s = timeout_s
        self._cancel = cancel or threading.Event()
        self._over = threading.Event()
        self._needed = timeout_s is not None or cancel is not None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        if self._cancel.is_set():
            raise Cancelled(self.why())
        if self._needed:
            self._thread = threading.Thread(target=self._watch, name="flowtrail-watch", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def why(self) -> str:
        """Return for people why a query was interrupted."""
        if self._cancel.is_set():
            return "the question was withdrawn"
        if self._timeout_s is None:
            return "the store was closed or opened anew meanwhile; ask again"
        return f"the question took longer than {self._timeout_s:g} s; ask about a smaller window"

    def _watch(self) -> None:
        until = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        while not self._over.is_set():
            late = until is not None and time.monotonic() >= until
            if late or self._cancel.is_set():
                # Again and again: between two statements of the question there is nothing to interrupt.
                with suppress(duckdb.Error):
                    self._cursor.interrupt()
            self._over.wait(_POLL_S)
