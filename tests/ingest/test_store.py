"""The store: what it refuses, how it is read, what it survives."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flowtrail_collector.errors import (
    Cancelled,
    SourceUnavailable,
    StoreBusy,
    StoreDamaged,
    StoreRefused,
    UsageError,
)
from flowtrail_collector.store import Store
from flowtrail_collector.store.retention import expire
from flowtrail_collector.store.schema import SCHEMA_VERSION
from tests.ingest.otlp import NOW, body, count, rows, span
from tests.ingest.test_once import send

HOLD = """
import sys
from flowtrail_collector.store import Store
store = Store.open(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def test_a_store_is_its_owners_alone(store_path: Path) -> None:
    """File and log have mode 0600, and the log is gone after close."""
    with Store.open(store_path.with_name("made.duckdb")) as store:
        send(store, body(span()))
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.path.with_name("made.duckdb.wal").stat().st_mode) == 0o600
    assert not store.path.with_name("made.duckdb.wal").exists()
    with Store.open(store.path) as again:
        assert count(again) == 1


def test_where_there_is_no_store(tmp_path: Path) -> None:
    """A missing file, a missing folder and a folder in its place are told apart."""
    with pytest.raises(SourceUnavailable, match="there is no store"):
        Store.open(tmp_path / "none", create=False)
    with pytest.raises(SourceUnavailable, match="there is no store"):
        Store.open(tmp_path / "none", read_only=True)
    with pytest.raises(SourceUnavailable, match="folder of"):
        Store.open(tmp_path / "none" / "store")
    with pytest.raises(StoreRefused, match="is a folder"):
        Store.open(tmp_path)
    assert not (tmp_path / "none").exists()


def test_foreign_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    """Another program's DuckDB file, and a file that is none, named with path and remedy."""
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and a little longer than a header")
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    posing = tmp_path / "posing.duckdb"
    with duckdb.connect(str(posing)) as connection:
        connection.execute("CREATE TABLE store_info (a INTEGER)")
    for path, says in ((text, "not a DuckDB file"), (foreign, "another program"), (posing, "not flowtrail's")):
        before = path.read_bytes()
        for read_only in (True, False):
            with pytest.raises(StoreRefused, match=says) as refused:
                Store.open(path, read_only=read_only)
            assert str(path) in str(refused.value)
        assert path.read_bytes() == before


