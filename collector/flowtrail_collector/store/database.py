"""The store as the rest of the collector sees it: open, read, write, close."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from flowtrail_collector.errors import Cancelled, SourceUnavailable, StoreDamaged, UsageError
from flowtrail_collector.store import opening, schema
from flowtrail_collector.store.watch import Watch
from flowtrail_collector.store.writer import Writer, is_given_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from flowtrail_collector.store.batch import SpanBatch, Stored

T = TypeVar("T")

_NEVER_BY_ITSELF = "1TB"  # the writer checkpoints, at row group boundaries
_REOPEN_WITHIN_S = 5.0


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
        self._gate = threading.Condition()
        self._readers: set[duckdb.DuckDBPyConnection] = set()
        self._reopening = False
        self._outdated = schema.is_outdated(connection)
        self._writer = None if read_only else Writer(self._cursor, self._reopen, path)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        create: bool = True,
        read_only: bool = False,
        memory_limit: str | None = None,
        temp_limit: str = "4GB",
        threads: int | None = None,
    ) -> Store:
        """Open or create the store at `path`, mode 0600.

        `memory_limit` is DuckDB's own, beyond it questions spill: 256 MB, or 1 GB for a store that is only read.
        `threads` are those of one question: all cores for a store that is only read, else one. Inserts cost a quarter
        less so, and no question takes the core that ingest needs; questions run beside one another all the same.

        Raises SourceUnavailable, StoreBusy, StoreRefused or StoreDamaged, with path, versions and remedy.
        """
        path = Path(path)
        claimed = opening.claim(path)
        settings = {
            "memory_limit": memory_limit or ("1GB" if read_only else "256MB"),
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
        try:
            return self._read(question, timeout_s, cancel)
        except _GivenUpError:
            # DuckDB gave the database up (a checkpoint failed on a full disk). The writer opens it again.
            with suppress(SourceUnavailable, duckdb.Error):
                self._of_writer().run(lambda connection: connection.execute("SELECT 1 FROM store_info"))
        try:
            return self._read(question, timeout_s, cancel)
        except _GivenUpError as error:
            raise SourceUnavailable(f"{self.path} can not be read just now: {_first(error)}; ask again") from error

    def _read(
        self,
        question: Callable[[duckdb.DuckDBPyConnection], T],
        timeout_s: float | None,
        cancel: threading.Event | None,
    ) -> T:
        with self._reader() as cursor:
            watch = Watch(cursor, timeout_s, cancel)
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                with watch:
                    return question(cursor)
            except duckdb.InterruptException:
                raise Cancelled(watch.why()) from None
            except duckdb.OutOfMemoryException as error:
                told = f"the question needs more memory than the store may use: {_first(error)}"
                raise SourceUnavailable(told) from error
            except (duckdb.IOException, duckdb.FatalException) as error:
                raise self._told(error) from error

    @contextmanager
    def _reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Offer a cursor, which is known while it is open: before the database is replaced, all must be closed."""
        with self._gate:
            if not self._gate.wait_for(lambda: not self._reopening, _REOPEN_WITHIN_S):
                raise SourceUnavailable(f"{self.path} is being opened anew; ask again")
            try:
                cursor = self._cursor()
            except (duckdb.IOException, duckdb.FatalException) as error:
                raise self._told(error) from error
            self._readers.add(cursor)
        try:
            yield cursor
        finally:
            cursor.close()
            with self._gate:
                self._readers.discard(cursor)
                self._gate.notify_all()

    def _told(self, error: duckdb.Error) -> Exception:
        if is_given_up(error) and not self.read_only:
            return _GivenUpError(_first(error))
        return StoreDamaged(f"{self.path} could not be read: {_first(error)}")

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
            with self._gate:
                for cursor in self._readers:
                    cursor.interrupt()
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
            if self._outdated:
                schema.complete(cursor)
        except duckdb.ConnectionException as error:
            raise SourceUnavailable(f"the store {self.path} is closed") from error
        return cursor

    def _reopen(self) -> None:
        """Replace the database after DuckDB gave it up; reads that run are interrupted, others wait for it.

        Raises duckdb.Error or FlowtrailError when that fails; it may be tried again.
        """
        with self._gate:
            self._reopening = True
        try:
            until = time.monotonic() + _REOPEN_WITHIN_S
            with self._gate:
                while self._readers and time.monotonic() < until:
                    for cursor in self._readers:
                        with suppress(duckdb.Error):
                            cursor.interrupt()
                    self._gate.wait(0.05)
            with suppress(duckdb.Error):
                self._connection.close()
            self._connection = opening.connect(self.path, create=False, read_only=False, settings=self._settings)
        finally:
            with self._gate:
                self._reopening = False
                self._gate.notify_all()

    def _of_writer(self) -> Writer:
        if self._writer is None:
            raise UsageError(f"{self.path} is open for reading only")
        if self._closed:
            raise SourceUnavailable(f"the store {self.path} is closed")
        return self._writer


class _GivenUpError(Exception):
    """DuckDB refuses to work with the database until it is opened anew."""


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
