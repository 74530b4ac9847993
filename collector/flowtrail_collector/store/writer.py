"""The one writer: group commit, in a thread of its own.

What waits is stored in one transaction and acknowledged when that is committed: the busier the collector, the larger
the transactions, so a commit's cost (4 ms and more) is shared. The writer also checkpoints, when a row group is full:
DuckDB's own trigger counts bytes of the write-ahead log and leaves partial row groups behind, which later checkpoints
merge again; that took 20 us of CPU a span instead of 7, with stalls of up to 2 s.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable
from flowtrail_collector.store.appending import Appender
from flowtrail_collector.store.opening import ROW_GROUP_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flowtrail_collector.store.batch import SpanBatch, Stored

_MAX_ROWS = 16_384  # a transaction's; beyond it larger ones gain little and delay those that wait
_MAX_WAL_BYTES = 64 << 20
_ROOM = 4 << 20  # on the disk, beside as much as the log holds: what a checkpoint may need
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Append:
    batch: SpanBatch
    digests: list[bytes]
    rows: list[int]
    done: Future[list[Stored]]


@dataclass(slots=True)
class _Change:
    change: Callable[[duckdb.DuckDBPyConnection], Any]
    done: Future[Any]


class Writer:
    """Stores what is handed to it, one transaction after the other."""

    def __init__(
        self,
        cursor: Callable[[], duckdb.DuckDBPyConnection],
        reopen: Callable[[], None],
        path: Path,
    ) -> None:
        """Write through connections from `cursor`; `reopen` replaces the database after DuckDB gave it up."""
        self._cursor = cursor
        self._reopen = reopen
        self._path = path
        self._log_path = path.with_name(path.name + ".wal")
        self._waiting: deque[_Append | _Change] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._since_checkpoint = 0
        self.healthy = True
        self._connection = cursor()
        self._appender = Appender(self._connection)
        if self._log_size():
            self._checkpoint()
        self._thread = threading.Thread(target=self._run, name="flowtrail-writer", daemon=True)
        self._thread.start()

    def submit(self, batch: SpanBatch, digests: list[bytes], rows: list[int]) -> Future[list[Stored]]:
        """See Store.append."""
        done: Future[list[Stored]] = Future()
        self._enqueue(_Append(batch, digests, rows, done))
        return done

    def run(self, change: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
        """See Store.write."""
        done: Future[Any] = Future()
        self._enqueue(_Change(change, done))
        return done.result()

    def seen(self, digest: bytes) -> bool:
        """See Store.seen."""
        return digest in self._appender.digests

    def checkpoint(self) -> None:
        """See Store.checkpoint."""
        done: Future[Any] = Future()
        self._enqueue(_Change(_checkpoint, done))
        done.result()

    def close(self) -> None:
        """Store what waits, checkpoint, end the thread."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join()

    def _enqueue(self, work: _Append | _Change) -> None:
        with self._news:
            if self._closing:
                raise SourceUnavailable(f"the store {self._path} is being closed")
            self._waiting.append(work)
            self._news.notify()

    def _run(self) -> None:
        while True:
            work = self._take()
            if work is None:
                break
            if isinstance(work, _Change):
                self._make(work)
            else:
                self._store(work)
        self._checkpoint()
        self._connection.close()

    def _take(self) -> list[_Append] | _Change | None:
        """Return what to do next: one change, or all appends at the head of the queue up to a transaction's size."""
        with self._news:
            while not self._waiting:
                if self._closing:
                    return None
                self._news.wait()
            first = self._waiting.popleft()
            if isinstance(first, _Change):
                return first
            group, rows = [first], first.batch.spans.num_rows
            while self._waiting and isinstance(following := self._waiting[0], _Append):
                rows += following.batch.spans.num_rows
                if rows > _MAX_ROWS:
                    break
                group.append(following)
                self._waiting.popleft()
            return group

    def _make(self, work: _Change) -> None:
        if work.change is _checkpoint:
            self._checkpoint()
            work.done.set_result(None)
            return
        try:
            self._connection.execute("BEGIN")
            try:
                result = work.change(self._connection)
            except BaseException as error:
                if not isinstance(error, duckdb.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            self.healthy = True
        except duckdb.Error as error:
            self._recover(error)
            work.done.set_exception(self._told(error) if _is_passing(error) else error)
        except BaseException as error:  # noqa: BLE001 it belongs to whoever waits for it
            work.done.set_exception(error)
        else:
            work.done.set_result(result)

    def _store(self, group: list[_Append]) -> None:
        rows = sum(work.batch.spans.num_rows for work in group)
        if self._since_checkpoint and self._since_checkpoint + rows > ROW_GROUP_SIZE:
            self._checkpoint()
        prepared = None
        try:
            self._connection.execute("BEGIN")
            prepared = self._appender.prepare(
                [work.batch for work in group],
                [digest for work in group for digest in work.digests],
                [count for work in group for count in work.rows],
            )
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 the writer outlives whatever one batch holds
            if prepared is not None:
                self._appender.doubted(prepared)
            self._failed(group, error)
            return
        outcomes = self._appender.committed(prepared)
        if not self.healthy:
            self.healthy = True
            _log.warning("%s can be written again", self._path)
        if not self._since_checkpoint:
            with suppress(OSError):
                self._log_path.chmod(0o600)
        self._since_checkpoint += rows
        for work in group:
            work.done.set_result(outcomes[: len(work.rows)])
            del outcomes[: len(work.rows)]
        if self._log_size() > _MAX_WAL_BYTES:
            self._checkpoint()

    def _failed(self, group: list[_Append], error: Exception) -> None:
        """Undo, and answer: again later where that may help; else find out which of the group is at fault."""
        self._recover(error)
        if _is_passing(error):
            for work in group:
                work.done.set_exception(self._told(error))
        elif len(group) > 1:
            for work in group:
                self._store([work])
        else:
            _log.error("a batch could not be stored: %s", _first(error))
            group[0].done.set_exception(FlowtrailError(f"these spans can not be stored: {_first(error)}"))

    def _recover(self, error: Exception) -> None:
        """Leave no transaction open; open the database again if DuckDB gave it up."""
        given_up = is_given_up(error)
        try:
            self._connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass
        except duckdb.Error:
            given_up = True
        if _is_passing(error) and self.healthy:
            self.healthy = False
            _log.warning("%s can not be written now, senders are asked to come back: %s", self._path, _first(error))
        if not given_up:
            self._appender.forget_statements()
            return
        try:
            self._connection.close()
            self._reopen()
            self._connection = self._cursor()
            self._appender.use(self._connection)
        except (duckdb.Error, FlowtrailError) as worse:
            _log.warning("the store %s can not be opened again: %s", self._path, _first(worse))

    def _checkpoint(self) -> None:
        """Fold the log into the file; a failure costs nothing that was stored, and is tried again later.

        Not without room for it: when a checkpoint fails DuckDB gives up the database, and it must be opened anew.
        """
        if not self._has_room():
            return
        try:
            self._appender.forget_old()
            self._connection.execute("CHECKPOINT")
            self._since_checkpoint = 0
        except duckdb.Error as error:
            _log.warning("checkpoint of %s failed: %s", self._path, _first(error))
            self._recover(error)

    def _has_room(self) -> bool:
        try:
            free = shutil.disk_usage(self._path.parent).free
            return free > _ROOM + self._log_size()
        except OSError:
            return True  # not to be known here; DuckDB will tell

    def _log_size(self) -> int:
        try:
            return self._log_path.stat().st_size
        except FileNotFoundError:
            return 0

    def _told(self, error: Exception) -> SourceUnavailable:
        return SourceUnavailable(f"{self._path} could not be written: {_first(error)}; nothing was lost, try again")


def _checkpoint(_: duckdb.DuckDBPyConnection) -> None:
    """Stand for a checkpoint in the queue: it can not run inside a transaction."""


def is_given_up(error: Exception) -> bool:
    """Tell whether DuckDB works with the database no longer, until it is opened anew."""
    return isinstance(error, duckdb.FatalException) or "has been invalidated" in str(error)


def _is_passing(error: Exception) -> bool:
    """Tell whether trying again may help: the disk, the memory or the database failed, not the data."""
    return isinstance(
        error,
        (
            duckdb.IOException,
            duckdb.FatalException,
            duckdb.OutOfMemoryException,
            duckdb.TransactionException,
            duckdb.InternalException,
            duckdb.ConnectionException,
            duckdb.InterruptException,
            SourceUnavailable,
        ),
    )


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