def test_another_schema_version_is_refused(store_path: Path) -> None:
    """The refusal names path, both versions, who made it, and what to do."""
    with duckdb.connect(str(store_path)) as connection:
        connection.execute("UPDATE store_info SET schema_version = 999, created_by = '9.9'")
    with pytest.raises(StoreRefused) as refused:
        Store.open(store_path)
    for part in (str(store_path), "999", "flowtrail 9.9", f"version {SCHEMA_VERSION}", "import"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "raised", [duckdb.InterruptException("INTERRUPT Error: Interrupted!"), RuntimeError("Query interrupted")]
)
def test_an_interrupted_opening_is_no_damage(
    store_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    """Ctrl-C while DuckDB opens the file: it says so, and says nothing of damage."""
    Store.open(store_path).close()

    class Interrupted:
        def execute(self, _: str) -> None:
            raise raised

        def close(self) -> None:
            pass

    with monkeypatch.context() as patch:
        patch.setattr("flowtrail_collector.store.opening.duckdb.connect", lambda *_, **__: Interrupted())
        with pytest.raises(SourceUnavailable, match="that was interrupted"):
            Store.open(store_path)
    Store.open(store_path).close()


def test_a_damaged_file_is_refused(store_path: Path) -> None:
    """Flipped bytes in the file are noticed, named, and left as they are."""
    with Store.open(store_path) as store:
        send(store, body(*(span() for _ in range(2000))))
    good = store_path.read_bytes()
    damaged = bytearray(good)
    for place in range(20, 12_288):
        damaged[place] ^= 0x55
    store_path.write_bytes(damaged)
    with pytest.raises((StoreDamaged, StoreRefused), match=str(store_path)):
        Store.open(store_path)
    assert store_path.read_bytes() == bytes(damaged)


def test_a_store_that_another_process_holds(store_path: Path) -> None:
    """StoreBusy names the process; when it ends the store opens."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        for read_only in (True, False):
            with pytest.raises(StoreBusy, match=str(holder.pid)):
                Store.open(store_path, read_only=read_only)
        holder.communicate("")
    Store.open(store_path).close()


def test_a_store_that_this_process_holds(store: Store) -> None:
    """Opened twice in one process it is refused too, and the first goes on and keeps its lock."""
    with pytest.raises(StoreBusy, match="already in this process"):
        Store.open(store.path)
    with pytest.raises(StoreBusy, match="already in this process"):
        Store.open(store.path, read_only=True)
    assert send(store, body(span()))[0].stored == 1
    taken = subprocess.run(
        [sys.executable, "-c", HOLD, str(store.path)],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "StoreBusy" in taken.stderr


def test_read_only_stores_are_not_written(store_path: Path) -> None:
    """Writing to a store that is open for reading is a mistake, and said so."""
    with Store.open(store_path, read_only=True) as store:
        assert count(store) == 0
        with pytest.raises(UsageError, match="reading only"):
            store.write(lambda connection: connection.execute("DELETE FROM span_rows"))


def test_reads_cannot_write_and_leave_nothing_behind(store: Store) -> None:
    """A question can make temporary tables, which end with it, and change nothing else."""

    def temporary(connection: Any) -> int:
        connection.execute("CREATE TEMP TABLE mine AS SELECT 1 AS a")
        return int(connection.execute("SELECT count(*) FROM mine").fetchone()[0])

    assert [store.read(temporary) for _ in range(2)] == [1, 1]
    for sql in ("INSERT INTO store_info VALUES ('x', 1, 1, 'x')", "DROP TABLE span_rows", "CREATE TABLE t(a INT)"):
        with pytest.raises(duckdb.Error):
            store.read(lambda connection, sql=sql: connection.execute(sql))  # type: ignore[misc]
    assert count(store, "store_info") == 1


def test_no_way_out_of_the_store(store: Store, tmp_path: Path) -> None:
    """Files, extensions, other databases and settings are out of a question's reach."""
    (tmp_path / "x.csv").write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM read_csv('{tmp_path}/x.csv')",
        f"COPY span_rows TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '10GB'",
        "SET enable_external_access = true",
        "SELECT * FROM store_path",
    ):
        with pytest.raises(duckdb.Error):
            store.read(lambda connection, sql=sql: connection.execute(sql).fetchall())  # type: ignore[misc]


def test_a_question_can_be_withdrawn_or_time_out(store: Store) -> None:
    """Cancelled, soon, and the store answers the next one."""

    def forever(connection: Any) -> Any:
        return connection.execute(
            "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(1_000_000) b"
        ).fetchone()

    begin = time.monotonic()
    with pytest.raises(Cancelled, match=r"longer than 0\.3 s"):
        store.read(forever, timeout_s=0.3)
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled, match="withdrawn"):
        store.read(forever, cancel=cancel)
    with pytest.raises(Cancelled):
        store.read(lambda _: 1, cancel=cancel)
    assert time.monotonic() - begin < 10
    assert store.read(lambda connection: connection.execute("SELECT 1").fetchone(), timeout_s=30) == (1,)


