"""The store as the rest of the collector sees it: open, read, write, close."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from flowtrail_collector.errors import Cancelled, SourceUnavailable, StoreDamaged, UsageError
from flowtrail_collector.store import opening
from flowtrail_collector.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from flowtrail_collector.store.batch import SpanBatch, Stored

T = TypeVar("T")

_NEVER_BY_ITSELF = "1TB"  # the writer checkpoints, at row group boundaries
_POLL_S = 0.05


class Store:
    """A DuckDB file with flowtrail's schema.

    Nobody gets at a connection: reads and writes are functions that are handed one for as long as they run. Threads may
    share a store. Reads see what was committed when they began and hold nobody up.
    """

    def __init__(
        self,
        path: Path,
        connection: duckdb.DuckDBPyConnection,
        claimed: str,
        settings: dict[str, str],
        *,
        read_only: bool,
    ) -> None:
        """Take over a connection; use `open`."""
        self.path = path
        self.read_only = read_only
        self._connection = connection
        self._claimed = claimed
        self._closed = False
        self._lock = threading.Lock()
        self._settings = settings
        self._writer = None if read_only else Writer(self._cursor, self._reopen, path)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        create: bool = True,
        read_only: bool = False,
        memory_limit: str = "256MB",
        temp_limit: str = "4GB",
        threads: int | None = None,
    ) -> Store:
        """Open or create the store at `path`, mode 0600; `memory_limit` is DuckDB's own, beyond it questions spill.

        `threads` are those of one question: all cores for a store that is only read, else one. Inserts cost a quarter
        less so, and no question takes the core that ingest needs; questions run beside one another all the same.

        Raises SourceUnavailable, StoreBusy, StoreRefused or StoreDamaged, with path, versions and remedy.
        """
        path = Path(path)
        claimed = opening.claim(path)
        settings = {
            "memory_limit": memory_limit,
            "threads": str(threads or (os.cpu_count() if read_only else 1)),
            "temp_directory": f"{path}.tmp",
            "max_temp_directory_size": temp_limit,
            "checkpoint_threshold": _NEVER_BY_ITSELF,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        }
        connection = None
        try:
            connection = opening.connect(path, create=create and not read_only, read_only=read_only, settings=settings)
            return cls(path, connection, claimed, settings, read_only=read_only)
        except BaseException:
            if connection is not None:
                connection.close()
            opening.release(claimed)
            raise

    def read(
        self,
        question: Callable[[duckdb.DuckDBPyConnection], T],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> T:
        """Return what `question` answers on a connection of its own, in this thread, inside one read-only transaction.

        It may make temporary tables, which end with it, and must not keep the connection. Raises Cancelled when
        `timeout_s` runs out or `cancel` is set meanwhile, and whatever `question` raises.
        """
        cursor = self._cursor()
        watch = _Watch(cursor, timeout_s, cancel)
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            with watch:
                return question(cursor)
        except duckdb.InterruptException:
            raise Cancelled(watch.why()) from None
        except duckdb.OutOfMemoryException as error:
            raise SourceUnavailable(
                f"the question needs more memory than the store may use: {_first(error)}"
            ) from error
        except (duckdb.IOException, duckdb.FatalException) as error:
            raise StoreDamaged(f"{self.path} could not be read: {_first(error)}") from error
        finally:
            cursor.close()

    def write(self, change: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Return what `change` does inside one transaction of the one writer; committed when this returns.

        Raises SourceUnavailable when it could not be stored (again later may help), and whatever `change` raises.
        """
        return self._of_writer().run(change)

    def append(self, batch: SpanBatch, digests: list[bytes], rows: list[int]) -> Future[list[Stored]]:
        """Store the spans of `len(digests)` requests; request i holds `rows[i]` spans of the batch, in order.

        The future ends when all of it is committed. A span that is stored already changes nothing; a request whose
        digest is already stored is known to `seen` and should not come here. Raises SourceUnavailable (in the future)
        when it could not be stored.
        """
        return self._of_writer().submit(batch, digests, rows)

    def seen(self, digest: bytes) -> bool:
        """Tell whether a request with this digest was committed lately."""
        return self._of_writer().seen(digest)

    @property
    def healthy(self) -> bool:
        """False while the last attempt to store failed (disk full, I/O error)."""
        return self._writer is None or self._writer.healthy

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        self._of_writer().checkpoint()

    def close(self) -> None:
        """Write what waits, checkpoint, let go of the file. Reads that still run are interrupted."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            if self._writer is not None:
                self._writer.close()
        finally:
            self._connection.close()
            opening.release(self._claimed)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        try:
            cursor = self._connection.cursor()
            cursor.execute(f"USE {opening.CATALOG}")
        except duckdb.ConnectionException as error:
            raise SourceUnavailable(f"the store {self.path} is closed") from error
        return cursor

    def _reopen(self) -> None:
        """Replace the database after DuckDB gave it up (as on a full disk); reads that run meanwhile may retry."""
        with suppress(duckdb.Error):
            self._connection.close()
        self._connection = opening.connect(self.path, create=False, read_only=False, settings=self._settings)

    def _of_writer(self) -> Writer:
        if self._writer is None:
            raise UsageError(f"{self.path} is open for reading only")
        if self._closed:
            raise SourceUnavailable(f"the store {self.path} is closed")
        return self._writer


class _Watch:
    """Interrupts a query when its time is up or its asker withdraws it."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        timeout_s: float | None,
        cancel: threading.Event | None,
    ) -> None:
        self._cursor = cursor
        self._timeout_s = timeout_s
        self._cancel = cancel or threading.Event()
        self._over = threading.Event()
        self._needed = timeout_s is not None or cancel is not None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> _Watch:
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
        if self._cancel.is_set():
            return "the question was withdrawn"
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


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
