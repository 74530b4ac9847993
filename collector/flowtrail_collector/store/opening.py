"""Opens a store file, or says for people why it can not be opened."""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from flowtrail_collector.errors import SourceUnavailable, StoreBusy, StoreDamaged, StoreRefused
from flowtrail_collector.store import schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATALOG = "store"
ROW_GROUP_SIZE = 61_440
"""Rows a row group holds. The writer checkpoints when one is full, so no checkpoint ever rewrites a partial one; half
of DuckDB's default halves the stall (190 ms instead of 420) for 2 B a span."""
_MAGIC = slice(8, 12)

_open_here: set[str] = set()
_lock = threading.Lock()


@contextmanager
def _owner_only() -> Iterator[None]:
    """Let files made meanwhile be read by their owner alone: spans hold what the messages are about."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def claim(path: Path) -> str:
    """Take the file for this process; raise StoreBusy if a part of it has it already. Returns what to release.

    DuckDB's lock is the process's: to open and close the file a second time would silently give it up.
    """
    real = os.path.realpath(path)
    with _lock:
        if real in _open_here:
            raise StoreBusy(f"{path} is open already in this process (pid {os.getpid()}); close that store first")
        _open_here.add(real)
    return real


def release(claimed: str) -> None:
    """Give back what `claim` took."""
    with _lock:
        _open_here.discard(claimed)


def refuse_foreign(path: Path, *, create: bool) -> None:
    """Raise unless `path` is a DuckDB file, or is free and may be created."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        if not create:
            raise SourceUnavailable(
                f"there is no store {path}; `flowtrail collect` or `flowtrail import` makes one",
            ) from None
        if not path.absolute().parent.is_dir():
            raise SourceUnavailable(f"the folder of {path} does not exist; create it first") from None
        return
    except IsADirectoryError:
        raise StoreRefused(f"{path} is a folder; name a file for the store") from None
    except OSError as error:
        raise SourceUnavailable(f"{path} can not be read: {error.strerror}") from error
    if start[_MAGIC] == b"DUCK":
        return
    if not start:
        raise StoreRefused(f"{path} is an empty file, not a flowtrail store; remove it or name another file")
    raise StoreRefused(f"{path} is not a DuckDB file; it was left as it is. Name another file for the store")


def connect(path: Path, *, create: bool, read_only: bool, settings: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """Return a connection in which the store is the current database and DuckDB's side doors are closed.

    Raises SourceUnavailable, StoreBusy, StoreRefused or StoreDamaged.
    """
    refuse_foreign(path, create=create)
    connection = duckdb.connect(":memory:", config=dict(settings))
    try:
        _attach(connection, path, read_only=read_only)
        connection.execute(f"USE {CATALOG}")
        if schema.is_empty(connection) and create:
            schema.create(connection)
        schema.check(connection, path)
        if not read_only and schema.is_outdated(connection):
            schema.upgrade(connection)
        # From here on nothing that a question says can reach a file, the network, or these settings.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> None:
    quoted = str(path).replace("'", "''")
    options = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {ROW_GROUP_SIZE}"
    try:
        with _owner_only():
            connection.execute(f"ATTACH '{quoted}' AS {CATALOG} ({options})")
    except duckdb.Error as error:
        raise _told(path, error) from error
    except Exception as error:
        if _INTERRUPTED in str(error).lower():
            raise _told(path, error) from error
        raise StoreDamaged(_damaged(path, str(error))) from error


_INTERRUPTED = "interrupted"
"""In what DuckDB says of Ctrl-C: an InterruptException, or a RuntimeError of its Python binding."""


def _told(path: Path, error: Exception) -> Exception:
    """Say which of the causes DuckDB means."""
    text = str(error)
    first = text.splitlines()[0]
    if isinstance(error, duckdb.InterruptException) or _INTERRUPTED in text.lower():
        return SourceUnavailable(f"{path} was not opened: that was interrupted. The file was left as it is; try again")
    if "Conflicting lock" in text or "Could not set lock" in text:
        pid = re.search(r"PID (\d+)", text)
        holder = f"process {pid[1]}" if pid else "another process"
        return StoreBusy(
            f"{path} is held by {holder}; DuckDB lets one process open a file. Stop it, or name another file"
        )
    if "already attached" in text:
        return StoreBusy(f"{path} is open already in this process (pid {os.getpid()}); close it there first")
    if "newer version" in text or "version number" in text or "serialization version" in text.lower():
        return StoreRefused(
            f"{path} was written by another version of DuckDB; this is {duckdb.__version__}. {first}. "
            "Use the flowtrail that made it, or name another file",
        )
    if "not a valid DuckDB database file" in text:
        return StoreRefused(f"{path} is not a DuckDB file; it was left as it is. Name another file for the store")
    if "Permission denied" in text or "Read-only file system" in text or "No such file" in text:
        return SourceUnavailable(f"{path} can not be opened: {first}")
    if "No space left" in text:
        return SourceUnavailable(f"{path} can not be opened: the disk is full. Free some space and start again")
    return StoreDamaged(_damaged(path, first))


def _damaged(path: Path, said: str) -> str:
    return (
        f"{path} or its write-ahead log {path.name}.wal is damaged and was left as it is: {said}. Move both files away "
        "and start with a new store, or restore a copy"
    )