def test_reads_do_not_delay_ingest(store: Store) -> None:
    """While a long question runs, spans are stored and checkpoints made; the question sees what was there before."""
    seen = []
    started, cancel = threading.Event(), threading.Event()

    def long(connection: Any) -> None:
        seen.append(connection.execute("SELECT count(*) FROM span_rows").fetchone()[0])
        started.set()
        while not cancel.wait(0.05):
            pass
        seen.append(connection.execute("SELECT count(*) FROM span_rows").fetchone()[0])

    reader = threading.Thread(target=lambda: store.read(long))
    reader.start()
    started.wait(10)
    for _ in range(3):
        assert send(store, body(*(span() for _ in range(500))))[0].stored == 500
        store.checkpoint()
    assert count(store) == 1500
    cancel.set()
    reader.join()
    assert seen == [0, 0]


def test_writes_are_transactions(store: Store) -> None:
    """A change is made whole or not at all, and its error reaches who asked for it."""

    def fails(connection: Any) -> None:
        connection.execute("INSERT INTO broker_topic_rows VALUES (1, 'c', 'orders', 'delete', 1)")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(fails)
    with pytest.raises(duckdb.Error):
        store.write(lambda connection: connection.execute("INSERT INTO nowhere VALUES (1)"))
    assert count(store, "broker_topic_rows") == 0
    store.write(
        lambda connection: connection.execute("INSERT INTO broker_topic_rows VALUES (1,'c','orders','delete',1)")
    )
    assert count(store, "broker_topic_rows") == 1
    assert send(store, body(span()))[0].stored == 1


def test_a_closed_store_says_so(store_path: Path) -> None:
    """After close nothing is read or written, and it can be opened anew."""
    store = Store.open(store_path)
    store.close()
    store.close()
    with pytest.raises(SourceUnavailable, match="closed"):
        count(store)
    with pytest.raises(SourceUnavailable, match="closed"):
        store.write(lambda connection: connection)
    Store.open(store_path).close()


def test_what_is_too_old_is_removed(store: Store) -> None:
    """Retention removes spans and links before an instant, and nothing else."""
    spans = [span(start_time_unix_nano=NOW + n, end_time_unix_nano=NOW + n) for n in range(100)]
    for one in spans:
        one.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    send(store, body(*spans))
    assert expire(store, NOW + 40, threading.Event()) == 40
    assert (count(store), count(store, "link_rows")) == (60, 60)
    assert min(row["start_ns"] for row in rows(store)) == NOW + 40
    assert expire(store, NOW + 40, threading.Event()) == 0


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from flowtrail_collector.errors import SourceUnavailable
from flowtrail_collector.receive.intake import Intake
from flowtrail_collector.store import Store
from tests.ingest.otlp import body, count, span

store = Store.open(sys.argv[1])
intake = Intake(store)
acked = 0
for _ in range(5):
    acked += intake.submit(body(*(span() for _ in range(200)))).result(30).stored
store.checkpoint()
# The disk is full: no file may grow beyond what the store has now, and a little.
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (Path(sys.argv[1]).stat().st_size + 100_000, resource.RLIM_INFINITY))
refused = []
for _ in range(30):
    data = body(*(span() for _ in range(2000)))
    try:
        acked += intake.submit(data).result(60).stored
    except SourceUnavailable:
        refused.append(data)
    assert count(store) >= 1000, "reads go on"
assert refused, "nothing was refused"
assert not store.healthy
held = count(store)
store.checkpoint()  # there is room on the disk, but not in the file: DuckDB gives up the database, it is opened anew
assert count(store) == held, "reads go on after a failed checkpoint"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for data in refused:
    done = intake.submit(data).result(60)
    acked += done.stored if not done.repeated else 2000
assert store.healthy
intake.close()
held = count(store)
store.close()
with Store.open(sys.argv[1]) as again:
    print(acked, held, count(again), len(refused))
"""


def test_a_full_disk_refuses_for_a_while_and_loses_nothing(store_path: Path) -> None:
    """What does not fit is refused so that it comes again, reads go on, and with room everything is stored once."""
    root = os.fspath(Path(__file__).parents[2])
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(store_path), root], check=False, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    acked, held, again, refused = map(int, told.stdout.split())
    assert acked == held == again == 1000 + 30 * 2000
    assert refused > 0
