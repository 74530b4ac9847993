"""Declarations in a store: kept beside spans, put before a question for its time, and stores from before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from flowtrail_collector.configuration import parse_configuration
from flowtrail_collector.source import StoreSource
from flowtrail_collector.store import Store, declaring
from flowtrail_collector.store.schema import SCHEMA_VERSION
from tests.ingest.otlp import body, count, rows, span
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


def outdate(path: Path) -> None:
    """Make a store one of the schema version before."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE declaration_rows")
        connection.execute("UPDATE store_info SET schema_version = 3")


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


def test_an_older_store_is_read_as_it_is(store_path: Path) -> None:
    """The version before had no declarations: it is read without them, or with a question's own, and not changed."""
    with Store.open(store_path) as store:
        send(store, body(span()))
    outdate(store_path)
    before = store_path.read_bytes()
    assert held(store_path) == []
    source = StoreSource(store_path, PAYMENT)
    assert [row["group"] for row in source.expected()["rows"]] == ["payment"]
    assert source.status()["store"]["spans"] == 1
    source.close()
    assert store_path.read_bytes() == before


def test_an_older_store_is_brought_up_to_date_where_it_is_written(store_path: Path) -> None:
    """Its spans stay, its version and its views become ours."""
    with Store.open(store_path) as store:
        send(store, body(span()))
    outdate(store_path)
    with Store.open(store_path) as store:
        assert count(store) == 1
        assert rows(store, "SELECT schema_version FROM store_info") == [{"schema_version": SCHEMA_VERSION}]
        store.write(lambda connection: declaring.keep(connection, PAYMENT))
        assert rows(store, "SELECT * FROM findings_missing_consumer") == []
    assert held(store_path) == ["payment"]


@pytest.mark.parametrize("version", [2, 5])
def test_other_versions_are_refused(store_path: Path, version: int) -> None:
    """Neither what came before the version before, nor what comes after ours."""
    with duckdb.connect(str(store_path)) as connection:
        connection.execute("UPDATE store_info SET schema_version = ?", [version])
    with pytest.raises(Exception, match=f"schema version {version} "):
        Store.open(store_path)
