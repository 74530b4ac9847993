"""Declarations in a store: kept beside spans, put before a question for its time, and stores from before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.source import StoreSource, Window
from flowtrail_collector.store import Store, declaring
from flowtrail_collector.store.schema import ADDED, OLDER, SCHEMA_VERSION, WITHOUT_SAMPLING
from tests.ingest.otlp import body, rows, span
from tests.ingest.test_once import send

if TYPE_CHECKING:
    from pathlib import Path

PAYMENT = parse_configuration('[expect]\norders = ["payment"]\n')
LEDGER = parse_configuration('[expect]\norders = ["ledger", "audit"]\n[limits]\nstorm = 5\n')


def held(path: Path) -> list[str]:
    """Return the declared groups that a store file answers with."""
    source = StoreSource(path)
    try:
        return [row["group"] for row in source.expected()["rows"]]
    finally:
        source.close()


def outdate(path: Path, version: int) -> None:
    """Make a store one of an older schema version."""
    with duckdb.connect(str(path)) as connection:
        for table, columns in ADDED.items() if version <= WITHOUT_SAMPLING else ():
            for column in columns:
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE mark_rows")
        if version == 3:
            connection.execute("DROP TABLE declaration_rows")
        connection.execute("UPDATE store_info SET schema_version = ?", [version])


def test_declarations_are_replaced_and_spans_stay(store_path: Path) -> None:
    """The last ones hold, also after the store was closed; what was stored is untouched."""
    with Store.open(store_path) as store:
        send(store, body(span()))
        before = rows(store, "SELECT * FROM span_rows")
        store.write(lambda connection: declaring.keep(connection, PAYMENT))
        store.write(lambda connection: declaring.keep(connection, LEDGER))
        assert rows(store, "SELECT * FROM span_rows") == before
    assert held(store_path) == ["audit", "ledger"]
    with Store.open(store_path) as store:
        store.write(lambda connection: declaring.keep(connection, ()))
    assert held(store_path) == []


def test_what_is_put_before_a_question_is_not_kept(store_path: Path) -> None:
    """Declarations of a question shadow those of the store, even by none, and leave them as they are."""
    with Store.open(store_path) as store:
        store.write(lambda connection: declaring.keep(connection, LEDGER))
    for declarations, expected in ((PAYMENT, ["payment"]), ((), [])):
        source = StoreSource(store_path, declarations)
        assert [row["group"] for row in source.expected()["rows"]] == expected
        source.close()
    assert held(store_path) == ["audit", "ledger"]


SENT = {
    "messaging.system": "kafka",
    "messaging.operation.type": "send",
    "messaging.destination.name": "orders",
    "messaging.destination.partition.id": "0",
    "messaging.kafka.offset": 5,
    "flowtrail.number": 1,
    "flowtrail.publish.outcome": "acked",
}


@pytest.mark.parametrize("version", OLDER)
def test_an_older_store_is_read_as_it_is(store_path: Path, version: int) -> None:
    """What its version lacks is not known: it is read without that, or with a question's own, and not changed."""
    with Store.open(store_path) as store:
        send(store, body(span(attributes=SENT)))
    outdate(store_path, version)
    before = store_path.read_bytes()
    assert held(store_path) == []
    source = StoreSource(store_path, PAYMENT)
    assert [row["group"] for row in source.expected()["rows"]] == ["payment"]
    assert source.status()["store"]["spans"] == 1
    [event] = source.ask("orders:0:5")["events"]
    assert (event["published"]["answer"], event["consumed"][0]["answer"]) == ("yes", "missing")
    assert [row["kind"] for row in source.findings(Window(None, None))["findings"]] == [
        "missing-consumer",
        "unread-destination",
    ]
    assert source.lag(Window(None, None))["rows"] == []
    assert [row["mark"] for row in source.causes(Window(None, None))["rows"]] == [None, None]
    source.close()
    assert store_path.read_bytes() == before


@pytest.mark.parametrize("version", OLDER)
def test_an_older_store_is_brought_up_to_date_where_it_is_written(store_path: Path, version: int) -> None:
    """Its spans stay, its version, its tables and its views become ours; a span of it that comes again is known."""
    sent = span(attributes=SENT)
    with Store.open(store_path) as store:
        send(store, body(sent))
    outdate(store_path, version)
    with Store.open(store_path) as store:
        send(store, body(sent, span(trace_state="ot=th:8")))
        assert rows(store, "SELECT sampling, conflicting FROM span_rows ORDER BY start_ns") == [
            {"sampling": None, "conflicting": False},
            {"sampling": 0.5, "conflicting": False},
        ]
        assert rows(store, "SELECT schema_version FROM store_info") == [{"schema_version": SCHEMA_VERSION}]
        store.write(lambda connection: declaring.keep(connection, PAYMENT))
        assert [row["group"] for row in rows(store, "SELECT * FROM findings_missing_consumer")] == ["payment"]
        assert rows(store, "SELECT sum(told_sampling) AS told, sum(stand_for) AS stand_for FROM ledger_rows") == [
            {"told": 1, "stand_for": 2000}
        ]
    assert held(store_path) == ["payment"]


@pytest.mark.parametrize("version", [2, 7])
def test_other_versions_are_refused(store_path: Path, version: int) -> None:
    """Neither what came before the version before, nor what comes after ours."""
    with duckdb.connect(str(store_path)) as connection:
        connection.execute("UPDATE store_info SET schema_version = ?", [version])
    with pytest.raises(Exception, match=f"schema version {version} "):
        Store.open(store_path)
