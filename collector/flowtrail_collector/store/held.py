"""A store file that is held for reading, and for writing only as long as a change takes.

DuckDB lets a file be written by one process alone, and read by several only while none writes. So a change lets go of
the file, opens it for writing, and takes it up again for reading.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_collector.store.database import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

T = TypeVar("T")


class HeldFile:
    """A store for reading; threads may share it. A change waits for the questions under way, and they for it."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading. Raises what `Store.open` does."""
        self.path = path
        self._store: Store | None = self._opened()
        self._closed = False
        self._reading = 0
        self._changing = False
        self._gate = threading.Condition()

    def read(self, question: Callable[[duckdb.DuckDBPyConnection], T], *, timeout_s: float | None = None) -> T:
        """See Store.read."""
        with self._for_reading() as store:
            return store.read(question, timeout_s=timeout_s)

    def write(self, change: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Let go of the file, make a change in one transaction, and take it up again.

        A file of an older schema version is brought up to date by it. Raises StoreBusy while another process has the
        file open, SourceUnavailable where it can not be written, and what Store.open raises.
        """
        with self._alone():
            if self._store is not None:
                self._store.close()
                self._store = None
            try:
                with Store.open(self.path, create=False) as store:
                    return store.write(change)
            finally:
                self._take_up()

    def close(self) -> None:
        """Let go of the file. Reads that still run are interrupted."""
        with self._gate:
            self._closed = True
            store, self._store = self._store, None
        if store is not None:
            store.close()

    @contextmanager
    def _for_reading(self) -> Iterator[Store]:
        with self._gate:
            self._gate.wait_for(lambda: not self._changing)
            if self._closed:
                raise SourceUnavailable(f"the store {self.path} is closed")
            if self._store is None:  # after a change it could not be taken up again: perhaps it can be now
                self._store = self._opened()
            store = self._store
            self._reading += 1
        try:
            yield store
        finally:
            with self._gate:
                self._reading -= 1
                self._gate.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._gate:
            self._gate.wait_for(lambda: not self._changing)
            if self._closed:
                raise SourceUnavailable(f"the store {self.path} is closed")
            self._changing = True
            self._gate.wait_for(lambda: not self._reading)
        try:
            yield
        finally:
            with self._gate:
                self._changing = False
                self._gate.notify_all()

    def _take_up(self) -> None:
        """Hold the file for reading again, unless it was let go of for good meanwhile."""
        with self._gate:
            if not self._closed:
                self._store = self._opened()

    def _opened(self) -> Store:
        return Store.open(self.path, create=False, read_only=True)
